//! A sequence whose every name wants to do harm to what shows it: two raw NTFS images, with a hive.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::ntfs::{File, Options, ROOT, Volume, kind, units};
use crate::regf::{self, Key, Name, Value};

/// The id of the sequence, as diskprint calls it.
pub const SEQUENCE: &str = "8504-1-9004-1";

/// Names that are markup, break out of attributes and scripts, reorder text, move a cursor, or are
/// no text at all. Whatever runs of them sets `window.hit`. In each, U+FD801 stands for the
/// unpaired surrogate 0xD801.
pub const NAMES: [&str; 12] = [
    "<img src=x onerror=window.hit=1>",
    "<script>window.hit=2</script>",
    "</script><script>window.hit=3</script>",
    "<svg onload=window.hit=4>",
    "\"' onmouseover=window.hit=5 x=\"",
    "&lt;b&gt; &amp; &#60;i&#62;",
    "--><!-- ]]> <![CDATA[",
    "invoice\u{202e}fdp.exe\u{2066}\u{200f}",
    "line\none\r\ttwo\u{2028}three",
    "null\0byte\u{1b}[2J\u{7f}",
    "half\u{FD801}pair",
    "javascript:window.hit=6",
];

/// A name with as many characters as a file may have, without a place to break it.
pub fn long_name() -> String {
    "W".repeat(240)
}

/// Writes both slices into `folder`; returns the path of the last.
///
/// # Errors
/// When they cannot be written.
pub fn write(folder: &Path) -> io::Result<PathBuf> {
    let mut last = PathBuf::new();
    for slice in [10, 20] {
        last = folder.join(format!("{SEQUENCE}-{slice}.raw"));
        fs::write(&last, image(slice))?;
    }
    Ok(last)
}

fn image(slice: u32) -> Vec<u8> {
    let options = Options { clusters: 1024, record: 4096, per_block: 4, ..Options::default() };
    let mut volume = Volume::new(options);
    let hive = volume.stored(kind::DATA, "", &hive(slice), 0);
    volume.add(&File::new(ROOT, "SYSTEM").with(hive));
    let long = long_name();
    if slice == 20 {
        for name in NAMES.into_iter().chain([&*long]) {
            let folder = volume.add(&File::directory(ROOT, name));
            let file = File::new(folder, name).data("", b"content");
            volume.add(&file.data(&format!("stream {name}"), b"stream"));
        }
        // No directory lists these: what is said of that is a fault, and names them.
        for name in NAMES {
            volume.add(&File::new(ROOT, &format!("lost {name}")).data("", b"lost").unlisted());
        }
    }
    volume.finish().bytes
}

fn hive(slice: u32) -> Vec<u8> {
    let mut root = Key::new("ROOT").value(Value::dword("slice", slice));
    if slice == 20 {
        let long = long_name();
        for name in NAMES.into_iter().chain([&*long]) {
            let text: Vec<u8> = units(name).into_iter().flat_map(u16::to_le_bytes).collect();
            // A text of 32 KiB.
            let data: Vec<u8> = text.iter().copied().cycle().take(32 << 10).collect();
            let value =
                |kind| Value { name: Name::from_units(units(name)), kind, data: data.clone() };
            let below = Key::new(Name::from_units(units(name))).value(value(7));
            root = root.with(Key::new(Name::from_units(units(name))).value(value(1)).with(below));
        }
    }
    let mut built = regf::build(&root);
    if slice == 20 {
        // The value of the first key is no value any more: a fault at a key with such a name.
        built.patch(built.values[&(vec![0], 0)] + 4, b"??");
        built.seal();
    }
    built.bytes
}

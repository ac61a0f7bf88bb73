//! A hive as a `.reg` file, as Windows' registry editor exports and imports it: "Windows Registry
//! Editor Version 5.00".
//!
//! Such a file has no times of keys and no security. What else it cannot hold stands in it as
//! comment lines, which begin with `;`.
// Source: Microsoft, "How to add, modify, or delete registry subkeys and values by using a .reg
// file" (support article 310516); line breaks as the editor makes them, observed.

mod data;
mod left_out;
mod lines;
mod root;

use std::collections::{BTreeMap, HashSet};
use std::io::{self, BufWriter, Write};

use diskprint_formats::Name;
use diskprint_formats::regf::{Hive, Key, KeyId, Value};

use super::paths::Paths;
use super::{escape, faults};
use left_out::Reason;
use lines::Lines;

pub use root::{Root, RootError};

/// How much is gathered before it goes to the output, in bytes.
const BUFFER_LEN: usize = 64 << 10;

/// Writes all keys and values of `hive` below `root`, in stored order, and returns how many of
/// them the format cannot hold: these are in comment lines, with the reason, and so is what is
/// wrong with the hive.
///
/// # Errors
/// When `out` fails.
pub fn write(hive: &Hive, root: &Root, out: &mut impl Write) -> io::Result<u64> {
    let out = BufWriter::with_capacity(BUFFER_LEN, out);
    let mut writer = Writer {
        out: Lines::begin(out)?,
        paths: Paths::default(),
        escaped_paths: Paths::default(),
        above: Vec::new(),
        doubles: BTreeMap::new(),
        left_out: 0,
    };
    writer.out.line("Windows Registry Editor Version 5.00")?;
    hive.keys().try_for_each(|key| writer.key(&key, root))?;
    writer.end(hive)
}

struct Writer<W> {
    out: Lines<W>,
    /// Paths for Windows.
    paths: Paths,
    /// Paths for comments.
    escaped_paths: Paths,
    /// The keys on the way, and whether each is held.
    above: Vec<(KeyId, bool)>,
    /// The keys that are to come and have the name of a sibling before them.
    doubles: BTreeMap<KeyId, Reason>,
    /// How many keys and values are left out.
    left_out: u64,
}

impl<W: Write> Writer<W> {
    fn key(&mut self, key: &Key<'_>, root: &Root) -> io::Result<()> {
        let name = key.name();
        let why = self.why_not(key, &name);
        self.out.line("")?;
        self.leave_out(why)?;
        self.path(key, &name, root)?;
        if let Some(class) = key.class() {
            self.out.comment(&format!("class: {}", escape::name_text(&class)))?;
        }
        self.doubles.extend(doubles(key.children().map(|child| (child.id(), child.name()))));
        self.values(key, why.is_none())
    }

    /// Why a key is left out; `None` when it is held.
    fn why_not(&mut self, key: &Key<'_>, name: &Name) -> Option<Reason> {
        let parent = key.parent().map(|parent| parent.id());
        while self.above.pop_if(|(id, _)| Some(*id) != parent).is_some() {}
        let double = self.doubles.remove(&key.id());
        let why = match self.above.last() {
            None => None,
            Some((_, false)) => Some(Reason::Below),
            Some((_, true)) => Reason::of_key(name).or(double),
        };
        self.above.push((key.id(), why.is_none()));
        why
    }

    fn path(&mut self, key: &Key<'_>, name: &Name, root: &Root) -> io::Result<()> {
        let top = root.as_str().as_bytes();
        let is_root = key.parent().is_none();
        let plain = self.paths.enter(key, |path| match is_root {
            true => path.write_all(top),
            false => write!(path, "\\{name}"),
        })?;
        let escaped = self.escaped_paths.enter(key, |path| match is_root {
            true => path.write_all(top),
            false => escape::step(name, path),
        })?;
        let path = if self.out.is_comment { escaped } else { plain };
        self.out.text("[")?;
        self.out.text(&String::from_utf8_lossy(path))?;
        self.out.line("]")
    }

    fn values(&mut self, key: &Key<'_>, is_held: bool) -> io::Result<()> {
        let names = key.values().map(|value| value.name()).enumerate();
        let mut doubles: BTreeMap<usize, Reason> = doubles(names).collect();
        for (index, value) in key.values().enumerate() {
            let name = value.name();
            match is_held {
                true => self.leave_out(Reason::of_value(&name).or(doubles.remove(&index)))?,
                false => self.left_out += 1,
            }
            self.value(&name, &value)?;
        }
        self.out.is_comment = false;
        Ok(())
    }

    /// Where there is a reason, writes it; what follows is in comments then.
    fn leave_out(&mut self, why: Option<Reason>) -> io::Result<()> {
        self.out.is_comment = why.is_some();
        if let Some(why) = why {
            self.left_out += 1;
            self.out.line(&format!("left out, {why}:"))?;
        }
        Ok(())
    }

    fn value(&mut self, name: &Name, value: &Value<'_>) -> io::Result<()> {
        match (name.is_empty(), self.out.is_comment) {
            (true, _) => self.out.text("@=")?,
            (_, true) => self.out.text(&format!("{}=", data::quoted(&escape::name_text(name))))?,
            (_, false) => self.out.text(&format!("{}=", data::quoted(&name.to_text())))?,
        }
        data::write(value.value_type(), &value.data(), &mut self.out)?;
        self.out.line("")
    }

    fn end(mut self, hive: &Hive) -> io::Result<u64> {
        self.out.line("")?;
        if self.left_out > 0 {
            self.out.comment(&format!("keys and values left out: {}", self.left_out))?;
        }
        for line in faults::lines(hive) {
            self.out.comment(&format!("! {line}"))?;
        }
        self.out.flush()?;
        Ok(self.left_out)
    }
}

/// Those of the items that have the name of one before them, without regard to case.
fn doubles<T>(items: impl Iterator<Item = (T, Name)>) -> impl Iterator<Item = (T, Reason)> {
    let mut seen = HashSet::new();
    items.filter_map(move |(item, name)| {
        (!seen.insert(name.to_upper())).then_some((item, Reason::Double))
    })
}

//! Keys and values that no list in use leads to: flat, behind those in use, each with its path.

use std::io::{self, Write};

use diskprint_formats::Name;
use diskprint_formats::regf::recovered::{
    Confidence, Place, Recovered, RecoveredPath, RecoveredValue,
};

use super::escape::NameAttribute;
use super::rendering::{render, shown_type};
use super::{byte_runs, content, mtime, type_and_name};

pub(super) fn write(found: &Recovered<'_>, out: &mut impl Write) -> io::Result<()> {
    for key in found.keys() {
        write!(out, "\n<node alloc=\"0\"{}", NameAttribute { label: "name", name: &key.name() })?;
        origin(&key.parent_path(), key.place(), key.confidence(), out)?;
        out.write_all(b">")?;
        mtime(key.mtime(), out)?;
        byte_runs([key.span()], out)?;
        out.write_all(b"</node>")?;
    }
    found.values().try_for_each(|found| value(&found, out))
}

fn value(value: &RecoveredValue<'_>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"\n<value alloc=\"0\"")?;
    origin(&value.key_path(), value.place(), value.confidence(), out)?;
    let (name, kind) = (value.name(), value.value_type());
    match value.data() {
        Some(data) => content(&name, kind, &data, out)?,
        None => {
            write!(out, " type=\"{}\"", shown_type(kind, &render(kind, &[])))?;
            type_and_name(&name, kind, out)?;
            out.write_all(b" data_lost=\"1\">")?;
        }
    }
    byte_runs([value.span()], out)?;
    out.write_all(b"</value>")
}

/// The path of the key above, as far as it is known, and what is known of the record itself.
fn origin(
    path: &RecoveredPath,
    place: Place,
    confidence: Confidence,
    out: &mut impl Write,
) -> io::Result<()> {
    let joined = path.names.iter().fold(Name::default(), |path, name| path.join('\\', name));
    write!(out, "{}", NameAttribute { label: "path", name: &joined })?;
    let whole = u8::from(path.is_whole);
    let (place, confidence) = (place.name(), confidence.name());
    write!(out, " path_whole=\"{whole}\" place=\"{place}\" confidence=\"{confidence}\"")
}

//! Hives as text, a line for each key and value: for reading, `grep` and `diff`. See
//! `docs/formats.md`, "Hive dumps".

mod escape;
mod statistics;

use std::io::{self, BufWriter, Write};

use diskprint_formats::regf::{Fault, Hive, Key, KeyId, Value, ValueType};
use diskprint_formats::{Filetime, Name};

use crate::printable;
use escape::{Escaper, characters, decoded};

pub use statistics::{Statistics, statistics};

/// How much is gathered before it goes to the output, in bytes.
const BUFFER_LEN: usize = 64 << 10;

/// Writes all keys and values of `tree`, in stored order, then what is wrong with it.
///
/// # Errors
/// When `out` fails.
pub fn write(tree: &Hive, out: &mut impl Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER_LEN, out);
    let mut paths = Paths::default();
    for item in tree.keys() {
        key(&item, paths.enter(&item), &mut out)?;
    }
    tree.faults().iter().try_for_each(|item| fault(tree, item, &mut out))?;
    if tree.more_faults() > 0 {
        writeln!(out, "! {} more faults", tree.more_faults())?;
    }
    out.flush()
}

/// Paths of keys that are visited depth first, the root's name first, escaped.
#[derive(Default)]
struct Paths {
    path: Vec<u8>,
    /// The keys on the way, and how long the path was before each.
    open: Vec<(KeyId, usize)>,
}

impl Paths {
    /// Returns the path of `key`, which comes after its parent and all before it.
    fn enter(&mut self, key: &Key<'_>) -> &[u8] {
        let parent = key.parent().map(|parent| parent.id());
        while let Some((_, len)) = self.open.pop_if(|(id, _)| Some(*id) != parent) {
            self.path.truncate(len);
        }
        self.open.push((key.id(), self.path.len()));
        step(&key.name(), &mut self.path);
        &self.path
    }

    /// How many keys are on the way to the last one, with it.
    fn depth(&self) -> usize {
        self.open.len()
    }
}

/// Puts `\` and the name of a key behind the path of its parent.
fn step(name: &Name, path: &mut Vec<u8>) {
    path.push(b'\\');
    let mut escaper = Escaper::after_backslash(path);
    // Writing to memory cannot fail.
    let _ = characters(name).try_for_each(|point| escaper.put(point));
}

fn shown_path(key: Key<'_>) -> Vec<u8> {
    let mut way: Vec<_> = std::iter::successors(Some(key), Key::parent).collect();
    way.reverse();
    let mut path = Vec::new();
    way.iter().for_each(|key| step(&key.name(), &mut path));
    path
}

fn key(key: &Key<'_>, path: &[u8], out: &mut impl Write) -> io::Result<()> {
    write!(out, "[{}] ", Time(key.mtime()))?;
    out.write_all(path)?;
    out.write_all(b"\n")?;
    if let Some(class) = key.class() {
        out.write_all(b"  class ")?;
        quoted(&class, out)?;
        out.write_all(b"\n")?;
    }
    key.values().try_for_each(|item| value(&item, out))
}

/// A time, or that there is none.
struct Time(Filetime);

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_unset() { f.write_str("not set") } else { self.0.fmt(f) }
    }
}

fn quoted(name: &Name, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"\"")?;
    let mut escaper = Escaper::in_quotes(out);
    characters(name).try_for_each(|point| escaper.put(point))?;
    out.write_all(b"\"")
}

fn value(value: &Value<'_>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"  ")?;
    value_name(&value.name(), out)?;
    write!(out, " {}", TypeName(value.value_type()))?;
    match &*value.data() {
        [] => out.write_all(b" empty")?,
        bytes => data(ValueType::from_number(value.value_type()), bytes, out)?,
    }
    out.write_all(b"\n")
}

fn value_name(name: &Name, out: &mut impl Write) -> io::Result<()> {
    match name.is_empty() {
        true => out.write_all(b"(Default)"),
        false => quoted(name, out),
    }
}

/// The name of a type in Windows, or its number where it has none.
struct TypeName(u32);

impl std::fmt::Display for TypeName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match ValueType::from_number(self.0) {
            Some(named) => f.write_str(named.constant()),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

/// Writes data as their type has them read, and as bytes where that does not say them all.
fn data(kind: Option<ValueType>, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    match (kind, bytes) {
        (Some(ValueType::Int32), &[a, b, c, d]) => int32(u32::from_le_bytes([a, b, c, d]), out),
        (Some(ValueType::Int32BigEndian), &[a, b, c, d]) => {
            int32(u32::from_be_bytes([a, b, c, d]), out)
        }
        (Some(ValueType::Int64), &[a, b, c, d, e, f, g, h]) => {
            let number = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
            write!(out, " = {number:#018x} ({number})")
        }
        (Some(ValueType::String | ValueType::Expand | ValueType::Link), _) => text(bytes, out),
        (Some(ValueType::StringList), _) => list(bytes, out),
        _ => hex(bytes, out),
    }
}

fn int32(number: u32, out: &mut impl Write) -> io::Result<()> {
    write!(out, " = {number:#010x} ({number})")
}

fn units(bytes: &[u8]) -> impl DoubleEndedIterator<Item = u16> + ExactSizeIterator {
    bytes.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair))
}

/// Text up to the first NUL.
fn text(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    let len = units(bytes).take_while(|unit| *unit != 0).count();
    // The terminator is the last unit, and no odd byte follows.
    let is_all = len.checked_add(1).and_then(|all| all.checked_mul(2)) == Some(bytes.len());
    if !is_all {
        hex(bytes, out)?;
    }
    out.write_all(b" = ")?;
    let mut escaper = Escaper::plain(out);
    decoded(units(bytes).take(len)).try_for_each(|point| escaper.put(point))
}

/// The items of a list, each in quotes. Each ends with a NUL, and so does the list.
fn list(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    let mut last = units(bytes).rev();
    let is_all = bytes.len().is_multiple_of(2)
        && last.next() == Some(0)
        && last.next().is_none_or(|unit| unit == 0);
    if !is_all {
        hex(bytes, out)?;
    }
    out.write_all(b" =")?;
    let mut left = units(bytes);
    if is_all {
        left.next_back();
    }
    while left.len() > 0 {
        out.write_all(b" \"")?;
        let mut escaper = Escaper::in_quotes(out);
        let item = left.by_ref().take_while(|unit| *unit != 0);
        decoded(item).try_for_each(|point| escaper.put(point))?;
        out.write_all(b"\"")?;
    }
    Ok(())
}

fn hex(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    const PIECE: usize = 256;
    out.write_all(b" hex ")?;
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'?');
    let mut piece = [0; 2 * PIECE];
    for bytes in bytes.chunks(PIECE) {
        let (pairs, _) = piece.as_chunks_mut::<2>();
        for (pair, byte) in pairs.iter_mut().zip(bytes) {
            *pair = [digit(byte >> 4), digit(byte & 0xF)];
        }
        out.write_all(piece.get(..bytes.len().saturating_mul(2)).unwrap_or(&[]))?;
    }
    Ok(())
}

fn fault(tree: &Hive, fault: &Fault, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"! ")?;
    if let Some(key) = fault.key.and_then(|id| tree.key_by_id(id)) {
        out.write_all(&shown_path(key))?;
        out.write_all(b": ")?;
    }
    out.write_all(printable(&fault.error.to_string()).as_bytes())?;
    writeln!(out, " (left out: {})", fault.error.skipped())
}

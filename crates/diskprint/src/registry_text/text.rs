//! A hive as the text that `regdump.pl -r -v` of Parse::Win32Registry 1.1 prints.
//!
//! Where that text misleads or leaves something out, ours says more: `docs/differences.md`,
//! "Hive dumps".

use std::fmt;
use std::io::{self, BufWriter, Write};

use diskprint_formats::regf::{Hive, Value, ValueType};
use diskprint_formats::{Filetime, Name};

use super::escape::{self, Escaper, decoded};
use super::paths::Paths;
use super::{faults, hex};
use crate::registry_path::control_set_in_use;

/// How much is gathered before it goes to the output, in bytes.
const BUFFER_LEN: usize = 64 << 10;

/// Writes all keys and values of `hive`, in stored order, then a line with `! ` before it for each
/// of its faults.
///
/// # Errors
/// When `out` fails.
pub fn write(hive: &Hive, out: &mut impl Write) -> io::Result<()> {
    write_below(hive, None, out)
}

/// Writes what [`write()`] does, with the paths that Windows shows: those of keys below `root`,
/// such as `HKLM\SYSTEM`, and of the control set in use as `CurrentControlSet`.
///
/// # Errors
/// When `out` fails.
pub fn write_mounted(hive: &Hive, root: &Name, out: &mut impl Write) -> io::Result<()> {
    write_below(hive, Some(root), out)
}

fn write_below(hive: &Hive, root: Option<&Name>, out: &mut impl Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER_LEN, out);
    let mut paths = Paths::default();
    let in_use = root.and_then(|_| control_set_in_use(hive));
    for key in hive.keys() {
        let name = match root {
            Some(root) if key.parent().is_none() => root.clone(),
            _ if in_use == Some(key.id()) => "CurrentControlSet".into(),
            _ => key.name(),
        };
        out.write_all(paths.enter(&key, |path| match key.parent() {
            None => escape::name(&name, path),
            Some(_) => escape::step(&name, path),
        })?)?;
        writeln!(out, " [{}]", Time(key.mtime()))?;
        key.values().try_for_each(|item| value(hive, &item, &mut out))?;
        out.write_all(b"\n")?;
    }
    faults::lines(hive).try_for_each(|line| writeln!(out, "! {line}"))?;
    out.flush()
}

/// A time in whole seconds, or that there is none.
pub(super) struct Time(pub(super) Filetime);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.is_unset() {
            true => f.write_str("(undefined)"),
            false => f.write_str(&self.0.seconds_text()),
        }
    }
}

/// The name of a type in Windows, or `REG_` and its number where it has none.
pub(super) struct TypeName(pub(super) u32);

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match ValueType::from_number(self.0) {
            Some(named) => f.write_str(named.constant()),
            None => write!(f, "REG_{}", self.0),
        }
    }
}

fn value(hive: &Hive, value: &Value<'_>, out: &mut impl Write) -> io::Result<()> {
    let name = value.name();
    match name.is_empty() {
        true => out.write_all(b"(Default)")?,
        false => escape::name(&name, out)?,
    }
    write!(out, " ({}) = ", TypeName(value.value_type()))?;
    match is_cut(hive, value) {
        true => invalid(&value.data(), out)?,
        false => data(ValueType::from_number(value.value_type()), &value.data(), out)?,
    }
    out.write_all(b"\n")
}

/// Whether less data could be read than the value should have.
// Source: regf spec, "Key value": "data size" is at 4, its first bit says that they are resident.
fn is_cut(hive: &Hive, value: &Value<'_>) -> bool {
    /// Behind the size field of the cell, which the span begins with.
    const DATA_SIZE_AT: u64 = 4 + 4;
    const RESIDENT: u32 = 0x8000_0000;
    let at = usize::try_from(value.span().offset.saturating_add(DATA_SIZE_AT)).ok();
    let field = at.and_then(|at| hive.bytes().get(at..)?.first_chunk());
    field.is_none_or(|field| value.len() < u64::from(u32::from_le_bytes(*field) & !RESIDENT))
}

fn data(kind: Option<ValueType>, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    use ValueType::{Expand, Int32, Int32BigEndian, String, StringList};
    match (kind, bytes) {
        (Some(Int32), &[a, b, c, d]) => int32(u32::from_le_bytes([a, b, c, d]), out),
        (Some(Int32BigEndian), &[a, b, c, d]) => int32(u32::from_be_bytes([a, b, c, d]), out),
        (Some(Int32 | Int32BigEndian), _) => invalid(bytes, out),
        (_, []) => out.write_all(NO_DATA),
        (Some(String | Expand), _) => text(bytes, out),
        (Some(StringList), _) => list(bytes, out),
        _ => hex::spaced(bytes, out),
    }
}

const NO_DATA: &[u8] = b"(no data)";

/// Says that data are not what their type says, or not all there; and which there are.
fn invalid(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"(invalid data)")?;
    if !bytes.is_empty() {
        out.write_all(b" ")?;
    }
    hex::spaced(bytes, out)
}

fn int32(number: u32, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{number:#010x} ({number})")
}

/// UTF-16 units, and an odd last byte.
fn units(bytes: &[u8]) -> (impl DoubleEndedIterator<Item = u16> + ExactSizeIterator, Option<u8>) {
    let (pairs, odd) = bytes.as_chunks();
    (pairs.iter().map(|pair| u16::from_le_bytes(*pair)), odd.first().copied())
}

/// How many units there are before the NULs that end them, of which no more than `most` do.
fn unended(units: impl DoubleEndedIterator<Item = u16> + ExactSizeIterator, most: usize) -> usize {
    let len = units.len();
    len.saturating_sub(units.rev().take(most).take_while(|unit| *unit == 0).count())
}

/// All text but the NUL that ends it.
fn text(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    let len = unended(units(bytes).0, 1);
    let (units, odd) = units(bytes);
    if len == 0 {
        out.write_all(NO_DATA)?;
    }
    // Most text is plain and goes out in one piece.
    let plain: Option<Vec<u8>> = self::units(bytes).0.take(len).map(escape::plain).collect();
    if let Some(plain) = &plain {
        out.write_all(plain)?;
    }
    let mut escaper = Escaper::new(out);
    if plain.is_none() {
        decoded(units.take(len)).try_for_each(|point| escaper.put(point))?;
    }
    odd.map_or(Ok(()), |byte| escaper.put_byte(byte))
}

/// The items of a list, each with its number. Each ends with a NUL, and so does the list.
fn list(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    let len = unended(units(bytes).0, 2);
    let (units, odd) = units(bytes);
    match len {
        0 => out.write_all(NO_DATA)?,
        len => items(units.take(len), out)?,
    }
    odd.map_or(Ok(()), |byte| Escaper::new(out).put_byte(byte))
}

fn items(mut units: impl Iterator<Item = u16>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[0] ")?;
    for index in 1.. {
        let mut has_next = false;
        let item = units.by_ref().take_while(|unit| {
            has_next = *unit == 0;
            !has_next
        });
        let mut escaper = Escaper::new(out);
        decoded(item).try_for_each(|point| escaper.put(point))?;
        if !has_next {
            break;
        }
        write!(out, " [{index}] ")?;
    }
    Ok(())
}

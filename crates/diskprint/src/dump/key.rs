use diskprint_formats::regf::{CellOffset, Hive, Key, Span, Value, ValueType, type_name};

use super::words::{bytes, flags, hex_bytes, number, quoted, time};
use super::{Dump, Fields, words};
use crate::printable;
use crate::regxml::rendering::{Rendering, render};

/// Flag bits of a key node.
// Source: regf spec, "Key node", "Flags".
const KEY_FLAGS: [(u32, &str); 7] = [
    (0x01, "volatile"),
    (0x02, "mount point of another hive"),
    (0x04, "root of the hive"),
    (0x08, "cannot be deleted"),
    (0x10, "symbolic link"),
    (0x20, "name has one byte a character"),
    (0x40, "predefined handle"),
];
// Source: regf spec, "Key value", "Flags".
const VALUE_FLAGS: [(u32, &str); 1] = [(1, "name has one byte a character")];
/// Set in the size of data that are in the field of their offset.
// Source: regf spec, "Data size".
const RESIDENT: u32 = 0x8000_0000;
/// How much of a value's data is shown, in bytes.
const SHOWN_BYTES: usize = 256;
/// How much of a value's text is shown, in characters.
const SHOWN_CHARS: usize = 1024;

/// Dumps a key of `hive`: its node, its subkeys, its values and what is wrong with these.
pub fn key(hive: &Hive, key: &Key<'_>) -> Dump {
    let mut dump = Dump::default();
    let path = key.path();
    dump.heading(format_args!("key {}", quoted(&path)));
    node(&mut dump, hive, key);
    subkeys(&mut dump, key);
    for found in key.values() {
        value(&mut dump, hive, &found);
    }
    for fault in hive.faults().iter().filter(|fault| fault.key == Some(key.id())) {
        dump.error(&fault.error);
    }
    dump
}

/// Offsets are those of the file, so that the record can be found there.
// Source: regf spec, "Key node".
fn node(dump: &mut Dump, hive: &Hive, key: &Key<'_>) {
    dump.field(None, "cell", place(key.offset()));
    dump.field(None, "name", quoted(&key.name()));
    let mut fields = record(dump, hive, key.span());
    fields.u16(2, "flags", |raw| flags(raw.into(), &KEY_FLAGS));
    fields.u64(4, "last written", time);
    fields.show(12, "access bits", |[bits]: [u8; 1]| format!("{bits:#04x}"));
    fields.show(13, "layer", |[bits]: [u8; 1]| format!("{bits:#04x}"));
    fields.u32(16, "parent", offset);
    fields.u32(20, "subkeys", number);
    fields.u32(24, "volatile subkeys", number);
    fields.u32(28, "subkeys list", offset);
    fields.u32(36, "values", number);
    fields.u32(40, "values list", offset);
    fields.u32(44, "key security", offset);
    fields.u32(48, "class name", offset);
    fields.show(54, "control flags", |[bits]: [u8; 1]| format!("{bits:#04x}"));
    fields.show(55, "debug", |[bits]: [u8; 1]| format!("{bits:#04x}"));
    fields.u16(74, "class name length", bytes);
    let owner = key.security().and_then(|security| Some(security.owner()?.to_string()));
    dump.field(None, "owner", owner.as_deref().unwrap_or("not said"));
    match key.class() {
        Some(class) => dump.field(None, "class", quoted(&class)),
        None => dump.field(None, "class", "none"),
    }
}

/// The fields of the record in `cell`, behind its size field.
fn record<'d, 'h>(dump: &'d mut Dump, hive: &'h Hive, cell: Span) -> Fields<'d, 'h> {
    const SIZE_LEN: u64 = 4;
    let start = cell.offset.saturating_add(SIZE_LEN);
    let end = cell.offset.saturating_add(cell.len);
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let bytes = range.and_then(|(start, end)| hive.bytes().get(start..end));
    Fields::new(dump, bytes.unwrap_or_default(), start)
}

fn place(cell: CellOffset) -> String {
    format!("{cell}, at {} of the file", words::offset(cell.file_offset()))
}

fn offset(raw: u32) -> String {
    match CellOffset(raw) {
        CellOffset::NONE => "none".to_owned(),
        cell => place(cell),
    }
}

fn subkeys(dump: &mut Dump, key: &Key<'_>) {
    dump.heading(format_args!("subkeys: {}", key.children().count()));
    for child in key.children() {
        let mtime = match child.mtime() {
            time if time.is_unset() => "not set".to_owned(),
            time => time.to_string(),
        };
        dump.more(format_args!("{mtime:<28}  {}", quoted(&child.name())));
    }
}

// Source: regf spec, "Key value".
fn value(dump: &mut Dump, hive: &Hive, value: &Value<'_>) {
    let (name, kind, data) = (value.name(), value.value_type(), value.data());
    match name.is_empty() {
        true => dump.heading("value without name"),
        false => dump.heading(format_args!("value {}", quoted(&name))),
    }
    dump.field(None, "cell", place(value.offset()));
    let mut fields = record(dump, hive, value.span());
    fields.u32(4, "data size", |raw| match raw & RESIDENT {
        0 => bytes(raw),
        _ => format!("{raw:#x}: {} bytes in the next field", raw & !RESIDENT),
    });
    match fields.at(4).map_or(0, u32::from_le_bytes) {
        size if size & RESIDENT != 0 => fields.show(8, "data", |data: [u8; 4]| hex_bytes(&data)),
        0 => fields.u32(8, "data cell", |raw| format!("{raw:#x}, not used")),
        _ => fields.u32(8, "data cell", offset),
    }
    fields.u32(12, "type", |raw| format!("{raw:#x}: {} ({})", type_constant(raw), type_name(raw)));
    fields.u16(16, "flags", |raw| flags(raw.into(), &VALUE_FLAGS));
    for span in value.data_spans().into_iter().filter(|span| span.len > 0) {
        let place = format!("{} bytes at {} of the file", span.len, words::offset(span.offset));
        dump.field(None, "data read", place);
    }
    text(dump, kind, &data);
    let shown = data.get(..SHOWN_BYTES).unwrap_or(&data);
    dump.hex(0, shown);
    if shown.len() < data.len() {
        dump.more(format_args!("… and {} bytes more", data.len() - shown.len()));
    }
}

/// The data as their type has them read.
fn text(dump: &mut Dump, kind: u32, data: &[u8]) {
    let rendering = render(kind, data);
    match &rendering {
        Rendering::Text(text) => dump.field(None, "text", cut(text)),
        Rendering::List(items) => {
            dump.field(None, "items", items.len());
            items.iter().for_each(|item| dump.more(cut(item)));
        }
        Rendering::Bytes => {}
        Rendering::Bad => dump.field(None, "text", "the data are not what their type says"),
    }
    if !data.is_empty() && !rendering.is_all_of(kind, data) {
        dump.more("there are more bytes than this text has, or no terminator");
    }
}

fn cut(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_CHARS).collect();
    let left = text.chars().count().saturating_sub(SHOWN_CHARS);
    let more = if left > 0 { format!(" … and {left} characters more") } else { String::new() };
    format!("\"{}\"{more}", printable(&shown))
}

fn type_constant(kind: u32) -> &'static str {
    ValueType::from_number(kind).map_or("no name", ValueType::constant)
}

//! RegXML: a hive as XML in the vocabulary of `hivexml`.
//!
//! What `hivexml` cannot say is said in attributes that it does not have, so that the whole hive
//! can be read back: see `docs/differences.md`, "RegXML".

mod escape;
pub(crate) mod rendering;

use std::io::{self, Write};

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use diskprint_formats::Filetime;
use diskprint_formats::regf::{Hive, Key, KeyId, Span, Value, ValueType};

use escape::{Escaped, NameAttribute, is_xml};
use rendering::{Rendering, render, shown_type};

/// Writes all keys and values of `hive`, in stored order.
///
/// # Errors
/// When `out` fails.
pub fn write(hive: &Hive, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hive>")?;
    mtime(hive.base_block().last_written, out)?;
    let mut open: Vec<KeyId> = Vec::new();
    for key in hive.keys() {
        let parent = key.parent().map(|parent| parent.id());
        while open.last().copied() != parent && open.pop().is_some() {
            out.write_all(b"</node>")?;
        }
        open.push(key.id());
        begin_node(&key, out)?;
    }
    for _ in open {
        out.write_all(b"</node>")?;
    }
    out.write_all(b"</hive>\n")
}

fn begin_node(key: &Key<'_>, out: &mut impl Write) -> io::Result<()> {
    write!(out, "\n<node{}", NameAttribute { label: "name", name: &key.name() })?;
    if let Some(class) = key.class() {
        write!(out, "{}", NameAttribute { label: "class", name: &class })?;
    }
    out.write_all(if key.parent().is_none() { b" root=\"1\">" } else { b">" })?;
    mtime(key.mtime(), out)?;
    byte_runs([key.span()], out)?;
    key.values().try_for_each(|item| value(&item, out))
}

fn mtime(time: Filetime, out: &mut impl Write) -> io::Result<()> {
    if time.is_unset() {
        return Ok(());
    }
    write!(out, "<mtime>{time}</mtime>")
}

fn value(value: &Value<'_>, out: &mut impl Write) -> io::Result<()> {
    let data = value.data();
    let rendering = render(value.value_type(), &data);
    let name = value.name();
    write!(out, "\n<value type=\"{}\"", shown_type(value.value_type(), &rendering))?;
    if !names_type(value.value_type()) {
        write!(out, " type_number=\"{}\"", value.value_type())?;
    }
    match name.is_empty() {
        true => out.write_all(b" default=\"1\"")?,
        false => write!(out, "{}", NameAttribute { label: "key", name: &name })?,
    }
    let items = shown(value.value_type(), &data, &rendering, out)?;
    out.write_all(b">")?;
    for item in items {
        write!(out, "<string>{}</string>", Escaped(item))?;
    }
    byte_runs(runs(value), out)?;
    out.write_all(b"</value>")
}

/// Whether the type's name tells its number: some have none, and two share `int32`.
fn names_type(value_type: u32) -> bool {
    let named = ValueType::from_number(value_type);
    named.is_some_and(|named| named != ValueType::Int32BigEndian)
}

/// Writes the attributes that hold the data, and returns the items of a list.
fn shown<'a>(
    value_type: u32,
    data: &[u8],
    rendering: &'a Rendering,
    out: &mut impl Write,
) -> io::Result<&'a [String]> {
    let base64 = Base64Display::new(data, &STANDARD);
    match rendering {
        Rendering::Text(text) if text.chars().all(is_xml) => {
            write!(out, " value=\"{}\"", Escaped(text))?;
        }
        Rendering::List(items) if items.iter().flat_map(|item| item.chars()).all(is_xml) => {}
        _ if data.is_empty() => {
            out.write_all(b" encoding=\"base64\"")?;
            return Ok(&[]);
        }
        _ => {
            write!(out, " encoding=\"base64\" value=\"{base64}\"")?;
            return Ok(&[]);
        }
    }
    if !rendering.is_all_of(value_type, data) {
        write!(out, " raw=\"{base64}\"")?;
    }
    match rendering {
        Rendering::List(items) => Ok(items),
        _ => Ok(&[]),
    }
}

/// The value's record and the cells of its data, with their size fields.
fn runs(value: &Value<'_>) -> impl Iterator<Item = Span> + use<> {
    const SIZE_FIELD: u64 = 4;
    let own_cells = !value.is_resident() && !value.is_empty();
    let spans = if own_cells { value.data_spans() } else { Vec::new() };
    let data = spans.into_iter().map(|span| Span {
        offset: span.offset.saturating_sub(SIZE_FIELD),
        len: span.len.saturating_add(SIZE_FIELD),
    });
    std::iter::once(value.span()).chain(data)
}

fn byte_runs(spans: impl IntoIterator<Item = Span>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"<byte_runs>")?;
    for Span { offset, len } in spans {
        write!(out, "<byte_run file_offset=\"{offset}\" len=\"{len}\"/>")?;
    }
    out.write_all(b"</byte_runs>")
}

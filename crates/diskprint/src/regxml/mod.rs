//! RegXML: a hive as XML in the vocabulary of `hivexml`.
//!
//! What `hivexml` cannot say is said in attributes that it does not have, so that the whole hive
//! can be read back: see `docs/differences.md`, "RegXML".

mod escape;
mod recovered;
pub(crate) mod rendering;

use std::io::{self, Write};

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use diskprint_formats::regf::{Hive, Key, KeyId, Span, Value, ValueType};
use diskprint_formats::{Filetime, Name};

use sha1::{Digest, Sha1};

use crate::{Hex, KeyCell};
use escape::{Escaped, NameAttribute, is_xml};
use rendering::{Rendering, render, shown_type};

/// Writes all keys and values of `hive`, in stored order, then those that no list in use leads to,
/// each of these with `alloc="0"`.
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
    recovered::write(&hive.recovered(), out)?;
    out.write_all(b"</hive>\n")
}

fn begin_node(key: &Key<'_>, out: &mut impl Write) -> io::Result<()> {
    write!(out, "\n<node{}", NameAttribute { label: "name", name: &key.name() })?;
    if let Some(class) = key.class() {
        write!(out, "{}", NameAttribute { label: "class", name: &class })?;
    }
    security(key, out)?;
    let flags = KeyCell::flags_of(key) & KeyCell::COMPARED_FLAGS;
    if flags != 0 {
        write!(out, " flags=\"{flags:#x}\"")?;
    }
    out.write_all(if key.parent().is_none() { b" root=\"1\">" } else { b">" })?;
    mtime(key.mtime(), out)?;
    byte_runs([key.span()], out)?;
    key.values().try_for_each(|item| value(&item, out))
}

/// Writes owner and digest of the security descriptor, unless the key above has the same.
fn security(key: &Key<'_>, out: &mut impl Write) -> io::Result<()> {
    let offset = key.security_offset();
    if key.parent().is_some_and(|parent| parent.security_offset() == offset) {
        return Ok(());
    }
    let Some(descriptor) = key.security() else { return Ok(()) };
    if let Some(owner) = descriptor.owner() {
        write!(out, " owner=\"{owner}\"")?;
    }
    write!(out, " security_sha1=\"{}\"", Hex(&Sha1::digest(descriptor.bytes())))
}

fn mtime(time: Filetime, out: &mut impl Write) -> io::Result<()> {
    if time.is_unset() {
        return Ok(());
    }
    write!(out, "<mtime>{time}</mtime>")
}

fn value(value: &Value<'_>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"\n<value")?;
    content(&value.name(), value.value_type(), &value.data(), out)?;
    byte_runs(runs(value), out)?;
    out.write_all(b"</value>")
}

/// Writes the attributes of a value, the end of its start tag, and the items of a list.
fn content(name: &Name, kind: u32, data: &[u8], out: &mut impl Write) -> io::Result<()> {
    let rendering = render(kind, data);
    write!(out, " type=\"{}\"", shown_type(kind, &rendering))?;
    type_and_name(name, kind, out)?;
    let items = shown(kind, data, &rendering, out)?;
    out.write_all(b">")?;
    items.iter().try_for_each(|item| write!(out, "<string>{}</string>", Escaped(item)))
}

fn type_and_name(name: &Name, kind: u32, out: &mut impl Write) -> io::Result<()> {
    if !names_type(kind) {
        write!(out, " type_number=\"{kind}\"")?;
    }
    match name.is_empty() {
        true => out.write_all(b" default=\"1\""),
        false => write!(out, "{}", NameAttribute { label: "key", name }),
    }
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
    let spans = if value.is_resident() { Vec::new() } else { value.data_spans() };
    let is_empty = spans.iter().all(|span| span.len == 0);
    let data = spans.into_iter().filter(move |_| !is_empty).map(|span| Span {
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

use std::io::{self, Write};

use diskprint_formats::regf::ValueType;

use super::lines::Lines;
use crate::printable::is_unsafe;
use crate::registry_text::hex;

/// Writes data of a type such that they come back with it, whatever they are.
pub(super) fn write<W: Write>(value_type: u32, bytes: &[u8], out: &mut Lines<W>) -> io::Result<()> {
    match (ValueType::from_number(value_type), bytes) {
        (Some(ValueType::Int32), &[a, b, c, d]) => {
            return out.text(&format!("dword:{:08x}", u32::from_le_bytes([a, b, c, d])));
        }
        (Some(ValueType::Binary), _) => out.text("hex:")?,
        (Some(ValueType::String), _) => match quotable(bytes) {
            Some(text) => return out.text(&quoted(&text)),
            None => out.text("hex(1):")?,
        },
        _ => out.text(&format!("hex({value_type:x}):"))?,
    }
    let Some((last, others)) = bytes.split_last() else { return Ok(()) };
    others.iter().try_for_each(|byte| out.byte_and_comma(hex::digits(*byte)))?;
    hex::digits(*last)
        .iter()
        .try_for_each(|digit| out.text(char::from(*digit).encode_utf8(&mut [0; 4])))
}

/// The text of a string, where all of its bytes can be made again from that, and nobody is misled
/// by it: text with a terminator that has no other NUL, no line break, nor other control
/// characters but tabs.
fn quotable(bytes: &[u8]) -> Option<String> {
    let (pairs, []) = bytes.as_chunks::<2>() else { return None };
    let (&[0, 0], units) = pairs.split_last()? else { return None };
    let units = units.iter().map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units)
        .map(|decoded| decoded.ok().filter(|c| *c == '\t' || !is_unsafe(*c)))
        .collect()
}

/// Text between quotation marks.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

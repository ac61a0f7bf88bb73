//! Shell items: how the Explorer names what it shows. Volumes, files and folders are read; what
//! stands for anything else makes the path unknown.

use super::super::row::terminated;
use super::{guid, known_folder, u16_at};

/// The most items of a path.
const MOST_ITEMS: usize = 64;

/// The path that a list of shell items leads to; `None` where an item is of another class.
// Source: libfwsi, "Windows Shell Item format",
// https://github.com/libyal/libfwsi/blob/main/documentation/Windows%20Shell%20Item%20format.asciidoc
pub(super) fn path(mut list: &[u8]) -> Option<String> {
    let mut names = Vec::new();
    while let Some(size) = u16_at(list, 0).filter(|size| *size != 0) {
        let (item, rest) = list.split_at_checked(size.into())?;
        names.push(name(item)?);
        list = rest;
        if names.len() > MOST_ITEMS {
            return None;
        }
    }
    let path = names.join("\\").replace(":\\\\", ":\\");
    (!path.is_empty()).then_some(path)
}

fn name(item: &[u8]) -> Option<String> {
    let class = *item.get(2)?;
    match class & 0x70 {
        // A root folder: its identifier.
        _ if class == 0x1F => {
            let folder = guid::text(item.get(4..20)?.first_chunk()?);
            Some(root(&folder).map_or(folder, str::to_owned))
        }
        // A volume by its letter.
        0x20 if class & 1 != 0 => {
            let letter = item.get(3..6)?;
            let is_letter = letter.first()?.is_ascii_alphabetic() && letter.ends_with(b":\\");
            is_letter.then(|| String::from_utf8_lossy(letter).into_owned())
        }
        0x30 => entry(item, class),
        _ => None,
    }
}

/// A file or folder: its long name is in an extension block, the last in the item.
fn entry(item: &[u8], class: u8) -> Option<String> {
    let long = u16_at(item, item.len().checked_sub(2)?).map(usize::from);
    let long = long.and_then(|offset| item.get(offset..)).and_then(long_name);
    long.or_else(|| match class & 0x04 {
        0 => ascii(item.get(14..)?),
        _ => terminated(item.get(14..)?),
    })
}

/// The name in extension block 0xBEEF0004, whose fields before it grew with its version.
fn long_name(block: &[u8]) -> Option<String> {
    if block.get(4..8)? != [4, 0, 0xEF, 0xBE] {
        return None;
    }
    let start = match u16_at(block, 2)? {
        3 => 20,
        7 => 38,
        8 => 42,
        9 => 46,
        _ => return None,
    };
    terminated(block.get(start..)?)
}

fn ascii(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let name = bytes.get(..end).filter(|name| name.is_ascii())?;
    String::from_utf8(name.to_vec()).ok().filter(|name| !name.is_empty())
}

/// Names of root folders that paths begin with.
// Source: winreg-kb, "Shell folder identifiers".
fn root(guid: &str) -> Option<&'static str> {
    Some(match guid {
        "{20d04fe0-3aea-1069-a2d8-08002b30309d}" => "<My Computer>",
        "{450d8fba-ad25-11d0-98a8-0800361b1103}" => "<My Documents>",
        "{208d2c60-3aea-1069-a2d7-08002b30309d}" => "<Network>",
        "{f02c1a0d-be21-4350-88b0-7367fc96ef3c}" => "<Network>",
        "{645ff040-5081-101b-9f08-00aa002f954e}" => "<Recycle Bin>",
        "{871c5380-42a0-1069-a2ea-08002b30309d}" => "<Internet Explorer>",
        "{59031a47-3f72-44a7-89c5-5595fe6b30ee}" => "<Users Files>",
        "{031e4825-7b94-4dc3-b131-e946b44c8dd5}" => "<Libraries>",
        _ => known_folder::name(guid)?,
    })
}

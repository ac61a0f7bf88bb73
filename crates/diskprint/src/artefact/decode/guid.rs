//! GUIDs.

use super::super::pattern::Class;
use super::super::row::{Row, label_and};

/// The 16 bytes of a GUID as text: the first three fields are little-endian.
// Source: [MS-DTYP] 2.3.4.2, "GUID--Packet Representation", 2.3.4.3, "Curly Braced String".
pub(super) fn text(bytes: &[u8; 16]) -> String {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    let [i, j, k, l, m, n, o, p] = rest;
    let first = u32::from_le_bytes([*a, *b, *c, *d]);
    let (second, third) = (u16::from_le_bytes([*e, *f]), u16::from_le_bytes([*g, *h]));
    let tail = [k, l, m, n, o, p].map(|byte| format!("{byte:02x}")).concat();
    format!("{{{first:08x}-{second:04x}-{third:04x}-{i:02x}{j:02x}-{tail}}}")
}

/// A name of 32 digits as the GUID that it is a packed form of.
///
/// The digits of the first three fields are in reverse order, those of each further byte too.
// Source: Revenera, "Converting a regular GUID to a compressed GUID",
// https://flexerasoftware.my.site.com/revenera/s/article/converting-a-regular-guid-to-a-compressed-guid
fn unpack(name: &str) -> Option<String> {
    if !Class::PackedGuid.admits(name.as_bytes()) {
        return None;
    }
    let back = |from: usize, to: usize| {
        Some(name.get(from..to)?.chars().rev().collect::<String>().to_ascii_uppercase())
    };
    let pairs = |from: usize, to: usize| {
        (from..to).step_by(2).map(|at| back(at, at + 2)).collect::<Option<String>>()
    };
    let (first, second, third) = (back(0, 8)?, back(8, 12)?, back(12, 16)?);
    Some(format!("{{{first}-{second}-{third}-{}-{}}}", pairs(16, 20)?, pairs(20, 32)?))
}

/// An item named by packed GUIDs, under their usual form.
pub(crate) fn packed(row: &Row) -> Option<String> {
    let value = row.value.filter(|value| !value.name.is_empty());
    let names = row.item.iter().chain(value.map(|value| value.name)).take(8);
    let names: Vec<_> = names
        .map(|name| {
            let name = name.to_text();
            unpack(&name).unwrap_or_else(|| name.into_owned())
        })
        .collect();
    let label = Some(names.join("\\")).filter(|label| !label.is_empty());
    label_and(label, row.value.and_then(|value| value.text()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_guids_unpack() {
        // The product code of Office Professional Plus 2013, and the example of a program's author.
        for (packed, guid) in [
            ("00005119110000000000000000F01FEC", "{91150000-0011-0000-0000-0000000FF1CE}"),
            ("FAD3074EAC3675A49B3E7D4837810B63", "{E4703DAF-63CA-4A57-B9E3-D7887318B036}"),
        ] {
            assert_eq!(unpack(packed).as_deref(), Some(guid));
        }
        assert_eq!(unpack("00005119110000000000000000F01FE"), None);
        assert_eq!(unpack("é0005119110000000000000000F01FE"), None);
    }

    #[test]
    fn stored_guids_are_little_endian() {
        let bytes = [
            0xCD, 0xF5, 0xEB, 0xCE, 0xE2, 0xAC, 0x4F, 0x4F, 0x91, 0x78, 0x99, 0x26, 0xF4, 0x17,
            0x49, 0xEA,
        ];
        // The identifier of UserAssist's executables, backwards where fields are numbers.
        assert_eq!(text(&bytes), "{ceebf5cd-ace2-4f4f-9178-9926f41749ea}");
    }
}

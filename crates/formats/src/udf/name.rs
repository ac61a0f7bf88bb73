use super::Error;
use crate::Name;
use crate::bytes::u16_be;

/// Decodes characters of OSTA CS0: a byte that says how many bits each has, and the characters.
///
/// # Errors
/// Where that byte is none that is known.
// Source: UDF 2.1.1. 254 and 255 stand in names of deleted files.
pub(super) fn characters(bytes: &[u8]) -> Result<Name, Error> {
    match bytes.split_first() {
        None => Ok(Name::default()),
        Some((8 | 254, text)) => Ok(Name::from_latin1(text)),
        Some((16 | 255, text)) => {
            let units = (0..text.len() / 2).filter_map(|index| u16_be(text, 2 * index));
            Ok(Name::from_utf16(units))
        }
        Some((other, _)) => Err(Error::Name(*other)),
    }
}

/// Decodes a string in a field: its last byte says how much of it is used.
// Source: ECMA-167 1/7.2.12.
pub(super) fn string(field: &[u8]) -> Name {
    let len = field.last().copied().unwrap_or(0);
    let used = field.get(..len.into()).unwrap_or_default();
    characters(used).unwrap_or_default()
}

/// Where a symbolic link leads to, by its components.
// Source: ECMA-167 4/14.16.1.
pub(super) fn target(mut components: &[u8]) -> Result<Name, Error> {
    let (mut parts, mut is_absolute) = (Vec::new(), false);
    while let Some((&[kind, len, ..], rest)) = components.split_first_chunk::<4>() {
        let text = rest.get(..len.into()).ok_or(Error::Name(kind))?;
        match kind {
            1 | 2 => is_absolute = true,
            3 => parts.push(Name::from("..")),
            4 => parts.push(Name::from(".")),
            _ => parts.push(characters(text)?),
        }
        components = rest.get(len.into()..).unwrap_or_default();
    }
    let mut bytes = if is_absolute { b"/".to_vec() } else { Vec::new() };
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(part.as_bytes());
    }
    Ok(Name::from_wtf8(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_characters_of_eight_or_sixteen_bits() {
        assert_eq!(characters(b"\x08caf\xE9").unwrap(), Name::from("café"));
        assert_eq!(characters(&[16, 0x26, 3, 0xD8]).unwrap(), Name::from("☃"));
        assert_eq!(characters(&[]).unwrap(), Name::default());
        assert!(matches!(characters(&[9, 65]), Err(Error::Name(9))));
        assert_eq!(string(&[8, 65, 66, 0, 0, 3]), Name::from("AB"));
        assert_eq!(string(&[8, 65, 200]), Name::default());
    }

    #[test]
    fn a_target_is_a_path() {
        let target = |bytes: &[u8]| target(bytes).map(|name| name.to_string());
        assert_eq!(target(b"\x02\0\0\0\x05\x04\0\0\x08usr\x04\0\0\0").unwrap(), "/usr/.");
        assert_eq!(target(b"\x03\0\0\0\x05\x02\0\0\x08a").unwrap(), "../a");
        assert!(target(b"\x05\x09\0\0\x08a").is_err());
    }
}

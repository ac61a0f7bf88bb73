//! Forensic images of disks, format EWF version 2: what EnCase 7 and later write as `.Ex01`.
//!
//! Sections end with what describes them, and lead from the last to the first.
// Source of every structure here: J. Metz, "Expert Witness Compression Format version 2
// specification", of the libewf project; cited as "EWF 2 specification".

mod image;
mod section;
mod table;

pub use image::Image;

use super::Error;
use crate::ReadAt;

/// What a segment begins with.
pub(super) const SIGNATURE: &[u8; 8] = b"EVF2\x0D\x0A\x81\x00";

/// Whether a file that begins with `start` is a segment of such an image.
pub fn is_segment(start: &[u8]) -> bool {
    start.starts_with(SIGNATURE)
}

/// Reads which segment `file` says it is, from 1; `segment` is which it should be.
pub(super) fn segment_number(file: &dyn ReadAt, segment: u32) -> Result<u32, Error> {
    section::FileHeader::read(file, segment).map(|header| header.number)
}

/// Ending of the name of a segment, without its dot: `Ex01` to `Ex99`, `ExAA` to `ExZZ`, `EyAA` to
/// `EzZZ`. `None` where there is no such ending.
// Source: EWF 2 specification, "Segment file extensions".
pub fn extension(segment: u32) -> Option<String> {
    const PER_LETTER: u32 = 26 * 26;
    let letter = |number: u32| char::from_u32(u32::from('A').checked_add(number)?);
    match segment {
        0 => None,
        1..=99 => Some(format!("Ex{segment:02}")),
        _ => {
            let number = segment.checked_sub(100)?;
            let second = ["x", "y", "z"].get(usize::try_from(number / PER_LETTER).ok()?)?;
            let (third, fourth) = (letter(number / 26 % 26)?, letter(number % 26)?);
            Some(format!("E{second}{third}{fourth}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::extension;

    #[test]
    fn endings_are_counted_with_letters_after_99() {
        let expected = [
            (1, "Ex01"),
            (99, "Ex99"),
            (100, "ExAA"),
            (126, "ExBA"),
            (775, "ExZZ"),
            (776, "EyAA"),
            (2127, "EzZZ"),
        ];
        for (number, ending) in expected {
            assert_eq!(extension(number).as_deref(), Some(ending));
        }
        assert_eq!((extension(0), extension(2128)), (None, None));
    }
}

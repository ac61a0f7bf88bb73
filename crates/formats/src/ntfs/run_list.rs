use super::Error;
use crate::Run;

/// Decodes a run list whose first run begins at cluster `vcn` of the value.
///
/// Each run is a byte with two sizes, then a length and a signed distance from the run before,
/// little-endian in as many bytes; no distance at all is a hole; a zero byte is the end.
pub(super) fn decode(bytes: &[u8], mut vcn: u64) -> Result<Vec<Run>, Error> {
    let mut runs = Vec::new();
    let mut lcn = 0i64;
    let mut at = 0;
    while let Some(&header) = bytes.get(at).filter(|header| **header != 0) {
        let error = |what| Error::RunList { offset: at, what };
        let (len_size, distance_size) = (usize::from(header & 0xF), usize::from(header >> 4));
        let len_at = at + 1;
        let distance_at = len_at + len_size;
        let end = distance_at + distance_size;
        let (Some(len), Some(distance)) =
            (bytes.get(len_at..distance_at), bytes.get(distance_at..end))
        else {
            return Err(error("a run goes past the end"));
        };
        let clusters = signed(len)
            .and_then(|len| u64::try_from(len).ok())
            .filter(|len| *len > 0)
            .ok_or_else(|| error("length of a run is not positive"))?;
        let start = if distance.is_empty() {
            None
        } else {
            lcn = signed(distance)
                .and_then(|distance| lcn.checked_add(distance))
                .ok_or_else(|| error("distance of a run does not fit 64 bits"))?;
            Some(u64::try_from(lcn).map_err(|_| error("a run begins before the volume"))?)
        };
        runs.push(Run { vcn, lcn: start, clusters });
        vcn = vcn.checked_add(clusters).ok_or_else(|| error("runs exceed 64 bits"))?;
        at = end;
    }
    Ok(runs)
}

/// Decodes a signed little-endian integer of 0 to 8 bytes.
fn signed(bytes: &[u8]) -> Option<i64> {
    let mut wide = match bytes.last() {
        Some(top) if top & 0x80 != 0 => [0xFF; 8],
        _ => [0; 8],
    };
    wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(wide))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_holes_and_steps_back_are_decoded() {
        // The worked example of the Linux-NTFS documentation, and a hole.
        let runs =
            decode(&[0x21, 0x18, 0x34, 0x56, 0x11, 0x08, 0xFC, 0x01, 0x10, 0x00, 0xFF], 7).unwrap();
        assert_eq!(
            runs,
            [
                Run { vcn: 7, lcn: Some(0x5634), clusters: 0x18 },
                Run { vcn: 31, lcn: Some(0x5630), clusters: 8 },
                Run { vcn: 39, lcn: None, clusters: 16 },
            ]
        );
    }

    #[test]
    fn broken_lists_are_errors() {
        for bytes in
            [&[0x21, 1][..], &[0x11, 0, 1], &[0x11, 0x80, 1], &[0x11, 1, 0x80], &[0x99; 30]]
        {
            assert!(decode(bytes, 0).is_err(), "{bytes:x?}");
        }
        assert_eq!(decode(&[], 0).unwrap(), []);
    }
}

use super::Error;
use super::section::Section;
use crate::ReadAt;
use crate::bytes::u32_le;

/// Where the entries begin, and the length of one, in bytes.
// Source: EWF specification, "Error2 section".
const HEADER_LEN: usize = 520;
const ENTRY_LEN: usize = 8;

/// More entries than these are not counted.
const MOST_ENTRIES: usize = 1 << 20;

/// Reads which sectors could not be read when the image was made; `None` where there are none.
pub(super) fn read(
    file: &dyn ReadAt,
    segment: u32,
    section: &Section,
) -> Result<Option<Error>, Error> {
    let most = HEADER_LEN.saturating_add(MOST_ENTRIES.saturating_mul(ENTRY_LEN));
    let bytes = section.read(file, segment, "error2 section", most)?;
    let stated = usize::try_from(u32_le(&bytes, 0).unwrap_or(0)).unwrap_or(usize::MAX);
    let entries = bytes.get(HEADER_LEN..).unwrap_or_default().chunks_exact(ENTRY_LEN).take(stated);
    let runs = entries.filter_map(|entry| Some((u32_le(entry, 0)?, u32_le(entry, 4)?)));
    let (first, count) =
        runs.fold((None, 0u64), |(first, count): (Option<u32>, _), (start, len)| {
            (Some(first.map_or(start, |first| first.min(start))), count.saturating_add(len.into()))
        });
    Ok(first.map(|first| Error::NotAcquired { first: first.into(), count }))
}

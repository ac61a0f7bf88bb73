//! Little- and big-endian integers at an offset of a byte window; `None` past its end.

use std::io;

use crate::{ReadAt, ReadAtExt};

macro_rules! getters {
    ($($name:ident: $type:ty, $from:ident;)*) => {$(
        #[allow(dead_code)]
        pub(crate) fn $name(bytes: &[u8], offset: usize) -> Option<$type> {
            let end = offset.checked_add(size_of::<$type>())?;
            Some(<$type>::$from(bytes.get(offset..end)?.try_into().ok()?))
        }
    )*};
}

getters! {
    u16_le: u16, from_le_bytes;
    u32_le: u32, from_le_bytes;
    u64_le: u64, from_le_bytes;
    i32_le: i32, from_le_bytes;
    u16_be: u16, from_be_bytes;
    u32_be: u32, from_be_bytes;
    u64_be: u64, from_be_bytes;
}

/// Returns `len` bytes at `offset`, or `None` when they are not all there.
pub(crate) fn window(bytes: &[u8], offset: usize, len: usize) -> Option<&[u8]> {
    bytes.get(offset..offset.checked_add(len)?)
}

/// Returns `needed` bytes at `offset` of `file`, or `None` where they are not all there.
///
/// The caller bounds `needed`: it is allocated at once, where the file is as long.
pub(crate) fn read_whole(
    file: &dyn ReadAt,
    offset: u64,
    needed: u64,
) -> io::Result<Option<Vec<u8>>> {
    let inside = offset.checked_add(needed).is_some_and(|end| end <= file.len());
    let Some(len) = usize::try_from(needed).ok().filter(|_| inside) else { return Ok(None) };
    let bytes = file.read_vec_at(offset, len)?;
    Ok((bytes.len() == len).then_some(bytes))
}

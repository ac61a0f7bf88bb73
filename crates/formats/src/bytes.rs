//! Little- and big-endian integers at an offset of a byte window; `None` past its end.

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
}

/// Returns `len` bytes at `offset`, or `None` when they are not all there.
pub(crate) fn window(bytes: &[u8], offset: usize, len: usize) -> Option<&[u8]> {
    bytes.get(offset..offset.checked_add(len)?)
}

use std::fmt;

use crate::bytes::{i32_le, window};

use super::base_block::BASE_BLOCK_LEN;
use super::error::{Error, Structure};
use super::fault::Faults;

/// Offset of a cell from the start of the hive bins data, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellOffset(pub u32);

impl CellOffset {
    /// "No cell."
    pub const NONE: Self = Self(u32::MAX);

    /// Offset of the cell in the hive file, in bytes.
    // Source: regf spec, "Base block", note 1.
    pub fn file_offset(self) -> u64 {
        (BASE_BLOCK_LEN as u64).saturating_add(u64::from(self.0))
    }
}

impl fmt::Display for CellOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// A byte range of the hive file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Offset in the file, in bytes.
    pub offset: u64,
    /// Length in bytes.
    pub len: u64,
}

impl Span {
    pub(super) fn of(self, bytes: &[u8]) -> &[u8] {
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let len = usize::try_from(self.len).unwrap_or(usize::MAX);
        window(bytes, offset, len).unwrap_or(&[])
    }
}

/// A cell's content: its bytes without the size field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'a> {
    pub(super) offset: CellOffset,
    pub(super) bytes: &'a [u8],
}

impl<'a> Cell<'a> {
    /// The span of `len` bytes at `from` in the content; the caller has checked that it is there.
    pub(super) fn span(&self, from: usize, len: usize) -> Span {
        let start = self.offset.file_offset().saturating_add(SIZE_LEN as u64);
        Span { offset: start.saturating_add(from as u64), len: len as u64 }
    }

    /// Returns `len` bytes of the content at `from`, or what is missing for them.
    pub(super) fn window(
        &self,
        structure: Structure,
        from: usize,
        len: usize,
    ) -> Result<&'a [u8], Error> {
        window(self.bytes, from, len).ok_or(Error::RecordShort {
            structure,
            offset: self.offset,
            needed: from as u64 + len as u64,
            len: self.bytes.len() as u64,
        })
    }

    /// Checks the record's signature.
    pub(super) fn expect(&self, structure: Structure, signature: &[u8; 2]) -> Result<(), Error> {
        match self.signature(structure)? {
            found if found == *signature => Ok(()),
            found => Err(Error::RecordSignature { structure, offset: self.offset, found }),
        }
    }

    /// The first two bytes.
    pub(super) fn signature(&self, structure: Structure) -> Result<[u8; 2], Error> {
        let bytes = self.window(structure, 0, 2)?;
        Ok(bytes.first_chunk().copied().unwrap_or_default())
    }
}

/// Length of the size field before a cell's content, in bytes.
pub(super) const SIZE_LEN: usize = 4;

/// The cells of a hive, found by their offsets.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    bytes: &'a [u8],
}

impl<'a> Cells<'a> {
    /// Over the whole file's `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Returns the cell at `offset`, or `None` after keeping the fault.
    ///
    /// A free cell is returned, and a cell that the file's end cuts is returned cut, each with a
    /// fault: what is there is still evidence.
    pub(super) fn get(
        &self,
        structure: Structure,
        offset: CellOffset,
        faults: &mut Faults,
    ) -> Option<Cell<'a>> {
        if let Some(cell) = self.sound(offset) {
            return Some(cell);
        }
        let cell = self.read(structure, offset);
        let (cell, damage) = faults.keep(cell)?;
        damage.into_iter().flatten().for_each(|error| faults.push(error));
        Some(cell)
    }

    /// The cell at `offset` where there is nothing wrong with it. Cells are looked up several
    /// times for each key and value, and making room for errors took a tenth of writing a hive.
    fn sound(&self, offset: CellOffset) -> Option<Cell<'a>> {
        let start = usize::try_from(offset.file_offset()).ok()?;
        let rest = self.bytes.get(start..).filter(|_| offset.0.is_multiple_of(8))?;
        let size = i32_le(rest, 0)?;
        let end = usize::try_from(size.unsigned_abs()).ok().filter(|_| size <= -8)?;
        Some(Cell { offset, bytes: rest.get(SIZE_LEN..end)? })
    }

    // Source: regf spec, "Cell": the size is negative in allocated cells, and cells are aligned
    // to 8 bytes from the start of the bins.
    fn read(
        &self,
        structure: Structure,
        offset: CellOffset,
    ) -> Result<(Cell<'a>, [Option<Error>; 2]), Error> {
        let nowhere = || Error::CellOffset { structure, offset };
        let start = usize::try_from(offset.file_offset()).map_err(|_| nowhere())?;
        let rest = self.bytes.get(start..).filter(|_| offset.0.is_multiple_of(8));
        let rest = rest.ok_or_else(nowhere)?;
        let size = i32_le(rest, 0).ok_or_else(nowhere)?;
        let stated = size.unsigned_abs();
        let wrong = Error::CellSize { structure, offset, stated, left: rest.len() as u64 };
        if stated < 8 {
            return Err(wrong);
        }
        let end = usize::try_from(stated).unwrap_or(usize::MAX).min(rest.len());
        let bytes = rest.get(SIZE_LEN..end).ok_or_else(nowhere)?;
        let cut = (u64::from(stated) > rest.len() as u64).then_some(wrong);
        let free = (size > 0).then_some(Error::CellFree { structure, offset });
        Ok((Cell { offset, bytes }, [cut, free]))
    }
}

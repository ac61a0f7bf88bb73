use std::collections::BTreeMap;

use super::extensions::Work;
use super::{Error, File, FileRecord, FileReference, Volume};
use crate::{ReadAt, ReadAtExt};

/// How much of the $MFT is read at once, in bytes.
const CHUNK: u64 = 1 << 20;

/// Walks the files of a volume; see [`Volume::files`].
pub struct Files<'v, R> {
    volume: &'v Volume<R>,
    next: u64,
    chunk: Vec<u8>,
    chunk_start: u64,
    work: Work,
    /// Extension records in use and what they name as their base record.
    extensions: BTreeMap<u64, FileReference>,
}

impl<'v, R: ReadAt> Files<'v, R> {
    pub(super) fn new(volume: &'v Volume<R>) -> Self {
        let (work, extensions) = (Work::new(volume), BTreeMap::new());
        Self { volume, next: 0, chunk: Vec::new(), chunk_start: 0, work, extensions }
    }

    /// The bytes of record `number` as stored, from a chunk that is read ahead.
    fn stored(&mut self, number: u64) -> Result<&[u8], Error> {
        let size = u64::from(self.volume.boot_sector.file_record_size);
        let offset = number.saturating_mul(size);
        let end = self.chunk_start.saturating_add(self.chunk.len() as u64);
        if offset < self.chunk_start || offset.saturating_add(size) > end {
            let mft = self.volume.content_reader(&self.volume.mft);
            // A chunk that cannot be read whole is tried again record by record, so that only
            // the records on the bad place are lost.
            let chunk = mft.read_vec_at(offset, CHUNK as usize);
            self.chunk = chunk.or_else(|_| mft.read_vec_at(offset, size as usize))?;
            self.chunk_start = offset;
        }
        let at = usize::try_from(offset - self.chunk_start).unwrap_or(usize::MAX);
        crate::bytes::window(&self.chunk, at, size as usize)
            .ok_or(Error::NoRecord { record: number, count: self.volume.record_count })
    }

    /// Reads the file of record `number`; `None` when the record was never used or is the
    /// continuation of another.
    fn read(&mut self, number: u64) -> Option<Result<File, Error>> {
        let stored = match self.stored(number) {
            Ok(stored) => stored,
            Err(error) => return Some(Err(error)),
        };
        let blank = stored.iter().all(|byte| *byte == 0);
        let record = FileRecord::parse(number, stored);
        match record {
            Ok(record) if record.is_base() => {
                Some(Ok(self.volume.assemble(&record, &mut self.work)))
            }
            Ok(record) => {
                if record.is_in_use() {
                    self.extensions.insert(number, record.base);
                }
                None
            }
            Err(error) => {
                let in_use = self.volume.record_in_use(number) == Some(true);
                (in_use || !blank).then_some(Err(error))
            }
        }
    }
}

impl<R: ReadAt> Iterator for Files<'_, R> {
    type Item = (u64, Result<File, Error>);

    fn next(&mut self) -> Option<Self::Item> {
        while self.next < self.volume.record_count {
            let number = self.next;
            self.next += 1;
            if let Some(file) = self.read(number) {
                return Some((number, file));
            }
        }
        // Whose extension records are left now, nobody has listed.
        loop {
            let (number, base) = self.extensions.pop_first()?;
            if !self.work.owned.contains(&number) {
                return Some((number, Err(Error::Unlisted { base })));
            }
        }
    }
}

use std::collections::BTreeMap;
use std::ops::Range;

use super::extensions::Work;
use super::file::Assembly;
use super::{Error, File, FileRecord, FileReference, Volume};
use crate::{ReadAt, ReadAtExt};

/// How much of the $MFT is read at once, in bytes.
const CHUNK: u64 = 1 << 20;

/// What a record of the $MFT is by itself.
#[derive(Debug)]
pub enum Found {
    /// A file that is in this record alone.
    File(File),
    /// The base record of a file that goes on in other records.
    Base(FileRecord),
    /// A record in use that continues the file of this base record.
    Extension(FileReference),
    /// A record that cannot be read.
    Damaged(Error),
}

impl<R: ReadAt> Volume<R> {
    /// The numbers of all records, cut into chunks for [`Volume::scan`].
    pub fn chunks(&self) -> impl Iterator<Item = Range<u64>> + use<R> {
        let count = self.record_count;
        let per_chunk = (CHUNK / u64::from(self.boot_sector.file_record_size)).max(1);
        let starts = (0..count.div_ceil(per_chunk)).map(move |chunk| chunk * per_chunk);
        starts.map(move |start| start..start.saturating_add(per_chunk).min(count))
    }

    /// Hands the records of one chunk to `take` in their order, but for those that were never
    /// used. Chunks can be read at the same time; a [`Joiner`] makes files of what is found.
    pub fn scan(&self, chunk: Range<u64>, mut take: impl FnMut(u64, Found)) {
        let size = u64::from(self.boot_sector.file_record_size);
        let mft = self.content_reader(&self.mft);
        let len = chunk.end.saturating_sub(chunk.start).saturating_mul(size).min(CHUNK);
        let whole = mft.read_vec_at(chunk.start.saturating_mul(size), len as usize);
        let mut records = whole.as_deref().unwrap_or_default().chunks_exact(size as usize);
        for number in chunk {
            // A chunk that cannot be read whole is read again record by record, so that only the
            // records on the bad place are lost.
            let found = match (&whole, records.next()) {
                (Ok(_), Some(stored)) => self.found(number, stored),
                _ => match self.stored_record(number) {
                    Ok(stored) => self.found(number, &stored),
                    Err(error) => Some(Found::Damaged(error)),
                },
            };
            if let Some(found) = found {
                take(number, found);
            }
        }
    }

    /// What record `number` is; `None` when it was never used.
    fn found(&self, number: u64, stored: &[u8]) -> Option<Found> {
        match FileRecord::parse(number, stored) {
            Ok(record) if record.is_base() => {
                let mut assembly = Assembly::new(&self.geometry, &record);
                assembly.add(&record, self.record_offset(number));
                Some(match assembly.goes_on() {
                    true => Found::Base(record),
                    false => Found::File(assembly.finish()),
                })
            }
            Ok(record) => record.is_in_use().then_some(Found::Extension(record.base)),
            Err(error) => {
                let blank = stored.iter().all(|byte| *byte == 0);
                let in_use = self.record_in_use(number) == Some(true);
                (in_use || !blank).then_some(Found::Damaged(error))
            }
        }
    }
}

/// Makes files of the records of a volume, which it takes in their order.
pub struct Joiner<'v, R> {
    volume: &'v Volume<R>,
    work: Work,
    /// Extension records in use and what they name as their base record.
    extensions: BTreeMap<u64, FileReference>,
}

impl<'v, R: ReadAt> Joiner<'v, R> {
    /// Begins with the first record.
    pub fn new(volume: &'v Volume<R>) -> Self {
        Self { volume, work: Work::new(volume), extensions: BTreeMap::new() }
    }

    /// The file of record `number`; `None` when the record continues another.
    pub fn join(&mut self, number: u64, found: Found) -> Option<Result<File, Error>> {
        match found {
            Found::File(file) => Some(Ok(file)),
            Found::Base(record) => Some(Ok(self.volume.assemble(&record, &mut self.work))),
            Found::Extension(base) => {
                self.extensions.insert(number, base);
                None
            }
            Found::Damaged(error) => Some(Err(error)),
        }
    }

    /// The extension records that no file has listed, once all records were taken.
    pub fn unlisted(&mut self) -> impl Iterator<Item = (u64, Error)> + use<'_, 'v, R> {
        let all = std::mem::take(&mut self.extensions).into_iter();
        let left = all.filter(|(number, _)| !self.work.owned.contains(number));
        left.map(|(number, base)| (number, Error::Unlisted { base }))
    }
}

impl<R: ReadAt> Volume<R> {
    /// Walks the files in the order of their base records, deleted ones too, one chunk at a time.
    pub fn files(&self) -> impl Iterator<Item = (u64, Result<File, Error>)> {
        let mut joiner = Some(Joiner::new(self));
        let mut chunks = self.chunks();
        std::iter::from_fn(move || {
            let Some(chunk) = chunks.next() else {
                let unlisted = joiner.take()?.unlisted().collect::<Vec<_>>();
                return Some(
                    unlisted.into_iter().map(|(number, error)| (number, Err(error))).collect(),
                );
            };
            let joiner = joiner.as_mut()?;
            let mut files = Vec::new();
            self.scan(chunk, |number, found| {
                files.extend(joiner.join(number, found).map(|file| (number, file)));
            });
            Some(files)
        })
        .flatten()
    }
}

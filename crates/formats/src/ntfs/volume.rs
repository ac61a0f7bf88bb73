use std::collections::BTreeSet;

use super::file::{Assembly, Geometry};
use super::index::{block_entries, root_entries};
use super::{
    Attribute, AttributeType, BootSector, Content, Error, Extents, File, FileRecord, Form,
    IndexEntry, ListEntry, StreamReader,
};
use crate::{ReadAt, ReadAtExt};

/// A volume whose $MFT was found.
pub struct Volume<R> {
    reader: R,
    boot_sector: BootSector,
    geometry: Geometry,
    mft: Content,
    record_count: u64,
    records_in_use: Option<Bitmap>,
    warnings: Vec<Error>,
}

/// Number of the record of the $MFT itself.
const MFT: u64 = 0;
/// Number of the record of $Bitmap, which says which clusters are in use.
const BITMAP: u64 = 6;

/// Longest $ATTRIBUTE_LIST that is read, in bytes: what Windows allows.
const MOST_LIST: u64 = 256 << 10;
/// Longest index that is read, in bytes; a directory of ten million names takes less.
const MOST_INDEX: u64 = 4 << 30;
/// How much of the $MFT is read at once, in bytes.
const CHUNK: u64 = 1 << 20;

impl<R: ReadAt> Volume<R> {
    /// Opens the volume that `reader` holds from its first to its last byte.
    ///
    /// # Errors
    /// When the boot sector is not NTFS's, or neither $MFT nor $MFTMirr can be read.
    pub fn open(reader: R) -> Result<Self, Error> {
        let boot_sector = BootSector::parse(&reader.read_vec_at(0, 512)?)?;
        let cluster_size = boot_sector.cluster_size;
        let there = reader.len() / u64::from(cluster_size);
        let total_clusters = boot_sector.total_clusters().min(there);
        let mut volume = Self {
            reader,
            boot_sector,
            geometry: Geometry { cluster_size, total_clusters },
            mft: Content::NonResident(Extents::default()),
            record_count: 0,
            records_in_use: None,
            warnings: Vec::new(),
        };
        volume.find_mft()?;
        Ok(volume)
    }

    /// The boot sector.
    pub fn boot_sector(&self) -> &BootSector {
        &self.boot_sector
    }

    /// The bytes of the volume.
    pub fn reader(&self) -> &R {
        &self.reader
    }

    /// Number of records of the $MFT, used or not.
    pub fn record_count(&self) -> u64 {
        self.record_count
    }

    /// What was wrong with the $MFT and could be made good.
    pub fn warnings(&self) -> &[Error] {
        &self.warnings
    }

    fn find_mft(&mut self) -> Result<(), Error> {
        let BootSector { mft_lcn, mft_mirror_lcn, .. } = self.boot_sector;
        let base = match self.record_at_cluster(mft_lcn) {
            Ok(base) => base,
            Err(error) => {
                let base = self
                    .record_at_cluster(mft_mirror_lcn)
                    .map_err(|_| Error::Extension { record: MFT, source: Box::new(error) })?;
                self.warnings.push(Error::FromMirror);
                base
            }
        };
        // The $MFT may itself go on in extension records; each lies in a part that the pieces
        // before it cover, so its own first piece is enough to begin with.
        let first = self.mft_piece(&base)?;
        self.use_mft(first);
        let file = self.assemble(&base);
        self.warnings.extend(file.errors);
        for stream in file.streams {
            match stream.content {
                _ if stream.kind != AttributeType::DATA || !stream.name.is_empty() => {}
                Ok(Content::NonResident(whole)) => self.use_mft(whole),
                Ok(Content::Resident { .. }) => {}
                Err(error) => self.warnings.push(error),
            }
        }
        self.records_in_use = self.file_bitmap(MFT, AttributeType::BITMAP);
        Ok(())
    }

    fn record_at_cluster(&self, lcn: u64) -> Result<FileRecord, Error> {
        let offset = lcn.saturating_mul(self.geometry.cluster_size.into());
        let stored = self.reader.read_vec_at(offset, self.boot_sector.file_record_size as usize)?;
        FileRecord::parse(MFT, &stored)
    }

    /// The part of the $MFT that its base record covers.
    fn mft_piece(&self, base: &FileRecord) -> Result<Extents, Error> {
        let data = base.attribute(AttributeType::DATA, "");
        let data = data.ok_or(Error::NoAttribute { attribute: "$DATA" })?;
        let Form::NonResident { data_size, initialized_size, .. } = data.form else {
            return Err(Error::NoAttribute { attribute: "non-resident $DATA" });
        };
        let cluster_size = self.geometry.cluster_size;
        let runs = data.runs()?;
        Ok(Extents { runs, cluster_size, data_size, initialized_size, unit_clusters: 0 })
    }

    fn use_mft(&mut self, mut extents: Extents) {
        let covered = extents.runs.last().map_or(0, |run| run.end_vcn());
        let covered = covered.saturating_mul(self.geometry.cluster_size.into());
        let stored = extents.stored_len().min(self.reader.len());
        extents.data_size = extents.data_size.min(covered).min(stored);
        self.record_count = extents.data_size / u64::from(self.boot_sector.file_record_size);
        self.mft = Content::NonResident(extents);
    }

    /// Where record `number` lies in the volume, in bytes; `None` past the end of the $MFT.
    pub fn record_offset(&self, number: u64) -> Option<u64> {
        match &self.mft {
            Content::NonResident(mft) if number < self.record_count => {
                mft.fs_offset(number.checked_mul(self.boot_sector.file_record_size.into())?)
            }
            _ => None,
        }
    }

    /// Reads record `number` of the $MFT.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn record(&self, number: u64) -> Result<FileRecord, Error> {
        FileRecord::parse(number, &self.stored_record(number)?)
    }

    /// Reads record `number` of the $MFT as it is stored, its update sequence not undone.
    ///
    /// # Errors
    /// When there is none, or the bytes cannot be read.
    pub fn stored_record(&self, number: u64) -> Result<Vec<u8>, Error> {
        if number >= self.record_count {
            return Err(Error::NoRecord { record: number, count: self.record_count });
        }
        let size = self.boot_sector.file_record_size;
        let mft = self.content_reader(&self.mft);
        Ok(mft.read_vec_at(number.saturating_mul(size.into()), size as usize)?)
    }

    /// Reads the file whose base record is `number`.
    ///
    /// # Errors
    /// When the record cannot be read. What is wrong with a part is among the file's errors.
    pub fn file(&self, number: u64) -> Result<File, Error> {
        Ok(self.assemble(&self.record(number)?))
    }

    /// Whether the $MFT's bitmap says that record `number` is in use; `None` where it is not known.
    pub fn record_in_use(&self, number: u64) -> Option<bool> {
        self.records_in_use.as_ref().map(|bitmap| bitmap.is_set(number))
    }

    /// Walks the files in the order of their base records, deleted ones too.
    pub fn files(&self) -> Files<'_, R> {
        Files { volume: self, next: 0, chunk: Vec::new(), chunk_start: 0 }
    }

    /// The content as bytes, inflated and with its holes filled.
    pub fn content_reader<'a>(&'a self, content: &'a Content) -> StreamReader<'a> {
        StreamReader::new(&self.reader, content)
    }

    /// Reads $Bitmap, which says which clusters are in use; `None` when it cannot be read.
    pub fn clusters_in_use(&self) -> Option<Bitmap> {
        self.file_bitmap(BITMAP, AttributeType::DATA)
    }

    fn file_bitmap(&self, record: u64, kind: AttributeType) -> Option<Bitmap> {
        let file = self.file(record).ok()?;
        let content = file.stream(kind, "")?.content.as_ref().ok()?;
        let most = self.geometry.total_clusters.max(self.record_count) / 8 + 4096;
        let len = usize::try_from(content.len().min(most)).ok()?;
        Some(Bitmap(self.content_reader(content).read_vec_at(0, len).ok()?))
    }

    /// Reads the names in use of a directory; what could not be read is among the errors.
    pub fn index_entries(&self, directory: &File) -> (Vec<IndexEntry>, Vec<Error>) {
        let (mut entries, mut errors) = (Vec::new(), Vec::new());
        let mut take = |found: Result<Vec<IndexEntry>, Error>| match found {
            Ok(found) => entries.extend(found),
            Err(error) => errors.push(error),
        };
        let content = |kind| directory.stream(kind, "$I30").map(|stream| &stream.content);
        match content(AttributeType::INDEX_ROOT) {
            Some(Ok(Content::Resident { value, .. })) => take(root_entries(value)),
            _ => take(Err(Error::NoAttribute { attribute: "resident $INDEX_ROOT" })),
        }
        match content(AttributeType::INDEX_ALLOCATION) {
            Some(Ok(blocks)) => self.block_entries(directory, blocks, &mut take),
            Some(Err(error)) => take(Err(Error::Index { what: error.to_string() })),
            None => {}
        }
        (entries, errors)
    }

    fn block_entries(
        &self,
        directory: &File,
        blocks: &Content,
        take: &mut impl FnMut(Result<Vec<IndexEntry>, Error>),
    ) {
        let bitmap = directory.stream(AttributeType::BITMAP, "$I30").and_then(|stream| {
            let content = stream.content.as_ref().ok()?;
            let len = usize::try_from(content.len().min(MOST_INDEX / 512 / 8)).ok()?;
            Some(Bitmap(self.content_reader(content).read_vec_at(0, len).ok()?))
        });
        let size = u64::from(self.boot_sector.index_block_size);
        let reader = self.content_reader(blocks);
        for number in 0..reader.len().min(MOST_INDEX) / size {
            if bitmap.as_ref().is_some_and(|bitmap| !bitmap.is_set(number)) {
                continue;
            }
            let stored = reader.read_vec_at(number * size, size as usize).map_err(Error::from);
            take(stored.and_then(|stored| block_entries(&stored)));
        }
    }

    /// Puts a file together from its base record and the records that its $ATTRIBUTE_LIST names.
    fn assemble(&self, base: &FileRecord) -> File {
        let number = base.reference.record;
        let mut assembly = Assembly::new(&self.geometry, base);
        assembly.add(base, self.record_offset(number));
        let (records, error) = self.listed_records(base);
        error.into_iter().for_each(|error| assembly.error(error));
        for record in records {
            match self.extension(base, record) {
                Ok(extension) => assembly.add(&extension, self.record_offset(record)),
                Err(error) => {
                    assembly.error(Error::Extension { record, source: Box::new(error) });
                }
            }
        }
        assembly.finish()
    }

    /// The numbers of the records besides the base record that hold attributes of the file, and
    /// what is wrong with the list of them.
    fn listed_records(&self, base: &FileRecord) -> (BTreeSet<u64>, Option<Error>) {
        let mut records = BTreeSet::new();
        let Some(list) = base.attribute(AttributeType::ATTRIBUTE_LIST, "") else {
            return (records, None);
        };
        let list = match self.attribute_list(&list) {
            Ok(list) => list,
            Err(error) => return (records, Some(error)),
        };
        for entry in ListEntry::walk(&list) {
            match entry {
                Ok(entry) => records.insert(entry.record.record),
                Err(error) => return (records, Some(error)),
            };
        }
        records.remove(&base.reference.record);
        (records, None)
    }

    fn attribute_list(&self, list: &Attribute<'_>) -> Result<Vec<u8>, Error> {
        let (data_size, initialized_size) = match list.form {
            Form::Resident { value, .. } => return Ok(value.to_vec()),
            Form::NonResident { data_size, initialized_size, .. } => (data_size, initialized_size),
        };
        let (runs, cluster_size) = (list.runs()?, self.geometry.cluster_size);
        let extents = Extents { runs, cluster_size, data_size, initialized_size, unit_clusters: 0 };
        let content = Content::NonResident(extents);
        Ok(self.content_reader(&content).read_vec_at(0, data_size.min(MOST_LIST) as usize)?)
    }

    fn extension(&self, base: &FileRecord, number: u64) -> Result<FileRecord, Error> {
        let extension = self.record(number)?;
        let (found, expected) = (extension.base, base.reference);
        // The sequence number of a deleted base record has moved on; its extensions' has not.
        if found.record != expected.record || (base.is_in_use() && found != expected) {
            return Err(Error::OtherBase { found: found.record, expected: expected.record });
        }
        Ok(extension)
    }
}

/// Bits, the lowest of the first byte being number 0.
#[derive(Clone, Debug)]
pub struct Bitmap(Vec<u8>);

impl Bitmap {
    /// Whether bit `number` is set; those past the end are not.
    pub fn is_set(&self, number: u64) -> bool {
        let byte = usize::try_from(number / 8).ok().and_then(|index| self.0.get(index));
        byte.is_some_and(|byte| byte >> (number % 8) & 1 != 0)
    }
}

/// Walks the files of a volume; see [`Volume::files`].
pub struct Files<'v, R> {
    volume: &'v Volume<R>,
    next: u64,
    chunk: Vec<u8>,
    chunk_start: u64,
}

impl<R: ReadAt> Files<'_, R> {
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
            Ok(record) if record.is_base() => Some(Ok(self.volume.assemble(&record))),
            Ok(_) => None,
            Err(error) => {
                let matters = self.volume.record_in_use(number).unwrap_or(!blank);
                matters.then_some(Err(error))
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
        None
    }
}

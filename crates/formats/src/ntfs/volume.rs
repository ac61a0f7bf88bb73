use super::extensions::Work;
use super::file::{Assembly, Geometry};
use super::{
    AttributeType, Bitmap, BootSector, Content, Error, File, FileRecord, Form, StreamReader,
};
use crate::{Extents, ReadAt, ReadAtExt};

/// A volume whose $MFT was found.
pub struct Volume<R> {
    pub(super) reader: R,
    pub(super) boot_sector: BootSector,
    pub(super) geometry: Geometry,
    pub(super) mft: Content,
    pub(super) record_count: u64,
    records_in_use: Option<Bitmap>,
    warnings: Vec<Error>,
}

/// Number of the record of the $MFT itself.
const MFT: u64 = 0;
/// Number of the record of $Bitmap, which says which clusters are in use.
const BITMAP: u64 = 6;

impl<R: ReadAt> Volume<R> {
    /// Opens the volume that `reader` holds from its first to its last byte. Where its boot sector is
    /// damaged, the copy in the last sector counts.
    ///
    /// # Errors
    /// When neither boot sector is NTFS's, or neither $MFT nor $MFTMirr can be read.
    pub fn open(reader: R) -> Result<Self, Error> {
        let first = reader.read_vec_at(0, 512).map_err(Error::from);
        let own = first.and_then(|bytes| BootSector::parse(&bytes));
        let backup = BootSector::backup(&reader).unwrap_or(None);
        let backup = backup.filter(|copy| own.as_ref().ok() != Some(copy));
        let (boot_sector, backup, warnings) = match (own, backup) {
            (Ok(own), backup) => (own, backup, Vec::new()),
            (Err(_), Some(copy)) => (copy, None, vec![Error::FromBackup]),
            (Err(error), None) => return Err(error),
        };
        let mut volume = Self {
            geometry: Geometry::of(&boot_sector, reader.len()),
            reader,
            boot_sector,
            mft: Content::NonResident(Extents::default()),
            record_count: 0,
            records_in_use: None,
            warnings,
        };
        if let Err(error) = volume.find_mft() {
            // Where it is may be what is damaged.
            volume.boot_sector = backup.ok_or(error)?;
            volume.geometry = Geometry::of(&volume.boot_sector, volume.reader.len());
            volume.warnings = vec![Error::FromBackup];
            volume.find_mft()?;
        }
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
        let file = self.assemble(&base, &mut Work::new(self));
        self.warnings.extend(file.errors);
        for stream in file.streams {
            match stream.content {
                _ if stream.kind != AttributeType::DATA || !stream.name.is_empty() => {}
                Ok(Content::NonResident(whole)) => {
                    let short = self.use_mft(whole);
                    self.warnings.extend(short);
                }
                Ok(Content::Resident { .. } | Content::Overlaid { .. }) => {}
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

    /// Takes these clusters for the $MFT; says how much of it is not in them.
    fn use_mft(&mut self, mut extents: Extents) -> Option<Error> {
        let covered = extents.runs.last().map_or(0, |run| run.end_vcn());
        let covered = covered.saturating_mul(self.geometry.cluster_size.into());
        let covered = covered.min(extents.stored_len()).min(self.reader.len());
        let data_size = extents.data_size;
        extents.data_size = data_size.min(covered);
        self.record_count = extents.data_size / u64::from(self.boot_sector.file_record_size);
        self.mft = Content::NonResident(extents);
        (covered < data_size).then_some(Error::ShortRuns { covered, data_size })
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
        Ok(self.assemble(&self.record(number)?, &mut Work::new(self)))
    }

    /// Whether the $MFT's bitmap says that record `number` is in use; `None` where it is not known.
    pub fn record_in_use(&self, number: u64) -> Option<bool> {
        self.records_in_use.as_ref().map(|bitmap| bitmap.is_set(number))
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
        Some(Bitmap::new(self.content_reader(content).read_vec_at(0, len).ok()?))
    }

    /// Puts a file together from its base record and the records that its $ATTRIBUTE_LIST names.
    pub(super) fn assemble(&self, base: &FileRecord, work: &mut Work) -> File {
        let mut assembly = Assembly::new(&self.geometry, base);
        assembly.add(base, self.record_offset(base.reference.record));
        self.add_extensions(base, &mut assembly, work);
        assembly.finish()
    }
}

use super::{
    Attribute, AttributeType, BootSector, Content, Error, FileName, FileRecord, FileReference,
    Form, ReparsePoint, StandardInformation, wof,
};
use crate::{Extents, Name, Run};

/// A file: everything that its base record and its extension records say.
#[derive(Debug)]
pub struct File {
    /// Number and sequence number of its base record.
    pub reference: FileReference,
    /// Whether the record is in use.
    pub in_use: bool,
    /// Whether it is a directory.
    pub directory: bool,
    /// Number of names that the record says there are.
    pub link_count: u16,
    /// $STANDARD_INFORMATION.
    pub information: Option<StandardInformation>,
    /// The names, short ones too, in stored order.
    pub names: Vec<FileName>,
    /// The attributes with content: $DATA, $INDEX_ROOT, $INDEX_ALLOCATION, $BITMAP and the like.
    pub streams: Vec<Stream>,
    /// $REPARSE_POINT.
    pub reparse: Option<ReparsePoint>,
    /// What is wrong with it; what these say is missing above.
    pub errors: Vec<Error>,
}

/// An attribute with content.
#[derive(Debug)]
pub struct Stream {
    /// Type of the attribute.
    pub kind: AttributeType,
    /// Name of the attribute, empty for the main stream.
    pub name: Name,
    /// Flag bits: 0x0001 compressed, 0x4000 encrypted, 0x8000 sparse.
    pub flags: u16,
    /// The content, or why it cannot be read.
    pub content: Result<Content, Error>,
}

impl Stream {
    /// Whether the content is encrypted (EFS); it is read as it is stored.
    pub fn is_encrypted(&self) -> bool {
        self.flags & 0x4000 != 0
    }
}

impl File {
    /// The stream of this type and name.
    pub fn stream(&self, kind: AttributeType, name: &str) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.kind == kind && stream.name.to_str() == Some(name))
    }

    /// Lets the main stream be what the Windows Overlay Filter shows in its place.
    fn overlay(&mut self) {
        let Some(algorithm) = self.reparse.as_ref().and_then(|reparse| reparse.compression) else {
            return;
        };
        let packed = self.stream(AttributeType::DATA, wof::STREAM);
        let Some(packed) = packed.and_then(|stream| stream.content.as_ref().ok()).cloned() else {
            return;
        };
        let is_main =
            |stream: &&mut Stream| stream.kind == AttributeType::DATA && stream.name.is_empty();
        if let Some(main) = self.streams.iter_mut().find(is_main)
            && let Ok(sparse) = &main.content
        {
            let (packed, len) = (Box::new(packed), sparse.len());
            main.content = Ok(Content::Overlaid { packed, algorithm, len });
        }
    }
}

/// What limits and sizes a file's parts must keep.
pub(super) struct Geometry {
    pub(super) cluster_size: u32,
    pub(super) total_clusters: u64,
}

impl Geometry {
    /// Those of a volume that begins with this boot sector, and of which `len` bytes are there.
    pub(super) fn of(boot_sector: &BootSector, len: u64) -> Self {
        let cluster_size = boot_sector.cluster_size;
        let there = len / u64::from(cluster_size);
        Self { cluster_size, total_clusters: boot_sector.total_clusters().min(there) }
    }
}

/// Puts a file together from its records, the base record first.
pub(super) struct Assembly<'v> {
    geometry: &'v Geometry,
    file: File,
    pieces: Vec<Piece>,
    goes_on: bool,
}

/// One piece of a non-resident attribute.
struct Piece {
    kind: AttributeType,
    name: Name,
    flags: u16,
    lowest_vcn: u64,
    runs: Result<Vec<Run>, Error>,
    compression_unit: u8,
    data_size: u64,
    initialized_size: u64,
}

impl<'v> Assembly<'v> {
    pub(super) fn new(geometry: &'v Geometry, base: &FileRecord) -> Self {
        let file = File {
            reference: base.reference,
            in_use: base.is_in_use(),
            directory: base.is_directory(),
            link_count: base.link_count,
            information: None,
            names: Vec::new(),
            streams: Vec::new(),
            reparse: None,
            errors: Vec::new(),
        };
        Self { geometry, file, pieces: Vec::new(), goes_on: false }
    }

    /// Whether a record had an $ATTRIBUTE_LIST.
    pub(super) fn goes_on(&self) -> bool {
        self.goes_on
    }

    pub(super) fn error(&mut self, error: Error) {
        self.file.errors.push(error);
    }

    /// Adds the attributes of a record; `fs_offset` is where it lies in the volume.
    pub(super) fn add(&mut self, record: &FileRecord, fs_offset: Option<u64>) {
        self.file.errors.extend(record.other_number());
        for attribute in record.attributes() {
            match attribute {
                Ok(attribute) => self.add_attribute(&attribute, fs_offset),
                Err(error) => self.error(error),
            }
        }
    }

    fn add_attribute(&mut self, attribute: &Attribute<'_>, fs_offset: Option<u64>) {
        self.goes_on |= attribute.kind == AttributeType::ATTRIBUTE_LIST;
        match attribute.form {
            Form::Resident { value, value_offset } => {
                let fs_offset = fs_offset.and_then(|at| at.checked_add(value_offset as u64));
                self.add_resident(attribute, value, fs_offset);
            }
            Form::NonResident {
                lowest_vcn, compression_unit, data_size, initialized_size, ..
            } => self.pieces.push(Piece {
                kind: attribute.kind,
                name: attribute.name.clone(),
                flags: attribute.flags,
                lowest_vcn,
                runs: attribute.runs(),
                compression_unit,
                data_size,
                initialized_size,
            }),
        }
    }

    fn add_resident(&mut self, attribute: &Attribute<'_>, value: &[u8], fs_offset: Option<u64>) {
        let short = || Error::Size {
            structure: attribute.kind.name().unwrap_or("attribute"),
            offset: attribute.offset,
            field: "value length",
            found: value.len() as u64,
            room: attribute.len,
        };
        match attribute.kind {
            AttributeType::STANDARD_INFORMATION => match StandardInformation::parse(value) {
                None => self.error(short()),
                information => self.file.information = information,
            },
            AttributeType::FILE_NAME => match FileName::parse(value) {
                None => self.error(short()),
                Some(name) => self.file.names.push(name),
            },
            AttributeType::ATTRIBUTE_LIST => {}
            kind => {
                if kind == AttributeType::REPARSE_POINT {
                    self.file.reparse = ReparsePoint::parse(value);
                    if self.file.reparse.is_none() {
                        self.error(short());
                    }
                }
                let content = Ok(Content::Resident { value: value.to_vec(), fs_offset });
                let (name, flags) = (attribute.name.clone(), attribute.flags);
                self.file.streams.push(Stream { kind, name, flags, content });
            }
        }
    }

    /// Joins the pieces of each non-resident attribute and gives the file out.
    pub(super) fn finish(mut self) -> File {
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.retain(|piece| piece.kind != AttributeType::ATTRIBUTE_LIST);
        pieces
            .sort_by(|a, b| (a.kind, &a.name, a.lowest_vcn).cmp(&(b.kind, &b.name, b.lowest_vcn)));
        let mut pieces = pieces.into_iter().peekable();
        while let Some(first) = pieces.next() {
            let (kind, name, flags) = (first.kind, first.name.clone(), first.flags);
            let mut same = vec![first];
            while let Some(piece) = pieces.next_if(|next| (next.kind, &next.name) == (kind, &name))
            {
                same.push(piece);
            }
            let content = join(self.geometry, same).map(Content::NonResident);
            self.file.streams.push(Stream { kind, name, flags, content });
        }
        self.file.streams.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        self.file.overlay();
        for pair in self.file.streams.windows(2) {
            if let [a, b] = pair
                && (a.kind, &a.name) == (b.kind, &b.name)
            {
                let (kind, name) = (a.kind.0, a.name.to_text().into_owned());
                self.file.errors.push(Error::Repeated { kind, name });
            }
        }
        self.file
    }
}

/// Largest compression unit that Windows makes: 16 clusters.
const MOST_UNIT: u8 = 4;
/// Largest compression unit in bytes: Windows compresses in clusters of up to 4 KiB.
const MOST_UNIT_LEN: u64 = 64 << 10;

/// Joins the pieces of one attribute, sorted by their first cluster.
fn join(geometry: &Geometry, pieces: Vec<Piece>) -> Result<Extents, Error> {
    let mut extents = Extents { cluster_size: geometry.cluster_size, ..Extents::default() };
    let mut next_vcn = 0;
    for (index, piece) in pieces.into_iter().enumerate() {
        if piece.lowest_vcn != next_vcn {
            return Err(Error::MissingPiece {
                kind: piece.kind.0,
                name: piece.name.to_text().into_owned(),
                expected: next_vcn,
                found: piece.lowest_vcn,
            });
        }
        if index == 0 {
            extents.data_size = piece.data_size;
            extents.initialized_size = piece.initialized_size.min(piece.data_size);
            extents.unit_clusters = unit_clusters(piece.flags, piece.compression_unit)?;
            if extents.unit_clusters.saturating_mul(extents.cluster_size.into()) > MOST_UNIT_LEN {
                let (method, unit) = (piece.flags & 0xFF, piece.compression_unit);
                return Err(Error::Compression { method, unit });
            }
        }
        for run in piece.runs? {
            check_run(geometry, &run)?;
            next_vcn = run.end_vcn();
            extents.runs.push(run);
        }
    }
    let covered = next_vcn.saturating_mul(geometry.cluster_size.into());
    if covered < extents.data_size {
        return Err(Error::ShortRuns { covered, data_size: extents.data_size });
    }
    Ok(extents)
}

fn unit_clusters(flags: u16, unit: u8) -> Result<u64, Error> {
    match (flags & 0xFF, unit) {
        (0, _) | (_, 0) => Ok(0),
        (1, unit) if unit <= MOST_UNIT => Ok(1 << unit),
        _ => Err(Error::Compression { method: flags & 0xFF, unit }),
    }
}

fn check_run(geometry: &Geometry, run: &Run) -> Result<(), Error> {
    let Some(lcn) = run.lcn else { return Ok(()) };
    match lcn.checked_add(run.clusters) {
        Some(end) if end <= geometry.total_clusters => Ok(()),
        _ => Err(Error::RunOutside { lcn, clusters: run.clusters, total: geometry.total_clusters }),
    }
}

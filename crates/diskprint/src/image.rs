use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diskprint_formats::ewf::StoredHashes;
use diskprint_formats::file_system::{self, FileSystem};
use diskprint_formats::partition::{self, Layout, PartitionKind, Scheme};
use diskprint_formats::{ReadAt, ReadAtExt, Window};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::block_store::BlockStore;
use crate::file_set::{self, FileSet};
use crate::machine::{self, MachineDisk, MachineError};
use crate::raw_disk::{self, SplitPart};
use crate::tarball::{self, Compression, Hashed, Progress, Scratch, TarballError};
use crate::virtual_disk::{DiskFormat, VirtualDisk};
use crate::{
    Amount, Cache, Fault, FileReader, Fiwalk, Hex, MachineState, MachineStates, Part, Partition,
    Place, Step, ewf_disk, machine_state, zip_archive,
};

/// The disks of one recorded machine, open for reading.
///
/// What was unpacked for them is removed when the image is dropped, unless it is in a cache.
pub struct Image {
    container: Container,
    disks: Vec<ImageDisk>,
    cache: Option<Arc<Cache>>,
    fiwalk: Option<Fiwalk>,
}

/// What an image was given as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// A tarball of the machine's folder.
    Tarball(Compression),
    /// A zip archive of the machine's folder.
    Zip,
    /// The machine's folder itself.
    Folder,
    /// One disk of a machine, with the files that belong to it beside it.
    Disk(DiskFormat),
    /// An E01 image, its other segments beside it.
    Ewf,
    /// The bytes of a disk, as they are.
    Raw,
}

impl Container {
    /// The name: `tar.gz`, `folder`, that of the disk's format, `e01`, `raw`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tarball(compression) => compression.name(),
            Self::Zip => "zip",
            Self::Folder => "folder",
            Self::Disk(format) => format.name(),
            Self::Ewf => "e01",
            Self::Raw => "raw",
        }
    }
}

/// One disk of an image.
pub struct ImageDisk {
    /// Number in the machine, from 1; one that could not be opened leaves a gap.
    pub number: u32,
    /// Kind of disk: VMDK's `createType`, `qcow2`, `vhd-dynamic`, `vhdx-fixed`, `vdi-differencing`, `e01`,
    /// `raw` and their like.
    pub format: String,
    /// Paths of the files that are read for it, in the archive or folder: its own first, then
    /// those of the disks below it.
    pub files: Vec<String>,
    /// Its bytes.
    pub reader: Arc<dyn ReadAt>,
    /// Digests that its image states of it; [`Image::verify`] compares.
    pub stored_hashes: Option<StoredHashes>,
}

/// An image with what was found on the way to it.
pub struct Opened {
    /// The disks.
    pub image: Image,
    /// What is wrong with the container and the disks.
    pub faults: Vec<Fault>,
    /// SHA-256 of the file that was opened. Of a disk in several files it is the SHA-256 over
    /// their own, in the form `sha256sum` lists them; of a folder too.
    pub slicehash: [u8; 32],
}

impl Opened {
    /// See [`Image::with_fiwalk`].
    #[must_use]
    pub fn with_fiwalk(self, fiwalk: Option<Fiwalk>) -> Self {
        Self { image: self.image.with_fiwalk(fiwalk), ..self }
    }
}

/// What gives the SHA-256 of a file.
type Hash<'h> = &'h dyn Fn(&Path) -> io::Result<[u8; 32]>;

/// An image and the slicehash of [`Opened`].
type Hashed256 = (Image, [u8; 32]);

/// Why an image cannot be opened.
#[derive(Debug, Error)]
#[error("{path}")]
pub struct OpenError {
    /// The file as it was given.
    pub path: PathBuf,
    /// What was found before: members that were refused, other disks that cannot be read.
    pub faults: Vec<Fault>,
    /// Why it cannot be opened.
    pub source: OpenErrorKind,
}

/// Why an image cannot be opened, without its path.
#[derive(Debug, Error)]
pub enum OpenErrorKind {
    /// The file or folder cannot be read.
    #[error("it cannot be read")]
    Read(#[source] io::Error),
    /// The file has no bytes.
    #[error(
        "the file is empty: neither tarball nor disk image; copy it anew from where it is kept"
    )]
    Empty,
    /// The content is nothing that is known.
    #[error(
        "neither a tarball (tar, gz, xz, bz2, zst), a zip, a virtual disk (VMDK, qcow2, VHD, VHDX, VDI, E01) nor a disk image: it begins with {start:?}"
    )]
    Unknown {
        /// Its first bytes as text.
        start: String,
    },
    /// The content is a disk image that is not read.
    #[error("{name} is not read; {help}")]
    Unsupported {
        /// The format's name.
        name: &'static str,
        /// What to do instead.
        help: &'static str,
    },
    /// The scratch folder cannot be made.
    #[error("no folder can be made in the scratch folder {folder:?}")]
    Scratch {
        /// The scratch folder.
        folder: PathBuf,
        /// Why it cannot.
        source: io::Error,
    },
    /// The tarball is damaged or cannot be unpacked.
    #[error(transparent)]
    Tarball(#[from] TarballError),
    /// The machine's disks cannot be read.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

impl Image {
    /// Opens a tarball of a machine's folder, the folder itself, a virtual disk with its extents and
    /// parents beside it, an E01 image with its other segments beside it, or a raw disk image, whole or split; which one is told by the content. Evidence is
    /// opened for reading only; a tarball is unpacked into a new file in `scratch`, or into its
    /// cache.
    ///
    /// `progress` is told how many bytes of the file are read.
    ///
    /// # Errors
    /// When no disk can be read.
    pub fn open<'a>(
        path: &Path,
        scratch: impl Into<Scratch<'a>>,
        progress: Progress,
    ) -> Result<Opened, OpenError> {
        let mut faults = Vec::new();
        let scratch = scratch.into();
        let cache = scratch.cache.cloned();
        let known = scratch.cache;
        let hash = |path: &Path| match known {
            Some(cache) => cache.hash(path, progress),
            None => file_hash(path, progress),
        };
        let image = Self::open_kind(path, scratch, &mut faults, &hash, progress);
        opened(path, image, faults, cache)
    }

    fn open_kind(
        path: &Path,
        scratch: Scratch,
        faults: &mut Vec<Fault>,
        hash: Hash,
        progress: Progress,
    ) -> Result<Hashed256, OpenErrorKind> {
        let cache = scratch.cache.map(|cache| &**cache);
        if let Some((of, id)) = machine_state::split(path) {
            return Self::state(of, id, cache, faults, hash);
        }
        if path.is_dir() {
            let files = FileSet::of_folder(path, cache).map_err(OpenErrorKind::Read)?;
            let disks = machine::open(&files, faults)?;
            return Self::of_files(Container::Folder, path, disks, hash);
        }
        let file = file_set::open(path, cache).map_err(OpenErrorKind::Read)?;
        let file: Arc<dyn ReadAt> = Arc::new(file);
        let start = file.read_vec_at(0, 512).map_err(OpenErrorKind::Read)?;
        if file.is_empty() {
            return Err(OpenErrorKind::Empty);
        }
        if let Some(compression) = Compression::of(&start) {
            let container = Container::Tarball(compression);
            return Self::archive(path, container, scratch, faults, progress);
        }
        if zip_archive::is_zip(&start) {
            return Self::archive(path, Container::Zip, scratch, faults, progress);
        }
        if ewf_disk::is_ewf(&file).map_err(OpenErrorKind::Read)? {
            return Self::ewf(path, cache, faults, hash);
        }
        match (VirtualDisk::read(&file), parts(path)?) {
            (Ok(None), None) => Self::raw(path, file, &start, || hash(path)),
            _ => Self::disk(path, None, cache, faults, hash),
        }
    }

    /// Opens the snapshot `id` of a folder's machine or of a disk.
    fn state(
        of: &Path,
        id: &str,
        cache: Option<&Cache>,
        faults: &mut Vec<Fault>,
        hash: Hash,
    ) -> Result<Hashed256, OpenErrorKind> {
        if !of.is_dir() {
            return Self::disk(of, Some(id), cache, faults, hash);
        }
        let files = FileSet::of_folder(of, cache).map_err(OpenErrorKind::Read)?;
        let disks = machine::open_snapshot(&files, id, faults)?;
        Self::of_files(Container::Folder, of, disks, hash)
    }

    fn archive(
        path: &Path,
        container: Container,
        scratch: Scratch,
        faults: &mut Vec<Fault>,
        progress: Progress,
    ) -> Result<Hashed256, OpenErrorKind> {
        let store = match scratch.cache {
            Some(cache) => cache.blocks().clone(),
            None => Arc::new(BlockStore::new_in(scratch.folder, None).map_err(|source| {
                OpenErrorKind::Scratch { folder: scratch.folder.to_owned(), source }
            })?),
        };
        let room = (&store, scratch.limit);
        let members = Cache::measure(scratch.cache.map(|cache| &**cache), Part::Unpack, || {
            let members = match container {
                Container::Tarball(compression) => {
                    tarball::unpack(path, compression, room, faults, progress)
                }
                _ => zip_archive::unpack(path, room, faults, progress),
            };
            let amount = members.as_ref().map_or_else(|_| Amount::default(), |it| it.amount);
            (members, amount)
        })?;
        let disks = machine::open(&members.files, faults)?;
        let disks = disks.into_iter().map(ImageDisk::from).collect();
        Ok((Self { container, disks, cache: None, fiwalk: None }, members.slicehash))
    }

    fn disk(
        path: &Path,
        snapshot: Option<&str>,
        cache: Option<&Cache>,
        faults: &mut Vec<Fault>,
        hash: Hash,
    ) -> Result<Hashed256, OpenErrorKind> {
        let (files, name) = beside(path, cache)?;
        let disks = machine::open_one(&files, &name, snapshot, faults)?;
        let file = files.open(&name).map_err(OpenErrorKind::Read)?;
        let format = match VirtualDisk::read(&file) {
            Ok(disk) => disk.map_or(DiskFormat::Split, |disk| disk.disk_format()),
            Err(error) => error.format(),
        };
        let (image, mut slicehash) =
            Self::of_files(Container::Disk(format), folder_of(path), disks, hash)?;
        if let Some(id) = snapshot {
            let both = format!("{}  snapshot {id}\n", Hex(&slicehash));
            slicehash = Sha256::digest(both).into();
        }
        Ok((image, slicehash))
    }

    fn ewf(
        path: &Path,
        cache: Option<&Cache>,
        faults: &mut Vec<Fault>,
        hash: Hash,
    ) -> Result<Hashed256, OpenErrorKind> {
        let (files, name) = beside(path, cache)?;
        let folder = folder_of(path);
        let disks = vec![ewf_disk::open(&files, 1, &name, faults)?];
        Self::of_files(Container::Ewf, folder, disks, hash)
    }

    /// Makes an image of disks whose files lie in `folder`, and hashes those.
    fn of_files(
        container: Container,
        folder: &Path,
        disks: Vec<MachineDisk>,
        hash: Hash,
    ) -> Result<Hashed256, OpenErrorKind> {
        let disks: Vec<_> = disks.into_iter().map(ImageDisk::from).collect();
        let files: Vec<&String> = disks.iter().flat_map(|disk| &disk.files).collect();
        let hash = |name: &str| hash(&folder.join(name)).map_err(OpenErrorKind::Read);
        let slicehash = match files[..] {
            [only] => hash(only)?,
            _ => {
                let mut list = Sha256::new();
                for name in files {
                    list.update(format!("{}  {name}\n", Hex(&hash(name)?)));
                }
                list.finalize().into()
            }
        };
        Ok((Self { container, disks, cache: None, fiwalk: None }, slicehash))
    }

    fn raw(
        path: &Path,
        file: Arc<dyn ReadAt>,
        start: &[u8],
        hash: impl FnOnce() -> io::Result<[u8; 32]>,
    ) -> Result<Hashed256, OpenErrorKind> {
        let magic = UNSUPPORTED.iter().find(|(magic, ..)| start.starts_with(magic));
        if let Some((_, name, help)) = magic {
            return Err(OpenErrorKind::Unsupported { name, help });
        }
        let layout = partition::read(&file).map_err(OpenErrorKind::Read)?;
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if layout.scheme == Scheme::Unknown && !raw_disk::ENDINGS.contains(&&*ending) {
            let start = String::from_utf8_lossy(&start[..start.len().min(16)]).into_owned();
            return Err(OpenErrorKind::Unknown { start });
        }
        let slicehash = hash().map_err(OpenErrorKind::Read)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (format, files) = ("raw".into(), vec![name]);
        let disk = ImageDisk { number: 1, format, files, reader: file, stored_hashes: None };
        let image =
            Self { container: Container::Raw, disks: vec![disk], cache: None, fiwalk: None };
        Ok((image, slicehash))
    }

    /// What the image was given as.
    pub fn container(&self) -> Container {
        self.container
    }

    /// This image, with `fiwalk` for the file systems that have no reader here.
    #[must_use]
    pub fn with_fiwalk(self, fiwalk: Option<Fiwalk>) -> Self {
        Self { fiwalk, ..self }
    }

    /// What lists file systems that have no reader here.
    pub(crate) fn fiwalk(&self) -> Option<&Fiwalk> {
        self.fiwalk.as_ref()
    }

    /// The cache that it was opened with.
    pub(crate) fn cache(&self) -> Option<&Arc<Cache>> {
        self.cache.as_ref()
    }

    /// The disks in the order of the machine.
    pub fn disks(&self) -> &[ImageDisk] {
        &self.disks
    }

    /// How each disk is divided, in the order of [`Image::disks`]; an error where a disk's first
    /// sectors cannot be read.
    pub fn layouts(&self) -> Vec<io::Result<Layout>> {
        self.disks.iter().map(|disk| partition::read(&disk.reader)).collect()
    }

    /// Lists the partitions of all disks, and what is wrong with their tables.
    ///
    /// A disk without table whose file system fills it is one partition from its start.
    pub fn partitions(&self) -> (Vec<Partition>, Vec<Fault>) {
        let (mut partitions, mut faults) = (Vec::new(), Vec::new());
        for (disk, layout) in self.disks.iter().zip(self.layouts()) {
            let place = Place::from(Step::Disk(disk.number));
            let layout = match layout {
                Ok(layout) => layout,
                Err(error) => {
                    faults.push(Fault::new(place, &error, "the disk"));
                    continue;
                }
            };
            faults.extend(layout.findings.iter().map(|e| Fault::new(place.clone(), e, "")));
            if layout.partitions.is_empty() {
                faults.push(Fault::text(place, nothing_in(layout.scheme), "the disk"));
            }
            for entry in &layout.partitions {
                let number = u32::try_from(partitions.len() + 1).unwrap_or(u32::MAX);
                partitions.push(partition_of(disk, entry, number, &mut faults));
            }
        }
        (partitions, faults)
    }

    /// The bytes of one of its partitions, cut at the end of the disk.
    pub fn volume(&self, partition: &Partition) -> Option<Window<Arc<dyn ReadAt>>> {
        let disk = self.disks.iter().find(|disk| disk.number == partition.disk)?;
        Some(Window::new(Arc::clone(&disk.reader), partition.start, partition.len))
    }
}

fn opened(
    path: &Path,
    image: Result<Hashed256, OpenErrorKind>,
    faults: Vec<Fault>,
    cache: Option<Arc<Cache>>,
) -> Result<Opened, OpenError> {
    match image {
        Ok((image, slicehash)) => Ok(Opened { image: Image { cache, ..image }, faults, slicehash }),
        Err(source) => Err(OpenError { path: path.to_owned(), faults, source }),
    }
}

/// Lists the states of the machine in a folder, or of a disk, that lead to the one at `path`: each
/// can be opened, and is what the one behind it came from.
///
/// In a folder these are the snapshots that VMware lists, from the first to the one that the
/// machine's current state came from, then that. Of a disk, and of a folder with one disk, they are
/// the disks that it stands on and the snapshots inside them. Of anything else it is one, `path`.
///
/// # Errors
/// When the list of snapshots or the chain of disks cannot be read.
pub fn machine_states(path: &Path) -> Result<MachineStates, OpenError> {
    states(path).map_err(|source| OpenError { path: path.to_owned(), faults: Vec::new(), source })
}

fn states(path: &Path) -> Result<MachineStates, OpenErrorKind> {
    let (of, id) = machine_state::split(path).map_or((path, None), |(of, id)| (of, Some(id)));
    if of.is_dir() {
        let files = FileSet::of_folder(of, None).map_err(OpenErrorKind::Read)?;
        return Ok(machine::states_of(&files, of, id)?);
    }
    let file: Arc<dyn ReadAt> = Arc::new(FileReader::open(of).map_err(OpenErrorKind::Read)?);
    if !matches!(VirtualDisk::read(&file), Ok(Some(_))) {
        let name = of.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let only = MachineState { path: path.to_owned(), number: 1, name };
        return Ok(MachineStates { states: vec![only], elsewhere: Vec::new() });
    }
    let (files, name) = beside(of, None)?;
    let all = (1..).zip(machine::states(&files, &name)?);
    let mut states: Vec<_> =
        all.map(|(number, state)| state.in_folder(folder_of(of), number)).collect();
    if id.is_some() {
        let wanted = states.iter().position(|state| state.path == path);
        let wanted = wanted.ok_or_else(|| no_snapshot(path, &states))?;
        states.truncate(wanted + 1);
    }
    Ok(MachineStates { states, elsewhere: Vec::new() })
}

fn no_snapshot(path: &Path, states: &[MachineState]) -> MachineError {
    let id = |path: &Path| machine_state::split(path).map(|(_, id)| id.to_owned());
    let known = states.iter().filter_map(|state| id(&state.path)).collect();
    MachineError::NoSnapshot { id: id(path).unwrap_or_default(), known }
}

/// The files beside that at `path` and itself, and its name among them.
fn beside<'c>(
    path: &Path,
    cache: Option<&'c Cache>,
) -> Result<(FileSet<'c>, String), OpenErrorKind> {
    let mut files = FileSet::of_folder(folder_of(path), cache).map_err(OpenErrorKind::Read)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    files.insert(name.clone(), path.to_owned());
    Ok((files, name))
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// What the file at `path` is the first part of, by its name and those beside it; `None` where it
/// is whole.
fn parts(path: &Path) -> Result<Option<SplitPart>, OpenErrorKind> {
    if !raw_disk::may_be_part(&path.to_string_lossy()) {
        return Ok(None);
    }
    let (files, name) = beside(path, None)?;
    let part = SplitPart::of(&name, |prefix| files.beginning(prefix));
    Ok(Some(part).filter(|part| matches!(part, SplitPart::First(_) | SplitPart::Gap(_))))
}

impl From<MachineDisk> for ImageDisk {
    fn from(disk: MachineDisk) -> Self {
        let MachineDisk { number, format, files, reader, stored_hashes } = disk;
        Self { number, format, files, reader, stored_hashes }
    }
}

/// Whether an image is a single file: neither a folder nor a disk that others beside it belong to,
/// which every VMDK and E01 image may be.
///
/// # Errors
/// When it cannot be read.
pub fn is_one_file(path: &Path) -> io::Result<bool> {
    if path.is_dir() || machine_state::split(path).is_some() {
        return Ok(false);
    }
    let file: Arc<dyn ReadAt> = Arc::new(FileReader::open(path)?);
    if ewf_disk::is_ewf(&file)? {
        return Ok(false);
    }
    Ok(match VirtualDisk::read(&file) {
        Ok(None) => matches!(parts(path), Ok(None)),
        Ok(Some(VirtualDisk::Vmdk(_))) | Err(_) => false,
        Ok(Some(disk)) => disk.below().is_none(),
    })
}

/// [`Opened::slicehash`] of a tarball, folder or disk image, without unpacking it. `progress` is
/// told how many bytes are read.
///
/// # Errors
/// When the file cannot be read.
pub fn slicehash(path: &Path, progress: Progress) -> Result<[u8; 32], OpenError> {
    slicehash_of(path, &|path| file_hash(path, progress))
}

/// [`Opened::slicehash`] of a tarball, folder or disk image, of the SHA-256 that `hash` gives for each
/// of its files.
///
/// # Errors
/// When a file cannot be read.
pub fn slicehash_of(path: &Path, hash: Hash) -> Result<[u8; 32], OpenError> {
    let error = |source| OpenError { path: path.to_owned(), faults: Vec::new(), source };
    let read = |source| error(OpenErrorKind::Read(source));
    if is_one_file(path).map_err(read)? {
        return hash(path).map_err(read);
    }
    // A machine of several files is not unpacked.
    let nowhere = Scratch::from(Path::new(""));
    let opened = Image::open_kind(path, nowhere, &mut Vec::new(), hash, &|_| ());
    opened.map(|(_, slicehash)| slicehash).map_err(error)
}

/// SHA-256 of a file, all of which is read; `progress` is told how many bytes.
///
/// # Errors
/// When it cannot be read.
pub fn file_hash(path: &Path, progress: Progress) -> io::Result<[u8; 32]> {
    Hashed::open(path, progress).and_then(Hashed::finish)
}

fn partition_of(
    disk: &ImageDisk,
    entry: &partition::Partition,
    number: u32,
    faults: &mut Vec<Fault>,
) -> Partition {
    let window = Window::new(&disk.reader, entry.start, entry.len);
    let file_system = file_system::recognise(&window).unwrap_or_else(|error| {
        let place = Place::from(Step::Disk(disk.number)).then(Step::Partition(number));
        faults.push(Fault::new(place, &error, "the partition"));
        None
    });
    if entry.kind.is_some_and(PartitionKind::is_dynamic) {
        let place = Place::from(Step::Disk(disk.number)).then(Step::Partition(number));
        let what = "it is of a Windows dynamic disk, whose database of volumes is not read";
        let skipped = "every volume but one that begins with the partition";
        faults.push(Fault::text(place, what, skipped));
    }
    Partition {
        number,
        kind: entry.kind,
        disk: disk.number,
        start: entry.start,
        len: entry.len,
        file_system: file_system.map(FileSystem::name),
        ..Partition::default()
    }
}

fn nothing_in(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Mbr => "the boot record divides the disk into no partition",
        Scheme::Gpt => "the GUID partition table has no partition",
        Scheme::Apm => "the Apple partition map has no partition with a volume",
        Scheme::Bsd => "the BSD label has no partition",
        _ => "neither a partition table nor a known file system",
    }
}

/// Disk images of other kinds by their first bytes.
const UNSUPPORTED: [(&[u8], &str, &str); 1] =
    [(b"KDMV", "a VMDK extent by itself", "open the descriptor, the small .vmdk beside it")];

//! Volumes whose files are found directory by directory, whatever their file system.
//!
//! What such file systems have in common is said here once, so that what uses it needs to know no
//! format. NTFS is read in the order of its $MFT instead; see [`crate::ntfs`].

use std::error;
use std::sync::Arc;

use crate::{Allocation, Deleted, Extents, FileKind, Name, ReadAt, Times};

/// A volume that was opened.
pub trait Volume: Send + Sync {
    /// Size of a block, or cluster, in bytes.
    fn block_size(&self) -> u32;

    /// Number of blocks.
    fn block_count(&self) -> u64;

    /// Serial number or the start of its UUID, by which the volume is known again; 0 for none.
    fn serial(&self) -> u64;

    /// Hands out all files, deleted ones too, and what is damaged, in an order that depends on the
    /// volume alone. The root directory itself is not handed out.
    ///
    /// A file with several names is handed out under each, one behind the other.
    fn walk(&self, found: &mut dyn FnMut(Found));
}

/// What a walk comes across.
#[derive(Debug)]
pub enum Found {
    /// A file under one of its names, or one of its streams.
    File(Box<File>),
    /// Something that could not be read.
    Damage(Damage),
}

/// A file under one of its names, or one of its streams.
#[derive(Clone, Debug)]
pub struct File {
    /// Path in the volume, its parts separated by `/`, without a slash before it.
    pub path: Name,
    /// Name of the stream, extended attribute or fork; `None` for the file itself.
    pub stream: Option<Name>,
    /// What it is.
    pub kind: FileKind,
    /// Whether its name and its metadata are in use.
    pub alloc: Allocation,
    /// How a deleted file was found, and what is left of it; `None` for one in use.
    pub deleted: Option<Deleted>,
    /// Number of its metadata record, or of the place of its directory entry where there is none.
    pub inode: u64,
    /// How often that record was used, never 0, and 1 where records are not used again; 0 where
    /// there are none and the inode is a place, which a rename changes.
    pub generation: u16,
    /// Inode of the directory that it is in.
    pub parent_inode: u64,
    /// Attribute bits of Windows or mode bits of Unix, as stored.
    pub attributes: u32,
    /// Number of names that the metadata says it has; 1 where there can be no more.
    pub link_count: u16,
    /// Id of the user that owns it; 0 where there is none.
    pub owner_id: u32,
    /// Times of the metadata.
    pub times: Times,
    /// What it holds.
    pub content: Content,
    /// Where a symbolic link leads to, as stored.
    pub target: Option<Name>,
}

/// What a file holds, wherever it lies.
#[derive(Clone)]
pub enum Content {
    /// In blocks of the volume.
    Extents(Extents),
    /// In the metadata.
    Inline {
        /// The bytes.
        bytes: Vec<u8>,
        /// Where they begin in the volume, in bytes; `None` where they are made of pieces.
        fs_offset: Option<u64>,
    },
    /// Made of what lies elsewhere: inflated.
    Made(Arc<dyn ReadAt>),
    /// It cannot be read, or nothing is left of it: only its length in bytes is known. In a file in
    /// use that is damage, which is handed out, too.
    Lost {
        /// The length that the metadata states.
        len: u64,
    },
}

impl Content {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Extents(extents) => extents.data_size,
            Self::Inline { bytes, .. } => bytes.len() as u64,
            Self::Made(reader) => reader.len(),
            Self::Lost { len } => *len,
        }
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Extents(extents) => extents.fmt(f),
            Self::Inline { bytes, .. } => write!(f, "{} bytes in the metadata", bytes.len()),
            Self::Made(reader) => write!(f, "{} bytes that are made", reader.len()),
            Self::Lost { len } => write!(f, "{len} bytes that are lost"),
        }
    }
}

/// Something that a walk could not read.
#[derive(Debug)]
pub struct Damage {
    /// The metadata record that it concerns, if it is one's.
    pub inode: Option<u64>,
    /// The file or directory that it concerns, if it is known.
    pub path: Option<Name>,
    /// What is wrong.
    pub error: Box<dyn error::Error + Send + Sync>,
    /// What is missing among the files because of it; empty when nothing is.
    pub skipped: &'static str,
    /// What else may be there and was not handed out.
    pub hidden: Hidden,
}

/// What a damage hides, so that its absence says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hidden<N = Name> {
    /// Nothing.
    Nothing,
    /// Files below a directory, by its path; below the root directory's empty path: any.
    Below(N),
}

/// Where a walk hands out what it comes across.
pub(crate) struct Sink<'w> {
    take: &'w mut dyn FnMut(Found),
    /// For the paths of what is damaged: one directory may be named by each of its entries.
    room: Room,
}

impl<'w> Sink<'w> {
    /// What is handed to `take` is of a volume of `volume_len` bytes.
    pub fn new(volume_len: u64, take: &'w mut dyn FnMut(Found)) -> Self {
        Self { take, room: Room::new(volume_len) }
    }

    /// Hands out a file, or one of its streams.
    pub fn file(&mut self, file: File) {
        (self.take)(Found::File(Box::new(file)));
    }

    /// Hands out what is wrong with a record or a file, what is missing among the files because of it,
    /// and what else that hides. Where there is no room for its paths, it has none, and hides any file.
    pub fn damage(
        &mut self,
        inode: Option<u64>,
        path: Option<&Name>,
        error: impl Into<Box<dyn error::Error + Send + Sync>>,
        skipped: &'static str,
        hidden: Hidden<&Name>,
    ) {
        let error = error.into();
        let path = path.and_then(|path| self.room.again(path));
        let hidden = match hidden {
            Hidden::Nothing => Hidden::Nothing,
            Hidden::Below(folder) => Hidden::Below(self.room.again(folder).unwrap_or_default()),
        };
        (self.take)(Found::Damage(Damage { inode, path, error, skipped, hidden }));
    }
}

/// Room for the paths of a volume: directories inside one another could ask for that of their
/// number squared.
#[derive(Debug)]
pub struct Room {
    left: usize,
}

/// Longest path that is put together, in bytes of WTF-8: 32,767 UTF-16 units.
const LONGEST: usize = 3 * 32_767;

impl Room {
    /// The room for the paths of a volume of `volume_len` bytes: a few times its length, as an entry
    /// of a directory is shorter than the path that it is the end of.
    pub fn new(volume_len: u64) -> Self {
        let times = volume_len.saturating_mul(4).saturating_add(64 << 20);
        Self { left: usize::try_from(times).unwrap_or(usize::MAX) }
    }

    /// The path of `name` in `folder`, or `None` when it is too long or there is no room for it.
    pub fn join(&mut self, folder: &Name, name: &Name) -> Option<Name> {
        let len = folder.as_bytes().len().saturating_add(1).saturating_add(name.as_bytes().len());
        self.left = self.left.checked_sub(len).filter(|_| len <= LONGEST)?;
        Some(if folder.is_empty() { name.clone() } else { folder.join('/', name) })
    }

    /// The path once more, for another thing that is said of it, or `None` when there is no room.
    pub fn again(&mut self, path: &Name) -> Option<Name> {
        self.left = self.left.checked_sub(path.as_bytes().len())?;
        Some(path.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_in_one_directory_repeats_its_path_as_long_as_there_is_room() {
        let folder = Name::from("f".repeat(30_000).as_str());
        let mut damages = Vec::new();
        let mut take = |found| match found {
            Found::Damage(damage) => damages.push(damage),
            Found::File(file) => panic!("{file:?} was not handed out"),
        };
        let mut sink = Sink::new(0, &mut take);
        for inode in 0..10_000 {
            sink.damage(Some(inode), Some(&folder), "it", "a file", Hidden::Below(&folder));
        }
        assert_eq!(damages.len(), 10_000);
        let len = |damage: &Damage| {
            let Hidden::Below(below) = &damage.hidden else { panic!("{damage:?} hides files") };
            below.as_bytes().len() + damage.path.as_ref().map_or(0, |path| path.as_bytes().len())
        };
        assert!(damages.iter().map(len).sum::<usize>() <= 64 << 20);
        let (first, last) = (&damages[0], &damages[9_999]);
        assert_eq!((&first.path, &first.hidden), (&Some(folder.clone()), &Hidden::Below(folder)));
        assert_eq!((&last.path, &last.hidden), (&None, &Hidden::Below(Name::default())));
    }
}

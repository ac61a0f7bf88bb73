//! Archives of machines: what is in them is kept in blocks, not unpacked into files.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::block_store::BlockStore;
use crate::file_set::FileSet;
use crate::gzip::GzipReader;
use crate::tar_reader::{TarError, TarMember, TarReader, is_header};
use crate::tar_sparse::Segment;
use crate::unpacker::Unpacker;
use crate::zip_archive::ZipError;
use crate::{Amount, Cache, Fault, Place, Step};

/// How an archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, RFC 1952, of one or more members.
    Gzip,
    /// xz.
    Xz,
    /// bzip2.
    Bzip2,
    /// Zstandard, RFC 8878.
    Zstd,
}

impl Compression {
    /// Knows an archive by its first bytes; `None` when they are of something else.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1F, 0x8B, ..] => Some(Self::Gzip),
            [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Some(Self::Zstd),
            _ => is_header(start).then_some(Self::None),
        }
    }

    /// The name: `tar`, `tar.gz`, `tar.xz`, `tar.bz2`, `tar.zst`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "tar",
            Self::Gzip => "tar.gz",
            Self::Xz => "tar.xz",
            Self::Bzip2 => "tar.bz2",
            Self::Zstd => "tar.zst",
        }
    }

    fn decoder<'a>(self, file: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        let file = BufReader::with_capacity(64 << 10, file);
        Ok(match self {
            Self::None => Box::new(file),
            Self::Gzip => Box::new(GzipReader::new(file)),
            Self::Xz => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(file)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
            Self::Zstd => Box::new(zstd::Decoder::with_buffer(file)?),
        })
    }
}

/// The bytes of the archive in a compressed file; `None` where it is no tarball.
///
/// # Errors
/// When it cannot be read.
pub fn decoder(mut file: File) -> io::Result<Option<Box<dyn Read>>> {
    let mut start = Vec::new();
    file.by_ref().take(512).read_to_end(&mut start)?;
    file.rewind()?;
    Compression::of(&start).map(|compression| compression.decoder(file)).transpose()
}

/// Why a tarball could not be unpacked.
#[derive(Debug, Error)]
pub enum TarballError {
    /// The file cannot be opened or read.
    #[error("the file cannot be read")]
    Open(#[source] io::Error),
    /// The archive is damaged; nothing of it is used.
    #[error("the archive is damaged; copy it anew from where it is kept and compare its hash")]
    Damaged(#[from] TarError),
    /// The zip archive is damaged, or one of its members is not read; nothing of it is used.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// A file of the scratch folder cannot be written.
    #[error("{path:?} in the scratch folder cannot be written")]
    Scratch {
        /// The file.
        path: PathBuf,
        /// Why it cannot.
        source: io::Error,
    },
    /// The archive has more members than any machine.
    #[error("the archive has more than {limit} members")]
    Members {
        /// How many are read.
        limit: u64,
    },
    /// The members take more room than the caller allows.
    #[error("the members take more than the {limit} bytes allowed for them")]
    Room {
        /// How many bytes are allowed.
        limit: u64,
    },
}

/// What was in a tarball.
pub(crate) struct Unpacked {
    pub files: FileSet<'static>,
    pub slicehash: [u8; 32],
    /// Length of the archive, compressed and not.
    pub amount: Amount,
}

/// Where members of a tarball are kept.
#[derive(Clone, Copy)]
pub struct Scratch<'a> {
    /// A folder for a file that goes when the image goes.
    pub folder: &'a Path,
    /// The most bytes to keep; `None` for as many as there are. Zeros do not count.
    pub limit: Option<u64>,
    /// What was read before; what is read goes there, and not into a file of the image's own.
    pub cache: Option<&'a Arc<Cache>>,
}

impl<'a, P: AsRef<Path> + ?Sized> From<&'a P> for Scratch<'a> {
    fn from(folder: &'a P) -> Self {
        Self { folder: folder.as_ref(), limit: None, cache: None }
    }
}

impl<'a> Scratch<'a> {
    /// The folder of a cache, and the cache.
    pub fn cached(cache: &'a Arc<Cache>) -> Self {
        Self { folder: cache.folder(), limit: None, cache: Some(cache) }
    }
}

/// How far a file is read, told in bytes after each piece.
pub type Progress<'a> = &'a dyn Fn(u64);

/// Reads the archive at `path` once, and puts the members that a disk may need into `store`.
///
/// Members that lead outside, links and devices are left out, and become faults.
///
/// # Errors
/// When the archive is damaged anywhere, or the store cannot take it, or its members have more
/// than `limit` bytes.
pub(crate) fn unpack(
    path: &Path,
    compression: Compression,
    (store, limit): (&Arc<BlockStore>, Option<u64>),
    faults: &mut Vec<Fault>,
    progress: Progress,
) -> Result<Unpacked, TarballError> {
    let mut file = Hashed::open(path, progress).map_err(TarballError::Open)?;
    let decoder = compression.decoder(&mut file).map_err(TarballError::Open)?;
    let mut tar = TarReader::new(decoder);
    let mut unpacker = Unpacker::new(store, limit, faults);
    while let Some(TarMember { path, kind, len, segments }) = tar.next()? {
        if unpacker.takes(&path, kind)? {
            let whole = [Segment { offset: 0, len }];
            let segments = segments.as_deref().unwrap_or(&whole);
            unpacker.keep(&path, len, segments, &mut |room| Ok(tar.read_data(room)?))?;
        }
    }
    // The checksums of the compressed stream come at its end, behind the end marker of the tar.
    let (end, other) = tar.finish()?;
    if let Some(offset) = other {
        let place = Place::default().then(Step::Offset(offset));
        let what = "there are bytes behind the end marker of the archive";
        unpacker.fault(Fault::text(place, what, "these bytes"));
    }
    let files = unpacker.finish();
    let (read, slicehash) = file.finish_len().map_err(TarballError::Open)?;
    Ok(Unpacked { files, slicehash, amount: Amount { read, made: end } })
}

/// A file that is hashed as it is read.
pub(crate) struct Hashed<'a> {
    file: File,
    hash: Sha256,
    read: u64,
    progress: Progress<'a>,
}

impl<'a> Hashed<'a> {
    pub fn open(path: &Path, progress: Progress<'a>) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, hash: Sha256::new(), read: 0, progress })
    }

    /// Reads what is left, and returns the SHA-256 of the whole file.
    pub fn finish(self) -> io::Result<[u8; 32]> {
        Ok(self.finish_len()?.1)
    }

    /// Reads what is left, and returns length and SHA-256 of the whole file.
    pub fn finish_len(mut self) -> io::Result<(u64, [u8; 32])> {
        let mut buf = vec![0; 256 << 10];
        while self.read(&mut buf)? > 0 {}
        Ok((self.read, self.hash.finalize().into()))
    }
}

impl Read for Hashed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buf)?;
        self.hash.update(&buf[..count]);
        self.read += count as u64;
        (self.progress)(self.read);
        Ok(count)
    }
}

//! Zip archives of machines.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;
use zip::ZipArchive;
use zip::read::ZipFile;

use crate::block_store::BlockStore;
use crate::tar_reader::MemberKind;
use crate::tar_sparse::Segment;
use crate::tarball::{Hashed, Progress, TarballError, Unpacked};
use crate::unpacker::Unpacker;
use crate::{Amount, Fault};

/// Why a zip archive is not read.
#[derive(Debug, Error)]
pub enum ZipError {
    /// Its directory cannot be read.
    #[error("the zip archive is damaged; copy it anew from where it is kept and compare its hash")]
    Directory(#[source] zip::result::ZipError),
    /// A member is encrypted.
    #[error("member {member:?} of the zip archive is encrypted; unpack it with its password first")]
    Encrypted {
        /// Its path.
        member: String,
    },
    /// A member cannot be read.
    #[error("member {member:?} of the zip archive cannot be read")]
    Member {
        /// Its path.
        member: String,
        /// Why it cannot.
        source: io::Error,
    },
    /// A member is compressed in a way that is not read.
    #[error(
        "member {member:?} of the zip archive is compressed by method {method}; unpack it with the program that made it"
    )]
    Method {
        /// Its path.
        member: String,
        /// Number of the method.
        // Source: PKWARE's APPNOTE.TXT 4.4.5.
        method: u16,
    },
}

/// Whether a file that begins so is a zip archive.
// Source: PKWARE's APPNOTE.TXT 4.3.7, 4.3.16: headers of a member, and of the end of an empty archive.
pub(crate) fn is_zip(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

/// Reads the archive at `path`, once to hash it, and puts the members that a disk may need into
/// `store`. Those that are not needed are not inflated.
///
/// # Errors
/// When the archive or one of these members is damaged, encrypted, or compressed in a way that is not
/// read, or the store cannot take it, or its members have more than `limit` bytes.
pub(crate) fn unpack(
    path: &Path,
    (store, limit): (&Arc<BlockStore>, Option<u64>),
    faults: &mut Vec<Fault>,
    progress: Progress,
) -> Result<Unpacked, TarballError> {
    let file = BufReader::with_capacity(64 << 10, File::open(path).map_err(TarballError::Open)?);
    let mut archive = ZipArchive::new(file).map_err(ZipError::Directory)?;
    let mut unpacker = Unpacker::new(store, limit, faults);
    let mut made = 0u64;
    for index in 0..archive.len() {
        let (name, kind) = {
            let member = archive.by_index_raw(index).map_err(ZipError::Directory)?;
            (member.name().to_owned(), kind(&member))
        };
        if unpacker.takes(&name, kind)? {
            let mut member = open(&mut archive, index, &name)?;
            made = made.saturating_add(member.size());
            keep(&mut unpacker, &name, &mut member)?;
        }
    }
    let files = unpacker.finish();
    let hashed = Hashed::open(path, progress).and_then(Hashed::finish_len);
    let (read, slicehash) = hashed.map_err(TarballError::Open)?;
    Ok(Unpacked { files, slicehash, amount: Amount { read, made } })
}

type Archive = ZipArchive<BufReader<File>>;

fn open<'a>(
    archive: &'a mut Archive,
    index: usize,
    name: &str,
) -> Result<ZipFile<'a, BufReader<File>>, ZipError> {
    let member = || name.to_owned();
    if archive.by_index_raw(index).map_err(ZipError::Directory)?.encrypted() {
        return Err(ZipError::Encrypted { member: member() });
    }
    archive.by_index(index).map_err(|error| match error {
        zip::result::ZipError::CompressionMethodNotSupported(method) => {
            ZipError::Method { member: member(), method }
        }
        zip::result::ZipError::Io(source) => ZipError::Member { member: member(), source },
        error => ZipError::Directory(error),
    })
}

/// Keeps a member; that it ends where it should, and its checksum, are seen at its end.
fn keep(
    unpacker: &mut Unpacker<'_>,
    name: &str,
    member: &mut impl SizedRead,
) -> Result<(), TarballError> {
    let failed = |source| ZipError::Member { member: name.to_owned(), source };
    let other_len = |what| failed(io::Error::new(io::ErrorKind::InvalidData, what));
    let len = member.size();
    unpacker.keep(name, len, &[Segment { offset: 0, len }], &mut |room| match member
        .read(room)
        .map_err(failed)?
    {
        0 if !room.is_empty() => Err(other_len("it is shorter than its header says").into()),
        count => Ok(count),
    })?;
    match member.read(&mut [0]).map_err(failed)? {
        0 => Ok(()),
        _ => Err(other_len("it is longer than its header says").into()),
    }
}

/// A member that is inflated.
trait SizedRead: Read {
    /// Length as its header says, in bytes.
    fn size(&self) -> u64;
}

impl<R: Read> SizedRead for ZipFile<'_, R> {
    fn size(&self) -> u64 {
        ZipFile::size(self)
    }
}

fn kind<R: Read>(member: &ZipFile<'_, R>) -> MemberKind {
    if member.is_dir() {
        MemberKind::Directory
    } else if member.is_symlink() {
        MemberKind::Link
    } else {
        MemberKind::File
    }
}

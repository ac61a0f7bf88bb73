//! What a slice holds, as the original's tables `filemetadata`, `md5`, `sha1` and `registry` have
//! it, and as a CSV file has it until the database does.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use diskprint::{Digests, FileEntry, FileKind, Hex, pipeline};
use diskprint_formats::Filetime;

use crate::column::{self, Value, parse_digest, shown};
use crate::{Content, Error, time};

/// The columns of `filemetadata.csv`.
const HEADER: [&str; 8] =
    ["path", "filename", "extension", "bytes", "mtime", "ctime", "md5", "sha1"];

/// A file or stream in use, as the original's table `filemetadata` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMetadata {
    /// Path in the volume, parts separated by `/`, with `:stream` where it is a stream.
    pub path: String,
    /// Last part of the path, without the stream.
    pub filename: String,
    /// What is behind the last dot of `filename`; empty where that is the first character.
    pub extension: String,
    /// Length of the content in bytes.
    pub bytes: u64,
    /// Content changed.
    pub mtime: Filetime,
    /// Metadata changed.
    pub ctime: Filetime,
    /// MD5 of the content.
    pub md5: [u8; 16],
    /// SHA-1 of the content.
    pub sha1: [u8; 20],
}

/// A hive file, as the original's table `registry` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryFile {
    /// Path in the volume, parts separated by `/`, with `:stream` where it is a stream.
    pub path: String,
    /// SHA-1 of the file.
    pub sha1: [u8; 20],
}

impl FileMetadata {
    /// Returns what the table has of `entry`; `None` unless it is a regular file or a stream, name
    /// and metadata are in use, and its content was read.
    pub fn of(entry: &FileEntry) -> Option<Self> {
        let digests = entry.digests.as_ref()?;
        if entry.kind != FileKind::Regular || !entry.is_live() {
            return None;
        }
        let path = shown(&entry.path);
        let filename = last_part(&path).to_owned();
        Some(Self {
            extension: extension(&filename).to_owned(),
            path: shown(&entry.full_path()),
            filename,
            bytes: entry.size,
            mtime: entry.times.mtime,
            ctime: entry.times.ctime,
            md5: digests.md5,
            sha1: digests.sha1,
        })
    }
}

/// The columns of the original's table `filemetadata` that are filled, in the order of
/// [`file_rows`].
pub(crate) const FILE_COLUMNS: [&str; 8] =
    ["slicehash", "path", "keyhash", "filename", "extension", "bytes", "mtime", "ctime"];

/// The columns of the original's table `registry`, in the order of [`hive_rows`].
pub(crate) const HIVE_COLUMNS: [&str; 4] =
    ["slicehash", "regfilepath", "regfilename", "regfilehash"];

/// MD5 of contents by their SHA-1.
pub(crate) type ContentDigests = HashMap<[u8; 20], [u8; 16]>;

/// The original's row for each file, whose digests go into `digests`. Its key is tarball, path,
/// bytes and digest: of files that have all of these alike, on two partitions, the first stands for
/// all.
pub(crate) fn file_rows<'a>(
    content: &'a Content,
    slicehash: &'a str,
    digests: &'a mut ContentDigests,
) -> impl Iterator<Item = Result<[Value; FILE_COLUMNS.len()], Error>> + 'a {
    // Of each key a digest that nobody can find another key for, so that paths are not kept.
    let mut keys = HashSet::new();
    content.files.iter().filter_map(move |file| {
        let file = match file {
            Ok(file) => file,
            Err(error) => return Some(Err(error)),
        };
        digests.insert(file.sha1, file.md5);
        let key = [&file.sha1, file.bytes.to_le_bytes().as_slice(), file.path.as_bytes()].concat();
        keys.insert(Digests::sha256_of(&key)).then(|| Ok(file_row(file, slicehash)))
    })
}

fn file_row(file: FileMetadata, slicehash: &str) -> [Value; FILE_COLUMNS.len()] {
    [
        slicehash.into(),
        file.path.into(),
        keyhash(&file.sha1).into(),
        file.filename.into(),
        file.extension.into(),
        column::unsigned(file.bytes),
        column::date(file.mtime),
        column::date(file.ctime),
    ]
}

/// The original's row for each hive file; equal ones on two partitions are one.
pub(crate) fn hive_rows<'a>(
    content: &'a Content,
    slicehash: &'a str,
) -> impl Iterator<Item = [Value; HIVE_COLUMNS.len()]> + 'a {
    let mut keys = HashSet::new();
    let hives = content.hives.iter();
    hives.filter(move |hive| keys.insert((&hive.path, hive.sha1))).map(|hive| {
        let (path, sha1) = (hive.path.as_str(), Hex(&hive.sha1).to_string());
        [slicehash.into(), path.into(), last_part(path).into(), sha1.into()]
    })
}

/// What tables `md5` and `sha1` have of each content, sorted: its key, which is its SHA-1 as well,
/// and its MD5.
pub(crate) fn digest_rows(digests: &ContentDigests) -> impl Iterator<Item = (String, String)> {
    let mut digests: Vec<_> = digests.iter().collect();
    digests.sort_unstable();
    digests.into_iter().map(|(sha1, md5)| (keyhash(sha1), Hex(md5).to_string()))
}

/// What the original's tables call a content: its SHA-1.
fn keyhash(sha1: &[u8; 20]) -> String {
    Hex(sha1).to_string()
}

fn last_part(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn extension(filename: &str) -> &str {
    match filename.rsplit_once('.') {
        None | Some(("", _)) => "",
        Some((_, extension)) => extension,
    }
}

/// Writes those of `files` that [`FileMetadata::of`] takes as CSV with a header, in their order.
///
/// # Errors
/// When `out` fails.
pub fn write_file_metadata(out: &mut (impl Write + Send), files: &[FileEntry]) -> io::Result<()> {
    /// Rows that are made at once, on one thread: about 150 kB.
    const ROWS: usize = 1024;
    out.write_all((HEADER.join(",") + "\n").as_bytes())?;
    pipeline::in_order(files, ROWS, csv_rows, |rows| out.write_all(&rows?))
}

fn csv_rows(files: &[FileEntry]) -> io::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    for file in files.iter().filter_map(FileMetadata::of) {
        let time = |time: Filetime| (!time.is_unset()).then(|| time.text());
        let [mtime, ctime] = [time(file.mtime), time(file.ctime)];
        let texts = [&file.path, &file.filename, &file.extension, &file.bytes.to_string()];
        texts.into_iter().try_for_each(|text| out.write_field(text))?;
        for time in [&mtime, &ctime] {
            out.write_field(time.as_ref().map_or(&[][..], |text| text.as_bytes()))?;
        }
        out.write_field(Hex(&file.md5).to_string())?;
        out.write_field(Hex(&file.sha1).to_string())?;
        out.write_record(None::<&[u8]>)?;
    }
    out.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// The files and streams in use of a slice.
#[derive(Clone, Debug, PartialEq)]
pub enum FilesInUse {
    /// These.
    Here(Vec<FileMetadata>),
    /// Those that [`write_file_metadata`] wrote to this file. It is read when they are stored, row
    /// by row: those of a slice take more memory than all else that is stored of it.
    In(PathBuf),
}

impl Default for FilesInUse {
    fn default() -> Self {
        Self::Here(Vec::new())
    }
}

impl FilesInUse {
    /// Each of them, in the order of the file; nothing follows an error.
    pub fn iter(&self) -> Box<dyn Iterator<Item = Result<FileMetadata, Error>> + '_> {
        match self {
            Self::Here(files) => Box::new(files.iter().cloned().map(Ok)),
            Self::In(path) => match CsvRows::open(path) {
                Ok(rows) => Box::new(rows),
                Err(error) => Box::new(std::iter::once(Err(error))),
            },
        }
    }
}

/// The rows of a file that [`write_file_metadata`] wrote.
struct CsvRows<'p> {
    path: &'p Path,
    rows: csv::Reader<File>,
    row: csv::StringRecord,
    is_over: bool,
}

impl<'p> CsvRows<'p> {
    fn open(path: &'p Path) -> Result<Self, Error> {
        let failed = |source| Error::Read { path: path.to_owned(), source };
        let mut rows = csv::Reader::from_path(path).map_err(|error| failed(error.into()))?;
        if rows.headers().map_err(|error| failed(error.into()))? != HEADER.as_slice() {
            return Err(failed("it has other columns".into()));
        }
        Ok(Self { path, rows, row: csv::StringRecord::new(), is_over: false })
    }

    /// The next row; `None` behind the last.
    fn row(&mut self) -> Result<Option<FileMetadata>, Box<dyn std::error::Error + Send + Sync>> {
        if !self.rows.read_record(&mut self.row)? {
            return Ok(None);
        }
        let line = self.row.position().map_or(0, csv::Position::line);
        let found = metadata(&self.row).ok_or_else(|| format!("line {line} is no row of a file"));
        Ok(Some(found?))
    }
}

impl Iterator for CsvRows<'_> {
    type Item = Result<FileMetadata, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let row = self.row().map_err(|source| Error::Read { path: self.path.to_owned(), source });
        self.is_over = !matches!(row, Ok(Some(_)));
        row.transpose()
    }
}

fn metadata(row: &csv::StringRecord) -> Option<FileMetadata> {
    let mut columns = row.iter();
    let mut next = || columns.next();
    let (path, filename, extension, bytes) = (next()?, next()?, next()?, next()?);
    let (mtime, ctime, md5, sha1) = (next()?, next()?, next()?, next()?);
    let time = |text: &str| if text.is_empty() { Some(Filetime(0)) } else { time::parse(text) };
    Some(FileMetadata {
        path: path.to_owned(),
        filename: filename.to_owned(),
        extension: extension.to_owned(),
        bytes: bytes.parse().ok()?,
        mtime: time(mtime)?,
        ctime: time(ctime)?,
        md5: parse_digest(md5)?,
        sha1: parse_digest(sha1)?,
    })
}

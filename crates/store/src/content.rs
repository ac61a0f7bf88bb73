//! What a slice holds, as the original's tables `filemetadata`, `md5`, `sha1` and `registry` have
//! it, and as a CSV file has it until the database does.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::path::Path;

use diskprint::{FileEntry, FileKind, Hex};
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

/// The original's row for each file. Its key is tarball, path, bytes and digest: of files that
/// have all of these alike, on two partitions, the first stands for all.
pub(crate) fn file_rows<'a>(
    content: &'a Content,
    slicehash: &'a str,
) -> impl Iterator<Item = [Value; FILE_COLUMNS.len()]> + 'a {
    let mut keys = HashSet::new();
    let files = content.files.iter();
    files.filter(move |file| keys.insert((&file.path, file.bytes, file.sha1))).map(|file| {
        [
            slicehash.into(),
            file.path.as_str().into(),
            keyhash(&file.sha1).into(),
            file.filename.as_str().into(),
            file.extension.as_str().into(),
            column::unsigned(file.bytes),
            column::date(file.mtime),
            column::date(file.ctime),
        ]
    })
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

/// The key and the MD5 of each content, sorted by key.
pub(crate) fn digests(content: &Content) -> BTreeMap<String, String> {
    let digests = |file: &FileMetadata| (keyhash(&file.sha1), Hex(&file.md5).to_string());
    content.files.iter().map(digests).collect()
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
pub fn write_file_metadata(out: &mut impl Write, files: &[FileEntry]) -> io::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(HEADER)?;
    for file in files.iter().filter_map(FileMetadata::of) {
        let time = |time: Filetime| if time.is_unset() { String::new() } else { time.to_string() };
        out.write_record([
            &*file.path,
            &file.filename,
            &file.extension,
            &file.bytes.to_string(),
            &time(file.mtime),
            &time(file.ctime),
            &Hex(&file.md5).to_string(),
            &Hex(&file.sha1).to_string(),
        ])?;
    }
    out.flush()
}

/// Reads what [`write_file_metadata`] wrote.
///
/// # Errors
/// When the file cannot be read or holds anything else.
pub fn read_file_metadata(path: &Path) -> Result<Vec<FileMetadata>, Error> {
    read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

fn read(path: &Path) -> Result<Vec<FileMetadata>, Box<dyn std::error::Error + Send + Sync>> {
    let mut rows = csv::Reader::from_path(path)?;
    if rows.headers()? != HEADER.as_slice() {
        return Err("it has other columns".into());
    }
    let mut files = Vec::new();
    for row in rows.records() {
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        files.push(metadata(&row).ok_or_else(|| format!("line {line} is no row of a file"))?);
    }
    Ok(files)
}

fn metadata(row: &csv::StringRecord) -> Option<FileMetadata> {
    let [path, filename, extension, bytes, mtime, ctime, md5, sha1] =
        row.iter().collect::<Vec<_>>().try_into().ok()?;
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

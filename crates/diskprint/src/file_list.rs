//! Entries of files that are kept on disk, not in memory, until they are compared.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use diskprint_formats::{Filetime, Name};

use crate::file_reader::fill;
use crate::{
    Allocation, ByteRun, ByteRuns, Deleted, Digests, FileEntry, FileKind, FileSecurity, FoundBy,
    Remains, RunKind, Times,
};

/// Entries in a file without a name, which goes with the list. The file is read by this program
/// alone, so its form is nobody else's concern.
#[derive(Debug)]
pub(crate) struct FileList {
    file: File,
    /// The partitions that have entries, in their order, each with the bytes of the file that they
    /// take.
    partitions: Vec<(u32, Range<u64>)>,
}

impl FileList {
    /// Writes entries, sorted by partition, to a file in `folder`.
    pub fn write<'e>(
        folder: &Path,
        entries: impl Iterator<Item = &'e FileEntry>,
    ) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(1 << 18, tempfile::tempfile_in(folder)?);
        let mut partitions: Vec<(u32, Range<u64>)> = Vec::new();
        let (mut offset, mut record) = (0, Vec::new());
        for entry in entries {
            record.clear();
            write_entry(&mut record, entry);
            out.write_all(&(record.len() as u64).to_le_bytes())?;
            out.write_all(&record)?;
            let end = offset + (LENGTH + record.len()) as u64;
            match partitions.last_mut() {
                Some((number, range)) if *number == entry.partition => range.end = end,
                _ => partitions.push((entry.partition, offset..end)),
            }
            offset = end;
        }
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Self { file, partitions })
    }

    /// The numbers of the partitions that have entries.
    pub fn partitions(&self) -> impl Iterator<Item = u32> + '_ {
        self.partitions.iter().map(|(number, _)| *number)
    }

    /// The entries of a partition, in the order in which they were written. Nothing follows an
    /// error.
    pub fn entries(&self, partition: u32) -> impl Iterator<Item = io::Result<FileEntry>> + '_ {
        let parts = self.partitions.iter().filter(move |(number, _)| *number == partition);
        parts.flat_map(|(_, range)| {
            let part = Part { file: &self.file, range: range.clone() };
            let mut part = io::BufReader::with_capacity(1 << 18, part);
            let mut record = Vec::new();
            let mut left = range.end - range.start;
            std::iter::from_fn(move || {
                let read = (left > 0).then(|| read_record(&mut part, &mut record, &mut left))?;
                left = if read.is_err() { 0 } else { left };
                Some(read)
            })
        })
    }
}

/// How many bytes the length of a record takes.
const LENGTH: usize = size_of::<u64>();

fn read_record(
    part: &mut impl Read,
    record: &mut Vec<u8>,
    left: &mut u64,
) -> io::Result<FileEntry> {
    let mut length = [0; LENGTH];
    part.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    *left = left.checked_sub(LENGTH as u64 + length).ok_or_else(changed)?;
    record.clear();
    part.take(length).read_to_end(record)?;
    read_entry(&mut &record[..]).ok_or_else(changed)
}

fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a scratch file was changed by another program")
}

/// Bytes of a file that several may read at once.
struct Part<'f> {
    file: &'f File,
    range: Range<u64>,
}

impl Read for Part<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.range.end - self.range.start).unwrap_or(usize::MAX);
        let count = buf.len().min(left);
        fill(self.file, buf.get_mut(..count).unwrap_or_default(), self.range.start)?;
        self.range.start += count as u64;
        Ok(count)
    }
}

/// Numbers in seven bits a byte, the lowest first; texts and lists behind their lengths.
fn write_entry(out: &mut Vec<u8>, entry: &FileEntry) {
    let FileEntry {
        partition, path, stream, kind, alloc, deleted, inode, seq, parent_inode, ..
    } = entry;
    let FileEntry { size, attributes, link_count, owner_id, times, name_times, .. } = entry;
    let FileEntry { security, runs, target, digests, .. } = entry;
    put(out, (*partition).into());
    put_name(out, path);
    put_option(out, stream.as_ref(), put_name);
    put(out, KINDS.iter().position(|it| it == kind).unwrap_or(KINDS.len()) as u64);
    put(out, u64::from(alloc.name) << 1 | u64::from(alloc.inode));
    put(out, DELETED.iter().position(|it| it == deleted).unwrap_or(DELETED.len()) as u64);
    for number in [*inode, (*seq).into(), *parent_inode, *size, (*attributes).into()] {
        put(out, number);
    }
    put(out, (*link_count).into());
    put(out, (*owner_id).into());
    put_option(out, security.as_deref(), put_security);
    put_times(out, times);
    put_option(out, name_times.as_ref(), put_times);
    put(out, runs.img_start());
    put(out, runs.len() as u64);
    for ByteRun { file_offset, fs_offset, len, kind } in runs.iter() {
        put(out, file_offset);
        put_option(out, fs_offset.as_ref(), |out, offset| put(out, *offset));
        put(out, len);
        put(out, RUN_KINDS.iter().position(|it| *it == kind).unwrap_or(RUN_KINDS.len()) as u64);
    }
    put_option(out, target.as_ref(), put_name);
    put_option(out, digests.as_ref(), |out, Digests { md5, sha1, sha256 }| {
        out.extend(md5.iter().chain(sha1).chain(sha256));
    });
}

fn read_entry(from: &mut &[u8]) -> Option<FileEntry> {
    Some(FileEntry {
        partition: number(from)?,
        path: name(from)?,
        stream: option(from, name)?,
        kind: *KINDS.get(number::<usize>(from)?)?,
        alloc: match number::<u8>(from)? {
            bits @ 0..4 => Allocation { name: bits & 2 != 0, inode: bits & 1 != 0 },
            _ => return None,
        },
        deleted: *DELETED.get(number::<usize>(from)?)?,
        inode: number(from)?,
        seq: number(from)?,
        parent_inode: number(from)?,
        size: number(from)?,
        attributes: number(from)?,
        link_count: number(from)?,
        owner_id: number(from)?,
        security: option(from, security)?.map(Arc::new),
        times: times(from)?,
        name_times: option(from, times)?,
        runs: {
            let img_start = number(from)?;
            let count: usize = number(from)?;
            let runs = (0..count).map(|_| byte_run(from)).collect::<Option<Vec<_>>>()?;
            ByteRuns::new(img_start, runs)
        },
        target: option(from, name)?,
        digests: option(from, |from| {
            Some(Digests { md5: array(from)?, sha1: array(from)?, sha256: array(from)? })
        })?,
    })
}

const KINDS: [FileKind; 4] =
    [FileKind::Regular, FileKind::Directory, FileKind::Link, FileKind::Other];
const DELETED: [Option<Deleted>; 7] = {
    const fn deleted(found_by: FoundBy, remains: Remains) -> Option<Deleted> {
        Some(Deleted { found_by, remains })
    }
    [
        None,
        deleted(FoundBy::Record, Remains::All),
        deleted(FoundBy::Record, Remains::Part),
        deleted(FoundBy::Record, Remains::Unknown),
        deleted(FoundBy::DirectoryEntry, Remains::All),
        deleted(FoundBy::DirectoryEntry, Remains::Part),
        deleted(FoundBy::DirectoryEntry, Remains::Unknown),
    ]
};
const RUN_KINDS: [RunKind; 4] =
    [RunKind::Data, RunKind::Sparse, RunKind::Compressed, RunKind::Resident];

fn byte_run(from: &mut &[u8]) -> Option<ByteRun> {
    Some(ByteRun {
        file_offset: number(from)?,
        fs_offset: option(from, number)?,
        len: number(from)?,
        kind: *RUN_KINDS.get(number::<usize>(from)?)?,
    })
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7F {
        out.push(0x80 | (number & 0x7F) as u8);
        number >>= 7;
    }
    out.push(number as u8);
}

fn number<N: TryFrom<u64>>(from: &mut &[u8]) -> Option<N> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = u64::from(*from.split_off_first()?);
        number |= (byte & 0x7F) << shift;
        if byte < 0x80 {
            return N::try_from(number).ok();
        }
    }
    None
}

fn put_name(out: &mut Vec<u8>, name: &Name) {
    put(out, name.as_bytes().len() as u64);
    out.extend(name.as_bytes());
}

fn name(from: &mut &[u8]) -> Option<Name> {
    let len = number(from)?;
    from.split_off(..len).map(|bytes| Name::from_wtf8(bytes.to_vec()))
}

fn put_times(out: &mut Vec<u8>, Times { mtime, atime, ctime, crtime }: &Times) {
    for Filetime(time) in [mtime, atime, ctime, crtime] {
        put(out, *time);
    }
}

fn times(from: &mut &[u8]) -> Option<Times> {
    let mut time = || number(from).map(Filetime);
    Some(Times { mtime: time()?, atime: time()?, ctime: time()?, crtime: time()? })
}

fn put_security(out: &mut Vec<u8>, FileSecurity { owner, group, sha1 }: &FileSecurity) {
    for sid in [owner, group] {
        put_option(out, sid.as_deref(), |out, sid: &str| {
            put(out, sid.len() as u64);
            out.extend(sid.as_bytes());
        });
    }
    out.extend(sha1);
}

fn security(from: &mut &[u8]) -> Option<FileSecurity> {
    let sid = |from: &mut &[u8]| {
        let len = number(from)?;
        String::from_utf8(from.split_off(..len)?.to_vec()).ok().map(String::into_boxed_str)
    };
    Some(FileSecurity { owner: option(from, sid)?, group: option(from, sid)?, sha1: array(from)? })
}

fn put_option<T: ?Sized>(out: &mut Vec<u8>, it: Option<&T>, put_it: impl FnOnce(&mut Vec<u8>, &T)) {
    put(out, it.is_some().into());
    if let Some(it) = it {
        put_it(out, it);
    }
}

fn option<T>(from: &mut &[u8], it: impl FnOnce(&mut &[u8]) -> Option<T>) -> Option<Option<T>> {
    match number::<u8>(from)? {
        0 => Some(None),
        _ => it(from).map(Some),
    }
}

fn array<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    from.split_off(..N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names() -> impl Strategy<Value = Name> {
        prop::collection::vec(any::<u16>(), 0..20).prop_map(Name::from_utf16)
    }

    fn all_times() -> impl Strategy<Value = Times> {
        any::<[u64; 4]>().prop_map(|[mtime, atime, ctime, crtime]| Times {
            mtime: Filetime(mtime),
            atime: Filetime(atime),
            ctime: Filetime(ctime),
            crtime: Filetime(crtime),
        })
    }

    fn runs() -> impl Strategy<Value = ByteRuns> {
        let run = (any::<u64>(), any::<Option<u64>>(), any::<u64>(), 0..RUN_KINDS.len());
        let run = run.prop_map(|(file_offset, fs_offset, len, kind)| ByteRun {
            file_offset,
            fs_offset,
            len,
            kind: RUN_KINDS[kind],
        });
        (any::<u64>(), prop::collection::vec(run, 0..4))
            .prop_map(|(start, runs)| ByteRuns::new(start, runs))
    }

    fn digests() -> impl Strategy<Value = Option<Digests>> {
        any::<Option<Vec<u8>>>().prop_map(|bytes| bytes.map(|bytes| Digests::of(&bytes)))
    }

    prop_compose! {
        fn entries()(
            (path, stream, target) in (names(), prop::option::of(names()), prop::option::of(names())),
            (kind, deleted) in (0..KINDS.len(), 0..DELETED.len()),
            (name, inode) in (any::<bool>(), any::<bool>()),
            numbers in any::<(u64, u16, u64, u64, u32, u16, u32)>(),
            (times, name_times) in (all_times(), prop::option::of(all_times())),
            (runs, digests, partition) in (runs(), digests(), 1u32..4),
            security in prop::option::of(any::<(Option<String>, Option<String>, [u8; 20])>()),
        ) -> FileEntry {
            let (number, seq, parent_inode, size, attributes, link_count, owner_id) = numbers;
            let security = security.map(|(owner, group, sha1)| {
                let [owner, group] = [owner, group].map(|sid| sid.map(String::into_boxed_str));
                Arc::new(FileSecurity { owner, group, sha1 })
            });
            FileEntry {
                partition, path, stream, kind: KINDS[kind], alloc: Allocation { name, inode },
                deleted: DELETED[deleted], inode: number, seq, parent_inode, size, attributes, link_count, owner_id, security, times,
                name_times, runs, target, digests,
            }
        }
    }

    proptest! {
        #[test]
        fn entries_come_back_as_they_were(
            mut entries in prop::collection::vec(entries(), 0..40),
        ) {
            entries.sort_by_key(|entry| entry.partition);
            let list = FileList::write(&std::env::temp_dir(), entries.iter()).unwrap();
            let read: Vec<FileEntry> = list
                .partitions()
                .flat_map(|number| list.entries(number))
                .collect::<io::Result<_>>()
                .unwrap();
            prop_assert_eq!(read, entries);
        }

        #[test]
        fn bytes_that_were_changed_end_in_an_error_or_an_entry(
            entry in entries(), at in any::<prop::sample::Index>(), byte: u8, length: u8,
        ) {
            let mut record = Vec::new();
            write_entry(&mut record, &entry);
            let at = at.index(record.len());
            record[at] = byte;
            record.truncate(record.len() - usize::from(length).min(record.len()));
            let _ = read_entry(&mut &record[..]);
        }
    }

    #[test]
    fn a_list_that_was_cut_ends_in_one_error() {
        let entry = FileEntry::plain("path");
        let list = FileList::write(&std::env::temp_dir(), [&entry, &entry].into_iter()).unwrap();
        list.file.set_len(list.file.metadata().unwrap().len() - 1).unwrap();
        let read: Vec<_> = list.entries(1).map(|entry| entry.ok()).collect();
        assert!(matches!(&read[..], [.., None]) && read.len() <= 2, "{read:?}");
    }
}

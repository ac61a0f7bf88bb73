//! Volumes that are walked directory by directory, as file entries.

use std::error;

use diskprint_formats::walked::{Content, Damage, File, Found, Hidden, Volume};
use diskprint_formats::{
    FileKind, ReadAt, Remains, apfs, exfat, ext, fat, iso9660, ntfs, regf, udf,
};

use super::content::Job;
use super::drafts::{Contents, NO_DIGESTS};
use super::effort::{Cost, Effort};
use super::hives::is_kept_name;
use super::{Listing, Unlisted, byte_runs, volume};
use crate::{ByteRuns, Digests, Fault, FileEntry, Partition, Place, Step};

/// Opens a volume of the file system of that name; `None` for one that is not read.
pub(super) fn open<'v>(
    file_system: &str,
    bytes: &'v dyn ReadAt,
) -> Option<Result<Box<dyn Volume + 'v>, Unlisted>> {
    Some(match file_system {
        "fat12" | "fat16" | "fat32" => boxed(fat::Volume::open(bytes)),
        "ext2" | "ext3" | "ext4" => boxed(ext::Volume::open(bytes)),
        "iso9660" => boxed(iso9660::Volume::open(bytes)),
        "udf" => boxed(udf::Volume::open(bytes)),
        "exfat" => boxed(exfat::Volume::open(bytes)),
        "apfs" => boxed(apfs::Volume::open(bytes)),
        _ => return None,
    })
}

fn boxed<'v, V: Volume + 'v, E: error::Error + Send + Sync + 'static>(
    opened: Result<V, E>,
) -> Result<Box<dyn Volume + 'v>, Unlisted> {
    opened.map(|volume| Box::new(volume) as _).map_err(Into::into)
}

/// Takes note of a volume's sizes.
pub(super) fn measure(volume: &dyn Volume, partition: &mut Partition) {
    partition.block_size = volume.block_size();
    partition.block_count = volume.block_count();
    partition.serial = volume.serial();
}

/// Lists the files of `volume`, which is `len` bytes long.
pub(super) fn list(
    volume: &dyn Volume,
    len: u64,
    partition: &Partition,
    contents: Contents,
) -> Listing {
    let mut walk = Walk { partition, contents, drafts: Vec::new(), listing: Listing::default() };
    volume.walk(&mut |found| match found {
        Found::File(file) => walk.add(*file),
        Found::Damage(damage) => walk.note(damage),
    });
    walk.finish(len)
}

struct Walk<'p> {
    partition: &'p Partition,
    contents: Contents,
    drafts: Vec<Draft>,
    listing: Listing,
}

/// An entry and the content that is to be digested for it.
struct Draft {
    entry: FileEntry,
    plan: Option<Plan>,
}

struct Plan {
    cost: Cost,
    /// The content where the entry's runs do not tell all of it.
    content: Option<Box<volume::Content>>,
}

impl Walk<'_> {
    fn add(&mut self, file: File) {
        let File { path, stream, kind, alloc, deleted, inode, generation, parent_inode, .. } = file;
        let File { attributes, link_count, owner_id, times, content, target, .. } = file;
        let size = content.len();
        let mut entry = FileEntry {
            partition: self.partition.number,
            path,
            stream,
            kind,
            alloc,
            deleted,
            inode,
            seq: generation,
            parent_inode,
            size,
            attributes,
            link_count,
            owner_id,
            security: None,
            times,
            name_times: None,
            runs: ByteRuns::default(),
            target,
            digests: None,
        };
        let plan = self.plan(content, &mut entry);
        self.drafts.push(Draft { entry, plan });
    }

    /// Whether a content is digested, if not at once; of a deleted file it is when all of it can be
    /// left.
    fn plan(&self, content: Content, entry: &mut FileEntry) -> Option<Plan> {
        let is_digested = self.contents == Contents::Digested
            && entry.deleted.is_none_or(|deleted| deleted.remains == Remains::All);
        let content = volume::Content::try_from(content).ok()?;
        let cost = match &content {
            volume::Content::Stored(stored) => {
                entry.runs = byte_runs::byte_runs(stored, self.partition.start);
                match stored {
                    ntfs::Content::Resident { value, .. } if !is_read_again(value, entry) => {
                        entry.digests = is_digested.then(|| Digests::of(value));
                        return None;
                    }
                    ntfs::Content::NonResident(extents) => Cost::of(extents),
                    _ => Cost::default(),
                }
            }
            volume::Content::Made(reader) => Cost::made(reader.len()),
        };
        let is_told = match &content {
            volume::Content::Stored(ntfs::Content::NonResident(extents)) => {
                byte_runs::is_told_by_runs(extents)
            }
            _ => false,
        };
        is_digested.then(|| Plan { cost, content: (!is_told).then(|| Box::new(content)) })
    }

    fn note(&mut self, Damage { inode, path, error, skipped, hidden }: Damage) {
        let steps = inode.map(Step::Inode).into_iter().chain(path.map(Step::Path));
        let place = steps.fold(Place::default(), |place, step| place.then(step));
        self.listing.faults.push(Fault::new(place, &*error, skipped));
        if !skipped.is_empty() {
            self.listing.unread.inodes.extend(inode);
        }
        match hidden {
            Hidden::Nothing => {}
            Hidden::Below(folder) => self.listing.unread.folders.push(folder),
        }
    }

    fn finish(self, volume_len: u64) -> Listing {
        let Self { mut drafts, mut listing, .. } = self;
        // The names of a file and of a content stand together, so that it is digested once.
        drafts.sort_by(|a, b| key(&a.entry).cmp(&key(&b.entry)));
        let mut effort = Effort::new(volume_len);
        for Draft { entry, plan } in drafts {
            let at = listing.entries.len();
            let before = listing.entries.last();
            let is_same = entry.link_count > 1 && before.is_some_and(|it| key(it) == key(&entry));
            match (plan, listing.jobs.last_mut()) {
                (Some(_), Some(job)) if is_same && job.entries.end == at => job.entries.end += 1,
                (Some(Plan { cost, content }), _) => match effort.spend(&cost) {
                    Ok(()) => listing.jobs.push(Job { entries: at..at + 1, content }),
                    Err(what) => {
                        let inode = Place::from(Step::Inode(entry.inode));
                        let place = inode.then(Step::Path(entry.full_path()));
                        listing.faults.push(Fault::text(place, what, NO_DIGESTS));
                    }
                },
                (None, _) => {}
            }
            listing.entries.push(entry);
        }
        // Contents lie in sectors, not always in whole blocks.
        listing.unit = 1;
        listing
    }
}

/// What entries of one content have in common.
fn key(entry: &FileEntry) -> impl Ord + '_ {
    (entry.inode, entry.seq, &entry.stream, entry.alloc.inode)
}

/// Whether a content is wanted again when all files are listed: a hive's, or its log's.
fn is_read_again(value: &[u8], entry: &FileEntry) -> bool {
    let path = entry.path.as_bytes();
    let own = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let name = diskprint_formats::Name::from_wtf8(own.to_vec());
    entry.kind == FileKind::Regular && (regf::is_hive(value) || is_kept_name(&name))
}

#[cfg(test)]
mod tests {
    use diskprint_formats::{Allocation, Deleted, Extents, FoundBy, Name, Run, Times};

    use super::*;

    struct Fixed(Vec<File>);

    impl Volume for Fixed {
        fn block_size(&self) -> u32 {
            512
        }

        fn block_count(&self) -> u64 {
            100
        }

        fn serial(&self) -> u64 {
            7
        }

        fn walk(&self, found: &mut dyn FnMut(Found)) {
            self.0.iter().for_each(|file| found(Found::File(Box::new(file.clone()))));
            found(Found::Damage(Damage {
                inode: Some(9),
                path: Some("gone".into()),
                error: "a block is damaged".into(),
                skipped: "the files in it",
                hidden: Hidden::Below("gone".into()),
            }));
        }
    }

    fn file(path: &str, inode: u64, content: Content) -> File {
        File {
            path: path.into(),
            stream: None,
            kind: FileKind::Regular,
            alloc: Allocation::LIVE,
            deleted: None,
            inode,
            generation: 1,
            parent_inode: 2,
            attributes: 0,
            link_count: 2,
            owner_id: 0,
            times: Times::default(),
            content,
            target: None,
        }
    }

    fn in_block(block: u64, len: u64) -> Content {
        Content::Extents(Extents {
            runs: vec![Run { vcn: 0, lcn: Some(block), clusters: 1 }],
            cluster_size: 512,
            data_size: len,
            initialized_size: len,
            unit_clusters: 0,
        })
    }

    #[test]
    fn names_of_one_file_share_a_job_and_what_others_use_again_has_none() {
        let deleted = |path: &str, remains| File {
            alloc: Allocation::DELETED,
            deleted: Some(Deleted { found_by: FoundBy::Record, remains }),
            ..file(path, 30, in_block(3, 5))
        };
        let volume = Fixed(vec![
            file("b", 12, in_block(1, 5)),
            file("a/x", 13, Content::Inline { bytes: b"text".to_vec(), fs_offset: Some(8) }),
            file("a/b", 12, in_block(1, 5)),
            File { inode: 31, ..deleted("whole", Remains::All) },
            deleted("partly", Remains::Part),
            file("lost", 14, Content::Lost { len: 9 }),
        ]);
        let partition = Partition { number: 1, start: 1000, ..Partition::default() };
        let Listing { entries, jobs, faults, unread, .. } =
            list(&volume, 1 << 20, &partition, Contents::Digested);
        let jobs: Vec<Vec<Name>> = jobs
            .iter()
            .map(|job| entries[job.entries.clone()].iter().map(FileEntry::full_path).collect())
            .collect();
        assert_eq!(jobs, [vec!["b".into(), "a/b".into()], vec![Name::from("whole")]]);
        let of = |path: &str| entries.iter().find(|entry| entry.path == path.into()).unwrap();
        assert_eq!(of("a/x").digests, Some(Digests::of(b"text")));
        assert_eq!((of("lost").size, of("lost").runs.len()), (9, 0));
        let run = of("b").runs.iter().next().unwrap();
        assert_eq!((run.fs_offset, of("b").runs.img_offset(&run)), (Some(512), Some(1512)));
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults, ["inode 9 › gone: a block is damaged (left out: the files in it)"]);
        assert_eq!((unread.inodes, unread.folders), (vec![9], vec!["gone".into()]));
    }
}

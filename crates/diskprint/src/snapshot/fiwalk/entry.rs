use diskprint_formats::walked::{Content, Damage, File, Hidden, Room};
use diskprint_formats::{Allocation, Deleted, Extents, FileKind, FoundBy, Name, Remains, Run};

use super::copy::START;
use crate::dfxml::reader::{self, FileObject};

/// The file that an object describes, of that [`File::generation`], and the damage where its content
/// is not told.
///
/// # Errors
/// `None` for what is no file: `.`, `..` and folders that are not on the disk. Otherwise what is
/// wrong with the object.
pub(super) fn of(
    object: FileObject,
    generation: u16,
    room: &mut Room,
) -> Result<(File, Option<Damage>), Option<&'static str>> {
    let path = object.filename.trim_start_matches('/');
    let own = path.rsplit('/').next().unwrap_or(path);
    if matches!(own, "." | "..") || object.name_type == "V" {
        return Err(None);
    }
    if path.is_empty() {
        return Err(Some("it lists a file without a name"));
    }
    let too_long = "the paths that it lists are longer than is plausible";
    let path = room.join(&Name::default(), &Name::from(path)).ok_or(Some(too_long))?;
    let (kind, alloc) = (kind(&object), allocation(&object));
    let content = content(&object, kind);
    let is_lost = matches!(content, Content::Lost { len: 1.. }) && kind != FileKind::Directory;
    let damage = (is_lost && alloc == Allocation::LIVE).then(|| lost(&object, &path));
    let found_by = if alloc.inode { FoundBy::DirectoryEntry } else { FoundBy::Record };
    let file = File {
        path,
        stream: None,
        kind,
        alloc,
        // Whether others use the blocks again is not said.
        deleted: (alloc != Allocation::LIVE)
            .then_some(Deleted { found_by, remains: Remains::Unknown }),
        inode: object.inode,
        generation,
        parent_inode: object.parent_inode,
        attributes: object.mode,
        link_count: u16::try_from(object.nlink).unwrap_or(u16::MAX),
        owner_id: object.uid,
        times: object.times,
        content,
        target: object.link_target.as_deref().map(Name::from),
    };
    Ok((file, damage))
}

fn lost(object: &FileObject, path: &Name) -> Damage {
    Damage {
        inode: Some(object.inode),
        path: Some(path.clone()),
        error: "where its content lies is not told by fiwalk, as that is packed or damaged".into(),
        skipped: "its content",
        hidden: Hidden::Nothing,
    }
}

// Source: The Sleuth Kit, tsk_fs.h, TSK_FS_META_TYPE_ENUM.
fn kind(object: &FileObject) -> FileKind {
    match (object.meta_type, object.name_type.as_str()) {
        (1, _) | (0, "r") => FileKind::Regular,
        (2, _) | (0, "d") => FileKind::Directory,
        (6, _) | (0, "l") => FileKind::Link,
        _ => FileKind::Other,
    }
}

fn allocation(object: &FileObject) -> Allocation {
    let both = object.alloc.unwrap_or(false);
    Allocation {
        name: object.alloc_name.unwrap_or(both),
        inode: object.alloc_inode.unwrap_or(both),
    }
}

/// The content, as far as it is where the runs say.
fn content(object: &FileObject, kind: FileKind) -> Content {
    let len = object.filesize;
    let is_empty_file = len == 0 && matches!(kind, FileKind::Regular | FileKind::Link);
    match runs(object) {
        _ if kind == FileKind::Link && is_in_metadata(object) => {
            let bytes = object.link_target.clone().unwrap_or_default().into_bytes();
            Content::Inline { bytes, fs_offset: None }
        }
        Some(runs) if !runs.is_empty() || is_empty_file => Content::Extents(Extents {
            runs,
            cluster_size: 1,
            data_size: len,
            initialized_size: len,
            unit_clusters: 0,
        }),
        _ => Content::Lost { len },
    }
}

/// Whether a link's target is not in blocks: fiwalk says that it is zeros, and where it leads to.
// Observed: fiwalk 4.11.1 on UFS1.
fn is_in_metadata(object: &FileObject) -> bool {
    let len = object.link_target.as_ref().map(|target| target.len() as u64);
    len == Some(object.filesize) && object.runs.iter().all(|run| run.img_offset.is_none())
}

/// The runs in bytes; `None` where they do not tell all of the content.
fn runs(object: &FileObject) -> Option<Vec<Run>> {
    let mut end = 0;
    let mut runs = Vec::with_capacity(object.runs.len());
    for run in &object.runs {
        let made = self::run(run).filter(|made| made.vcn == end)?;
        end = end.checked_add(made.clusters)?;
        runs.push(made);
    }
    (end >= object.filesize && !object.compressed).then_some(runs)
}

fn run(run: &reader::Run) -> Option<Run> {
    let len = run.len.filter(|len| *len > 0)?;
    let lcn = match (run.img_offset, run.is_hole) {
        (None, true) => None,
        (Some(at), _) if !run.is_other => Some(at.checked_sub(START)?),
        _ => return None,
    };
    Some(Run { vcn: run.file_offset, lcn, clusters: len })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(runs: &[(u64, Option<u64>, u64)]) -> FileObject {
        let run = |&(file_offset, img_offset, len)| reader::Run {
            file_offset,
            img_offset,
            len: Some(len),
            is_hole: img_offset.is_none(),
            is_other: false,
        };
        FileObject {
            filename: "folder/file".to_owned(),
            name_type: "r".to_owned(),
            filesize: 10,
            alloc: Some(true),
            runs: runs.iter().map(run).collect(),
            ..FileObject::default()
        }
    }

    fn of(object: FileObject) -> Result<(File, Option<Damage>), Option<&'static str>> {
        super::of(object, 1, &mut Room::new(0))
    }

    #[test]
    fn a_content_is_where_the_runs_say_or_lost() {
        let file = |runs: &[_]| of(object(runs)).unwrap();
        let (whole, damage) = file(&[(0, Some(START + 7), 4), (4, None, 6)]);
        let Content::Extents(extents) = whole.content else { panic!("{:?}", whole.content) };
        let runs: Vec<_> = extents.runs.iter().map(|it| (it.vcn, it.lcn, it.clusters)).collect();
        assert_eq!(runs, [(0, Some(7), 4), (4, None, 6)]);
        assert!(damage.is_none());
        for bad in [
            &[][..],
            &[(0, Some(START), 9)],
            &[(0, Some(START - 1), 10)],
            &[(1, Some(START), 10)],
            &[(0, Some(START), 4), (5, Some(START), 6)],
            &[(0, Some(START), u64::MAX), (u64::MAX, Some(START), 1)],
            &[(0, Some(START), 0), (0, Some(START), 10)],
        ] {
            let (lost, damage) = file(bad);
            assert!(matches!(lost.content, Content::Lost { len: 10 }), "{bad:?}");
            assert!(damage.is_some());
        }
        let mut packed = object(&[(0, Some(START), 10)]);
        packed.runs[0].is_other = true;
        assert!(of(packed).unwrap().1.is_some());
        let packed = FileObject { compressed: true, ..object(&[(0, Some(START), 10)]) };
        assert!(of(packed).unwrap().1.is_some());
    }

    #[test]
    fn a_deleted_file_has_no_damage_and_what_is_left_of_it_is_not_known() {
        let (file, damage) = of(FileObject { alloc: Some(false), ..object(&[]) }).unwrap();
        assert_eq!((file.alloc, damage.is_none()), (Allocation::DELETED, true));
        assert_eq!(
            file.deleted.map(|it| (it.found_by, it.remains)),
            Some((FoundBy::Record, Remains::Unknown))
        );
        let (file, _) = of(FileObject { alloc_name: Some(false), ..object(&[]) }).unwrap();
        assert_eq!(file.deleted.map(|it| it.found_by), Some(FoundBy::DirectoryEntry));
    }

    #[test]
    fn what_is_no_file_is_none() {
        let named = |name: &str| of(FileObject { filename: name.to_owned(), ..object(&[]) });
        for name in [".", "..", "a/.", "a/b/.."] {
            assert!(matches!(named(name), Err(None)), "{name}");
        }
        assert!(matches!(named("/"), Err(Some(_))));
        assert!(matches!(named(&"x".repeat(100_000)), Err(Some(_))));
        assert_eq!(named("/a/..b").unwrap().0.path, "a/..b".into());
    }
}

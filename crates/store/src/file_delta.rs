use std::sync::Arc;

use diskprint::{
    Allocation, ByteRuns, Digests, FileChanges, FileEntry, FileKind, FileSecurity, Times,
};

use crate::column::{self, Bad, Columns, Value};
use crate::delta_table::{DeltaTable, Stored};

/// Byte runs are not kept: DFXML has them.
impl Stored<FileChanges> for FileEntry {
    const TABLE: DeltaTable = DeltaTable {
        name: "diskprint_file_delta",
        flags: &["renamed", "changed", "modified"],
        side: &[
            "partition",
            "path",
            "stream",
            "kind",
            "alloc_name",
            "alloc_inode",
            "inode",
            "seq",
            "parent_inode",
            "size",
            "attributes",
            "link_count",
            "owner_id",
            "mtime",
            "atime",
            "ctime",
            "crtime",
            "name_mtime",
            "name_atime",
            "name_ctime",
            "name_crtime",
            "link_target",
            "md5",
            "sha1",
            "sha256",
            "owner",
            "group",
            "security_sha1",
        ],
        names: &["path", "stream", "link_target"],
    };

    fn flags(changes: &FileChanges) -> Vec<bool> {
        vec![changes.renamed, changes.changed, changes.modified]
    }

    fn changes(flags: &[bool]) -> Option<FileChanges> {
        let &[renamed, changed, modified] = flags else { return None };
        Some(FileChanges { renamed, changed, modified })
    }

    fn values(&self) -> Vec<Value> {
        let digests = self.digests.as_ref();
        let mut values = vec![
            self.partition.into(),
            (&self.path).into(),
            self.stream.as_ref().into(),
            self.kind.letter().into(),
            self.alloc.name.into(),
            self.alloc.inode.into(),
            column::unsigned(self.inode),
            self.seq.into(),
            column::unsigned(self.parent_inode),
            column::unsigned(self.size),
            self.attributes.into(),
            self.link_count.into(),
            self.owner_id.into(),
        ];
        values.extend(times(Some(&self.times)));
        values.extend(times(self.name_times.as_ref()));
        values.extend([
            self.target.as_ref().into(),
            column::digest(digests.map(|digests| &digests.md5[..])),
            column::digest(digests.map(|digests| &digests.sha1[..])),
            column::digest(digests.map(|digests| &digests.sha256[..])),
        ]);
        let security = self.security.as_deref();
        values.extend([
            security.and_then(|it| it.owner.as_deref()).into(),
            security.and_then(|it| it.group.as_deref()).into(),
            column::digest(security.map(|it| &it.sha1[..])),
        ]);
        values
    }

    fn read(mut columns: Columns) -> Result<Self, Bad> {
        let mut file = Self {
            partition: columns.next()?,
            path: columns.next()?,
            stream: columns.next()?,
            kind: kind(&columns.next::<String>()?)?,
            alloc: Allocation { name: columns.next()?, inode: columns.next()? },
            // Deltas are of files in use.
            deleted: None,
            inode: columns.unsigned()?,
            seq: columns.next()?,
            parent_inode: columns.unsigned()?,
            size: columns.unsigned()?,
            attributes: columns.next()?,
            link_count: columns.next()?,
            owner_id: columns.next()?,
            security: None,
            times: read_times(&mut columns)?.ok_or(Bad("a file without times"))?,
            name_times: read_times(&mut columns)?,
            runs: ByteRuns::default(),
            target: columns.next()?,
            digests: read_digests(&mut columns)?,
        };
        file.security = read_security(&mut columns)?;
        Ok(file)
    }
}

fn kind(letter: &str) -> Result<FileKind, Bad> {
    [FileKind::Regular, FileKind::Directory, FileKind::Link, FileKind::Other]
        .into_iter()
        .find(|kind| kind.letter() == letter)
        .ok_or(Bad("no kind of file"))
}

fn times(times: Option<&Times>) -> [Value; 4] {
    match times {
        None => [Value::Null, Value::Null, Value::Null, Value::Null],
        Some(Times { mtime, atime, ctime, crtime }) => {
            [*mtime, *atime, *ctime, *crtime].map(column::time)
        }
    }
}

fn read_times(columns: &mut Columns) -> Result<Option<Times>, Bad> {
    let mut next = || columns.next::<Option<i64>>();
    let times = (next()?, next()?, next()?, next()?);
    let (Some(mtime), Some(atime), Some(ctime), Some(crtime)) = times else { return Ok(None) };
    let [mtime, atime, ctime, crtime] =
        [mtime, atime, ctime, crtime].map(|time| diskprint_formats::Filetime(time.cast_unsigned()));
    Ok(Some(Times { mtime, atime, ctime, crtime }))
}

fn read_security(columns: &mut Columns) -> Result<Option<Arc<FileSecurity>>, Bad> {
    let mut sid = || columns.next::<Option<String>>().map(|sid| sid.map(String::into_boxed_str));
    let (owner, group) = (sid()?, sid()?);
    Ok(columns.digest()?.map(|sha1| Arc::new(FileSecurity { owner, group, sha1 })))
}

fn read_digests(columns: &mut Columns) -> Result<Option<Digests>, Bad> {
    let all = (columns.digest()?, columns.digest()?, columns.digest()?);
    let (Some(md5), Some(sha1), Some(sha256)) = all else { return Ok(None) };
    Ok(Some(Digests { md5, sha1, sha256 }))
}

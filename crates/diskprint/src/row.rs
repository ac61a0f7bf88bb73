//! What a row says: the names of its fields and their values, before any form of writing.

use std::borrow::Cow;

use diskprint_formats::regf::ValueType;
use diskprint_formats::{Filetime, Name};

use crate::artefact::Artefact;
use crate::{
    Cell, CellDelta, CellKind, Delta, Digests, FileDelta, FileEntry, FileKind, FileSecurity, Hex,
    InterimChange, KeyCell, RecoveredCell, ValueCell,
};

/// The slice that a row belongs to: the later one of the two compared.
#[derive(Clone, Copy, Debug)]
pub struct SliceName<'a> {
    /// Operating system; `None` outside a sequence.
    pub osetid: Option<&'a str>,
    /// Application; `None` outside a sequence.
    pub appetid: Option<&'a str>,
    /// The slice's own id; written as a number where it is one.
    pub sliceid: &'a str,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Field<'a> {
    /// Nothing is there, or known.
    Null,
    /// Text of ours, digits, or what data were decoded to.
    Text(Cow<'a, str>),
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(i128),
    /// Words of ours.
    Words(Vec<&'static str>),
    /// A name from evidence.
    Name(Cow<'a, Name>),
    /// The parts of a key's path.
    Names(&'a [Name]),
}

/// The fields of a file's row, in order.
pub const FILE: [&str; 52] = [
    "type",
    "osetid",
    "appetid",
    "sliceid",
    "partition",
    "action",
    "changes",
    "path",
    "path_before",
    "stream",
    "file_type",
    "alloc",
    "inode",
    "seq",
    "size_before",
    "size_after",
    "md5_before",
    "md5_after",
    "sha1_before",
    "sha1_after",
    "sha256_before",
    "sha256_after",
    "mtime_before",
    "mtime_after",
    "atime_before",
    "atime_after",
    "ctime_before",
    "ctime_after",
    "crtime_before",
    "crtime_after",
    "attributes_before",
    "attributes_after",
    "link_target_before",
    "link_target_after",
    "partition_before",
    "file_type_before",
    "stream_before",
    "inode_before",
    "seq_before",
    "alloc_name_before",
    "alloc_name_after",
    "alloc_inode_before",
    "alloc_inode_after",
    "link_count_before",
    "link_count_after",
    "owner_id",
    "owner_before",
    "owner_after",
    "group_before",
    "group_after",
    "security_sha1_before",
    "security_sha1_after",
];

/// The fields of a key's or value's row, in order.
pub const CELL: [&str; 50] = [
    "type",
    "osetid",
    "appetid",
    "sliceid",
    "partition",
    "hive",
    "action",
    "changes",
    "kind",
    "alloc",
    "key",
    "value",
    "cellpath",
    "value_type_before",
    "value_type_after",
    "sha1_before",
    "sha1_after",
    "data_before",
    "data_after",
    "mtime_before",
    "mtime_after",
    "size_before",
    "size_after",
    "class_before",
    "class_after",
    "value_type_name_before",
    "value_type_name_after",
    "parent_mtime_before",
    "parent_mtime_after",
    "partition_before",
    "hive_before",
    "cellpath_before",
    "rendered_sha1_before",
    "rendered_sha1_after",
    "registry_path",
    "artefact",
    "artefact_name",
    "artefact_detail_before",
    "artefact_detail_after",
    "owner_before",
    "owner_after",
    "security_sha1_before",
    "security_sha1_after",
    "flags_before",
    "flags_after",
    "path_whole",
    "data_lost",
    "file_offset",
    "place",
    "confidence",
];

/// The fields of the row of what happened between two slices, in order.
pub const INTERIM: [&str; 15] = [
    "type",
    "osetid",
    "appetid",
    "sliceid",
    "partition",
    "action",
    "path",
    "path_before",
    "inode",
    "seq",
    "journal",
    "journal_number",
    "journal_time",
    "journal_reason",
    "attributes",
];

/// The row of a file's difference: the values of [`FILE`].
pub fn file<'a>(slice: &SliceName<'a>, delta: &'a FileDelta) -> [Field<'a>; FILE.len()] {
    let latest = delta.latest();
    let old = match delta {
        Delta::Altered { before, .. } => Some(before),
        _ => None,
    };
    let both = |field: fn(&'a FileEntry) -> Field<'a>| pair(delta, field);
    let [osetid, appetid, sliceid] = identity(slice);
    let [size, new_size] = both(|file| content(file, |file| number(file.size)));
    let [md5, new_md5] = both(|file| digest(file, |digests| &digests.md5));
    let [sha1, new_sha1] = both(|file| digest(file, |digests| &digests.sha1));
    let [sha256, new_sha256] = both(|file| digest(file, |digests| &digests.sha256));
    let [mtime, new_mtime] = both(|file| time(file.times.mtime));
    let [atime, new_atime] = both(|file| time(file.times.atime));
    let [ctime, new_ctime] = both(|file| time(file.times.ctime));
    let [crtime, new_crtime] = both(|file| time(file.times.crtime));
    let [attributes, new_attributes] = both(|file| number(file.attributes));
    let [target, new_target] = both(|file| optional(file.target.as_ref()));
    let [alloc_name, new_alloc_name] = both(|file| Field::Flag(file.alloc.name));
    let [alloc_inode, new_alloc_inode] = both(|file| Field::Flag(file.alloc.inode));
    let [links, new_links] = both(|file| number(file.link_count));
    let sid = |sid: &'a Option<Box<str>>| sid.as_deref().map_or(Field::Null, word);
    let secured = |field: &dyn Fn(&'a FileSecurity) -> Field<'a>| {
        let of = |file: &'a FileEntry| file.security.as_deref().map_or(Field::Null, field);
        [delta.before().map_or(Field::Null, of), delta.after().map_or(Field::Null, of)]
    };
    let [owner, new_owner] = secured(&|it| sid(&it.owner));
    let [group, new_group] = secured(&|it| sid(&it.group));
    let [security, new_security] = secured(&|it| hex(&it.sha1));
    [
        word("file"),
        osetid,
        appetid,
        sliceid,
        number(latest.partition),
        word(delta.action()),
        Field::Words(delta.changes().map(|changes| changes.names()).unwrap_or_default()),
        name(&latest.path),
        when(old, |old| old.path != latest.path, |old| name(&old.path)),
        optional(latest.stream.as_ref()),
        word(latest.kind.letter()),
        Field::Flag(latest.is_live()),
        number(latest.inode),
        number(latest.seq),
        size,
        new_size,
        md5,
        new_md5,
        sha1,
        new_sha1,
        sha256,
        new_sha256,
        mtime,
        new_mtime,
        atime,
        new_atime,
        ctime,
        new_ctime,
        crtime,
        new_crtime,
        attributes,
        new_attributes,
        target,
        new_target,
        when(old, |old| old.partition != latest.partition, |old| number(old.partition)),
        when(old, |old| old.kind != latest.kind, |old| word(old.kind.letter())),
        when(old, |old| old.stream != latest.stream, |old| optional(old.stream.as_ref())),
        when(old, |_| true, |old| number(old.inode)),
        when(old, |_| true, |old| number(old.seq)),
        alloc_name,
        new_alloc_name,
        alloc_inode,
        new_alloc_inode,
        links,
        new_links,
        number(latest.owner_id),
        owner,
        new_owner,
        group,
        new_group,
        security,
        new_security,
    ]
}

/// The row of a key's or value's difference: the values of [`CELL`].
pub fn cell<'a>(slice: &SliceName<'a>, delta: &'a CellDelta) -> [Field<'a>; CELL.len()] {
    cell_row(
        slice,
        &CellRow {
            action: delta.action(),
            changes: delta.changes().map(|changes| changes.names()).unwrap_or_default(),
            before: delta.before(),
            after: delta.after(),
            found: None,
        },
    )
}

/// The row of a key or value that no list leads to: the values of [`CELL`]. What it was is in the
/// fields of before.
pub fn recovered<'a>(slice: &SliceName<'a>, found: &'a RecoveredCell) -> [Field<'a>; CELL.len()] {
    cell_row(
        slice,
        &CellRow {
            action: "recovered",
            changes: Vec::new(),
            before: Some(&found.cell),
            after: None,
            found: Some(found),
        },
    )
}

/// What the row of a cell is made of; one of its sides is there.
struct CellRow<'a> {
    action: &'static str,
    changes: Vec<&'static str>,
    before: Option<&'a Cell>,
    after: Option<&'a Cell>,
    found: Option<&'a RecoveredCell>,
}

fn cell_row<'a>(slice: &SliceName<'a>, row: &CellRow<'a>) -> [Field<'a>; CELL.len()] {
    let &CellRow { action, ref changes, before, after, found } = row;
    let old = before.filter(|_| after.is_some());
    let latest =
        |field: &dyn Fn(&'a Cell) -> Field<'a>| after.or(before).map_or(Field::Null, field);
    let both = |field: &dyn Fn(&'a Cell) -> Field<'a>| {
        [before.map_or(Field::Null, field), after.map_or(Field::Null, field)]
    };
    let is_lost = found.is_some_and(|found| found.is_data_lost);
    let data = |field: fn(&'a ValueCell) -> Field<'a>| {
        both(&|cell| if is_lost { Field::Null } else { value(cell, field) })
    };
    let of_found = |field: fn(&'a RecoveredCell) -> Field<'a>| found.map_or(Field::Null, field);
    let differs = |differs: fn(&Cell, &Cell) -> bool| {
        old.zip(after).is_some_and(|(old, after)| differs(old, after))
    };
    let [osetid, appetid, sliceid] = identity(slice);
    let [kind, new_kind] = both(&|cell| value(cell, |value| number(value.value_type)));
    let [kind_name, new_kind_name] = both(&|cell| {
        value(cell, |value| value_type_name(value.value_type).map_or(Field::Null, word))
    });
    let [sha1, new_sha1] = data(|value| hex(&value.sha1));
    let [rendered, new_rendered] =
        data(|value| value.rendered_sha1.as_ref().map_or(Field::Null, |sha1| hex(sha1)));
    let [content, new_content] =
        data(|value| value.data.as_ref().map_or(Field::Null, |data| hex(data)));
    let [size, new_size] = data(|value| number(value.size));
    let [mtime, new_mtime] = both(&|cell| cell.mtime().map_or(Field::Null, time));
    let [parent_mtime, new_parent_mtime] = both(&|cell| time(cell.parent_mtime));
    let [class, new_class] = both(&|cell| key(cell, |key| optional(key.class.as_ref())));
    let [owner, new_owner] =
        both(&|cell| key(cell, |key| key.owner.as_deref().map_or(Field::Null, word)));
    let [security, new_security] = both(&|cell| {
        key(cell, |key| key.security_sha1.as_ref().map_or(Field::Null, |sha1| hex(sha1)))
    });
    let [flags, new_flags] = both(&flags);
    let [detail, new_detail] =
        both(&|cell| artefact(cell, |it| it.detail.as_deref().map_or(Field::Null, word)));
    [
        word(if found.is_some() { "recovered" } else { "cell" }),
        osetid,
        appetid,
        sliceid,
        latest(&|cell| number(cell.partition)),
        latest(&|cell| name(&cell.hive)),
        word(action),
        Field::Words(changes.clone()),
        latest(&|cell| word(if cell.value().is_some() { "value" } else { "key" })),
        Field::Flag(found.is_none()),
        latest(&|cell| Field::Names(&cell.key)),
        latest(&|cell| value(cell, |value| name(&value.name))),
        found.map_or_else(|| latest(&cellpath), |it| Field::Name(Cow::Owned(it.cellpath()))),
        kind,
        new_kind,
        sha1,
        new_sha1,
        content,
        new_content,
        mtime,
        new_mtime,
        size,
        new_size,
        class,
        new_class,
        kind_name,
        new_kind_name,
        parent_mtime,
        new_parent_mtime,
        when(old, |_| differs(|a, b| a.partition != b.partition), |old| number(old.partition)),
        when(old, |_| differs(|a, b| a.hive != b.hive), |old| name(&old.hive)),
        when(old, |_| differs(|a, b| a.cellpath() != b.cellpath()), cellpath),
        rendered,
        new_rendered,
        latest(&|cell| optional(cell.registry_path.as_ref())),
        latest(&|cell| artefact(cell, |it| word(&it.kind))),
        latest(&|cell| artefact(cell, |it| word(&it.what))),
        detail,
        new_detail,
        owner,
        new_owner,
        security,
        new_security,
        flags,
        new_flags,
        of_found(|found| Field::Flag(found.is_path_whole)),
        of_found(|found| Field::Flag(found.is_data_lost)),
        of_found(|found| number(found.offset)),
        of_found(|found| word(found.place.name())),
        of_found(|found| word(found.confidence.name())),
    ]
}

/// The row of what happened to a file between two slices: the values of [`INTERIM`].
pub fn interim<'a>(slice: &SliceName<'a>, change: &'a InterimChange) -> [Field<'a>; INTERIM.len()] {
    let [osetid, appetid, sliceid] = identity(slice);
    [
        word("interim"),
        osetid,
        appetid,
        sliceid,
        number(change.partition),
        word(change.action.name()),
        name(&change.path),
        optional(change.path_before.as_ref()),
        number(change.file.record),
        number(change.file.sequence),
        word(change.journal.name()),
        number(change.number),
        time(change.time),
        number(change.reason),
        number(change.attributes),
    ]
}

fn identity<'a>(slice: &SliceName<'a>) -> [Field<'a>; 3] {
    let text = |text: Option<&'a str>| text.map_or(Field::Null, word);
    // Only what reads the same again is a number: `007` stays text.
    let sliceid = match slice.sliceid.parse::<i64>() {
        Ok(number) if number.to_string() == slice.sliceid => Field::Number(number.into()),
        _ => word(slice.sliceid),
    };
    [text(slice.osetid), text(slice.appetid), sliceid]
}

/// A field of the item before and of the item after; null where there is none.
fn pair<'a, T, C>(delta: &'a Delta<T, C>, field: fn(&'a T) -> Field<'a>) -> [Field<'a>; 2] {
    [delta.before().map_or(Field::Null, field), delta.after().map_or(Field::Null, field)]
}

/// A field of an altered item as it was, where `said` wants it; otherwise null.
fn when<'a, T>(
    old: Option<&'a T>,
    said: impl Fn(&T) -> bool,
    field: impl Fn(&'a T) -> Field<'a>,
) -> Field<'a> {
    old.filter(|old| said(old)).map_or(Field::Null, field)
}

/// A field about content: directories and links have none, their streams have.
fn content<'a>(file: &'a FileEntry, field: impl Fn(&'a FileEntry) -> Field<'a>) -> Field<'a> {
    match (file.kind, &file.stream) {
        (FileKind::Directory | FileKind::Link, None) => Field::Null,
        _ => field(file),
    }
}

fn digest<'a>(file: &'a FileEntry, pick: fn(&Digests) -> &[u8]) -> Field<'a> {
    content(file, |file| file.digests.as_ref().map_or(Field::Null, |digests| hex(pick(digests))))
}

fn value<'a>(cell: &'a Cell, field: impl Fn(&'a ValueCell) -> Field<'a>) -> Field<'a> {
    cell.value().map_or(Field::Null, field)
}

fn key<'a>(cell: &'a Cell, field: impl Fn(&'a KeyCell) -> Field<'a>) -> Field<'a> {
    match &cell.kind {
        CellKind::Key(key) => field(key),
        CellKind::Value(_) => Field::Null,
    }
}

fn artefact<'a>(cell: &'a Cell, field: impl Fn(&'a Artefact) -> Field<'a>) -> Field<'a> {
    cell.artefact.as_ref().map_or(Field::Null, field)
}

fn flags(cell: &Cell) -> Field<'_> {
    match &cell.kind {
        CellKind::Key(key) => number(key.flags),
        CellKind::Value(value) => number(value.flags),
    }
}

fn cellpath(cell: &Cell) -> Field<'_> {
    Field::Name(Cow::Owned(cell.cellpath()))
}

fn word(word: &str) -> Field<'_> {
    Field::Text(Cow::Borrowed(word))
}

fn number<'a>(number: impl Into<i128>) -> Field<'a> {
    Field::Number(number.into())
}

fn hex<'a>(bytes: &[u8]) -> Field<'a> {
    Field::Text(Hex(bytes).to_string().into())
}

fn time<'a>(time: Filetime) -> Field<'a> {
    if time.is_unset() { Field::Null } else { Field::Text(time.to_string().into()) }
}

fn name(name: &Name) -> Field<'_> {
    Field::Name(Cow::Borrowed(name))
}

fn optional(name: Option<&Name>) -> Field<'_> {
    name.map_or(Field::Null, |name| Field::Name(Cow::Borrowed(name)))
}

/// The name that Windows gives a value type; `None` when it gives none.
fn value_type_name(number: u32) -> Option<&'static str> {
    ValueType::from_number(number).map(ValueType::constant)
}

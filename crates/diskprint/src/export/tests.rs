use std::sync::Arc;

use crate::{
    Allocation, ByteRuns, Cell, CellChanges, CellKind, Delta, Digests, FileChanges, FileEntry,
    FileKind, KeyCell, Times, ValueCell,
};
use diskprint_formats::Filetime;

use super::*;

const SLICE: SliceName<'_> =
    SliceName { osetid: Some("8504-1"), appetid: Some("7895-1"), sliceid: "20" };

fn file(path: &str) -> FileEntry {
    let mtime = Filetime(130_123_908_450_000_001);
    FileEntry {
        partition: 1,
        path: path.into(),
        stream: None,
        kind: FileKind::Regular,
        alloc: Allocation::LIVE,
        deleted: None,
        inode: 128,
        seq: 2,
        parent_inode: 5,
        size: u64::MAX,
        attributes: 32,
        link_count: 1,
        owner_id: 0,
        security: None,
        times: Times { mtime, ..Times::default() },
        name_times: None,
        runs: ByteRuns::default(),
        target: None,
        digests: Some(Digests::of(b"")),
    }
}

fn cell(key: &[Name], kind: CellKind) -> Cell {
    let (hive, root) = ("h/SOFTWARE".into(), "ROOT".into());
    Cell {
        partition: 1,
        hive,
        root,
        key: key.into(),
        parent_mtime: Filetime(0),
        kind,
        registry_path: None,
        artefact: None,
    }
}

fn value(name: &str, data: Option<&[u8]>) -> CellKind {
    CellKind::Value(ValueCell {
        name: name.into(),
        value_type: 1,
        flags: 1,
        size: data.map_or(70_000, |data| data.len() as u64),
        data: data.map(Arc::from),
        sha1: Digests::of(b"").sha1,
        rendered_sha1: None,
    })
}

fn export(format: Format, write: impl FnOnce(&mut Writer<&mut Vec<u8>>)) -> String {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(format, &mut bytes).unwrap();
    write(&mut writer);
    writer.finish().unwrap();
    String::from_utf8(bytes).unwrap()
}

fn file_line(slice: &SliceName<'_>, delta: &FileDelta) -> String {
    export(Format::Jsonl, |writer| writer.file(slice, delta).unwrap())
}

fn cell_line(delta: &CellDelta) -> String {
    export(Format::Jsonl, |writer| writer.cell(&SLICE, delta).unwrap())
}

#[test]
fn a_file_s_line_has_these_fields_in_this_order() {
    let changes = FileChanges { renamed: true, modified: true, ..FileChanges::default() };
    let after = FileEntry { inode: 130, digests: None, size: 0, ..file("a/new \"name\"") };
    let delta = Delta::Altered { before: file("a/old"), after, changes };
    assert_eq!(
        file_line(&SLICE, &delta),
        concat!(
            r#"{"type":"file","osetid":"8504-1","appetid":"7895-1","sliceid":20,"partition":1,"#,
            r#""action":"altered","changes":["renamed","modified"],"#,
            r#""path":"a/new \"name\"","path_before":"a/old","stream":null,"file_type":"r","#,
            r#""alloc":true,"inode":130,"seq":2,"#,
            r#""size_before":18446744073709551615,"size_after":0,"#,
            r#""md5_before":"d41d8cd98f00b204e9800998ecf8427e","md5_after":null,"#,
            r#""sha1_before":"da39a3ee5e6b4b0d3255bfef95601890afd80709","sha1_after":null,"#,
            r#""sha256_before":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","#,
            r#""sha256_after":null,"#,
            r#""mtime_before":"2013-05-07T09:00:45.0000001Z","#,
            r#""mtime_after":"2013-05-07T09:00:45.0000001Z","#,
            r#""atime_before":null,"atime_after":null,"ctime_before":null,"ctime_after":null,"#,
            r#""crtime_before":null,"crtime_after":null,"#,
            r#""attributes_before":32,"attributes_after":32,"#,
            r#""link_target_before":null,"link_target_after":null,"partition_before":null,"#,
            r#""file_type_before":null,"stream_before":null,"inode_before":128,"seq_before":2,"#,
            r#""alloc_name_before":true,"alloc_name_after":true,"#,
            r#""alloc_inode_before":true,"alloc_inode_after":true,"#,
            r#""link_count_before":1,"link_count_after":1,"owner_id":0,"#,
            r#""owner_before":null,"owner_after":null,"group_before":null,"group_after":null,"#,
            r#""security_sha1_before":null,"security_sha1_after":null}"#,
            "\n"
        )
    );
}

#[test]
fn a_value_s_line_has_these_fields_in_this_order() {
    let key = ["Microsoft".into(), Name::from_utf16([0x41, 0xD800, 0x0A])];
    let changes = CellChanges { data: true, ..CellChanges::default() };
    let delta = Delta::Altered {
        before: cell(&key, value("", None)),
        after: cell(&key, value("", Some(&[0, 255]))),
        changes,
    };
    assert_eq!(
        cell_line(&delta),
        concat!(
            r#"{"type":"cell","osetid":"8504-1","appetid":"7895-1","sliceid":20,"partition":1,"#,
            r#""hive":"h/SOFTWARE","action":"altered","changes":["data"],"kind":"value","#,
            r#""alloc":true,"key":["Microsoft","A\ud800\n"],"value":"","#,
            r#""cellpath":"\\ROOT\\Microsoft\\A\ud800\n\\Default","#,
            r#""value_type_before":1,"value_type_after":1,"#,
            r#""sha1_before":"da39a3ee5e6b4b0d3255bfef95601890afd80709","#,
            r#""sha1_after":"da39a3ee5e6b4b0d3255bfef95601890afd80709","#,
            r#""data_before":null,"data_after":"00ff","mtime_before":null,"mtime_after":null,"#,
            r#""size_before":70000,"size_after":2,"class_before":null,"class_after":null,"#,
            r#""value_type_name_before":"REG_SZ","value_type_name_after":"REG_SZ","#,
            r#""parent_mtime_before":null,"parent_mtime_after":null,"#,
            r#""partition_before":null,"hive_before":null,"cellpath_before":null,"#,
            r#""rendered_sha1_before":null,"rendered_sha1_after":null,"registry_path":null,"#,
            r#""artefact":null,"artefact_name":null,"#,
            r#""artefact_detail_before":null,"artefact_detail_after":null,"#,
            r#""owner_before":null,"owner_after":null,"#,
            r#""security_sha1_before":null,"security_sha1_after":null,"#,
            r#""flags_before":1,"flags_after":1,"path_whole":null,"data_lost":null,"#,
            r#""file_offset":null,"place":null,"confidence":null}"#,
            "\n"
        )
    );
}

#[test]
fn what_is_not_there_is_null() {
    let key = CellKind::Key(KeyCell { mtime: Filetime(10_000_000), ..KeyCell::default() });
    let line = cell_line(&Delta::New(cell(&[], key)));
    let row: serde_json::Value = serde_json::from_str(&line).unwrap();
    let null = serde_json::Value::Null;
    assert_eq!((&row["value"], &row["sha1_after"], &row["mtime_before"]), (&null, &null, &null));
    assert_eq!(row["mtime_after"], "1601-01-01T00:00:01.0000000Z");
    assert_eq!((&row["key"], &row["changes"]), (&serde_json::json!([]), &serde_json::json!([])));

    let outside = SliceName { osetid: None, appetid: None, sliceid: "007" };
    let folder = FileEntry { kind: FileKind::Directory, ..file("d") };
    let line = file_line(&outside, &Delta::Deleted(folder.clone()));
    let row: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&row["osetid"], &row["sliceid"]), (&null, &"007".into()));
    assert_eq!((&row["size_before"], &row["md5_before"]), (&null, &null));
    assert_eq!((&row["path_before"], &row["inode_before"]), (&null, &null));
    let stream = FileEntry { stream: Some("s".into()), ..folder };
    let line = file_line(&outside, &Delta::New(stream));
    let row: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(row["size_after"], u64::MAX, "a stream of a directory has content");
}

#[test]
fn csv_has_one_header_for_all_rows() {
    let key = ["a\\b".into(), "".into(), Name::from_utf16([0x25, 0x0A, 0xD800])];
    let changes = CellChanges { data: true, kind: true, ..CellChanges::default() };
    let text = export(Format::Csv, |writer| {
        writer.file(&SLICE, &Delta::New(file("50% \\, \"x\"\u{7f}"))).unwrap();
        let (before, after) = (cell(&key, value("v", None)), cell(&key, value("v", None)));
        writer.cell(&SLICE, &Delta::Altered { before, after, changes }).unwrap();
        writer.cell(&SLICE, &Delta::New(cell(&[], value("", None)))).unwrap();
    });
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let get = |row: usize, name: &str| {
        let column = header.iter().position(|column| column == name).unwrap();
        rows[row].get(column).unwrap().to_owned()
    };
    assert_eq!((rows.len(), header.len()), (3, csv_columns().count()));
    assert_eq!(get(0, "path"), "50%25 \\, \"x\"%7F");
    assert_eq!(get(0, "hive"), "");
    assert_eq!(get(1, "key"), "\\a%5Cb\\\\%25%0A%uD800");
    assert_eq!(get(1, "cellpath"), "\\ROOT\\a\\b\\\\%25%0A%uD800\\v");
    assert_eq!(get(1, "changes"), "data|type");
    assert_eq!((get(2, "key"), get(2, "kind")), (String::new(), "value".to_owned()));
}

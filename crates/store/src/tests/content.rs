//! What slices hold, in the original's tables and in a CSV file.

use std::fs;

use super::*;
use crate::{FileMetadata, FilesInUse, HiveCondition, RegistryFile, write_file_metadata};

/// 2013-05-07T09:00:45.0000019Z
const TIME: Filetime = Filetime(130_123_908_450_000_019);

fn metadata(path: &str, content: &[u8]) -> FileMetadata {
    let entry = FileEntry {
        stream: None,
        kind: FileKind::Regular,
        alloc: Allocation::LIVE,
        size: content.len() as u64,
        times: Times { mtime: TIME, ..Times::default() },
        digests: Some(Digests::of(content)),
        ..file(&path.into())
    };
    FileMetadata::of(&entry).unwrap()
}

pub(super) fn content() -> Content {
    let other_time = FileMetadata { mtime: Filetime(u64::MAX), ..metadata("a/b.txt", b"x") };
    let files = vec![
        metadata("a/b.txt", b"x"),
        metadata("a/c.tar.gz", b"x"),
        // The same path on another partition: one row where the content is the same, too.
        other_time,
        metadata("a/b.txt", b"yy"),
    ];
    let hive = |path: &str, sha1| RegistryFile { path: path.to_owned(), sha1: [sha1; 20] };
    let software = "Windows/System32/config/SOFTWARE";
    let hives = vec![hive(software, 1), hive("SAM", 2), hive(software, 1), hive(software, 3)];
    let conditions = nasty_names().into_iter().map(|name| HiveCondition {
        partition: u32::MAX,
        path: name.to_text().into_owned(),
        state: "dirty".to_owned(),
        hive_state: Some("recovered".to_owned()),
        grade: "repaired".to_owned(),
        sequence_number: Some(u32::MAX),
        logs: vec!["a line".to_owned(), "and another".to_owned()],
        keys: 1,
        values: 2,
        recovered: 3,
        faults: 4,
    });
    Content { files: FilesInUse::Here(files), hives, conditions: conditions.collect() }
}

fn with(content: Content) -> Found {
    Found { content, ..Found::default() }
}

const FILES: &str = "SELECT slicehash, path, filename, extension, bytes, keyhash FROM filemetadata
                     ORDER BY slicehash, path, bytes";

const X: &str = "11f6ad8ec52a2984abaafd7c3b516503785c2072";

#[test]
fn the_originals_tables_have_what_a_slice_holds() {
    for mut tested in stores() {
        save(tested.store(), &with(content()));
        let yy = diskprint::Hex(&Digests::of(b"yy").sha1).to_string();
        assert_eq!(
            tested.sql(FILES),
            [
                format!("bb|a/b.txt|b.txt|txt|1|{X}"),
                format!("bb|a/b.txt|b.txt|txt|2|{yy}"),
                format!("bb|a/c.tar.gz|c.tar.gz|gz|1|{X}"),
            ]
        );
        let time = match tested {
            Tested::Server(..) => "2013-05-07 09:00:45.000001",
            _ => "2013-05-07T09:00:45.0000019Z",
        };
        assert_eq!(tested.sql("SELECT DISTINCT mtime FROM filemetadata"), [time]);
        let unset = "SELECT count(*) FROM filemetadata WHERE ctime IS NULL";
        assert_eq!(tested.sql(unset), ["3"]);
        let digests = "SELECT md5.keyhash, md5.hashval, sha1.hashval FROM md5 JOIN sha1
                       ON md5.keyhash = sha1.keyhash WHERE md5.keyhash LIKE '11f6%'";
        let md5 = "9dd4e461268c8034f5c8564e155c67a6";
        assert_eq!(tested.sql(digests), [format!("{X}|{md5}|{X}")]);
        let registry = "SELECT slicehash, regfilepath, regfilename, substr(regfilehash, 1, 4)
                        FROM registry ORDER BY regfilehash";
        assert_eq!(
            tested.sql(registry),
            [
                "bb|Windows/System32/config/SOFTWARE|SOFTWARE|0101",
                "bb|SAM|SAM|0202",
                "bb|Windows/System32/config/SOFTWARE|SOFTWARE|0303",
            ]
        );
    }
}

#[test]
fn content_replaces_that_of_its_tarball_and_digests_stay() {
    for mut tested in stores() {
        save(tested.store(), &with(content()));
        tested.sql("INSERT INTO storage (location, slicehash) VALUES ('/other', 'other')");
        let columns = "(keyhash, slicehash, path, bytes)";
        tested.sql(&format!("INSERT INTO filemetadata {columns} VALUES ('k', 'other', 'p', 1)"));
        tested.sql("INSERT INTO registry (slicehash, regfilepath) VALUES ('other', 'p')");
        let files = FilesInUse::Here(vec![metadata("new", b"x"), metadata("new", b"zzz")]);
        let hives = vec![RegistryFile { path: "new".to_owned(), sha1: [4; 20] }];
        save(tested.store(), &with(Content { files, hives, ..Content::default() }));
        let rows = "SELECT slicehash, path, bytes FROM filemetadata ORDER BY 1, 2, 3";
        assert_eq!(tested.sql(rows), ["bb|new|1", "bb|new|3", "other|p|1"]);
        let rows = "SELECT slicehash, regfilepath FROM registry ORDER BY 1, 2";
        assert_eq!(tested.sql(rows), ["bb|new", "other|p"]);
        for table in ["md5", "sha1"] {
            let keys = format!("SELECT count(*), count(DISTINCT keyhash) FROM {table}");
            assert_eq!(tested.sql(&keys), ["3|3"], "{table}");
        }
        save(tested.store(), &Found::default());
        assert_eq!(tested.count("filemetadata"), 1);
        assert_eq!(tested.count("md5"), 3);
    }
}

#[test]
fn any_name_and_time_goes_in() {
    let live = |name: &Name| FileEntry { alloc: Allocation::LIVE, ..regular(name) };
    let files = nasty_names().into_iter().map(|name| FileMetadata::of(&live(&name)).unwrap());
    let files: Vec<FileMetadata> = files.collect();
    for mut tested in stores() {
        let content = Content { files: FilesInUse::Here(files.clone()), ..Content::default() };
        save(tested.store(), &with(content));
        assert_eq!(tested.count("filemetadata"), files.len());
        let (column, expected) = match tested {
            // In whole microseconds.
            Tested::Server(..) => {
                ("to_char(mtime, 'YYYY-MM-DD\"T\"HH24:MI:SS.US')", "60056-05-28T05:36:10.955161")
            }
            _ => ("mtime", "60056-05-28T05:36:10.9551615Z"),
        };
        let sql = format!("SELECT {column} FROM filemetadata WHERE path = '|:|'");
        assert_eq!(tested.sql(&sql), [expected]);
    }
}

fn regular(name: &Name) -> FileEntry {
    FileEntry { kind: FileKind::Regular, ..file(name) }
}

#[test]
fn what_a_file_is_called_and_which_files_are_in_use() {
    for (path, stream, shown, filename, extension) in [
        ("Users/a/b.txt", None, "Users/a/b.txt", "b.txt", "txt"),
        ("b", None, "b", "b", ""),
        ("x.d/b", None, "x.d/b", "b", ""),
        ("a/.profile", None, "a/.profile", ".profile", ""),
        ("a/.a.b", None, "a/.a.b", ".a.b", "b"),
        ("a/b.", None, "a/b.", "b.", ""),
        ("a/b.txt", Some("Zone.Identifier"), "a/b.txt:Zone.Identifier", "b.txt", "txt"),
        ("", Some("s.t"), ":s.t", "", ""),
        ("a\0b/c\0.x", None, "a\\u0000b/c\\u0000.x", "c\\u0000.x", "x"),
    ] {
        let stream = stream.map(Name::from);
        let entry = FileEntry { alloc: Allocation::LIVE, stream, ..regular(&path.into()) };
        let file = FileMetadata::of(&entry).unwrap();
        let texts = (&*file.path, &*file.filename, &*file.extension);
        assert_eq!(texts, (shown, filename, extension));
    }
    let live = FileEntry { alloc: Allocation::LIVE, ..regular(&"a".into()) };
    assert!(FileMetadata::of(&live).is_some());
    for kind in [FileKind::Directory, FileKind::Link, FileKind::Other] {
        assert_eq!(FileMetadata::of(&FileEntry { kind, ..live.clone() }), None);
    }
    assert_eq!(FileMetadata::of(&FileEntry { digests: None, ..live.clone() }), None);
    for (name, inode) in [(true, false), (false, true), (false, false)] {
        let alloc = Allocation { name, inode };
        assert_eq!(FileMetadata::of(&FileEntry { alloc, ..live.clone() }), None);
    }
}

#[test]
fn files_come_back_from_csv() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("filemetadata.csv");
    let live = |name: &Name| FileEntry { alloc: Allocation::LIVE, ..regular(name) };
    let mut entries: Vec<FileEntry> = nasty_names().iter().map(live).collect();
    entries[0].times.mtime = TIME;
    entries.push(regular(&"deleted".into()));
    let expected: Vec<FileMetadata> = entries.iter().filter_map(FileMetadata::of).collect();
    assert_eq!(expected.len(), entries.len() - 1);
    let mut csv = Vec::new();
    write_file_metadata(&mut csv, &entries).unwrap();
    fs::write(&path, &csv).unwrap();
    let in_file = FilesInUse::In(path.clone());
    assert!(in_file.iter().collect::<Result<Vec<_>, _>>().unwrap() == expected);

    let text = |entries: &[FileEntry]| {
        let mut csv = Vec::new();
        write_file_metadata(&mut csv, entries).unwrap();
        String::from_utf8(csv).unwrap()
    };
    let times = Times { mtime: TIME, ..Times::default() };
    let digests = Some(Digests::of(b"x"));
    let entry = FileEntry { stream: None, size: 1, times, digests, ..live(&"a/b,c.txt".into()) };
    let header = "path,filename,extension,bytes,mtime,ctime,md5,sha1\n";
    assert_eq!(text(&[]), header);
    assert_eq!(
        text(&[entry]),
        format!(
            "{header}\"a/b,c.txt\",\"b,c.txt\",txt,1,2013-05-07T09:00:45.0000019Z,,\
             9dd4e461268c8034f5c8564e155c67a6,{X}\n"
        )
    );

    let row = format!("p,p,,1,,,9dd4e461268c8034f5c8564e155c67a6,{X}\n");
    for (text, says) in [
        (String::new(), "it has other columns"),
        (header.replace("ctime", "crtime"), "it has other columns"),
        (format!("{header}{row}{}", row.replace(",1,", ",x,")), "line 3 is no row of a file"),
        (format!("{header}{}", row.replace("9dd4", "")), "line 2 is no row of a file"),
        (format!("{header}{}", row.replace(",1,,", ",1,now,")), "line 2 is no row of a file"),
        (
            format!("{header}p,p\n"),
            "CSV error: record 1 (line: 2, byte: 51): found record with 2 fields, but the \
             previous record has 8 fields",
        ),
    ] {
        fs::write(&path, text).unwrap();
        let rows: Vec<_> = in_file.iter().collect();
        assert_eq!(rows.iter().filter(|row| row.is_err()).count(), 1);
        let error = rows.into_iter().next_back().unwrap().unwrap_err();
        assert_eq!(error.to_string(), format!("{}: cannot read", path.display()));
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), says);
    }
}

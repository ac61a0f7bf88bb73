//! The two SQLite files that are written once.

use std::fs;

use super::*;

#[test]
fn registry_deltas_are_the_same_bytes_each_time() {
    let slices = [slice(10, None, "aa"), slice(20, Some(10), "bb")];
    let (run, found) = (run(), found());
    let found = second(&found);
    let results = results(&slices, &run, &found);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry_deltas.db");
    crate::write_registry_deltas(&path, &results).unwrap();
    let once = std::fs::read(&path).unwrap();
    crate::write_registry_deltas(&path, &results).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), once);
    let names: Vec<_> = folder.path().read_dir().unwrap().collect();
    assert_eq!(names.len(), 1, "nothing is left beside it");
    let line: (String, i64, String, Option<bool>, String) = Connection::open(&path)
        .unwrap()
        .query_row(
            "SELECT hivepath, sliceid, cellaction, iskeybefore, slicetype
             FROM regdelta JOIN hive USING (hiveid) WHERE hivepath = '|' LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )
        .unwrap();
    assert_eq!(line, ("|".into(), 20, "created".into(), None, "Install".into()));
}

#[test]
fn the_differences_of_one_slice_come_back_from_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deltas.db");
    let mut found = found();
    crate::write_deltas(&path, &found).unwrap();
    let once = fs::read(&path).unwrap();
    let read = crate::read_deltas(&path).unwrap();
    found.faults.sort();
    assert!(read == found);
    crate::write_deltas(&path, &read).unwrap();
    assert!(fs::read(&path).unwrap() == once, "the same bytes");
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing is left beside it");

    crate::write_deltas(&path, &Found::default()).unwrap();
    assert_eq!(crate::read_deltas(&path).unwrap(), Found::default());
    let sql = "SELECT group_concat(name) FROM pragma_table_info('diskprint_fault')";
    let columns = sqlite_rows(&Connection::open(&path).unwrap(), sql);
    assert_eq!(columns, ["ordinal,place,steps,what,skipped"]);
}

#[test]
fn a_file_that_holds_no_differences_of_this_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deltas.db");
    let read = || {
        let error = crate::read_deltas(&path).unwrap_err();
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        (error.to_string().replace(path.to_str().unwrap(), "PATH"), cause)
    };
    assert_eq!(read().0, "PATH: cannot read");
    assert!(!path.exists());

    crate::write_deltas(&path, &found()).unwrap();
    let sql = |sql: &str| Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    sql("PRAGMA user_version = 2");
    let refused = "PATH: not a file of differences of version 4 (application id 0x6470646c, \
                   version 2)";
    assert_eq!(read(), (refused.to_owned(), None));
    sql("PRAGMA user_version = 4; UPDATE diskprint_file_delta SET action = 'odd'");
    assert_eq!(read(), ("PATH: cannot read".to_owned(), Some("database: reading rows".to_owned())));

    let store = Sqlite::open(&folder.path().join("diskprint.db")).unwrap();
    drop(store);
    fs::rename(folder.path().join("diskprint.db"), &path).unwrap();
    assert!(read().0.starts_with("PATH: not a file of differences"), "{:?}", read());
    fs::write(&path, b"no database at all, but long enough to be looked at").unwrap();
    assert_eq!(read().0, "PATH: cannot read");
}

#[test]
fn a_file_cut_anywhere_is_refused_or_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deltas.db");
    let found = Found { cells: found().cells, ..Found::default() };
    crate::write_deltas(&path, &found).unwrap();
    let whole = fs::read(&path).unwrap();
    for len in (0..whole.len()).step_by(4001) {
        fs::write(&path, &whole[..len]).unwrap();
        assert!(crate::read_deltas(&path).is_err(), "{len} bytes");
    }
}

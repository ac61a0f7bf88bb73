//! Looking into stored results, on every kind of database.

use std::collections::BTreeSet;

use diskprint::FileDelta;

use super::*;
use crate::{Branch, Difference, Filter, Page, Row, RowId, Subject, Touching, Tree};

fn at(path: &str, content: &str) -> FileEntry {
    let digests = Some(Digests::of(content.as_bytes()));
    FileEntry { partition: 1, digests, ..plain_file(&path.into()) }
}

fn service(name: &str, value: Option<&str>) -> Cell {
    let cell = match value {
        Some(value) => super::value(&value.into(), Some(&[1])),
        None => super::key(&"class".into()),
    };
    Cell {
        hive: "Windows/System32/config/SYSTEM".into(),
        root: "ROOT".into(),
        key: Arc::from(["ControlSet001", "services", name].map(Name::from)),
        registry_path: Some(
            format!("HKLM\\SYSTEM\\ControlSet001\\services\\{name}").as_str().into(),
        ),
        artefact: Some(Artefact { kind: "service".into(), what: "Service".into(), detail: None }),
        ..cell
    }
}

/// Many files in two folders, one that moved, and a service with a value.
fn changes() -> Found {
    let mut files: Vec<FileDelta> =
        (0..25).map(|n| Delta::New(at(&format!("Program Files/a/{n:02}.dll"), "same"))).collect();
    let changes = FileChanges { renamed: true, ..FileChanges::default() };
    let (before, after) = (at("Temp/x.tmp", "moved"), at("Program Files/b/Tool.exe", "moved"));
    files.push(Delta::Altered { before, after, changes });
    files.push(Delta::Deleted(at("Windows/old.log", "old")));
    let mut unnamed = service("None", None);
    unnamed.registry_path = None;
    let cells = [service("Packer", None), service("Packer", Some("Start")), unnamed];
    let cells = cells.map(Delta::New).into();
    Found { files, cells, ..found_nothing() }
}

fn found_nothing() -> Found {
    Found::default()
}

fn pages(store: &dyn Store, tree: Tree, filter: &Filter, limit: usize) -> Vec<Difference> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let Page { items, next } = store.differences(&id(20), tree, filter, after, limit).unwrap();
        assert!(items.len() <= limit);
        all.extend(items);
        match next {
            Some(next) => assert!(after.replace(next).is_none_or(|after| after < next)),
            None => return all,
        }
    }
}

fn paths(differences: &[Difference]) -> Vec<String> {
    let path = |it: &Difference| match &it.row {
        Row::File(delta) => delta.latest().path.to_text().into_owned(),
        Row::Cell(delta) => delta.latest().cellpath().to_text().into_owned(),
        Row::Recovered(found) => found.cellpath().to_text().into_owned(),
    };
    differences.iter().map(path).collect()
}

fn children(store: &dyn Store, parent: Option<i64>) -> Vec<Branch> {
    store.branches(&id(20), parent, None, 100).unwrap()
}

#[test]
fn pages_of_any_length_hold_all_rows_once() {
    for mut tested in stores() {
        let all = found();
        save(tested.store(), &all);
        for limit in [1, 7, 1000] {
            let rows: Vec<Row> = Tree::ALL
                .into_iter()
                .flat_map(|tree| pages(tested.store(), tree, &Filter::default(), limit))
                .map(|difference| difference.row)
                .collect();
            let files = all.files.iter().cloned().map(Row::File);
            let cells = all.cells.iter().cloned().map(Row::Cell);
            let recovered = all.recovered.iter().cloned().map(Row::Recovered);
            let wanted: Vec<Row> = files.chain(cells).chain(recovered).collect();
            assert!(rows == wanted, "{limit}");
            let Page { items, next } = tested.store().fault_page(&id(20), None, limit).unwrap();
            assert_eq!(items.len(), limit.min(all.faults.len()));
            assert_eq!(next.is_some(), limit < all.faults.len());
            let page = tested.store().interim_page(&id(20), None, limit).unwrap();
            assert_eq!(page.items, all.interim[..limit.min(all.interim.len())]);
            assert_eq!(page.next.is_some(), limit < all.interim.len());
        }
        assert_eq!(tested.store().fault_count(&id(20)).unwrap(), all.faults.len() as u64);
        let row = RowId { slice: id(20), tree: Tree::Cells, ordinal: 3 };
        let difference = tested.store().difference(&row).unwrap().unwrap();
        assert_eq!(difference.row, Row::Cell(all.cells[3].clone()));
        let absent = RowId { ordinal: 1 << 40, ..row };
        assert_eq!(tested.store().difference(&absent).unwrap(), None);
    }
}

#[test]
fn filters_keep_what_they_say() {
    for mut tested in stores() {
        save(tested.store(), &changes());
        let store = tested.store();
        let shown = |tree, filter: Filter| paths(&pages(store, tree, &filter, 10));
        let search = |text: &str| Filter { search: Some(text.into()), ..Filter::default() };
        let action = |action: &str| Filter { action: Some(action.into()), ..Filter::default() };
        assert_eq!(shown(Tree::Files, action("deleted")), ["Windows/old.log"]);
        assert_eq!(shown(Tree::Files, action("new")).len(), 25);
        assert_eq!(shown(Tree::Files, search("TOOL")), ["Program Files/b/Tool.exe"]);
        assert_eq!(shown(Tree::Files, search("temp/X")), ["Program Files/b/Tool.exe"]);
        let digest = diskprint::Hex(&Digests::of(b"old").sha256).to_string();
        assert_eq!(shown(Tree::Files, search(&digest.to_uppercase())), ["Windows/old.log"]);
        assert_eq!(shown(Tree::Cells, search("start")).len(), 1);
        let service = Filter { artefact: Some("service".into()), ..Filter::default() };
        assert_eq!(shown(Tree::Cells, service.clone()).len(), 3);
        assert_eq!(shown(Tree::Files, service), [] as [&str; 0]);
        let files = &children(store, None)[0];
        let partition = children(store, Some(files.ordinal)).remove(0);
        let folders = children(store, Some(partition.ordinal));
        let program_files = folders[0].clone();
        assert_eq!((program_files.counts, program_files.rows), ([25, 1, 0], 26));
        let below = children(store, Some(program_files.ordinal));
        let b = Filter { branch: Some(below[1].clone()), ..Filter::default() };
        assert_eq!(shown(Tree::Files, b.clone()), ["Program Files/b/Tool.exe"]);
        assert_eq!(shown(Tree::Cells, b), [] as [&str; 0], "it is a folder");
        assert_eq!(store.branch(&id(20), partition.ordinal).unwrap(), Some(partition));
        assert_eq!(store.branch(&id(10), 99).unwrap(), None);
        assert_eq!(store.branches(&id(10), None, None, 9).unwrap().len(), 3, "empty trees");
    }
}

#[test]
fn who_touches_a_thing_is_found_in_all_sequences() {
    for mut tested in stores() {
        save(tested.store(), &changes());
        // Another application with the same differences.
        let other = |row: SliceRow| SliceRow {
            id: SliceId { appetid: "9-9".into(), ..row.id },
            slicehash: format!("other {}", row.slicehash),
            ..row
        };
        let slices = [slice(10, None, "aa"), slice(20, Some(10), "bb")].map(other);
        let (run, all) = (run(), changes());
        tested.store().register_slices(&slices, NOW).unwrap();
        tested.store().save(&results(&slices, &run, &second(&all))).unwrap();
        let store = tested.store();
        let touching = |subject: &Subject, limit| {
            let (mut all, mut after): (Vec<Difference>, Option<RowId>) = (Vec::new(), None);
            loop {
                let page = store.touching(subject, after.as_ref(), limit).unwrap();
                let Some(last) = page.last() else { return all };
                after = Some(last.id.clone());
                all.extend(page);
            }
        };
        let sha1 = diskprint::Hex(&Digests::of(b"x").sha1).to_string();
        let none = service("None", None);
        for (subject, rows) in [
            (Subject::Path("temp/X.TMP".into()), 1),
            (Subject::Path("Program Files/b/Tool.exe".into()), 1),
            (Subject::Path("Program Files/b".into()), 0),
            (Subject::digest(&diskprint::Hex(&Digests::of(b"same").md5).to_string()).unwrap(), 25),
            (Subject::digest(&sha1.to_uppercase()).unwrap(), 1),
            (Subject::of_cell(&service("PACKER", Some("START"))), 1),
            (
                Subject::Key {
                    path: "hklm\\system\\controlset001\\Services\\packer".into(),
                    value: None,
                },
                2,
            ),
            (Subject::of_cell(&Cell { registry_path: None, ..none }), 1),
            (Subject::of_cell(&service("None", None)), 0),
        ] {
            for limit in [1, 9, 100] {
                let found = touching(&subject, limit);
                assert_eq!(found.len(), 2 * rows, "{subject:?}");
                let ids: BTreeSet<&RowId> = found.iter().map(|it| &it.id).collect();
                assert_eq!(ids.len(), found.len());
            }
            let of = |appetid: &str| Touching {
                osetid: "8504-1".into(),
                appetid: appetid.into(),
                rows: rows as u64,
            };
            let wanted = if rows == 0 { vec![] } else { vec![of("7895-1"), of("9-9")] };
            assert_eq!(store.sequences_touching(&subject).unwrap(), wanted);
        }
        assert_eq!(Subject::digest("abc"), None);
        assert_eq!(store.last_runs().unwrap().len(), 2);
        let listed = store.all_slices().unwrap();
        assert_eq!(listed.len(), 4);
        assert_eq!((&listed[1].id, listed[1].predecessor), (&id(20), Some(10)));
    }
}

#[test]
fn who_reads_only_cannot_write() {
    for mut tested in stores() {
        save(tested.store(), &changes());
        let mut store: Box<dyn Store> = match &tested {
            Tested::Memory(_) => continue,
            Tested::File(_, folder) => {
                Box::new(Sqlite::open_read_only(&folder.path().join("diskprint.db")).unwrap())
            }
            Tested::Server(_, server, database) => {
                let address = Address::parse(&server.address(database)).unwrap();
                Box::new(Postgres::open_read_only(&address).unwrap())
            }
        };
        assert_eq!(store.file_deltas(&id(20)).unwrap().len(), 27);
        let slices = [slice(50, None, "cc")];
        store.register_slices(&slices, NOW).unwrap_err();
    }
}

#[test]
fn results_of_an_older_version_get_their_branches() {
    for mut tested in stores() {
        save(tested.store(), &changes());
        let branches = tested.sql("SELECT * FROM diskprint_branch ORDER BY sliceid, ordinal");
        let back = "DROP TABLE diskprint_branch; DROP TABLE diskprint_interim_change;
            DROP INDEX diskprint_file_by_path_before; DROP INDEX diskprint_file_by_path_after;
            DROP INDEX diskprint_file_by_md5_before; DROP INDEX diskprint_file_by_md5_after;
            DROP INDEX diskprint_file_by_sha1_before; DROP INDEX diskprint_file_by_sha1_after;
            DROP INDEX diskprint_file_by_sha256_before; DROP INDEX diskprint_file_by_sha256_after;
            DROP INDEX diskprint_cell_by_path_before; DROP INDEX diskprint_cell_by_path_after;
            DROP INDEX diskprint_cell_by_sha1_before; DROP INDEX diskprint_cell_by_sha1_after;
            DROP INDEX diskprint_cell_by_key_before; DROP INDEX diskprint_cell_by_key_after;";
        let security = ["owner", "group", "security_sha1"];
        let columns = ["before", "after"].map(|side| security.map(|it| format!("{it}_{side}")));
        let columns = columns.concat().into_iter();
        let columns: String = columns
            .map(|it| format!(" ALTER TABLE diskprint_file_delta DROP COLUMN {it};"))
            .collect();
        let back = format!("{back}{columns}");
        match &tested {
            Tested::Memory(_) => continue,
            Tested::File(store, folder) => {
                store.connection.execute_batch(&format!("{back} PRAGMA user_version = 5")).unwrap();
                let path = folder.path().join("diskprint.db");
                let error = Sqlite::open_read_only(&path).unwrap_err();
                assert!(matches!(error, Error::Older { found: 5, .. }), "{error}");
                Sqlite::open(&path).unwrap();
            }
            Tested::Server(_, server, database) => {
                tested.sql(&format!("{back} UPDATE diskprint_version SET version = 4"));
                let address = Address::parse(&server.address(database)).unwrap();
                let error = Postgres::open_read_only(&address).map(|_| ()).unwrap_err();
                assert!(matches!(error, Error::Older { found: 4, .. }), "{error}");
                Postgres::open(&address).unwrap();
            }
        }
        let again = tested.sql("SELECT * FROM diskprint_branch ORDER BY sliceid, ordinal");
        assert!(!again.is_empty() && again == branches);
    }
}

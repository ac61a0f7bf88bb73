use std::sync::Arc;

use diskprint_formats::Name;

use diskprint::artefact::Artefact;
use diskprint::{
    Allocation, Cell, CellChanges, CellDelta, CellKind, Delta, Digests, Fault, FileChanges,
    FileEntry, FileKind, FileSecurity, InterimAction, InterimChange, JournalKind, KeyCell, Place,
    RecoveredCell, SliceId, Step, Times, ValueCell,
};
use diskprint_formats::ntfs::FileReference;
use diskprint_formats::regf::recovered::Confidence;
use diskprint_formats::{Filetime, regf};
use diskprint_testkit::postgres::{Server, server};
use rusqlite::Connection;

use crate::{Address, Content, Error, Found, Postgres, Results, Run, SliceRow, Sqlite, Store};

mod branch;
mod browse;
mod catalogue;
mod content;
mod deltas_file;
mod noise;
mod original;
mod queue;
mod stored;

const NOW: &str = "2013-05-07T09:00:00Z";

/// Names that break what is not careful.
pub(crate) fn nasty_names() -> Vec<Name> {
    let mut all: Vec<Name> = (0..0x21).map(|unit| Name::from_utf16([0x61, unit, 0x62])).collect();
    all.extend(
        ["", "'", "\"", "\\", "a','b", "%", "|", "/", "\\u0000", "😀\u{7f}"].map(Name::from),
    );
    all.push(Name::from_utf16([0xD800]));
    all.push(Name::from_utf16([0xDC00, 0xD800]));
    all.push(Name::from(&*"ä".repeat(40_000)));
    all
}

fn id(sliceid: i64) -> SliceId {
    SliceId { osetid: "8504-1".into(), appetid: "7895-1".into(), sliceid }
}

fn slice(sliceid: i64, predecessor: Option<i64>, slicehash: &str) -> SliceRow {
    let location = format!("/tarballs/{slicehash}.tar.gz");
    let slicetype = "Install".to_owned();
    SliceRow { id: id(sliceid), slicetype, predecessor, location, slicehash: slicehash.into() }
}

fn file(path: &Name) -> FileEntry {
    let times = Times { mtime: Filetime(u64::MAX), ..Times::default() };
    FileEntry {
        partition: u32::MAX,
        path: path.clone(),
        stream: Some(path.clone()),
        kind: FileKind::Link,
        alloc: Allocation { name: true, inode: false },
        deleted: None,
        inode: u64::MAX,
        seq: u16::MAX,
        parent_inode: 1 << 63,
        size: (1 << 63) - 1,
        attributes: u32::MAX,
        link_count: u16::MAX,
        owner_id: u32::MAX,
        security: Some(Arc::new(FileSecurity {
            owner: Some("S-1-5-18".into()),
            group: None,
            sha1: Digests::of(b"y").sha1,
        })),
        times,
        name_times: Some(times),
        runs: diskprint::ByteRuns::default(),
        target: Some(path.clone()),
        digests: Some(Digests::of(path.as_bytes())),
    }
}

fn plain_file(path: &Name) -> FileEntry {
    let (stream, target, digests, name_times) = (None, None, None, None);
    FileEntry { stream, target, digests, name_times, kind: FileKind::Regular, ..file(path) }
}

fn cell(name: &Name, kind: CellKind) -> Cell {
    Cell {
        partition: 1,
        hive: name.clone(),
        root: name.clone(),
        key: Arc::from([name.clone(), Name::default(), name.clone()]),
        parent_mtime: Filetime(u64::MAX),
        kind,
        registry_path: Some(name.clone()),
        artefact: Some(Artefact {
            kind: "autostart".into(),
            what: "Run".into(),
            detail: Some(name.to_text().into_owned()),
        }),
    }
}

fn key(name: &Name) -> Cell {
    let key = KeyCell {
        mtime: Filetime(u64::MAX),
        class: Some(name.clone()),
        owner: Some("S-1-5-18".into()),
        security_sha1: Some(Digests::of(b"z").sha1),
        flags: u64::MAX,
    };
    cell(name, CellKind::Key(key))
}

fn value(name: &Name, data: Option<&[u8]>) -> Cell {
    let value = ValueCell {
        name: name.clone(),
        value_type: u32::MAX,
        flags: u16::MAX,
        size: u64::MAX,
        data: data.map(Arc::from),
        sha1: Digests::of(b"x").sha1,
        rendered_sha1: data.map(|_| Digests::of(b"y").sha1),
    };
    cell(name, CellKind::Value(value))
}

/// Differences of every kind for every nasty name.
fn found() -> Found {
    let changes = FileChanges { renamed: true, changed: false, modified: true };
    let cell_changes = CellChanges { mtime: true, class: true, ..CellChanges::default() };
    let (mut files, mut cells, mut recovered) = (vec![], vec![], vec![]);
    let (mut interim, mut faults) = (vec![], vec![]);
    for name in nasty_names() {
        files.push(Delta::New(file(&name)));
        files.push(Delta::Deleted(plain_file(&name)));
        let (before, after) = (plain_file(&"before".into()), file(&name));
        files.push(Delta::Altered { before, after, changes });
        cells.push(Delta::New(value(&name, Some(&[0, 1, 255]))));
        cells.push(Delta::Deleted(value(&name, None)));
        let (before, after) = (key(&"before".into()), key(&name));
        cells.push(Delta::Altered { before, after, changes: cell_changes });
        recovered.extend([key(&name), value(&name, None)].map(|cell| RecoveredCell {
            cell: Cell { artefact: None, registry_path: None, ..cell },
            is_path_whole: true,
            is_data_lost: false,
            offset: u64::MAX,
            place: regf::recovered::Place::Slack,
            confidence: Confidence::Medium,
        }));
        interim.push(InterimChange {
            partition: u32::MAX,
            journal: JournalKind::UsnJrnl,
            file: FileReference { record: u64::MAX, sequence: u16::MAX },
            number: u64::MAX,
            time: Filetime(u64::MAX),
            action: InterimAction::Renamed,
            path: name.clone(),
            path_before: Some(name.clone()),
            attributes: u32::MAX,
            reason: u32::MAX,
        });
        let place = Place::from(Step::Slice(-20))
            .then(Step::Member("a\0b".into()))
            .then(Step::Disk(1))
            .then(Step::Partition(2))
            .then(Step::Inode(u64::MAX))
            .then(Step::Path(name.clone()))
            .then(Step::Hive(name.clone()))
            .then(Step::Key(name))
            .then(Step::Offset(u64::MAX));
        faults.push(Fault::text(place, "what\0", "skipped"));
    }
    Found { files, cells, recovered, interim, faults, content: Content::default() }
}

fn run() -> Run {
    Run {
        version: "0.1.0".into(),
        inputs: "abc".into(),
        outcome: "faults".into(),
        started: NOW.into(),
        finished: NOW.into(),
    }
}

fn registered(store: &mut dyn Store) -> [SliceRow; 2] {
    let slices = [slice(10, None, "aa"), slice(20, Some(10), "bb")];
    store.register_slices(&slices, NOW).unwrap();
    slices
}

fn save(store: &mut dyn Store, found: &Found) {
    let slices = registered(store);
    store.save(&results(&slices, &run(), &second(found))).unwrap();
}

/// Nothing in any slice but in the second.
fn second(found: &Found) -> impl Fn(usize) -> Result<Found, Error> {
    |index| Ok(if index == 1 { found.clone() } else { Found::default() })
}

fn results<'a>(
    slices: &'a [SliceRow],
    run: &'a Run,
    found: &'a dyn Fn(usize) -> Result<Found, Error>,
) -> Results<'a> {
    Results { slices, run, found, dequeue: false }
}

/// A store under test, and the same database by another way.
enum Tested {
    Memory(Sqlite),
    File(Sqlite, tempfile::TempDir),
    Server(Box<Postgres>, &'static Server, String),
}

impl Tested {
    fn store(&mut self) -> &mut dyn Store {
        match self {
            Self::Memory(store) | Self::File(store, _) => store,
            Self::Server(store, ..) => &mut **store,
        }
    }

    /// Runs SQL; returns a line for each row.
    fn sql(&self, sql: &str) -> Vec<String> {
        match self {
            Self::Memory(store) | Self::File(store, _) => sqlite_rows(&store.connection, sql),
            Self::Server(_, server, database) => {
                let sql = format!("SET search_path TO diskprint; {sql}");
                server.sql(database, &sql).lines().map(str::to_owned).collect()
            }
        }
    }

    fn count(&self, table: &str) -> usize {
        self.sql(&format!("SELECT count(*) FROM {table}"))[0].parse().unwrap()
    }

    /// All rows of all tables, as text, sorted.
    fn dump(&self) -> Vec<String> {
        let tables = match self {
            Self::Server(..) => self.sql(
                "SELECT table_name FROM information_schema.tables
                 WHERE table_schema = 'diskprint' ORDER BY table_name",
            ),
            _ => self.sql("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"),
        };
        let mut lines = Vec::new();
        for table in tables {
            let rows = self.sql(&format!("SELECT * FROM {table}"));
            lines.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
        }
        lines.sort();
        lines
    }
}

fn sqlite_rows(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let text = |index| match row.get_ref(index).unwrap() {
            rusqlite::types::ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        lines.push((0..width).map(text).collect::<Vec<_>>().join("|"));
    }
    lines
}

/// Every store there is, each with an empty database.
#[track_caller]
fn stores() -> Vec<Tested> {
    let folder = tempfile::tempdir().unwrap();
    let file = Sqlite::open(&folder.path().join("diskprint.db")).unwrap();
    let mut all = vec![Tested::Memory(Sqlite::in_memory().unwrap()), Tested::File(file, folder)];
    all.extend(server().map(|server| {
        let mut tested = on(server, server.database());
        // The names are longer than any that the original's columns take.
        if let Tested::Server(store, ..) = &mut tested {
            store.widen().unwrap();
        }
        tested
    }));
    all
}

fn on(server: &'static Server, database: String) -> Tested {
    let address = Address::parse(&server.address(&database)).unwrap();
    Tested::Server(Postgres::open(&address).unwrap().into(), server, database)
}

#[test]
fn everything_comes_back_as_it_was() {
    for mut tested in stores() {
        let found = Found { content: content::content(), ..found() };
        let store = tested.store();
        save(store, &found);
        assert_eq!(store.recovered_cells(&id(20)).unwrap(), found.recovered);
        assert_eq!(store.interim_changes(&id(20)).unwrap(), found.interim);
        assert_eq!(store.hive_conditions(&id(20)).unwrap(), found.content.conditions);
        assert_eq!(store.file_deltas(&id(20)).unwrap(), found.files);
        assert_eq!(store.cell_deltas(&id(20)).unwrap(), found.cells);
        let mut faults = found.faults.clone();
        faults.sort();
        assert_eq!(store.faults(&id(20)).unwrap(), faults);
        let last = store.last_run(&id(20)).unwrap().unwrap();
        assert_eq!((last.run, last.files), (run(), found.files.len() as u64));
        assert_eq!(store.last_run(&id(10)).unwrap(), None);
    }
}

#[test]
fn the_same_results_twice_leave_the_same_rows() {
    let found = found();
    let mut dumps = Vec::new();
    for mut tested in stores() {
        save(tested.store(), &found);
        let once = tested.dump();
        save(tested.store(), &found);
        assert!(tested.dump() == once);
        dumps.push(once);
    }
    assert!(dumps[0] == dumps[1], "in memory and in a file");
}

#[test]
fn a_database_is_found_again() {
    let found = found();
    for mut tested in stores() {
        save(tested.store(), &found);
        let again: Box<dyn Store> = match &tested {
            Tested::Memory(_) => continue,
            Tested::File(_, folder) => {
                Box::new(Sqlite::open_existing(&folder.path().join("diskprint.db")).unwrap())
            }
            Tested::Server(_, server, database) => {
                let address = Address::parse(&server.address(database)).unwrap();
                Box::new(Postgres::open_existing(&address).unwrap())
            }
        };
        assert_eq!(again.cell_deltas(&id(20)).unwrap(), found.cells);
    }
}

#[test]
fn fewer_results_leave_fewer_rows_and_the_same_hive_ids() {
    for mut tested in stores() {
        let mut found = found();
        save(tested.store(), &found);
        let hives = |tested: &Tested| tested.sql("SELECT * FROM hive ORDER BY hiveid");
        let before = hives(&tested);
        found.cells.truncate(2);
        found.files.clear();
        found.faults.clear();
        save(tested.store(), &found);
        assert_eq!(tested.store().cell_deltas(&id(20)).unwrap().len(), 2);
        assert_eq!(tested.store().file_deltas(&id(20)).unwrap(), []);
        assert_eq!(hives(&tested), before);
        assert_eq!(tested.count("regdelta"), 2);
    }
}

#[test]
fn one_path_on_two_partitions_is_two_hives() {
    for mut tested in stores() {
        tested.sql("INSERT INTO hive (hivepath, appetid, osetid) VALUES ('h', '7895-1', '8504-1')");
        let on = |partition| Delta::New(Cell { partition, ..key(&"h".into()) });
        let found = Found { cells: vec![on(2), on(1)], ..Found::default() };
        save(tested.store(), &found);
        let ids = tested.sql("SELECT hiveid, partition FROM diskprint_hive ORDER BY hiveid");
        assert_eq!(ids, ["1|1", "2|2"], "the original's row is used again");
    }
}

#[test]
fn sequences_follow_predecessors() {
    for mut tested in stores() {
        let store = tested.store();
        let missing = store.sequence("8504-1", "7895-1").unwrap_err();
        assert_eq!(missing.to_string(), "no slice of 8504-1-7895-1 is in table slice");
        let slices = [slice(7, None, "aa"), slice(3, Some(7), "bb"), slice(5, Some(3), "aa")];
        store.register_slices(&slices, NOW).unwrap();
        let sequence = store.sequence("8504-1", "7895-1").unwrap();
        assert_eq!(sequence, slices);
        assert_eq!(store.slice_at(&slices[0].location).unwrap(), Some(id(5)));
        assert_eq!(store.slice_at("/elsewhere").unwrap(), None);
        // Two have the same content, each in its own place.
        let copy = SliceRow { location: "/elsewhere/aa.tar.gz".into(), ..slice(5, Some(3), "aa") };
        let store = tested.store();
        store.register_slices(std::slice::from_ref(&copy), NOW).unwrap();
        let places = |id: i64| {
            let listed = store.slices(None).unwrap().into_iter();
            listed.filter(|slice| slice.id.sliceid == id).map(|slice| slice.location).next()
        };
        assert_eq!(places(5), Some(Some(copy.location.clone())));
        assert_eq!(places(7), Some(Some(slices[0].location.clone())));
        store.register_slices(&slices, NOW).unwrap();
        assert_eq!(tested.count("storage"), 2, "one row a tarball");
        assert_eq!(tested.count("processqueue"), 2, "filled by the trigger");

        let store = tested.store();
        store.register_slices(&[slice(6, Some(3), "cc")], NOW).unwrap();
        let several = store.sequence("8504-1", "7895-1").unwrap_err();
        assert_eq!(several.to_string(), "8504-1-7895-1 has 2 sequence ends, slices 5, 6; name one");
        assert_eq!(store.sequence_ends().unwrap(), [id(5), id(6)]);
        assert_eq!(store.sequence_ending_at(&id(6)).unwrap().len(), 3);
        store.register_slices(&[slice(7, Some(3), "aa")], NOW).unwrap();
        assert!(matches!(store.sequence_ending_at(&id(6)), Err(Error::Loop { .. })));
    }
}

#[test]
fn what_cannot_be_stored_is_said_and_nothing_is_stored() {
    for mut tested in stores() {
        let store = tested.store();
        let odd = SliceRow { slicetype: "Odd".into(), ..slice(20, None, "bb") };
        let error = store.register_slices(&[slice(10, None, "aa"), odd], NOW).unwrap_err();
        assert_eq!(
            error.to_string(),
            "slice 8504-1-7895-1-20: type \"Odd\" is not in table slicetype"
        );
        assert_eq!(store.sequence_ends().unwrap(), []);
        let [first, second] = registered(store);
        let unknown = slice(30, None, "aa");
        let slices = [first, second, unknown];
        let error = store.save(&results(&slices, &run(), &|_| Ok(Found::default())));
        let error = error.unwrap_err().to_string();
        assert_eq!(error, "slice 8504-1-7895-1-30 is not in table slice");
        assert_eq!(tested.count("diskprint_run"), 0);
    }
}

#[test]
fn results_that_cannot_be_loaded_store_nothing() {
    for mut tested in stores() {
        save(tested.store(), &Found { content: content::content(), ..found() });
        let before = tested.dump();
        let slices = [slice(10, None, "aa"), slice(20, Some(10), "bb")];
        // At the first look at the second slice, and when the first slice is written already.
        for last in [1, 3] {
            let calls = std::cell::Cell::new(0);
            let load = |_| match calls.replace(calls.get() + 1) {
                call if call == last => Err(Error::load("no such file")),
                _ => Ok(Found { faults: found().faults, ..Found::default() }),
            };
            let error = tested.store().save(&results(&slices, &run(), &load)).unwrap_err();
            assert_eq!(calls.get(), last + 1);
            assert_eq!(error.to_string(), "what was found in a slice cannot be loaded");
            assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no such file");
            assert!(!error.is_gone());
            assert!(tested.dump() == before);
        }
    }
}

#[test]
fn a_store_goes_to_another_thread() {
    fn is_send<T: Send + ?Sized>() {}
    is_send::<dyn Store>();
}

#[test]
fn databases_of_others_and_of_the_future_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    assert!(Sqlite::open_existing(&path).is_err());
    assert!(!path.exists());
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE mine (a)").unwrap();
    assert!(matches!(Sqlite::open(&path), Err(Error::Foreign { found: 0 })));

    let path = folder.path().join("b.db");
    let store = Sqlite::open(&path).unwrap();
    store.connection.pragma_update(None, "user_version", 99).unwrap();
    drop(store);
    let error = Sqlite::open(&path).unwrap_err().to_string();
    assert_eq!(error, "the database has version 99, this program knows versions up to 8");
}

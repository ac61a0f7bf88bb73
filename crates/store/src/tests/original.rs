//! A database as the original workflow left it, with rows of its own, and our rows in it.

use diskprint_testkit::original::{SCHEMA, SHAPE};

use super::*;

/// Rows that were there before us: a tarball by its MD5, hives, actions of other numbers than
/// usual, and fewer types than there may be.
const ROWS: &str = "
    SET search_path TO diskprint;
    UPDATE cell SET actionid = actionid + 10 WHERE actionid NOT IN (3, 4);
    DELETE FROM slicetype WHERE type NOT IN ('Default', 'Function', 'Install');
    INSERT INTO virtualmachine VALUES (1, 'Fusion', '5');
    INSERT INTO os VALUES ('8504-1', 'Windows', 1, '2013-01-01');
    INSERT INTO vmsetting (vmid, osetid, network) VALUES (1, '8504-1', 'none');
    INSERT INTO storage VALUES ('/tarballs/an-md5.tar.gz', 'an-md5');
    INSERT INTO slice (sliceid, osetid, appetid, slicehash, slicenotes)
        VALUES (10, '8504-1', '7895-1', 'an-md5', 'theirs');
    INSERT INTO hive (hivepath, appetid, osetid) VALUES ('other', '1-1', '1-1'),
        ('h', '7895-1', '8504-1');
    INSERT INTO filemetadata (keyhash, slicehash, path, filename, extension, bytes)
        VALUES ('theirs', 'an-md5', 'stale', 'stale', '', 1);
    INSERT INTO md5 VALUES ('theirs', md5('theirs'));
    INSERT INTO regresult VALUES ('/result', 'theirs', 'an-md5');
    INSERT INTO netchatter VALUES ('/capture', 'an-md5');
    INSERT INTO workjournal (sliceid, workstatus) VALUES (10, 'theirs');
";

fn original() -> Option<(&'static Server, String)> {
    let server = server()?;
    let database = server.database();
    server.sql(&database, SCHEMA);
    server.sql(&database, ROWS);
    Some((server, database))
}

/// Differences whose paths fit into the original's columns.
fn short() -> Found {
    let mut found = found();
    let fits = |delta: &CellDelta| delta.latest().cellpath().as_bytes().len() < 1024;
    found.cells.retain(fits);
    let on_h = Delta::New(Cell { hive: "h".into(), ..key(&"k".into()) });
    found.cells.push(on_h);
    found
}

/// Stores differences of the second slice, and what both slices hold.
fn save_all(store: &mut dyn Store, found: &Found) {
    // The hash that the original has for a tarball is kept.
    let slices = [slice(10, None, "an-md5"), slice(20, Some(10), "bb")];
    store.register_slices(&slices, NOW).unwrap();
    let load = |index| {
        let found = if index == 1 { found.clone() } else { Found::default() };
        Ok(Found { content: content::content(), ..found })
    };
    store.save(&Results { dequeue: true, ..results(&slices, &run(), &load) }).unwrap();
}

#[test]
fn a_database_of_the_original_takes_our_rows_and_stays_what_it_was() {
    let Some((server, database)) = original() else { return };
    // Nothing is added but the types that were not there.
    let shape = || {
        let mut lines: Vec<_> = server.sql(&database, SHAPE).lines().map(str::to_owned).collect();
        lines.retain(|line| !line.starts_with("slicetype|"));
        lines
    };
    let before = shape();
    let found = short();
    let mut tested = on(server, database.clone());
    assert_eq!(tested.count("regdelta"), 0);
    assert_eq!(tested.count("cell"), 5);
    save_all(tested.store(), &found);
    let once = tested.dump();
    save_all(tested.store(), &found);
    assert!(tested.dump() == once, "the same rows after two runs");
    assert_eq!(shape(), before);
    assert_eq!(tested.count("slicetype"), 14);
    for (table, rows) in [
        ("regdelta", found.cells.len()),
        ("diskprint_file_delta", found.files.len()),
        ("filemetadata", 2 * 3),
        ("registry", 2 * 3),
        ("md5", 1 + 2),
        ("sha1", 2),
        ("processqueue", 0),
        ("virtualmachine", 1),
        ("os", 1),
        ("vmsetting", 1),
        ("regresult", 1),
        ("netchatter", 1),
        ("workjournal", 1),
    ] {
        assert_eq!(tested.count(table), rows, "{table}");
    }
    let content = "SELECT DISTINCT slicehash FROM filemetadata JOIN registry USING (slicehash)";
    let mut slicehashes = tested.sql(content);
    slicehashes.sort();
    assert_eq!(slicehashes, ["an-md5", "bb"], "the original's name of its tarball");
    assert_eq!(tested.sql("SELECT count(*) FROM filemetadata WHERE path = 'stale'"), ["0"]);
    assert_eq!(tested.store().cell_deltas(&id(20)).unwrap(), found.cells);

    let actions = "SELECT actiontype, count(*) FROM regdelta JOIN cell ON cellaction = actionid
                   GROUP BY 1 ORDER BY 1";
    let count = |action: &str| found.cells.iter().filter(|cell| cell.action() == action).count();
    let [new, deleted, altered] = ["new", "deleted", "altered"].map(count);
    assert_eq!(
        tested.sql(actions),
        [
            format!("created|{new}"),
            format!("property updated|{altered}"),
            format!("removed|{deleted}")
        ]
    );
    // Ids of hives that were there are used again; so is a tarball's digest of another kind.
    let hive = "SELECT DISTINCT hiveid FROM regdelta JOIN hive USING (hiveid) WHERE hivepath = 'h'";
    assert_eq!(tested.sql(hive), ["2"]);
    let slices = "SELECT sliceid, slicehash, slicenotes, location FROM slice
                  JOIN storage USING (slicehash) ORDER BY sliceid";
    assert_eq!(
        tested.sql(slices),
        ["10|an-md5|theirs|/tarballs/an-md5.tar.gz", "20|bb||/tarballs/bb.tar.gz"]
    );
    assert_eq!(tested.count("storage"), 2);
}

#[test]
fn the_originals_tools_can_erase_and_begin_again() {
    let Some((server, database)) = original() else { return };
    let mut tested = on(server, database);
    let found = short();
    save(tested.store(), &found);
    tested.sql("TRUNCATE regdelta, hive RESTART IDENTITY");
    tested.sql("INSERT INTO hive (hivepath, appetid, osetid) VALUES ('theirs', '1-1', '1-1')");
    save(tested.store(), &found);
    assert_eq!(tested.count("regdelta"), found.cells.len());
    let wrong = "SELECT count(*) FROM regdelta JOIN hive USING (hiveid) WHERE hivepath = 'theirs'";
    assert_eq!(tested.sql(wrong), ["0"]);
}

#[test]
fn a_cell_path_that_is_too_long_is_found_before_anything_is_written() {
    let Some((server, database)) = original() else { return };
    let mut tested = on(server, database);
    save(tested.store(), &short());
    let before = tested.dump();
    let mut longer = short();
    // The path is `\h\` and the name; 1024 characters of two bytes fit.
    let long = |chars: usize| {
        let name = Name::from(&*"ä".repeat(chars - 3));
        let root = Name::from("h");
        let kind = CellKind::Key(KeyCell::default());
        Delta::New(Cell { root, key: Arc::from([name]), ..cell(&"h".into(), kind) })
    };
    longer.cells.extend([long(1024), long(1025), long(1026)]);
    let slices = [slice(10, None, "aa"), slice(20, Some(10), "bb")];
    let (run, found) = (run(), second(&longer));
    let results = results(&slices, &run, &found);
    let error = tested.store().save(&results).unwrap_err().to_string();
    assert!(
        error.starts_with("slice 8504-1-7895-1-20, hive \"h\", cell \"\\\\h\\\\ääää"),
        "{error}"
    );
    let end = "1025 characters are too many for column regdelta.cellpath, which takes 1024, nor \
               are they the only ones: 1 more; diskprint db upgrade --widen makes room";
    assert!(error.ends_with(end), "{error}");
    assert!(tested.dump() == before);

    let Tested::Server(store, ..) = &mut tested else { panic!("a server") };
    let widened = store.widen().unwrap();
    assert_eq!(
        widened,
        [
            "regdelta.cellpath",
            "storage.location",
            "processqueue.location",
            "filemetadata.path",
            "filemetadata.filename",
            "filemetadata.extension",
            "registry.regfilepath",
            "registry.regfilename",
        ]
    );
    store.save(&results).unwrap();
    assert_eq!(tested.count("regdelta"), longer.cells.len());
}

#[test]
fn a_database_without_our_tables_or_of_the_future_is_left_alone() {
    let Some(server) = server() else { return };
    let database = server.database();
    let address = Address::parse(&server.address(&database)).unwrap();
    assert!(matches!(Postgres::open_existing(&address), Err(Error::NoTables)));
    assert_eq!(server.sql(&database, "SELECT to_regnamespace('diskprint')").trim(), "");
    drop(Postgres::open(&address).unwrap());
    server.sql(&database, "UPDATE diskprint.diskprint_version SET version = 99");
    let error = Postgres::open(&address).err().expect("an error").to_string();
    assert_eq!(error, "the database has version 99, this program knows versions up to 7");
}

#[test]
fn sslmode_is_honoured() {
    let (Some(server), Some(_)) = (server(), diskprint_testkit::need::program("openssl")) else {
        return;
    };
    let database = server.database();
    let tcp = server.tcp_address(&database);
    let is_tls = |mode: &str| {
        let store = Postgres::open(&Address::parse(&format!("{tcp}{mode}")).unwrap())?;
        let sql = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                   WHERE application_name = 'diskprint' AND datname = current_database()
                   ORDER BY backend_start DESC LIMIT 1";
        let tls = server.sql(&database, sql);
        drop(store);
        Ok::<_, Error>(tls.trim() == "t")
    };
    for (mode, expected) in [
        ("", true),
        ("?sslmode=disable", false),
        ("?sslmode=prefer", true),
        ("?sslmode=require", true),
    ] {
        assert_eq!(is_tls(mode).unwrap(), expected, "{mode}");
    }
    // Nobody vouches for the certificate.
    assert!(is_tls("?sslmode=verify-full").is_err());
    // A socket in a folder has no TLS, so that who demands it is refused.
    let socket = format!("{}?sslmode=require", server.address(&database));
    assert!(Postgres::open(&Address::parse(&socket).unwrap()).is_err());
}

#[test]
fn the_catalogue_of_the_original_is_listed_and_changed_as_it_is() {
    let Some((server, database)) = original() else { return };
    let mut tested = on(server, database.clone());
    let before = server.sql(&database, SHAPE);
    let listed = tested.store().slices(None).unwrap();
    assert_eq!((listed[0].slicehash.as_deref(), listed.len()), (Some("an-md5"), 1));
    // A table without a key, where a slice has two rows.
    tested.sql("ALTER TABLE regdelta DROP CONSTRAINT regdelta_sliceid_osetid_appetid_fkey");
    tested.sql("ALTER TABLE slice DROP CONSTRAINT slice_pkey");
    let two = "INSERT INTO slice (sliceid, osetid, appetid, slicepredecessorid)
               VALUES (20, '8504-1', '7895-1', 10), (20, '8504-1', '7895-1', NULL)";
    tested.sql(two);
    assert_eq!(tested.store().slices(None).unwrap().len(), 3);
    let put = |predecessor: Option<&str>| {
        let value = [("slicepredecessorid", predecessor.map(str::to_owned))];
        [crate::Change::put_slice(&id(20), value)]
    };
    let effects = tested.store().change(&put(Some("10")), NOW).unwrap();
    assert_eq!(effects, [crate::Effect::Changed]);
    let links = tested.store().links("8504-1", "7895-1").unwrap();
    assert_eq!(links.iter().map(|link| link.predecessor).collect::<Vec<_>>(), [None, Some(10)]);
    let columns = |shape: &str| shape.lines().take_while(|line| !line.contains("KEY")).count();
    assert_eq!(columns(&server.sql(&database, SHAPE)), columns(&before));
}

#[test]
fn rows_without_an_id_are_listed_too() {
    let Some((server, database)) = original() else { return };
    server.sql(
        &database,
        "ALTER TABLE diskprint.virtualmachine ALTER vmid DROP NOT NULL;
         ALTER TABLE diskprint.os ALTER osetid DROP NOT NULL;
         INSERT INTO diskprint.virtualmachine (vmappname) VALUES ('nameless');
         INSERT INTO diskprint.os (ossystemname) VALUES ('nameless')",
    );
    let mut tested = on(server, database);
    let store = tested.store();
    let machines = store.virtual_machines().unwrap().into_iter().map(|it| (it.vmid, it.name));
    assert!(machines.eq([(None, Some("nameless".into())), (Some(1), Some("Fusion".into()))]));
    let systems = store.operating_systems().unwrap().into_iter().map(|it| (it.osetid, it.name));
    let known = (Some("8504-1".into()), Some("Windows".into()));
    assert!(systems.eq([(None, Some("nameless".into())), known]));
}

//! A database as the original workflow left it, with rows of its own, and our rows in it.

use super::*;

/// The original's tables that we write to, with keys of another order, numbers of other sizes and
/// actions of other ids than ours.
const SCHEMA: &str = "
    CREATE SCHEMA diskprint;
    SET search_path TO diskprint;
    CREATE TABLE storage (location varchar(1023), slicehash varchar(127) PRIMARY KEY);
    CREATE TABLE processqueue (location varchar(1023), slicehash varchar(127) PRIMARY KEY);
    CREATE FUNCTION enqueue() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO diskprint.processqueue VALUES (NEW.location, NEW.slicehash); RETURN NULL;
    END $$;
    CREATE TRIGGER enqueue AFTER INSERT ON storage FOR EACH ROW EXECUTE PROCEDURE enqueue();
    CREATE TABLE slicetype (type varchar(32) PRIMARY KEY);
    INSERT INTO slicetype VALUES ('Default'), ('Function'), ('Install');
    CREATE TABLE slice (
        sliceid int NOT NULL, slicetype varchar(32) NOT NULL DEFAULT 'Default',
        osetid varchar(50) NOT NULL, appetid varchar(50) NOT NULL,
        creationdate timestamp DEFAULT now(), slicenotes varchar(1023),
        slicestate varchar(127) DEFAULT 'latest',
        slicehash varchar(127) REFERENCES storage (slicehash), slicepredecessorid int,
        PRIMARY KEY (sliceid, osetid, appetid));
    CREATE TABLE cell (actionid int UNIQUE, actiontype varchar(32) UNIQUE);
    INSERT INTO cell VALUES (11, 'created'), (12, 'removed'), (3, 'mtime_updated'),
        (4, 'value_updated'), (15, 'property updated');
    CREATE TABLE hive (
        hiveid serial UNIQUE, hivepath varchar, appetid varchar(50), osetid varchar(50),
        datetime_ingested_to_postgres timestamp DEFAULT now());
    CREATE TABLE regdelta (
        osetid varchar(50), appetid varchar(50), sliceid int,
        hiveid int REFERENCES hive (hiveid), cellaction int REFERENCES cell (actionid),
        parentmtimebefore varchar(36), parentmtimeafter varchar(36),
        mtimebefore varchar(36), mtimeafter varchar(36),
        valuesha1before varchar(40), valuesha1after varchar(40),
        celltypebefore varchar(32), celltypeafter varchar(32),
        iskeybefore boolean NOT NULL DEFAULT true, iskeyafter boolean NOT NULL DEFAULT true,
        slicetype varchar(32) REFERENCES slicetype (type), cellpath varchar(1024),
        FOREIGN KEY (sliceid, osetid, appetid) REFERENCES slice (sliceid, osetid, appetid));
    INSERT INTO storage VALUES ('/tarballs/aa.tar.gz', 'an-md5');
    INSERT INTO slice (sliceid, osetid, appetid, slicehash, slicenotes)
        VALUES (10, '8504-1', '7895-1', 'an-md5', 'theirs');
    INSERT INTO hive (hivepath, appetid, osetid) VALUES ('other', '1-1', '1-1'),
        ('h', '7895-1', '8504-1');
";

/// What is known of the tables that the original made: columns, constraints, triggers.
const SHAPE: &str = "
    SELECT table_name, ordinal_position, column_name, column_default, is_nullable, data_type,
        character_maximum_length
    FROM information_schema.columns WHERE table_schema = 'diskprint' AND table_name IN
        ('storage', 'processqueue', 'slicetype', 'slice', 'cell', 'hive', 'regdelta')
    ORDER BY 1, 2;
    SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid::regclass::text IN ('diskprint.storage', 'diskprint.processqueue',
        'diskprint.slice', 'diskprint.cell', 'diskprint.hive', 'diskprint.regdelta')
    ORDER BY 1, 2;
    SELECT tgrelid::regclass, tgname FROM pg_trigger
    WHERE NOT tgisinternal OR tgrelid IN ('diskprint.slice'::regclass, 'diskprint.hive'::regclass)
    ORDER BY 1, 2";

fn original() -> Option<(&'static Server, String)> {
    let server = server()?;
    let database = server.database();
    server.sql(&database, SCHEMA);
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

#[test]
fn a_database_of_the_original_takes_our_rows_and_stays_what_it_was() {
    let Some((server, database)) = original() else { return };
    let before = server.sql(&database, SHAPE);
    let found = short();
    let mut tested = on(server, database.clone());
    assert_eq!(tested.count("regdelta"), 0);
    assert_eq!(tested.count("cell"), 5);
    for time in 0..2 {
        save(tested.store(), &found);
        assert_eq!(tested.count("regdelta"), found.cells.len(), "time {time}");
        assert_eq!(tested.count("diskprint_file_delta"), found.files.len());
    }
    assert_eq!(server.sql(&database, SHAPE), before);
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
        ["10|an-md5|theirs|/tarballs/aa.tar.gz", "20|bb||/tarballs/bb.tar.gz"]
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
        let kind = CellKind::Key { mtime: Filetime(0), class: None };
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
    assert_eq!(error, "the database has version 99, this program knows versions up to 3");
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

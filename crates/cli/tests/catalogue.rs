//! The catalogue as a user sees it, edits it and fills it from files.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use diskprint::{Digests, Hex};
use diskprint_testkit::postgres::server;
use serde_json::Value;
use support::{diskprint, expect, text};

/// A folder with a database and small files that pass for tarballs.
struct Place {
    folder: tempfile::TempDir,
    db: String,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = format!("sqlite:{}", folder.path().join("diskprint.db").display());
        Self { folder, db }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Writes a file and returns its path.
    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    #[track_caller]
    fn expect(&self, code: i32, args: &[&str]) -> String {
        expect(code, &[args, &["--db", &self.db]].concat())
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let output = diskprint(&[args, &["--json", "--db", &self.db]].concat());
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

fn sha256(text: &str) -> String {
    Hex(&Digests::of(text.as_bytes()).sha256).to_string()
}

#[test]
fn slices_are_added_edited_listed_and_removed() {
    let place = Place::new();
    let [clean, after] = [place.write("clean.tar", "clean"), place.write("after.tar", "after")];
    let first = place.expect(0, &["slice", "add", "8504-1-7895-1-10", &clean]);
    let sha = sha256("clean");
    assert_eq!(first, format!("8504-1-7895-1-10 is {clean}, SHA-256 {sha}\n"));
    let add = ["slice", "add", "8504-1-7895-1-20", &after, "--predecessor"];
    let more = ["--slicetype", "Install", "--notes", "it's in", "--state", "last"];
    let unknown = place.expect(1, &[&add[..], &["15"]].concat());
    assert_eq!(
        unknown,
        "diskprint: nothing was changed:\n  slice 8504-1-7895-1-20 has slicepredecessorid 15, \
         which is not in table slice\n"
    );
    place.expect(0, &[&add[..], &["10"], &more].concat());
    // Again is no harm, but nothing that was said is lost by what is not.
    place.expect(0, &[&add[..], &["10"], &more].concat());
    let there = place.expect(1, &[&add[..], &["10"]].concat());
    assert!(there.contains("is there already and differs; diskprint slice edit"), "{there}");
    let list = place.expect(0, &["slice", "list", "8504-1-7895-1"]);
    let lines: Vec<Vec<&str>> =
        list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["slice", "type", "predecessor", "state", "date", "file", "tarball"]);
    let date = lines[1][4];
    assert_eq!(
        lines[1],
        ["8504-1-7895-1-10", "Default", "(first)", "latest", date, "there", &clean]
    );
    assert_eq!(lines[2], ["8504-1-7895-1-20", "Install", "10", "last", date, "there", &after]);
    let json = place.json(&["slice", "list"]);
    assert_eq!(
        (&json[1]["slicenotes"], &json[1]["slicepredecessorid"]),
        (&"it's in".into(), &10.into())
    );
    place.expect(1, &["slice", "list", "8504-1-7901-1"]);

    let edit =
        |args: &[&str]| place.expect(0, &[&["slice", "edit", "8504-1-7895-1-20"], args].concat());
    let moved = place.write("moved.tar", "moved");
    let sha = (sha256("after"), sha256("moved"));
    let edited = edit(&["--tarball", &moved, "--notes", "n", "--first", "--slicetype", "Open"]);
    let s = "8504-1-7895-1-20";
    assert_eq!(
        edited,
        format!(
            "{s}: tarball: {after} → {moved}\n{s}: hash: {} → {}\n{s}: predecessor: 10 → -\n\
             {s}: slicetype: Install → Open\n{s}: notes: it's in → n\n",
            sha.0, sha.1
        )
    );
    assert_eq!(edit(&["--first"]), format!("{s}: nothing changed, it was like this before\n"));
    edit(&["--predecessor", "10"]);
    let nothing = place.expect(1, &["slice", "edit", s]);
    assert!(nothing.contains("required"), "{nothing}");
    let ring = place.expect(1, &["slice", "edit", "8504-1-7895-1-10", "--predecessor", "20"]);
    assert!(ring.contains("8504-1-7895-1-10 back to it, through 10, 20"), "{ring}");
    let odd = place.expect(1, &["slice", "edit", s, "--state", "odd"]);
    assert!(odd.contains("known are last, latest, stored"), "{odd}");
    let absent = place.expect(1, &["slice", "edit", "8504-1-7895-1-30", "--first"]);
    assert!(absent.contains("8504-1-7895-1-30 is not in table slice"), "{absent}");

    let needed = place.expect(1, &["slice", "remove", "8504-1-7895-1-10"]);
    assert!(needed.contains("10 is the predecessor of slice 8504-1-7895-1-20"), "{needed}");
    let gone = place.expect(0, &["slice", "remove", "8504-1-7895-1-10", s]);
    assert_eq!(gone, format!("8504-1-7895-1-10 is removed.\n{s} is removed.\n"));
    assert_eq!(place.json(&["slice", "list"]), Value::Array(vec![]));
}

#[test]
fn tarballs_are_compared_with_their_hashes() {
    let place = Place::new();
    let digests = Digests::of(b"same");
    let (md5, sha1) = (Hex(&digests.md5).to_string(), Hex(&digests.sha1).to_string());
    for name in ["a", "b", "c", "d"] {
        place.write(name, "same");
    }
    let rows = format!(
        "osetid,appetid,sliceid,slicepredecessorid,tarball,slicehash\n\
         1-1,2-1,1,,a,\n1-1,2-1,2,1,b,{md5}\n1-1,2-1,3,2,c,{sha1}\n1-1,2-1,4,3,d,what\n"
    );
    let file = place.write("slices.csv", &rows);
    let notes = place.expect(0, &["db", "import", &file, "--verify"]);
    assert!(notes.contains("slices.csv:5: "), "{notes}");
    let list = place.expect(2, &["slice", "list", "--verify"]);
    assert_eq!((list.matches("same").count(), list.matches("unknown kind").count()), (3, 1));
    place.write("b", "other");
    fs::remove_file(place.path("c")).unwrap();
    let list = place.expect(1, &["slice", "list", "--verify"]);
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[2].contains("CHANGED") && lines[3].contains("missing"), "{list}");
    assert_eq!(place.json(&["slice", "list", "--verify"])[1]["file"], "CHANGED");

    // A hash of theirs that still fits is kept, as other tables may name it.
    let a = place.path("a");
    let storage = place.write("t.csv", &format!("location,slicehash\n{a},{md5}\n"));
    place.expect(0, &["db", "import", &storage]);
    let added = place.expect(0, &["slice", "add", "1-1-2-1-5", &a, "--predecessor", "4"]);
    assert_eq!(added, format!("1-1-2-1-5 is {a}, MD5 {md5}\n"));

    // With other bytes than the hash says a row is not taken.
    let refused = place.expect(1, &["db", "import", &file, "--verify"]);
    let line = format!("slices.csv:3: {}: its hash is not {md5}", place.path("b"));
    assert!(refused.contains(&line), "{refused}");
}

#[test]
fn sequences_are_listed_with_their_last_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/8504-1/7895-1");
    let place = Place::new();
    for slice in ["10", "20"] {
        let name = format!("8504-1-7895-1-{slice}.tar.gz");
        fs::copy(folder.join(&name), place.path(&name)).unwrap();
    }
    let end = place.path("8504-1-7895-1-20.tar.gz");
    place.expect(0, &["run", &end, &place.path("results")]);
    place.expect(0, &["slice", "add", "1-1-2-1-10", &end, "--notes", "alone"]);
    let list = place.expect(0, &["sequence", "list"]);
    let lines: Vec<Vec<&str>> =
        list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[1], ["1-1-2-1", "1", "10", "never", "-"]);
    assert_eq!(lines[2][..4], ["8504-1-7895-1", "2", "20", "clean"]);
    let show = place.expect(0, &["sequence", "show", "8504-1-7895-1"]);
    let json = &place.json(&["sequence", "show", "8504-1-7895-1"])[0];
    let run = &json["last_run"];
    assert!(run["files"].as_u64() > Some(10), "{json}");
    let counts = format!("files {}, cells {}, faults 0", run["files"], run["cells"]);
    assert!(show.lines().nth(1).unwrap().ends_with(&counts), "{show}");
    assert!(show.lines().last().unwrap().ends_with(&end), "{show}");
    assert_eq!(json["slices"], serde_json::json!([10, 20]));
    assert_eq!(place.json(&["sequence", "list"])[1]["last_run"], *run);

    let kept = place.expect(1, &["slice", "remove", "8504-1-7895-1-20"]);
    assert!(kept.contains("has stored results; --with-results removes them, too"), "{kept}");
    place.expect(0, &["slice", "remove", "8504-1-7895-1-20", "--with-results"]);
    let after = &place.json(&["sequence", "show", "8504-1-7895-1"])[0];
    assert_eq!((&after["slices"], &after["last_run"]), (&serde_json::json!([10]), &Value::Null));
    let none = place.expect(1, &["sequence", "show", "8504-1-7895-2"]);
    assert!(none.contains("no slice of 8504-1-7895-2"), "{none}");
}

#[test]
fn operating_systems_and_machines_are_kept() {
    let place = Place::new();
    let unknown = place.expect(1, &["os", "add", "8504-1", "--vm", "3"]);
    assert!(unknown.contains("os 8504-1: vmid 3 is not in table virtualmachine"), "{unknown}");
    let vm = ["vm", "add", "3", "--name", "Fusion", "--app-version", "5"];
    assert_eq!(place.expect(0, &vm), "vm 3 is added.\n");
    assert_eq!(place.expect(0, &vm), "vm 3 is unchanged.\n");
    let os = ["os", "add", "8504-1", "--name", "Windows 7", "--vm", "3"];
    assert_eq!(place.expect(0, &os), "os 8504-1 is added.\n");
    let date = place.expect(1, &["os", "add", "8504-1", "--installdate", "2012-11-31"]);
    assert!(date.contains("is no day"), "{date}");
    let changed = place.expect(0, &["os", "add", "8504-1", "--installdate", "2012-11-30"]);
    assert_eq!(changed, "os 8504-1 is changed.\n");
    let list = place.expect(0, &["os", "list"]);
    assert!(list.ends_with("8504-1  Windows 7  3   2012-11-30\n"), "{list}");
    assert_eq!(place.json(&["vm", "list"])[0]["vmappname"], "Fusion");
    let needed = place.expect(1, &["vm", "remove", "3"]);
    assert!(needed.contains("vm 3 is named by os 8504-1, and stays"), "{needed}");
    place.expect(0, &["os", "remove", "8504-1"]);
    place.expect(0, &["vm", "remove", "3"]);
    place.expect(1, &["vm", "remove", "3"]);
}

const DUMP: &str = r"-- a dump /* and no comment
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
\restrict abc
BEGIN;
/* nested /* comments */ end */
INSERT INTO diskprint.virtualmachine VALUES (3, 'Fusion; not the end', '5.0'), (+4, E'a\'b', NULL);
INSERT INTO os (osetid, vmid, installdate) VALUES ('8504-1', 3::integer, DATE '2012-11-05');
INSERT INTO vmsetting (osetid, sound) VALUES ('8504-1', 'it''s on');
insert into slicetype values ('Idle'); INSERT INTO slicestate (type) VALUES ('lost');
INSERT INTO storage VALUES ('/t/10.tar.gz', 'd41d8cd98f00b204e9800998ecf8427e'),
    (CAST('/t/20.tar.gz' AS character varying(1023)), 'unknown');
INSERT INTO slice (sliceid, osetid, appetid, slicehash, slicepredecessorid, creationdate, slicetype)
VALUES (10, '8504-1', '7895-1', 'd41d8cd98f00b204e9800998ecf8427e', NULL, now(), DEFAULT),
       (20, '8504-1', '7895-1', 'unknown', 10, '2013-05-07 09:00:45.5'::timestamp without time zone,
        'Idle'::varchar(32));
COMMIT;
";

const COUNTS: &str = "slicetype: 1 added\nslicestate: 1 added\nstorage: 2 added\n\
    virtualmachine: 2 added\nos: 1 added\nvmsetting: 1 added\nslice: 2 added\n";

#[test]
fn a_dump_of_the_originals_tables_is_imported_into_both_databases() {
    let place = Place::new();
    let file = place.write("dump.sql", DUMP);
    let mut databases = vec![place.db.clone()];
    databases.extend(server().map(|server| server.address(&server.database())));
    for db in &databases {
        let run = |code, args: &[&str]| expect(code, &[args, &["--db", db]].concat());
        let first = run(0, &["db", "import", &file]);
        assert!(first.starts_with(COUNTS), "{first}");
        for note in ["SET is passed over, line 2", "SELECT set_config", "\\restrict", "COMMIT"] {
            assert!(first.contains(note), "{note} in {first}");
        }
        let again = run(0, &["db", "import", &file, "--dry-run"]);
        assert!(again.contains("dump.sql:14: would change slice 8504-1-7895-1-10"), "{again}");
        let unchanged = "dump.sql:15: would leave as it is slice 8504-1-7895-1-20";
        assert!(again.contains(unchanged), "{again}");
        let slices: Value =
            serde_json::from_str(&run(0, &["slice", "list", "--json"])).expect("JSON");
        assert_eq!(slices[1]["creationdate"], "2013-05-07T09:00:45.5");
        assert_eq!(
            (&slices[1]["slicetype"], &slices[0]["slicetype"]),
            (&"Idle".into(), &"Default".into())
        );
        assert_eq!(slices[0]["location"], "/t/10.tar.gz");
        assert!(run(0, &["vm", "list"]).contains("Fusion; not the end"));
    }
}

#[test]
fn what_is_no_row_is_refused_with_its_line() {
    let place = Place::new();
    for (sql, says) in [
        ("CREATE TABLE slice (a int);", "1: CREATE is not understood, INSERT alone is"),
        ("\n\nDELETE FROM slice;", "3: DELETE is not understood"),
        ("ROLLBACK;", "1: ROLLBACK is not understood"),
        ("COPY slice FROM stdin;", "1: COPY is not understood"),
        ("SELECT 1;", "1: SELECT is not understood"),
        ("SELECT pg_catalog.lo_import('/etc/passwd');", "1: SELECT is not understood"),
        ("SET standard_conforming_strings TO off;", "1: backslashes in text"),
        ("INSERT INTO regdelta VALUES (1);", "1: table \"regdelta\" is none of"),
        ("INSERT INTO other.slice VALUES (1);", "1: schema \"other\" is not diskprint"),
        ("INSERT INTO slice (what) VALUES (1);", "1: column \"what\" is not in table slice"),
        ("INSERT INTO slice (sliceid, sliceid) VALUES (1, 2);", "1: column \"sliceid\" is there"),
        ("INSERT INTO os (osetid) VALUES\n('1-1'),\n('1-2', 3);", "3: has 2 values for 1 columns"),
        ("INSERT INTO storage VALUES ('a', 'b', 'c');", "1: has 3 values for 2 columns"),
        ("INSERT INTO os VALUES ('1'||'2');", "1: | makes this no literal"),
        ("INSERT INTO os VALUES (1+1);", "1: + makes this no literal"),
        ("INSERT INTO os VALUES ((SELECT 1));", "1: ( is no literal"),
        ("INSERT INTO os VALUES (lower('A'));", "1: lower is no literal"),
        ("INSERT INTO os VALUES (true);", "1: true is no literal"),
        ("INSERT INTO os SELECT * FROM os;", "1: VALUES was expected, not select"),
        ("INSERT INTO os VALUES ('a') ON CONFLICT DO NOTHING;", "1: on after the values"),
        ("INSERT INTO os VALUES ('a\n);", "1: text in quotes does not end"),
        ("SET x = 'a\n;", "1: text in quotes does not end"),
        ("/* /* */", "1: a comment does not end"),
        ("INSERT INTO os VALUES ($$a$$);", "1: text in dollars is not understood"),
        ("'a'", "1: a statement cannot begin with 'a'"),
        ("INSERT INTO os VALUES ('1-1'", "1: the end makes this no literal"),
    ] {
        let file = place.write("a.sql", sql);
        let said = place.expect(1, &["db", "import", &file]);
        let line = format!("diskprint: nothing was changed:\n  {file}:{says}");
        assert!(said.contains(&line), "{sql}: {said}");
    }
    // All of them at once.
    let two = "DROP TABLE os;\nINSERT INTO slice;\nINSERT INTO os VALUES (x);\nVACUUM;";
    let file = place.write("a.sql", two);
    assert_eq!(place.expect(1, &["db", "import", &file]).lines().count(), 5);
    assert!(!place.folder.path().join("diskprint.db").exists());
    // Nothing is nested: no depth ends the program.
    let deep = format!("INSERT INTO os VALUES (1{})", "+1".repeat(500_000));
    let file = place.write("a.sql", &deep);
    place.expect(1, &["db", "import", &file]);
}

#[test]
fn files_of_several_tables_are_imported_together_or_not_at_all() {
    let place = Place::new();
    for name in ["10.tar", "20.tar"] {
        place.write(name, name);
    }
    let slices = place.write(
        "slices.csv",
        "\u{FEFF}OsEtId,appetid,sliceid,slicepredecessorid,slicetype,tarball,slicenotes\n\
         8504-1,7895-1,20,10,Install,20.tar,\"two\nlines\"\n8504-1,7895-1,10,,,10.tar,\n",
    );
    let os = place.write("os.csv", "osetid,ossystemname,vmid,installdate\n8504-1,Windows 7,3,\n");
    let vm = place.write("vm.csv", "vmid,vmappname,vmappversion\n3,Fusion,5\n");
    let missing = place.expect(1, &["db", "import", &slices, &os]);
    assert!(missing.contains("os.csv:2: os 8504-1: vmid 3 is not in table"), "{missing}");
    assert_eq!(place.json(&["slice", "list"]), Value::Array(vec![]));
    let dry = place.expect(0, &["db", "import", &slices, &os, &vm, "--dry-run"]);
    assert!(dry.contains("slices.csv:2: would add slice 8504-1-7895-1-20"), "{dry}");
    assert_eq!(place.json(&["slice", "list"]), Value::Array(vec![]));
    let done = place.expect(0, &["db", "import", &slices, &os, &vm]);
    assert_eq!(done, "storage: 2 added\nvirtualmachine: 1 added\nos: 1 added\nslice: 2 added\n");
    let listed = place.json(&["slice", "list"]);
    assert_eq!(listed[1]["slicehash"], *sha256("20.tar"));
    assert_eq!(listed[1]["slicenotes"], "two\nlines");
    assert_eq!(
        (&listed[0]["slicetype"], &listed[0]["slicestate"]),
        (&"Default".into(), &"latest".into())
    );

    // Columns that a file does not have stay as they are.
    let notes = place.write("n.csv", "osetid,appetid,sliceid,slicenotes\n8504-1,7895-1,20,new\n");
    assert_eq!(place.expect(0, &["db", "import", &notes]), "slice: 1 changed\n");
    assert_eq!(place.json(&["slice", "list"])[1]["slicetype"], "Install");
    let types = place.write("t.csv", "type\nIdle\n");
    let both = place.expect(1, &["db", "import", &types]);
    assert!(both.contains("the header fits slicetype and slicestate; --table says"), "{both}");
    let import = ["db", "import", &types, "--table", "slicetype"];
    assert_eq!(place.expect(0, &import), "slicetype: 1 added\n");
}

#[test]
fn every_kind_of_error_in_rows_is_named() {
    let place = Place::new();
    let header = "osetid,appetid,sliceid,slicepredecessorid,slicetype,slicestate,location\n";
    let rows = "1-1,2-1,10,30,,,\n1-1,2-1,30,10,,,\n1-1,2-1,40,39,,,\n1-1,2-1,50,,Odd,,\n\
        1-1,2-1,60,,,odd,\n1-1,2-1,x,,,,\n,2-1,70,,,,\n1-1,2-1,80,,,,/none.tar\n\
        1-1,2-1,90,,,,\n1-1,2-1,90,80,,,\n1-1,2-1,95,95,,,\n";
    let file = place.write("s.csv", &format!("{header}{rows}"));
    let said = place.expect(1, &["db", "import", &file]);
    let expected = [
        "s.csv:9: /none.tar: cannot be hashed: ",
        "s.csv:2: slicepredecessorid leads from slice 1-1-2-1-10 back to it, through 10, 30",
        "s.csv:4: slice 1-1-2-1-40 has slicepredecessorid 39, which is not in table slice",
        "s.csv:5: slice 1-1-2-1-50: slicetype \"Odd\" is not in table slicetype; known are Activ",
        "s.csv:6: slice 1-1-2-1-60: slicestate \"odd\" is not in table slicestate; known are last",
        "s.csv:7: slice 1-1-2-1-x: sliceid \"x\" is no number",
        "s.csv:8: slice NULL-2-1-70: osetid is empty",
        "s.csv:11: slice 1-1-2-1-90 is there twice, with slicepredecessorid NULL and 80",
        "s.csv:12: slicepredecessorid leads from slice 1-1-2-1-95 back to it, through 95",
    ];
    let said = said.replace(&place.path("s.csv"), "s.csv");
    let lines: Vec<&str> = said.lines().skip(1).map(str::trim).collect();
    assert_eq!(lines.len(), expected.len(), "{said}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
    for (csv, says) in [
        ("osetid,appetid,what\n", "a.csv:1: column \"what\" is not in table slice"),
        ("osetid,appetid,slicetype\n", "a.csv:1: column sliceid of table slice is missing"),
        ("vmid,VMID\n", "a.csv:1: column \"VMID\" is there twice"),
        ("vmid,vmappname\n3,a\n4\n", "a.csv:3: has 1 fields, the header has 2"),
    ] {
        let file = place.write("a.csv", csv);
        let said = place.expect(1, &["db", "import", &file]);
        assert!(said.contains(says), "{said}");
    }
    fs::write(place.path("a.csv"), b"vmid,vmappname\n3,\xFF\n").unwrap();
    let said = place.expect(1, &["db", "import", &place.path("a.csv")]);
    assert!(said.contains("a.csv:2: is not UTF-8"), "{said}");
    let said = place.expect(1, &["db", "import", &place.write("a.txt", "")]);
    assert!(said.contains("ends neither in .csv nor in .sql"), "{said}");
    let said = place.expect(1, &["db", "import", &file, "--table", "regdelta"]);
    assert!(said.contains("\"regdelta\" is none of the tables"), "{said}");
    assert!(text(said.as_bytes()).contains("vmsetting"));
}

#[test]
fn what_pg_dump_writes_is_imported() {
    let (Some(server), Some(pg_dump)) = (server(), diskprint_testkit::need::program("pg_dump"))
    else {
        return;
    };
    let place = Place::new();
    let database = server.database();
    let file = place.write("first.sql", DUMP);
    let address = server.address(&database);
    expect(0, &["db", "import", &file, "--db", &address]);
    let tables =
        ["slicetype", "slicestate", "storage", "virtualmachine", "os", "vmsetting", "slice"];
    for (name, inserts) in [("a.sql", "--inserts"), ("b.sql", "--column-inserts")] {
        let mut command = Command::new(&pg_dump);
        command.args(["--data-only", inserts, "--rows-per-insert=2", "-U", "postgres"]);
        command.args(["-h", server.host(), "-p", &server.port().to_string(), &database]);
        command.args(tables.map(|table| format!("--table=diskprint.{table}")));
        let dump = place.write(name, &text(&support::witness(&mut command)));
        let db = format!("sqlite:{}", place.path(&format!("{name}.db")));
        expect(0, &["db", "import", &dump, "--db", &db]);
        for list in [["slice", "list"], ["os", "list"], ["vm", "list"], ["sequence", "list"]] {
            let json = |db: &str| expect(0, &[&list[..], &["--json", "--db", db]].concat());
            assert_eq!(json(&db), json(&address));
        }
    }
}

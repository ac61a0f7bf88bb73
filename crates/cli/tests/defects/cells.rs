//! Which keys and values are the same, and what is told of them: defects 4 to 8.

use std::fs;

use diskprint_testkit::original::SCHEMA;
use diskprint_testkit::postgres::server;
use diskprint_testkit::regf::{Key, Name, Value};
use quick_xml::events::Event;

use crate::sequence::{SHORT, Sequence, changes, disk_of, line};
use crate::support;

fn key(name: &str) -> Key {
    Key::new(name)
}

/// Defect 4: a key and a value of one name, and the unnamed value and one called `Default`, gave
/// rows between hives in which they are the same.
#[test]
fn cells_of_one_path_are_not_taken_for_each_other() {
    let tree = |other, value, unnamed, below| {
        let root = key("R").with(key("n").with(key("x").value(Value::dword("below", below))));
        let root = root.value(Value::dword("n", value)).value(Value::dword("other", other));
        root.value(Value::string("", "unnamed")).value(Value::dword("Default", unnamed))
    };
    let before = || tree(1, 1, 1, 1);
    assert_eq!(changes(before(), tree(2, 1, 1, 1)), [r"altered value \R\other data"]);
    assert_eq!(changes(before(), tree(1, 2, 1, 1)), [r"altered value \R\n data"]);
    assert_eq!(changes(before(), tree(1, 1, 1, 2)), [r"altered value \R\n\x\below data"]);
    // Stored the other way round, they are still the same.
    let turned = || Key { values: before().values.into_iter().rev().collect(), ..before() };
    assert_eq!(changes(before(), turned()), [] as [&str; 0]);
    let sequence = Sequence::of(&[disk_of(before()), disk_of(tree(1, 1, 2, 1))]);
    sequence.run(0, &["--quiet"]);
    let rows = sequence.cells("action value cellpath changes value_type_name_after");
    assert_eq!(rows, [r"altered Default \R\Default data REG_DWORD"]);
}

/// Defect 5: two keys of one name below one key ended the sequence, and a control character in a
/// name dropped its hive.
#[test]
fn keys_of_one_name_and_names_with_control_characters_are_compared() {
    let tree = |second, bell| {
        let twin = |number| key("twin").value(Value::dword("n", number));
        let odd = key("a\u{1}\u{1b}b").value(Value::dword("c\u{7}\n", bell));
        // A name that is no text at all.
        let broken = Key::new(Name::from_units(vec![0xD800, 0x41]));
        key("R").with(twin(1)).with(twin(second)).with(odd).with(broken)
    };
    let sequence = Sequence::of(&[disk_of(tree(2, 1)), disk_of(tree(3, 2))]);
    sequence.run(0, &["--quiet"]);
    let export = support::expect(
        0,
        &["export", crate::sequence::NAME, "--db", &sequence.database(), "--format", "jsonl"],
    );
    let rows = support::rows(&export);
    let cells: Vec<_> = rows.iter().filter(|row| row["type"] == "cell").collect();
    let lines: Vec<_> = cells.iter().map(|row| line(row, SHORT)).collect();
    assert_eq!(
        lines,
        ["altered value \\R\\a\u{1}\u{1b}b\\c\u{7}\n data", r"altered value \R\twin\n data"]
    );
    assert_eq!(line(cells[1], "data_before data_after"), "02000000 03000000");

    let xml = sequence.outputs(1).join("registry/001-SOFTWARE.regxml");
    let text = fs::read_to_string(xml).unwrap();
    let forbidden = |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    assert!(!text.contains(forbidden) && !text.contains("&#x1;"), "{text}");
    let mut reader = quick_xml::Reader::from_str(&text);
    let mut keys = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => {
                keys += u32::from(tag.name().as_ref() == "node");
            }
            _ => {}
        }
    }
    assert_eq!(keys, 5, "{text}");
}

/// Seconds since 2013-05-07T09:00:00Z as FILETIME.
fn second(second: u64) -> u64 {
    130_123_908_000_000_000 + second * 10_000_000
}

/// Defect 6: created rows had no time of their parent before, all rows one slice type, and ids
/// came from the names of files.
#[test]
fn rows_have_their_parents_times_and_what_the_database_knows_of_their_slice() {
    let before = key("R").at(second(1)).with(key("k").at(second(2)));
    let added = key("new").at(second(4));
    let after =
        key("R").at(second(1)).with(key("k").at(second(3)).value(Value::dword("v", 1)).with(added));
    // These names say something else than the database.
    let files = [("1-1-2-2-98.raw", disk_of(before)), ("1-1-2-2-99.raw", disk_of(after))];
    let sequence = Sequence::named(&files.each_ref().map(|(name, disk)| (*name, &disk[..])));
    let (db, first, last) = (sequence.database(), sequence.slice(0), sequence.slice(1));
    fs::create_dir(sequence.path("results")).unwrap();
    support::expect(0, &["slice", "add", "8504-1-7895-1-7", &first, "--db", &db]);
    let last = ["slice", "add", "8504-1-7895-1-3", &last, "--predecessor", "7"];
    support::expect(0, &[&last[..], &["--slicetype", "Install", "--db", &db]].concat());
    sequence.run(0, &["--quiet"]);
    let rows = sequence.sql(
        "SELECT osetid, appetid, sliceid, slicetype, cellaction, cellpath,
             substr(parentmtimebefore, 18), substr(parentmtimeafter, 18) FROM regdelta",
    );
    let of_slice = "8504-1|7895-1|3|Install";
    assert_eq!(
        rows,
        [r"5|\R\k|01Z|01Z", r"1|\R\k\v|02Z|03Z", r"1|\R\k\new|02Z|03Z"]
            .map(|row| format!("{of_slice}|{row}"))
    );
}

/// Defect 7: changes that the original's hashes and times cannot show were not seen.
#[test]
fn what_looks_the_same_when_rendered_or_rounded_is_told() {
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let tree = |number: Value, list: &str, text: &str, ticks: u64| {
        let root = key("R").value(number).value(Value::new("list", 7, &utf16(list)));
        root.value(Value::new("text", 1, &utf16(text))).with(key("k").at(second(1) + ticks))
    };
    let before = tree(Value::dword("number", 1), "ab\0c\0\0", "x\0y\0", 1);
    let after = tree(Value::string("number", "1"), "a\0bc\0\0", "x\0z\0", 2);
    let sequence = Sequence::of(&[disk_of(before), disk_of(after)]);
    sequence.run(0, &["--quiet"]);
    assert_eq!(
        sequence.cells(SHORT),
        [
            r"altered value \R\list data",
            r"altered value \R\number data,type",
            r"altered value \R\text data",
            r"altered key \R\k mtime",
        ]
    );
    // The original's columns are the same on both sides, as they were; the rows are there.
    let alike = "SELECT cellpath FROM regdelta WHERE valuesha1before IS valuesha1after
                 AND mtimebefore IS mtimeafter ORDER BY 1";
    assert_eq!(sequence.sql(alike), [r"\R\k", r"\R\list", r"\R\number", r"\R\text"]);
}

/// Some rows, and keys whose cell path is longer than 1024 characters.
fn with_a_long_path() -> Sequence {
    let deep = (0..6).fold(key("last"), |below, _| key(&"k".repeat(200)).with(below));
    let many = (0..300).map(|number| key(&format!("key {number}")));
    let after = many.fold(key("R"), Key::with).with(deep);
    Sequence::of(&[disk_of(key("R")), disk_of(after)])
}

/// Keys that are new in [`with_a_long_path`].
const NEW_KEYS: usize = 307;

/// Defect 8: a cell path over 1024 characters left half of the rows.
#[test]
fn a_long_cell_path_is_stored() {
    let sequence = with_a_long_path();
    sequence.run(0, &["--quiet"]);
    let stored = sequence.sql("SELECT count(*), max(length(cellpath)) FROM regdelta");
    assert_eq!(stored, [format!("{NEW_KEYS}|{}", 2 + 6 * 201 + "\\last".len())]);
    assert_eq!(sequence.cells("action"), ["new"; NEW_KEYS]);
}

/// Defect 8, in a database of the original, whose column takes no more: all rows or none, in one
/// transaction, and the same command goes on.
#[test]
fn a_cell_path_that_does_not_fit_stores_no_row_and_with_room_all() {
    let Some(server) = server() else { return };
    let database = server.database();
    server.sql(&database, SCHEMA);
    let address = server.address(&database);
    let sequence = with_a_long_path();
    let count = || {
        let counts = "SELECT count(*), count(DISTINCT xmin::text) FROM diskprint.regdelta";
        server.sql(&database, counts).trim().to_owned()
    };
    for _ in 0..2 {
        let told = sequence.run(1, &["--quiet", "--db", &address]);
        assert!(told.contains("db upgrade --widen") && !told.contains("Done."), "{told}");
        assert_eq!(count(), "0|0");
    }
    support::expect(0, &["db", "upgrade", "--widen", "--db", &address]);
    sequence.run(0, &["--quiet", "--db", &address]);
    assert_eq!(count(), format!("{NEW_KEYS}|1"));
}

//! Both states of a hive, what its report says of them, and when something is missing.

use diskprint::{Grade, HiveReport, HiveState, read_hive};
use diskprint_formats::regf::Hive;
use diskprint_formats::regf::log::LogFile;
use diskprint_testkit::regf::{Key, Value, build, log};

fn before() -> Vec<u8> {
    let root = Key::new("ROOT").with(Key::new("a").value(Value::dword("n", 1)));
    log::with_numbers(&build(&root).bytes, 8, 7)
}

fn after() -> Vec<u8> {
    let a = Key::new("a").value(Value::dword("n", 2));
    build(&Key::new("ROOT").with(a).with(Key::new("b"))).bytes
}

fn log_to(after: &[u8]) -> Vec<u8> {
    log::new_log(&before(), &[log::Entry::between(7, &before(), after)])
}

fn read(logs: &[(LogFile, &[u8])], state: HiveState) -> (Hive, HiveReport) {
    read_hive(before(), logs, state).expect("a key")
}

/// The logs that lie beside a hive.
type Logs<'a> = &'a [(LogFile, &'a [u8])];

fn keys(hive: &Hive) -> usize {
    hive.key_count()
}

#[test]
fn a_hive_is_recovered_and_its_stored_state_comes_back() {
    let log = log_to(&after());
    let logs = [(LogFile::Log1, log.as_slice())];
    let (hive, report) = read(&logs, HiveState::Recovered);
    assert_eq!((keys(&hive), report.grade, report.faults()), (3, Grade::Repaired, vec![]));
    assert!(report.is_recovered() && !report.is_clean());
    let stored = report.stored(&hive).expect("another state").expect("a key");
    assert_eq!(stored.bytes(), before());
    assert_eq!(
        report.lines(),
        [
            "dirty (checksum valid, sequence numbers 8 and 7)",
            "LOG1: entry 7 applied (1 pages, 4096 bytes)"
        ]
    );
}

#[test]
fn the_stored_state_is_not_said_to_have_logs_applied() {
    let log = log_to(&after());
    let (hive, report) = read(&[(LogFile::Log1, log.as_slice())], HiveState::Stored);
    assert_eq!((keys(&hive), report.grade, report.faults()), (2, Grade::Partial, vec![]));
    assert!(!report.is_recovered() && report.stored(&hive).is_none());
    assert_eq!(report.lines()[1..], ["read as stored, without its logs"]);
}

/// Better an old state than none, but never without a word.
#[test]
fn a_recovered_state_without_any_key_is_a_fault_and_the_stored_one_is_read() {
    let mut nothing = after();
    nothing[4096 + 32..].fill(0);
    let log = log_to(&nothing);
    let (hive, report) = read(&[(LogFile::Log1, log.as_slice())], HiveState::Recovered);
    assert_eq!((keys(&hive), report.grade), (2, Grade::Partial));
    let faults = report.faults();
    assert!(faults.len() == 1 && faults[0].0.contains("it cannot be read"), "{faults:?}");
    assert!(report.lines()[1].contains("none is applied"), "{:?}", report.lines());
}

#[test]
fn changes_that_no_log_gives_are_missed_aloud() {
    let whole = log_to(&after());
    let torn = {
        let mut torn = whole.clone();
        *torn.last_mut().expect("bytes") ^= 1;
        torn
    };
    let made = log::base_block(&before(), 6, 7);
    let never_used = [made.as_slice(), &[0; 1024]].concat();
    let cases: [(&str, Logs<'_>, usize); 5] = [
        ("no log at all", &[], 1),
        ("torn", &[(LogFile::Log1, &torn)], 1),
        ("cut to next to nothing", &[(LogFile::Log1, &whole[..100])], 1),
        ("never written to", &[(LogFile::Log1, &never_used), (LogFile::Log2, &[])], 0),
        ("empty", &[(LogFile::Log1, &[0; 4096])], 0),
    ];
    for (name, logs, faults) in cases {
        let (hive, report) = read(logs, HiveState::Recovered);
        assert_eq!((keys(&hive), report.grade), (2, Grade::Partial), "{name}");
        assert_eq!(report.faults().len(), faults, "{name}: {:?}", report.lines());
    }
    let clean = read_hive(after(), &[(LogFile::Log1, &whole)], HiveState::Recovered);
    let (_, report) = clean.expect("a key");
    assert_eq!((report.grade, report.faults()), (Grade::Intact, vec![]));
}

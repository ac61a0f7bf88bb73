//! Every case comes to the state it must, and says what `said.txt` has.

use std::fmt::Write;

use diskprint_formats::regf::Hive;
use diskprint_formats::regf::log::{LogFile, Recovery, recover};

use super::cases::{self, Case};

pub fn run(case: &Case) -> Recovery {
    let logs: Vec<(LogFile, &[u8])> = case.logs.iter().map(|(file, log)| (*file, &**log)).collect();
    recover(&case.primary, &logs)
}

/// The state of the hive, then a line for each log.
pub fn said(recovery: &Recovery) -> String {
    let mut text = format!("  {}\n", recovery.state);
    for log in &recovery.logs {
        writeln!(text, "  {log}").unwrap();
    }
    if let Some(missing) = recovery.missing {
        writeln!(text, "  missing: {missing}").unwrap();
    }
    if let Some(log) = recovery.base_block_from {
        writeln!(text, "  base block from {log}").unwrap();
    }
    text
}

#[test]
fn each_case_comes_to_its_state() {
    for case in cases::all() {
        let recovery = run(&case);
        assert_eq!(recovery.bytes.is_some(), case.recovered.is_some(), "{}", case.name);
        assert!(
            recovery.bytes == case.recovered,
            "{}: other bytes\n{}",
            case.name,
            said(&recovery)
        );
        assert_eq!(recovery.bytes.is_some(), recovery.sequence_number.is_some(), "{}", case.name);
    }
}

#[test]
fn what_is_recovered_is_a_clean_hive() {
    for case in cases::all() {
        let Some(bytes) = run(&case).bytes else { continue };
        let hive = Hive::read(bytes).unwrap();
        let base = hive.base_block();
        assert!(!base.is_dirty() && base.file_type == 0, "{}", case.name);
        assert_eq!(run(&Case { primary: hive.bytes().to_vec(), ..case }).bytes, None);
    }
}

#[test]
fn each_case_says_what_was_found() {
    let text: String =
        cases::all().iter().map(|case| format!("{}\n{}", case.name, said(&run(case)))).collect();
    let expected = include_str!("said.txt");
    assert!(text == expected, "says now:\n{text}");
}

#[test]
fn errors_are_told_with_their_place() {
    let named = |name: &str| cases::all().into_iter().find(|case| case.name == name).unwrap();
    let torn = run(&named("last entry torn"));
    let error = torn.logs[0].refused.as_ref().unwrap().to_string();
    assert!(error.starts_with("log entry at 0x") && error.ends_with("(torn write)"), "{error}");
}

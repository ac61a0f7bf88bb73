//! Digests that are carried over from slice to slice, on whole sequences: every output has the same
//! bytes as when everything is read again, with any number of threads.

mod support;

use std::path::{Path, PathBuf};

use diskprint_testkit::need;

/// The last slices of sequences, each with the bytes that are carried over at least.
fn ends() -> Vec<(PathBuf, f64)> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/8504-1/7895-1");
    let mut ends = vec![(sample.join("8504-1-7895-1-40.tar.gz"), 1.0)];
    if let Some(data) = need::data("small/8504-1") {
        for sequence in ["7895-1", "7901-1", "7950-2"] {
            ends.push((data.join(format!("{sequence}/8504-1-{sequence}-40.tar.gz")), 10.0));
        }
    }
    ends
}

/// Runs a sequence and returns how many MB were read and how many digested, as `--timings` has it.
fn run(end: &Path, results: &Path, options: &[&str]) -> (f64, f64) {
    let (end, results) = (end.display().to_string(), results.display().to_string());
    let args = [&["run", "--quiet", "--timings", &end, &results], options].concat();
    let output = support::diskprint(&args);
    let table = support::text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{table}");
    let line = table.lines().find(|line| line.starts_with("digest ")).expect("a line of digests");
    let numbers: Vec<f64> = line.split_whitespace().filter_map(|it| it.parse().ok()).collect();
    (numbers[0], numbers[1])
}

#[test]
fn every_output_is_the_same_carried_over_or_read_with_any_number_of_threads() {
    for (end, least) in ends() {
        let folder = tempfile::tempdir().unwrap();
        let results = |name: &str| folder.path().join(name);
        let (read, made) = run(&end, &results("usual"), &[]);
        assert!(read < made, "{}: all of {made} MB read", end.display());
        let usual = support::outputs(&results("usual"));
        for options in [&["--threads", "1"], &["--threads", "3"]] {
            let (read, made_again) = run(&end, &results(options[1]), options);
            assert_eq!(made_again, made, "{options:?}");
            // Of slices that are read side by side, either may be unpacked first, which changes how
            // much they share.
            let is_enough = if options[1] == "1" { made - read >= least } else { read < made };
            assert!(is_enough, "{options:?}, {}: {read} of {made} MB read", end.display());
            assert!(support::outputs(&results(options[1])) == usual, "{options:?}");
        }
        let (read, made) = run(&end, &results("little memory"), &["--max-memory", "1"]);
        assert!(read > 0.99 * made, "no room for digests: {read} of {made} MB read");
        assert!(support::outputs(&results("little memory")) == usual, "{}", end.display());
        let (read, made) = run(&end, &results("verified"), &["--verify"]);
        assert_eq!(read, made, "{}", end.display());
        assert!(support::outputs(&results("verified")) == usual, "{}", end.display());
    }
}

//! What `check` says of places where a run can work, and where it cannot.

mod support;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use diskprint_testkit::postgres::server;
use serde_json::Value;

fn last() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/8504-1/7895-1");
    folder.canonicalize().unwrap().join("8504-1-7895-1-40.tar.gz").display().to_string()
}

/// Runs `check --json`, which must end with `code`; returns the findings.
#[track_caller]
fn check(code: i32, args: &[&str]) -> Vec<Value> {
    let output = support::diskprint(&[&["check", "--json"], args].concat());
    let (out, err) = (support::text(&output.stdout), support::text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let checks = report["checks"].as_array().unwrap().clone();
    let any = |verdict: &&str| checks.iter().any(|check| check["verdict"] == *verdict);
    let worst = ["failed", "warning", "ok"].into_iter().find(|verdict| any(verdict)).unwrap();
    assert_eq!(report["outcome"], worst);
    checks
}

/// The one finding of a check: verdict, what was found, how to mend it.
#[track_caller]
fn of(checks: &[Value], name: &str) -> (String, String, String) {
    let mut found = checks.iter().filter(|check| check["check"] == name);
    let (Some(one), None) = (found.next(), found.next()) else { panic!("{name}: {checks:#?}") };
    let text = |field: &str| one[field].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("found"), text("mend"))
}

#[track_caller]
fn expect(checks: &[Value], name: &str, verdict: &str, part: &str) {
    let (is, found, mend) = of(checks, name);
    assert_eq!(is, verdict, "{name}: {found}");
    assert!(found.contains(part), "{name}: {found}");
    assert_eq!(mend.is_empty(), verdict == "ok", "{name}: {mend}");
}

fn results() -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let results = scratch.path().join("results");
    (scratch, results)
}

#[test]
fn a_good_place_is_said_to_be_good_and_left_as_it_was() {
    let (scratch, results) = results();
    let shown = results.display().to_string();
    let args = [shown.as_str(), "--tarballs", &last()];
    let checks = check(0, &args);
    expect(&checks, "program", "ok", env!("CARGO_PKG_VERSION"));
    expect(&checks, "results", "ok", "is not there");
    expect(&checks, "database", "ok", "is made by the first run");
    expect(&checks, "slices", "ok", "4 can be read");
    // 75,520,000 bytes, as gzip -l says of the last slice.
    expect(&checks, "space", "ok", "72.02 MiB scratch, 77.14 MiB outputs");
    expect(&checks, "inodes", "ok", "about 800 needed");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);

    support::expect(0, &["run", &last(), &shown, "--quiet"]);
    let before = support::digests(&results);
    // The database knows the slices now.
    let checks = check(0, &[&shown]);
    expect(&checks, "slices", "ok", "4 can be read");
    expect(&checks, "tables", "ok", "the newest");
    expect(&checks, "writing", "ok", "taken back");
    expect(&checks, "other runs", "ok", "none");
    assert_eq!(support::digests(&results), before);
}

#[test]
fn the_text_has_a_line_for_each_check_and_how_to_mend_it() {
    let text = support::expect(1, &["check", "/dev/null/results"]);
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("ok       program     diskprint "), "{text}");
    let failed = "failed   results     /dev/null/results: /dev/null is no folder";
    let mend = "                     mend: let this user write there, or name another folder";
    assert!(text.contains(&format!("{failed}\n{mend}\n")), "{text}");
    assert!(text.ends_with(", 2 failed\n"), "{text}");
}

#[test]
fn missing_and_empty_tarballs_fail() {
    let (scratch, _) = results();
    let name = |slice| scratch.path().join(format!("1-1-2-2-{slice}.tar.gz")).display().to_string();
    fs::write(name(10), "").unwrap();
    fs::write(name(20), "x").unwrap();
    let checks = check(1, &["--tarballs", &name(20), "/no/such/1-1-3-3-10.tar.gz"]);
    let failed = |part: &str| {
        let mut failed = checks.iter().filter(|check| check["verdict"] == "failed");
        assert!(failed.any(|check| check["found"].as_str().unwrap().contains(part)), "{checks:#?}");
    };
    failed("1-1-2-2-10.tar.gz, slice 1-1-2-2-10: it is empty");
    failed("/no/such/1-1-3-3-10.tar.gz: no such file");
}

#[test]
fn a_run_that_is_at_it_is_named() {
    let (_scratch, results) = results();
    fs::create_dir(&results).unwrap();
    let mut lock = File::create(results.join(".lock")).unwrap();
    writeln!(lock, "4711").unwrap();
    lock.try_lock().unwrap();
    let checks = check(0, &[results.to_str().unwrap()]);
    expect(&checks, "other runs", "warning", "process 4711 writes there");
    drop(lock);
    expect(&check(0, &[results.to_str().unwrap()]), "other runs", "ok", "none");
}

#[test]
fn databases_of_others_and_of_the_future_fail() {
    let (scratch, _) = results();
    let path = scratch.path().join("x.db");
    let name = format!("sqlite:{}", path.display());
    fs::write(&path, "no database at all, and long enough to be taken for one").unwrap();
    expect(&check(1, &["--db", &name]), "database", "failed", "x.db");
    fs::remove_file(&path).unwrap();
    support::expect(0, &["db", "init", "--db", &name]);
    let good = fs::read(&path).unwrap();
    // Source: https://sqlite.org/fileformat2.html: user version and application id.
    for (offset, found) in [(60, "has version 255"), (68, "is not a diskprint database")] {
        let mut bytes = good.clone();
        bytes[offset..offset + 4].copy_from_slice(&255u32.to_be_bytes());
        fs::write(&path, &bytes).unwrap();
        expect(&check(1, &["--db", &name]), "database", "failed", found);
    }
    expect(&check(0, &[]), "database", "warning", "none is named");
    expect(&check(1, &["--db", "oracle:x"]), "database", "failed", "neither sqlite:PATH");
}

#[test]
fn a_server_is_looked_at_and_left_as_it_was() {
    let Some(server) = server() else { return };
    let database = server.database();
    let address = server.address(&database);
    let count = "SELECT count(*) FROM pg_class WHERE relnamespace <> 'pg_toast'::regnamespace";
    let before = server.sql(&database, count);
    let checks = check(0, &["--db", &address]);
    expect(&checks, "database", "ok", "PostgreSQL ");
    expect(&checks, "tables", "ok", "none yet");
    expect(&checks, "writing", "ok", "taken back");
    expect(&checks, "connection", "ok", "on this machine");
    assert_eq!(server.sql(&database, count), before);

    server.sql(
        &database,
        "CREATE SCHEMA diskprint; CREATE TABLE diskprint.regdelta (cellpath varchar(1024))",
    );
    let checks = check(0, &["--db", &address]);
    expect(&checks, "tables", "warning", "those of the original workflow");
    expect(&checks, "slices", "warning", "not looked at");
    expect(&checks, "columns", "warning", "regdelta.cellpath");
    server.sql(&database, "DROP SCHEMA diskprint CASCADE");

    support::expect(0, &["db", "init", "--db", &address]);
    let checks = check(0, &["--db", &address]);
    expect(&checks, "tables", "ok", "the newest");
    expect(&checks, "privileges", "ok", "none is missing");
    expect(&checks, "columns", "warning", "regdelta.cellpath");
    assert!(of(&checks, "columns").2.contains("db upgrade --widen"));
    assert_eq!(server.sql(&database, "SELECT count(*) FROM diskprint.diskprint_fault").trim(), "0");
    support::expect(0, &["db", "upgrade", "--widen", "--db", &address]);
    expect(&check(0, &["--db", &address]), "columns", "ok", "any length");

    server.sql(&database, "UPDATE diskprint.diskprint_version SET version = 1");
    let old = check(0, &["--db", &address]);
    expect(&old, "tables", "warning", "of version 1;");
    assert_eq!(
        server.sql(&database, "SELECT version FROM diskprint.diskprint_version").trim(),
        "1"
    );
}

#[test]
fn tls_is_seen() {
    let (Some(server), Some(_)) = (server(), diskprint_testkit::need::program("openssl")) else {
        return;
    };
    let address = server.tcp_address(&server.database());
    expect(&check(0, &["--db", &address]), "connection", "ok", "TLSv1.3");
    let plain = format!("{address}?sslmode=disable");
    expect(&check(0, &["--db", &plain]), "connection", "ok", "on this machine");
}

#[test]
fn what_a_user_may_not_do_is_named() {
    let Some(server) = server() else { return };
    let database = server.database();
    let address = server.address(&database);
    support::expect(0, &["db", "init", "--db", &address]);
    server.sql(&database, "CREATE ROLE reader LOGIN");
    let address = address.replace("postgres@", "reader@");
    let checks = check(1, &["--db", &address]);
    expect(&checks, "privileges", "failed", "USAGE on schema diskprint");
    expect(&checks, "tables", "failed", "may not see");
    expect(&checks, "writing", "failed", "permission denied");

    server.sql(
        &database,
        "GRANT USAGE ON SCHEMA diskprint TO reader;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA diskprint TO reader;
         REVOKE DELETE ON diskprint.regdelta FROM reader;
         REVOKE SELECT ON diskprint.cell FROM reader",
    );
    let checks = check(1, &["--db", &address]);
    let lacks = "the user lacks DELETE on regdelta, SELECT on cell, USAGE on hive_hiveid_seq";
    expect(&checks, "privileges", "failed", lacks);
    assert_eq!(of(&checks, "privileges").1, lacks);
    expect(&checks, "writing", "ok", "taken back");

    server.sql(
        &database,
        "GRANT ALL ON ALL TABLES IN SCHEMA diskprint TO reader;
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA diskprint TO reader",
    );
    expect(&check(0, &["--db", &address]), "privileges", "ok", "none is missing");
    server.sql(&database, "ALTER ROLE reader SET default_transaction_read_only = on");
    expect(&check(1, &["--db", &address]), "writing", "failed", "read-only");

    server.sql(
        &database,
        "ALTER ROLE reader RESET default_transaction_read_only;
         DROP SCHEMA diskprint CASCADE; CREATE SCHEMA diskprint;
         CREATE TABLE diskprint.regdelta (cellpath varchar(1024));
         GRANT USAGE ON SCHEMA diskprint TO reader;
         GRANT ALL ON diskprint.regdelta TO reader",
    );
    let checks = check(1, &["--db", &address]);
    assert_eq!(of(&checks, "privileges").1, "the user lacks CREATE on schema diskprint");
}

#[test]
fn passwords_that_others_can_read_are_named_and_not_shown() {
    let (scratch, _) = results();
    let config = scratch.path().join("differ.cfg");
    let text =
        "[root]\nDBserverIP=127.0.0.1\nDBport=1\nDBname=x\nDBusername=me\nDBpasswordfile=p\n";
    fs::write(&config, text).unwrap();
    fs::write(scratch.path().join("p"), "s3cret").unwrap();
    let by_config = check(1, &["--config", config.to_str().unwrap()]);
    expect(&by_config, "password", "warning", "everybody can read");
    assert!(of(&by_config, "password").2.starts_with("chmod 600 "));
    let typed = check(1, &["--db", "postgres://me:s3cret@127.0.0.1:1/x"]);
    expect(&typed, "password", "warning", "on the command line");
    for checks in [by_config, typed] {
        expect(&checks, "database", "failed", "onnection refused");
        assert!(!format!("{checks:?}").contains("s3cret"));
    }
}

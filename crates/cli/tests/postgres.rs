//! The main job with its results in PostgreSQL.

mod support;

use std::fs;
use std::path::Path;

use diskprint_testkit::postgres::server;

fn last() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/8504-1/7895-1");
    folder.canonicalize().unwrap().join("8504-1-7895-1-40.tar.gz").display().to_string()
}

#[test]
fn both_databases_export_the_same_bytes() {
    let Some(server) = server() else { return };
    let database = server.database();
    let address = server.address(&database);
    let scratch = tempfile::tempdir().unwrap();
    let results = |name: &str| scratch.path().join(name).display().to_string();
    support::expect(0, &["run", &last(), &results("a")]);
    let sqlite = format!("sqlite:{}/diskprint.db", results("a"));
    let first = support::expect(0, &["run", &last(), &results("b"), "--db", &address]);
    assert!(!Path::new(&results("b")).join("diskprint.db").exists());
    for format in ["jsonl", "csv"] {
        let export = |db: &str| {
            support::expect(0, &["export", "8504-1-7895-1", "--format", format, "--db", db])
        };
        assert!(export(&sqlite) == export(&address), "{format}");
    }
    // Again: nothing to do.
    let second = support::expect(0, &["run", &last(), &results("b"), "--db", &address]);
    let nothing = "Nothing changed since the last run; these are its results.\n\n";
    assert_eq!(second, format!("{nothing}{first}"));

    // The original's file names the same database.
    let config = results("differ.cfg");
    let text = format!(
        "[root]\nDBname={database}\nDBserverIP={}\nDBport={}\nDBusername=postgres\n\
         DBpasswordfile=p\n",
        server.host(),
        server.port(),
    );
    fs::write(&config, text).unwrap();
    fs::write(results("p"), "secret\n").unwrap();
    let check = support::diskprint(&["db", "check", "--config", &config]);
    let (out, err) = (support::text(&check.stdout), support::text(&check.stderr));
    assert!(out.ends_with(&format!("/{database} answers; sequences: 1.\n")), "{out}{err}");
    assert!(err.contains("everybody can read the password file"), "{err}");
    assert!(!out.contains("secret") && !err.contains("secret"), "{out}{err}");
}

#[test]
fn the_database_is_made_checked_and_widened() {
    let Some(server) = server() else { return };
    let address = server.address(&server.database());
    let absent = support::expect(1, &["db", "check", "--db", &address]);
    assert!(absent.contains("has no tables of diskprint"), "{absent}");
    support::expect(0, &["db", "init", "--db", &address]);
    support::expect(0, &["db", "init", "--db", &address]);
    let upgrade = ["db", "upgrade", "--widen", "--db", &address];
    let first = support::expect(0, &upgrade);
    assert!(first.starts_with("regdelta.cellpath takes text of any length now.\n"), "{first}");
    assert!(first.ends_with(" is up to date.\n"), "{first}");
    assert_eq!(support::expect(0, &upgrade).lines().count(), 1);
}

#[test]
fn no_message_shows_the_password() {
    for db in [
        "postgres://me:s3cret@127.0.0.1:1/prints",
        "postgres://me:s3cret@host.invalid/prints?connect_timeout=1",
        "postgres://me:s3cret/@127.0.0.1:1/prints?s3cret=s3cret",
        "postgress://me:s3cret@127.0.0.1:1/prints",
        "host=127.0.0.1 password=s3cret",
    ] {
        let message = support::expect(1, &["export", "8504-1-7895-1", "--db", db]);
        assert!(!message.contains("s3cret"), "{message}");
    }
}

#[test]
fn what_the_server_refuses_is_told_in_its_words_and_noted() {
    let Some(server) = server() else { return };
    let database = server.database();
    let address = server.address(&database);
    support::expect(0, &["db", "init", "--db", &address]);
    server.sql(
        &database,
        "CREATE ROLE writer LOGIN; GRANT USAGE ON SCHEMA diskprint TO writer;
         GRANT ALL ON ALL TABLES IN SCHEMA diskprint TO writer;
         GRANT ALL ON ALL SEQUENCES IN SCHEMA diskprint TO writer;
         REVOKE INSERT ON diskprint.regdelta FROM writer",
    );
    let scratch = tempfile::tempdir().unwrap();
    let results = scratch.path().join("results").display().to_string();
    let writer = address.replace("postgres@", "writer@");
    let told = support::expect(1, &["run", &last(), &results, "--db", &writer]);
    assert!(told.contains("permission denied for table regdelta"), "{told}");
    assert!(!told.contains("warning"), "{told}");
    let noted = "SELECT count(*) FROM diskprint.workjournal WHERE workstatus LIKE 'failed: %'";
    assert_eq!(server.sql(&database, noted).trim(), "1");
}

#[test]
fn a_certificate_is_checked_where_that_is_asked_for() {
    let (Some(server), Some(_)) = (server(), diskprint_testkit::need::program("openssl")) else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    // The user postgres made it in a folder of its own.
    let authority = scratch.path().join("authority.crt");
    fs::copy(server.authority(), &authority).unwrap();
    let address = server.tcp_address(&server.database());
    let init = |address: &str, authority: &Path| {
        assert_cmd::cargo::cargo_bin_cmd!("diskprint")
            .args(["db", "init", "--db", address])
            .env("SSL_CERT_FILE", authority)
            .output()
            .unwrap()
            .status
            .code()
    };
    let checked = format!("{address}?sslmode=verify-full");
    assert_eq!(init(&checked, &authority), Some(0));
    let other_name = checked.replace("localhost", "127.0.0.1");
    assert_eq!(init(&other_name, &authority), Some(1), "not the name in the certificate");
    let nobody = scratch.path().join("none.crt");
    fs::write(&nobody, "").unwrap();
    assert_eq!(init(&checked, &nobody), Some(1), "an authority that is not known");
    assert_eq!(init(&format!("{address}?sslmode=require"), &nobody), Some(0));
}

#[test]
fn the_password_comes_from_its_file_or_the_environment() {
    let Some(server) = server() else { return };
    let database = server.database();
    server.sql(&database, "CREATE ROLE examiner LOGIN SUPERUSER PASSWORD 's3cret'");
    let scratch = tempfile::tempdir().unwrap();
    let (config, file) = (scratch.path().join("differ.cfg"), scratch.path().join("password"));
    let text = format!(
        "[root]\nDBname={database}\nDBserverIP=127.0.0.1\nDBport={}\nDBusername=examiner\n\
         DBpasswordfile={}\n",
        server.port(),
        file.display(),
    );
    fs::write(&config, text).unwrap();
    let init = ["db", "init", "--config", config.to_str().unwrap()];
    fs::write(&file, "s3cret\n").unwrap();
    support::expect(0, &init);
    fs::write(&file, "wr0ng\n").unwrap();
    let refused = support::expect(1, &init);
    assert!(refused.contains("password authentication failed"), "{refused}");
    assert!(!refused.contains("wr0ng"), "{refused}");

    let address = server.tcp_address(&database).replace("postgres@", "examiner@");
    let check = |password: &str| {
        assert_cmd::cargo::cargo_bin_cmd!("diskprint")
            .args(["db", "check"])
            .env("DISKPRINT_DB", &address)
            .env("PGPASSWORD", password)
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!((check("s3cret"), check("wr0ng")), (Some(0), Some(1)));
}

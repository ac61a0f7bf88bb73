//! The original workflow's database, and runs on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use diskprint::{Digests, Hex};
use diskprint_testkit::original::SCHEMA;
use diskprint_testkit::postgres::Server;
use serde_json::Value;

use super::truth::{SEQUENCES, text};

/// A database as the original workflow left it, on the day before it was succeeded.
pub struct Original<'s> {
    pub server: &'s Server,
    pub database: String,
    /// `differ.cfg`, the password file and results.
    folder: tempfile::TempDir,
}

/// Makes the role that the original's database belongs to, once for all tests.
const ROLE: &str = "DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'examiner') THEN
        CREATE ROLE examiner LOGIN PASSWORD 's3cret';
    END IF;
END $$";

impl<'s> Original<'s> {
    /// A database that knows the three sequences, whose tarballs `tarball` finds. They are
    /// registered as one did in 2013, with MD5 digests; the trigger puts them into the queue.
    pub fn new(server: &'s Server, tarball: &dyn Fn(&str, &str) -> PathBuf) -> Self {
        let database = server.database();
        // Tests of one server come here at once.
        server.sql("postgres", &format!("SELECT pg_advisory_lock(1); {ROLE}"));
        server.sql("postgres", &format!("ALTER DATABASE {database} OWNER TO examiner"));
        let mut sql = format!("SET SESSION AUTHORIZATION examiner; {SCHEMA}");
        let mut known = BTreeSet::new();
        for sequence in SEQUENCES {
            let mut predecessor = "NULL";
            for slice in SLICES {
                let path = tarball(sequence, slice);
                let md5 = Hex(&Digests::of(&fs::read(&path).unwrap()).md5).to_string();
                // All start from one baseline, which storage has once.
                if known.insert(md5.clone()) {
                    sql += &format!("INSERT INTO storage VALUES ('{}', '{md5}');", path.display());
                }
                sql += &format!(
                    "INSERT INTO slice (sliceid, osetid, appetid, slicehash, slicepredecessorid)
                     VALUES ({slice}, '8504-1', '{sequence}', '{md5}', {predecessor});"
                );
                predecessor = slice;
            }
        }
        server.sql(&database, &sql);
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "[root]\nDBserverIP=127.0.0.1\nDBport={}\nDBname={database}\nDBusername=examiner\n\
             DBpasswordfile={}\n",
            server.port(),
            folder.path().join("password").display(),
        );
        fs::write(folder.path().join("differ.cfg"), config).unwrap();
        let password = folder.path().join("password");
        fs::write(&password, "s3cret\n").unwrap();
        fs::set_permissions(password, Permissions::from_mode(0o600)).unwrap();
        Self { server, database, folder }
    }

    pub fn config(&self) -> String {
        self.folder.path().join("differ.cfg").display().to_string()
    }

    pub fn results(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    /// `diskprint run WHAT RESULTS --config differ.cfg MORE`.
    pub fn run(&self, what: &str, more: &[&str]) -> Ended {
        let (results, config) = (self.results().display().to_string(), self.config());
        let args = [&["run", what, &results, "--config", &config, "-j", "2"], more].concat();
        Ended::of(&super::diskprint(&args))
    }

    /// `diskprint run --all RESULTS --config differ.cfg MORE`, for tests that disturb it.
    pub fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diskprint"));
        command.args(["run", "--all", "--config", &self.config(), "-j", "2"]).args(more);
        command.arg(self.results()).env_remove("DISKPRINT_DB");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn sql(&self, sql: &str) -> Vec<String> {
        let sql = format!("SET search_path TO diskprint; {sql}");
        self.server.sql(&self.database, &sql).lines().map(str::to_owned).collect()
    }

    pub fn export(&self, sequence: &str) -> String {
        let output = super::diskprint(&[
            "export",
            &format!("8504-1-{sequence}"),
            "--format",
            "jsonl",
            "--config",
            &self.config(),
        ]);
        assert!(output.status.success(), "{}", super::text(&output.stderr));
        super::text(&output.stdout)
    }

    /// How many rows each table has.
    pub fn counts(&self) -> BTreeMap<String, String> {
        let tables = self.sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'diskprint'",
        );
        let count = |table: String| {
            let rows = self.sql(&format!("SELECT count(*) FROM {table}")).concat();
            (table, rows)
        };
        tables.into_iter().map(count).collect()
    }

    /// What waits in the queue, by the name of the tarball's file.
    pub fn queue(&self) -> Vec<String> {
        self.sql("SELECT regexp_replace(location, '.*/', '') FROM processqueue ORDER BY 1")
    }
}

pub const SLICES: [&str; 4] = ["10", "20", "30", "40"];

/// How a run ended, and what it said.
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(output: &Output) -> Self {
        let (out, err) = (super::text(&output.stdout), super::text(&output.stderr));
        Self { code: output.status.code(), out, err }
    }

    /// Checks exit code and the numbers at the end.
    #[track_caller]
    pub fn expect(&self, code: i32, numbers: &str) {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        assert!(self.out.contains(numbers), "{}{}", self.out, self.err);
    }

    /// Names and outcomes of the events that it told as JSON lines.
    pub fn events(&self) -> Vec<(String, Option<String>)> {
        let event =
            |event: Value| (text(&event["event"]), event["outcome"].as_str().map(Into::into));
        self.err.lines().map(|line| event(serde_json::from_str(line).expect(line))).collect()
    }
}

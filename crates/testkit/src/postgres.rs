//! A PostgreSQL server of the tests' own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use crate::need;

/// Starts a server, says the folder of its socket, and clears up when its input ends: when the
/// test that holds the other end is gone, however it went.
///
/// It is fast, not safe: nothing of it is to outlive the tests.
const SUPERVISOR: &str = r#"
set -e
bin=$1
folder=$(mktemp -d /tmp/diskprint-postgres.XXXXXX)
clear_up() {
    "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap clear_up EXIT
trap 'exit 1' HUP INT TERM
cd "$folder"
"$bin/initdb" -D data -U postgres -A trust -E UTF8 --locale=C --no-sync >log 2>&1 \
    || { cat log >&2; exit 1; }
port=$2
echo "host all examiner all scram-sha-256" >hba
cat data/pg_hba.conf >>hba
cp hba data/pg_hba.conf
tls=off
printf '[req]\ndistinguished_name = dn\n[dn]\n' >openssl.cnf
if {
    openssl req -config openssl.cnf -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority \
        -addext basicConstraints=critical,CA:TRUE -keyout authority.key -out authority.crt &&
    openssl req -config openssl.cnf -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
        -CA authority.crt -CAkey authority.key -addext subjectAltName=DNS:localhost \
        -addext basicConstraints=CA:FALSE -keyout data/server.key -out data/server.crt
} >log 2>&1
then tls=on
fi
cat >>data/postgresql.conf <<END
unix_socket_directories = '$folder'
listen_addresses = 'localhost'
port = $port
ssl = $tls
fsync = off
full_page_writes = off
END
"$bin/pg_ctl" -D data -w -l log start >/dev/null \
    || { cat log >&2; exit 1; }
echo "$folder"
cat >/dev/null
"#;

/// Kills a server with all its processes at once, and clears away what would make another one
/// believe that it still runs: where nobody buries them, they have their numbers as zombies.
const KILL: &str = r#"
set -e
cd "$1"
pid=$(head -n 1 data/postmaster.pid)
all="$pid $(ps -o pid= --ppid "$pid")"
kill -9 $all || true
for _ in $(seq 200); do
    ps -o stat= -p "$(echo $all | tr ' ' ,)" | grep -q '^[^Z]' || break
    sleep 0.05
done
rm -f data/postmaster.pid .s.PGSQL.*.lock
"#;

const START: &str = r#"cd "$1" && "$2/pg_ctl" -D data -w -l log start >/dev/null"#;

/// A running server. It asks for no password but that of a user `examiner`, on a socket in a folder and on a port of this host;
/// on that with TLS where openssl is here to make a certificate.
pub struct Server {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    databases: AtomicU32,
    /// Its input ends with the test program, and the server with that.
    _supervisor: Child,
}

/// Returns the server of this test program, started for the first that asks; `None` after saying
/// that the calling test is skipped where PostgreSQL is not here.
///
/// # Panics
/// When it does not start, and when it is absent and `CI=true`.
#[track_caller]
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(|| Some(Server::start(&programs()?))).as_ref();
    need::present(server, "PostgreSQL (initdb, pg_ctl)")
}

impl Server {
    /// Starts a server of the calling test's own, for tests that [`Server::kill`] it; `None` after
    /// saying that the test is skipped where PostgreSQL is not here. It ends when it is dropped.
    ///
    /// # Panics
    /// When it does not start, and when it is absent and `CI=true`.
    #[track_caller]
    pub fn start_own() -> Option<Self> {
        need::present(programs(), "PostgreSQL (initdb, pg_ctl)").map(|bin| Self::start(&bin))
    }

    /// Kills the server, which says nothing more to anybody, as when its machine stops.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill(&self) {
        self.shell(KILL);
    }

    /// Starts a server that was killed again, at the same place, with what was committed.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&self) {
        self.shell(START);
    }

    fn shell(&self, script: &str) {
        let args = [&self.folder, &self.bin];
        let status = shell(script).args(args).status().expect("a shell for PostgreSQL");
        assert!(status.success(), "PostgreSQL's server did not do as told: {status}");
    }

    fn start(bin: &Path) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port that is free");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let mut child = shell(SUPERVISOR)
            .arg(bin)
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell for PostgreSQL");
        let mut folder = String::new();
        let output = child.stdout.take().expect("piped");
        BufReader::new(output).read_line(&mut folder).expect("a folder");
        assert!(!folder.is_empty(), "PostgreSQL did not start");
        let folder = PathBuf::from(folder.trim_end());
        Self { bin: bin.to_owned(), folder, port, databases: AtomicU32::new(0), _supervisor: child }
    }

    /// The folder of its socket, which clients take for a host.
    pub fn host(&self) -> &str {
        self.folder.to_str().expect("made by us")
    }

    /// The file with the certificate of the authority that gave the server its own.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("authority.crt")
    }

    /// The port that it is at, also in the name of its socket.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database and returns its name.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", process::id());
        self.run("createdb", &[&name]);
        name
    }

    /// The address of a database, for user `postgres`.
    pub fn address(&self, database: &str) -> String {
        let host = self.host().replace('/', "%2F");
        format!("postgres://postgres@{host}:{}/{database}", self.port)
    }

    /// The address of a database over TCP, for user `postgres`.
    pub fn tcp_address(&self, database: &str) -> String {
        format!("postgres://postgres@localhost:{}/{database}", self.port)
    }

    /// Runs `sql` and returns what psql prints: a line for each row, columns separated by `|`.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"];
        self.run("psql", &[&options[..], &[database, "-c", sql]].concat())
    }

    #[track_caller]
    fn run(&self, program: &str, args: &[&str]) -> String {
        let output = Command::new(self.bin.join(program))
            .args(["-h", self.host(), "-p", &self.port.to_string(), "-U", "postgres"])
            .args(args)
            .output()
            .expect("PostgreSQL's programs");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

/// A shell that runs `script`, with arguments yet to come. PostgreSQL refuses to run as root.
fn shell(script: &str) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    command.args(["-c", script, "sh"]).current_dir("/");
    command
}

/// The folder with `initdb` and its like, on `$PATH` or where Debian keeps them.
fn programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    env::split_paths(&path)
        .chain(debian)
        // A link leads to the folder that has all of them.
        .filter_map(|folder| folder.join("initdb").canonicalize().ok())
        .filter_map(|initdb| Some(initdb.parent()?.to_owned()))
        .find(|folder| folder.join("pg_ctl").is_file())
}

fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output();
    user.is_ok_and(|user| user.stdout == b"0\n")
}

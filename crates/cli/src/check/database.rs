use std::path::Path;

use diskprint_store::{Address, Connection, Examination, Store, Tables};

use super::{Finding, results};
use crate::args::DatabaseArgs;
use crate::database::Database;
use crate::differ_cfg;

/// What can be learned of slices from the database.
pub(super) enum Known {
    /// It tells of them, without being altered.
    By(Box<dyn Store>),
    /// There is none, or none in it.
    Nothing,
    /// It cannot be asked, or not before it is altered.
    NotTold,
}

/// Checks the database that is named, or `diskprint.db` in the folder `results`.
pub(super) fn check(
    args: &DatabaseArgs,
    results: Option<&Path>,
    checks: &mut Vec<Finding>,
) -> Known {
    let database = match Database::named(args) {
        Ok(Some(database)) => database,
        Ok(None) => match results {
            Some(results) => Database::Sqlite(results.join("diskprint.db")),
            None => {
                checks.push(Finding::warning(
                    "database",
                    "none is named",
                    "name the results folder, or a database with --db, --config or DISKPRINT_DB",
                ));
                return Known::Nothing;
            }
        },
        Err(error) => {
            let mend = "name it with --db or --config as diskprint help run says";
            checks.push(Finding::failed("database", format!("{error:#}"), mend));
            return Known::NotTold;
        }
    };
    checks.extend(password(args));
    if let Database::Sqlite(path) = &database
        && !path.exists()
    {
        checks.push(absent(path));
        return Known::Nothing;
    }
    let found = match database.examine() {
        Ok(found) => found,
        Err(error) => {
            let mend = match database {
                Database::Sqlite(_) => "name another file, or mend or remove this one",
                Database::Postgres(_) => {
                    "start the server; see that host, port, user, password and database are right"
                }
            };
            checks.push(Finding::failed("database", format!("{error:#}"), mend));
            return Known::NotTold;
        }
    };
    checks.push(Finding::ok("database", format!("{database} answers ({})", found.program)));
    let is_server = matches!(database, Database::Postgres(_));
    checks.extend(examined(&found, is_server));
    match found.tables {
        Tables::None => Known::Nothing,
        // Opening does not bring these tables up to date: they are.
        Tables::Ours { version, known } if version == known => {
            database.open_existing().map_or(Known::NotTold, Known::By)
        }
        _ => Known::NotTold,
    }
}

fn absent(path: &Path) -> Finding {
    match results::can_be_made(path.parent().unwrap_or(Path::new("."))) {
        Ok(()) => Finding::ok("database", format!("{} is made by the first run", path.display())),
        Err(error) => Finding::failed(
            "database",
            format!("{} cannot be made: {error}", path.display()),
            "name another place",
        ),
    }
}

/// Whether others can read the password.
fn password(args: &DatabaseArgs) -> Option<Finding> {
    let mend = "put it into the environment variable PGPASSWORD or a file that --config names";
    let typed = args.db.as_deref().and_then(|name| Address::parse(name).ok());
    if typed.is_some_and(|address| address.has_password()) {
        let found = "it is on the command line, where other users of this machine can read it";
        return Some(Finding::warning("password", found, mend));
    }
    let file = args.config.as_deref().and_then(differ_cfg::password_file)?;
    Some(match differ_cfg::is_open_to_all(&file) {
        true => Finding::warning(
            "password",
            format!("everybody can read {}", file.display()),
            format!("chmod 600 {}", file.display()),
        ),
        false => Finding::ok("password", format!("{} is not for everybody", file.display())),
    })
}

fn examined(found: &Examination, is_server: bool) -> Vec<Finding> {
    let mut checks = Vec::new();
    if is_server {
        checks.push(connection(&found.connection));
        checks.push(privileges(&found.lacking));
    }
    checks.push(tables(found.tables));
    checks.push(match &found.write {
        Ok(()) => Finding::ok("writing", "a trial was written and taken back"),
        Err(error) => Finding::failed(
            "writing",
            chain(error),
            if is_server {
                "give the user the privileges; where it has them, see whether the server is a \
                 standby, read-only or full"
            } else {
                "end what holds it; see that its file and folder are writable and the disk not full"
            },
        ),
    });
    if is_server && found.limited.is_empty() {
        checks.push(Finding::ok("columns", "paths of any length fit"));
    } else if is_server {
        checks.push(Finding::warning(
            "columns",
            format!("a path may be too long for {}", found.limited.join(", ")),
            "diskprint db upgrade --widen",
        ));
    }
    checks
}

fn connection(connection: &Connection) -> Finding {
    match connection {
        Connection::Local => Finding::ok("connection", "to a server on this machine"),
        Connection::Tls(version) => Finding::ok("connection", version),
        Connection::Plain => Finding::warning(
            "connection",
            "without TLS: everybody on the way can read it",
            "turn TLS on in the server; then ?sslmode=require in the address insists on it",
        ),
    }
}

fn privileges(lacking: &[String]) -> Finding {
    if lacking.is_empty() {
        return Finding::ok("privileges", "none is missing");
    }
    Finding::failed(
        "privileges",
        format!("the user lacks {}", lacking.join(", ")),
        "as owner of the tables: GRANT USAGE, CREATE ON SCHEMA diskprint TO …; GRANT SELECT, \
         INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA diskprint TO …; GRANT USAGE ON ALL \
         SEQUENCES IN SCHEMA diskprint TO …",
    )
}

fn tables(tables: Tables) -> Finding {
    match tables {
        Tables::Ours { version, known } if version == known => {
            Finding::ok("tables", format!("ours, of version {version}, the newest"))
        }
        Tables::Ours { version, known } => Finding::warning(
            "tables",
            format!("ours, of version {version}; the newest is {known}"),
            "diskprint db upgrade; the next run does it, too",
        ),
        Tables::Original => Finding::warning(
            "tables",
            "those of the original workflow; ours would be added beside them",
            "diskprint db init; the next run does it, too",
        ),
        Tables::None => {
            Finding::ok("tables", "none yet; the first run or diskprint db init makes them")
        }
        Tables::Hidden => Finding::failed(
            "tables",
            "the user may not see which there are",
            "give the user the privileges",
        ),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

use std::net::IpAddr;

use ::postgres::{Client, Error as PostgresError, Transaction};

use super::limits::Limits;
use super::{Address, PATH_COLUMNS, Postgres, connect, migrate};
use crate::Error;
use crate::error::doing;
use crate::examination::{Connection, Examination, Tables};

/// The original workflow's tables that results are written to.
const WRITTEN: [&str; 10] = [
    "storage",
    "slice",
    "processqueue",
    "hive",
    "regdelta",
    "filemetadata",
    "md5",
    "sha1",
    "registry",
    "workjournal",
];
/// The original workflow's tables that are only read.
const READ: [&str; 3] = ["cell", "slicetype", "slicestate"];

const LOOKING: &str = "looking at its tables";

impl Postgres {
    /// Looks at the database at `address`: its tables, what may be done with them, and whether
    /// that works. Nothing is left in it, and no table is brought up to date.
    ///
    /// # Errors
    /// When it cannot be reached or asked, and when its tables are of a newer version.
    pub fn examine(address: &Address) -> Result<Examination, Error> {
        let mut client = connect(address)?;
        let program =
            text(&mut client, "SELECT 'PostgreSQL ' || current_setting('server_version')")?;
        let connection = connection(&mut client)?;
        let mut lacking = lacking_schema(&mut client)?;
        let (mut tables, mut limited) = (Tables::Hidden, Vec::new());
        // Without the schema nothing in it can be asked for.
        if lacking.is_empty() {
            lacking = lacking_tables(&mut client)?;
            limited = limited_columns(&mut client)?;
            if !lacking.iter().any(|it| it == "SELECT on diskprint_version") {
                tables = which_tables(&mut client)?;
            }
            if matches!(tables, Tables::None | Tables::Original) {
                lacking.extend(lacking_create(&mut client)?);
            }
        }
        let write = try_to_write(&mut client, tables).map_err(doing("writing to it"));
        Ok(Examination { program, connection, tables, lacking, write, limited })
    }
}

fn text(client: &mut Client, sql: &str) -> Result<String, Error> {
    client.query_one(sql, &[]).and_then(|row| row.try_get(0)).map_err(doing(LOOKING))
}

fn connection(client: &mut Client) -> Result<Connection, Error> {
    let row = client.query_one(
        "SELECT (SELECT version FROM pg_stat_ssl WHERE ssl AND pid = pg_backend_pid()),
             inet_server_addr()",
        &[],
    );
    let row = row.map_err(doing(LOOKING))?;
    let tls: Option<String> = row.try_get(0).map_err(doing(LOOKING))?;
    // A socket in a folder has no address.
    let server: Option<IpAddr> = row.try_get(1).map_err(doing(LOOKING))?;
    Ok(match (tls, server) {
        (Some(version), _) => Connection::Tls(version),
        (None, Some(server)) if !server.is_loopback() => Connection::Plain,
        (None, _) => Connection::Local,
    })
}

fn lacking_schema(client: &mut Client) -> Result<Vec<String>, Error> {
    strings(
        client,
        "SELECT 'USAGE on schema diskprint' FROM pg_namespace
         WHERE nspname = 'diskprint' AND NOT has_schema_privilege(oid, 'USAGE')",
        &[],
    )
}

/// What the user needs while our tables are to be made.
fn lacking_create(client: &mut Client) -> Result<Vec<String>, Error> {
    strings(
        client,
        "SELECT 'CREATE on schema diskprint' FROM pg_namespace
         WHERE nspname = 'diskprint' AND NOT has_schema_privilege(oid, 'CREATE')",
        &[],
    )
}

fn which_tables(client: &mut Client) -> Result<Tables, Error> {
    if migrate::has_tables(client)? {
        let (version, known) = migrate::versions(client)?;
        return Ok(Tables::Ours { version, known });
    }
    let sql = "SELECT coalesce(to_regclass('diskprint.regdelta')::text, '')";
    Ok(if text(client, sql)?.is_empty() { Tables::None } else { Tables::Original })
}

/// What the user may not do with the tables, and the sequences behind them, that are there.
fn lacking_tables(client: &mut Client) -> Result<Vec<String>, Error> {
    strings(
        client,
        "SELECT privilege || ' on ' || relname FROM pg_class
         CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) WITH ORDINALITY
             AS list (privilege, rank)
         WHERE relnamespace = to_regnamespace('diskprint') AND relkind IN ('r', 'p', 'v')
         AND (relname = ANY ($1) OR relname LIKE 'diskprint\\_%'
             OR (relname = ANY ($2) AND privilege = 'SELECT'))
         AND NOT has_table_privilege(pg_class.oid, privilege)
         UNION ALL
         SELECT 'USAGE on ' || sequence.relname FROM pg_class AS sequence
         JOIN pg_depend ON pg_depend.objid = sequence.oid AND deptype IN ('a', 'i')
         JOIN pg_class AS owner ON owner.oid = refobjid AND owner.relname = 'hive'
         WHERE sequence.relnamespace = to_regnamespace('diskprint')
         AND CASE WHEN sequence.relkind = 'S'
             THEN NOT has_sequence_privilege(sequence.oid, 'USAGE') END
         ORDER BY 1",
        &[&WRITTEN.as_slice(), &READ.as_slice()],
    )
}

fn limited_columns(client: &mut Client) -> Result<Vec<String>, Error> {
    let limited = Limits::read(client)?.limited(&PATH_COLUMNS);
    Ok(limited.iter().map(|(table, column)| format!("{table}.{column}")).collect())
}

fn strings(
    client: &mut Client,
    sql: &str,
    values: &[&(dyn ::postgres::types::ToSql + Sync)],
) -> Result<Vec<String>, Error> {
    let rows = client.query(sql, values).map_err(doing(LOOKING))?;
    rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(doing(LOOKING))
}

/// Writes what the next run would write first, and takes it back.
fn try_to_write(client: &mut Client, tables: Tables) -> Result<(), PostgresError> {
    let mut transaction = client.transaction()?;
    transaction.batch_execute("SET LOCAL lock_timeout = '10s'")?;
    match tables {
        Tables::Ours { .. } => write_row(&mut transaction)?,
        Tables::None | Tables::Original | Tables::Hidden => {
            let absent = "SELECT to_regnamespace('diskprint') IS NULL";
            if transaction.query_one(absent, &[])?.try_get(0)? {
                transaction.batch_execute("CREATE SCHEMA diskprint")?;
            }
            transaction.batch_execute("CREATE TABLE diskprint.diskprint_check ()")?;
        }
    }
    transaction.rollback()
}

fn write_row(transaction: &mut Transaction<'_>) -> Result<(), PostgresError> {
    transaction.batch_execute(
        "INSERT INTO diskprint_fault (osetid, appetid, sliceid, ordinal, place, steps, what, skipped)
         VALUES ('', '', 0, 0, '', '', '', '')",
    )
}

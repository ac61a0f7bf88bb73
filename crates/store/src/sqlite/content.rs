use rusqlite::{Connection, params_from_iter};

use crate::column::Value;
use crate::content::{self, ContentDigests};
use crate::error::doing;
use crate::{Content, Error};

/// Puts what a slice holds into the original's tables, in place of what is there for its tarball,
/// and digests of its contents into `digests`.
pub(super) fn replace(
    connection: &Connection,
    slicehash: &str,
    content: &Content,
    digests: &mut ContentDigests,
) -> Result<(), Error> {
    let failed = doing("storing what a slice holds");
    for table in ["filemetadata", "registry"] {
        let sql = format!("DELETE FROM {table} WHERE slicehash = ?");
        connection.execute(&sql, [slicehash]).map_err(&failed)?;
    }
    let rows = content::file_rows(content, slicehash, digests);
    insert(connection, "filemetadata", &content::FILE_COLUMNS, rows)?;
    let rows = content::hive_rows(content, slicehash).map(Ok);
    insert(connection, "registry", &content::HIVE_COLUMNS, rows)
}

fn insert<const N: usize>(
    connection: &Connection,
    table: &str,
    columns: &[&str; N],
    rows: impl Iterator<Item = Result<[Value; N], Error>>,
) -> Result<(), Error> {
    let failed = doing("storing what a slice holds");
    let (names, marks) = (columns.join(", "), columns.map(|_| "?").join(", "));
    let sql = format!("INSERT INTO {table} ({names}) VALUES ({marks})");
    let mut statement = connection.prepare_cached(&sql).map_err(&failed)?;
    for row in rows {
        statement.execute(params_from_iter(row?)).map_err(&failed)?;
    }
    Ok(())
}

/// Adds digests of contents that are not there. Slices of a sequence have most contents in common:
/// each is looked up once for all of them.
pub(super) fn add_digests(
    connection: &Connection,
    digests: &ContentDigests,
) -> rusqlite::Result<()> {
    let insert = |table: &str| {
        connection.prepare_cached(&format!(
            "INSERT INTO {table} (keyhash, hashval) SELECT ?1, ?2
             WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE keyhash = ?1)"
        ))
    };
    let (mut md5s, mut sha1s) = (insert("md5")?, insert("sha1")?);
    for (sha1, md5) in content::digest_rows(digests) {
        md5s.execute((&sha1, md5))?;
        sha1s.execute((&sha1, &sha1))?;
    }
    Ok(())
}

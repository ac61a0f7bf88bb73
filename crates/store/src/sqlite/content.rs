use rusqlite::{Connection, params_from_iter};

use crate::Content;
use crate::column::Value;
use crate::content;

/// Puts what a slice holds into the original's tables, in place of what is there for its tarball.
pub(super) fn replace(
    connection: &Connection,
    slicehash: &str,
    content: &Content,
) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM filemetadata WHERE slicehash = ?", [slicehash])?;
    connection.execute("DELETE FROM registry WHERE slicehash = ?", [slicehash])?;
    let rows = content::file_rows(content, slicehash);
    insert(connection, "filemetadata", &content::FILE_COLUMNS, rows)?;
    let rows = content::hive_rows(content, slicehash);
    insert(connection, "registry", &content::HIVE_COLUMNS, rows)?;
    add_digests(connection, content)
}

fn insert<const N: usize>(
    connection: &Connection,
    table: &str,
    columns: &[&str; N],
    rows: impl Iterator<Item = [Value; N]>,
) -> rusqlite::Result<()> {
    let (names, marks) = (columns.join(", "), columns.map(|_| "?").join(", "));
    let mut statement =
        connection.prepare_cached(&format!("INSERT INTO {table} ({names}) VALUES ({marks})"))?;
    for row in rows {
        statement.execute(params_from_iter(row))?;
    }
    Ok(())
}

/// Adds digests of contents that are not there.
fn add_digests(connection: &Connection, content: &Content) -> rusqlite::Result<()> {
    let insert = |table: &str| {
        connection.prepare_cached(&format!(
            "INSERT INTO {table} (keyhash, hashval) SELECT ?1, ?2
             WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE keyhash = ?1)"
        ))
    };
    let (mut md5s, mut sha1s) = (insert("md5")?, insert("sha1")?);
    for (sha1, md5) in content::digests(content) {
        md5s.execute((&sha1, md5))?;
        sha1s.execute((&sha1, &sha1))?;
    }
    Ok(())
}

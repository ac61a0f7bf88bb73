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

/// Adds digests of contents that are not there. Neither table has an index, so all are looked for
/// at once.
fn add_digests(connection: &Connection, content: &Content) -> rusqlite::Result<()> {
    connection.execute_batch("CREATE TEMPORARY TABLE found (keyhash TEXT, md5 TEXT)")?;
    let rows = content::digests(content).into_iter().map(|(sha1, md5)| [sha1.into(), md5.into()]);
    insert(connection, "found", &["keyhash", "md5"], rows)?;
    connection.execute_batch(
        "INSERT INTO md5 (keyhash, hashval) SELECT keyhash, md5 FROM found
             WHERE keyhash NOT IN (SELECT keyhash FROM md5) ORDER BY keyhash;
         INSERT INTO sha1 (keyhash, hashval) SELECT keyhash, keyhash FROM found
             WHERE keyhash NOT IN (SELECT keyhash FROM sha1) ORDER BY keyhash;
         DROP TABLE found",
    )
}

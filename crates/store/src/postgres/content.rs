use std::collections::BTreeMap;

use ::postgres::{Error as PostgresError, Transaction};

use super::rows;
use crate::{Content, content};

/// Puts what a slice holds into the original's tables, in place of what is there for its tarball.
pub(super) fn replace(
    transaction: &mut Transaction<'_>,
    slicehash: &str,
    content: &Content,
) -> Result<(), PostgresError> {
    transaction.execute("DELETE FROM filemetadata WHERE slicehash = $1", &[&slicehash])?;
    transaction.execute("DELETE FROM registry WHERE slicehash = $1", &[&slicehash])?;
    let rows = content::file_rows(content, slicehash);
    rows::copy(transaction, "filemetadata", &content::FILE_COLUMNS.join(", "), rows)?;
    let rows = content::hive_rows(content, slicehash);
    rows::copy(transaction, "registry", &content::HIVE_COLUMNS.join(", "), rows)
}

/// Adds digests of contents, MD5 by SHA-1, that are not there, all in one statement for each table:
/// in an original's database it reads the table from end to end. A temporary table would ask for a
/// right that the user of such a database might not have.
pub(super) fn add_digests(
    transaction: &mut Transaction<'_>,
    digests: BTreeMap<String, String>,
) -> Result<(), PostgresError> {
    let (sha1, md5): (Vec<String>, Vec<String>) = digests.into_iter().unzip();
    for (table, digests) in [("md5", &md5), ("sha1", &sha1)] {
        let sql = format!(
            "INSERT INTO {table} (keyhash, hashval)
             SELECT found.keyhash, found.hashval
             FROM unnest($1::text[], $2::text[]) AS found (keyhash, hashval)
             WHERE NOT EXISTS (SELECT 1 FROM {table} AS known WHERE known.keyhash = found.keyhash)"
        );
        transaction.execute(&sql, &[&sha1, digests])?;
    }
    Ok(())
}

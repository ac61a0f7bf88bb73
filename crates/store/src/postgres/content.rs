use ::postgres::{Error as PostgresError, Transaction};

use super::rows::{self, CopyIn};
use crate::content::{self, ContentDigests};
use crate::error::doing;
use crate::{Content, Error};

/// Puts what a slice holds into the original's tables, in place of what is there for its tarball,
/// and digests of its contents into `digests`.
pub(super) fn replace(
    transaction: &mut Transaction<'_>,
    slicehash: &str,
    content: &Content,
    digests: &mut ContentDigests,
) -> Result<(), Error> {
    let failed = doing("storing what a slice holds");
    for table in ["filemetadata", "registry"] {
        let sql = format!("DELETE FROM {table} WHERE slicehash = $1");
        transaction.execute(&sql, &[&slicehash]).map_err(&failed)?;
    }
    let columns = content::FILE_COLUMNS.join(", ");
    let mut copy = CopyIn::begin(transaction, "filemetadata", &columns).map_err(&failed)?;
    for row in content::file_rows(content, slicehash, digests) {
        copy.write(&row?).map_err(&failed)?;
    }
    copy.finish().map_err(&failed)?;
    let rows = content::hive_rows(content, slicehash);
    rows::copy(transaction, "registry", &content::HIVE_COLUMNS.join(", "), rows).map_err(&failed)
}

/// Adds digests of contents, MD5 by SHA-1, that are not there, all in one statement for each table:
/// in an original's database it reads the table from end to end. A temporary table would ask for a
/// right that the user of such a database might not have.
pub(super) fn add_digests(
    transaction: &mut Transaction<'_>,
    digests: &ContentDigests,
) -> Result<(), PostgresError> {
    let (sha1, md5): (Vec<String>, Vec<String>) = content::digest_rows(digests).unzip();
    for (table, found) in [("md5", &md5), ("sha1", &sha1)] {
        let sql = format!(
            "INSERT INTO {table} (keyhash, hashval)
             SELECT found.keyhash, found.hashval
             FROM unnest($1::text[], $2::text[]) AS found (keyhash, hashval)
             WHERE NOT EXISTS (SELECT 1 FROM {table} AS known WHERE known.keyhash = found.keyhash)"
        );
        transaction.execute(&sql, &[&sha1, found])?;
    }
    Ok(())
}

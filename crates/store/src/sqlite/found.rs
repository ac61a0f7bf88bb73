//! Differences and faults in tables of our own, a slice's or those of a file that is one slice's.

use diskprint::{
    Cell, CellChanges, Delta, Fault, FileChanges, FileEntry, InterimChange, RecoveredCell,
};
use rusqlite::Connection;

use super::rows;
use crate::delta_table::{self, Stored};
use crate::results::sorted;
use crate::table::Owner;
use crate::{Error, Found, fault, interim_change, recovered_cell};

/// Adds all differences, recovered cells, changes between the slices, and faults.
pub(crate) fn insert(
    connection: &Connection,
    owner: &[Owner],
    Found { files, cells, recovered, interim, faults, .. }: &Found,
) -> rusqlite::Result<()> {
    let table = delta_table::table::<FileEntry, FileChanges>();
    rows::insert(connection, owner, &table, files.iter().map(delta_table::row))?;
    let table = delta_table::table::<Cell, CellChanges>();
    rows::insert(connection, owner, &table, cells.iter().map(delta_table::row))?;
    let recovered = recovered.iter().map(recovered_cell::row);
    rows::insert(connection, owner, &recovered_cell::table(), recovered)?;
    let interim = interim.iter().map(interim_change::row);
    rows::insert(connection, owner, &interim_change::table(), interim)?;
    let faults = sorted(faults).into_iter().map(fault::row);
    rows::insert(connection, owner, &fault::table(), faults)
}

/// Reads differences back, in their order.
pub(crate) fn deltas<T: Stored<C>, C>(
    connection: &Connection,
    owner: &[Owner],
) -> Result<Vec<Delta<T, C>>, Error> {
    rows::select(connection, owner, &delta_table::table::<T, C>(), delta_table::read)
}

/// Reads recovered cells back, in their order.
pub(crate) fn recovered(
    connection: &Connection,
    owner: &[Owner],
) -> Result<Vec<RecoveredCell>, Error> {
    rows::select(connection, owner, &recovered_cell::table(), recovered_cell::read)
}

/// Reads changes between the slices back, in their order.
pub(crate) fn interim(
    connection: &Connection,
    owner: &[Owner],
) -> Result<Vec<InterimChange>, Error> {
    rows::select(connection, owner, &interim_change::table(), interim_change::read)
}

/// Reads faults back, sorted.
pub(crate) fn faults(connection: &Connection, owner: &[Owner]) -> Result<Vec<Fault>, Error> {
    rows::select(connection, owner, &fault::table(), fault::read)
}

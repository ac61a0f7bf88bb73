//! The catalogue: which slices, tarballs, operating systems and virtual machines there are.
//!
//! A list of changes is applied as a whole or not at all. What it would lead to is worked out over
//! plain rows, the same for every database; a database only hands out its rows and takes them.

use std::collections::BTreeMap;

use diskprint::SliceId;

use crate::Error;

mod apply;
mod change;
mod check;
mod table;

pub(crate) use apply::{Tables, check, execute};
pub use change::{Change, Effect, Problem};
pub use table::{Column, Field, Kind, Table};

/// The tables of a database that say which slices there are, to be seen and edited.
pub trait Catalogue {
    /// Returns all rows of a table, each with its fields in the order of [`Table::columns`],
    /// sorted.
    ///
    /// # Errors
    /// When the database fails.
    fn rows(&self, table: Table) -> Result<Vec<Vec<Field>>, Error>;

    /// Applies changes in one transaction; returns what each did. `now`, ISO 8601 in UTC, becomes
    /// the creation date of slices that are new and name none.
    ///
    /// # Errors
    /// [`Error::Refused`] with every problem that the changes would make, and when the database
    /// fails; then nothing is changed.
    fn change(&mut self, changes: &[Change], now: &str) -> Result<Vec<Effect>, Error>;

    /// Returns what [`Catalogue::change`] would do, and changes nothing.
    ///
    /// # Errors
    /// As for [`Catalogue::change`].
    fn check_change(&mut self, changes: &[Change], now: &str) -> Result<Vec<Effect>, Error>;

    /// Returns the slices, sorted: all, or those of an application on an operating system. One
    /// that has several rows is listed several times.
    ///
    /// # Errors
    /// When the database fails.
    fn slices(&self, of: Option<(&str, &str)>) -> Result<Vec<CatalogueSlice>, Error> {
        let locations: BTreeMap<String, String> = self
            .tarballs()?
            .into_iter()
            .filter_map(|tarball| Some((tarball.slicehash, tarball.location?)))
            .collect();
        let rows = self.rows(Table::Slice)?.into_iter().filter_map(CatalogueSlice::read);
        let is_wanted = |slice: &CatalogueSlice| {
            of.is_none_or(|of| of == (&*slice.id.osetid, &*slice.id.appetid))
        };
        let mut slices: Vec<_> = rows.filter(is_wanted).collect();
        let mut own = self.locations()?;
        for slice in &mut slices {
            let stored = slice.slicehash.as_ref().and_then(|hash| locations.get(hash));
            slice.location = stored.map(|stored| own.remove(&slice.id).unwrap_or(stored.clone()));
        }
        slices.sort_by(|a, b| (&a.id, a.predecessor).cmp(&(&b.id, b.predecessor)));
        Ok(slices)
    }

    /// Returns where the tarballs of slices were registered that are known to have copies of their
    /// own, whatever place table `storage` has for the content.
    ///
    /// # Errors
    /// When the database fails.
    fn locations(&self) -> Result<BTreeMap<SliceId, String>, Error>;

    /// Returns the tarballs of table `storage`, sorted by hash.
    ///
    /// # Errors
    /// When the database fails.
    fn tarballs(&self) -> Result<Vec<Tarball>, Error> {
        let read = |row: Vec<Field>| {
            let [location, slicehash] = row.try_into().ok()?;
            Some(Tarball { slicehash: slicehash.text()?, location: location.text() })
        };
        let mut tarballs: Vec<_> =
            self.rows(Table::Storage)?.into_iter().filter_map(read).collect();
        tarballs.sort();
        Ok(tarballs)
    }

    /// Returns the operating systems, sorted.
    ///
    /// # Errors
    /// When the database fails.
    fn operating_systems(&self) -> Result<Vec<OperatingSystem>, Error> {
        let read = |row: Vec<Field>| {
            let [osetid, name, vmid, installdate] = row.try_into().ok()?;
            let (osetid, name) = (osetid.text(), name.text());
            let (vmid, installdate) = (vmid.number(), installdate.text());
            Some(OperatingSystem { osetid, name, vmid, installdate })
        };
        let mut all: Vec<_> = self.rows(Table::Os)?.into_iter().filter_map(read).collect();
        all.sort();
        Ok(all)
    }

    /// Returns the virtual machines, sorted.
    ///
    /// # Errors
    /// When the database fails.
    fn virtual_machines(&self) -> Result<Vec<VirtualMachine>, Error> {
        let read = |row: Vec<Field>| {
            let [vmid, name, version] = row.try_into().ok()?;
            let (vmid, name, version) = (vmid.number(), name.text(), version.text());
            Some(VirtualMachine { vmid, name, version })
        };
        let mut all: Vec<_> =
            self.rows(Table::VirtualMachine)?.into_iter().filter_map(read).collect();
        all.sort();
        Ok(all)
    }
}

/// A row of table `slice`, and where its tarball is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueSlice {
    /// Its name.
    pub id: SliceId,
    /// Its type, one of table `slicetype`.
    pub slicetype: Option<String>,
    /// The slice before it; `None` for the first of a sequence.
    pub predecessor: Option<i64>,
    /// Its state, one of table `slicestate`.
    pub slicestate: Option<String>,
    /// What somebody noted of it.
    pub notes: Option<String>,
    /// When it was registered, ISO 8601 without a zone; ours are in UTC.
    pub creationdate: Option<String>,
    /// Digest of the tarball file, a SHA-256 where this program made it.
    pub slicehash: Option<String>,
    /// Path of the tarball; `None` where `slicehash` is in no row of table `storage`.
    pub location: Option<String>,
}

impl CatalogueSlice {
    fn read(row: Vec<Field>) -> Option<Self> {
        let row: [Field; 9] = row.try_into().ok()?;
        let [sliceid, slicetype, osetid, appetid, date, notes, state, slicehash, predecessor] = row;
        let (osetid, appetid) = (osetid.text()?, appetid.text()?);
        Some(Self {
            id: SliceId { osetid, appetid, sliceid: sliceid.number()? },
            slicetype: slicetype.text(),
            predecessor: predecessor.number(),
            slicestate: state.text(),
            notes: notes.text(),
            creationdate: date.text(),
            slicehash: slicehash.text(),
            location: None,
        })
    }
}

/// A row of table `storage`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tarball {
    /// Digest of the file, a SHA-256 where this program made it.
    pub slicehash: String,
    /// Path of the file.
    pub location: Option<String>,
}

/// A row of table `os`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperatingSystem {
    /// Its id; the original's table takes a row without one.
    pub osetid: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// The virtual machine that it runs in.
    pub vmid: Option<i64>,
    /// When it was installed, ISO 8601.
    pub installdate: Option<String>,
}

/// A row of table `virtualmachine`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VirtualMachine {
    /// Its id; the original's table takes a row without one.
    pub vmid: Option<i64>,
    /// The program that runs it.
    pub name: Option<String>,
    /// Version of that program.
    pub version: Option<String>,
}

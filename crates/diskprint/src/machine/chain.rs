use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use diskprint_formats::ReadAt;

use crate::machine::catalog::{Catalog, extents};
use crate::machine::{MachineDisk, MachineError};
use crate::virtual_disk::VirtualDisk;
use crate::{Fault, Place, Step};

/// A disk of a chain: the path of its own file, that file, and what it says.
struct Level {
    path: String,
    file: Arc<dyn ReadAt>,
    disk: VirtualDisk,
}

impl Catalog<'_> {
    /// Opens the disk at `path` on top of all its parents.
    pub fn disk(
        &self,
        number: u32,
        path: &str,
        faults: &mut Vec<Fault>,
    ) -> Result<MachineDisk, MachineError> {
        let chain = self.chain(path)?;
        let Some(top) = chain.first() else { return Err(self.no_disk()) };
        let format = top.disk.format();
        let place = Place::from(Step::Disk(number));
        let (mut below, mut below_state, mut files) = (None, None, Vec::new());
        for Level { path, file, disk } in chain.iter().rev() {
            let place = place.then(Step::Member(path.clone()));
            let expected = disk.below().and_then(|below| below.state);
            if expected != below_state && below_state.is_some() {
                let what = "the disk below has changed since this snapshot was taken: parentCID \
                            is not its CID";
                faults.push(Fault::text(place.clone(), what, ""));
            }
            let damaged = |source| MachineError::Damaged { path: path.clone(), source };
            let mut open = |name: &str| {
                let found = self.files.resolve(path, name).ok_or_else(not_beside)?;
                self.files.open(found)
            };
            let opened = disk.open(file, below.take(), &mut open).map_err(damaged)?;
            faults.extend(opened.findings.iter().map(|it| Fault::new(place.clone(), it, "")));
            let own = [path.clone()].into_iter().chain(extents(self.files, path, disk));
            files.splice(0..0, own);
            below_state = disk.state();
            below = Some(opened.reader);
        }
        let Some(reader) = below else { return Err(self.no_disk()) };
        files.dedup();
        Ok(MachineDisk { number, format, files, reader })
    }

    /// The disks from `path` down to the one without parent.
    fn chain(&self, path: &str) -> Result<Vec<Level>, MachineError> {
        let (mut chain, mut seen, mut next) = (Vec::new(), BTreeSet::new(), Some(path.to_owned()));
        while let Some(path) = next {
            if !seen.insert(path.clone()) {
                return Err(MachineError::Loop { path });
            }
            let level = self.level(path)?;
            next = self.parent(&level.path, &level.disk);
            let missing = level.disk.below().filter(|_| next.is_none());
            if let Some(file) = missing.and_then(|below| below.names.into_iter().next()) {
                return Err(MachineError::Missing { by: level.path, file });
            }
            chain.push(level);
        }
        Ok(chain)
    }

    fn level(&self, path: String) -> Result<Level, MachineError> {
        let file = self.files.open(&path);
        let file = file.map_err(|source| MachineError::Open { path: path.clone(), source })?;
        match VirtualDisk::read(&file) {
            Ok(Some(disk)) => Ok(Level { path, file, disk }),
            Ok(None) => Err(MachineError::NotDisk { path, len: file.len() }),
            Err(source) => Err(MachineError::Damaged { path, source }),
        }
    }
}

fn not_beside() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "there is no such file beside the descriptor")
}

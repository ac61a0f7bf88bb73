//! Slices that lie beside each other, found by their names.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, bail};
use diskprint::SliceId;

/// What lies in folders. Each is read once, however many sequences are in it.
#[derive(Default)]
pub struct Beside {
    folders: HashMap<PathBuf, Folder>,
}

/// The slices in a folder, sorted, by operating system and application.
type Folder = HashMap<(String, String), Vec<(i64, PathBuf)>>;

/// Endings of the names of tarballs and disk images.
const ENDINGS: [&str; 26] = [
    "tar", "tar.gz", "tgz", "tar.xz", "txz", "tar.bz2", "tbz", "tbz2", "tar.zst", "tzst", "zip",
    "vmdk", "qcow2", "vhd", "avhd", "vhdx", "avhdx", "vdi", "E01", "e01", "Ex01", "ova", "raw",
    "dd", "img", "001",
];

impl Beside {
    /// The slices of the sequence of `id` in the folder of `end`, by their ids.
    pub fn of(&mut self, end: &Path, id: &SliceId) -> Result<BTreeMap<i64, PathBuf>, Error> {
        let path = end.parent().unwrap_or(Path::new("."));
        if !self.folders.contains_key(path) {
            let folder = read(path).with_context(|| path.display().to_string())?;
            self.folders.insert(path.to_owned(), folder);
        }
        let sequence = (id.osetid.clone(), id.appetid.clone());
        let slices = self.folders.get(path).and_then(|folder| folder.get(&sequence));
        let mut found = BTreeMap::from([(id.sliceid, end.to_owned())]);
        for (sliceid, path) in slices.into_iter().flatten().filter(|(_, path)| path != end) {
            if let Some(twin) = found.insert(*sliceid, path.clone()) {
                let slice = SliceId { sliceid: *sliceid, ..id.clone() };
                bail!("{} and {} are both slice {slice}; keep one", twin.display(), path.display());
            }
        }
        Ok(found)
    }
}

fn read(path: &Path) -> io::Result<Folder> {
    let mut folder = Folder::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let ending = name.split_once('.').map_or("", |(_, ending)| ending);
        let Some(id) = SliceId::from_file_name(&name) else { continue };
        if ENDINGS.contains(&ending) {
            folder.entry((id.osetid, id.appetid)).or_default().push((id.sliceid, path));
        }
    }
    folder.values_mut().for_each(|slices| slices.sort());
    Ok(folder)
}

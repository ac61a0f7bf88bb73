use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diskprint_formats::ReadAt;

use crate::block_file::BlockFile;
use crate::{Cache, FileReader};

/// The files of a machine by their paths in its archive or folder, and where each lies.
#[derive(Default)]
pub(crate) struct FileSet<'c> {
    files: BTreeMap<String, Placed>,
    cache: Option<&'c Cache>,
}

/// Where a file lies.
enum Placed {
    OnHost(PathBuf),
    Unpacked(Arc<BlockFile>),
}

/// Endings of files that no disk needs: memory, saved states, settings, logs, pictures.
const NOT_NEEDED: [&str; 6] = [".nvram", ".vmem", ".vmss", ".vmsn", ".log", ".png"];

impl<'c> FileSet<'c> {
    /// Lists the files of `folder` that a disk may need, not those of folders in it.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn of_folder(folder: &Path, cache: Option<&'c Cache>) -> io::Result<Self> {
        let mut set = Self { cache, ..Self::default() };
        for entry in folder.read_dir()? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            if let Some(name) = name.filter(|name| path.is_file() && is_needed(name)) {
                set.insert(name, path);
            }
        }
        Ok(set)
    }

    /// Adds a file of the host.
    pub fn insert(&mut self, path: String, on_host: PathBuf) {
        self.files.insert(path, Placed::OnHost(on_host));
    }

    /// Adds a file that was unpacked, and returns whether there was one of this path.
    pub fn insert_unpacked(&mut self, path: String, file: BlockFile) -> bool {
        self.files.insert(path, Placed::Unpacked(Arc::new(file))).is_some()
    }

    /// The paths, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The paths that begin with `prefix`, sorted.
    pub fn beginning<'a>(&'a self, prefix: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let prefix = prefix.to_owned();
        let behind = self.files.range(prefix.clone()..).map(|(path, _)| path.as_str());
        behind.take_while(move |path| path.starts_with(&prefix))
    }

    /// Opens the file of this path for reading.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub fn open(&self, path: &str) -> io::Result<Arc<dyn ReadAt>> {
        Ok(match self.files.get(path).ok_or(io::ErrorKind::NotFound)? {
            Placed::OnHost(on_host) => Arc::new(open(on_host, self.cache)?),
            Placed::Unpacked(file) => file.clone(),
        })
    }

    /// Finds the file that `name`, written in the file `from`, means.
    ///
    /// Machines are moved and renamed: a name may be a path of the host where it was written.
    /// So it is looked for beside `from` as it stands, then by its last part alone, then in any
    /// case of letters, then anywhere if only one file is called so.
    pub fn resolve(&self, from: &str, name: &str) -> Option<&str> {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let last = last_part(name);
        let beside = |name: &str| normal(&format!("{folder}/{name}"));
        let exact = |path: String| self.files.get_key_value(&path).map(|(path, _)| path.as_str());
        exact(beside(&name.replace('\\', "/")))
            .or_else(|| exact(beside(last)))
            .or_else(|| self.only(|path| path.to_lowercase() == beside(last).to_lowercase()))
            .or_else(|| self.only(|path| last_part(path) == last))
    }

    /// Finds the file `name` in the folder of the file `from`, in any case of letters.
    pub fn beside(&self, from: &str, name: &str) -> Option<&str> {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = normal(&format!("{folder}/{name}"));
        let exact = self.files.get_key_value(&path).map(|(path, _)| path.as_str());
        exact.or_else(|| self.only(|found| found.to_lowercase() == path.to_lowercase()))
    }

    fn only(&self, wanted: impl Fn(&str) -> bool) -> Option<&str> {
        let mut found = self.paths().filter(|path| wanted(path));
        found.next().filter(|_| found.next().is_none())
    }
}

/// Opens a file of the host for reading; with a cache, it is known when it is read again.
pub(crate) fn open(path: &Path, cache: Option<&Cache>) -> io::Result<FileReader> {
    cache.map_or_else(|| FileReader::open(path), |cache| cache.open(path))
}

/// Whether a disk may need the file: no decoy of macOS, nothing of a lock, no memory or log.
pub(crate) fn is_needed(path: &str) -> bool {
    let lower = path.to_lowercase();
    !lower.split('/').any(|part| part.starts_with("._") || part.ends_with(".lck"))
        && !NOT_NEEDED.iter().any(|ending| lower.ends_with(ending))
}

/// The path without empty parts and parts `.`.
pub(crate) fn normal(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    parts.join("/")
}

fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

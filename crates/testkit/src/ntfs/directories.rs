//! Directories by their paths.

use super::{File, ROOT, Reference, Volume};

impl Volume {
    /// The directory at `path`, its parts separated by `/`; it and those above it are added where
    /// they are not there yet. The root's path is empty.
    pub fn directory(&mut self, path: &str) -> Reference {
        if path.is_empty() {
            return ROOT;
        }
        if let Some(directory) = self.directories.get(path) {
            return *directory;
        }
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.directory(above);
        let directory = self.add(&File::directory(parent, name));
        self.directories.insert(path.to_owned(), directory);
        directory
    }

    /// An empty file to be added at `path`, whose directories are added where they are not there
    /// yet.
    pub fn file(&mut self, path: &str) -> File {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        File::new(self.directory(above), name)
    }
}

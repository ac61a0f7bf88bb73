use std::io;

use diskprint_formats::regf::{Key, KeyId};

/// Paths of keys that are visited depth first. All of them together are no longer than a small
/// multiple of the hive: it is read no further where they would be.
#[derive(Default)]
pub(super) struct Paths {
    path: Vec<u8>,
    /// The keys on the way, and how long the path was before each.
    open: Vec<(KeyId, usize)>,
}

impl Paths {
    /// Returns the path of `key`, which comes after its parent and all before it. `step` puts the
    /// key's own part behind the path of its parent.
    pub(super) fn enter(
        &mut self,
        key: &Key<'_>,
        step: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<&[u8]> {
        let parent = key.parent().map(|parent| parent.id());
        while let Some((_, len)) = self.open.pop_if(|(id, _)| Some(*id) != parent) {
            self.path.truncate(len);
        }
        self.open.push((key.id(), self.path.len()));
        step(&mut self.path)?;
        Ok(&self.path)
    }
}

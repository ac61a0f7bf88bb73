use std::ops::AddAssign;

/// A part of reading a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Decompressing a tarball, hashing it, and keeping the blocks of its disks. Read are its
    /// bytes, made are those of the archive.
    Unpack,
    /// Reading file records and indexes, and finding the paths. Read are the bytes of the $MFT.
    List,
    /// Digesting contents that lie in clusters; those in file records are digested while they are
    /// listed. Read are the bytes of those that are not known, made are those that are
    /// digested or carried over.
    Digest,
    /// Reading hives with their logs. Read are the bytes of hives that are not known, made those
    /// of all.
    Hives,
}

/// How many bytes a part of the work has read, and how many it has made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Bytes read.
    pub read: u64,
    /// Bytes made.
    pub made: u64,
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.made += other.made;
    }
}

/// Measures how long parts of the work take; this library knows no clock.
pub trait Monitor: Send + Sync {
    /// A part begins; what is returned is called when it ends.
    fn begin(&self, part: Part) -> Box<dyn FnOnce(Amount) + '_>;
}

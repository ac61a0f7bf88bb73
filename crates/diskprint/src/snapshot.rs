use crate::{Fault, FileEntry, Hive};

/// The state of one slice: plain data, sorted by partition and path.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The partitions of all disks, in the order of their numbers.
    pub partitions: Vec<Partition>,
    /// Files and streams, deleted ones too.
    pub files: Vec<FileEntry>,
    /// Hives, each with its keys and values.
    pub hives: Vec<Hive>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

/// A byte range of a disk that holds, or should hold, a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Number from 1 through all disks.
    pub number: u32,
    /// Number of the disk, from 1.
    pub disk: u32,
    /// Offset in the disk, in bytes.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
    /// The file system's name, `ntfs`; `None` where none was recognised.
    pub file_system: Option<&'static str>,
    /// Cluster or block size of the file system in bytes; 0 where it is not known.
    pub block_size: u32,
    /// Number of clusters or blocks; 0 where it is not known.
    pub block_count: u64,
    /// Serial number of the file system, by which it is known again where the disk was
    /// partitioned anew; 0 where there is none.
    pub serial: u64,
}

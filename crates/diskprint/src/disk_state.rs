use diskprint_formats::qcow2;

/// A state that a disk holds besides its current one: that of a disk which it stands on, or of a
/// snapshot inside one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskState {
    /// Path of the disk's own file, relative to the folder that it is in.
    pub file: String,
    /// The snapshot inside it; `None` for the state that the file was left in.
    pub snapshot: Option<InnerSnapshot>,
}

/// A snapshot inside a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InnerSnapshot {
    /// Its id, unique in the disk.
    pub id: String,
    /// The name that was given to it.
    pub name: String,
    /// When it was taken, in seconds since 1970 and nanoseconds, by the host's clock.
    pub taken: (u32, u32),
}

impl DiskState {
    pub(crate) fn of_snapshot(file: &str, snapshot: qcow2::Snapshot) -> Self {
        let qcow2::Snapshot { id, name, seconds, nanoseconds, .. } = snapshot;
        let snapshot = InnerSnapshot { id, name, taken: (seconds, nanoseconds) };
        Self { file: file.to_owned(), snapshot: Some(snapshot) }
    }
}

use std::path::{Path, PathBuf};

use diskprint_formats::qcow2;

/// A state of a machine that its disks hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineState {
    /// What [`crate::Image::open`] opens it by: the path of a disk's own file, or a path that ends in
    /// `@` and the id of a snapshot, behind the disk or folder that has it: `disk.qcow2/@1`.
    pub path: PathBuf,
    /// A number that later snapshots do not change, larger than that of the state before.
    pub number: u32,
    /// What it was called by whoever took the snapshot, or the name of the file.
    pub name: String,
}

/// The states that lead to one, and what else there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineStates {
    /// The oldest first; the last is that which was asked for.
    pub states: Vec<MachineState>,
    /// Snapshots that do not lead to it.
    pub elsewhere: Vec<MachineState>,
}

/// What stands before the id of a snapshot.
const MARK: char = '@';
/// The id of the state that a machine was left in.
pub(crate) const CURRENT: &str = "current";

/// The path of the snapshot with that id of what is at `path`.
pub(crate) fn path_of(path: &Path, id: &str) -> PathBuf {
    path.join(format!("{MARK}{id}"))
}

/// The disk or folder and the id of the snapshot that a path means; `None` where it is the path of
/// something that is there.
pub(crate) fn split(path: &Path) -> Option<(&Path, &str)> {
    let id = path.file_name()?.to_str()?.strip_prefix(MARK)?;
    let of = path.parent().filter(|of| !of.as_os_str().is_empty())?;
    (!id.is_empty() && !path.exists() && of.exists()).then_some((of, id))
}

/// Whether an image can be at `path`: a file or folder, or a snapshot of one.
pub fn is_there(path: &Path) -> bool {
    path.exists() || split(path).is_some()
}

/// A state of a chain of disks: that in which a disk of it was left, or a snapshot inside one.
pub(crate) struct DiskState {
    /// Path of the disk's own file, relative to the folder that it is in.
    pub file: String,
    /// The snapshot inside it; `None` for the state that the file was left in.
    pub snapshot: Option<qcow2::Snapshot>,
}

impl DiskState {
    /// This state, the one of that number, of a disk in `folder`.
    pub fn in_folder(self, folder: &Path, number: u32) -> MachineState {
        let Self { file, snapshot } = self;
        let own = folder.join(&file);
        match snapshot {
            Some(snapshot) => {
                MachineState { path: path_of(&own, &snapshot.id), number, name: snapshot.name }
            }
            None => MachineState { path: own, number, name: file },
        }
    }
}

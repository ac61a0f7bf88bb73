//! Virtual disks of every format, as their own files describe them.

use std::io;
use std::sync::Arc;

use diskprint_formats::ReadAt;
use diskprint_formats::vmdk::{self, Descriptor};
use thiserror::Error;

/// A virtual disk as its own file describes it.
#[derive(Clone, Debug)]
pub(crate) enum VirtualDisk {
    Vmdk(Descriptor),
}

/// The disk that another one stands on, as that one names it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Below {
    /// Names of its file, the likeliest first; some may be paths of the host.
    pub names: Vec<String>,
    /// What state it was in when the other one was made.
    pub state: Option<StateId>,
}

/// What changes when somebody writes to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StateId {
    /// A VMDK's content id.
    Cid(u32),
}

/// A disk open for reading.
pub(crate) struct OpenDisk {
    pub reader: Arc<dyn ReadAt>,
    /// What is damaged but could be helped.
    pub findings: Vec<DiskError>,
}

/// What is wrong with a virtual disk.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DiskError {
    /// With a VMDK.
    #[error(transparent)]
    Vmdk(#[from] vmdk::Error),
}

impl VirtualDisk {
    /// Reads what `file` says of the disk that it is; `None` when it is none of a known format.
    ///
    /// # Errors
    /// When it is one, and damaged.
    pub fn read(file: &dyn ReadAt) -> Result<Option<Self>, DiskError> {
        Ok(Descriptor::read(file)?.map(Self::Vmdk))
    }

    /// The format, with its kind where it has several: VMDK's `createType`.
    pub fn format(&self) -> String {
        match self {
            Self::Vmdk(descriptor) => descriptor.create_type.clone(),
        }
    }

    /// The disk below; `None` where it stands on no other.
    pub fn below(&self) -> Option<Below> {
        match self {
            Self::Vmdk(descriptor) => descriptor.parent_cid.map(|cid| Below {
                names: descriptor.parent_hint.iter().cloned().collect(),
                state: Some(StateId::Cid(cid)),
            }),
        }
    }

    /// What its children say of the state that they were made in.
    pub fn state(&self) -> Option<StateId> {
        match self {
            Self::Vmdk(descriptor) => Some(StateId::Cid(descriptor.cid)),
        }
    }

    /// Names of the other files that hold its bytes.
    pub fn extents(&self) -> Vec<&str> {
        match self {
            Self::Vmdk(descriptor) if descriptor.embedded => Vec::new(),
            Self::Vmdk(descriptor) => {
                let lines = descriptor.extents.iter().map(|line| &*line.file);
                lines.filter(|file| !file.is_empty()).collect()
            }
        }
    }

    /// Opens the disk, whose own file is `file`, on top of `below`. `open` opens its extents by
    /// their names.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(
        &self,
        file: &Arc<dyn ReadAt>,
        below: Option<Arc<dyn ReadAt>>,
        open: &mut dyn FnMut(&str) -> io::Result<Arc<dyn ReadAt>>,
    ) -> Result<OpenDisk, DiskError> {
        match self {
            Self::Vmdk(descriptor) => {
                let mut disk = vmdk::Disk::open(file, descriptor, below, open)?;
                let findings = disk.take_findings().into_iter().map(DiskError::Vmdk).collect();
                Ok(OpenDisk { reader: Arc::new(disk), findings })
            }
        }
    }
}

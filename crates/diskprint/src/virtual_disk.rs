//! Virtual disks of every format, as their own files describe them.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use diskprint_formats::vmdk::Descriptor;
use diskprint_formats::{Guid, Joined, ReadAt, qcow2, vdi, vhd, vhdx, vmdk};
use thiserror::Error;

/// The format of a virtual disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFormat {
    /// VMware's.
    Vmdk,
    /// QEMU's.
    Qcow2,
    /// Virtual PC's.
    Vhd,
    /// Hyper-V's.
    Vhdx,
    /// VirtualBox's.
    Vdi,
    /// None: the bytes as they are, in several files.
    Split,
}

impl DiskFormat {
    /// The name: `vmdk`, `qcow2`, `vhd`, `vhdx`, `vdi`, `split`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vmdk => "vmdk",
            Self::Qcow2 => "qcow2",
            Self::Vhd => "vhd",
            Self::Vhdx => "vhdx",
            Self::Vdi => "vdi",
            Self::Split => "split",
        }
    }
}

/// A virtual disk as its own file describes it.
#[derive(Debug)]
pub(crate) enum VirtualDisk {
    Vmdk(Descriptor),
    Qcow2(qcow2::Header),
    Vhd(vhd::Header),
    Vhdx(vhdx::Header),
    Vdi(vdi::Header),
    /// Bytes as they are, with the names of the files that follow the first one.
    Raw(Vec<String>),
}

/// The disk that another one stands on, as that one names it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Below {
    /// Names of its file, the likeliest first; some may be paths of the host.
    pub names: Vec<String>,
    /// The id that it has as long as it lives.
    pub id: Option<Guid>,
    /// What state it was in when the other one was made: one of these.
    pub states: Vec<StateId>,
    /// Whether it is raw: that it must be, or that it may be where it is nothing else.
    pub raw: Option<IsRaw>,
}

/// How sure it is that a disk below has no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IsRaw {
    Stated,
    Possible,
}

/// What changes when somebody writes to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StateId {
    /// A VMDK's content id.
    Cid(u32),
    /// The id of the last change to a VHDX or VDI.
    Guid(Guid),
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
    /// With a qcow2.
    #[error(transparent)]
    Qcow2(#[from] qcow2::Error),
    /// With a VHD.
    #[error(transparent)]
    Vhd(#[from] vhd::Error),
    /// With a VHDX.
    #[error(transparent)]
    Vhdx(#[from] vhdx::Error),
    /// With a VDI.
    #[error(transparent)]
    Vdi(#[from] vdi::Error),
    /// A part of a split disk cannot be opened.
    #[error("part {part:?} cannot be opened")]
    Part {
        /// Its name.
        part: String,
        /// Why it cannot.
        source: io::Error,
    },
    /// A part of a split disk has another length than the first: what follows may be shifted.
    #[error(
        "part {part:?} has {len} bytes, the first has {expected}: what follows is at another place \
         than it was if bytes are missing"
    )]
    PartLen {
        /// Its name.
        part: String,
        /// Its length in bytes.
        len: u64,
        /// The length of the first part in bytes.
        expected: u64,
    },
    /// There is no such snapshot in the disk.
    #[error("the disk has no snapshot with the id {id:?}")]
    NoSnapshot {
        /// The id that was asked for.
        id: String,
    },
}

impl DiskError {
    /// The format of the disk with which something is wrong.
    pub fn format(&self) -> DiskFormat {
        match self {
            Self::Vmdk(_) => DiskFormat::Vmdk,
            Self::Qcow2(_) | Self::NoSnapshot { .. } => DiskFormat::Qcow2,
            Self::Vhd(_) => DiskFormat::Vhd,
            Self::Vhdx(_) => DiskFormat::Vhdx,
            Self::Vdi(_) => DiskFormat::Vdi,
            Self::Part { .. } | Self::PartLen { .. } => DiskFormat::Split,
        }
    }
}

impl VirtualDisk {
    /// Reads what `file` says of the disk that it is; `None` when it is none of a known format.
    ///
    /// # Errors
    /// When it is one, and damaged.
    pub fn read(file: &Arc<dyn ReadAt>) -> Result<Option<Self>, DiskError> {
        if let Some(header) = qcow2::Header::read(file)? {
            return Ok(Some(Self::Qcow2(header)));
        }
        if let Some(header) = vhdx::Header::read(file)? {
            return Ok(Some(Self::Vhdx(header)));
        }
        if let Some(header) = vdi::Header::read(file)? {
            return Ok(Some(Self::Vdi(header)));
        }
        if let Some(descriptor) = Descriptor::read(file)? {
            return Ok(Some(Self::Vmdk(descriptor)));
        }
        // Last, as the footer of a fixed disk lies behind bytes that may be anything.
        Ok(vhd::Header::read(file)?.map(Self::Vhd))
    }

    pub fn disk_format(&self) -> DiskFormat {
        match self {
            Self::Vmdk(_) => DiskFormat::Vmdk,
            Self::Qcow2(_) => DiskFormat::Qcow2,
            Self::Vhd(_) => DiskFormat::Vhd,
            Self::Vhdx(_) => DiskFormat::Vhdx,
            Self::Vdi(_) => DiskFormat::Vdi,
            Self::Raw(_) => DiskFormat::Split,
        }
    }

    /// The format, with its kind where it has several: VMDK's `createType`, `vhd-dynamic`.
    pub fn format(&self) -> String {
        match self {
            Self::Vmdk(descriptor) => descriptor.create_type.clone(),
            Self::Qcow2(_) => "qcow2".into(),
            Self::Vhd(header) => header.footer.kind.name().into(),
            Self::Vhdx(header) => header.kind.name().into(),
            Self::Vdi(header) => header.kind.name().into(),
            Self::Raw(_) => "raw".into(),
        }
    }

    /// The disk below; `None` where it stands on no other.
    pub fn below(&self) -> Option<Below> {
        match self {
            Self::Vmdk(descriptor) => descriptor.parent_cid.map(|cid| Below {
                names: descriptor.parent_hint.iter().cloned().collect(),
                states: vec![StateId::Cid(cid)],
                ..Below::default()
            }),
            Self::Qcow2(header) => header.backing_file.as_ref().map(|name| Below {
                names: vec![name.strip_prefix("file:").unwrap_or(name).to_owned()],
                raw: Some(match header.backing_format.as_deref() {
                    Some("raw") => IsRaw::Stated,
                    _ => IsRaw::Possible,
                }),
                ..Below::default()
            }),
            Self::Vhd(header) => {
                let dynamic = header.dynamic.as_ref()?;
                (header.footer.kind == vhd::Kind::Differencing).then(|| Below {
                    names: dynamic.parent_names.clone(),
                    id: Some(dynamic.parent_id),
                    ..Below::default()
                })
            }
            Self::Vhdx(header) => (header.kind == vhdx::Kind::Differencing).then(|| {
                let value = |key| header.parent_value(key);
                let names = ["relative_path", "volume_path", "absolute_win32_path"];
                let states = ["parent_linkage", "parent_linkage2"];
                Below {
                    names: names.into_iter().filter_map(value).map(str::to_owned).collect(),
                    states: states
                        .into_iter()
                        .filter_map(|key| Guid::parse(value(key)?))
                        .filter(|guid| !guid.is_nil())
                        .map(StateId::Guid)
                        .collect(),
                    ..Below::default()
                }
            }),
            Self::Vdi(header) => (header.kind == vdi::Kind::Differencing).then(|| Below {
                id: Some(header.parent_id),
                states: Some(header.parent_modified)
                    .filter(|guid| !guid.is_nil())
                    .map(StateId::Guid)
                    .into_iter()
                    .collect(),
                ..Below::default()
            }),
            Self::Raw(_) => None,
        }
    }

    /// The id that it has as long as it lives.
    pub fn id(&self) -> Option<Guid> {
        match self {
            Self::Vhd(header) => Some(header.footer.unique_id),
            Self::Vdi(header) => Some(header.id),
            _ => None,
        }
    }

    /// What its children say of the state that they were made in.
    pub fn state(&self) -> Option<StateId> {
        match self {
            Self::Vmdk(descriptor) => Some(StateId::Cid(descriptor.cid)),
            Self::Vhdx(header) => Some(StateId::Guid(header.data_write)),
            Self::Vdi(header) => Some(StateId::Guid(header.modified)),
            _ => None,
        }
    }

    /// Names of the other files that hold its bytes.
    pub fn extents(&self) -> Vec<&str> {
        match self {
            Self::Vmdk(descriptor) if !descriptor.embedded => {
                let lines = descriptor.extents.iter().map(|line| &*line.file);
                lines.filter(|file| !file.is_empty()).collect()
            }
            Self::Raw(parts) => parts.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// What is damaged in its headers but could be helped.
    pub fn findings(&self) -> Vec<&(dyn StdError + 'static)> {
        match self {
            Self::Vhd(header) => header.findings.iter().map(|it| it as _).collect(),
            Self::Vhdx(header) => header.findings.iter().map(|it| it as _).collect(),
            _ => Vec::new(),
        }
    }

    /// Opens the disk, whose own file is `file`, on top of `below`, as its snapshot of the id
    /// `snapshot` where one is given. `open` opens its extents by their names.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(
        &self,
        file: &Arc<dyn ReadAt>,
        below: Option<Arc<dyn ReadAt>>,
        snapshot: Option<&str>,
        open: &mut dyn FnMut(&str) -> io::Result<Arc<dyn ReadAt>>,
    ) -> Result<OpenDisk, DiskError> {
        if let (Some(id), false) = (snapshot, matches!(self, Self::Qcow2(_))) {
            return Err(DiskError::NoSnapshot { id: id.to_owned() });
        }
        let mut findings = Vec::new();
        let reader: Arc<dyn ReadAt> = match self {
            Self::Vmdk(descriptor) => {
                let mut disk = vmdk::Disk::open(file, descriptor, below, open)?;
                findings.extend(disk.take_findings().into_iter().map(DiskError::Vmdk));
                Arc::new(disk)
            }
            Self::Qcow2(header) => {
                Arc::new(open_qcow2(file, header, below, snapshot, &mut findings)?)
            }
            Self::Vhd(header) => Arc::new(vhd::Disk::open(file, header, below)?),
            Self::Vhdx(header) => Arc::new(vhdx::Disk::open(file, header, below)?),
            Self::Vdi(header) => Arc::new(vdi::Disk::open(file, header, below)?),
            Self::Raw(parts) if parts.is_empty() => Arc::clone(file),
            Self::Raw(parts) => Arc::new(join(file, parts, open, &mut findings)?),
        };
        Ok(OpenDisk { reader, findings })
    }
}

fn open_qcow2(
    file: &Arc<dyn ReadAt>,
    header: &qcow2::Header,
    below: Option<Arc<dyn ReadAt>>,
    snapshot: Option<&str>,
    findings: &mut Vec<DiskError>,
) -> Result<qcow2::Disk, DiskError> {
    if header.is_marked_corrupt() {
        findings.push(qcow2::Error::MarkedCorrupt.into());
    }
    let snapshots = qcow2::Snapshot::list(file, header);
    let snapshot = match (snapshot, snapshots) {
        (None, Ok(_)) => None,
        // The current state does not need the table.
        (None, Err(error)) => {
            findings.push(error.into());
            None
        }
        (Some(_), Err(error)) => return Err(error.into()),
        (Some(id), Ok(snapshots)) => {
            let found = snapshots.into_iter().find(|snapshot| snapshot.id == id);
            Some(found.ok_or_else(|| DiskError::NoSnapshot { id: id.to_owned() })?)
        }
    };
    Ok(qcow2::Disk::open(file, header, snapshot.as_ref(), below)?)
}

fn join(
    first: &Arc<dyn ReadAt>,
    parts: &[String],
    open: &mut dyn FnMut(&str) -> io::Result<Arc<dyn ReadAt>>,
    findings: &mut Vec<DiskError>,
) -> Result<Joined, DiskError> {
    let (mut readers, expected) = (vec![Arc::clone(first)], first.len());
    for (index, part) in (1..).zip(parts) {
        let reader = open(part).map_err(|source| DiskError::Part { part: part.clone(), source })?;
        let (len, is_last) = (reader.len(), index == parts.len());
        if len > expected || (len != expected && !is_last) {
            findings.push(DiskError::PartLen { part: part.clone(), len, expected });
        }
        readers.push(reader);
    }
    Ok(Joined::new(readers))
}

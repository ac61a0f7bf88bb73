use super::{Error, Header, read_whole};
use crate::ReadAt;
use crate::bytes::{u16_be, u32_be, u64_be};

/// A state of the disk that was kept inside it.
// Source: QEMU, docs/interop/qcow2.rst, "Snapshots".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its id, unique in the disk, usually a number.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was taken, in seconds since 1970 by the host's clock.
    pub seconds: u32,
    /// Nanoseconds to be added.
    pub nanoseconds: u32,
    /// How long the machine had been running, in nanoseconds.
    pub run_nanoseconds: u64,
    /// Length of the machine's memory that was kept with it, in bytes.
    pub memory_len: u64,
    /// Length of the disk then, in bytes.
    pub size: u64,
    pub(super) l1_offset: u64,
    pub(super) l1_entries: u32,
}

/// Length of an entry without extra data, id and name.
const LEN: u64 = 40;
/// The most snapshots read: QEMU's own limit.
// Source: QEMU, block/qcow2.h, QCOW_MAX_SNAPSHOTS.
const MAX_SNAPSHOTS: u32 = 65536;
/// The longest extra data read: QEMU's own limit.
const MAX_EXTRA: u32 = 1024;
/// The longest table read, in bytes: QEMU's own limit.
// Source: QEMU, block/qcow2.h, QCOW_MAX_SNAPSHOTS_SIZE.
const MAX_TABLE: u64 = 64 << 20;

impl Snapshot {
    /// Lists the snapshots of the disk in `file`, in the order of their table.
    ///
    /// # Errors
    /// When the table is damaged.
    pub fn list(file: &dyn ReadAt, header: &Header) -> Result<Vec<Self>, Error> {
        if header.snapshots > MAX_SNAPSHOTS {
            let (field, stated) = ("nb_snapshots", header.snapshots.into());
            return Err(Error::HeaderField { field, stated, expected: "at most 65536" });
        }
        let (mut offset, mut snapshots) = (header.snapshots_offset, Vec::new());
        for number in 0..header.snapshots {
            let (snapshot, len) = Self::read(file, header, number, offset)?;
            snapshots.push(snapshot);
            let end = offset.checked_add(len).and_then(|end| end.checked_next_multiple_of(8));
            let what = "it ends behind 2^64 bytes";
            offset = end.ok_or(Error::Snapshot { number, offset, what })?;
            if offset.saturating_sub(header.snapshots_offset) > MAX_TABLE {
                let what = "the table is longer than 64 MiB";
                return Err(Error::Snapshot { number, offset, what });
            }
        }
        Ok(snapshots)
    }

    /// Reads one entry, and returns its length.
    fn read(
        file: &dyn ReadAt,
        header: &Header,
        number: u32,
        offset: u64,
    ) -> Result<(Self, u64), Error> {
        let fixed = read_whole(file, "snapshot table entry", offset, LEN)?;
        let damaged = |what| Error::Snapshot { number, offset, what };
        let lens = || Some((u16_be(&fixed, 12)?, u16_be(&fixed, 14)?, u32_be(&fixed, 36)?));
        let (id_len, name_len, extra_len) = lens().ok_or_else(|| damaged("it is cut off"))?;
        if extra_len > MAX_EXTRA {
            return Err(damaged("it has more than 1024 bytes of extra data"));
        }
        let (id_at, name_at) = (u64::from(extra_len), u64::from(extra_len) + u64::from(id_len));
        let rest_len = name_at + u64::from(name_len);
        let rest = read_whole(file, "snapshot table entry", offset.saturating_add(LEN), rest_len)?;
        let text = |from: u64, len: u16| {
            let bytes = rest.get(from as usize..).and_then(|rest| rest.get(..len.into()));
            String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
        };
        let extra = rest.get(..extra_len as usize).unwrap_or_default();
        let fields = || {
            Some(Self {
                id: text(id_at, id_len),
                name: text(name_at, name_len),
                seconds: u32_be(&fixed, 16)?,
                nanoseconds: u32_be(&fixed, 20)?,
                run_nanoseconds: u64_be(&fixed, 24)?,
                memory_len: u64_be(extra, 0).unwrap_or(u32_be(&fixed, 32)?.into()),
                size: u64_be(extra, 8).unwrap_or(header.size),
                l1_offset: u64_be(&fixed, 0)?,
                l1_entries: u32_be(&fixed, 8)?,
            })
        };
        let snapshot = fields().ok_or_else(|| damaged("it is cut off"))?;
        Ok((snapshot, LEN + rest_len))
    }
}

//! $STANDARD_INFORMATION and the times in it.

use super::put;

/// The four times of a file as FILETIME.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Created.
    pub crtime: u64,
    /// Content changed.
    pub mtime: u64,
    /// Record changed.
    pub ctime: u64,
    /// Last read.
    pub atime: u64,
}

impl Times {
    /// Four times that differ, counted from `seconds` after 2013-05-06.
    pub fn from(seconds: u64) -> Self {
        let crtime = 130_122_720_000_000_000 + seconds * 10_000_000 + 1;
        let (mtime, ctime, atime) = (crtime + 10_000_001, crtime + 20_000_002, crtime + 30_000_003);
        Self { crtime, mtime, ctime, atime }
    }

    pub(super) fn put(self, bytes: &mut [u8], at: usize) {
        let times = [self.crtime, self.mtime, self.ctime, self.atime];
        for (index, time) in times.into_iter().enumerate() {
            put::u64(bytes, at + index * 8, time);
        }
    }
}

/// Returns the value of the attribute in the long form of NTFS 3; a file without a security id has 0.
pub fn standard_information(times: Times, attributes: u32, security_id: u32) -> Vec<u8> {
    let mut bytes = vec![0; 0x48];
    times.put(&mut bytes, 0);
    put::u32(&mut bytes, 0x20, attributes);
    put::u32(&mut bytes, 0x34, security_id);
    bytes
}

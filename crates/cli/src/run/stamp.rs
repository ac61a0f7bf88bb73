//! What is remembered of a tarball's file, so that one that nobody touched is not hashed again.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use diskprint::{Hex, OpenError, is_one_file, results, slicehash};
use serde::{Deserialize, Serialize};

/// What the file system says of a file, and its SHA-256.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    identity: Identity,
    sha256: String,
}

/// What changes when somebody writes to a file or puts another in its place. The time of the last
/// change (ctime) cannot be set by programs, as that of the last modification can.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    device: u64,
    inode: u64,
    len: u64,
    /// Seconds and nanoseconds.
    mtime: (i64, i64),
    ctime: (i64, i64),
}

/// Two changes within this time may leave the same times on a file.
const COARSE: Duration = Duration::from_secs(2);

/// A stamp of a file that is about to be read; `None` where it is no plain file, and where it was
/// changed so lately that its times say little.
pub fn before_reading(file: &Path) -> Option<PendingStamp> {
    let metadata = fs::metadata(file).ok().filter(Metadata::is_file)?;
    let identity = Identity::of(&metadata)?;
    let settled = SystemTime::now().checked_sub(COARSE)?.duration_since(SystemTime::UNIX_EPOCH);
    let is_settled = settled.is_ok_and(|time| identity.ctime.0 < time.as_secs() as i64);
    is_settled.then(|| PendingStamp { file: file.to_owned(), identity })
}

/// A stamp that lacks the digest.
pub struct PendingStamp {
    file: PathBuf,
    identity: Identity,
}

impl PendingStamp {
    /// Writes the stamp into the folder of the slice, unless the file was changed meanwhile.
    pub fn write(self, slice: &Path, sha256: &[u8; 32]) -> io::Result<()> {
        let now = fs::metadata(&self.file).ok().and_then(|metadata| Identity::of(&metadata));
        if now.as_ref() != Some(&self.identity) {
            return Ok(());
        }
        let stamp = Stamp { identity: self.identity, sha256: Hex(sha256).to_string() };
        let write = |out: &mut results::Out<'_>| Ok(serde_json::to_writer(out, &stamp)?);
        results::write_file(&slice.join(NAME), write).map(drop)
    }
}

const NAME: &str = ".stamp";

/// The slicehash of a tarball whose slice has the folder `slice`: as it is remembered, or read.
pub fn known_slicehash(tarball: &Path, slice: &Path) -> Result<[u8; 32], OpenError> {
    let stamp =
        || -> Option<Stamp> { serde_json::from_slice(&fs::read(slice.join(NAME)).ok()?).ok() };
    let identity = || Identity::of(&fs::metadata(tarball).ok()?);
    if let Some(stamp) = stamp()
        && let Some(sha256) = Hex::decode(&stamp.sha256)
        && Some(&stamp.identity) == identity().as_ref()
    {
        return Ok(sha256);
    }
    let pending = before_reading(tarball);
    let sha256 = slicehash(tarball, &|_| {})?;
    if let (Some(pending), Ok(true)) = (pending, is_one_file(tarball)) {
        // Without it the file is hashed the next time, too.
        let _ = pending.write(slice, &sha256);
    }
    Ok(sha256)
}

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            len: metadata.len(),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            ctime: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Elsewhere nothing tells surely that a file was not changed.
    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Option<Self> {
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_nobody_touched_is_hashed_once_also_where_its_slice_was_never_read() {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/8504-1/7895-1");
        let tarball = examples.join("8504-1-7895-1-10.tar.gz");
        let slice = tempfile::tempdir().unwrap();
        let known = || known_slicehash(&tarball, slice.path()).unwrap();
        let sha256 = known();
        let stamp = fs::read_to_string(slice.path().join(NAME)).unwrap();
        assert!(stamp.contains(&Hex(&sha256).to_string()), "{stamp}");
        // What is remembered counts, as long as it is of this very file.
        let other = stamp.replace(&Hex(&sha256).to_string(), &"ab".repeat(32));
        fs::write(slice.path().join(NAME), &other).unwrap();
        assert_eq!(known(), [0xab; 32]);
        fs::write(slice.path().join(NAME), other.replace("\"len\":", "\"len\":1")).unwrap();
        assert_eq!(known(), sha256);
    }
}

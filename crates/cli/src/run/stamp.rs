//! What is remembered of a slice's files, so that those that nobody touched are not hashed again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use diskprint::{Cache, Hex, OpenError, file_hash, is_one_file, results, slicehash_of};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What the file system says of a file, and its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    identity: Identity,
    sha256: String,
}

/// What changes when somebody writes to a file or puts another in its place. The time of the last
/// change (ctime) cannot be set by programs, as that of the last modification can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        match self.finish(sha256) {
            Some(stamp) => write(slice, NAME, &stamp),
            None => Ok(()),
        }
    }

    /// The stamp, unless the file was changed meanwhile.
    fn finish(self, sha256: &[u8; 32]) -> Option<Stamp> {
        let now = Identity::of(&fs::metadata(&self.file).ok()?)?;
        let sha256 = Hex(sha256).to_string();
        (now == self.identity).then_some(Stamp { identity: self.identity, sha256 })
    }
}

const NAME: &str = ".stamp";
/// The stamps of the files of a slice that has several, by their absolute paths.
const SEVERAL: &str = ".stamps";

type Stamps = BTreeMap<PathBuf, Stamp>;

/// The slicehash of a tarball whose slice has the folder `slice`: as it is remembered, or read.
pub fn known_slicehash(tarball: &Path, slice: &Path) -> Result<[u8; 32], OpenError> {
    if is_one_file(tarball).is_ok_and(|one| !one) {
        return of_several(tarball, slice, |path| file_hash(path, &|_| {}));
    }
    if let Some(sha256) = read::<Stamp>(slice, NAME).and_then(|stamp| stamp.sha256_of(tarball)) {
        return Ok(sha256);
    }
    let pending = before_reading(tarball);
    let sha256 = slicehash_of(tarball, &|path| file_hash(path, &|_| {}))?;
    if let Some(pending) = pending {
        // Without it the file is hashed the next time, too.
        let _ = pending.write(slice, &sha256);
    }
    Ok(sha256)
}

/// Remembers the files of a machine that was read with `cache`, which knows their hashes.
pub fn remember_several(machine: &Path, slice: &Path, cache: &Cache) -> Result<(), OpenError> {
    of_several(machine, slice, |path| cache.hash(path, &|_| {})).map(drop)
}

/// The slicehash of a machine of several files, those that are not remembered hashed by `read_hash`.
/// Which files it is read from is found out anew each time; each is then known by itself.
fn of_several(
    machine: &Path,
    slice: &Path,
    read_hash: impl Fn(&Path) -> io::Result<[u8; 32]>,
) -> Result<[u8; 32], OpenError> {
    let known: Stamps = read(slice, SEVERAL).unwrap_or_default();
    let stamps = RefCell::new(Stamps::new());
    let hash = |path: &Path| {
        let path = std::path::absolute(path)?;
        let stamp = known.get(&path);
        if let Some((stamp, sha256)) = stamp.and_then(|it| Some((it, it.sha256_of(&path)?))) {
            stamps.borrow_mut().insert(path, stamp.clone());
            return Ok(sha256);
        }
        let pending = before_reading(&path);
        let sha256 = read_hash(&path)?;
        let stamp = pending.and_then(|pending| pending.finish(&sha256));
        stamps.borrow_mut().extend(stamp.map(|stamp| (path, stamp)));
        Ok(sha256)
    };
    let sha256 = slicehash_of(machine, &hash)?;
    let stamps = stamps.into_inner();
    if stamps != known {
        // Without them the files are hashed the next time, too.
        let _ = write(slice, SEVERAL, &stamps);
    }
    Ok(sha256)
}

fn read<T: DeserializeOwned>(slice: &Path, name: &str) -> Option<T> {
    serde_json::from_slice(&fs::read(slice.join(name)).ok()?).ok()
}

fn write(slice: &Path, name: &str, stamps: &impl Serialize) -> io::Result<()> {
    let write = |out: &mut results::Out<'_>| Ok(serde_json::to_writer(out, stamps)?);
    results::write_file(&slice.join(name), write).map(drop)
}

impl Stamp {
    /// The digest, if the file is still the one that it is of.
    fn sha256_of(&self, file: &Path) -> Option<[u8; 32]> {
        let identity = Identity::of(&fs::metadata(file).ok()?)?;
        Hex::decode(&self.sha256).filter(|_| identity == self.identity)
    }
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

    #[test]
    fn each_file_of_a_machine_is_remembered_by_itself() {
        let machine = tempfile::tempdir().unwrap();
        let (disk, extent) = (machine.path().join("d.vmdk"), machine.path().join("d-flat.vmdk"));
        let descriptor = "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n\
            createType=\"monolithicFlat\"\nRW 8 FLAT \"d-flat.vmdk\" 0\n";
        fs::write(&disk, descriptor).unwrap();
        fs::write(&extent, [7; 4096]).unwrap();
        // What was changed just now may change again unseen.
        while before_reading(&extent).is_none() {
            std::thread::yield_now();
        }
        let slice = tempfile::tempdir().unwrap();
        let read = RefCell::new(Vec::new());
        let hash = || {
            let hash = |path: &Path| {
                read.borrow_mut().push(path.file_name().unwrap().to_owned());
                file_hash(path, &|_| {})
            };
            of_several(machine.path(), slice.path(), hash).unwrap()
        };
        let sha256 = hash();
        assert_eq!(*read.borrow(), ["d.vmdk", "d-flat.vmdk"]);
        assert_eq!((hash(), read.borrow().len()), (sha256, 2), "nothing is read again");
        assert_eq!(known_slicehash(machine.path(), slice.path()).unwrap(), sha256);
        fs::write(&extent, [8; 4096]).unwrap();
        assert_ne!(hash(), sha256);
        assert_eq!(*read.borrow(), ["d.vmdk", "d-flat.vmdk", "d-flat.vmdk"]);
    }
}

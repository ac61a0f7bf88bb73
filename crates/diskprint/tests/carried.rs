//! Digests that are carried over from slice to slice: they are those of reading everything again,
//! and what did not change is not read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use diskprint::survey::{self, Survey};
use diskprint::{Amount, Cache, Known, Monitor, Part, Scratch};
use diskprint_testkit::archive::tarball;
use diskprint_testkit::mbr;
use diskprint_testkit::ntfs::{Chunks, File, Options, ROOT, Volume, kind};
use diskprint_testkit::random::{Random, seed};
use diskprint_testkit::vmdk;
use tempfile::TempDir;

/// How a slice is given.
#[derive(Clone, Copy, Debug)]
enum Given {
    Tarball,
    /// A VMDK whose parent is the slice before.
    Chain,
    Raw,
}

/// A file of a volume: its name, length, content and the way that it is stored.
#[derive(Clone, Debug)]
struct Made {
    name: String,
    len: usize,
    content: u64,
    way: usize,
}

fn volume(files: &[Made]) -> Vec<u8> {
    let mut volume = Volume::new(Options { clusters: 2048, ..Options::default() });
    for Made { name, len, content, way } in files {
        let mut data = Random::new(*content).bytes(*len);
        let file = File::new(ROOT, name);
        let file = match way {
            0 => file.with(volume.stored(kind::DATA, "", &data, 0)),
            1 => file.with(volume.stored(kind::DATA, "", &data, 3)),
            2 => {
                data.iter_mut().for_each(|byte| *byte &= 3);
                file.with(volume.compressed("", &data, Chunks::Packed))
            }
            3 => {
                data.iter_mut().skip(4096).take(8192).for_each(|byte| *byte = 0);
                file.with(volume.sparse("", &data))
            }
            _ => file.data("", &data[..data.len().min(300)]),
        };
        volume.add(&file);
    }
    mbr::disk(&[&volume.finish().bytes])
}

/// What installations do: other content of the same or another length, new files, files that go,
/// and other names.
fn change(random: &mut Random, files: &mut Vec<Made>, next: &mut u64) {
    for _ in 0..1 + random.below(4) {
        let at = random.below(files.len());
        *next += 1;
        match random.below(5) {
            0 => files[at].content = *next,
            1 => files[at].len = 1 + random.below(60_000),
            2 => files.push(made(random, *next)),
            3 if files.len() > 3 => drop(files.remove(at)),
            _ => files[at].name = format!("renamed{next}"),
        }
    }
}

fn made(random: &mut Random, number: u64) -> Made {
    let (len, way) = (1 + random.below(60_000), random.below(5));
    Made { name: format!("file{number}"), len, content: number, way }
}

/// Writes a slice, whose disk was `before` in the slice before, and returns its path.
fn write(
    folder: &Path,
    number: usize,
    disk: &[u8],
    before: Option<&[u8]>,
    given: Given,
) -> PathBuf {
    let extent = |name: &str| format!("RW {} SPARSE \"{name}\"", disk.len() / 512);
    let name = format!("d{number}.vmdk");
    let whole = |name: &str| {
        let text = vmdk::descriptor("monolithicSparse", 1, None, &[&extent(name)]);
        let grain = |grain: &[u8]| grain.iter().any(|byte| *byte != 0).then(|| grain.to_vec());
        vmdk::sparse_of(&text, &disk.chunks(4096).map(grain).collect::<Vec<_>>())
    };
    let (path, bytes) = match (given, before) {
        (Given::Raw, _) => (folder.join(format!("{number}.raw")), disk.to_vec()),
        (Given::Tarball, _) => {
            let path = folder.join(format!("{number}.tar.gz"));
            (path, tarball(&[("vm/d.vmdk", &whole("d.vmdk"))]))
        }
        (Given::Chain, None) => (folder.join(&name), whole(&name)),
        (Given::Chain, Some(before)) => {
            let parent = format!("d{}.vmdk", number - 1);
            let parent = Some((number as u32, parent.as_str()));
            let cid = number as u32 + 1;
            let text = vmdk::descriptor("monolithicSparse", cid, parent, &[&extent(&name)]);
            (folder.join(&name), vmdk::snapshot(&text, before, disk))
        }
    };
    fs::write(&path, bytes).unwrap();
    path
}

/// Adds up what is digested.
#[derive(Default)]
struct Digested(Mutex<Amount>);

impl Monitor for Digested {
    fn begin(&self, part: Part) -> Box<dyn FnOnce(Amount) + '_> {
        Box::new(move |amount| {
            if part == Part::Digest {
                *self.0.lock().unwrap() += amount;
            }
        })
    }
}

impl Digested {
    fn take(&self) -> Amount {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A cache that takes every file for one that was not changed lately.
fn cache(folder: &Path, below: Option<Arc<Cache>>, digested: &Arc<Digested>) -> Arc<Cache> {
    let later = SystemTime::now() + Duration::from_secs(3600);
    let cache = Cache::new(folder, below, later).unwrap();
    Arc::new(cache.monitored(Some(digested.clone())))
}

fn read(path: &Path, cache: &Arc<Cache>) -> Survey {
    survey::read(path, Scratch::cached(cache), &Known::new(), &|_| ()).unwrap()
}

fn assert_same(carried: &Survey, path: &Path, folder: &Path, what: &str) {
    let read = survey::read(path, folder, &Known::new(), &|_| ()).unwrap();
    assert_eq!(carried.snapshot.files, read.snapshot.files, "{what}");
    assert_eq!(carried.snapshot.faults, read.snapshot.faults, "{what}");
    assert_eq!(read.snapshot.faults, [], "{what}");
    assert_eq!(carried.slicehash, read.slicehash, "{what}");
}

#[test]
fn slices_of_random_changes_read_the_same_with_and_without_a_cache() {
    let seed = seed(20_130_901);
    let random = &mut Random::new(seed);
    let carried = AtomicU64::new(0);
    for case in 0..10 {
        let given = *random.pick(&[Given::Tarball, Given::Chain, Given::Raw]);
        let folder = TempDir::new().unwrap();
        let digested = Arc::default();
        let cache = cache(folder.path(), None, &digested);
        let mut next = 20;
        let mut files: Vec<Made> = (0..next).map(|number| made(random, number)).collect();
        let mut before: Option<Vec<u8>> = None;
        for number in 0..4 {
            let what = format!("seed {seed}, case {case}, {given:?}, slice {number}");
            let disk = volume(&files);
            let path = write(folder.path(), number, &disk, before.as_deref(), given);
            let survey = read(&path, &cache);
            assert_same(&survey, &path, folder.path(), &what);
            let Amount { read, made } = digested.take();
            match (given, number) {
                (_, 0) => assert_eq!(read, made, "{what}"),
                // Every slice is a file of its own.
                (Given::Raw, _) => {}
                _ => drop(carried.fetch_add(made - read, Ordering::Relaxed)),
            }
            change(random, &mut files, &mut next);
            before = Some(disk);
        }
    }
    let carried = carried.into_inner();
    assert!(carried > 2_000_000, "only {carried} bytes of contents were carried over");
}

#[test]
fn a_slice_like_the_one_before_is_not_read_again() {
    let random = &mut Random::new(7);
    let files: Vec<Made> = (0..30).map(|number| made(random, number)).collect();
    let disk = volume(&files);
    for given in [Given::Tarball, Given::Chain] {
        let folder = TempDir::new().unwrap();
        let digested = Arc::default();
        let below = cache(folder.path(), None, &digested);
        let first = read(&write(folder.path(), 0, &disk, None, given), &below);
        let whole = digested.take();
        assert_eq!(whole.read, whole.made);
        assert!(whole.made > 300_000, "{whole:?}");
        // In a cache of its own, as of a sequence that shares its first slice with others.
        let above = cache(folder.path(), Some(below), &digested);
        let path = write(folder.path(), 1, &disk, Some(&disk), given);
        let second = read(&path, &above);
        let again = digested.take();
        let resident = files.iter().filter(|file| file.way > 3).count() as u64 * 300;
        assert_eq!(again.made, whole.made, "{given:?}");
        assert!(again.read <= resident + 4096, "{given:?}: {again:?}");
        assert_eq!(second.snapshot.files, first.snapshot.files);
    }
}

#[test]
fn evidence_that_is_changed_meanwhile_is_read_again() {
    let random = &mut Random::new(8);
    let mut files: Vec<Made> = (0..10).map(|number| made(random, number)).collect();
    files[0].way = 0;
    let (folder, digested) = (TempDir::new().unwrap(), Arc::default());
    let cache = cache(folder.path(), None, &digested);
    let path = write(folder.path(), 0, &volume(&files), None, Given::Raw);
    let changed = || fs::metadata(&path).unwrap().modified().unwrap();
    let (before, first) = (changed(), read(&path, &cache));
    files[0].content = 99;
    let disk = volume(&files);
    // Until the file system gives it another time.
    while changed() == before {
        fs::write(&path, &disk).unwrap();
    }
    let second = read(&path, &cache);
    assert_ne!(
        (first.slicehash, first.snapshot.files),
        (second.slicehash, second.snapshot.files.clone())
    );
    assert_same(&second, &path, folder.path(), "changed");
}

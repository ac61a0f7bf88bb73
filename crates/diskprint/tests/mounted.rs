//! A volume that ntfs-3g wrote through a mount is the same in the snapshot as in the mount.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use diskprint::{Digests, Image, Known, Snapshot};
use diskprint_testkit::need;
use tempfile::TempDir;

/// A mount that ends when dropped, and with it all writing.
struct Mount {
    root: PathBuf,
    server: Child,
}

impl Mount {
    /// Mounts `image`; `None` where that is not possible.
    fn new(ntfs_3g: &Path, image: &Path, root: &Path) -> Option<Self> {
        let option = "-ono_detach,streams_interface=windows";
        let quiet = || Stdio::null();
        let mut server = Command::new(ntfs_3g);
        server.arg(option).args([image, root]).stdout(quiet()).stderr(quiet());
        let mut mount = Self { root: root.to_owned(), server: server.spawn().ok()? };
        for _ in 0..100 {
            if mount.server.try_wait().ok()?.is_some() {
                return None;
            }
            if fs::metadata(root).ok()?.dev() != fs::metadata(image).ok()?.dev() {
                return Some(mount);
            }
            thread::sleep(Duration::from_millis(50));
        }
        None
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.root).stderr(Stdio::null()).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

fn run(program: &Path, args: &[&Path]) -> bool {
    Command::new(program).args(args).output().unwrap().status.success()
}

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

#[test]
fn what_a_mount_shows_is_in_the_snapshot() {
    let (Some(mkntfs), Some(ntfs_3g)) = (need::program("mkntfs"), need::program("ntfs-3g")) else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let (image, root) = (folder.path().join("disk.raw"), folder.path().join("mount"));
    File::create(&image).unwrap().set_len(24 << 20).unwrap();
    fs::create_dir(&root).unwrap();
    assert!(run(&mkntfs, &[Path::new("-FQq"), &image]));
    let Some(mount) = Mount::new(&ntfs_3g, &image, &root) else {
        eprintln!("SKIPPED: {}: ntfs-3g cannot mount here", file!());
        return;
    };
    change(&root, &mut Numbers(1));
    let mut expected = BTreeMap::new();
    walk(&root, &root, &mut expected);
    drop(mount);

    let opened = Image::open(&image, folder.path(), &|_| ()).unwrap();
    let snapshot = Snapshot::read(&opened.image, &Known::new());
    assert_eq!(snapshot.faults, []);
    let live = snapshot.files.iter().filter(|entry| entry.is_live() && entry.inode >= 64);
    let found: BTreeMap<String, Option<Digests>> = live
        .map(|entry| {
            let is_folder = entry.kind == diskprint::FileKind::Directory;
            let digests = entry.digests.filter(|_| !is_folder);
            (entry.full_path().to_text().into_owned(), digests)
        })
        .collect();
    assert!(found.len() > 100, "{} entries", found.len());
    assert_eq!(found, expected);
}

/// Some hundreds of changes: files and streams written, removed, renamed, linked.
fn change(root: &Path, numbers: &mut Numbers) {
    let folders: Vec<PathBuf> =
        (0..6).map(|number| root.join(format!("folder {number}"))).collect();
    folders.iter().for_each(|folder| fs::create_dir(folder).unwrap());
    let mut files: Vec<PathBuf> = Vec::new();
    for step in 0..600 {
        let new = folders[numbers.below(6)].join(format!("file with a name {step:03}"));
        let pick = numbers.below(files.len().max(1));
        match (numbers.below(10), files.get(pick).cloned()) {
            (0 | 1, Some(_)) => fs::remove_file(files.swap_remove(pick)).unwrap(),
            (2, Some(old)) => {
                fs::rename(old, &new).unwrap();
                files[pick] = new;
            }
            (3, Some(old)) => {
                fs::hard_link(old, &new).unwrap();
                files.push(new);
            }
            (4, Some(old)) => {
                let stream = format!("{}:stream", old.display());
                fs::write(stream, format!("stream of {step}")).unwrap();
            }
            _ => {
                let len = [0, 10, 700, 5000, 70_000][numbers.below(5)];
                fs::write(&new, vec![step as u8; len]).unwrap();
                files.push(new);
            }
        }
    }
}

fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, Option<Digests>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.insert(name, None);
            walk(root, &path, found);
            continue;
        }
        if let Ok(bytes) = fs::read(format!("{}:stream", path.display())) {
            found.insert(format!("{name}:stream"), Some(Digests::of(&bytes)));
        }
        found.insert(name, Some(Digests::of(&fs::read(&path).unwrap())));
    }
}

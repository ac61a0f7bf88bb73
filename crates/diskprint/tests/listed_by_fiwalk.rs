//! Volumes that have no reader here, and what a run of fiwalk says of them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use diskprint::dfxml::reader::{FileObject, Item, Reader};
use diskprint::{Digests, FileEntry, FileKind, Fiwalk, Hex, Image, Known, Snapshot, diff};
use diskprint_formats::Name;
use diskprint_testkit::{archive, need};
use tempfile::TempDir;

/// A raw disk and the folder that it is in.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn new(bytes: &[u8]) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("disk.raw"), bytes).unwrap();
        fs::create_dir(folder.path().join("scratch")).unwrap();
        Self { folder }
    }

    /// An image of the shared test data.
    fn of_data(name: &str) -> Option<Self> {
        let members = archive::members("real-images/images.tar.xz")?;
        let (_, bytes) = members.into_iter().find(|(path, _)| path == name).unwrap();
        Some(Self::new(&bytes))
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("disk.raw")
    }

    fn scratch(&self) -> PathBuf {
        self.folder.path().join("scratch")
    }

    fn read(&self, fiwalk: Option<Fiwalk>) -> Snapshot {
        let opened = Image::open(&self.path(), &self.scratch(), &|_| ()).unwrap();
        let snapshot = Snapshot::read(&opened.image.with_fiwalk(fiwalk), &Known::new());
        assert_eq!(fs::read_dir(self.scratch()).unwrap().count(), 0, "the copy is gone");
        snapshot
    }

    fn listed_by(&self, program: &Path) -> Snapshot {
        self.read(Some(Fiwalk::new(program, self.scratch())))
    }

    /// Reads it with a program of the shell in place of fiwalk.
    fn with_script(&self, text: &str, change: impl FnOnce(&mut Fiwalk)) -> Snapshot {
        let program = self.folder.path().join("fiwalk");
        fs::write(&program, format!("#!/bin/sh\n{text}")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let mut fiwalk = Fiwalk::new(program, self.scratch());
        change(&mut fiwalk);
        self.read(Some(fiwalk))
    }
}

/// The start of an HFS+ volume, for what is never asked for more.
fn hfs_start() -> Disk {
    let mut bytes = vec![0; 1 << 20];
    bytes[1024..1028].copy_from_slice(b"H+\0\x04");
    Disk::new(&bytes)
}

fn faults(snapshot: &Snapshot) -> Vec<String> {
    snapshot.faults.iter().map(ToString::to_string).collect()
}

/// What fiwalk says by itself, with its digests.
fn theirs(program: &Path, disk: &Path) -> Vec<(FileObject, Option<[String; 2]>)> {
    let output = Command::new(program).args(["-x", "-G0"]).arg(disk).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let digest = |object: &str, kind: &str| {
        let (_, behind) = object.split_once(&format!("<hashdigest type='{kind}'>"))?;
        Some(behind.split('<').next().unwrap().to_owned())
    };
    let digests = text.split("<fileobject>").skip(1).map(|object| {
        let object = object.split("</fileobject>").next().unwrap();
        Some([digest(object, "md5")?, digest(object, "sha1")?])
    });
    let mut reader = Reader::new(text.as_bytes(), u64::MAX);
    let mut objects = Vec::new();
    while let Some(item) = reader.item().unwrap() {
        if let Item::File(object) = item {
            objects.push(*object);
        }
    }
    objects.into_iter().zip(digests).collect()
}

/// Every file that fiwalk lists is here with what it says of it, and no other; says how many have
/// digests.
fn compare(program: &Path, disk: &Disk) -> usize {
    let snapshot = disk.listed_by(program);
    let version = "p1: its files were listed by fiwalk 4.11.1 of The Sleuth Kit";
    assert_eq!(faults(&snapshot), [version]);
    assert!(snapshot.partitions[0].is_read);
    let mut ours: BTreeMap<(Name, u64), &FileEntry> =
        snapshot.files.iter().map(|file| ((file.path.clone(), file.inode), file)).collect();
    assert_eq!(ours.len(), snapshot.files.len());
    let mut digests = 0;
    for (object, digest) in theirs(program, &disk.path()) {
        let own = object.filename.rsplit('/').next().unwrap();
        if matches!(own, "." | "..") || object.name_type == "V" {
            continue;
        }
        let path = Name::from(object.filename.as_str());
        let file = ours.remove(&(path, object.inode)).unwrap();
        digests += usize::from(digest.is_some());
        is_same(file, &object, digest);
    }
    assert!(ours.is_empty(), "{ours:?}");
    digests
}

fn is_same(file: &FileEntry, object: &FileObject, digest: Option<[String; 2]>) {
    let path = &object.filename;
    assert_eq!(file.size, object.filesize, "{path}");
    assert_eq!(file.kind.letter(), object.name_type, "{path}");
    assert_eq!(u64::from(file.link_count), object.nlink, "{path}");
    assert_eq!(file.parent_inode, object.parent_inode, "{path}");
    assert_eq!((file.attributes, file.owner_id), (object.mode, object.uid), "{path}");
    assert_eq!(file.times, object.times, "{path}");
    assert_eq!(Some(file.is_live()), object.alloc, "{path}");
    assert_eq!(file.target, object.link_target.as_deref().map(Name::from), "{path}");
    let own = file.digests.map(|own| [Hex(&own.md5).to_string(), Hex(&own.sha1).to_string()]);
    match digest {
        // Where it is not in blocks, they give the digest of zeros.
        _ if file.kind == FileKind::Link => {
            let target = object.link_target.as_deref().unwrap();
            assert_eq!(file.digests, Some(Digests::of(target.as_bytes())), "{path}");
        }
        None if file.size == 0 && file.kind == FileKind::Regular => assert!(own.is_some()),
        digest => assert_eq!(own, digest, "{path}"),
    }
}

#[test]
fn a_real_hfs_plus_volume_has_the_files_that_fiwalk_lists() {
    let Some(program) = need::program("fiwalk") else { return };
    let Some(disk) = Disk::of_data("hfsplus.raw") else { return };
    assert_eq!(compare(&program, &disk), 11);
    let snapshot = disk.listed_by(&program);
    let partition = &snapshot.partitions[0];
    assert_eq!(partition.file_system, Some("hfsplus"));
    assert_eq!((partition.block_size, partition.block_count), (4096, 1014));
    let link = snapshot.files.iter().find(|file| file.path == "a_link".into()).unwrap();
    assert_eq!(link.target, Some("a_directory/another_file".into()));
    let run = link.runs.iter().next().unwrap();
    assert_eq!((run.fs_offset, run.len), (Some(1_134_592), 24), "where it lies in the volume");
}

#[test]
fn an_hfs_plus_volume_of_xorriso_has_the_files_that_were_put_in() {
    let (Some(program), Some(xorriso)) = (need::program("fiwalk"), need::program("xorriso")) else {
        return;
    };
    let disk = Disk::new(&hfs_of_xorriso(&xorriso));
    assert!(compare(&program, &disk) > 300);
    has_tree(&disk.listed_by(&program));
}

#[test]
fn a_ufs_volume_of_makefs_has_the_files_that_were_put_in() {
    let (Some(program), Some(makefs)) = (need::program("fiwalk"), need::program("makefs")) else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let (root, image) = (folder.path().join("tree"), folder.path().join("ufs.raw"));
    write_tree(&root);
    let made = Command::new(makefs)
        .args(["-t", "ffs", "-o", "version=1", "-s", "8m"])
        .args([&image, &root])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let disk = Disk::new(&fs::read(image).unwrap());
    assert!(compare(&program, &disk) > 300);
    let snapshot = disk.listed_by(&program);
    assert_eq!(snapshot.partitions[0].file_system, Some("ufs1"));
    has_tree(&snapshot);
    let of = |path: &str| snapshot.files.iter().find(|file| file.path == path.into()).unwrap();
    assert_eq!((of("second name").link_count, of("second name").inode), (2, of("sub/mid").inode));
}

fn has_tree(snapshot: &Snapshot) {
    for (path, content) in tree() {
        let file = snapshot.files.iter().find(|file| file.path == path.as_str().into()).unwrap();
        assert_eq!(file.digests, Some(Digests::of(&content)), "{path}");
    }
    let link = snapshot.files.iter().find(|file| file.path == "link".into()).unwrap();
    assert_eq!(link.target, Some("sub/mid".into()));
}

fn write_tree(root: &Path) {
    for (path, content) in tree() {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    std::os::unix::fs::symlink("sub/mid", root.join("link")).unwrap();
    fs::hard_link(root.join("sub/mid"), root.join("second name")).unwrap();
}

/// Files of a volume: path and content.
fn tree() -> Vec<(String, Vec<u8>)> {
    let data =
        |len: usize| (0..len).map(|at| (at as u8).wrapping_mul(31) ^ (at >> 8) as u8).collect();
    let mut files = vec![
        ("empty".to_owned(), Vec::new()),
        ("sub/mid".to_owned(), data(100_000)),
        ("sub/deep/zeros".to_owned(), vec![0; 300_000]),
        ("sub/deep/name – < & >.txt".to_owned(), data(5000)),
    ];
    files.extend((0..300).map(|number| (format!("sub/entry {number:03}"), data(number))));
    files
}

/// The HFS+ partition of a hybrid image.
fn hfs_of_xorriso(xorriso: &Path) -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("tree");
    write_tree(&root);
    let image = folder.path().join("hybrid.iso");
    let made = Command::new(xorriso)
        .args(["-as", "mkisofs", "-hfsplus", "-o"])
        .args([&image, &root])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let bytes = fs::read(image).unwrap();
    // Source: Apple, "Inside Macintosh: Devices", Partition Map Entry: start and length in blocks
    // of 512 bytes at 8 and 12, the type at 48.
    let entry = bytes.chunks(512).take(64).find(|it| it[48..].starts_with(b"Apple_HFS\0")).unwrap();
    let number = |at: usize| u32::from_be_bytes(entry[at..at + 4].try_into().unwrap()) as usize;
    bytes[number(8) * 512..][..number(12) * 512].to_vec()
}

#[test]
fn what_fiwalk_does_not_know_either_is_one_fault_that_names_it() {
    let Some(program) = need::program("fiwalk") else { return };
    let mut bytes = vec![0; 1 << 20];
    for (at, part) in [(1024, &b"BD"[..]), (1042, &[0, 9]), (1044, &[0, 0, 2, 0])] {
        bytes[at..at + part.len()].copy_from_slice(part);
    }
    let snapshot = Disk::new(&bytes).listed_by(&program);
    let [fault] = &faults(&snapshot)[..] else { panic!("{:?}", faults(&snapshot)) };
    let expected = "p1: file system hfs has no reader here, and fiwalk 4.11.1 found none in it";
    assert!(fault.starts_with(expected), "{fault}");
    assert!(fault.ends_with("(left out: every file of this partition)"), "{fault}");
    assert!(snapshot.files.is_empty() && !snapshot.partitions[0].is_read);
}

#[test]
fn without_fiwalk_the_fault_says_what_to_install() {
    assert_eq!(
        faults(&hfs_start().read(None)),
        [
            "p1: file system hfsplus has no reader here: install fiwalk (The Sleuth Kit) to have its \
          files listed (left out: every file of this partition)"
        ]
    );
    let snapshot = hfs_start().listed_by(Path::new("/nowhere/fiwalk"));
    let [fault] = &faults(&snapshot)[..] else { panic!("{:?}", snapshot.faults) };
    assert!(fault.contains("it cannot be run: No such file"), "{fault}");
    let mut luks = vec![0; 8192];
    luks[..6].copy_from_slice(b"LUKS\xBA\xBE");
    assert_eq!(
        faults(&Disk::new(&luks).listed_by(Path::new("/nowhere/fiwalk"))),
        ["p1: file system luks is not read (left out: every file of this partition)"]
    );
}

/// A listing of two files; what follows is whatever a script does next.
const HALF: &str = r#"cat <<'XML'
<?xml version='1.0' encoding='UTF-8'?>
<dfxml><creator><program>fiwalk</program><version>9.9</version></creator>
<volume offset='1048576'><block_size>4096</block_size><block_count>256</block_count>
<fileobject><filename>a</filename><name_type>r</name_type><filesize>3</filesize><alloc>1</alloc>
<inode>20</inode><nlink>1</nlink>
<byte_runs><byte_run file_offset='0' img_offset='1048576' len='3'/></byte_runs></fileobject>
<fileobject><filename>b</filename><name_type>r</name_type><filesize>3</filesize><alloc>1</alloc>
<inode>21</inode><nlink>1</nlink></fileobject>
XML
"#;
const END: &str = "echo '</volume></dfxml>'\n";
const NOTICE: &str = "p1: its files were listed by fiwalk 9.9 of The Sleuth Kit";
const LOST: &str = "p1 › inode 21 › b: where its content lies is not told by fiwalk, as that is \
                    packed or damaged (left out: its content)";

/// The one fault beside those of a listing of [`HALF`].
fn problem(snapshot: &Snapshot) -> String {
    let mut all = faults(snapshot);
    all.retain(|fault| fault != NOTICE && fault != LOST);
    assert_eq!((snapshot.files.len(), snapshot.faults.len()), (2, all.len() + 2), "{all:?}");
    let [one] = &all[..] else { panic!("{all:?}") };
    one.clone()
}

#[test]
fn a_program_that_fails_or_stops_half_way_hides_nothing() {
    let disk = hfs_start();
    let whole = disk.with_script(&[HALF, END].concat(), |_| ());
    assert_eq!(faults(&whole), [NOTICE, LOST]);
    assert!(whole.unread.folders.is_empty());
    for (script, what) in [
        (HALF.to_owned(), "its output ends before the document does"),
        (
            [HALF, "echo '</none>'\nsleep 1000"].concat(),
            "its output cannot be read to the end: it is no XML",
        ),
        ([HALF, END, "exit 1"].concat(), "it failed (exit status: 1)"),
        (
            [HALF, "echo '<!-- TSK Error: a block -->'\n", END].concat(),
            "it says \"TSK Error: a block\"",
        ),
        ([HALF, "echo '<error>a block</error>'\n", END].concat(), "it says \"a block\""),
        (
            [HALF, "echo '</volume><volume><fileobject></fileobject>'\n", END].concat(),
            "it lists files of more than one file system",
        ),
        ([HALF, "echo '<fileobject/>'\n", END].concat(), "it lists a file without a name"),
    ] {
        let snapshot = disk.with_script(&script, |_| ());
        let found = problem(&snapshot);
        assert!(found.starts_with(&format!("p1: fiwalk 9.9: {what}")), "{found}");
        // Nothing that the whole listing has beside is new.
        let mut before = snapshot;
        before.files.remove(1);
        assert_eq!(diff::snapshots(&before, &whole).files, [], "{script}");
    }
}

#[test]
fn a_program_that_hangs_is_stopped_with_all_that_it_started() {
    let disk = hfs_start();
    let soon = |fiwalk: &mut Fiwalk| fiwalk.bounds.time = Duration::from_millis(300);
    for hang in
        ["sleep 1000", "exec 1>&-; sleep 1000", "sleep 1000 & sleep 1000", "while :; do :; done"]
    {
        let snapshot = disk.with_script(&[HALF, hang].concat(), soon);
        let found = faults(&snapshot).join("\n");
        assert!(found.contains("it was stopped after 300ms"), "{hang}: {found}");
    }
}

#[test]
fn a_program_that_takes_too_much_memory_fails() {
    let disk = hfs_start();
    let snapshot = disk.with_script(&[HALF, EAT, END].concat(), |fiwalk| {
        fiwalk.bounds.memory = 64 << 20;
    });
    let found = problem(&snapshot);
    assert!(found.contains("it failed ("), "{found}");
    assert!(found.contains("it may take 64 MiB of memory"), "{found}");
}

/// Doubles a text until there is no memory for it.
const EAT: &str = "x=0123456789abcdef\nwhile :; do x=$x$x; done\n";

#[test]
fn what_is_no_listing_is_a_fault_of_its_own() {
    let disk = hfs_start();
    let bomb = r#"cat <<'XML'
<?xml version='1.0'?>
<!DOCTYPE dfxml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<dfxml><volume><fileobject><filename>&b;</filename></fileobject></volume></dfxml>
XML"#;
    let entity = "echo '<dfxml><volume/><fileobject><filename>&b;'";
    for (script, what) in [
        ("", "its output ends before the document does"),
        ("echo garbage; head -c 100000 /dev/urandom", ""),
        ("echo '<html></html>'", "it begins with the element \"html\", where dfxml is expected"),
        (bomb, "it has a document type of its own"),
        ("echo '<dfxml>'; yes '<a>'", "more than 64 elements in one another"),
        ("echo '<dfxml>'; yes", "more than 1048576 bytes of a tag or text"),
        ("printf '<dfxml '; yes", "more than 1048576 bytes of a tag or text"),
        ("echo '<dfxml>'; yes '<a/>'", "more than 71303168 bytes"),
        ("echo '<dfxml></dfxml>'; sleep 1; exit 3", "it failed (exit status: 3)"),
    ] {
        let snapshot = disk.with_script(script, |_| ());
        let [fault] = &faults(&snapshot)[..] else { panic!("{:?}", snapshot.faults) };
        assert!(fault.contains("file system hfsplus has no reader here, and fiwalk"), "{fault}");
        assert!(fault.contains(what), "{script}: {fault}");
        assert!(!snapshot.partitions[0].is_read && snapshot.files.is_empty());
    }
    let found = faults(&disk.with_script(entity, |_| ())).join("\n");
    assert!(found.contains("the entity \"b\" is not known"), "{found}");
}

#[test]
fn the_same_volume_gives_the_same_state_and_no_path_of_the_copy() {
    let disk = hfs_start();
    let script = [HALF, "echo \"<!-- TSK Error: $4 -->\"\n", END].concat();
    let read = || disk.with_script(&script, |_| ());
    let found = problem(&read());
    assert!(found.contains("it says \"TSK Error: the volume\""), "{found}");
    assert_eq!(faults(&read()), faults(&read()));
}

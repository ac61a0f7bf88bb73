//! A machine's snapshots as a sequence.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diskprint::Image;
use diskprint_formats::{ReadAt as _, ReadAtExt as _};
use diskprint_testkit::need;
use serde_json::Value;
use support::{diskprint, expect, rows, run_and_export, text, witness};
use tempfile::TempDir;

const NOTHING_CHANGED: &str = "Nothing changed since the last run";
const SLICES: [&str; 4] = ["10", "20", "30", "40"];

/// The disks of the example's slices as raw files, and the rows of its sequence.
struct Example {
    folder: TempDir,
    rows: Vec<Value>,
    qemu_img: PathBuf,
}

fn example() -> Option<Example> {
    let qemu_img = need::program("qemu-img")?;
    let folder = tempfile::tempdir().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/8504-1/7895-1");
    let tarball = |slice: &str| examples.join(format!("8504-1-7895-1-{slice}.tar.gz"));
    let mut len = 0;
    for slice in SLICES {
        let opened = Image::open(&tarball(slice), folder.path(), &|_| {}).unwrap();
        let disk = &opened.image.disks()[0].reader;
        let bytes = disk.read_vec_at(0, disk.len() as usize).unwrap();
        assert!(len == 0 || len == bytes.len(), "one disk of one length");
        len = bytes.len();
        fs::write(folder.path().join(format!("{slice}.raw")), bytes).unwrap();
    }
    let end = tarball("40").canonicalize().unwrap();
    let rows = run_and_export(&end, &folder.path().join("results"), "8504-1-7895-1");
    Some(Example { folder, rows, qemu_img })
}

impl Example {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn qemu_img(&self, args: &[&str]) {
        witness(Command::new(&self.qemu_img).args(args).current_dir(self.folder.path()));
    }

    /// Writes what the slice holds into a disk that is there.
    fn write(&self, slice: &str, format: &str, disk: &str) {
        let raw = format!("{slice}.raw");
        self.qemu_img(&["convert", "-n", "-f", "raw", "-O", format, &raw, disk]);
    }

    /// The rows of the example's steps to these slices, without what names a slice.
    fn rows_of(&self, slices: &[&str]) -> Vec<Value> {
        let is_of = |row: &&Value| slices.contains(&row["sliceid"].to_string().trim_matches('"'));
        let rows: Vec<Value> = self.rows.iter().filter(is_of).cloned().collect();
        assert!(!rows.is_empty());
        nameless(rows)
    }

    fn results(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn nameless(mut rows: Vec<Value>) -> Vec<Value> {
    for row in &mut rows {
        for name in ["osetid", "appetid", "sliceid"] {
            row.as_object_mut().unwrap().remove(name);
        }
    }
    rows
}

fn exported(results: &Path, name: &str) -> Vec<Value> {
    let db = format!("sqlite:{}", results.join("diskprint.db").display());
    nameless(rows(&expect(0, &["export", name, "--db", &db, "--format", "jsonl"])))
}

#[test]
fn snapshots_inside_a_disk_and_disks_on_each_other_are_slices() {
    let Some(example) = example() else { return };
    example.qemu_img(&["convert", "-f", "raw", "-O", "qcow2", "10.raw", "base.qcow2"]);
    let above = ["create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", "My disk.qcow2"];
    example.qemu_img(&above);
    for (slice, name) in [("20", "installed"), ("30", "started")] {
        example.write(slice, "qcow2", "My disk.qcow2");
        example.qemu_img(&["snapshot", "-c", name, "My disk.qcow2"]);
    }
    example.write("40", "qcow2", "My disk.qcow2");

    let (disk, results) = (example.path("My disk.qcow2"), example.results("of-disk"));
    let run = ["run".as_ref(), disk.as_os_str(), results.as_os_str()];
    expect(0, &run);
    assert_eq!(exported(&results, "vm-My_disk"), example.rows_of(&SLICES));
    let again = diskprint(&run);
    assert!(text(&again.stdout).contains(NOTHING_CHANGED), "{}", text(&again.stdout));

    // What leads to a snapshot.
    let (installed, results) = (disk.join("@1"), example.results("of-snapshot"));
    let run = ["run".as_ref(), installed.as_os_str(), results.as_os_str()];
    expect(0, &[&run[..], &["--name".as_ref(), "first".as_ref()]].concat());
    assert_eq!(exported(&results, "vm-first"), example.rows_of(&["10", "20"]));
    // And two of the states, compared.
    let diff = ["diff".as_ref(), installed.as_os_str(), disk.as_os_str()];
    let direct = ["20.raw", "40.raw"].map(|name| example.path(name));
    let expected = ["diff".as_ref(), direct[0].as_os_str(), direct[1].as_os_str()];
    let jsonl = ["--format".as_ref(), "jsonl".as_ref()];
    assert_eq!(
        expect(0, &[&diff[..], &jsonl].concat()),
        expect(0, &[&expected[..], &jsonl].concat())
    );
    let none = disk.join("@7");
    let said = diskprint(&["run".as_ref(), none.as_os_str(), results.as_os_str()]);
    let said = text(&said.stderr);
    assert!(said.contains("no snapshot \"7\"; there are 1, 2"), "{said}");
}

const LIST: &str = r#".encoding = "UTF-8"
snapshot.lastUID = "5"
snapshot.current = "2"
snapshot0.uid = "1"
snapshot0.displayName = "clean"
snapshot0.numDisks = "1"
snapshot0.disk0.fileName = "Machine.vmdk"
snapshot1.uid = "2"
snapshot1.parent = "1"
snapshot1.displayName = "after |22setup|22"
snapshot1.numDisks = "1"
snapshot1.disk0.fileName = "Machine-000001.vmdk"
snapshot2.uid = "5"
snapshot2.parent = "1"
snapshot2.displayName = "another try"
snapshot2.numDisks = "1"
snapshot2.disk0.fileName = "Machine-000005.vmdk"
snapshot.numSnapshots = "3"
"#;

#[test]
fn what_vmware_lists_as_snapshots_are_slices_and_other_branches_are_told() {
    let Some(example) = example() else { return };
    let machine = example.path("My machine.vmwarevm");
    fs::create_dir(&machine).unwrap();
    let own = |name: &str| format!("My machine.vmwarevm/{name}");
    example.qemu_img(&["convert", "-f", "raw", "-O", "vmdk", "10.raw", &own("Machine.vmdk")]);
    for (slice, name, below) in [
        ("20", "Machine-000001.vmdk", "Machine.vmdk"),
        ("30", "Machine-000002.vmdk", "Machine-000001.vmdk"),
        ("40", "Machine-000005.vmdk", "Machine.vmdk"),
    ] {
        let create = ["create", "-q", "-f", "vmdk", "-b", below, "-F", "vmdk", &own(name)];
        example.qemu_img(&create);
        example.write(slice, "vmdk", &own(name));
    }
    fs::write(machine.join("Machine.vmsd"), LIST).unwrap();
    let settings = "scsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"Machine-000002.vmdk\"\n";
    fs::write(machine.join("Machine.vmx"), settings).unwrap();

    let results = example.results("of-machine");
    let run = ["run".as_ref(), machine.as_os_str(), results.as_os_str()];
    let ran = diskprint(&run);
    let said = text(&ran.stderr);
    assert_eq!(ran.status.code(), Some(0), "{said}{}", text(&ran.stdout));
    let other = "snapshot \"another try\" does not lead to this state and is not read";
    assert!(said.contains(other), "{said}");
    assert_eq!(exported(&results, "vm-My_machine"), example.rows_of(&["10", "20", "30"]));
    let db = format!("sqlite:{}", results.join("diskprint.db").display());
    let listed = expect(0, &["slice", "list", "--db", &db]);
    for part in ["vm-My_machine-10", "-20", "-60", "My machine.vmwarevm/@current"] {
        assert!(listed.contains(part), "{listed}");
    }
    assert!(text(&diskprint(&run).stdout).contains(NOTHING_CHANGED));

    // Another machine of that name must have another.
    let twin = example.path("elsewhere/My machine.vmwarevm");
    fs::create_dir_all(twin.parent().unwrap()).unwrap();
    fs::rename(&machine, &twin).unwrap();
    let run = ["run".as_ref(), twin.as_os_str(), results.as_os_str()];
    let refused = diskprint(&run);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("--name"), "{}", text(&refused.stderr));
    let branch = twin.join("@5");
    let run = ["run".as_ref(), branch.as_os_str(), results.as_os_str()];
    expect(0, &[&run[..], &["--name".as_ref(), "branch".as_ref()]].concat());
    let (found, wanted) = (exported(&results, "vm-branch"), ["10.raw", "40.raw"]);
    let wanted = wanted.map(|name| example.path(name));
    let diff = ["diff".as_ref(), wanted[0].as_os_str(), wanted[1].as_os_str()];
    let direct = expect(0, &[&diff[..], &["--format".as_ref(), "jsonl".as_ref()]].concat());
    let behind: Vec<Value> = found[found.len() - rows(&direct).len()..].to_vec();
    assert_eq!(behind, nameless(rows(&direct)));
}

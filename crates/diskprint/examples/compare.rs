//! Compares two states of N files each that are made up, 2 % of the second one's changed, and prints
//! how long that takes: `compare [N]`.

use std::time::Instant;

use diskprint::{Allocation, Digests, FileEntry, FileKind, Partition, Snapshot, Times, diff};
use diskprint_formats::{Filetime, Name};

fn main() {
    let files: u64 = std::env::args().nth(1).map_or(250_000, |n| n.parse().expect("a number"));
    let (before, after) = (snapshot(files, |_| Change::None), snapshot(files, change));
    let made = peak();
    let started = Instant::now();
    let counts = diff::snapshots(&before, &after).counts();
    let seconds = started.elapsed().as_secs_f64();
    let each = files / 200;
    let expected = [each, each, each, 0, each];
    let diff::Counts { files_new, files_deleted, files_renamed, files_changed, .. } = counts;
    let found = [files_new, files_deleted, files_renamed, files_changed, counts.files_modified];
    assert_eq!(found, expected, "new, deleted, renamed, changed, modified");
    println!("{files} files: {seconds:.3} s; peak {} MB, {made} MB before", peak());
}

enum Change {
    None,
    Renamed,
    Modified,
    /// It is gone, and there is another one instead.
    Replaced,
}

/// Three of 200 files change; one that is replaced is a deleted one and a new one.
fn change(number: u64) -> Change {
    match number % 200 {
        7 => Change::Renamed,
        77 => Change::Modified,
        177 => Change::Replaced,
        _ => Change::None,
    }
}

fn snapshot(files: u64, change: impl Fn(u64) -> Change) -> Snapshot {
    let mut files: Vec<FileEntry> = (0..files)
        .map(|number| match change(number) {
            Change::None => file(number, number, number, ""),
            Change::Renamed => file(number, number, number, " renamed"),
            Change::Modified => file(number, number, number + files, ""),
            Change::Replaced => file(number, number + files, number + files, " new"),
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let partition = Partition { number: 1, disk: 1, is_read: true, ..Partition::default() };
    Snapshot { partitions: vec![partition], files, ..Snapshot::default() }
}

fn file(number: u64, inode: u64, content: u64, ending: &str) -> FileEntry {
    let folder = number / 50;
    let path = format!(
        "Program Files/Vendor {}/Component {folder}/resources/file {number}{ending}.dat",
        folder / 100
    );
    FileEntry {
        partition: 1,
        path: Name::from(&*path),
        stream: None,
        kind: FileKind::Regular,
        alloc: Allocation::LIVE,
        deleted: None,
        inode,
        seq: 1,
        parent_inode: folder,
        size: content,
        attributes: 0x20,
        link_count: 1,
        owner_id: 0,
        security: None,
        times: Times { mtime: Filetime(number), ..Times::default() },
        name_times: None,
        runs: diskprint::ByteRuns::default(),
        target: None,
        digests: Some(Digests::of(&content.to_le_bytes())),
    }
}

/// The most memory that this process had, in MB; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1000
}

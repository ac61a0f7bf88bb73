//! Volumes whose $MFT is read in several pieces, with any number of threads.

use diskprint::{Fault, FileEntry, Partition, list_files, pipeline};
use diskprint_testkit::ntfs::{File, Options, ROOT, Reference, Volume, kind, resident};

/// More than three pieces of records of 1024 bytes.
const FILES: u64 = 3500;

/// Files whose directory, split files and links come before or behind them in other pieces.
fn volume() -> Vec<u8> {
    let options = Options { clusters: 4096, per_block: 20, ..Options::default() };
    let mut volume = Volume::new(options);
    let late = Reference { record: 24 + FILES + 100, sequence: 1 };
    let early = volume.add(&File::directory(ROOT, "early"));
    for number in 0..FILES {
        let (parent, other) = if number % 2 == 0 { (late, early) } else { (early, late) };
        let mut file = File::new(parent, &format!("file {number:04}")).data("", b"content");
        match number % 100 {
            7 => file = file.name(other, &format!("link {number:04}"), 0).data("stream", b"more"),
            8 => file = file.deleted(),
            9 => file = file.unlisted(),
            _ => {}
        }
        if number % 500 == 11 {
            volume.add_split(&file, false);
        } else {
            volume.add(&file);
        }
    }
    volume.put(late.record, &File::directory(ROOT, "late"));
    let nobody = Reference { record: 30, sequence: 1 };
    let lost = vec![resident(kind::DATA, "lost", b"")];
    volume.extend(late.record + 1, nobody, lost, 1, 1);
    volume.finish().bytes
}

fn list(bytes: &[u8], threads: usize) -> (Vec<FileEntry>, Vec<Fault>) {
    let partition = Partition { number: 1, file_system: Some("ntfs"), ..Partition::default() };
    pipeline::with_threads(threads, || list_files(&bytes, &partition).unwrap()).unwrap()
}

#[test]
fn pieces_are_joined_in_order_with_any_number_of_threads() {
    let bytes = volume();
    let (entries, faults) = list(&bytes, 1);
    for threads in [2, 3, 8] {
        assert!((&entries, &faults) == (&list(&bytes, threads).0, &list(&bytes, threads).1));
    }
    let users = || entries.iter().filter(|entry| entry.inode >= 24);
    // Two directories, and in each hundred one file under two names, with a stream each.
    assert_eq!(users().count() as u64, 2 + FILES + FILES / 100 * 3);
    let count = |live| users().filter(|entry| entry.is_live() == live).count() as u64;
    assert_eq!(count(false), FILES / 100 * 2, "the deleted and the unlisted");
    for (number, folder) in [(0, "late"), (1, "early"), (11, "early"), (3498, "late")] {
        let path = format!("{folder}/file {number:04}");
        let found = entries.iter().find(|entry| entry.path.to_str() == Some(&path));
        assert!(found.is_some_and(|entry| entry.is_live() && entry.size == 7), "{path}");
    }
    let mut said = faults.iter().map(ToString::to_string);
    let unlisted = format!("inode {}: extension record in use", 24 + FILES + 101);
    assert!(said.next().unwrap().starts_with(&unlisted));
    assert_eq!(said.len() as u64, FILES / 100);
    assert!(said.all(|fault| fault.contains("does not list this name of a file in use")));
}

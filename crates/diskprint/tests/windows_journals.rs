//! Journals of volumes that Windows wrote, against another program and the volumes themselves.

use std::collections::HashMap;
use std::process::Command;

use diskprint::FileReader;
use diskprint_formats::ntfs::log_file::{self, LogFile, Operation};
use diskprint_formats::ntfs::usn_journal::UsnJournal;
use diskprint_formats::ntfs::{AttributeType, FileName, FileReference, Namespace, Volume};
use diskprint_testkit::need;

/// The volumes that come with dissect.ntfs, and in which version their log is.
const VOLUMES: [&str; 2] = ["dissect-volumes/ntfs.bin", "dissect-volumes/ntfs-cloud.bin"];

fn open(path: &str) -> Option<Volume<FileReader>> {
    let path = need::fetched(path)?;
    let reader = FileReader::open(&path).unwrap();
    Some(Volume::open(reader).unwrap())
}

/// Prints the records of $UsnJrnl as the test below does.
const WITNESS: &str = "
import sys
from dissect.ntfs import NTFS
for record in NTFS(open(sys.argv[1], 'rb')).usnjrnl.records():
    fields = record.record
    number = lambda it: (it.SegmentNumberLowPart | it.SegmentNumberHighPart << 32, it.SequenceNumber)
    print(fields.Usn, '%d-%d' % number(fields.FileReferenceNumber),
        '%d-%d' % number(fields.ParentFileReferenceNumber), fields.TimeStamp,
        int(fields.Reason), int(fields.FileAttributes), record.filename)
";

#[test]
fn records_of_the_change_journal_are_those_that_dissect_reads() {
    let (Some(python), Some(library)) = (need::program("python3"), need::fetched("dissect")) else {
        return;
    };
    let Some(path) = need::fetched(VOLUMES[1]) else { return };
    let Some(volume) = open(VOLUMES[1]) else { return };
    let witness = Command::new(python)
        .args(["-c", WITNESS])
        .arg(path)
        .env("PYTHONPATH", library)
        .output()
        .unwrap();
    assert!(witness.status.success(), "{witness:?}");
    let expected = String::from_utf8(witness.stdout).unwrap();

    let is_journal = |name: &FileName| name.name.to_str() == Some("$UsnJrnl");
    let mut files = volume.files().filter_map(|(_, file)| file.ok());
    let file = files.find(|file| file.names.iter().any(is_journal)).unwrap();
    let journal = UsnJournal::open(&volume, file).unwrap().unwrap();
    let mut found = Vec::new();
    let take = &mut |record: Result<_, diskprint_formats::ntfs::Error>| {
        let record: diskprint_formats::ntfs::usn_journal::UsnRecord = record.unwrap();
        found.push(format!(
            "{} {} {} {} {} {} {}",
            record.usn,
            record.file,
            record.parent,
            record.time.0,
            record.reason,
            record.attributes,
            record.name,
        ));
    };
    journal.records(0, take).unwrap();
    assert_eq!(found, expected.lines().collect::<Vec<_>>());
    assert_eq!((found.len(), journal.first(), journal.next().unwrap()), (179, 0, 21_376));
}

/// What the log says last of the names of files is what their records have; those whose record was
/// given back do not have it any more.
#[test]
fn names_in_the_log_are_those_that_files_have() {
    for (path, least) in VOLUMES.into_iter().zip([(700, 200), (2, 0)]) {
        let Some(volume) = open(path) else { return };
        let file = volume.file(log_file::RECORD).unwrap();
        let content = file.stream(AttributeType::DATA, "").unwrap().content.as_ref().unwrap();
        let log =
            LogFile::open(volume.content_reader(content), volume.boot_sector()).unwrap().unwrap();
        assert!(log.reaches(log.next()));
        let mut names: HashMap<FileReference, (FileReference, String)> = HashMap::new();
        let mut freed: Vec<u64> = Vec::new();
        log.walk(log.first().unwrap(), &mut |record| match record.operation {
            Operation::NameAdded(file, name) if name.namespace != Namespace::Dos => {
                names.insert(file, (name.parent, name.name.to_string()));
            }
            Operation::NameRemoved(file, _) => _ = names.remove(&file),
            Operation::RecordFreed(record) => freed.push(record),
            _ => {}
        });
        assert!(names.len() >= least.0 && freed.len() >= least.1, "{path}: {}", names.len());
        for (reference, (parent, name)) in names {
            let file = volume.file(reference.record).unwrap();
            assert_eq!((file.reference, file.in_use), (reference, true));
            let has = |it: &FileName| it.parent == parent && it.name.to_string() == name;
            assert!(file.names.iter().any(has), "{path}: {reference} {name}: {:?}", file.names);
        }
        for record in freed {
            let file = volume.file(record).unwrap();
            assert!(!file.in_use || file.reference.sequence > 1, "{path}: {record}");
        }
    }
}

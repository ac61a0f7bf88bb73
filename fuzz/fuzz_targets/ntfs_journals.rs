//! $UsnJrnl:$J and $LogFile of the same few bytes, read from any record on.
#![no_main]

use diskprint_formats::ntfs::log_file::LogFile;
use diskprint_formats::ntfs::usn_journal::UsnJournal;
use diskprint_formats::ntfs::{BootSector, Content, StreamReader};
use diskprint_testkit::ntfs::{Options, boot_sector};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((from, bytes)) = bytes.split_first_chunk::<8>() else { return };
    let from = u64::from_le_bytes(*from);
    let content = Content::Resident { value: bytes.to_vec(), fs_offset: None };

    let boot_sector = BootSector::parse(&boot_sector(&Options::default(), 4, 8)).expect("sound");
    let reader = StreamReader::new(&bytes, &content);
    if let Ok(Some(log)) = LogFile::open(reader, &boot_sector) {
        let mut records = 0;
        for from in [log.first(), Some(log.next()), Some(from)].into_iter().flatten() {
            log.reaches(from);
            log.walk(from, &mut |_| records += 1);
        }
        assert!(records <= 3 * bytes.len());
    }

    let Ok(journal) = UsnJournal::of_streams(&bytes, &[0; 32], content) else { return };
    let mut records = 0;
    let _ = journal.records(from % 10_000, &mut |_| records += 1);
    assert!(records <= bytes.len() / 8);
    let _ = journal.next();
});

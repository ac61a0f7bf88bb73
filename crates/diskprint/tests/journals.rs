//! What journals of NTFS say happened between two slices.

use std::fs;

use diskprint::diff::{self, Comparison};
use diskprint::{Image, InterimChange, Known, Snapshot};
use diskprint_testkit::ntfs::usn_journal::{CLOSE, CREATE, NEW_NAME, OLD_NAME};
use diskprint_testkit::ntfs::{
    File, LogFile, Options, ROOT, Reference, Times, UsnJournal, Volume, file_name, namespace,
};
use diskprint_testkit::random::{Random, Repeat, seed};
use tempfile::TempDir;

fn read(bytes: &[u8], known: &Known) -> Snapshot {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("disk.raw");
    fs::write(&path, bytes).unwrap();
    let opened = Image::open(&path, folder.path(), &|_| ()).unwrap();
    Snapshot::read(&opened.image, known)
}

/// A volume with the directories `docs` and `old`, `files` in `docs`, and a journal.
fn volume(files: &[(u64, &str)], with_old: bool, journal: Option<&UsnJournal>) -> Vec<u8> {
    logged(files, with_old, journal, Vec::new())
}

/// The same, and $LogFile with these bytes.
fn logged(
    files: &[(u64, &str)],
    with_old: bool,
    journal: Option<&UsnJournal>,
    log_file: Vec<u8>,
) -> Vec<u8> {
    let mut volume = Volume::new(OPTIONS);
    volume.log_file = log_file;
    volume.put(DOCS.record, &File::directory(ROOT, "docs"));
    if with_old {
        volume.put(OLD.record, &File::directory(ROOT, "old"));
    }
    for (record, name) in files {
        volume.put(*record, &File::new(DOCS, name).data("", name.as_bytes()));
    }
    volume.reserve();
    if let Some(journal) = journal {
        let file = volume.usn_journal(journal);
        assert!(file.record >= 24);
    }
    volume.finish().bytes
}

/// Sizes as usual, with room for a log.
const OPTIONS: Options = Options {
    sector: 512,
    cluster: 4096,
    clusters: 1024,
    record: 1024,
    index_block: 4096,
    mft_run: 0,
    mft_list: false,
    per_block: 8,
    serial: 7,
};

const DOCS: Reference = Reference { record: 30, sequence: 1 };
const OLD: Reference = Reference { record: 31, sequence: 1 };

fn file(record: u64) -> Reference {
    Reference { record, sequence: 1 }
}

/// Compares two states, the later one read as a sequence reads it.
fn compare(before: &[u8], after: &[u8]) -> (Comparison, Snapshot) {
    let before = read(before, &Known::new());
    let after = read(after, &before.known(Default::default()));
    (diff::snapshots(&before, &after), after)
}

fn shown(comparison: &Comparison) -> Vec<String> {
    let show = |it: &InterimChange| {
        let from = it.path_before.as_ref().map(|path| format!("{path} → ")).unwrap_or_default();
        format!("{} {} {from}{}", it.file, it.action.name(), it.path)
    };
    comparison.interim.iter().map(show).collect()
}

fn faults(comparison: &Comparison) -> Vec<String> {
    comparison.faults.iter().map(ToString::to_string).collect()
}

#[test]
fn what_came_and_went_and_what_had_other_names_is_told() {
    let mut journal = UsnJournal::new(7, 8192);
    journal.created(file(60), (DOCS, "before.tmp"));
    journal.deleted(file(60), (DOCS, "before.tmp"));
    let before = volume(&[(40, "kept"), (41, "goes"), (42, "moves")], true, Some(&journal));
    let end = journal.next();

    // Came and went; under two names; in a folder that came and went, too; in one that is gone.
    journal.created(file(61), (DOCS, "setup.tmp"));
    let first = journal.created(file(62), (OLD, "in-old"));
    journal.deleted(file(61), (DOCS, "setup.tmp"));
    journal.created(file(63), (DOCS, "folder"));
    journal.created(file(64), (file(63), "one"));
    journal.renamed(file(64), (file(63), "one"), (DOCS, "two"));
    journal.deleted(file(64), (DOCS, "two"));
    journal.deleted(file(63), (DOCS, "folder"));
    journal.deleted(file(62), (OLD, "in-old"));
    // Saved under a name of its own, then put in place.
    journal.created(file(43), (DOCS, "save.tmp"));
    journal.renamed(file(43), (DOCS, "save.tmp"), (DOCS, "saved"));
    // What the slices show: new, deleted, renamed.
    journal.created(file(44), (DOCS, "new"));
    journal.deleted(file(41), (DOCS, "goes"));
    journal.renamed(file(42), (DOCS, "moves"), (DOCS, "moved"));
    // There and back again, without being closed; in a folder that nothing knows.
    for (old, new) in [("kept", "aside"), ("aside", "kept")] {
        journal.record(file(40), (DOCS, old), OLD_NAME);
        journal.record(file(40), (DOCS, new), NEW_NAME);
    }
    journal.record(file(40), (DOCS, "kept"), NEW_NAME | CLOSE);
    journal.record(file(65), (file(99), "lost"), CREATE);
    journal.deleted(file(65), (file(99), "lost"));
    let files = [(40, "kept"), (42, "moved"), (43, "saved"), (44, "new")];
    let (comparison, after) = compare(&before, &volume(&files, false, Some(&journal)));

    let expected = [
        "61-1 created docs/setup.tmp",
        "61-1 deleted docs/setup.tmp",
        "62-1 created old/in-old",
        "62-1 deleted old/in-old",
        "63-1 created docs/folder",
        "63-1 deleted docs/folder",
        "64-1 created docs/folder/one",
        "64-1 renamed docs/folder/one → docs/two",
        "64-1 deleted docs/two",
        "43-1 created docs/save.tmp",
        "43-1 renamed docs/save.tmp → docs/saved",
        "40-1 renamed docs/kept → docs/aside",
        "40-1 renamed docs/aside → docs/kept",
        "65-1 created ?/lost",
        "65-1 deleted ?/lost",
    ];
    assert_eq!(shown(&comparison), expected);
    assert_eq!(faults(&comparison), [] as [&str; 0]);
    assert_eq!(comparison.counts().interim_files, 7);
    let change = &comparison.interim[2];
    assert_eq!((change.number, change.reason, change.attributes), (first, CREATE, 0x20));
    assert_eq!(change.time.seconds_text(), "2020-01-01T00:00:07Z");
    // Only what is newer was read.
    assert_eq!(after.journals[0].events[0].number, end);
    assert_eq!((after.journals[0].first, after.journals[0].next), (8192, journal.next()));
}

#[test]
fn where_a_journal_does_not_reach_back_is_a_fault() {
    let mut journal = UsnJournal::new(7, 0);
    journal.created(file(60), (DOCS, "a"));
    let end = journal.next();
    let with = volume(&[], true, Some(&journal));
    let without = volume(&[], true, None);
    let mut other = UsnJournal::new(8, 0);
    other.created(file(61), (DOCS, "b"));
    other.deleted(file(61), (DOCS, "b"));
    let mut later = journal.clone();
    (0..200).for_each(|_| _ = later.deleted(file(60), (DOCS, "a")));
    later.created(file(62), (DOCS, "c"));
    later.deleted(file(62), (DOCS, "c"));
    later.trim(8192);
    let (other, later) = (volume(&[], true, Some(&other)), volume(&[], true, Some(&later)));

    let b = ["61-1 created docs/b", "61-1 deleted docs/b"];
    let c = ["62-1 created docs/c", "62-1 deleted docs/c"];
    let said = |what: &str| {
        vec![format!(
            "p1 › $Extend/$UsnJrnl: {what} (left out: files that were there only between the slices)"
        )]
    };
    for (before, after, rows, faulty) in [
        (&with, &with, vec![], vec![]),
        (&without, &without, vec![], vec![]),
        (&without, &other, b.to_vec(), vec![]),
        (&with, &other, b.to_vec(), said("was deleted and made anew")),
        (&with, &without, vec![], said("is not there any more, or cannot be read")),
        (
            &with,
            &later,
            c.to_vec(),
            said(&format!("its records from {end} to 8192 are not there any more")),
        ),
    ] {
        let (comparison, _) = compare(before, after);
        assert_eq!(
            (shown(&comparison), faults(&comparison)),
            (rows.iter().map(|row| (*row).to_owned()).collect(), faulty,)
        );
    }
    let (comparison, after) = compare(&later, &with);
    assert_eq!(comparison.interim, []);
    let what = format!("ends at {end}, in the slice before it did at ");
    assert!(faults(&comparison)[0].contains(&what), "{:?}", faults(&comparison));
    assert_eq!(after.journals[0].events, []);
}

#[test]
fn what_is_damaged_in_a_journal_is_a_fault_and_the_rest_is_read() {
    let empty = UsnJournal::new(7, 0);
    let before = volume(&[], true, Some(&empty));
    let mut journal = empty;
    for number in 100..300 {
        journal.created(file(number), (DOCS, "x"));
        journal.deleted(file(number), (DOCS, "x"));
    }
    let (sound, _) = compare(&before, &volume(&[], true, Some(&journal)));
    assert_eq!(sound.counts().interim_files, 200);
    // The second page's first record, and a length in the fourth.
    journal.bytes[4096 + 0x18] ^= 0xFF;
    journal.bytes[3 * 4096] = 3;
    let (comparison, after) = compare(&before, &volume(&[], true, Some(&journal)));
    let said: Vec<String> = after.faults.iter().map(ToString::to_string).collect();
    let fault = |usn: u64, what: &str| {
        format!(
            "p1 › $Extend/$UsnJrnl:$J: change journal at USN {usn}: {what} \
             (left out: records of what happened to files between the slices)"
        )
    };
    assert_eq!(
        said,
        [
            fault(4096, "its update sequence number is that of another place"),
            fault(3 * 4096, "its version is none of 2, 3, 4"),
        ]
    );
    let left = comparison.counts().interim_files;
    assert!((160..199).contains(&left), "{left}");
    assert!(comparison.interim.iter().all(|change| sound.interim.contains(change)));
}

fn name(parent: Reference, name: &str) -> Vec<u8> {
    file_name(parent, name, namespace::WIN32, Times::from(0), 0, 0x20)
}

#[test]
fn without_a_change_journal_the_log_tells() {
    for (is_version_2, is_copied) in [(false, false), (false, true), (true, false), (true, true)] {
        // Three pages: what is told below goes around.
        let mut log = LogFile::new(is_version_2, 3);
        log.created(&OPTIONS, file(60), &name(DOCS, "before.tmp"));
        log.deleted(&OPTIONS, file(60), &name(DOCS, "before.tmp"));
        log.restart();
        (0..110).for_each(|_| _ = log.end());
        let before = logged(&[(40, "kept")], true, None, log.stream(is_copied));

        let first = log.created(&OPTIONS, file(61), &name(DOCS, "setup.tmp"));
        let short = file_name(DOCS, "SETUP~1.TMP", namespace::DOS, Times::from(0), 0, 0x20);
        log.listed(file(61), &short);
        log.deleted(&OPTIONS, file(61), &name(DOCS, "setup.tmp"));
        // One name of two goes: that is no rename, nor is one that goes and comes in its place.
        log.unlisted(file(40), &name(DOCS, "other"));
        log.end();
        log.listed(file(40), &name(DOCS, "kept"));
        log.end();
        log.created(&OPTIONS, file(43), &name(DOCS, "save.tmp"));
        log.renamed(file(43), &name(DOCS, "save.tmp"), &name(DOCS, "saved"));
        let after = logged(&[(40, "kept"), (43, "saved")], true, None, log.stream(is_copied));
        assert_eq!(log.round(), 2);

        let (comparison, after) = compare(&before, &after);
        let expected = [
            "61-1 created docs/setup.tmp",
            "61-1 deleted docs/setup.tmp",
            "43-1 created docs/save.tmp",
            "43-1 renamed docs/save.tmp → docs/saved",
        ];
        assert_eq!(shown(&comparison), expected, "{is_version_2} {is_copied}");
        assert_eq!(faults(&comparison), [] as [&str; 0]);
        assert_eq!(after.faults, []);
        let change = &comparison.interim[0];
        assert_eq!((change.journal.name(), change.time.is_unset()), ("$LogFile", true));
        assert!(change.number > first && change.number < log.next());
    }
}

#[test]
fn a_log_that_began_anew_or_was_overwritten_is_read_from_where_it_can_be() {
    let mut log = LogFile::new(true, 8);
    log.created(&OPTIONS, file(60), &name(DOCS, "before.tmp"));
    log.restart();
    let before = logged(&[], true, None, log.stream(false));
    log.deleted(&OPTIONS, file(60), &name(DOCS, "before.tmp"));
    log.begin_anew();
    log.created(&OPTIONS, file(61), &name(DOCS, "setup.tmp"));
    log.deleted(&OPTIONS, file(61), &name(DOCS, "setup.tmp"));
    log.restart();
    let after = logged(&[], true, None, log.stream(false));
    let (comparison, state) = compare(&before, &after);
    let setup = ["61-1 created docs/setup.tmp", "61-1 deleted docs/setup.tmp"];
    assert_eq!(shown(&comparison), setup);
    let deleted = &state.journals[0].events[0];
    assert_eq!(deleted.file.record, 60, "before it began anew");

    // More than once around: what is left of it is told, and no more is claimed.
    for number in 100..300 {
        log.created(&OPTIONS, file(number), &name(DOCS, "x"));
        log.deleted(&OPTIONS, file(number), &name(DOCS, "x"));
    }
    log.restart();
    let stream = log.stream(false);
    let (comparison, state) = compare(&before, &logged(&[], true, None, stream.clone()));
    let files = comparison.counts().interim_files;
    assert!((20..200).contains(&files), "{files}");
    assert!(comparison.interim.iter().all(|it| it.file.record >= 100));
    assert_eq!((faults(&comparison), state.faults), (vec![], vec![]));

    // A change journal that tells all leaves nothing to ask the log for.
    let mut journal = UsnJournal::new(7, 8192);
    let before = logged(&[], true, Some(&journal), Vec::new());
    journal.created(file(61), (DOCS, "told"));
    journal.deleted(file(61), (DOCS, "told"));
    let (comparison, _) = compare(&before, &logged(&[], true, Some(&journal), stream.clone()));
    assert_eq!(shown(&comparison), ["61-1 created docs/told", "61-1 deleted docs/told"]);

    // Both restart pages are damaged: nothing is told, and that is said.
    let mut damaged = stream;
    damaged[0x200 - 2] ^= 1;
    damaged[0x1200 - 2] ^= 1;
    let damaged = read(&logged(&[], true, None, damaged), &Known::new());
    let said: Vec<String> = damaged.faults.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("p1 › $LogFile: sector 0 of the record ends in"), "{said:?}");
}

#[test]
fn journals_with_any_byte_changed_end_and_tell_no_more_than_they_hold() {
    let mut journal = UsnJournal::new(7, 4096);
    let mut log = LogFile::new(true, 4);
    log.created(&OPTIONS, file(59), &name(DOCS, "first"));
    log.restart();
    let before = logged(&[], true, Some(&journal), log.stream(false));
    for number in 100..140 {
        journal.created(file(number), (DOCS, "x"));
        journal.deleted(file(number), (DOCS, "x"));
        log.created(&OPTIONS, file(number), &name(DOCS, "y"));
        log.deleted(&OPTIONS, file(number), &name(DOCS, "y"));
    }
    let known = read(&before, &Known::new()).known(Default::default());
    let first = seed(1);
    for round in 0..300 {
        let seed = first.wrapping_add(round);
        let _repeat = Repeat(seed);
        let mut random = Random::new(seed);
        let (mut journal, mut stream) = (journal.clone(), log.stream(true));
        let spoilt = if random.below(2) == 0 { &mut journal.bytes } else { &mut stream };
        for _ in 0..1 + random.below(6) {
            let at = random.below(spoilt.len());
            spoilt[at] = random.below(256) as u8;
        }
        let with_usn = (random.below(2) == 0).then_some(&journal);
        let after = read(&logged(&[], true, with_usn, stream), &known);
        let events: usize = after.journals.iter().map(|journal| journal.events.len()).sum();
        assert!(events <= 2 * 2 * 41, "{events}");
    }
}

#[test]
fn paths_of_folders_inside_one_another_are_bounded() {
    let mut journal = UsnJournal::new(7, 4096);
    let before = volume(&[], true, Some(&journal));
    let long = "x".repeat(200);
    // 400 folders, each in the one before, and files in the last one.
    for number in 100..500 {
        let parent = if number == 100 { DOCS } else { file(number - 1) };
        journal.record(file(number), (parent, &long), CREATE | CLOSE);
    }
    for number in 1000..1500 {
        journal.record(file(number), (file(499), "deep"), CREATE | CLOSE);
        journal.deleted(file(number), (file(499), "deep"));
    }
    for number in (100..500).rev() {
        let parent = if number == 100 { DOCS } else { file(number - 1) };
        journal.deleted(file(number), (parent, &long));
    }
    let (comparison, _) = compare(&before, &volume(&[], true, Some(&journal)));
    assert_eq!(comparison.counts().interim_files, 900);
    let path = |record: u64| {
        let of = |it: &&InterimChange| it.file.record == record;
        comparison.interim.iter().find(of).unwrap().path.to_text().into_owned()
    };
    assert_eq!(path(101), format!("docs/{long}/{long}"));
    assert!(path(1000).starts_with("?/") && path(1000).ends_with("/deep"));
    let all: usize = comparison.interim.iter().map(|it| it.path.as_bytes().len()).sum();
    assert!(all < 128 << 20, "{all} bytes");
}

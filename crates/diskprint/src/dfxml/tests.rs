use std::io::Write as _;
use std::process::{Command, Stdio};

use diskprint_testkit::need;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::*;
use crate::{Allocation, ByteRun};

const HEADER: Header<'_> = Header { image: "a <b> & 'c'.tar.gz", version: "0.1.0" };

fn partition(number: u32, file_system: Option<&'static str>) -> Partition {
    let (block_size, block_count) = if file_system.is_some() { (4096, 18_175) } else { (0, 0) };
    let start = u64::from(number) * 1_048_576;
    Partition {
        number,
        disk: 1,
        start,
        len: 1,
        kind: None,
        file_system,
        block_size,
        block_count,
        serial: 7,
        shadow_copies: Vec::new(),
        is_read: true,
    }
}

fn file(partition: u32, path: Name) -> FileEntry {
    let time = Filetime(130_123_908_450_000_001);
    FileEntry {
        partition,
        path,
        stream: None,
        kind: FileKind::Regular,
        alloc: Allocation::LIVE,
        deleted: None,
        inode: u64::MAX,
        seq: 3,
        parent_inode: 5,
        size: u64::MAX,
        attributes: 0x8000_0020,
        link_count: 2,
        owner_id: 48,
        security: None,
        times: Times { mtime: time, atime: Filetime(u64::MAX), ..Times::default() },
        name_times: Some(Times { crtime: time, ..Times::default() }),
        runs: ByteRuns::default(),
        target: None,
        digests: Some(Digests::of(b"")),
    }
}

fn nasty_names() -> Vec<Name> {
    let mut all: Vec<Name> = (0..0x100)
        .chain(0xD7FF..0xD803)
        .chain(0xDFFE..0xE001)
        .chain(0xFFFD..=0xFFFF)
        .map(|unit| Name::from_utf16([0x61, unit, 0x5C, 0x62]))
        .collect();
    all.extend(
        ["", " a ", "]]>", "C:\\ud800", "\\\\u0001", "😀 é &amp; <x/>", "a\r\nb\tc"]
            .map(Name::from),
    );
    all.push(Name::from(&*"x".repeat(40_000)));
    all
}

/// Files that use every feature, on partitions that are listed and on one that is not.
fn files() -> Vec<FileEntry> {
    let run = |kind, at| ByteRun { file_offset: 0, fs_offset: at, len: 9, kind };
    let mut all: Vec<_> = nasty_names().into_iter().map(|name| file(1, name)).collect();
    all.push(FileEntry {
        stream: Some("str\u{1}eam".into()),
        runs: ByteRuns::new(
            0,
            vec![
                run(RunKind::Data, Some(0)),
                run(RunKind::Sparse, None),
                run(RunKind::Compressed, Some(u64::MAX)),
                run(RunKind::Resident, Some(3)),
            ],
        ),
        ..file(1, "with stream".into())
    });
    for (name, inode) in [(true, false), (false, true), (false, false)] {
        let alloc = Allocation { name, inode };
        all.push(FileEntry { alloc, name_times: None, digests: None, ..file(1, "gone".into()) });
    }
    let target = Some(Name::from_utf16([0x5C, 0xDC00]));
    all.push(FileEntry { kind: FileKind::Link, target, ..file(2, "link".into()) });
    all.push(FileEntry { kind: FileKind::Directory, ..file(9, "stray".into()) });
    all
}

fn document(files: &[FileEntry]) -> String {
    documents(files).0
}

/// The document of all files, and that of those in use.
fn documents(files: &[FileEntry]) -> (String, String) {
    let (mut all, mut allocated) = (Vec::new(), Vec::new());
    let partitions = [partition(1, Some("ntfs")), partition(2, None)];
    write(&mut all, &mut allocated, &HEADER, &partitions, files).unwrap();
    let [all, allocated] = [all, allocated].map(|document| String::from_utf8(document).unwrap());
    (all, allocated)
}

/// The texts of all elements `tag`, read by a parser that is not ours, with escapes undone.
fn texts(xml: &str, tag: &str) -> Vec<Name> {
    let mut reader = Reader::from_str(xml);
    let (mut found, mut open) = (Vec::new(), None);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) if start.name().as_ref() == tag => {
                open = Some((String::new(), start.attributes().count() > 0));
            }
            Event::End(end) if end.name().as_ref() == tag => {
                let (text, escaped) = open.take().unwrap();
                found.push(if escaped { unescape(&text) } else { Name::from(&*text) });
            }
            Event::Text(text) => {
                if let Some((so_far, _)) = &mut open {
                    so_far.push_str(&text);
                }
            }
            Event::GeneralRef(reference) if open.is_some() => {
                let named = || match &*reference {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    other => panic!("reference {other}"),
                };
                let c = reference.resolve_char_ref().unwrap().unwrap_or_else(named);
                open.as_mut().unwrap().0.push(c);
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

fn unescape(text: &str) -> Name {
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, c == '\\') {
            (_, true) if rest.as_str().starts_with('u') => {
                units.push(u16::from_str_radix(&rest.as_str()[1..5], 16).unwrap());
                rest.nth(4);
            }
            (_, true) => {
                assert_eq!(rest.next(), Some('\\'));
                units.push(0x5C);
            }
            (c, _) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
        }
    }
    Name::from_utf16(units)
}

#[test]
fn every_name_comes_back_as_it_was() {
    let files = files();
    let names: Vec<_> = files.iter().map(FileEntry::full_path).collect();
    let xml = document(&files);
    assert_eq!(texts(&xml, "filename"), names);
    assert_eq!(texts(&xml, "link_target"), [Name::from_utf16([0x5C, 0xDC00])]);
    assert_eq!(texts(&xml, "image_filename"), [Name::from(HEADER.image)]);
    assert!(!xml.contains('\r'), "a parser may make a line feed of it");
    assert_eq!(xml, document(&files), "the same input gives the same bytes");
}

#[test]
fn a_document_with_everything_is_valid() {
    let (Some(xmllint), Some(schema)) = (need::program("xmllint"), need::data("schema/dfxml.xsd"))
    else {
        return;
    };
    let mut child = Command::new(xmllint)
        .args(["--nonet", "--huge", "--noout", "--schema"])
        .arg(schema)
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(document(&files()).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_file_object_reads_as_fiwalk_writes_it() {
    let kind = RunKind::Resident;
    let run = ByteRun { file_offset: 0, fs_offset: Some(64), len: 5, kind };
    let runs = ByteRuns::new(64, vec![run]);
    let entry = FileEntry { runs, inode: 7, size: 5, ..file(1, "a/b.txt".into()) };
    let xml = document(&[entry]);
    let from = xml.find("    <fileobject>").unwrap();
    let to = xml.find("</fileobject>").unwrap();
    assert_eq!(
        &xml[from..to],
        "    <fileobject>
<parent_object><inode>5</inode></parent_object>
<filename>a/b.txt</filename>
<partition>1</partition>
<id>1</id>
<name_type>r</name_type>
<filesize>5</filesize>
<alloc>1</alloc>
<used>1</used>
<inode>7</inode>
<meta_type>1</meta_type>
<nlink>2</nlink>
<uid>48</uid>
<mtime>2013-05-07T09:00:45.0000001Z</mtime>
<atime>60056-05-28T05:36:10.9551615Z</atime>
<seq>3</seq>
<byte_runs>
  <byte_run file_offset='0' fs_offset='64' img_offset='128' len='5' type='resident'/>
</byte_runs>
<hashdigest type='md5'>d41d8cd98f00b204e9800998ecf8427e</hashdigest>
<hashdigest type='sha1'>da39a3ee5e6b4b0d3255bfef95601890afd80709</hashdigest>
<hashdigest type='sha256'>e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855</hashdigest>
<dp:attributes>2147483680</dp:attributes>
<dp:name_times crtime='2013-05-07T09:00:45.0000001Z'/>
    "
    );
}

#[test]
fn only_live_files_are_in_the_allocated_document() {
    let deleted =
        |partition| FileEntry { alloc: Allocation::DELETED, ..file(partition, "gone".into()) };
    let live = |partition| file(partition, "live".into());
    let mut files = vec![live(1), deleted(1), live(2), deleted(2), live(9)];
    // More than are rendered at once.
    files.splice(0..0, vec![live(1); 2 * FILES_AT_ONCE + 1]);
    let (all, allocated) = documents(&files);
    assert!(texts(&allocated, "filename").iter().all(|name| *name == "live".into()));
    assert_eq!(allocated.matches("<allocated_only>1</allocated_only>").count(), 2);
    assert_eq!(all.matches("<allocated_only>").count(), 0);
    for (xml, count) in [(all, files.len()), (allocated, files.len() - 2)] {
        let ids: Vec<Name> = (1..=count).map(|id| Name::from(&*id.to_string())).collect();
        assert_eq!(texts(&xml, "id"), ids);
    }
}

#[test]
fn halves_that_disagree_are_both_said() {
    let alloc = Allocation { name: true, inode: false };
    let xml = document(&[FileEntry { alloc, ..file(1, "a".into()) }]);
    assert!(xml.contains(
        "<unalloc>1</unalloc>\n<alloc_inode>0</alloc_inode>\n<alloc_name>1</alloc_name>\n"
    ));
}

use proptest::prelude::*;

use super::*;

const DOCUMENT: &str = "<?xml version='1.0' encoding='UTF-8'?>\n\
    <dfxml xmlns:dc='http://purl.org/dc/elements/1.1/'><creator><program>fiwalk</program>\
    <version>4.11.1</version></creator>\n<!-- fs start: 0 -->\n<!-- TSK Error: a block -->\
    <volume offset='0'><block_size>4096</block_size><block_count>12</block_count>\n\
    <fileobject><parent_object><inode>2</inode></parent_object><filename>a &amp; &#x62;</filename>\
    <name_type>r</name_type><filesize>9</filesize><alloc>1</alloc><inode>20</inode>\
    <mode>420</mode><nlink>1</nlink><uid>501</uid><mtime>2022-01-14T07:19:42.5Z</mtime>\
    <byte_runs><byte_run file_offset='0' fs_offset='7' img_offset='8' len='4'/>\
    <byte_run file_offset='4' fill='0' len='5'/></byte_runs></fileobject>\
    <fileobject><filename>gone</filename><unalloc>1</unalloc></fileobject>\
    <error>a disk</error></volume></dfxml>\nwhat follows is not read";

fn read(bytes: &[u8]) -> (Vec<Item>, Option<Error>) {
    let mut reader = Reader::new(bytes, 1 << 16);
    let mut items = Vec::new();
    loop {
        match reader.item() {
            Ok(Some(item)) => items.push(item),
            Ok(None) => return (items, None),
            Err(error) => {
                assert!(matches!(reader.item(), Ok(None)), "there is nothing behind an error");
                return (items, Some(error));
            }
        }
    }
}

#[test]
fn a_document_says_what_it_does() {
    let (items, error) = read(DOCUMENT.as_bytes());
    assert!(error.is_none(), "{error:?}");
    let [version, problem, volume, size, count, file, gone, other] = &items[..] else {
        panic!("{items:?}")
    };
    assert!(matches!(version, Item::Version(it) if it == "4.11.1"));
    assert!(matches!(problem, Item::Error(it) if it == "TSK Error: a block"));
    assert!(matches!(volume, Item::Volume));
    assert!(matches!((size, count), (Item::BlockSize(4096), Item::BlockCount(12))));
    assert!(matches!(other, Item::Error(it) if it == "a disk"));
    let (Item::File(file), Item::File(gone)) = (file, gone) else { panic!("{items:?}") };
    assert_eq!((file.filename.as_str(), file.inode, file.parent_inode), ("a & b", 20, 2));
    assert_eq!((file.filesize, file.mode, file.uid, file.alloc), (9, 420, 501, Some(true)));
    assert_eq!(file.times.mtime.text().as_str(), "2022-01-14T07:19:42.5000000Z");
    let runs: Vec<_> = file.runs.iter().map(|it| (it.img_offset, it.len, it.is_hole)).collect();
    assert_eq!(runs, [(Some(8), Some(4), false), (None, Some(5), true)]);
    assert_eq!((gone.filename.as_str(), gone.alloc), ("gone", Some(false)));
}

#[test]
fn a_document_that_is_cut_anywhere_is_not_whole() {
    let end = DOCUMENT.find("</dfxml>").unwrap() + "</dfxml>".len();
    for len in 0..end {
        let (items, error) = read(&DOCUMENT.as_bytes()[..len]);
        assert!(error.is_some() && items.len() <= 8, "{len}");
    }
}

proptest! {
    #[test]
    fn a_document_that_is_changed_anywhere_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        pieces in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..3),
    ) {
        let mut bytes = DOCUMENT.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for (from, to) in pieces {
            let piece = bytes[from.index(bytes.len())..].to_vec();
            let to = to.index(bytes.len());
            bytes.splice(to..to, piece);
        }
        let len = bytes.len();
        for item in read(&bytes).0 {
            if let Item::File(file) = item {
                prop_assert!(file.filename.len() <= len && file.runs.len() <= len);
            }
        }
    }
}

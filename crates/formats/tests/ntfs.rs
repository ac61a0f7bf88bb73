//! NTFS volumes that the testkit wrote, read back.

use std::collections::BTreeMap;

use diskprint_formats::ntfs::{AttributeType, Error, File, FileReference, Names, Volume};
use diskprint_formats::{Filetime, ReadAtExt};
use diskprint_testkit::ntfs as kit;
use diskprint_testkit::ntfs::kind;
use kit::{Chunks, Clusters, Options, ROOT, Reference, Times};

const DATA: AttributeType = AttributeType::DATA;

fn bytes(len: usize, seed: u32) -> Vec<u8> {
    let step = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*state >> 24) as u8)
    };
    std::iter::repeat_n((), len).scan(seed, |state, ()| step(state)).collect()
}

/// Text that LZNT1 makes smaller.
fn text(len: usize) -> Vec<u8> {
    b"the quick brown fox. ".iter().copied().cycle().take(len).collect()
}

fn open(bytes: &[u8]) -> Volume<&[u8]> {
    Volume::open(bytes).unwrap()
}

/// All files by number, and the errors in place of files.
fn walk(volume: &Volume<&[u8]>) -> (BTreeMap<u64, File>, Vec<(u64, Error)>) {
    let (mut files, mut errors) = (BTreeMap::new(), Vec::new());
    for (number, file) in volume.files() {
        match file {
            Ok(file) => drop(files.insert(number, file)),
            Err(error) => errors.push((number, error)),
        }
    }
    (files, errors)
}

/// The content of a stream, read at once and again in small odd pieces.
fn content(volume: &Volume<&[u8]>, file: &File, stream: &str) -> Vec<u8> {
    let content = file.stream(DATA, stream).unwrap().content.as_ref().unwrap();
    let reader = volume.content_reader(content);
    let whole = reader.read_vec_at(0, content.len() as usize).unwrap();
    let mut pieces = Vec::new();
    while (pieces.len() as u64) < content.len() {
        pieces.extend(reader.read_vec_at(pieces.len() as u64, 1 + pieces.len() % 7919).unwrap());
    }
    assert!(whole == pieces, "reads differ by how they are cut");
    whole
}

fn reference(found: Reference) -> FileReference {
    FileReference { record: found.record, sequence: found.sequence }
}

fn messages(errors: &[Error]) -> Vec<String> {
    errors.iter().map(|error| error.to_string()).collect()
}

/// Every size of cluster and record, fragmented or not.
fn many_options() -> Vec<Options> {
    let plain = Options::default();
    vec![
        plain,
        Options { cluster: 512, clusters: 4000, per_block: 5, ..plain },
        Options { cluster: 1024, clusters: 2000, mft_run: 3, ..plain },
        Options { record: 4096, mft_run: 4, per_block: 3, ..plain },
        Options { cluster: 1024, clusters: 2000, record: 4096, mft_run: 5, ..plain },
        Options { mft_run: 5, mft_list: true, per_block: 4, ..plain },
        Options { sector: 4096, cluster: 4096, ..plain },
        Options { cluster: 65536, clusters: 60, per_block: 4, ..plain },
        Options { cluster: 2 << 20, clusters: 24, ..plain },
    ]
}

#[test]
fn everything_written_is_read_back() {
    for options in many_options() {
        let mut volume = kit::Volume::new(options);
        let small = bytes(300, 1);
        let large = bytes(3 * options.cluster + 17, 2);
        let folder = volume.add(&kit::File::directory(ROOT, "folder"));
        let file = kit::File::new(folder, "file with a long name.txt")
            .times(Times::from(77))
            .name(folder, "FILEWI~1.TXT", kit::namespace::DOS)
            .name(ROOT, "second", kit::namespace::POSIX)
            .data("stream", &small);
        let whole = volume.stored(kind::DATA, "", &large, 1);
        let file = volume.add(&file.with(whole));
        let names: Vec<_> =
            (0..9).map(|n| volume.add(&kit::File::new(folder, &format!("n{n}")))).collect();
        let built = volume.finish();

        let volume = open(&built.bytes);
        assert_eq!(messages(volume.warnings()), [] as [String; 0], "{options:?}");
        let (files, errors) = walk(&volume);
        assert!(errors.is_empty(), "{options:?}: {errors:?}");
        let found = &files[&file.record];
        assert_eq!(messages(&found.errors), [] as [String; 0]);
        assert_eq!((found.reference, found.in_use), (reference(file), true));
        let names_found: Vec<_> =
            found.names.iter().map(|n| (n.parent, n.name.to_text())).collect();
        assert_eq!(
            names_found,
            [
                (reference(folder), "file with a long name.txt".into()),
                (reference(folder), "FILEWI~1.TXT".into()),
                (reference(ROOT), "second".into()),
            ]
        );
        let (times, information) = (Times::from(77), found.information.unwrap());
        assert_eq!(information.crtime, Filetime(times.crtime));
        assert_eq!(information.mtime, Filetime(times.mtime));
        assert_eq!(information.ctime, Filetime(times.ctime));
        assert_eq!(information.atime, Filetime(times.atime));
        assert!(content(&volume, found, "") == large, "{options:?}");
        assert!(content(&volume, found, "stream") == small, "{options:?}");
        let Names { entries, errors, .. } =
            volume.index_entries(folder.record, &files[&folder.record].streams, &mut 1_000_000_000);
        assert_eq!(messages(&errors), [] as [String; 0], "{options:?}");
        let mut listed: Vec<_> = entries.iter().map(|entry| entry.file.record).collect();
        listed.sort();
        let mut expected: Vec<_> = names.iter().map(|name| name.record).collect();
        expected.extend([file.record; 2]);
        expected.sort();
        assert_eq!(listed, expected, "{options:?}");
        assert_eq!(volume.record_offset(file.record).unwrap(), built.record_at(file.record) as u64);
        let bitmap = volume.clusters_in_use().unwrap();
        assert!(bitmap.is_set(0) && !bitmap.is_set(options.clusters as u64 - 1));
    }
}

/// The content of the only file of a volume, which `make` puts into its attributes.
fn one_file(make: impl FnOnce(&mut kit::Volume) -> Vec<kit::Attribute>) -> Result<Vec<u8>, String> {
    let mut volume = kit::Volume::new(Options::default());
    let mut file = kit::File::new(ROOT, "file");
    file.content = make(&mut volume);
    let number = volume.add(&file).record;
    let built = volume.finish();
    let volume = open(&built.bytes);
    let file = volume.file(number).unwrap();
    match &file.stream(DATA, "").unwrap().content {
        Ok(content) => {
            let reader = volume.content_reader(content);
            let bytes = reader.read_vec_at(0, content.len() as usize);
            bytes.map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn compressed_data_is_inflated() {
    let unit = 65536;
    let mut plain = text(unit + 5000);
    plain.resize(2 * unit, 0);
    plain.extend(vec![0; unit]);
    plain.extend(bytes(unit, 9));
    plain.extend(text(100));
    for chunks in [Chunks::Packed, Chunks::Plain] {
        assert!(one_file(|volume| vec![volume.compressed("", &plain, chunks)]).unwrap() == plain);
    }
    // Holes at the start, in the middle, at the end of a unit that is half there.
    let half = [vec![0; unit], text(unit), vec![0; unit], bytes(3000, 4)].concat();
    assert!(one_file(|v| vec![v.compressed("", &half, Chunks::Packed)]).unwrap() == half);
}

#[test]
fn sparse_data_is_filled_with_zeros() {
    let (first, last) = (bytes(8192, 5), bytes(4096, 6));
    let found = one_file(|volume| {
        let mut runs = volume.store(&first, 0);
        runs.push((None, 3));
        runs.extend(volume.store(&last, 0));
        let sizes = Clusters { flags: kit::SPARSE, ..volume.sizes(runs, 6 * 4096 - 10) };
        vec![kit::non_resident(kind::DATA, "", &sizes)]
    });
    let whole = [first, vec![0; 3 * 4096], last].concat();
    assert!(found.unwrap() == whole[..6 * 4096 - 10]);
}

#[test]
fn what_was_never_written_is_zeros() {
    let stored = bytes(12288, 7);
    for initialized in [0, 1, 4095, 4096, 5000, 12288] {
        let found = one_file(|volume| {
            let runs = volume.store(&stored, 0);
            let sizes = Clusters { initialized_size: initialized, ..volume.sizes(runs, 12000) };
            vec![kit::non_resident(kind::DATA, "", &sizes)]
        });
        let mut expected = stored[..12000].to_vec();
        expected.iter_mut().skip(initialized as usize).for_each(|byte| *byte = 0);
        assert!(found.unwrap() == expected, "{initialized}");
    }
    let plain = text(65536);
    let found = one_file(|volume| {
        let mut attribute = volume.compressed("", &plain, Chunks::Packed);
        attribute.bytes[0x38..0x40].copy_from_slice(&30_000u64.to_le_bytes());
        vec![attribute]
    });
    assert!(found.unwrap() == [&plain[..30_000], &[0; 35_536]].concat());
}

/// A file whose run list is split over extension records, in pieces of two clusters.
fn split(volume: &mut kit::Volume, whole: &[u8], in_clusters: bool) -> (Reference, Vec<u64>) {
    split_file(volume, kit::File::new(ROOT, "split"), whole, in_clusters)
}

fn split_file(
    volume: &mut kit::Volume,
    mut file: kit::File,
    whole: &[u8],
    in_clusters: bool,
) -> (Reference, Vec<u64>) {
    let runs = volume.store(whole, 1);
    let clusters = runs.len() as u64;
    for lowest_vcn in (0..clusters).step_by(2) {
        let runs = kit::part(&runs, lowest_vcn, 2);
        let sizes = match lowest_vcn {
            0 => volume.sizes(runs, whole.len()),
            _ => Clusters { runs, lowest_vcn, ..Clusters::default() },
        };
        file = file.with(kit::non_resident(kind::DATA, "", &sizes));
    }
    volume.add_split(&file, in_clusters)
}

#[test]
fn run_lists_in_extension_records_are_joined() {
    for in_clusters in [false, true] {
        let whole = bytes(9 * 4096 + 5, 8);
        let mut volume = kit::Volume::new(Options::default());
        let (file, extensions) = split(&mut volume, &whole, in_clusters);
        assert_eq!(extensions.len(), 5);
        let built = volume.finish();
        let volume = open(&built.bytes);
        let (files, errors) = walk(&volume);
        assert!(errors.is_empty(), "{errors:?}");
        let found = &files[&file.record];
        assert_eq!(messages(&found.errors), [] as [String; 0]);
        assert!(content(&volume, found, "") == whole);
        assert!(extensions.iter().all(|number| !files.contains_key(number)));
    }
}

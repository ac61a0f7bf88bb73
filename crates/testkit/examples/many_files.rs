//! Writes a raw image with one NTFS volume of many files, for measuring how time and memory grow.
//!
//! `many_files COUNT IMAGE`: folders of [`PER_FOLDER`] files each. Every fourth file has a cluster
//! of content, which is a hole of the image; the others have theirs in their records. One folder
//! is in memory at a time, and each record is written once.

use std::env;
use std::error::Error;
use std::fs::File as HostFile;
use std::io;
use std::os::unix::fs::FileExt;

use diskprint_testkit::ntfs::{
    Attribute, Clusters, Entry, File, Index, Options, ROOT, Record, Reference, Run, Times,
    boot_sector, kind, non_resident, resident,
};

const PER_FOLDER: u64 = 4000;
/// Names of the length used here that fit a block of an index.
const PER_BLOCK: usize = 20;
const CLUSTER: u64 = 4096;
const RECORD: u64 = 1024;
/// The first clusters: those of the boot sector.
const BOOT: u64 = 2;
const FIRST_USER: u64 = 24;
/// The files of the file system itself, but for the root directory.
const SYSTEM: [(u64, &str); 7] = [
    (0, "$MFT"),
    (1, "$MFTMirr"),
    (2, "$LogFile"),
    (3, "$Volume"),
    (4, "$AttrDef"),
    (6, "$Bitmap"),
    (7, "$Boot"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [count, path] = &args[..] else { return Err("many_files COUNT IMAGE".into()) };
    let mut image = Image::create(path, count.parse()?)?;
    image.write_files()?;
    Ok(image.finish()?)
}

struct Image {
    file: HostFile,
    count: u64,
    records: u64,
    /// The first cluster that nothing was put into yet.
    next: u64,
}

impl Image {
    fn create(path: &str, count: u64) -> io::Result<Self> {
        let records = FIRST_USER + count + count.div_ceil(PER_FOLDER);
        let records = records.next_multiple_of(CLUSTER / RECORD);
        let next = BOOT + records * RECORD / CLUSTER;
        Ok(Self { file: HostFile::create(path)?, count, records, next })
    }

    /// Takes clusters for `len` bytes.
    fn take(&mut self, len: u64) -> Vec<Run> {
        let clusters = len.div_ceil(CLUSTER);
        self.next += clusters;
        vec![(Some(self.next - clusters), clusters)]
    }

    /// Writes `value` into clusters of its own.
    fn store(&mut self, kind: u32, name: &str, value: &[u8]) -> io::Result<Attribute> {
        let runs = self.take(value.len() as u64);
        self.file.write_all_at(value, (self.next - runs[0].1) * CLUSTER)?;
        Ok(stored(kind, name, runs, value.len() as u64))
    }

    fn write_record(&self, number: u64, record: &Record) -> io::Result<()> {
        let bytes = record.encode(number, RECORD as usize);
        self.file.write_all_at(&bytes, BOOT * CLUSTER + number * RECORD)
    }

    /// Adds the index of a directory's names to it.
    fn with_index(&mut self, mut directory: File, entries: Vec<Entry>) -> io::Result<File> {
        let Index { root, blocks } =
            Index::new(entries, PER_BLOCK, CLUSTER as usize, CLUSTER as usize);
        directory = directory.with(resident(kind::INDEX_ROOT, "$I30", &root));
        if blocks.is_empty() {
            return Ok(directory);
        }
        let mut in_use = vec![0; blocks.len().div_ceil(64) * 8];
        (0..blocks.len()).for_each(|block| in_use[block / 8] |= 1 << (block % 8));
        let blocks = self.store(kind::INDEX_ALLOCATION, "$I30", &blocks.concat())?;
        Ok(directory.with(blocks).with(resident(kind::BITMAP, "$I30", &in_use)))
    }

    /// Writes the folders with their files, and the root directory.
    fn write_files(&mut self) -> io::Result<()> {
        let mut names: Vec<Entry> = SYSTEM.map(|(number, name)| system_entry(number, name)).into();
        for number in 0..self.count.div_ceil(PER_FOLDER) {
            names.push(self.write_folder(number)?);
        }
        let mut root = File::directory(ROOT, ".");
        root.sequence = ROOT.sequence;
        let root = self.with_index(root, names)?;
        self.write_record(ROOT.record, &record(&root))
    }

    /// Writes a folder and its files, whose records follow its own.
    fn write_folder(&mut self, number: u64) -> io::Result<Entry> {
        let own = Reference { record: FIRST_USER + number * (PER_FOLDER + 1), sequence: 1 };
        let mut entries = Vec::new();
        let mut records = Vec::new();
        for index in 0..PER_FOLDER.min(self.count - number * PER_FOLDER) {
            let name = format!("a file of some length {index:04}.bin");
            let mut file = File::new(own, &name).times(Times::from(index));
            file = match index % 4 {
                0 => {
                    let len = CLUSTER - index % 1000;
                    let runs = self.take(CLUSTER);
                    file.with(stored(kind::DATA, "", runs, len))
                }
                _ => file.data("", format!("content {index} of folder {number}").as_bytes()),
            };
            let place = Reference { record: own.record + 1 + index, sequence: 1 };
            records.extend(record(&file).encode(place.record, RECORD as usize));
            entries.push(Entry { file: place, name: file.name_value(0) });
        }
        self.file.write_all_at(&records, BOOT * CLUSTER + (own.record + 1) * RECORD)?;
        let folder = File::directory(ROOT, &format!("folder of four thousand files {number:05}"));
        let folder = self.with_index(folder, entries)?;
        self.write_record(own.record, &record(&folder))?;
        Ok(Entry { file: own, name: folder.name_value(0) })
    }

    /// Writes the files of the file system itself and the boot sector.
    fn finish(mut self) -> io::Result<()> {
        let mft_len = self.records * RECORD;
        let mft = vec![(Some(BOOT), mft_len / CLUSTER)];
        let in_use = ones(FIRST_USER + self.count + self.count.div_ceil(PER_FOLDER), self.records);
        let in_use = self.store(kind::BITMAP, "", &in_use)?;
        let mirror = self.take(CLUSTER);
        let mirror_lcn = self.next - 1;
        // The bitmap of clusters has itself in it, which is no more than another cluster or two.
        let bitmap_len = (self.next + self.next / 8 / CLUSTER + 2).div_ceil(64) * 8;
        let bitmap_runs = self.take(bitmap_len);
        let bitmap = ones(self.next, bitmap_len * 8);
        let bitmap_at = (self.next - bitmap_runs[0].1) * CLUSTER;
        self.file.write_all_at(&bitmap, bitmap_at)?;
        let version = [0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0];
        // $LogFile and $AttrDef are empty and others are missing: readers can do without.
        for (number, name) in SYSTEM {
            let mut file = system_file(number, name);
            file.content = match number {
                0 => vec![stored(kind::DATA, "", mft.clone(), mft_len), in_use.clone()],
                1 => vec![stored(kind::DATA, "", mirror.clone(), CLUSTER)],
                3 => vec![
                    resident(kind::VOLUME_NAME, "", &[]),
                    resident(kind::VOLUME_INFORMATION, "", &version),
                ],
                6 => vec![stored(kind::DATA, "", bitmap_runs.clone(), bitmap_len)],
                7 => vec![stored(kind::DATA, "", vec![(Some(0), BOOT)], BOOT * CLUSTER)],
                _ => vec![resident(kind::DATA, "", &[])],
            };
            let record = record(&file);
            self.write_record(number, &record)?;
            if number < 4 {
                let at = mirror_lcn * CLUSTER + number * RECORD;
                self.file.write_all_at(&record.encode(number, RECORD as usize), at)?;
            }
        }
        for number in 8..FIRST_USER {
            self.write_record(number, &Record { sequence: number as u16, ..Record::default() })?;
        }
        let clusters = self.next as usize;
        self.file.set_len(self.next * CLUSTER)?;
        let options = Options { clusters, record: RECORD as usize, ..Options::default() };
        let sector = boot_sector(&options, BOOT, mirror_lcn);
        self.file.write_all_at(&sector, 0)
    }
}

fn system_file(number: u64, name: &str) -> File {
    let mut file = File::new(ROOT, name);
    (file.sequence, file.attributes) = ((number as u16).max(1), 6);
    file
}

fn system_entry(number: u64, name: &str) -> Entry {
    let file = system_file(number, name);
    let place = Reference { record: number, sequence: file.sequence };
    Entry { file: place, name: file.name_value(0) }
}

fn record(file: &File) -> Record {
    let attributes = file.all_attributes();
    let (sequence, flags) = (file.sequence, file.flags);
    Record { sequence, flags, links: 1, base: Reference::default(), attributes }
}

fn stored(kind: u32, name: &str, runs: Vec<Run>, len: u64) -> Attribute {
    let allocated_size = len.next_multiple_of(CLUSTER);
    let (data_size, initialized_size) = (len, len);
    let sizes =
        Clusters { runs, allocated_size, data_size, initialized_size, ..Clusters::default() };
    non_resident(kind, name, &sizes)
}

/// A bitmap of `len` bits, in whole words, whose first `count` are set.
fn ones(count: u64, len: u64) -> Vec<u8> {
    let mut bytes = vec![0; len.div_ceil(64) as usize * 8];
    (0..count as usize).for_each(|bit| bytes[bit / 8] |= 1 << (bit % 8));
    bytes
}

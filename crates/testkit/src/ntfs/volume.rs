//! A volume being written: clusters, records, directories.

use std::collections::BTreeMap;

use super::{
    Attribute, COMPRESSED, Chunks, Clusters, Entry, File, Index, Record, Reference, Run, SPARSE,
    kind, list_entry, mft, non_resident, pack, resident, run_list,
};

/// Reference to the root directory.
pub const ROOT: Reference = Reference { record: 5, sequence: 5 };
/// Number of the first record of a user's file.
const FIRST_USER: u64 = 24;

/// Sizes of a volume, in bytes but for `clusters`.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Sector size.
    pub sector: usize,
    /// Cluster size.
    pub cluster: usize,
    /// Number of clusters.
    pub clusters: usize,
    /// Size of a file record.
    pub record: usize,
    /// Size of an index block.
    pub index_block: usize,
    /// Clusters in each run of the $MFT; 0 for a $MFT in one run.
    pub mft_run: usize,
    /// Whether all runs of the $MFT but the first are in an extension record.
    pub mft_list: bool,
    /// Names in each index block of a directory.
    pub per_block: usize,
    /// Serial number.
    pub serial: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sector: 512,
            cluster: 4096,
            clusters: 512,
            record: 1024,
            index_block: 4096,
            mft_run: 0,
            mft_list: false,
            per_block: 8,
            serial: 0x1234_5678_9ABC_DEF0,
        }
    }
}

/// A volume being written.
pub struct Volume {
    /// Its sizes.
    pub options: Options,
    /// Its bytes so far.
    pub bytes: Vec<u8>,
    /// Which clusters are in use.
    pub used: Vec<bool>,
    /// Its records by number.
    pub records: BTreeMap<u64, Record>,
    /// The names that each directory lists.
    pub listed: BTreeMap<u64, Vec<Entry>>,
    /// Clusters that are marked as free though something is in them.
    pub freed: Vec<u64>,
    /// The bytes of $LogFile.
    pub log_file: Vec<u8>,
    pub(super) directories: BTreeMap<String, Reference>,
    next: u64,
}

/// A finished volume.
pub struct Built {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Runs of the $MFT.
    pub mft: Vec<Run>,
    options: Options,
}

impl Built {
    /// Where a record begins.
    pub fn record_at(&self, number: u64) -> usize {
        let (cluster, at) = (self.options.cluster, number as usize * self.options.record);
        let run = run_list::part(&self.mft, (at / cluster) as u64, 1);
        run[0].0.expect("no hole") as usize * cluster + at % cluster
    }
}

impl Volume {
    /// An empty volume.
    pub fn new(options: Options) -> Self {
        let mut volume = Self {
            options,
            bytes: vec![0; options.cluster * options.clusters],
            used: vec![false; options.clusters],
            records: BTreeMap::new(),
            listed: BTreeMap::new(),
            freed: Vec::new(),
            log_file: Vec::new(),
            directories: BTreeMap::new(),
            next: FIRST_USER,
        };
        let boot = 8192usize.div_ceil(options.cluster);
        volume.used[..boot].fill(true);
        volume.listed.insert(ROOT.record, Vec::new());
        volume
    }

    /// Takes the first `count` free clusters that follow one another.
    pub fn allocate(&mut self, count: usize) -> u64 {
        let free = |start: &usize| self.used[*start..start + count].iter().all(|used| !used);
        let start = (0..=self.used.len() - count).find(free).expect("room in the volume");
        self.used[start..start + count].fill(true);
        start as u64
    }

    /// Writes bytes into new clusters, `run` clusters in a row and then one left free, and gives
    /// their runs; 0 for one run.
    pub fn store(&mut self, value: &[u8], run: usize) -> Vec<Run> {
        let per_run = if run == 0 { usize::MAX } else { run * self.options.cluster };
        let mut runs = Vec::new();
        for part in value.chunks(per_run) {
            let count = part.len().div_ceil(self.options.cluster);
            let start = self.allocate(count);
            let at = start as usize * self.options.cluster;
            self.bytes[at..at + part.len()].copy_from_slice(part);
            runs.push((Some(start), count as u64));
            if run > 0 {
                self.leave_gap(start as usize + count);
            }
        }
        runs
    }

    /// Uses a cluster up so that the next run does not follow the one before.
    fn leave_gap(&mut self, at: usize) {
        if let Some(used) = self.used.get_mut(at) {
            *used = true;
        }
    }

    /// Sizes of a value that fills its runs as usual.
    pub fn sizes(&self, runs: Vec<Run>, len: usize) -> Clusters {
        Clusters {
            runs,
            allocated_size: len.next_multiple_of(self.options.cluster) as u64,
            data_size: len as u64,
            initialized_size: len as u64,
            ..Clusters::default()
        }
    }

    /// An attribute with this value in clusters, `run` of them in a row.
    pub fn stored(&mut self, kind: u32, name: &str, value: &[u8], run: usize) -> Attribute {
        let runs = self.store(value, run);
        non_resident(kind, name, &self.sizes(runs, value.len()))
    }

    /// A $DATA whose clusters of zeros are holes.
    pub fn sparse(&mut self, name: &str, value: &[u8]) -> Attribute {
        let mut runs: Vec<Run> = Vec::new();
        for cluster in value.chunks(self.options.cluster) {
            match cluster.iter().all(|byte| *byte == 0) {
                true => runs.push((None, 1)),
                false => runs.extend(self.store(cluster, 0)),
            }
        }
        let sizes = Clusters { flags: SPARSE, ..self.sizes(runs, value.len()) };
        non_resident(kind::DATA, name, &sizes)
    }

    /// A $DATA whose clusters are marked as free, as those of a deleted file are.
    pub fn freed(&mut self, value: &[u8]) -> Attribute {
        let runs = self.store(value, 0);
        let clusters = runs.iter().flat_map(|(start, count)| start.map(|it| it..it + count));
        self.freed.extend(clusters.flatten());
        non_resident(kind::DATA, "", &self.sizes(runs, value.len()))
    }

    /// A $DATA compressed in units of 16 clusters: units of zeros are holes, those that do not
    /// get smaller are stored as they are.
    pub fn compressed(&mut self, name: &str, value: &[u8], chunks: Chunks) -> Attribute {
        let unit = 16 * self.options.cluster;
        let mut runs: Vec<Run> = Vec::new();
        for plain in value.chunks(unit) {
            let packed = pack(plain, chunks);
            let clusters = packed.len().div_ceil(self.options.cluster) as u64;
            if plain.iter().all(|byte| *byte == 0) {
                runs.push((None, 16));
            } else if clusters < 16 {
                runs.extend(self.store(&packed, 0));
                runs.push((None, 16 - clusters));
            } else {
                let mut whole = plain.to_vec();
                whole.resize(unit, 0);
                runs.extend(self.store(&whole, 0));
            }
        }
        let len = value.len().next_multiple_of(unit) as u64;
        let clusters = Clusters {
            flags: COMPRESSED,
            unit: 4,
            allocated_size: len,
            ..self.sizes(runs, value.len())
        };
        non_resident(kind::DATA, name, &clusters)
    }

    /// Adds a file under the next free record number.
    pub fn add(&mut self, file: &File) -> Reference {
        let record = self.reserve();
        self.put(record, file)
    }

    /// The next free record number, taken.
    pub fn reserve(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// Adds a file as record `record`.
    pub fn put(&mut self, record: u64, file: &File) -> Reference {
        self.put_record(record, file, file.all_attributes())
    }

    fn put_record(&mut self, record: u64, file: &File, attributes: Vec<Attribute>) -> Reference {
        let reference = Reference { record, sequence: file.sequence };
        if file.flags & super::DIRECTORY != 0 {
            self.listed.entry(record).or_default();
        }
        for (index, (parent, .., is_listed)) in file.names.iter().enumerate() {
            if *is_listed {
                let entry = Entry { file: reference, name: file.name_value(index) };
                self.listed.entry(parent.record).or_default().push(entry);
            }
        }
        let (sequence, flags) = (file.sequence, file.flags);
        let (links, base) = (file.names.len() as u16, Reference::default());
        self.records.insert(record, Record { sequence, flags, links, base, attributes });
        reference
    }

    /// Adds a file of whose content each attribute is in an extension record of its own; the list
    /// of them is in clusters when `list_in_clusters`.
    ///
    /// Returns the file and its extension records.
    pub fn add_split(&mut self, file: &File, list_in_clusters: bool) -> (Reference, Vec<u64>) {
        let (record, sequence) = (self.reserve(), file.sequence);
        // The extension records of a deleted file name the base as it was in use.
        let deleted = u16::from(file.flags & super::IN_USE == 0);
        let base = Reference { record, sequence: sequence - deleted };
        let own = File { content: Vec::new(), ..file.clone() }.all_attributes();
        // The list comes second, so the ids behind it are one more than their places.
        let id = |index: usize| if index == 0 { 0 } else { index as u16 + 1 };
        let of_own = own.iter().enumerate().map(|(index, a)| list_entry(a, id(index), base));
        let mut list: Vec<u8> = of_own.flatten().collect();
        let mut extensions = Vec::new();
        for attribute in &file.content {
            let number = self.reserve();
            let place = Reference { record: number, sequence: 1 };
            list.extend(list_entry(attribute, 0, place));
            self.extend(number, base, vec![attribute.clone()], 1 + deleted, file.flags & 1);
            extensions.push(number);
        }
        let list = match list_in_clusters {
            true => self.stored(kind::ATTRIBUTE_LIST, "", &list, 0),
            false => resident(kind::ATTRIBUTE_LIST, "", &list),
        };
        let mut attributes = own;
        attributes.insert(1, list);
        (self.put_record(record, file, attributes), extensions)
    }

    /// Puts an extension record of `base`.
    pub fn extend(
        &mut self,
        number: u64,
        base: Reference,
        attributes: Vec<Attribute>,
        sequence: u16,
        flags: u16,
    ) {
        let record = Record { sequence, flags, links: 0, base, attributes };
        self.records.insert(number, record);
    }

    /// The attributes of an index as it would be for these names.
    pub fn index_attributes(&mut self, entries: Vec<Entry>) -> Vec<Attribute> {
        let Options { per_block, index_block, cluster, .. } = self.options;
        let Index { root, blocks } = Index::new(entries, per_block, index_block, cluster);
        let mut attributes = vec![resident(kind::INDEX_ROOT, "$I30", &root)];
        if !blocks.is_empty() {
            let mut bitmap = vec![0u8; blocks.len().div_ceil(64) * 8];
            (0..blocks.len()).for_each(|block| bitmap[block / 8] |= 1 << (block % 8));
            attributes.push(self.stored(kind::INDEX_ALLOCATION, "$I30", &blocks.concat(), 0));
            attributes.push(resident(kind::BITMAP, "$I30", &bitmap));
        }
        attributes
    }

    /// Writes everything that is still to be written.
    pub fn finish(self) -> Built {
        self.finish_with(|_| ())
    }

    /// The same; `spoil` changes the records just before they are written.
    pub fn finish_with(mut self, spoil: impl FnOnce(&mut Self)) -> Built {
        mft::add_system_files(&mut self);
        for (directory, entries) in std::mem::take(&mut self.listed) {
            let attributes = self.index_attributes(entries);
            let Some(record) = self.records.get_mut(&directory) else { continue };
            let has_index = record.attributes.iter().any(|a| a.kind == kind::INDEX_ROOT);
            if record.flags & super::DIRECTORY != 0 && !has_index {
                record.attributes.extend(attributes);
            }
        }
        spoil(&mut self);
        let (options, mft) = (self.options, mft::write(&mut self));
        Built { bytes: self.bytes, mft, options }
    }
}

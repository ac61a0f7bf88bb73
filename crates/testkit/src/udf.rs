//! Writes small UDF volumes from the specifications (ECMA-167, third edition, and OSTA's UDF 2.60).

use crate::ntfs::put::{u16, u32, u64};

/// Size of a block in bytes.
pub const BLOCK: usize = 2048;
/// Where the partition begins, and its first blocks, of all blocks.
const START: usize = 280;

/// What a file is made of.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its content; `None` for a directory of what is in `files`.
    pub content: Option<Vec<u8>>,
    /// What is in a directory.
    pub files: Vec<File>,
    /// Its named streams.
    pub streams: Vec<(String, Vec<u8>)>,
    /// Whether its name is marked as deleted.
    pub is_deleted: bool,
    /// How the content lies.
    pub form: Form,
}

/// How a content lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In the entry itself.
    Embedded,
    /// In one extent.
    Whole,
    /// Each block in an extent of its own, with a block between; blocks of zeros are not recorded.
    Scattered,
    /// As scattered, with most descriptors in an extent that goes on with them.
    Continued,
}

impl File {
    /// A file in one extent.
    pub fn new(name: &str, content: &[u8], form: Form) -> Self {
        let (files, streams) = (Vec::new(), Vec::new());
        let (name, content) = (name.to_owned(), Some(content.to_vec()));
        Self { name, content, files, streams, is_deleted: false, form }
    }

    /// A directory.
    pub fn directory(name: &str, files: Vec<File>) -> Self {
        Self { content: None, files, ..Self::new(name, &[], Form::Embedded) }
    }
}

/// A volume being written.
struct Writer {
    /// The blocks of the partition.
    blocks: Vec<u8>,
    /// Where those of the metadata partition begin, if there is one, and how many there are.
    metadata: Option<(usize, usize)>,
    used_metadata: usize,
}

/// Makes a volume with these files; its directories and entries are in a metadata partition where
/// `has_metadata`.
///
/// # Panics
/// When there is no room.
pub fn volume(files: &[File], has_metadata: bool) -> Vec<u8> {
    let metadata = has_metadata.then_some((8, 120));
    let mut writer = Writer { blocks: vec![0; 8 * BLOCK], metadata, used_metadata: 0 };
    if let Some((_, count)) = metadata {
        writer.blocks.resize((8 + count) * BLOCK, 0);
    }
    let file_set = writer.metadata_block();
    let root = writer.directory(files, None);
    let mut descriptor = vec![0; 512];
    u32(&mut descriptor, 40, 0);
    long(&mut descriptor, 400, BLOCK, root, writer.partition());
    writer.write(file_set, &descriptor, 256);
    if metadata.is_some() {
        writer.metadata_files();
    }
    frame(&writer, file_set)
}

impl Writer {
    /// The number of the partition that entries are in, among the volume's maps.
    fn partition(&self) -> u16 {
        u16::from(self.metadata.is_some())
    }

    /// Takes a block for metadata; its number there.
    fn metadata_block(&mut self) -> usize {
        match self.metadata {
            Some((_, count)) => {
                self.used_metadata += 1;
                assert!(self.used_metadata <= count, "no room for metadata");
                self.used_metadata - 1
            }
            None => self.data_block(),
        }
    }

    fn data_block(&mut self) -> usize {
        self.blocks.resize(self.blocks.len() + BLOCK, 0);
        self.blocks.len() / BLOCK - 1
    }

    /// Writes a descriptor with its tag to a block for metadata.
    fn write(&mut self, block: usize, descriptor: &[u8], id: u16) {
        let at = (self.metadata.map_or(0, |(start, _)| start) + block) * BLOCK;
        let mut bytes = descriptor.to_vec();
        seal(&mut bytes, id, block as u32);
        self.blocks[at..at + bytes.len()].copy_from_slice(&bytes);
    }

    /// Writes a directory and what is in it; the block of its entry.
    fn directory(&mut self, files: &[File], parent: Option<usize>) -> usize {
        let own = self.metadata_block();
        let mut list = self.identifier("", 8 | 2, parent.unwrap_or(own));
        for file in files {
            let block = match &file.content {
                Some(_) => self.file(file),
                None => self.directory(&file.files, Some(own)),
            };
            let bits = u8::from(file.content.is_none()) << 1 | u8::from(file.is_deleted) << 2;
            list.extend(self.identifier(&file.name, bits, block));
        }
        let form = if list.len() > 1000 { Form::Whole } else { Form::Embedded };
        self.entry(own, 4, &list, form, None);
        own
    }

    fn file(&mut self, file: &File) -> usize {
        let own = self.metadata_block();
        let streams = (!file.streams.is_empty()).then(|| {
            let directory = self.metadata_block();
            let mut list = self.identifier("", 8 | 2, own);
            for (name, content) in &file.streams {
                let block = self.metadata_block();
                self.entry(block, 5, content, Form::Whole, None);
                list.extend(self.identifier(name, 16, block));
            }
            self.entry(directory, 13, &list, Form::Embedded, None);
            directory
        });
        let content = file.content.clone().unwrap_or_default();
        self.entry(own, 5, &content, file.form, streams);
        own
    }

    /// A file identifier; it is not at the place that its tag tells, as it is not known yet.
    fn identifier(&self, name: &str, characteristics: u8, block: usize) -> Vec<u8> {
        let mut text = Vec::new();
        if !name.is_empty() {
            text.push(16);
            text.extend(name.encode_utf16().flat_map(u16::to_be_bytes));
        }
        let mut bytes = vec![0; (38 + text.len()).next_multiple_of(4)];
        u16(&mut bytes, 16, 1);
        (bytes[18], bytes[19]) = (characteristics, text.len() as u8);
        long(&mut bytes, 20, BLOCK, block, self.partition());
        bytes[38..38 + text.len()].copy_from_slice(&text);
        seal(&mut bytes, 257, 0);
        bytes
    }

    /// Writes an extended file entry and the content.
    fn entry(
        &mut self,
        block: usize,
        file_type: u8,
        content: &[u8],
        form: Form,
        streams: Option<usize>,
    ) {
        let mut bytes = vec![0; 216];
        u16(&mut bytes, 20, 4);
        u16(&mut bytes, 24, 1);
        bytes[27] = file_type;
        let kind = if form == Form::Embedded { 3 } else { 1 };
        u16(&mut bytes, 34, kind);
        u32(&mut bytes, 36, 1000);
        u32(&mut bytes, 44, 0b111 << 10 | 0b101 << 5 | 0b100);
        u16(&mut bytes, 48, 1);
        u64(&mut bytes, 56, content.len() as u64);
        u64(&mut bytes, 64, content.len() as u64);
        for (at, second) in [(80, 1), (92, 2), (104, 3), (116, 4)] {
            let time = [0, 0x10, 0xE4, 7, 2, 29, 23, 30, second, 50, 2, 3];
            bytes[at..at + 12].copy_from_slice(&time);
        }
        if let Some(streams) = streams {
            long(&mut bytes, 152, BLOCK, streams, self.partition());
        }
        let descriptors = match form {
            Form::Embedded => content.to_vec(),
            Form::Whole => self.extents(content, usize::MAX),
            Form::Scattered => self.extents(content, BLOCK),
            Form::Continued => {
                let all = self.extents(content, BLOCK);
                let (first, rest) = all.split_at(16);
                let next = self.metadata_block();
                let mut header = vec![0; 24];
                u32(&mut header, 20, rest.len() as u32);
                header.extend(rest);
                let mut descriptors = first.to_vec();
                descriptors.resize(32, 0);
                long(&mut descriptors, 16, BLOCK, next, self.partition());
                descriptors[19] |= 0xC0;
                self.write(next, &header, 258);
                descriptors
            }
        };
        u32(&mut bytes, 212, descriptors.len() as u32);
        bytes.extend(descriptors);
        assert!(bytes.len() <= BLOCK, "no room in the entry");
        self.write(block, &bytes, 266);
    }

    /// Writes a content in extents of at most so many bytes, and gives long descriptors of them.
    fn extents(&mut self, content: &[u8], most: usize) -> Vec<u8> {
        let mut descriptors = Vec::new();
        for part in content.chunks(most.min(content.len().max(1))) {
            let mut descriptor = vec![0; 16];
            if most == BLOCK && part.iter().all(|byte| *byte == 0) {
                long(&mut descriptor, 0, part.len(), 0, 0);
                descriptor[3] |= 0x80;
            } else {
                let first = self.data_block();
                (1..part.len().div_ceil(BLOCK)).for_each(|_| _ = self.data_block());
                self.blocks[first * BLOCK..][..part.len()].copy_from_slice(part);
                long(&mut descriptor, 0, part.len(), first, 0);
                if most == BLOCK {
                    self.data_block();
                }
            }
            descriptors.extend(descriptor);
        }
        descriptors
    }

    /// The files of the metadata partition: it, and its mirror, in the first two blocks.
    fn metadata_files(&mut self) {
        let Some((start, count)) = self.metadata.take() else { return };
        for (block, file_type) in [(0, 250), (1, 251)] {
            let mut bytes = vec![0; 216 + 8];
            u16(&mut bytes, 20, 4);
            u16(&mut bytes, 24, 1);
            bytes[27] = file_type;
            u64(&mut bytes, 56, (count * BLOCK) as u64);
            u64(&mut bytes, 64, (count * BLOCK) as u64);
            u32(&mut bytes, 212, 8);
            u32(&mut bytes, 216, (count * BLOCK) as u32);
            u32(&mut bytes, 220, start as u32);
            self.write(block, &bytes, 266);
        }
        self.metadata = Some((start, count));
    }
}

/// The volume around its partition.
fn frame(writer: &Writer, file_set: usize) -> Vec<u8> {
    let count = writer.blocks.len() / BLOCK;
    let mut volume = vec![0; (START + count + 2) * BLOCK];
    let mut put = |block: usize, bytes: &[u8]| {
        volume[block * BLOCK..][..bytes.len()].copy_from_slice(bytes);
    };
    for (index, name) in [b"BEA01", b"NSR03", b"TEA01"].iter().enumerate() {
        put(16 + index, &[&[0], &name[..], &[1]].concat());
    }
    for start in [32, 48] {
        for (at, (id, descriptor)) in sequence(writer, count, file_set).into_iter().enumerate() {
            let mut bytes = descriptor;
            seal(&mut bytes, id, (start + at) as u32);
            put(start + at, &bytes);
        }
    }
    let last = START + count + 1;
    for place in [256, last] {
        let mut anchor = vec![0; 512];
        for (at, start) in [(16, 32), (24, 48)] {
            u32(&mut anchor, at, 16 * BLOCK as u32);
            u32(&mut anchor, at + 4, start);
        }
        seal(&mut anchor, 2, place as u32);
        put(place, &anchor);
    }
    put(START, &writer.blocks);
    volume
}

fn sequence(writer: &Writer, count: usize, file_set: usize) -> Vec<(u16, Vec<u8>)> {
    let mut primary = vec![0; 512];
    primary[72..89].copy_from_slice(b"\x08123456789ABCDEF0");
    primary[199] = 17;
    let mut partition = vec![0; 512];
    u32(&mut partition, 16, 2);
    partition[25..31].copy_from_slice(b"+NSR03");
    u32(&mut partition, 184, 4);
    u32(&mut partition, 188, START as u32);
    u32(&mut partition, 192, count as u32);
    let mut logical = vec![0; 512];
    u32(&mut logical, 16, 3);
    u32(&mut logical, 212, BLOCK as u32);
    logical[217..236].copy_from_slice(b"*OSTA UDF Compliant");
    u16(&mut logical, 240, 0x0250);
    long(&mut logical, 248, BLOCK, file_set, writer.partition());
    let mut maps = vec![1, 6, 1, 0, 0, 0];
    if writer.metadata.is_some() {
        let mut map = vec![0; 64];
        (map[0], map[1]) = (2, 64);
        map[5..28].copy_from_slice(b"*UDF Metadata Partition");
        u16(&mut map, 36, 1);
        u32(&mut map, 44, 1);
        u32(&mut map, 48, u32::MAX);
        maps.extend(map);
    }
    u32(&mut logical, 264, maps.len() as u32);
    u32(&mut logical, 268, 1 + u32::from(writer.partition()));
    logical[440..440 + maps.len()].copy_from_slice(&maps);
    vec![(1, primary), (5, partition), (6, logical), (8, vec![0; 512])]
}

fn long(bytes: &mut [u8], at: usize, len: usize, block: usize, partition: u16) {
    u32(bytes, at, len as u32);
    u32(bytes, at + 4, block as u32);
    u16(bytes, at + 8, partition);
}

/// Gives a descriptor its tag.
pub fn seal(bytes: &mut [u8], id: u16, location: u32) {
    u16(bytes, 0, id);
    u16(bytes, 2, 3);
    u32(bytes, 12, location);
    let sum = bytes[16..].iter().fold(0u16, |sum, byte| {
        let sum = sum ^ u16::from(*byte) << 8;
        (0..8).fold(sum, |sum, _| sum << 1 ^ if sum & 0x8000 == 0 { 0 } else { 0x1021 })
    });
    u16(bytes, 8, sum);
    u16(bytes, 10, (bytes.len() - 16) as u16);
    bytes[4] = 0;
    bytes[4] = bytes[..16].iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
}

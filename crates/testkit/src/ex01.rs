//! Images of EWF version 2, built from libewf's "Expert Witness Compression Format version 2
//! specification".

use crate::ewf::{adler32, deflate, seal};

/// What an image is made like.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Sectors in a chunk, of 512 bytes each.
    pub chunk_sectors: usize,
    /// Chunks in a table.
    pub table_chunks: usize,
    /// Tables in a segment.
    pub segment_tables: usize,
    /// Which image its segments are of.
    pub set: [u8; 16],
}

/// Chunks of 32 KiB, three in a table, two tables in a segment.
pub const SMALL: Form =
    Form { chunk_sectors: 64, table_chunks: 3, segment_tables: 2, set: [7; 16] };

/// A segment being written.
struct Segment {
    bytes: Vec<u8>,
    /// Where the last descriptor is.
    last: u64,
}

impl Segment {
    fn new(number: usize, set: [u8; 16]) -> Self {
        let mut bytes = b"EVF2\x0D\x0A\x81\x00\x02\x01\x01\x00".to_vec();
        bytes.extend((number as u32).to_le_bytes());
        bytes.extend(set);
        Self { bytes, last: 0 }
    }

    /// Ends a section of this type whose data were written from `start` on.
    fn end(&mut self, kind: u32, start: usize) {
        let padding = self.pad();
        let at = self.bytes.len();
        let mut descriptor = vec![0; 60];
        descriptor[..4].copy_from_slice(&kind.to_le_bytes());
        descriptor[8..16].copy_from_slice(&self.last.to_le_bytes());
        descriptor[16..24].copy_from_slice(&((at - start) as u64).to_le_bytes());
        descriptor[24..28].copy_from_slice(&64u32.to_le_bytes());
        descriptor[28..32].copy_from_slice(&(padding as u32).to_le_bytes());
        seal(&mut descriptor);
        self.bytes.extend(descriptor);
        self.last = at as u64;
    }

    fn pad(&mut self) -> usize {
        let padding = self.bytes.len().next_multiple_of(16) - self.bytes.len();
        self.bytes.resize(self.bytes.len() + padding, 0);
        padding
    }

    fn section(&mut self, kind: u32, data: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(data);
        self.end(kind, start);
    }

    /// Sector data, and the table of its chunks, of which the first has number `first`.
    fn chunks(&mut self, first: usize, chunks: &[&[u8]], chunk_len: usize) {
        let start = self.bytes.len();
        let mut entries = Vec::new();
        for chunk in chunks {
            let mut full = chunk.to_vec();
            full.resize(chunk_len, 0);
            let (mut offset, mut flags, mut stored) = (self.bytes.len() as u64, 1u32, Vec::new());
            if full.chunks(8).all(|part| *part == full[..8]) {
                (offset, flags) = (u64::from_le_bytes(full[..8].try_into().expect("eight")), 5);
            } else {
                stored = deflate(&full);
                if stored.len() >= full.len() {
                    (stored, flags) = (full, 2);
                    seal(&mut stored);
                }
            }
            entries.extend(offset.to_le_bytes());
            entries.extend((stored.len() as u32).to_le_bytes());
            entries.extend(flags.to_le_bytes());
            self.bytes.extend(stored);
            self.pad();
        }
        self.end(3, start);
        let mut table = (first as u64).to_le_bytes().to_vec();
        table.extend((chunks.len() as u32).to_le_bytes());
        table.extend([0; 4]);
        self.table(4, table, entries);
    }

    /// A table of this type: what its header has before its checksum, and its entries.
    fn table(&mut self, kind: u32, mut header: Vec<u8>, mut entries: Vec<u8>) {
        seal(&mut header);
        header.resize(32, 0);
        seal(&mut entries);
        self.section(kind, &[header, entries].concat());
    }
}

/// Returns the segments of an image of `disk`, whose length is in whole sectors. Chunks of eight bytes
/// over and over are patterns, others are compressed where that makes them shorter. It states `md5` and
/// `sha1`, and that sector 3 could not be read.
pub fn segments(disk: &[u8], form: Form, md5: [u8; 16], sha1: [u8; 20]) -> Vec<Vec<u8>> {
    let chunk_len = form.chunk_sectors * 512;
    let chunks: Vec<&[u8]> = disk.chunks(chunk_len).collect();
    let device = object(&[("ts", (disk.len() / 512).to_string()), ("bp", "512".into())]);
    let case = object(&[
        ("cn", "case 7".into()),
        ("tb", chunks.len().to_string()),
        ("cp", "1".into()),
        ("sb", form.chunk_sectors.to_string()),
    ]);
    let per_segment = form.table_chunks * form.segment_tables;
    let parts: Vec<_> = chunks.chunks(per_segment).collect();
    let mut segments = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let mut segment = Segment::new(index + 1, form.set);
        segment.section(1, &device);
        segment.section(2, &case);
        for (table, chunks) in part.chunks(form.table_chunks).enumerate() {
            segment.chunks(index * per_segment + table * form.table_chunks, chunks, chunk_len);
        }
        if index + 1 == parts.len() {
            let header = [&1u32.to_le_bytes()[..], &[0; 12]].concat();
            let entry = [&3u64.to_le_bytes()[..], &1u32.to_le_bytes(), &[0; 4]].concat();
            segment.table(5, header, entry);
            for (kind, mut digest) in [(8, md5.to_vec()), (9, sha1.to_vec())] {
                seal(&mut digest);
                segment.section(kind, &digest);
            }
            segment.section(0x0F, &[]);
        } else {
            segment.section(0x0D, &[]);
        }
        segments.push(segment.bytes);
    }
    segments
}

/// The descriptors of a segment from first to last: type, and where it is.
pub fn descriptors(segment: &[u8]) -> Vec<(u32, usize)> {
    let number = |at: usize, len: usize| {
        let mut bytes = [0; 8];
        bytes[..len].copy_from_slice(&segment[at..at + len]);
        u64::from_le_bytes(bytes)
    };
    let (mut all, mut at) = (Vec::new(), segment.len() - 64);
    loop {
        all.insert(0, (number(at, 4) as u32, at));
        match number(at + 8, 8) as usize {
            0 => return all,
            previous => at = previous,
        }
    }
}

/// Puts the checksum of its first 60 bytes into the descriptor at `at`.
pub fn seal_descriptor(segment: &mut [u8], at: usize) {
    let sum = adler32(&segment[at..at + 60]);
    segment[at + 60..at + 64].copy_from_slice(&sum.to_le_bytes());
}

fn object(fields: &[(&str, String)]) -> Vec<u8> {
    let line = |pick: fn(&(&str, String)) -> String| {
        fields.iter().map(pick).collect::<Vec<_>>().join("\t")
    };
    let (names, values) = (line(|it| it.0.to_owned()), line(|it| it.1.clone()));
    let text = format!("1\nmain\n{names}\n{values}\n\n");
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    deflate(&units.flat_map(u16::to_le_bytes).collect::<Vec<_>>())
}

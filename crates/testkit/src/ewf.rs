//! Images of EWF version 1, built from libewf's "Expert Witness Compression Format specification".

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// What an image is made like.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Sectors in a chunk, of 512 bytes each.
    pub chunk_sectors: u32,
    /// Chunks in a table.
    pub table_chunks: usize,
    /// Tables in a segment.
    pub segment_tables: usize,
    /// Where table entries are counted from.
    pub base: u64,
    /// Which image its segments are of.
    pub set: [u8; 16],
}

/// Chunks of 2 KiB, three in a table, two tables in a segment.
pub const SMALL: Form =
    Form { chunk_sectors: 4, table_chunks: 3, segment_tables: 2, base: 13, set: [7; 16] };

/// Returns the segments of an image of `disk`, whose length is in whole sectors. Chunks are
/// compressed where that makes them shorter. The hash section states `md5`.
pub fn segments(disk: &[u8], form: Form, md5: [u8; 16]) -> Vec<Vec<u8>> {
    let chunk_len = form.chunk_sectors as usize * 512;
    let chunks: Vec<&[u8]> = disk.chunks(chunk_len).collect();
    let volume = volume(disk.len() / 512, chunks.len(), form);
    let parts: Vec<_> = chunks.chunks(form.table_chunks * form.segment_tables).collect();
    let mut segments = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let mut file = b"EVF\x09\x0D\x0A\xFF\x00\x01".to_vec();
        file.extend(u16::try_from(index + 1).unwrap().to_le_bytes());
        file.extend([0, 0]);
        if index == 0 {
            let text = "1\r\nmain\r\nc\tn\ta\r\ncase 7\t1\tan image\r\n\r\n";
            section(&mut file, "header", &deflate(text.as_bytes()));
            section(&mut file, "volume", &volume);
        } else {
            section(&mut file, "data", &volume);
        }
        for chunks in part.chunks(form.table_chunks) {
            let table = sectors(&mut file, chunks, form.base);
            section(&mut file, "table", &table);
            section(&mut file, "table2", &table);
        }
        if index + 1 == parts.len() {
            let mut hash = [md5, [0; 16]].concat();
            seal(&mut hash);
            section(&mut file, "hash", &hash);
            last(&mut file, "done");
        } else {
            last(&mut file, "next");
        }
        segments.push(file);
    }
    segments
}

/// Where the sections of a segment are: the type and the offset of the descriptor of each.
pub fn sections(segment: &[u8]) -> Vec<(String, usize)> {
    let (mut found, mut at) = (Vec::new(), 13);
    loop {
        let kind = segment[at..at + 16].split(|byte| *byte == 0).next().unwrap();
        found.push((String::from_utf8(kind.to_vec()).unwrap(), at));
        let next = u64::from_le_bytes(segment[at + 16..at + 24].try_into().unwrap()) as usize;
        if next <= at || next >= segment.len() {
            return found;
        }
        at = next;
    }
}

/// Where the data of the `nth` section of a type begin, counted from 0.
pub fn data_of(segment: &[u8], kind: &str, nth: usize) -> usize {
    let found = sections(segment).into_iter().filter(|(name, _)| name == kind).nth(nth);
    found.expect("there is such a section").1 + 76
}

/// Puts the Adler-32 of the first `len` bytes from `at` behind them.
pub fn seal_at(segment: &mut [u8], at: usize, len: usize) {
    let sum = adler32(&segment[at..at + len]);
    segment[at + len..at + len + 4].copy_from_slice(&sum.to_le_bytes());
}

/// Writes a sectors section, and returns the data of the table of its chunks.
fn sectors(file: &mut Vec<u8>, chunks: &[&[u8]], base: u64) -> Vec<u8> {
    let (mut data, mut entries) = (Vec::new(), Vec::new());
    let start = file.len() as u64 + 76;
    for chunk in chunks {
        let mut entry = u32::try_from(start + data.len() as u64 - base).unwrap();
        let deflated = deflate(chunk);
        if deflated.len() < chunk.len() {
            entry |= 1 << 31;
            data.extend(deflated);
        } else {
            data.extend_from_slice(chunk);
            data.extend(adler32(chunk).to_le_bytes());
        }
        entries.extend(entry.to_le_bytes());
    }
    section(file, "sectors", &data);
    let mut table = (chunks.len() as u32).to_le_bytes().to_vec();
    table.extend([0; 4]);
    table.extend(base.to_le_bytes());
    table.extend([0; 4]);
    seal(&mut table);
    let mut entries: Vec<u8> = entries;
    seal(&mut entries);
    table.extend(entries);
    table
}

fn volume(sectors: usize, chunks: usize, form: Form) -> Vec<u8> {
    let mut data = vec![0; 1048];
    data[0] = 1; // a fixed disk
    data[4..8].copy_from_slice(&(chunks as u32).to_le_bytes());
    data[8..12].copy_from_slice(&form.chunk_sectors.to_le_bytes());
    data[12..16].copy_from_slice(&512u32.to_le_bytes());
    data[16..24].copy_from_slice(&(sectors as u64).to_le_bytes());
    data[36] = 1; // an image
    data[64..80].copy_from_slice(&form.set);
    seal(&mut data);
    data
}

fn section(file: &mut Vec<u8>, kind: &str, data: &[u8]) {
    let size = 76 + data.len() as u64;
    let next = file.len() as u64 + size;
    descriptor(file, kind, next, size);
    file.extend_from_slice(data);
}

/// The last section of a segment points to itself and states no size.
fn last(file: &mut Vec<u8>, kind: &str) {
    let here = file.len() as u64;
    descriptor(file, kind, here, 0);
}

fn descriptor(file: &mut Vec<u8>, kind: &str, next: u64, size: u64) {
    let mut bytes = vec![0; 72];
    bytes[..kind.len()].copy_from_slice(kind.as_bytes());
    bytes[16..24].copy_from_slice(&next.to_le_bytes());
    bytes[24..32].copy_from_slice(&size.to_le_bytes());
    seal(&mut bytes);
    file.extend(bytes);
}

pub(crate) fn seal(bytes: &mut Vec<u8>) {
    let sum = adler32(bytes);
    bytes.extend(sum.to_le_bytes());
}

/// Source: RFC 1950, 8.2.
pub(crate) fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    (high << 16) | low
}

pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

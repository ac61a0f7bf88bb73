//! VHDX files, built from Microsoft's [MS-VHDX].

const MIB: usize = 1 << 20;
/// Where things are: the log, the metadata, the block allocation table, the first block.
const LOG: usize = MIB;
const METADATA: usize = 2 * MIB;
const TABLE: usize = 3 * MIB;
const DATA: usize = 4 * MIB;
const HEADERS: [usize; 2] = [64 << 10, 128 << 10];
const REGIONS: [usize; 2] = [192 << 10, 256 << 10];

/// A block of 1 MiB.
pub enum Block {
    /// Not present.
    Absent,
    /// Present and zeros.
    Zeros,
    /// These bytes.
    Full(Vec<u8>),
    /// These bytes, of which the sectors that are `true` count, the others being the parent's.
    Partial(Vec<u8>, Vec<bool>),
}

/// Returns a disk of these blocks with sectors of 512 bytes; `parent` are the entries of the
/// parent locator of a differencing one. It has one chunk, of at most 4096 blocks.
pub fn disk(blocks: &[Block], parent: Option<&[(&str, &str)]>) -> Vec<u8> {
    let mut file = vec![0; DATA];
    put(&mut file, 0, b"vhdxfile");
    for (index, at) in HEADERS.into_iter().enumerate() {
        put(&mut file, at, b"head");
        put(&mut file, at + 8, &(index as u64 + 1).to_le_bytes());
        put(&mut file, at + 16, &[0xA1; 16]);
        put(&mut file, at + 32, &[0xA2; 16]);
        put(&mut file, at + 66, &1u16.to_le_bytes());
        put(&mut file, at + 68, &(MIB as u32).to_le_bytes());
        put(&mut file, at + 72, &(LOG as u64).to_le_bytes());
    }
    for at in REGIONS {
        put(&mut file, at, b"regi");
        put(&mut file, at + 8, &2u32.to_le_bytes());
        region(&mut file, at + 16, "2DC27766-F623-4200-9D64-115E9BFD4A08", TABLE);
        region(&mut file, at + 48, "8B7CA206-4790-4B9A-B8FE-575F050F886E", METADATA);
    }
    metadata(&mut file, blocks.len() * MIB, parent);
    let mut bitmap = vec![0u8; MIB];
    let mut has_bitmap = false;
    for (number, block) in blocks.iter().enumerate() {
        let (state, bytes) = match block {
            Block::Absent => (0, None),
            Block::Zeros => (2, None),
            Block::Full(bytes) => (6, Some(bytes)),
            Block::Partial(bytes, _) => (7, Some(bytes)),
        };
        if let Block::Partial(_, own) = block {
            has_bitmap = true;
            for (sector, _) in own.iter().enumerate().filter(|(_, own)| **own) {
                let bit = number * 2048 + sector;
                bitmap[bit / 8] |= 1 << (bit % 8);
            }
        }
        let place = if bytes.is_some() { file.len() as u64 } else { 0 };
        put(&mut file, TABLE + number * 8, &(place | state).to_le_bytes());
        file.extend_from_slice(bytes.map_or(&[], |bytes| &bytes[..]));
    }
    if has_bitmap {
        // The bitmap of the first chunk stands behind the entries of its 4096 blocks.
        let place = file.len() as u64;
        put(&mut file, TABLE + 4096 * 8, &(place | 6).to_le_bytes());
        file.extend_from_slice(&bitmap);
    }
    seal(&mut file);
    file
}

/// What a log entry writes.
pub enum Write<'a> {
    /// These 4096 bytes at this offset of the file.
    Sector(usize, &'a [u8]),
    /// So many zeros, a multiple of 4096, at this offset.
    Zeros(usize, usize),
}

/// Writes a log of these entries, numbered from `first`, into a disk, as if it had not been closed.
/// The first begins at `start` of the log, which is a ring of 1 MiB.
// Source: [MS-VHDX] 2.3.1.
pub fn put_log(file: &mut [u8], first: u64, start: usize, entries: &[Vec<Write<'_>>]) {
    let (id, len, mut at) = ([0x17; 16], file.len() as u64, start);
    for (number, writes) in (first..).zip(entries) {
        let mut entry = vec![0; (64 + writes.len() * 32).next_multiple_of(4096)];
        put(&mut entry, 0, b"loge");
        put(&mut entry, 12, &(start as u32).to_le_bytes());
        put(&mut entry, 16, &number.to_le_bytes());
        put(&mut entry, 24, &(writes.len() as u32).to_le_bytes());
        put(&mut entry, 32, &id);
        put(&mut entry, 48, &len.to_le_bytes());
        put(&mut entry, 56, &len.to_le_bytes());
        for (index, write) in writes.iter().enumerate() {
            let descriptor = 64 + index * 32;
            let offset = match write {
                Write::Zeros(offset, len) => {
                    put(&mut entry, descriptor, b"zero");
                    put(&mut entry, descriptor + 8, &(*len as u64).to_le_bytes());
                    offset
                }
                Write::Sector(offset, bytes) => {
                    put(&mut entry, descriptor, b"desc");
                    put(&mut entry, descriptor + 4, &bytes[4092..]);
                    put(&mut entry, descriptor + 8, &bytes[..8]);
                    let mut sector = bytes.to_vec();
                    put(&mut sector, 0, b"data");
                    put(&mut sector, 4, &((number >> 32) as u32).to_le_bytes());
                    put(&mut sector, 4092, &(number as u32).to_le_bytes());
                    entry.extend(sector);
                    offset
                }
            };
            put(&mut entry, descriptor + 16, &(*offset as u64).to_le_bytes());
            put(&mut entry, descriptor + 24, &number.to_le_bytes());
        }
        let entry_len = entry.len();
        put(&mut entry, 8, &(entry_len as u32).to_le_bytes());
        let sum = crc32c(&entry);
        put(&mut entry, 4, &sum.to_le_bytes());
        for byte in entry {
            file[LOG + at % MIB] = byte;
            at += 1;
        }
    }
    for header in HEADERS {
        put(file, header + 48, &id);
    }
    seal(file);
}

/// Makes the checksums of headers and region tables right.
pub fn seal(file: &mut [u8]) {
    for (at, len) in HEADERS.map(|at| (at, 4096)).into_iter().chain(REGIONS.map(|at| (at, 65536))) {
        if let Some(part) = file.get_mut(at..at + len) {
            part[4..8].fill(0);
            let sum = crc32c(part);
            part[4..8].copy_from_slice(&sum.to_le_bytes());
        }
    }
}

fn metadata(file: &mut [u8], size: usize, parent: Option<&[(&str, &str)]>) {
    let flags = if parent.is_some() { 2u32 } else { 0 };
    let parameters = [(MIB as u32).to_le_bytes(), flags.to_le_bytes()].concat();
    let mut items = vec![
        ("CAA16737-FA36-4D43-B3B6-33F0AA44E76B", parameters, 4),
        ("2FA54224-CD1B-4876-B211-5DBED83BF4B8", (size as u64).to_le_bytes().to_vec(), 6),
        ("BECA12AB-B2E6-4523-93EF-C309E000C746", vec![0xD1; 16], 6),
        ("8141BF1D-A96F-4709-BA47-F233A8FAAB5F", 512u32.to_le_bytes().to_vec(), 6),
        ("CDA348C7-445D-4471-9CC9-E9885251C556", 4096u32.to_le_bytes().to_vec(), 6),
    ];
    if let Some(entries) = parent {
        items.push(("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C", locator(entries), 4));
    }
    put(file, METADATA, b"metadata");
    put(file, METADATA + 10, &(items.len() as u16).to_le_bytes());
    let mut offset = 64 << 10;
    for (index, (id, bytes, flags)) in items.iter().enumerate() {
        let entry = METADATA + 32 + index * 32;
        put(file, entry, &guid(id));
        put(file, entry + 16, &(offset as u32).to_le_bytes());
        put(file, entry + 20, &(bytes.len() as u32).to_le_bytes());
        put(file, entry + 24, &(*flags as u32).to_le_bytes());
        put(file, METADATA + offset, bytes);
        offset += bytes.len();
    }
}

fn locator(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = guid("B04AEFB7-D19E-4A81-B789-25B8E9445913").to_vec();
    bytes.extend([0, 0]);
    bytes.extend((entries.len() as u16).to_le_bytes());
    let mut texts = Vec::new();
    let start = 20 + entries.len() * 12;
    for (key, value) in entries {
        let [key, value] = [key, value]
            .map(|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
        let at = start + texts.len();
        bytes.extend((at as u32).to_le_bytes());
        bytes.extend(((at + key.len()) as u32).to_le_bytes());
        bytes.extend((key.len() as u16).to_le_bytes());
        bytes.extend((value.len() as u16).to_le_bytes());
        texts.extend(key);
        texts.extend(value);
    }
    bytes.extend(texts);
    bytes
}

fn region(file: &mut [u8], at: usize, id: &str, offset: usize) {
    put(file, at, &guid(id));
    put(file, at + 16, &(offset as u64).to_le_bytes());
    put(file, at + 24, &(MIB as u32).to_le_bytes());
    put(file, at + 28, &1u32.to_le_bytes());
}

/// A GUID as it is stored: its first three fields little-endian.
fn guid(text: &str) -> [u8; 16] {
    let digits = text.replace('-', "");
    let mut bytes: Vec<u8> = (0..32)
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex"))
        .collect();
    for range in [0..4, 4..6, 6..8] {
        bytes[range].reverse();
    }
    bytes.try_into().expect("sixteen bytes")
}

/// Bit by bit, from RFC 3720.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0x82F6_3B78 & (crc & 1).wrapping_neg())
        })
    })
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

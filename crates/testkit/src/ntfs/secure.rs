//! $Secure and the security descriptors in it (the Linux-NTFS documentation, "$Secure").

use super::{File, ROOT, Volume, kind, put};

/// Descriptors do not cross the borders of blocks of this size, each of which is there twice.
const BLOCK: usize = 256 << 10;

/// A security descriptor of this owner, group and access list, each as stored.
// Source: [MS-DTYP] 2.4.6.
pub fn security_descriptor(owner: &[u8], group: &[u8], dacl: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 20];
    bytes[0] = 1;
    bytes[2..4].copy_from_slice(&0x8004u16.to_le_bytes());
    for (field, part) in [(4, owner), (8, group), (16, dacl)] {
        let at = bytes.len() as u32;
        put::u32(&mut bytes, field, at);
        bytes.extend_from_slice(part);
    }
    bytes
}

/// The stream $SDS with these descriptors and their ids, as many in each block as fit.
pub fn sds(descriptors: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut blocks = vec![Vec::new()];
    for (id, descriptor) in descriptors {
        let len = 20 + descriptor.len();
        let filled = blocks[blocks.len() - 1].len().next_multiple_of(16);
        if filled + len > BLOCK {
            blocks.push(Vec::new());
        }
        let start = (blocks.len() - 1) * 2 * BLOCK;
        let block = blocks.last_mut().expect("there is one");
        block.resize(block.len().next_multiple_of(16), 0);
        let at = block.len();
        block.resize(at + 20, 0);
        put::u32(block, at, hash(descriptor));
        put::u32(block, at + 4, *id);
        put::u64(block, at + 8, (start + at) as u64);
        put::u32(block, at + 16, len as u32);
        block.extend_from_slice(descriptor);
    }
    let mut stream = Vec::new();
    for block in blocks {
        stream.resize(stream.len().next_multiple_of(BLOCK), 0);
        stream.extend_from_slice(&block);
        stream.resize(stream.len().next_multiple_of(BLOCK), 0);
        stream.extend_from_slice(&block);
    }
    stream
}

fn hash(descriptor: &[u8]) -> u32 {
    let words = descriptor.chunks_exact(4).map(|word| word.try_into().expect("four bytes"));
    words.fold(0, |hash: u32, word| hash.rotate_left(3).wrapping_add(u32::from_le_bytes(word)))
}

impl Volume {
    /// Adds $Secure with this stream $SDS; returns where that begins in the volume.
    pub fn secure(&mut self, sds: &[u8]) -> u64 {
        let stream = self.store(sds, 0);
        let at = stream[0].0.expect("no hole") * self.options.cluster as u64;
        let sizes = self.sizes(stream, sds.len());
        let stream = super::non_resident(kind::DATA, "$SDS", &sizes);
        let mut file = File::new(ROOT, "$Secure").with(stream);
        (file.sequence, file.attributes) = (9, 6);
        self.put(9, &file);
        at
    }
}

//! The catalog of shadow copies (J. Metz, "Volume Shadow Snapshot (VSS) format", libvshadow).

use super::{Volume, put};

const IDENTIFIER: [u8; 16] = [
    0x6B, 0x87, 0x08, 0x38, 0x76, 0xC1, 0x48, 0x4E, 0xB7, 0xAE, 0x04, 0x04, 0x6E, 0x6C, 0xC7, 0x52,
];
const BLOCK: usize = 0x4000;

/// A structure of this type that lies at `at`: its first 128 bytes.
fn header(kind: u32, at: u64, next: u64) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes[..16].copy_from_slice(&IDENTIFIER);
    put::u32(&mut bytes, 16, 1);
    put::u32(&mut bytes, 20, kind);
    put::u64(&mut bytes, 32, at);
    put::u64(&mut bytes, 40, next);
    bytes
}

impl Volume {
    /// Lists shadow copies: the identifier of each, when it was made (100 ns since 1601), and how
    /// long the volume was. They hold nothing. The catalog has `per_block` copies in a block.
    ///
    /// Returns where its first block is.
    pub fn shadow_copies(&mut self, copies: &[([u8; 16], u64, u64)], per_block: usize) -> u64 {
        let blocks = copies.len().div_ceil(per_block).max(1);
        let cluster = self.options.cluster as u64;
        let place =
            |volume: &mut Self| volume.store(&vec![0; BLOCK], 0)[0].0.expect("no hole") * cluster;
        let catalog: Vec<u64> = (0..blocks).map(|_| place(self)).collect();
        for (index, copies) in copies.chunks(per_block).enumerate() {
            let at = catalog[index];
            let mut block = header(2, at, catalog.get(index + 1).copied().unwrap_or(0));
            for (id, created, len) in copies {
                let store = place(self);
                let mut copy = vec![0; 256];
                put::u64(&mut copy, 0, 2);
                put::u64(&mut copy, 8, *len);
                copy[16..32].copy_from_slice(id);
                put::u64(&mut copy, 32, 1);
                put::u64(&mut copy, 40, 0x40);
                put::u64(&mut copy, 48, *created);
                put::u64(&mut copy, 128, 3);
                put::u64(&mut copy, 128 + 8, store + BLOCK as u64);
                copy[128 + 16..128 + 32].copy_from_slice(id);
                put::u64(&mut copy, 128 + 32, store);
                block.extend(copy);
                self.put_store(store, *id);
            }
            block.resize(BLOCK, 0);
            self.bytes[at as usize..][..BLOCK].copy_from_slice(&block);
        }
        let mut first = header(1, 0x1E00, 0);
        put::u64(&mut first, 32, 0);
        put::u64(&mut first, 24, 0x1E00);
        put::u64(&mut first, 48, catalog[0]);
        self.bytes[0x1E00..][..128].copy_from_slice(&first);
        catalog[0]
    }

    /// The header of a store, and what it says of its copy.
    fn put_store(&mut self, at: u64, id: [u8; 16]) {
        let mut store = header(4, at, 0);
        store.resize(256, 0);
        store[128..144].copy_from_slice(&id);
        store[144..160].copy_from_slice(&id);
        put::u32(&mut store, 128 + 40, 0x0042_0009);
        self.bytes[at as usize..][..store.len()].copy_from_slice(&store);
    }
}

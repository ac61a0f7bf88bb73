//! Cells in hive bins, and the file around them.

/// The hive bins data: bins of 4096 bytes, or longer ones for long cells, filled one by one.
#[derive(Default)]
pub(super) struct Cells {
    bytes: Vec<u8>,
    /// Where the next cell of the last bin goes.
    free: usize,
}

impl Cells {
    /// Adds an allocated cell and returns its offset.
    pub(super) fn add(&mut self, content: &[u8]) -> u32 {
        let len = (content.len() + 4).max(8).next_multiple_of(8);
        if self.free + len > self.bytes.len() {
            self.begin_bin(len);
        }
        let offset = self.free;
        self.bytes[offset..offset + 4].copy_from_slice(&(-(len as i32)).to_le_bytes());
        self.bytes[offset + 4..offset + 4 + content.len()].copy_from_slice(content);
        self.free += len;
        offset as u32
    }

    /// Sets a field at `at` of the content of the cell at `offset`.
    pub(super) fn set_u32(&mut self, offset: u32, at: usize, value: u32) {
        let at = offset as usize + 4 + at;
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn begin_bin(&mut self, cell_len: usize) {
        self.end_bin();
        let start = self.bytes.len();
        let size = (cell_len + 32).next_multiple_of(4096);
        self.bytes.extend(b"hbin");
        self.bytes.extend((start as u32).to_le_bytes());
        self.bytes.extend((size as u32).to_le_bytes());
        self.bytes.resize(start + size, 0);
        self.free = start + 32;
    }

    /// Fills the rest of the last bin with a free cell.
    fn end_bin(&mut self) {
        let rest = self.bytes.len() - self.free;
        if rest > 0 {
            self.bytes[self.free..self.free + 4].copy_from_slice(&(rest as i32).to_le_bytes());
        }
        self.free = self.bytes.len();
    }
}

/// Puts the base block before the bins.
pub(super) fn file(mut cells: Cells, minor: u32, root: u32) -> Vec<u8> {
    cells.end_bin();
    let mut file = b"regf".to_vec();
    let len = cells.bytes.len() as u32;
    file.extend([7u32, 7].iter().flat_map(|number| number.to_le_bytes()));
    file.extend(0x01CE_4B00_1234_5678u64.to_le_bytes());
    file.extend([1, minor, 0, 1, root, len, 1].iter().flat_map(|field: &u32| field.to_le_bytes()));
    file.extend("test.dat".encode_utf16().flat_map(u16::to_le_bytes));
    file.resize(508, 0);
    file.extend(checksum(&file).to_le_bytes());
    file.resize(4096, 0);
    file.extend(cells.bytes);
    file
}

/// XOR-32 over the first 508 bytes of a base block.
pub fn checksum(bytes: &[u8]) -> u32 {
    let words =
        bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().expect("four")));
    match words.fold(0, |sum, word| sum ^ word) {
        0 => 1,
        u32::MAX => u32::MAX - 1,
        sum => sum,
    }
}

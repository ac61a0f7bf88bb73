//! Writes registry hives from the specification (M. Suhanov, "Windows registry file format
//! specification"): keys, values, class names, every kind of list, big data.
//!
//! Hives are small and made by tests, so a mistake in using this panics.

use std::collections::BTreeMap;

mod cells;
mod delete;
pub mod log;

use cells::Cells;
pub use cells::checksum;

/// "No cell."
const NONE: u32 = u32::MAX;
/// The most data of a value in one cell from version 1.4 on, and in one segment of big data.
const SEGMENT: usize = 16344;
/// The most elements of a leaf list when its key asks for an index root.
const RI_LEAF: usize = 3;

/// A name to be stored: its UTF-16 units, with one byte each where `compressed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The characters as UTF-16 units; all below 256 where `compressed`.
    pub units: Vec<u16>,
    /// Whether the name takes one byte a character.
    pub compressed: bool,
}

impl From<&str> for Name {
    /// Stored with one byte a character where that is possible, as Windows does.
    fn from(text: &str) -> Self {
        Self::from_units(text.encode_utf16().collect())
    }
}

impl Name {
    /// A name of any units, valid UTF-16 or not.
    pub fn from_units(units: Vec<u16>) -> Self {
        let compressed = units.iter().all(|unit| *unit < 256);
        Self { units, compressed }
    }

    /// The same name, stored as UTF-16.
    pub fn wide(mut self) -> Self {
        self.compressed = false;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        match self.compressed {
            true => {
                self.units.iter().map(|unit| u8::try_from(*unit).expect("compressed")).collect()
            }
            false => utf16(&self.units),
        }
    }
}

fn utf16(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

/// Which list a key's subkeys are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum List {
    /// Index leaf.
    Li,
    /// Fast leaf.
    #[default]
    Lf,
    /// Hash leaf.
    Lh,
    /// Index root over hash leaves of three.
    Ri,
}

/// A security descriptor that says nothing.
const NO_SECURITY: [u8; 20] = [1, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// A key to be written, with all below it.
#[derive(Clone, Debug)]
pub struct Key {
    /// Name.
    pub name: Name,
    /// Last-write time as FILETIME.
    pub mtime: u64,
    /// Class name as UTF-16 units.
    pub class: Option<Vec<u16>>,
    /// Values in stored order.
    pub values: Vec<Value>,
    /// Subkeys in stored order; Windows would sort them.
    pub subkeys: Vec<Key>,
    /// Kind of the list of subkeys.
    pub list: List,
    /// Security descriptor; keys with equal ones share an item.
    pub security: Vec<u8>,
    /// Flags beside those that say what is stored.
    pub flags: u16,
}

/// A value to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Name; the unnamed value's is empty.
    pub name: Name,
    /// Type number.
    pub kind: u32,
    /// Data as stored.
    pub data: Vec<u8>,
}

impl Value {
    /// A value of any type.
    pub fn new(name: &str, kind: u32, data: &[u8]) -> Self {
        Self { name: name.into(), kind, data: data.to_vec() }
    }

    /// A REG_SZ with its terminator.
    pub fn string(name: &str, text: &str) -> Self {
        let units: Vec<u16> = text.encode_utf16().chain([0]).collect();
        Self::new(name, 1, &utf16(&units))
    }

    /// A REG_DWORD.
    pub fn dword(name: &str, number: u32) -> Self {
        Self::new(name, 4, &number.to_le_bytes())
    }
}

impl Key {
    /// A key without values and subkeys.
    pub fn new(name: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            mtime: 0x01CE_4B00_0000_0000,
            class: None,
            values: Vec::new(),
            subkeys: Vec::new(),
            list: List::default(),
            security: NO_SECURITY.to_vec(),
            flags: 0,
        }
    }

    /// The same key with one more subkey.
    #[must_use]
    pub fn with(mut self, subkey: Key) -> Self {
        self.subkeys.push(subkey);
        self
    }

    /// The same key with one more value.
    #[must_use]
    pub fn value(mut self, value: Value) -> Self {
        self.values.push(value);
        self
    }

    /// The same key with another last-write time.
    #[must_use]
    pub fn at(mut self, mtime: u64) -> Self {
        self.mtime = mtime;
        self
    }
}

/// A hive as written, and where in it the records are.
#[derive(Clone, Debug)]
pub struct Built {
    /// The bytes of the file.
    pub bytes: Vec<u8>,
    /// File offset of each key node's cell by the positions of the keys on the way to it: the
    /// root's is `[]`, that of its second subkey's first subkey `[1, 0]`.
    pub keys: BTreeMap<Vec<usize>, usize>,
    /// File offset of each value's cell by its key's positions and its own.
    pub values: BTreeMap<(Vec<usize>, usize), usize>,
}

impl Built {
    /// Writes `bytes` at `offset` of the file: how tests do damage.
    pub fn patch(&mut self, offset: usize, bytes: &[u8]) {
        self.bytes[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// Reads the offset field at `offset` of the file and returns the file offset it leads to.
    pub fn follow(&self, offset: usize) -> usize {
        let field = self.bytes[offset..offset + 4].try_into().expect("four bytes");
        u32::from_le_bytes(field) as usize + 4096
    }

    /// Makes the checksum of the base block right again.
    pub fn seal(&mut self) {
        let sum = checksum(&self.bytes[..508]);
        self.patch(508, &sum.to_le_bytes());
    }
}

/// Writes the hive with this root key, version 1.5.
pub fn build(root: &Key) -> Built {
    build_version(root, 5)
}

/// Writes the hive with this root key, version 1.`minor`.
pub fn build_version(root: &Key, minor: u32) -> Built {
    let built = Built { bytes: Vec::new(), keys: BTreeMap::new(), values: BTreeMap::new() };
    let mut writer = Writer {
        cells: Cells::default(),
        minor,
        securities: BTreeMap::new(),
        ring: None,
        built: Some(built),
    };
    let root = writer.key(root, NONE, &mut Vec::new());
    let mut built = writer.built.take().expect("made above");
    built.bytes = cells::file(writer.cells, minor, root);
    built
}

struct Writer {
    cells: Cells,
    minor: u32,
    /// The key security items by their descriptors, each with the number of keys that have it.
    securities: BTreeMap<Vec<u8>, (u32, u32)>,
    /// The first and the last of them.
    ring: Option<(u32, u32)>,
    built: Option<Built>,
}

impl Writer {
    fn built(&mut self) -> &mut Built {
        self.built.as_mut().expect("made in build_version")
    }

    /// The key security item with this descriptor. All of them form one list, a ring.
    fn security(&mut self, descriptor: &[u8]) -> u32 {
        if let Some((offset, references)) = self.securities.get_mut(descriptor) {
            *references += 1;
            self.cells.set_u32(*offset, 12, *references);
            return *offset;
        }
        let mut record = b"sk\0\0".to_vec();
        record.extend([0; 8]);
        record.extend(1u32.to_le_bytes());
        record.extend((descriptor.len() as u32).to_le_bytes());
        record.extend(descriptor);
        let offset = self.cells.add(&record);
        let (first, last) = self.ring.unwrap_or((offset, offset));
        self.cells.set_u32(last, 4, offset);
        self.cells.set_u32(offset, 4, first);
        self.cells.set_u32(offset, 8, last);
        self.cells.set_u32(first, 8, offset);
        self.ring = Some((first, offset));
        self.securities.insert(descriptor.to_vec(), (offset, 1));
        offset
    }

    fn key(&mut self, key: &Key, parent: u32, place: &mut Vec<usize>) -> u32 {
        let security = self.security(&key.security);
        let offset = self.cells.add(&self.node(key, parent, security, place.is_empty()));
        self.built().keys.insert(place.clone(), offset as usize + 4096);
        if let Some(class) = &key.class {
            let cell = self.cells.add(&utf16(class));
            self.cells.set_u32(offset, 48, cell);
        }
        self.values(key, offset, place);
        let mut subkeys = Vec::new();
        for (index, subkey) in key.subkeys.iter().enumerate() {
            place.push(index);
            subkeys.push((self.key(subkey, offset, place), subkey));
            place.pop();
        }
        if !subkeys.is_empty() {
            let list = self.subkeys(key.list, &subkeys);
            self.cells.set_u32(offset, 28, list);
        }
        offset
    }

    /// Key node; its lists and class are set later.
    fn node(&self, key: &Key, parent: u32, security: u32, root: bool) -> Vec<u8> {
        let name = key.name.bytes();
        let flags = if root { 0x000C } else { 0 } | if key.name.compressed { 0x20 } else { 0u16 };
        let flags = flags | key.flags;
        let class_len = key.class.as_ref().map_or(0, |class| class.len() * 2);
        let mut record = b"nk".to_vec();
        record.extend(flags.to_le_bytes());
        record.extend(key.mtime.to_le_bytes());
        let fields = [
            0,
            parent,
            key.subkeys.len() as u32,
            0,
            NONE,
            NONE,
            key.values.len() as u32,
            NONE,
            security,
            NONE,
            0,
            0,
            0,
            0,
            0,
        ];
        record.extend(fields.iter().flat_map(|field: &u32| field.to_le_bytes()));
        record.extend((name.len() as u16).to_le_bytes());
        record.extend((class_len as u16).to_le_bytes());
        assert_eq!(record.len(), 76, "the name of a key node is at 76");
        record.extend(name);
        record
    }

    fn values(&mut self, key: &Key, offset: u32, place: &[usize]) {
        let mut list = Vec::new();
        for (index, value) in key.values.iter().enumerate() {
            let cell = self.value(value);
            self.built().values.insert((place.to_vec(), index), cell as usize + 4096);
            list.extend(cell.to_le_bytes());
        }
        if !list.is_empty() {
            let list = self.cells.add(&list);
            self.cells.set_u32(offset, 40, list);
        }
    }

    fn value(&mut self, value: &Value) -> u32 {
        let name = value.name.bytes();
        let (size, data) = self.data(&value.data);
        let mut record = b"vk".to_vec();
        record.extend((name.len() as u16).to_le_bytes());
        record.extend(size.to_le_bytes());
        record.extend(data);
        record.extend(value.kind.to_le_bytes());
        record.extend(u16::from(value.name.compressed).to_le_bytes());
        record.extend([0; 2]);
        record.extend(name);
        self.cells.add(&record)
    }

    /// The fields "data size" and "data offset".
    fn data(&mut self, data: &[u8]) -> (u32, [u8; 4]) {
        let len = data.len() as u32;
        match data.len() {
            // As Windows writes values without data: resident, with a length of 0.
            0 => (0x8000_0000, [0; 4]),
            1..=4 => {
                let mut resident = [0; 4];
                resident[..data.len()].copy_from_slice(data);
                (len | 0x8000_0000, resident)
            }
            _ if data.len() > SEGMENT && self.minor >= 4 => {
                (len, self.big_data(data).to_le_bytes())
            }
            _ => (len, self.cells.add(data).to_le_bytes()),
        }
    }

    fn big_data(&mut self, data: &[u8]) -> u32 {
        let segments: Vec<u32> = data.chunks(SEGMENT).map(|part| self.cells.add(part)).collect();
        let list: Vec<u8> = segments.iter().flat_map(|offset| offset.to_le_bytes()).collect();
        let list = self.cells.add(&list);
        let mut record = b"db".to_vec();
        record.extend((segments.len() as u16).to_le_bytes());
        record.extend(list.to_le_bytes());
        record.extend([0; 4]);
        self.cells.add(&record)
    }

    fn subkeys(&mut self, list: List, subkeys: &[(u32, &Key)]) -> u32 {
        if list != List::Ri {
            return self.leaf(list, subkeys);
        }
        let leaves: Vec<u32> =
            subkeys.chunks(RI_LEAF).map(|part| self.leaf(List::Lh, part)).collect();
        let mut record = b"ri".to_vec();
        record.extend((leaves.len() as u16).to_le_bytes());
        record.extend(leaves.iter().flat_map(|offset| offset.to_le_bytes()));
        self.cells.add(&record)
    }

    fn leaf(&mut self, list: List, subkeys: &[(u32, &Key)]) -> u32 {
        let signature = match list {
            List::Li => b"li",
            List::Lf => b"lf",
            List::Lh | List::Ri => b"lh",
        };
        let mut record = signature.to_vec();
        record.extend((subkeys.len() as u16).to_le_bytes());
        for (offset, key) in subkeys {
            record.extend(offset.to_le_bytes());
            match list {
                List::Li => {}
                List::Lf => record.extend(hint(&key.name)),
                List::Lh | List::Ri => record.extend(hash(&key.name).to_le_bytes()),
            }
        }
        self.cells.add(&record)
    }
}

/// Name hint of a fast leaf: the first four characters.
fn hint(name: &Name) -> [u8; 4] {
    let mut hint = [0; 4];
    for (to, unit) in hint.iter_mut().zip(&name.units) {
        *to = unit.to_le_bytes()[0];
    }
    hint
}

/// Hash of a hash leaf, over the name in upper case.
fn hash(name: &Name) -> u32 {
    let upper = String::from_utf16_lossy(&name.units).to_uppercase();
    upper.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(37).wrapping_add(unit.into()))
}

//! Attributes ("Attribute Header" of the Linux-NTFS documentation).

use super::{Run, put, run_list};

/// Attribute types by number.
pub mod kind {
    /// $STANDARD_INFORMATION.
    pub const STANDARD_INFORMATION: u32 = 0x10;
    /// $ATTRIBUTE_LIST.
    pub const ATTRIBUTE_LIST: u32 = 0x20;
    /// $FILE_NAME.
    pub const FILE_NAME: u32 = 0x30;
    /// $SECURITY_DESCRIPTOR.
    pub const SECURITY_DESCRIPTOR: u32 = 0x50;
    /// $VOLUME_NAME.
    pub const VOLUME_NAME: u32 = 0x60;
    /// $VOLUME_INFORMATION.
    pub const VOLUME_INFORMATION: u32 = 0x70;
    /// $DATA.
    pub const DATA: u32 = 0x80;
    /// $INDEX_ROOT.
    pub const INDEX_ROOT: u32 = 0x90;
    /// $INDEX_ALLOCATION.
    pub const INDEX_ALLOCATION: u32 = 0xA0;
    /// $BITMAP.
    pub const BITMAP: u32 = 0xB0;
    /// $REPARSE_POINT.
    pub const REPARSE_POINT: u32 = 0xC0;
}

/// Flag of compressed attributes.
pub const COMPRESSED: u16 = 1;
/// Flag of sparse attributes.
pub const SPARSE: u16 = 0x8000;

/// An attribute as stored, but for its id.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Type.
    pub kind: u32,
    /// Name.
    pub name: String,
    /// First cluster of the value that it covers.
    pub lowest_vcn: u64,
    /// The bytes, a multiple of eight.
    pub bytes: Vec<u8>,
}

/// Returns an attribute with its value in the record.
pub fn resident(kind: u32, name: &str, value: &[u8]) -> Attribute {
    let mut bytes = header(kind, name, 0x18);
    let value_at = bytes.len();
    put::u32(&mut bytes, 0x10, u32::try_from(value.len()).expect("small"));
    put::u16(&mut bytes, 0x14, u16::try_from(value_at).expect("small"));
    bytes[0x16] = u8::from(kind == kind::FILE_NAME); // indexed
    bytes.extend_from_slice(value);
    finish(kind, name, 0, bytes)
}

/// A value in clusters. Sizes are in bytes.
#[derive(Clone, Debug, Default)]
pub struct Clusters {
    /// The runs.
    pub runs: Vec<Run>,
    /// Flag bits.
    pub flags: u16,
    /// Compression unit as a power of two of clusters.
    pub unit: u8,
    /// First cluster of the value that these runs cover.
    pub lowest_vcn: u64,
    /// Size of all clusters.
    pub allocated_size: u64,
    /// Size of the value.
    pub data_size: u64,
    /// Size of what was written of it.
    pub initialized_size: u64,
}

/// Returns an attribute with its value in clusters.
pub fn non_resident(kind: u32, name: &str, value: &Clusters) -> Attribute {
    let fixed = if value.unit > 0 { 0x48 } else { 0x40 };
    let mut bytes = header(kind, name, fixed);
    let count = value.runs.iter().fold(0u64, |sum, (_, clusters)| sum.saturating_add(*clusters));
    bytes[8] = 1;
    put::u16(&mut bytes, 0x0C, value.flags);
    put::u64(&mut bytes, 0x10, value.lowest_vcn);
    put::u64(&mut bytes, 0x18, value.lowest_vcn.wrapping_add(count).wrapping_sub(1));
    let runs_at = bytes.len();
    put::u16(&mut bytes, 0x20, u16::try_from(runs_at).expect("small"));
    put::u16(&mut bytes, 0x22, value.unit.into());
    put::u64(&mut bytes, 0x28, value.allocated_size);
    put::u64(&mut bytes, 0x30, value.data_size);
    put::u64(&mut bytes, 0x38, value.initialized_size);
    if value.unit > 0 {
        put::u64(&mut bytes, 0x40, value.allocated_size);
    }
    bytes.extend(run_list::encode(&value.runs));
    finish(kind, name, value.lowest_vcn, bytes)
}

/// Everything before the value: `fixed` bytes and the name.
fn header(kind: u32, name: &str, fixed: usize) -> Vec<u8> {
    let mut bytes = vec![0; fixed];
    let units = put::utf16(name);
    put::u32(&mut bytes, 0, kind);
    bytes[9] = u8::try_from(units.len() / 2).expect("short name");
    put::u16(&mut bytes, 0x0A, u16::try_from(fixed).expect("small"));
    bytes.extend(units);
    put::pad8(&mut bytes);
    bytes
}

fn finish(kind: u32, name: &str, lowest_vcn: u64, mut bytes: Vec<u8>) -> Attribute {
    put::pad8(&mut bytes);
    let len = u32::try_from(bytes.len()).expect("small");
    put::u32(&mut bytes, 4, len);
    Attribute { kind, name: name.to_owned(), lowest_vcn, bytes }
}

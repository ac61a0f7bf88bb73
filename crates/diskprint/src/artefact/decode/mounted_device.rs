//! MountedDevices: which volume a drive letter stands for.

use super::super::row::{self, Row};
use super::{guid, u32_at, u64_at};

/// A value's data: a partition of an MBR disk, one of a GPT disk, or a device's name.
// Source: winreg-kb, "Mounted devices".
pub(crate) fn mounted_device(row: &Row) -> Option<String> {
    row.say(row.value.and_then(|value| volume(value.data)))
}

fn volume(data: &[u8]) -> Option<String> {
    if let (12, Some(signature), Some(offset)) = (data.len(), u32_at(data, 0), u64_at(data, 4)) {
        return Some(format!("MBR disk signature {signature:08x}, partition at byte {offset}"));
    }
    let partition = data.strip_prefix(b"DMIO:ID:").and_then(|guid| guid.try_into().ok());
    if let Some(partition) = partition {
        return Some(format!("GPT partition {}", guid::text(partition)));
    }
    let text = row::text(data)?;
    (text.starts_with(r"\??\") || text.starts_with("_??_")).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_told_from_the_others() {
        let mbr = [0xE4, 0x58, 0x94, 0x62, 0, 0, 1, 0, 0, 0, 0, 0];
        let told = volume(&mbr);
        assert_eq!(told.as_deref(), Some("MBR disk signature 629458e4, partition at byte 65536"));
        let gpt = *b"DMIO:ID:\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10";
        let told = volume(&gpt);
        assert_eq!(told.as_deref(), Some("GPT partition {04030201-0605-0807-090a-0b0c0d0e0f10}"));
        let device: Vec<u8> = r"\??\IDE#CdRom".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(volume(&device).as_deref(), Some(r"\??\IDE#CdRom"));
        assert_eq!(volume(&gpt[..23]), None);
        assert_eq!(volume(&[]), None);
    }
}

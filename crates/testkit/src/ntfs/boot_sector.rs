//! The boot sector ("$Boot" of the Linux-NTFS documentation).

use super::{Options, put};

/// Returns the boot sector of a volume whose $MFT and $MFTMirr begin at these clusters.
pub fn boot_sector(options: &Options, mft: u64, mirror: u64) -> Vec<u8> {
    let mut bytes = vec![0; 512];
    bytes[..3].copy_from_slice(&[0xEB, 0x52, 0x90]);
    bytes[3..11].copy_from_slice(b"NTFS    ");
    put::u16(&mut bytes, 0x0B, u16::try_from(options.sector).expect("small"));
    bytes[0x0D] = sectors_per_cluster(options.cluster / options.sector);
    bytes[0x15] = 0xF8;
    put::u64(&mut bytes, 0x28, (options.clusters * options.cluster / options.sector) as u64);
    put::u64(&mut bytes, 0x30, mft);
    put::u64(&mut bytes, 0x38, mirror);
    bytes[0x40] = clusters_or_power(options.record, options.cluster);
    bytes[0x44] = clusters_or_power(options.index_block, options.cluster);
    put::u64(&mut bytes, 0x48, options.serial);
    bytes[510..].copy_from_slice(&[0x55, 0xAA]);
    bytes
}

/// A count up to 128; more as a negative power of two.
fn sectors_per_cluster(sectors: usize) -> u8 {
    match u8::try_from(sectors) {
        Ok(count) if count <= 0x80 => count,
        _ => 0u8.wrapping_sub(sectors.trailing_zeros() as u8),
    }
}

fn clusters_or_power(size: usize, cluster: usize) -> u8 {
    if size >= cluster {
        u8::try_from(size / cluster).expect("small")
    } else {
        0u8.wrapping_sub(size.trailing_zeros() as u8)
    }
}

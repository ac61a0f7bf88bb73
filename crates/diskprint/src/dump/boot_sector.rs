use diskprint_formats::ntfs::BootSector;

use super::words::{ascii, bytes, hex, hex_bytes, number, offset};
use super::{Dump, Fields};

/// Dumps the boot sector of an NTFS volume from its first 512 bytes.
// Source: the NTFS documentation of the Linux-NTFS project, "$Boot".
pub fn boot_sector(sector: &[u8]) -> Dump {
    let mut dump = Dump::default();
    dump.heading("boot sector");
    let mut fields = Fields::new(&mut dump, sector, 0);
    fields.show(0, "jump", |jump: [u8; 3]| hex_bytes(&jump));
    fields.show(3, "OEM id", |id: [u8; 8]| ascii(&id));
    fields.u16(0x0B, "bytes per sector", number);
    fields.u8(0x0D, "sectors per cluster", power_or_count);
    fields.u16(0x0E, "reserved sectors", number);
    fields.u8(0x15, "media descriptor", hex);
    fields.u16(0x18, "sectors per track", number);
    fields.u16(0x1A, "heads", number);
    fields.u32(0x1C, "hidden sectors", number);
    fields.u64(0x28, "total sectors", number);
    fields.u64(0x30, "$MFT", |lcn| format!("cluster {lcn}"));
    fields.u64(0x38, "$MFTMirr", |lcn| format!("cluster {lcn}"));
    fields.u8(0x40, "file record size", clusters_or_power);
    fields.u8(0x44, "index block size", clusters_or_power);
    fields.u64(0x48, "serial number", |serial| format!("{serial:016x}"));
    fields.u32(0x50, "checksum", |sum| if sum == 0 { "not used (0)".into() } else { hex(sum) });
    fields.show(0x1FE, "end marker", |end: [u8; 2]| hex_bytes(&end));
    match BootSector::parse(sector) {
        Ok(boot) => sizes(&mut dump, &boot),
        Err(error) => dump.error(&error),
    }
    if sector.get(0x1FE..0x200).is_some_and(|end| end != [0x55, 0xAA]) {
        dump.wrong("boot sector: the end marker is not 55 aa");
    }
    dump
}

/// What the fields above come to.
fn sizes(dump: &mut Dump, boot: &BootSector) {
    dump.heading("which means");
    dump.field(None, "cluster size", bytes(boot.cluster_size));
    dump.field(None, "file record size", bytes(boot.file_record_size));
    dump.field(None, "index block size", bytes(boot.index_block_size));
    dump.field(None, "volume length", bytes(boot.volume_len()));
    dump.field(None, "clusters", boot.total_clusters());
    let place = |lcn: u64| match lcn.checked_mul(boot.cluster_size.into()) {
        Some(at) => format!("at {} of the volume", offset(at)),
        None => "behind the last byte that a volume can have".to_owned(),
    };
    dump.field(None, "$MFT", place(boot.mft_lcn));
    dump.field(None, "$MFTMirr", place(boot.mft_mirror_lcn));
}

fn power_or_count(raw: u8) -> String {
    match raw {
        0..=0x80 => raw.to_string(),
        raw => format!("{raw:#x}: 2^{}", 256 - u32::from(raw)),
    }
}

fn clusters_or_power(raw: u8) -> String {
    match raw.cast_signed() {
        1 => "1 cluster".to_owned(),
        clusters @ 0.. => format!("{clusters} clusters"),
        power => format!("{raw:#x}: 2^{} bytes", power.unsigned_abs()),
    }
}

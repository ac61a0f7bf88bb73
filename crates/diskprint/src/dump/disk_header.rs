use std::sync::Arc;

use diskprint_formats::{Guid, ReadAt, ReadAtExt, qcow2, vdi, vhd, vhdx};

use super::words::{ascii, bytes};
use super::{Dump, vmdk};
use crate::printable;
use crate::virtual_disk::VirtualDisk;

/// Dumps the headers of the virtual disk in `file`; `None` when it is of no known format.
pub fn disk_header(file: &Arc<dyn ReadAt>) -> Option<Dump> {
    let start = file.read_vec_at(0, 21).ok()?;
    if start.starts_with(b"KDMV") || start.starts_with(b"# Disk DescriptorFile") {
        return Some(vmdk::vmdk(file));
    }
    let mut dump = Dump::default();
    match VirtualDisk::read(file) {
        Ok(Some(VirtualDisk::Qcow2(header))) => of_qcow2(&mut dump, file, &header),
        Ok(Some(VirtualDisk::Vhd(header))) => of_vhd(&mut dump, &header),
        Ok(Some(VirtualDisk::Vhdx(header))) => of_vhdx(&mut dump, &header),
        Ok(Some(VirtualDisk::Vdi(header))) => of_vdi(&mut dump, &header),
        Ok(Some(VirtualDisk::Vmdk(_))) => return Some(vmdk::vmdk(file)),
        Ok(Some(VirtualDisk::Raw(_)) | None) | Err(_) => return None,
    }
    Some(dump)
}

fn of_qcow2(dump: &mut Dump, file: &Arc<dyn ReadAt>, header: &qcow2::Header) {
    dump.heading("qcow2 header");
    dump.field(4, "version", header.version);
    if let Some(name) = &header.backing_file {
        dump.field(8, "backing file", text(name));
    }
    if let Some(format) = &header.backing_format {
        dump.field(None, "backing format", text(format));
    }
    dump.field(20, "cluster size", bytes(header.cluster_len()));
    dump.field(24, "size", bytes(header.size));
    dump.field(36, "l1_size", format_args!("{} entries", header.l1_entries));
    dump.field(40, "l1_table_offset", place(header.l1_offset));
    dump.field(60, "nb_snapshots", header.snapshots);
    dump.field(64, "snapshots_offset", place(header.snapshots_offset));
    dump.field(72, "incompatible_features", format_args!("{:#x}", header.incompatible_features));
    dump.field(80, "compatible_features", format_args!("{:#x}", header.compatible_features));
    let compression = match header.compression {
        qcow2::Compression::Deflate => "deflate",
        qcow2::Compression::Zstd => "zstd",
    };
    dump.field(None, "compression", compression);
    match qcow2::Snapshot::list(file, header) {
        Ok(snapshots) => {
            for it in snapshots {
                let (id, name) = (text(&it.id), text(&it.name));
                let (seconds, len) = (it.seconds, bytes(it.size));
                dump.heading(format_args!("snapshot {id}, {name}"));
                dump.field(None, "taken", format_args!("{seconds} seconds after 1970"));
                dump.field(None, "size", len);
                dump.field(None, "memory", bytes(it.memory_len));
            }
        }
        Err(error) => dump.error(&error),
    }
}

fn of_vhd(dump: &mut Dump, header: &vhd::Header) {
    let vhd::Header { footer, dynamic, findings } = header;
    dump.heading("VHD footer");
    dump.field(16, "data offset", place(footer.data_offset));
    dump.field(24, "time stamp", format_args!("{} seconds after 2000", footer.time_stamp));
    dump.field(28, "creator application", ascii(&footer.creator));
    dump.field(40, "original size", bytes(footer.original_size));
    dump.field(48, "current size", bytes(footer.current_size));
    dump.field(60, "disk type", footer.kind.name());
    dump.field(68, "unique id", footer.unique_id);
    dump.field(84, "saved state", if footer.saved_state { "yes" } else { "no" });
    if let Some(dynamic) = dynamic {
        dump.heading("dynamic disk header");
        dump.field(16, "table offset", place(dynamic.table_offset));
        dump.field(28, "max table entries", dynamic.table_entries);
        dump.field(32, "block size", bytes(dynamic.block_len));
        dump.field(40, "parent unique id", id(dynamic.parent_id));
        let time = dynamic.parent_time_stamp;
        dump.field(56, "parent time stamp", format_args!("{time} seconds after 2000"));
        for name in &dynamic.parent_names {
            dump.field(None, "parent name", text(name));
        }
    }
    findings.iter().for_each(|finding| dump.error(finding));
}

fn of_vhdx(dump: &mut Dump, header: &vhdx::Header) {
    dump.heading("VHDX header");
    dump.field(8, "SequenceNumber", header.sequence);
    dump.field(16, "FileWriteGuid", header.file_write);
    dump.field(32, "DataWriteGuid", header.data_write);
    dump.field(48, "LogGuid", id(header.log));
    dump.heading("block allocation table");
    dump.field(None, "offset", place(header.table_offset));
    dump.field(None, "length", bytes(header.table_len));
    dump.heading("metadata");
    dump.field(None, "kind", header.kind.name());
    dump.field(None, "VirtualDiskSize", bytes(header.size));
    dump.field(None, "BlockSize", bytes(header.block_len));
    dump.field(None, "LogicalSectorSize", bytes(header.sector_len));
    dump.field(None, "PhysicalSectorSize", bytes(header.physical_sector_len));
    dump.field(None, "VirtualDiskId", header.id);
    for (key, value) in &header.parent {
        dump.field(None, &printable(key), text(value));
    }
    header.findings.iter().for_each(|finding| dump.error(finding));
}

fn of_vdi(dump: &mut Dump, header: &vdi::Header) {
    dump.heading("VDI header");
    dump.field(0, "text", text(&header.text));
    dump.field(76, "type", header.kind.name());
    if !header.comment.is_empty() {
        dump.field(84, "comment", text(&header.comment));
    }
    dump.field(340, "offset of blocks", place(header.map_offset));
    dump.field(344, "offset of data", place(header.data_offset));
    dump.field(368, "disk size", bytes(header.size));
    dump.field(376, "block size", bytes(header.block_len));
    dump.field(380, "block extra", bytes(header.block_extra));
    dump.field(384, "blocks", header.blocks);
    dump.field(388, "blocks allocated", header.blocks_allocated);
    dump.field(392, "UUID", header.id);
    dump.field(408, "UUID of last change", id(header.modified));
    dump.field(424, "UUID of parent", id(header.parent_id));
    dump.field(440, "UUID of its last change", id(header.parent_modified));
}

fn id(guid: Guid) -> String {
    if guid.is_nil() { "none".to_owned() } else { guid.to_string() }
}

fn place(offset: u64) -> String {
    format!("{offset:#x} of the file")
}

fn text(text: &str) -> String {
    format!("\"{}\"", printable(text))
}

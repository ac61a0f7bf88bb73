use diskprint_formats::ntfs::{self, ShadowCopy};
use diskprint_formats::partition::{self, Gap, Layout, PartitionKind, Scheme};
use diskprint_formats::{ReadAt, ReadAtExt, Window};

use super::words::{bytes, hex, offset, quoted};
use super::{Dump, Fields};
use crate::{Hex, Opened, Partition, printable};

/// Dumps what an image is made of: its container, its disks, how each is divided, and what each
/// partition holds.
pub fn image(opened: &Opened) -> Dump {
    let mut dump = Dump::default();
    let image = &opened.image;
    dump.heading("image");
    dump.field(None, "container", image.container().name());
    dump.field(None, "SHA-256", Hex(&opened.slicehash));
    dump.field(None, "disks", image.disks().len());
    let (partitions, faults) = image.partitions();
    for found in image.disks() {
        dump.heading(format_args!("disk {}", found.number));
        dump.field(None, "format", printable(&found.format));
        for file in &found.files {
            dump.field(None, "file", format_args!("\"{}\"", printable(file)));
        }
        let stated = found.stored_hashes.unwrap_or_default();
        if let Some(md5) = stated.md5 {
            dump.field(None, "MD5 stated", md5.map(|byte| format!("{byte:02x}")).concat());
        }
        if let Some(sha1) = stated.sha1 {
            dump.field(None, "SHA-1 stated", Hex(&sha1));
        }
        let on_disk: Vec<_> = partitions.iter().filter(|p| p.disk == found.number).collect();
        divisions(&mut dump, &found.reader, &on_disk);
    }
    // The faults of `Image::partitions` say all that was wrong with a disk, with its place.
    dump.errors.clear();
    dump.errors.extend(opened.faults.iter().chain(&faults).map(ToString::to_string));
    dump
}

/// Dumps how a disk is divided, from its first sectors.
pub fn disk(disk: &dyn ReadAt) -> Dump {
    let mut dump = Dump::default();
    dump.heading("disk");
    divisions(&mut dump, disk, &[]);
    dump
}

/// Adds the layout of a disk; `known` are its partitions as the image numbers them.
fn divisions(dump: &mut Dump, disk: &dyn ReadAt, known: &[&Partition]) {
    dump.field(None, "length", bytes(disk.len()));
    let layout = match partition::read(disk) {
        Ok(layout) => layout,
        Err(error) => return dump.error(&error),
    };
    dump.field(None, "divided by", scheme(layout.scheme));
    dump.field(None, "sector length", bytes(layout.sector_len));
    if layout.scheme == Scheme::Mbr {
        match disk.read_vec_at(0, 512) {
            Ok(sector) => boot_record(dump, &sector),
            Err(error) => dump.error(&error),
        }
    }
    partitions(dump, disk, &layout, known);
    layout.findings.iter().for_each(|finding| dump.error(finding));
}

fn scheme(scheme: Scheme) -> String {
    match scheme {
        Scheme::Mbr => "master boot record".to_owned(),
        Scheme::Gpt => "GUID partition table".to_owned(),
        Scheme::Apm => "Apple partition map".to_owned(),
        Scheme::Bsd => "BSD label".to_owned(),
        Scheme::Whole(found) => format!("nothing: {} fills it", found.name()),
        Scheme::Unknown => "neither a partition table nor a known file system".to_owned(),
    }
}

/// Adds the shadow copies that a volume of NTFS says it has.
fn shadow_copies(dump: &mut Dump, volume: &dyn ReadAt) {
    match ntfs::shadow_copies(volume) {
        Ok(copies) => {
            for ShadowCopy { store, created, volume_len } in copies {
                let said = format!("{store}, made {created}, of {}", bytes(volume_len));
                dump.field(None, "shadow copy", said);
            }
        }
        Err(error) => dump.error(&error),
    }
}

/// Adds the entries of a master boot record, containers of logical partitions too.
// Source: UEFI 2.10, 5.2.1 "Legacy Master Boot Record (MBR)".
fn boot_record(dump: &mut Dump, sector: &[u8]) {
    let mut fields = Fields::new(dump, sector, 0);
    fields.u32(0x1B8, "disk signature", hex);
    for (number, offset) in (1..=4).zip((0x1BE..).step_by(16)) {
        fields.show(offset, &format!("entry {number}"), |entry: [u8; 16]| boot_entry(&entry));
    }
}

fn boot_entry(entry: &[u8; 16]) -> String {
    let [boot, _, _, _, kind, _, _, _, s0, s1, s2, s3, n0, n1, n2, n3] = *entry;
    let (start, sectors) =
        (u32::from_le_bytes([s0, s1, s2, s3]), u32::from_le_bytes([n0, n1, n2, n3]));
    if *entry == [0; 16] {
        return "not used".to_owned();
    }
    let name = PartitionKind::Mbr(kind).name().unwrap_or("unknown");
    format!("boot {boot:#04x}, type {kind:#04x} {name}, {sectors} sectors from sector {start}")
}

fn partitions(dump: &mut Dump, disk: &dyn ReadAt, layout: &Layout, known: &[&Partition]) {
    for (at, entry) in layout.partitions.iter().enumerate() {
        let known = known.get(at);
        match known {
            Some(known) => dump.heading(format_args!("p{}", known.number)),
            None => dump.heading(format_args!("partition {}", entry.index)),
        }
        let index = (known.is_some() && entry.index > 0).then_some(entry.index);
        if let Some(index) = index {
            dump.field(None, "number in the table", index);
        }
        dump.field(None, "start", format_args!("{} of the disk", offset(entry.start)));
        dump.field(None, "length", bytes(entry.len));
        if let Some(kind) = entry.kind {
            let name = kind.name().unwrap_or("unknown");
            match kind {
                PartitionKind::Mbr(byte) | PartitionKind::Bsd(byte) => {
                    dump.field(None, "type", format_args!("{byte:#04x}: {name}"));
                }
                PartitionKind::Gpt(guid) => {
                    dump.field(None, "type", format_args!("{guid}: {name}"));
                }
                PartitionKind::Apm(_) => dump.field(None, "type", kind),
            }
            dump.field(None, "boots", if entry.active { "yes" } else { "no" });
        }
        if !entry.name.is_empty() {
            dump.field(None, "name", quoted(&entry.name));
        }
        if let Some(known) = known {
            dump.field(None, "file system", known.file_system.unwrap_or("none that is known"));
            if known.file_system == Some("ntfs") {
                shadow_copies(dump, &Window::new(disk, entry.start, entry.len));
            }
        }
    }
    if !layout.gaps.is_empty() {
        dump.heading("in no partition");
    }
    for Gap { start, len } in &layout.gaps {
        dump.field(None, "gap", format_args!("{len} bytes at {}", offset(*start)));
    }
}

use diskprint_formats::vmdk::{Access, Descriptor, ExtentKind, ExtentLine};
use diskprint_formats::{ReadAt, ReadAtExt};

use super::words::{ascii, bytes, flags, hex_bytes};
use super::{Dump, Fields};
use crate::printable;

/// Flag bits of a sparse extent.
const FLAGS: [(u32, &str); 5] = [
    (0x1, "newline test is valid"),
    (0x2, "redundant grain directory"),
    (0x4, "zeroed grains"),
    (0x1_0000, "grains are compressed"),
    (0x2_0000, "markers"),
];

/// Dumps the sparse header of a VMDK file, where it has one, and its descriptor.
// Source: "Virtual Disk Format 5.0", "Hosted Sparse Extents", SparseExtentHeader.
pub fn vmdk(file: &dyn ReadAt) -> Dump {
    let mut dump = Dump::default();
    match file.read_vec_at(0, 512) {
        Ok(sector) if sector.starts_with(b"KDMV") => header(&mut dump, &sector),
        Ok(_) => {}
        Err(error) => dump.error(&error),
    }
    match Descriptor::read(file) {
        Ok(Some(found)) => descriptor(&mut dump, &found),
        Ok(None) => dump.heading("no descriptor: an extent of a disk, or no VMDK"),
        Err(error) => dump.error(&error),
    }
    dump
}

fn header(dump: &mut Dump, sector: &[u8]) {
    let sectors = |count: u64| match count.checked_mul(512) {
        Some(bytes) => format!("{count} sectors ({bytes} bytes)"),
        None => format!("{count} sectors"),
    };
    let place = |sector: u64| match sector {
        0 => "none".to_owned(),
        u64::MAX => "in the footer at the end of the file".to_owned(),
        sector => format!("sector {sector}"),
    };
    dump.heading("sparse extent header");
    let mut fields = Fields::new(dump, sector, 0);
    fields.show(0, "magicNumber", |magic: [u8; 4]| ascii(&magic));
    fields.u32(4, "version", |version| version.to_string());
    fields.u32(8, "flags", |raw| flags(raw, &FLAGS));
    fields.u64(12, "capacity", sectors);
    fields.u64(20, "grainSize", sectors);
    fields.u64(28, "descriptorOffset", place);
    fields.u64(36, "descriptorSize", sectors);
    fields.u32(44, "numGTEsPerGT", |count| format!("{count} entries"));
    fields.u64(48, "rgdOffset", place);
    fields.u64(56, "gdOffset", place);
    fields.u64(64, "overHead", sectors);
    fields.u8(72, "uncleanShutdown", |raw| match raw {
        0 => "0: no".to_owned(),
        raw => format!("{raw}: yes"),
    });
    fields.show(73, "newline test", |test: [u8; 4]| hex_bytes(&test));
    fields.u16(77, "compressAlgorithm", |raw| match raw {
        0 => "0: none".to_owned(),
        1 => "1: deflate".to_owned(),
        raw => format!("{raw}: unknown"),
    });
}

fn descriptor(dump: &mut Dump, descriptor: &Descriptor) {
    let Descriptor { cid, parent_cid, create_type, parent_hint, encoding, extents, embedded } =
        descriptor;
    dump.heading(if *embedded { "descriptor in the extent" } else { "descriptor" });
    dump.field(None, "CID", format_args!("{cid:08x}"));
    match parent_cid {
        Some(cid) => dump.field(None, "parentCID", format_args!("{cid:08x}")),
        None => dump.field(None, "parentCID", "none: no disk below"),
    }
    dump.field(None, "createType", text(create_type));
    if let Some(hint) = parent_hint {
        dump.field(None, "parentFileNameHint", text(hint));
    }
    if let Some(encoding) = encoding {
        dump.field(None, "encoding", text(encoding));
    }
    dump.field(None, "extents", extents.len());
    extents.iter().for_each(|line| extent(dump, line));
}

fn extent(dump: &mut Dump, line: &ExtentLine) {
    let ExtentLine { access, size_sectors, kind, file, offset_sectors } = line;
    let access = match access {
        Access::ReadWrite => "RW",
        Access::ReadOnly => "RDONLY",
        Access::NoAccess => "NOACCESS",
    };
    let kind = match kind {
        ExtentKind::Flat => "FLAT".to_owned(),
        ExtentKind::Sparse => "SPARSE".to_owned(),
        ExtentKind::Zero => "ZERO".to_owned(),
        ExtentKind::Other(name) => printable(name),
    };
    let len = bytes(size_sectors.saturating_mul(512));
    dump.more(format_args!("{access} {kind} {len}, {} from sector {offset_sectors}", text(file)));
}

fn text(text: &str) -> String {
    format!("\"{}\"", printable(text))
}

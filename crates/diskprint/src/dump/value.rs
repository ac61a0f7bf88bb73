//! The values of attributes that have a structure of their own.

use diskprint_formats::Name;
use diskprint_formats::ntfs::{
    AttributeType, FileName, IndexEntry, ListEntry, Namespace, ReparsePoint, root_entries, wof,
};
use diskprint_formats::partition::Guid;

use super::words::{FILE_ATTRIBUTES, bytes, flags, hex, number, quoted, reference, time};
use super::{Dump, Fields};

/// How much of a value without a structure that is known is shown, in bytes.
const SHOWN: usize = 128;

/// Adds the value of a resident attribute; its first byte is at `offset` of the record.
// Source, here and below: the NTFS documentation of the Linux-NTFS project, "Attributes".
pub(super) fn describe(dump: &mut Dump, kind: AttributeType, value: &[u8], offset: usize) {
    let fields = Fields::new(dump, value, offset as u64);
    match kind.0 {
        0x10 => standard_information(fields),
        0x20 => attribute_list(dump, value),
        0x30 => file_name(fields),
        0x40 => fields.guid(0, "object id"),
        0x60 => dump.field(offset as u64, "volume name", quoted(&Name::from_utf16le(value))),
        0x70 => volume_information(fields),
        0x90 => index_root(fields),
        0xC0 => reparse_point(fields),
        _ => bytes_of(dump, value),
    }
}

impl Fields<'_, '_> {
    fn guid(mut self, offset: usize, name: &str) {
        self.show(offset, name, Guid);
    }

    fn times(&mut self, start: usize) {
        self.u64(start, "created", time);
        self.u64(start + 8, "content changed", time);
        self.u64(start + 16, "metadata changed", time);
        self.u64(start + 24, "read", time);
    }
}

fn bytes_of(dump: &mut Dump, value: &[u8]) {
    let shown = value.get(..SHOWN).unwrap_or(value);
    dump.hex(0, shown);
    if shown.len() < value.len() {
        dump.more(format_args!("… and {} bytes more", value.len() - shown.len()));
    }
}

fn standard_information(mut fields: Fields<'_, '_>) {
    fields.times(0);
    fields.u32(0x20, "attributes", |raw| flags(raw, &FILE_ATTRIBUTES));
    fields.u32(0x24, "most versions", number);
    fields.u32(0x28, "version", number);
    fields.u32(0x2C, "class id", number);
    // The form of NTFS 1.2 ends here.
    if fields.bytes.len() > 0x30 {
        fields.u32(0x30, "owner id", number);
        fields.u32(0x34, "security id", number);
        fields.u64(0x38, "quota charged", bytes);
        fields.u64(0x40, "update sequence (USN)", number);
    }
}

fn file_name(mut fields: Fields<'_, '_>) {
    fields.u64(0, "directory", reference);
    fields.times(8);
    fields.u64(0x28, "allocated size", bytes);
    fields.u64(0x30, "data size", bytes);
    fields.u32(0x38, "attributes", |raw| flags(raw, &FILE_ATTRIBUTES));
    fields.u32(0x3C, "EA size or reparse tag", hex);
    fields.u8(0x40, "name length", |len| format!("{len} characters"));
    let Some(parsed) = FileName::parse(fields.bytes) else {
        fields.dump.wrong("$FILE_NAME: the name goes past the end of the value");
        return;
    };
    fields.u8(0x41, "namespace", |raw| format!("{raw}: {}", namespace(parsed.namespace)));
    fields.dump.field(fields.base.saturating_add(0x42), "name", quoted(&parsed.name));
}

fn namespace(namespace: Namespace) -> &'static str {
    match namespace {
        Namespace::Posix => "POSIX",
        Namespace::Win32 => "Win32",
        Namespace::Dos => "DOS",
        Namespace::Win32AndDos => "Win32 and DOS",
        Namespace::Unknown(_) => "unknown",
    }
}

fn attribute_list(dump: &mut Dump, value: &[u8]) {
    for entry in ListEntry::walk(value) {
        match entry {
            Ok(ListEntry { kind, name, lowest_vcn, record, id }) => {
                let name = if name.is_empty() { String::new() } else { quoted(&name) };
                dump.field(
                    None,
                    &format!("{:#x} {kind}", kind.0),
                    format_args!("record {record}, id {id}, from VCN {lowest_vcn} {name}"),
                );
            }
            Err(error) => dump.error(&error),
        }
    }
}

fn volume_information(mut fields: Fields<'_, '_>) {
    // Source: the NTFS documentation, "$VOLUME_INFORMATION".
    const FLAGS: [(u32, &str); 6] = [
        (0x1, "dirty"),
        (0x2, "resize $LogFile"),
        (0x4, "upgrade on mount"),
        (0x8, "mounted on NT4"),
        (0x10, "delete USN underway"),
        (0x8000, "modified by chkdsk"),
    ];
    fields.show(8, "version of NTFS", |[major, minor]: [u8; 2]| format!("{major}.{minor}"));
    fields.u16(0x0A, "flags", |raw| flags(raw.into(), &FLAGS));
}

fn index_root(mut fields: Fields<'_, '_>) {
    let indexed = fields.at(0).map(u32::from_le_bytes).map(AttributeType);
    fields.u32(0, "indexed attribute", |raw| match raw {
        0 => "none: a view".to_owned(),
        raw => format!("{raw:#x} {}", AttributeType(raw)),
    });
    fields.u32(4, "collation rule", collation);
    fields.u32(8, "index block size", bytes);
    fields.u8(0x0C, "clusters per block", number);
    fields.u32(0x10, "first entry", |offset| format!("at {offset:#x} from here"));
    fields.u32(0x14, "used size", bytes);
    fields.u32(0x18, "allocated size", bytes);
    fields.u8(0x1C, "flags", |raw| flags(raw.into(), &[(1, "has $INDEX_ALLOCATION")]));
    if indexed != Some(AttributeType::FILE_NAME) {
        return;
    }
    match root_entries(fields.bytes) {
        Ok(entries) => index_entries(fields.dump, &entries),
        Err(error) => fields.dump.error(&error),
    }
}

fn collation(raw: u32) -> String {
    let name = match raw {
        0x00 => "binary",
        0x01 => "file names",
        0x02 => "Unicode",
        0x10 => "32-bit number",
        0x11 => "security id",
        0x12 => "security hash",
        0x13 => "several 32-bit numbers",
        _ => "unknown",
    };
    format!("{raw:#x}: {name}")
}

fn index_entries(dump: &mut Dump, entries: &[IndexEntry]) {
    dump.field(None, "entries in the root", entries.len());
    if !entries.is_empty() {
        dump.more(format_args!("{:>10}  {:>12}  {:<9}  name", "record-seq", "data size", ""));
    }
    for IndexEntry { file, name } in entries {
        let directory = if name.attributes & 0x1000_0000 != 0 { "directory" } else { "" };
        dump.more(format_args!(
            "{:>10}  {:>12}  {directory:<9}  {}",
            file.to_string(),
            name.size,
            quoted(&name.name)
        ));
    }
}

fn reparse_point(mut fields: Fields<'_, '_>) {
    fields.u32(0, "tag", |tag| match tag {
        ReparsePoint::MOUNT_POINT => format!("{tag:#x}: mount point (junction)"),
        ReparsePoint::SYMLINK => format!("{tag:#x}: symbolic link"),
        ReparsePoint::WOF => format!("{tag:#x}: kept by WOF"),
        ReparsePoint::DEDUP => format!("{tag:#x}: deduplicated"),
        tag => format!("{tag:#x}: unknown"),
    });
    fields.u16(4, "data length", bytes);
    let Fields { dump, bytes: value, .. } = fields;
    match ReparsePoint::parse(value) {
        Some(point) => match &point.target {
            Some(target) => dump.field(None, "leads to", quoted(target)),
            None if point.compression.is_some() => {
                let name = point.compression.map_or("", wof::Algorithm::name);
                dump.field(20, "compression", name);
            }
            None if point.is_link() => dump.wrong("$REPARSE_POINT: its target goes past its end"),
            None => bytes_of(dump, value.get(8..).unwrap_or_default()),
        },
        None => dump.wrong("$REPARSE_POINT: the value ends before its tag does"),
    }
}

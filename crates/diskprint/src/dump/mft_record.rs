use diskprint_formats::ReadAt;
use diskprint_formats::ntfs::{Error, FileRecord, Volume};

use super::words::{ascii, bytes, flags, hex_bytes, number, offset, reference};
use super::{Dump, Fields, attribute};

/// Flag bits of a file record.
// Source: the NTFS documentation of the Linux-NTFS project, "FILE record".
const FLAGS: [(u32, &str); 4] =
    [(1, "in use"), (2, "directory"), (4, "in $Extend"), (8, "has view index")];
/// How much of a record that cannot be decoded is shown, in bytes.
const SHOWN: usize = 256;

/// Dumps record `number` of the $MFT from its bytes as stored: its header and its attributes.
pub fn mft_record(number: u64, stored: &[u8]) -> Dump {
    let mut dump = Dump::default();
    dump.heading(format_args!("file record {number}"));
    header(&mut dump, stored);
    match FileRecord::parse(number, stored) {
        Ok(record) => {
            for found in record.attributes() {
                match found {
                    Ok(found) => attribute::describe(&mut dump, &found),
                    Err(error) => dump.error(&error),
                }
            }
        }
        Err(error) => {
            dump.heading(format_args!("first {} bytes as stored", stored.len().min(SHOWN)));
            dump.hex(0, stored.get(..SHOWN).unwrap_or(stored));
            dump.error(&error);
        }
    }
    dump
}

/// Dumps record `number` of a volume, with where it is and whether the $MFT's bitmap has it in use.
///
/// # Errors
/// When there is no such record, or its bytes cannot be read.
pub fn record_of(volume: &Volume<impl ReadAt>, number: u64) -> Result<Dump, Error> {
    let stored = volume.stored_record(number)?;
    let mut dump = Dump::default();
    dump.heading(format_args!("record {number} of {}", volume.record_count()));
    match volume.record_offset(number) {
        Some(at) => dump.field(None, "place", format_args!("{} of the volume", offset(at))),
        None => dump.field(None, "place", "a hole of the $MFT"),
    }
    let in_use = match volume.record_in_use(number) {
        Some(true) => "in use",
        Some(false) => "free",
        None => "cannot be read",
    };
    dump.field(None, "bitmap of the $MFT", in_use);
    dump.append(mft_record(number, &stored));
    Ok(dump)
}

/// Dumps the base record of file `number` and every record that goes on with it.
///
/// # Errors
/// When there is no such record, or its bytes cannot be read.
pub fn file_of(volume: &Volume<impl ReadAt>, number: u64) -> Result<Dump, Error> {
    let mut dump = record_of(volume, number)?;
    // What is wrong with the base record is in its dump.
    let records = attribute::records(volume, number, &mut dump).unwrap_or_default();
    for extension in records.iter().skip(1) {
        dump.append(record_of(volume, extension.reference.record)?);
    }
    Ok(dump)
}

fn header(dump: &mut Dump, stored: &[u8]) {
    let mut fields = Fields::new(dump, stored, 0);
    fields.show(0, "signature", |signature: [u8; 4]| ascii(&signature));
    fields.u16(4, "update sequence", |offset| format!("at {offset:#x}"));
    fields.u16(6, "update sequence length", |count| format!("{count} words"));
    fields.u64(8, "$LogFile sequence number", number);
    fields.u16(0x10, "sequence number", number);
    fields.u16(0x12, "hard links", number);
    fields.u16(0x14, "first attribute", |offset| format!("at {offset:#x}"));
    fields.u16(0x16, "flags", |raw| flags(raw.into(), &FLAGS));
    fields.u32(0x18, "used size", bytes);
    fields.u32(0x1C, "allocated size", bytes);
    fields.u64(0x20, "base record", |raw| match raw {
        0 => "none: this is one".to_owned(),
        raw => reference(raw),
    });
    fields.u16(0x28, "next attribute id", number);
    let sequence = fields.at(4).map(u16::from_le_bytes);
    // Records of NTFS 3.0 and before have the update sequence where the number is since.
    if sequence.is_some_and(|offset| offset >= 0x30) {
        fields.u32(0x2C, "record number", number);
    }
    let at = usize::from(sequence.unwrap_or(u16::MAX));
    fields.show(at, "update sequence number", |number: [u8; 2]| hex_bytes(&number));
}

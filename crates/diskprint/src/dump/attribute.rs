use std::collections::BTreeSet;

use diskprint_formats::ntfs::{
    Attribute, AttributeType, Content, Error, FileRecord, Form, ListEntry, StreamReader, Volume,
};
use diskprint_formats::{Name, ReadAt, ReadAtExt, Run};

use super::words::{bytes, flags, quoted};
use super::{Dump, value};

/// Which attributes of a file are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Their type.
    pub kind: AttributeType,
    /// Their name, without regard to case; `None` for any, the empty name for those without one.
    pub name: Option<Name>,
}

impl Selector {
    fn takes(&self, attribute: &Attribute<'_>) -> bool {
        let named =
            self.name.as_ref().is_none_or(|name| name.to_upper() == attribute.name.to_upper());
        named && self.kind == attribute.kind
    }
}

/// Flag bits of an attribute: the low byte is the number of the compression method, 1 for LZNT1.
const FLAGS: [(u32, &str); 3] = [(0x1, "compressed"), (0x4000, "encrypted"), (0x8000, "sparse")];
/// How much of a content is shown, in bytes.
const SHOWN: usize = 512;
/// Longest $ATTRIBUTE_LIST that is read, in bytes: what Windows allows.
const MOST_LIST: usize = 256 << 10;

/// Adds an attribute's header, its runs, and its value where that is in the record.
pub(super) fn describe(dump: &mut Dump, attribute: &Attribute<'_>) {
    header(dump, attribute);
    if let Form::Resident { value, value_offset } = attribute.form {
        value::describe(dump, attribute.kind, value, value_offset);
    }
}

fn header(dump: &mut Dump, attribute: &Attribute<'_>) {
    let Attribute { kind, name, id, len, .. } = attribute;
    let at = |offset: u64| (attribute.offset as u64).saturating_add(offset);
    let named = if name.is_empty() { String::new() } else { format!(" {}", quoted(name)) };
    dump.heading(format_args!(
        "attribute {:#x} {}{named}",
        kind.0,
        kind.name().unwrap_or("unknown")
    ));
    dump.field(at(4), "length", bytes(len));
    let form = match attribute.form {
        Form::Resident { value, value_offset } => {
            format!("resident, {} bytes at {value_offset:#x}", value.len())
        }
        Form::NonResident { .. } => "non-resident".to_owned(),
    };
    dump.field(at(8), "form", form);
    dump.field(at(0x0C), "flags", flags(attribute.flags.into(), &FLAGS));
    dump.field(at(0x0E), "id", id);
    non_resident(dump, attribute);
}

/// Adds what only a non-resident attribute has.
fn non_resident(dump: &mut Dump, attribute: &Attribute<'_>) {
    let Form::NonResident {
        lowest_vcn,
        highest_vcn,
        compression_unit,
        allocated_size,
        data_size,
        initialized_size,
        ..
    } = attribute.form
    else {
        return;
    };
    let at = |offset: u64| (attribute.offset as u64).saturating_add(offset);
    dump.field(at(0x10), "lowest VCN", lowest_vcn);
    dump.field(at(0x18), "highest VCN", highest_vcn.cast_signed());
    let unit = match compression_unit {
        0 => "0: not compressed".to_owned(),
        power => format!("2^{power} clusters"),
    };
    dump.field(at(0x22), "compression unit", unit);
    // Only the first piece of an attribute has sizes.
    if lowest_vcn == 0 {
        dump.field(at(0x28), "allocated size", bytes(allocated_size));
        dump.field(at(0x30), "data size", bytes(data_size));
        dump.field(at(0x38), "initialized size", bytes(initialized_size));
    }
    match attribute.runs() {
        Ok(found) => runs(dump, &found),
        Err(error) => dump.error(&error),
    }
}

fn runs(dump: &mut Dump, runs: &[Run]) {
    dump.field(None, "runs", runs.len());
    if !runs.is_empty() {
        dump.more(format_args!("{:>12}{:>12}{:>12}", "VCN", "LCN", "clusters"));
    }
    for Run { vcn, lcn, clusters } in runs {
        let lcn = lcn.map_or("hole".to_owned(), |lcn| lcn.to_string());
        dump.more(format_args!("{vcn:>12}{lcn:>12}{clusters:>12}"));
    }
}

/// Dumps those attributes of file `number` that `selector` means: the header of each of their
/// pieces, in whichever record it is, and the first 512 bytes of their content.
///
/// # Errors
/// When the file's base record cannot be read, or it has no such attribute.
pub fn attributes(
    volume: &Volume<impl ReadAt>,
    number: u64,
    selector: &Selector,
) -> Result<Dump, Error> {
    let mut dump = Dump::default();
    let records = records(volume, number, &mut dump)?;
    let mut names = Vec::new();
    for record in &records {
        for found in record.attributes() {
            match found {
                Ok(found) if selector.takes(&found) => {
                    dump.heading(format_args!("in file record {}", record.reference.record));
                    describe(&mut dump, &found);
                    if let Some(value) = found.resident_value() {
                        content(&mut dump, value, value.len() as u64, "value");
                    } else if !names.contains(&found.name) {
                        names.push(found.name);
                    }
                }
                Ok(_) => {}
                Err(error) => dump.error(&error),
            }
        }
    }
    for name in names {
        stream(volume, number, selector.kind, &name, &mut dump);
    }
    Ok(dump)
}

/// Shows what the pieces of a non-resident attribute hold together.
fn stream(
    volume: &Volume<impl ReadAt>,
    number: u64,
    kind: AttributeType,
    name: &Name,
    dump: &mut Dump,
) {
    // What is wrong with its records is said where these are shown.
    let Ok(file) = volume.file(number) else { return };
    let mut streams = file.streams.iter();
    match streams.find(|stream| stream.kind == kind && stream.name == *name) {
        Some(stream) => match &stream.content {
            Ok(found) => read_content(&volume.content_reader(found), dump),
            Err(error) => dump.error(error),
        },
        None => dump.wrong("the content is not read: it only says where other attributes are"),
    }
}

fn read_content(reader: &StreamReader<'_>, dump: &mut Dump) {
    match reader.read_vec_at(0, SHOWN) {
        Ok(found) => content(dump, &found, reader.len(), "content"),
        Err(error) => dump.error(&error),
    }
}

/// Shows the beginning of a content that has `len` bytes in all.
fn content(dump: &mut Dump, bytes: &[u8], len: u64, what: &str) {
    let shown = bytes.get(..SHOWN).unwrap_or(bytes);
    dump.heading(match len {
        0 => format!("{what}: no bytes"),
        len if shown.len() as u64 == len => format!("{what}: {len} bytes"),
        len => format!("{what}: {len} bytes, the first {}", shown.len()),
    });
    dump.hex(0, shown);
}

/// Reads the base record of a file and those that its $ATTRIBUTE_LIST names.
pub(super) fn records(
    volume: &Volume<impl ReadAt>,
    number: u64,
    dump: &mut Dump,
) -> Result<Vec<FileRecord>, Error> {
    let base = volume.record(number)?;
    let mut numbers = BTreeSet::new();
    if let Some(list) = base.attribute(AttributeType::ATTRIBUTE_LIST, "") {
        let list = list_bytes(volume, &list)?;
        for entry in ListEntry::walk(&list) {
            match entry {
                Ok(entry) => drop(numbers.insert(entry.record.record)),
                Err(error) => dump.error(&error),
            }
        }
    }
    numbers.remove(&number);
    let mut records = vec![base];
    for extension in numbers {
        match volume.record(extension) {
            Ok(record) if record.base.record == number => records.push(record),
            Ok(record) => dump.wrong(format!(
                "extension record {extension} belongs to record {}, not to {number}",
                record.base.record
            )),
            Err(error) => {
                dump.error(&Error::Extension { record: extension, source: Box::new(error) });
            }
        }
    }
    Ok(records)
}

fn list_bytes(volume: &Volume<impl ReadAt>, list: &Attribute<'_>) -> Result<Vec<u8>, Error> {
    let Form::NonResident { data_size, initialized_size, .. } = list.form else {
        return Ok(list.resident_value().unwrap_or_default().to_vec());
    };
    let (runs, cluster_size) = (list.runs()?, volume.boot_sector().cluster_size);
    let extents = diskprint_formats::Extents {
        runs,
        cluster_size,
        data_size,
        initialized_size,
        unit_clusters: 0,
    };
    let content = Content::NonResident(extents);
    Ok(volume.content_reader(&content).read_vec_at(0, MOST_LIST)?)
}

use diskprint_formats::regf::{BaseBlock, CellOffset, Hive, checksum};

use super::words::{ascii, bytes, hex, number, offset, quoted, time};
use super::{Dump, Fields};

/// Dumps the base block of the hive in `file`, and what `read` of the whole file found.
// Source: regf spec, "Base block".
pub fn hive(file: &[u8], read: &Result<Hive, diskprint_formats::regf::Error>) -> Dump {
    let mut dump = Dump::default();
    dump.heading("base block");
    let mut fields = Fields::new(&mut dump, file, 0);
    fields.show(0, "signature", |signature: [u8; 4]| ascii(&signature));
    fields.u32(4, "primary sequence number", number);
    fields.u32(8, "secondary sequence number", number);
    fields.u64(12, "last written", time);
    fields.u32(20, "major version", number);
    fields.u32(24, "minor version", number);
    fields.u32(28, "file type", |raw| match raw {
        0 => "0: primary file".to_owned(),
        1 | 2 | 6 => format!("{raw}: transaction log"),
        raw => format!("{raw}: unknown"),
    });
    fields.u32(32, "file format", |raw| match raw {
        1 => "1: direct memory load".to_owned(),
        raw => format!("{raw}: unknown"),
    });
    fields.u32(36, "root cell", |raw| {
        let cell = CellOffset(raw);
        format!("{cell}, at {} of the file", offset(cell.file_offset()))
    });
    fields.u32(40, "hive bins data size", bytes);
    fields.u32(44, "clustering factor", number);
    let block = BaseBlock::read(file);
    if let Some(block) = &block {
        fields.dump.field(48, "file name", quoted(&block.file_name));
    }
    fields.u32(508, "checksum", hex);
    if let Some(block) = &block {
        state(&mut dump, block, checksum(file));
    }
    dump.heading("hive");
    dump.field(None, "length", bytes(file.len()));
    match read {
        Ok(hive) => content(&mut dump, hive),
        Err(error) => dump.error(error),
    }
    dump
}

fn state(dump: &mut Dump, block: &BaseBlock, computed: u32) {
    let verdict = if block.checksum_valid { "as stated" } else { "not the stated one" };
    dump.field(None, "checksum computed", format_args!("{computed:#x}, {verdict}"));
    let (primary, secondary) = (block.primary_sequence_number, block.secondary_sequence_number);
    let state = match (block.is_dirty(), primary == secondary) {
        (false, _) => "clean: sequence numbers agree and the checksum is right",
        (true, false) => "dirty: sequence numbers differ, the transaction logs hold newer cells",
        (true, true) => "dirty: the checksum is wrong",
    };
    dump.field(None, "state", state);
}

fn content(dump: &mut Dump, hive: &Hive) {
    let root = hive.root();
    dump.field(None, "root key", quoted(&root.name()));
    dump.field(None, "keys", hive.key_count());
    dump.field(None, "values", hive.value_count());
    for fault in hive.faults() {
        let key = fault.key.and_then(|id| hive.key_by_id(id));
        match key.map(|key| key.path()) {
            Some(path) if path.is_empty() => dump.wrong(format!("root key: {}", fault.error)),
            Some(path) => dump.wrong(format!("key \"{}\": {}", path.to_text(), fault.error)),
            None => dump.error(&fault.error),
        }
    }
    if hive.more_faults() > 0 {
        dump.wrong(format!("{} more faults in this hive", hive.more_faults()));
    }
}

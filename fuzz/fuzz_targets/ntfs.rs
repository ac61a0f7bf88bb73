//! An NTFS volume of a few bytes: all records, names, runs and the start of each content.
#![no_main]

use diskprint_formats::ntfs::Volume;
use diskprint_formats::{ReadAt, ReadAtExt};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(volume) = Volume::open(bytes) else { return };
    let mut index_bytes = bytes.len() as u64;
    for (number, file) in volume.files() {
        let Ok(file) = file else { continue };
        let _ = volume.record_offset(number);
        volume.index_entries(number, &file.streams, &mut index_bytes);
        for stream in &file.streams {
            let Ok(content) = &stream.content else { continue };
            let reader = volume.content_reader(content);
            let _ = reader.read_vec_at(0, 1 << 16);
            let _ = reader.read_vec_at(reader.len().saturating_sub(4096), 1 << 13);
        }
    }
});

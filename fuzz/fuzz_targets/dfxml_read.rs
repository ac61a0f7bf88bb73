//! A document of a few bytes that another program could have written, read from end to end.
#![no_main]

use diskprint::dfxml::reader::{Item, Reader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut reader = Reader::new(bytes, 1 << 20);
    while let Ok(Some(item)) = reader.item() {
        let Item::File(file) = item else { continue };
        assert!(file.runs.len() <= bytes.len() && file.filename.len() <= bytes.len());
        file.times.mtime.text();
    }
    assert!(matches!(reader.item(), Ok(None)), "there is nothing behind the end");
});

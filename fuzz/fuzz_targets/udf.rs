//! A UDF volume of a few bytes, walked from end to end.
#![no_main]

use diskprint_formats::udf::Volume;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(volume) = Volume::open(bytes) {
        diskprint_fuzz::visit_volume(bytes, &volume);
    }
});

//! A whole hive file, everything in it visited and written out.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| diskprint_fuzz::visit_hive(bytes.to_vec()));

//! The property is in `properties/sniff.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oneport_fuzz::check("sniff", data));

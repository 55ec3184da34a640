//! The property is in `properties/rewind.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oneport_fuzz::check("rewind", data));

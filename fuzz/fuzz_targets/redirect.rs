//! The property is in `properties/redirect.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oneport_fuzz::check("redirect", data));

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bridge_core::fuzzing::json_file(bytes));

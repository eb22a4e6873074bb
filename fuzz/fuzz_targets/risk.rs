#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zkmargin_attack::run("risk", data));

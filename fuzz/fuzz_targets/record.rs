#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("record"), |data: &[u8]| {
    zkmargin_attack::run("record", data)
});

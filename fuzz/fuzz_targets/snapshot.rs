#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("snapshot"), |data: &[u8]| {
    zkmargin_attack::run("snapshot", data)
});

#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("input"), |data: &[u8]| {
    zkmargin_attack::run("input", data)
});

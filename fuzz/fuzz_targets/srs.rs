#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("srs"), |data: &[u8]| {
    zkmargin_attack::run("srs", data)
});

#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("proof"), |data: &[u8]| {
    zkmargin_attack::run("proof", data)
});

#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("market"), |data: &[u8]| {
    zkmargin_attack::run("market", data)
});

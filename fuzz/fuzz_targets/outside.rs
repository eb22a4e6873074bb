#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("outside"), |data: &[u8]| {
    zkmargin_attack::run("outside", data)
});

#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("keys"), |data: &[u8]| {
    zkmargin_attack::run("keys", data)
});

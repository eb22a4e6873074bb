#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("pack"), |data: &[u8]| {
    zkmargin_attack::run("pack", data)
});

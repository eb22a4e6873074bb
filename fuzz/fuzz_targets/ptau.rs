#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("ptau"), |data: &[u8]| {
    zkmargin_attack::run("ptau", data)
});

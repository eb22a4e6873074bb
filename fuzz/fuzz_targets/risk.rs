#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("risk"), |data: &[u8]| {
    zkmargin_attack::run("risk", data)
});

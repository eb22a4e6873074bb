#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("csv"), |data: &[u8]| {
    zkmargin_attack::run("csv", data)
});

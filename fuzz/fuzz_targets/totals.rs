#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("totals"), |data: &[u8]| {
    zkmargin_attack::run("totals", data)
});

#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("bundle"), |data: &[u8]| {
    zkmargin_attack::run("bundle", data)
});

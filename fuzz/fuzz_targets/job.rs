#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("job"), |data: &[u8]| {
    zkmargin_attack::run("job", data)
});

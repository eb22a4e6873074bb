#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("statement"), |data: &[u8]| {
    zkmargin_attack::run("statement", data)
});

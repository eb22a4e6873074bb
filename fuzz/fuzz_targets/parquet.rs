#![no_main]

libfuzzer_sys::fuzz_target!(init: zkmargin_attack::prepare("parquet"), |data: &[u8]| {
    zkmargin_attack::run("parquet", data)
});

#![no_main]

libfuzzer_sys::fuzz_target!(init: prepare(), |data: &[u8]| {
    zkmargin_attack::run("parquet", data)
});

/// The library's own panics are caught where it is called, and end no run.
fn prepare() {
    let end = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let library = |file: &str| file.contains("/parquet-");
        if !info.location().is_some_and(|place| library(place.file())) {
            end(info);
        }
    }));
    zkmargin_attack::prepare("parquet");
}

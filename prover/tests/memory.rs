//! A proof that would not fit into memory is refused before anything is begun.

use std::fs;
use std::path::Path;

use zkmargin_circuits::shape::Shape;
use zkmargin_prover::error::ProveError;
use zkmargin_prover::params::insecure;
use zkmargin_prover::phases::Event;
use zkmargin_prover::prove::{prove, ProveOptions};
use zkmargin_prover::snapshot::LoadedSnapshot;

#[test]
fn refuses_what_does_not_fit_and_names_what_does() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny-book");
    let snapshot = LoadedSnapshot::read(&book).unwrap();
    let params = insecure(14, &mut |_| ()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let refused = |shape: &str, mebibytes: u64| {
        let options = ProveOptions {
            shape: Shape::by_name(shape),
            seed: None,
            publish_counts: false,
            keys: None,
            out: folder.path().join("bundle"),
            records: folder.path().join("records"),
            restart: false,
            sign: None,
            audit: None,
            memory: Some(mebibytes << 20),
        };
        let mut planned = None;
        let error = prove(&snapshot, &params, &options, &mut |event| {
            if let Event::Planned(plan) = event {
                planned = Some(*plan);
            }
        })
        .unwrap_err();
        assert!(matches!(error, ProveError::Memory { .. }), "{error}");
        assert_eq!(planned.unwrap().shape.name, shape);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        error.to_string()
    };
    let error = refused("small-14", 300);
    assert!(error.contains("use --shape tiny-11"), "{error}");
    assert!(error.contains("300 MiB are available"), "{error}");
    assert!(error.contains("--ignore-memory"), "{error}");
    let error = refused("tiny-11", 20);
    assert!(error.contains("no smaller shape"), "{error}");
}

use std::fs;
use std::sync::Arc;

use age::secrecy::ExposeSecret;
use age::x25519;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt};

use super::*;
use crate::params::{insecure, Parameters};
use crate::prove::{run, Goal, ProveOptions, ProveReport};
use crate::seal::Recipients;
use crate::snapshot::LoadedSnapshot;
use crate::store::tests::objects;

/// A book of two proofs of the smallest shape, and where it is proven.
struct Venue {
    folder: tempfile::TempDir,
    params: Parameters,
}

impl Venue {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path().join("book");
        fs::create_dir(&book).unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/tiny-book");
        for name in ["snapshot.json", "market.json", "risk.json"] {
            fs::copy(fixture.join(name), book.join(name)).unwrap();
        }
        let mut rows = fs::read_to_string(fixture.join("accounts.csv")).unwrap();
        for i in 0..300 {
            rows.push_str(&format!("customer-{i},cross,USDT,{},\n", 100 + i));
        }
        fs::write(book.join("accounts.csv"), rows).unwrap();
        let params = insecure(11, &mut |_| ()).unwrap();
        Self { folder, params }
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, goal: Goal<'_>) -> Result<ProveReport, ProveError> {
        let snapshot = LoadedSnapshot::read(&self.at("book"))?;
        let options = ProveOptions {
            shape: None,
            seed: None,
            publish_counts: false,
            keys: None,
            out: self.at("bundle"),
            records: self.at("records"),
            restart: false,
            sign: None,
            audit: None,
            memory: None,
        };
        run(&snapshot, &self.params, &options, goal, &mut |_| ())
    }

    /// A worker's keys, and the recipients they are of.
    fn worker(&self) -> (Identities, Recipients) {
        let key = x25519::Identity::generate();
        let path = self.at("worker.key");
        fs::write(&path, key.to_string().expose_secret()).unwrap();
        let mut recipients = Recipients::default();
        recipients.add(key.to_public().to_string().parse().unwrap());
        (Identities::read(&path).unwrap(), recipients)
    }

    /// Proves shards; how many were there already.
    fn work(&self, job: &Job, indices: std::ops::Range<usize>) -> usize {
        let mut kept = 0;
        let mut each = |_: usize, report: &ShardReport| kept += usize::from(report.kept);
        let mut quiet = |_: crate::phases::Event<'_>| ();
        prove_shards(job, indices, &self.params, None, &mut quiet, &mut each).unwrap();
        kept
    }
}

#[test]
fn a_job_is_proven_over_an_object_store() {
    let venue = Venue::new();
    let memory = Arc::new(InMemory::new());
    let place = || objects(&memory, "epochs/3");
    let (identities, recipients) = venue.worker();
    venue.run(Goal::Plan(&place(), Some(&recipients))).unwrap();
    let job = Job::read(place(), Some(identities)).unwrap();
    assert_eq!(job.shards(), 2);
    let missing = venue.run(Goal::Assemble(&place())).unwrap_err();
    assert!(
        matches!(&missing, ProveError::Missing { missing } if missing == &[0, 1]),
        "{missing}"
    );
    assert_eq!(venue.work(&job, 0..1), 0);

    // The same plan again writes the same job; what was proven stays.
    venue.run(Goal::Plan(&place(), Some(&recipients))).unwrap();
    assert_eq!(venue.work(&job, 0..2), 1);

    // A proof that is damaged counts as missing, for the worker too.
    let path = ObjectPath::from("epochs/3/proof-00000.bin");
    let bytes = place().read("proof-00000.bin").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let half = bytes[..bytes.len() / 2].to_vec();
    runtime.block_on(memory.put(&path, half.into())).unwrap();
    let missing = venue.run(Goal::Assemble(&place())).unwrap_err();
    assert!(
        matches!(&missing, ProveError::Missing { missing } if missing == &[0]),
        "{missing}"
    );
    assert_eq!(venue.work(&job, 0..2), 1);
    let report = venue.run(Goal::Assemble(&place())).unwrap();
    assert_eq!((report.shards, report.kept), (2, 2));
    assert!(venue.at("bundle/statement.json").exists());

    // Nothing in the store is readable but what is published, and the job itself.
    use futures_util::TryStreamExt;
    let listed = runtime
        .block_on(memory.list(None).try_collect::<Vec<_>>())
        .unwrap();
    let model = fs::read(venue.at("book/risk.json")).unwrap();
    for object in listed {
        let name = object.location.filename().unwrap().to_owned();
        let bytes = place().read(&name).unwrap();
        assert_ne!(bytes, model, "{name}");
        assert!(
            bytes.starts_with(b"age-encryption.org/v1\n")
                || name.ends_with(".sealed")
                || name.starts_with("proof-")
                || ["statement.json", "market.json", "job.json"].contains(&name.as_str()),
            "{name}"
        );
    }
}

#[test]
fn another_place_of_the_same_store_is_another_job() {
    let venue = Venue::new();
    let memory = Arc::new(InMemory::new());
    venue
        .run(Goal::Plan(&objects(&memory, "one"), None))
        .unwrap();
    let error = Job::read(objects(&memory, "two"), None).unwrap_err();
    let shown = error.to_string();
    assert!(
        shown.contains("memory:///two/job.json: there is no such object or bucket"),
        "{shown}"
    );
    // The prefix above holds something else.
    let error = venue
        .run(Goal::Plan(&objects(&memory, ""), None))
        .unwrap_err();
    assert!(matches!(error, ProveError::Taken(_)), "{error}");
    // In the plain the free rows are as they are in a folder.
    let job = Job::read(objects(&memory, "one"), None).unwrap();
    venue.work(&job, 0..2);
    assert!(objects(&memory, "one").exists("free-00001.bin").unwrap());
    venue.run(Goal::Assemble(&objects(&memory, "one"))).unwrap();
}

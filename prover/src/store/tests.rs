use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;

use super::*;

/// A prefix of a store in memory.
pub(crate) fn objects(store: &Arc<InMemory>, prefix: &str) -> Store {
    let over = Objects::over(
        format!("memory:///{prefix}"),
        ObjectPath::from(prefix),
        Box::new(Arc::clone(store)),
        "nothing",
    );
    Store::Objects(Box::new(over.unwrap()))
}

fn parsed(text: &str) -> Result<Location, String> {
    Location::parse(OsStr::new(text))
}

#[test]
fn tells_paths_from_urls() {
    for path in ["job", "./a:b/c", "/tmp/job", "s3:/job"] {
        assert_eq!(parsed(path), Ok(Location::Folder(path.into())), "{path}");
    }
    assert_eq!(
        parsed("file:///tmp/a%20job"),
        Ok(Location::Folder("/tmp/a job".into()))
    );
    for url in ["s3://bucket/a/job", "gs://bucket", "az://container/job"] {
        let location = parsed(&format!("{url}/")).unwrap();
        assert!(matches!(location, Location::Objects(_)), "{url}");
        assert_eq!(location.to_string(), url);
    }
}

#[test]
fn refuses_urls_that_name_no_store() {
    for (url, part) in [
        ("ftp://host/job", "ftp:// is no object store"),
        ("https://host/job", "s3://BUCKET/PREFIX"),
        ("memory:///job", "no object store"),
        ("s3:///job", "no bucket"),
        ("file://host/job", "file:///PATH"),
        ("s3://key:secret@bucket/job", "read from the environment"),
        ("s3://bucket/job?versionId=1", "query"),
        ("s3://bu cket/job", "domain"),
    ] {
        let error = parsed(url).unwrap_err();
        assert!(error.contains(part), "{url}: {error}");
        assert!(!error.contains("secret"), "{url}: {error}");
    }
}

#[test]
fn a_folder_and_an_object_store_do_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Arc::new(InMemory::new());
    for store in [
        Store::folder(&folder.path().join("deep/job")),
        objects(&memory, "deep/job"),
    ] {
        store.check_free().unwrap();
        store.make().unwrap();
        store.check_free().unwrap();
        assert!(!store.exists("job.json").unwrap());
        assert_eq!(store.read_if_there("job.json").unwrap(), None);
        let error = store.read("job.json").unwrap_err().to_string();
        assert!(error.contains(&store.place("job.json")), "{error}");
        store.write("job.json", b"one", Readers::Anyone).unwrap();
        store.write("job.json", b"two", Readers::Owner).unwrap();
        assert!(store.exists("job.json").unwrap());
        assert_eq!(store.read("job.json").unwrap(), b"two");
        assert_eq!(store.read_if_there("job.json").unwrap().unwrap(), b"two");
        let error = store.check_free().unwrap_err().to_string();
        assert!(error.contains(&store.to_string()), "{error}");
        assert!(error.contains("nothing is overwritten"), "{error}");
    }
}

#[test]
fn a_prefix_is_apart_from_its_neighbours() {
    let memory = Arc::new(InMemory::new());
    let job = objects(&memory, "job");
    job.write("job.json", b"1", Readers::Anyone).unwrap();
    objects(&memory, "jo").check_free().unwrap();
    objects(&memory, "job2").check_free().unwrap();
    objects(&memory, "").check_free().unwrap_err();
    assert!(!objects(&memory, "").exists("job.json").unwrap());
}

#[cfg(unix)]
#[test]
fn a_folder_keeps_its_modes() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("job");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let store = Store::folder(&path);
    store.make().unwrap();
    store.write("input", b"1", Readers::Owner).unwrap();
    store.write("statement", b"1", Readers::Anyone).unwrap();
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&path.join("input")), 0o600);
    assert_eq!(mode(&path.join("statement")), 0o644);
}

#[cfg(feature = "cloud")]
#[test]
fn a_store_that_cannot_be_used_is_named_with_its_settings() {
    // Settings of the environment are those of whoever runs the tests: none is asked for anything.
    let Ok(Location::Objects(url)) = parsed("az://container/job") else {
        panic!("it is a URL");
    };
    if std::env::vars().any(|(name, _)| name.starts_with("AZURE_")) {
        return;
    }
    let error = Objects::open(&url).unwrap_err().to_string();
    assert!(error.starts_with("az://container/job: "), "{error}");
    assert!(error.contains("AZURE_STORAGE_ACCOUNT_NAME"), "{error}");
}

//! The program, as a shell sees it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::book::Book;

/// What came of a run.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Asserts the exit code.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    /// Asserts what the log says.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text:?} is not in: {}", self.err);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {}", self.err))
    }
}

/// A folder of this run of the tests, for keys that are remade and parameters that are shared.
fn scratch() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("books")
}

/// Runs the program.
pub fn zkmargin<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Ran {
    zkmargin_where(&[], args)
}

/// Runs the program with these variables in its environment.
pub fn zkmargin_where<S: AsRef<OsStr>>(
    variables: &[(&str, &str)],
    args: impl IntoIterator<Item = S>,
) -> Ran {
    let output = Command::cargo_bin("zkmargin")
        .unwrap()
        .envs(variables.iter().copied())
        .env("ZKMARGIN_CACHE", scratch().join("cache"))
        .args(args)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code().expect("it is not killed"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// The insecure parameters of the smallest shape.
pub static INSECURE: LazyLock<PathBuf> = LazyLock::new(|| {
    let file = scratch().join("insecure-11.srs");
    zkmargin([
        "setup".as_ref(),
        "--insecure".as_ref(),
        "-k".as_ref(),
        "11".as_ref(),
        "--out".as_ref(),
        file.as_os_str(),
    ])
    .ends(0);
    file
});

/// A snapshot in a folder of its own, and what is made of it there.
pub struct Folder(TempDir);

impl Folder {
    /// Writes the four files of a snapshot.
    pub fn of(book: &Book) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::create_dir(folder.at("book")).unwrap();
        for (name, text) in book.files() {
            fs::write(folder.at("book").join(name), text).unwrap();
        }
        folder
    }

    /// Copies a snapshot folder.
    pub fn copy(snapshot: &Path) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.take(snapshot, "book");
        folder
    }

    /// Its book and its bundle once more, to be changed.
    pub fn copy_with_bundle(&self) -> Self {
        let folder = Self::copy(&self.at("book"));
        folder.take(&self.at("bundle"), "bundle");
        folder
    }

    /// Copies the files of a folder to one within.
    fn take(&self, from: &Path, name: &str) {
        let to = self.at(name);
        fs::create_dir(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }

    /// A path in it.
    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file beside the snapshot.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.at(name), text).unwrap();
        self.at(name)
    }

    /// `check --json`.
    pub fn check(&self) -> Ran {
        let book = self.at("book");
        zkmargin(["check".as_ref(), book.as_os_str(), "--json".as_ref()])
    }

    /// `prove --json` into `bundle` and `records`.
    pub fn prove(&self, params: &Path) -> Ran {
        self.prove_with(params, &[])
    }

    /// As [`Self::prove`], with more options.
    pub fn prove_with(&self, params: &Path, options: &[&str]) -> Ran {
        let (book, bundle, records) = (self.at("book"), self.at("bundle"), self.at("records"));
        let mut args = vec![
            "prove".as_ref(),
            book.as_os_str(),
            "--params".as_ref(),
            params.as_os_str(),
            "--out".as_ref(),
            bundle.as_os_str(),
            "--records".as_ref(),
            records.as_os_str(),
            "--json".as_ref(),
        ];
        args.extend(options.iter().map(OsStr::new));
        zkmargin(args)
    }

    /// `verify --json` of `bundle`, with these options.
    pub fn verify<S: AsRef<OsStr>>(&self, options: &[S]) -> Ran {
        let bundle = self.at("bundle");
        let mut args = vec!["verify".as_ref(), bundle.as_os_str(), "--json".as_ref()];
        args.extend(options.iter().map(AsRef::as_ref));
        zkmargin(args)
    }
}

/// What came of a check of `verify --json`.
pub fn status<'a>(report: &'a Value, name: &str) -> &'a str {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name);
    check.unwrap()["status"].as_str().unwrap()
}

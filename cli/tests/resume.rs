//! Runs of `prove` that are interrupted, at any moment and in any way, and what the next run makes of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

const ACCOUNTS: [&str; 5] = [
    "alice@example",
    "bob@example",
    "carol@example",
    "insurance",
    "prop-1",
];

/// Longer than any run takes.
const PATIENCE: Duration = Duration::from_secs(300);

static PARAMS: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    for k in ["11", "14"] {
        let file = folder.path().join(format!("{k}.srs"));
        let file = file.to_str().unwrap();
        let output = zkmargin(&["setup", "--insecure", "-k", k, "--out", file]);
        assert_eq!(code(&output), 0, "{}", err(&output));
    }
    folder
});

/// A work folder as a run leaves it that is killed with its proof finished.
static PROVEN: LazyLock<TempDir> = LazyLock::new(|| {
    // What comes after the proof takes milliseconds: on a busy machine the kill may be too late.
    for _ in 0..10 {
        let place = Place::new();
        let proof = place.at("bundle.partial/proof-00000.bin");
        if place.kill(&[], |_| proof.exists()) && !place.at("bundle").exists() {
            let kept = tempfile::tempdir().unwrap();
            copy(&place.at("bundle.partial"), kept.path());
            return kept;
        }
    }
    panic!("killed in time");
});

fn params(k: u32) -> String {
    let path = PARAMS.path().join(format!("{k}.srs"));
    path.to_str().unwrap().to_owned()
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zkmargin"));
    command.args(args);
    command
}

fn zkmargin(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// A snapshot in a folder of its own, and the places of its outputs.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&fixture("tiny-book"), &folder.path().join("book"));
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn command(&self, extra: &[&str]) -> Command {
        let mut command = command(&["prove", &self.text("book"), "--params", &params(11)]);
        command.args(["--out", &self.text("bundle")]);
        command.args(["--records", &self.text("records")]);
        command.args(extra);
        command
    }

    fn prove(&self, extra: &[&str]) -> Output {
        self.command(extra).output().unwrap()
    }

    /// Begins a run and kills it at once when `when` says so. False if the run ended before.
    fn kill(&self, extra: &[&str], when: impl Fn(&Run) -> bool) -> bool {
        let mut run = Run::new(self.command(extra));
        let start = Instant::now();
        loop {
            run.listen();
            if when(&run) {
                break;
            }
            if run.child.try_wait().unwrap().is_some() {
                return false;
            }
            assert!(start.elapsed() < PATIENCE, "{:?}", run.lines);
            thread::sleep(Duration::from_micros(100));
        }
        // SIGKILL: nothing in the process has a chance to tidy up.
        run.child.kill().unwrap();
        run.child.wait().unwrap();
        true
    }

    /// A place where a run was killed with its proof finished.
    fn proven() -> Self {
        let place = Self::new();
        copy(PROVEN.path(), &place.at("bundle.partial"));
        place
    }

    /// Bundle and records are whole and right, and nothing else is left.
    fn assert_whole(&self) {
        assert_eq!(self.names(), ["book", "bundle", "records"]);
        let bundle = self.text("bundle");
        let trust = ["--allow-insecure-setup", "--params", &params(11)];
        let output = zkmargin(&[&["verify", &bundle], &trust[..]].concat());
        assert_eq!(code(&output), 0, "{}", err(&output));
        for account in ACCOUNTS {
            let records = self.text("records");
            let output = zkmargin(&["record", "--records", &records, "--account", account]);
            assert_eq!(code(&output), 0, "{}", err(&output));
            let scratch = tempfile::tempdir().unwrap();
            let record = scratch.path().join("record.json");
            fs::write(&record, &output.stdout).unwrap();
            let record = record.to_str().unwrap();
            let args = ["verify-record", record, &bundle, "--identity", account];
            let output = zkmargin(&[&args[..], &trust[..]].concat());
            assert_eq!(code(&output), 0, "{account}: {}", err(&output));
            assert!(out(&output).contains("is in the book"), "{account}");
        }
    }

    /// Starts again what was interrupted, to its end.
    fn finish(&self, extra: &[&str]) -> String {
        let output = self.prove(extra);
        assert_eq!(code(&output), 0, "{}", err(&output));
        self.assert_whole();
        err(&output)
    }
}

/// A run, and what it has said on standard error.
struct Run {
    child: Child,
    heard: Receiver<String>,
    lines: Vec<String>,
}

impl Run {
    fn new(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (say, heard) = channel();
        thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .try_for_each(|line| say.send(line))
        });
        Self {
            child,
            heard,
            lines: Vec::new(),
        }
    }

    fn listen(&mut self) {
        self.lines.extend(self.heard.try_iter());
    }

    fn said(&self, what: &str) -> bool {
        self.lines.iter().any(|line| line.contains(what))
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/fixtures")
        .join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

fn proving(log: &str) -> bool {
    log.lines().any(|line| line.ends_with("s] proving"))
}

#[test]
fn goes_on_after_a_kill_in_any_phase() {
    for phase in [
        "evaluating the statement",
        "making the witness",
        "making the proving key",
        "proving",
    ] {
        let place = Place::new();
        let line = format!("s] {phase}");
        assert!(place.kill(&[], |run| run.said(&line)), "{phase}");
        assert!(!place.at("bundle").exists(), "{phase}");
        assert!(!place.at("records").exists(), "{phase}");
        let log = place.finish(&[]);
        assert!(proving(&log), "{phase}: {log}");
    }
}

#[test]
fn goes_on_after_a_kill_while_it_writes() {
    // The moments follow each other within milliseconds: whichever is met, the outcome is the same.
    for moment in [
        "records.partial-",
        "records",
        "bundle.partial/bundle",
        "bundle.partial/bundle/market.json",
        "bundle.partial/bundle/statement.json",
        "bundle",
    ] {
        let place = Place::proven();
        let there = |name: &str| match name.strip_suffix('-') {
            Some(_) => place.names().iter().any(|found| found.starts_with(name)),
            None => place.at(name).exists(),
        };
        let killed = place.kill(&[], |_| there(moment));
        let published = place.at("bundle").exists();
        eprintln!(
            "{moment}: killed {killed}, published {published}, {:?}",
            place.names()
        );
        let output = place.prove(&[]);
        if published {
            // Killed after the bundle stood, or not at all: it is not touched, only tidied up after.
            assert_eq!(code(&output), 2, "{moment}: {}", err(&output));
            assert!(
                err(&output).contains("exists"),
                "{moment}: {}",
                err(&output)
            );
        } else {
            assert_eq!(code(&output), 0, "{moment}: {}", err(&output));
            assert!(!proving(&err(&output)), "{moment}: {}", err(&output));
        }
        place.assert_whole();
    }
}

#[test]
fn gets_there_however_often_it_is_killed() {
    let place = Place::new();
    let mut kills = 0;
    let mut patience = Duration::from_millis(50);
    loop {
        let start = Instant::now();
        if !place.kill(&[], |_| start.elapsed() > patience) {
            break;
        }
        kills += 1;
        patience = patience.mul_f64(1.35);
        assert!(kills < 100);
    }
    eprintln!("{kills} kills");
    assert!(kills > 3);
    // The last one ended by itself, or found that the one before had been killed when all was done.
    let output = place.prove(&[]);
    assert_eq!(code(&output), 2, "{}", err(&output));
    place.assert_whole();
}

#[test]
fn keeps_a_proof_that_holds() {
    let place = Place::proven();
    let proof = fs::read(place.at("bundle.partial/proof-00000.bin")).unwrap();
    let statement = fs::read(place.at("bundle.partial/statement.json")).unwrap();
    let log = place.finish(&[]);
    assert!(log.contains("going on with an interrupted run"), "{log}");
    assert!(
        log.contains("proof 0 of the interrupted run holds"),
        "{log}"
    );
    assert!(!proving(&log), "{log}");
    assert_eq!(fs::read(place.at("bundle/proof-00000.bin")).unwrap(), proof);
    assert_eq!(
        fs::read(place.at("bundle/statement.json")).unwrap(),
        statement
    );
}

#[test]
fn makes_a_damaged_or_foreign_proof_again() {
    let whole = fs::read(PROVEN.path().join("proof-00000.bin")).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let foreign = fixture("golden-insecure-11").join("proof-00000.bin");
    let foreign = fs::read(foreign).unwrap();
    assert_eq!(foreign.len(), whole.len());
    for damaged in [&whole[..whole.len() / 2], b"", &flipped, &foreign] {
        let place = Place::proven();
        let proof = place.at("bundle.partial/proof-00000.bin");
        fs::write(&proof, damaged).unwrap();
        let said = |run: &Run| {
            run.said("proof 0 of the interrupted run is discarded and made again")
                && run.said("s] proving")
        };
        assert!(place.kill(&[], said));
        assert!(!place.at("bundle").exists());
        if damaged == foreign {
            let log = place.finish(&[]);
            assert!(log.contains("discarded and made again"), "{log}");
            let made = fs::read(place.at("bundle/proof-00000.bin")).unwrap();
            assert_ne!(made, damaged);
        }
    }
}

#[test]
fn refuses_a_damaged_seed_or_job_until_it_is_discarded() {
    let place = Place::proven();
    let work = place.at("bundle.partial");
    for (name, damage) in [
        ("seed", 20),
        ("seed", usize::MAX),
        ("job.json", 0),
        ("job.json", usize::MAX),
    ] {
        let path = work.join(name);
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        match damage {
            usize::MAX => bytes.truncate(whole.len() / 2),
            byte => bytes[byte] ^= 1,
        }
        fs::write(&path, bytes).unwrap();
        let output = place.prove(&[]);
        assert_eq!(code(&output), 2, "{name}: {}", err(&output));
        for part in [name, "damaged", "--restart"] {
            assert!(err(&output).contains(part), "{part}: {}", err(&output));
        }
        assert!(work.join("proof-00000.bin").exists(), "{name}");
        fs::write(&path, whole).unwrap();
    }
    fs::remove_file(work.join("seed")).unwrap();
    assert_eq!(code(&place.prove(&[])), 2);
    assert!(place.kill(&["--restart"], |run| run.said("s] proving")));
    assert!(!work.join("proof-00000.bin").exists());
    assert_ne!(
        fs::read(work.join("statement.json")).unwrap(),
        fs::read(PROVEN.path().join("statement.json")).unwrap()
    );
}

#[test]
fn goes_on_in_the_shape_that_was_begun() {
    let place = Place::new();
    let run = |command: &str, more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_zkmargin"))
            .args([command, &place.text("book"), "--params", &params(14)])
            .args(["--out", &place.text("bundle"), "--job", &place.text("job")])
            .args(["--records", &place.text("records")])
            .args(more)
            .output()
            .unwrap()
    };
    let output = run("plan", &["--shape", "small-14"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    // Left to itself it would choose tiny-11.
    let output = run("assemble", &[]);
    assert_eq!(code(&output), 2, "{}", err(&output));
    for part in ["windows of shape small-14", "1 shards are not proven: 0"] {
        assert!(err(&output).contains(part), "{part}: {}", err(&output));
    }
}

#[test]
fn names_what_differs_from_the_interrupted_run() {
    let place = Place::proven();
    let statement = fs::read(place.at("bundle.partial/statement.json")).unwrap();
    let refused = |extra: &[&str], part: &str| {
        let output = place.prove(extra);
        assert_eq!(code(&output), 2, "{part}: {}", err(&output));
        for part in [part, "bundle.partial", "--restart"] {
            assert!(err(&output).contains(part), "{part}: {}", err(&output));
        }
        assert!(place.at("bundle.partial/proof-00000.bin").exists());
    };
    refused(&["--publish-counts"], "numbers of accounts and pools");
    let output = Command::new(env!("CARGO_BIN_EXE_zkmargin"))
        .args(["prove", &place.text("book"), "--params", &params(14)])
        .args(["--shape", "small-14", "--out", &place.text("bundle")])
        .args(["--records", &place.text("records")])
        .output()
        .unwrap();
    assert_eq!(code(&output), 2, "{}", err(&output));
    assert!(
        err(&output).contains("tiny-11 and is small-14"),
        "{}",
        err(&output)
    );
    for (name, from, to) in [
        ("accounts.csv", "12000.5", "12000.6"),
        ("snapshot.json", "Tiny", "Tony"),
        ("risk.json", "tiny-pm-1", "tiny-pm-2"),
        (
            "market.json",
            "\"mark\": \"65100.2\"",
            "\"mark\": \"65100.3\"",
        ),
    ] {
        let file = place.at("book").join(name);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from} in {name}");
        fs::write(&file, text.replacen(from, to, 1)).unwrap();
        refused(&[], &format!("{name} has changed"));
        if name != "accounts.csv" {
            fs::write(&file, text).unwrap();
        }
    }
    // The accounts stay changed.
    let log = place.finish(&["--restart"]);
    assert!(proving(&log), "{log}");
    assert_ne!(
        fs::read(place.at("bundle/statement.json")).unwrap(),
        statement
    );
}

#[test]
fn replaces_what_is_half_written() {
    let place = Place::proven();
    let statement = fs::read(place.at("bundle.partial/statement.json")).unwrap();
    let digest = hex::encode(Sha256::digest(&statement));
    let records = place.at(&format!("records.partial-{}", &digest[..16]));
    fs::create_dir_all(records.join("00")).unwrap();
    fs::write(records.join("00/half.json"), "{ \"acc").unwrap();
    fs::create_dir_all(place.at("bundle.partial/bundle")).unwrap();
    for name in ["bundle/market.json", "bundle/.tmpAbCdEf", ".tmpGhIjKl"] {
        fs::write(place.at("bundle.partial").join(name), "half").unwrap();
    }
    place.finish(&[]);
    let half = place.at("records").join("00/half.json");
    assert!(!half.exists());
    assert_eq!(fs::read_dir(place.at("bundle")).unwrap().count(), 5);
}

#[test]
fn keeps_the_records_of_others() {
    let place = Place::proven();
    place.finish(&[]);
    // The records of a published bundle are not those of the next one.
    fs::rename(place.at("bundle"), place.at("published")).unwrap();
    for extra in [&[][..], &["--restart"]] {
        let output = place.prove(extra);
        assert_eq!(code(&output), 2, "{}", err(&output));
        assert!(err(&output).contains("records exists"), "{}", err(&output));
        assert_eq!(place.names(), ["book", "published", "records"]);
    }
    // Killed between records and bundle: the records stand, and are this run's.
    copy(PROVEN.path(), &place.at("bundle.partial"));
    fs::rename(place.at("published"), place.at("book/published")).unwrap();
    place.finish(&[]);
    // A run that is discarded does not take finished records with it: they may be in use.
    fs::rename(place.at("bundle"), place.at("book/elsewhere")).unwrap();
    copy(PROVEN.path(), &place.at("bundle.partial"));
    let output = place.prove(&["--restart"]);
    assert_eq!(code(&output), 2, "{}", err(&output));
    assert!(err(&output).contains("records exists"), "{}", err(&output));
    assert!(place.at("bundle.partial/proof-00000.bin").exists());
    place.finish(&[]);
    // Killed after the bundle stood: only tidied up after.
    let work = place.at("bundle.partial");
    copy(PROVEN.path(), &work);
    fs::copy(
        place.at("bundle/statement.json"),
        work.join("statement.json"),
    )
    .unwrap();
    let output = place.prove(&[]);
    assert_eq!(code(&output), 2, "{}", err(&output));
    place.assert_whole();
}

/// As `openssl genpkey -algorithm ed25519` wrote it.
const SECRET_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIFUItcrIrlemppMHvCNxDmXi2IKUc+SJb8fQNVdJLeas
-----END PRIVATE KEY-----
";

#[test]
fn signs_no_finished_records() {
    let place = Place::proven();
    place.finish(&[]);
    // Killed between records and bundle, and started again as it was not.
    fs::rename(place.at("bundle"), place.at("book/elsewhere")).unwrap();
    copy(PROVEN.path(), &place.at("bundle.partial"));
    fs::write(place.at("book/venue.pem"), SECRET_KEY).unwrap();
    let key = place.text("book/venue.pem");
    let output = place.prove(&["--sign", &key]);
    assert_eq!(code(&output), 2, "{}", err(&output));
    let said = "signed with another key or not at all";
    assert!(err(&output).contains(said), "{}", err(&output));
    assert!(!place.at("bundle").exists());
    place.finish(&[]);
}

#[test]
fn goes_on_where_it_has_kept_what_opens_the_bundle() {
    let place = Place::proven();
    let secret = place.text("book/secret.json");
    place.finish(&["--audit", &secret]);
    let kept = fs::read(place.at("book/secret.json")).unwrap();
    // Killed between that and the bundle.
    fs::rename(place.at("bundle"), place.at("book/elsewhere")).unwrap();
    copy(PROVEN.path(), &place.at("bundle.partial"));
    place.finish(&["--audit", &secret]);
    assert_eq!(fs::read(place.at("book/secret.json")).unwrap(), kept);
    // Another run's is not replaced by it.
    fs::rename(place.at("bundle"), place.at("book/first")).unwrap();
    fs::rename(place.at("records"), place.at("book/records")).unwrap();
    let output = place.prove(&["--audit", &secret]);
    assert_eq!(code(&output), 2, "{}", err(&output));
    assert!(
        err(&output).contains("nothing is overwritten"),
        "{}",
        err(&output)
    );
}

#[test]
fn lets_one_run_at_a_time_have_a_place() {
    let place = Place::new();
    let mut first = Run::new(place.command(&[]));
    let job = place.at("bundle.partial/job.json");
    let start = Instant::now();
    while !job.exists() {
        assert!(start.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(1));
    }
    for extra in [&[][..], &["--restart"]] {
        let output = place.prove(extra);
        assert_eq!(code(&output), 2, "{}", err(&output));
        assert!(
            err(&output).contains("another run is using"),
            "{}",
            err(&output)
        );
    }
    assert!(first.child.wait().unwrap().success());
    place.assert_whole();
}

#[test]
fn keeps_records_and_bundle_apart() {
    let place = Place::new();
    let nested = place.text("bundle/records");
    let output = command(&["prove", &place.text("book"), "--params", &params(11)])
        .args(["--out", &place.text("bundle"), "--records", &nested])
        .output()
        .unwrap();
    assert_eq!(code(&output), 2, "{}", err(&output));
    assert!(err(&output).contains("private"), "{}", err(&output));
    assert_eq!(place.names(), ["book"]);
}

#[cfg(unix)]
#[test]
fn keeps_the_secret_from_others() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let statement = place.at("bundle.partial/statement.json");
    assert!(place.kill(&[], |_| statement.exists()));
    let mode = |name: &str| fs::metadata(place.at(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("bundle.partial"), 0o700);
    assert_eq!(mode("bundle.partial/seed"), 0o600);
    assert_eq!(mode("bundle.partial/job.json"), 0o600);
    assert_eq!(mode("bundle.partial/statement.json"), 0o600);
}

/// A limit on the size of files stands in for a full disk: writing fails half way through a file.
#[cfg(unix)]
#[test]
fn names_the_file_when_the_disk_is_full() {
    let place = Place::new();
    let limited = |limit: &str| {
        // Without the signal, the write itself fails.
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$@\"");
        let prove = place.command(&[]);
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh"]).arg(prove.get_program());
        command.args(prove.get_args()).output().unwrap()
    };
    let output = limited("0");
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert!(
        err(&output).contains("bundle.partial/seed: "),
        "{}",
        err(&output)
    );
    assert_eq!(place.names(), ["book"]);
    // Enough for all but the proof, whatever the unit is.
    let output = limited("16");
    assert_eq!(code(&output), 3, "{}", err(&output));
    let file = "bundle.partial/proof-00000.bin: ";
    assert!(err(&output).contains(file), "{}", err(&output));
    assert!(!place.at("bundle.partial/proof-00000.bin").exists());
    let log = place.finish(&[]);
    assert!(log.contains("going on with an interrupted run"), "{log}");
}

#[test]
fn says_what_it_is_about_to_do() {
    let place = Place::new();
    let log = place.finish(&["--ignore-memory"]);
    for part in [
        "5 accounts in ",
        "of the 245 windows of shape tiny-11 (2^11 rows), setup insecure, one proof, about ",
        "of memory",
        "peak memory",
    ] {
        assert!(log.contains(part), "{part} in {log}");
    }
    for phase in [
        "reading the parameters",
        "evaluating the statement",
        "proving",
        "writing",
    ] {
        let line = log
            .lines()
            .find(|line| line.ends_with(&format!("s] {phase}")));
        assert!(
            line.is_some_and(|line| line.starts_with('[')),
            "{phase} in {log}"
        );
    }
}

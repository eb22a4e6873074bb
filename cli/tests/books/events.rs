//! The event logs of runs that end well, that fail and that are interrupted.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{json, Value};

use crate::program::{zkmargin, Folder, INSECURE};
use crate::shards::{args, book, kill_with, ACCOUNTS};
use crate::signatures::SECRET;

/// Every line of a log, each whole, in time's order, and with the fields that `docs/events.md` gives its event.
fn events(folder: &Folder) -> Vec<Value> {
    let text = fs::read_to_string(folder.at("run.jsonl")).unwrap();
    assert!(text.ends_with('\n'));
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut before = String::new();
    for line in &lines {
        let time = line["time"].as_str().unwrap();
        assert!(
            time.len() == 24 && time.ends_with('Z') && *time >= *before,
            "{line}"
        );
        before = time.to_owned();
        assert!(line["elapsed_s"].as_f64().unwrap() >= 0.0, "{line}");
        assert_eq!(fields(line), documented(name(line)), "{line}");
    }
    lines
}

fn name(line: &Value) -> &str {
    line["event"].as_str().unwrap()
}

/// The fields of a line but those that every line has.
fn fields(line: &Value) -> BTreeSet<&str> {
    let all = line.as_object().unwrap().keys().map(String::as_str);
    all.filter(|field| !["time", "elapsed_s", "event"].contains(field))
        .collect()
}

/// The fields that the documentation gives an event.
fn documented(event: &str) -> BTreeSet<&'static str> {
    const PAGE: &str = include_str!("../../../docs/events.md");
    let begin = format!("| `{event}` |");
    let row = PAGE.lines().find(|line| line.starts_with(&begin));
    let row = row.unwrap_or_else(|| panic!("{event} is documented"));
    let fields = row.rsplit(" | ").next().unwrap();
    // What a field's values are called stands after a colon.
    let named = |field: &'static str| field.split(": ").next().unwrap();
    fields
        .split("; ")
        .flat_map(|field| named(field).split('`').skip(1).step_by(2))
        .collect()
}

fn of<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| name(line) == event).collect()
}

fn logged<'a>(folder: &Folder, options: &[&'a str], log: &'a str) -> Vec<&'a str> {
    assert!(log.starts_with(folder.at("").to_str().unwrap()));
    [options, &["--log", log]].concat()
}

fn log(folder: &Folder) -> String {
    folder.at("run.jsonl").to_str().unwrap().to_owned()
}

#[test]
fn a_run_is_logged_from_start_to_end() {
    let folder = Folder::of(&book(100));
    let path = log(&folder);
    let ran = folder
        .prove_with(&INSECURE, &logged(&folder, &[], &path))
        .ends(0);
    let lines = events(&folder);
    let (start, end) = (&lines[0], lines.last().unwrap());
    assert_eq!((name(start), name(end)), ("start", "end"));
    assert_eq!(start["command"], "prove");
    assert_eq!(start["version"], env!("CARGO_PKG_VERSION"));
    let plan = of(&lines, "plan");
    assert_eq!(plan.len(), 1);
    for (field, value) in [
        ("shape", json!("tiny-11")),
        ("k", json!(11)),
        ("setup", json!("insecure")),
        ("shards", json!(3)),
        ("indices", Value::Null),
        ("resumes", json!(false)),
    ] {
        assert_eq!(plan[0][field], value, "{field}");
    }

    // Every phase ends before the next begins, and costs something.
    let phases: Vec<&Value> = lines
        .iter()
        .filter(|line| name(line).starts_with("phase_"))
        .collect();
    for pair in phases.chunks(2) {
        assert_eq!((name(pair[0]), name(pair[1])), ("phase_begin", "phase_end"));
        for field in ["phase", "shard"] {
            assert_eq!(pair[0][field], pair[1][field]);
        }
    }
    let told: Vec<&str> = of(&lines, "phase_end")
        .iter()
        .map(|line| line["phase"].as_str().unwrap())
        .collect();
    let each = ["witness", "proving", "checking"];
    let before = [
        "reading",
        "parameters",
        "evaluating",
        "keys",
        "hashing",
        "proving_key",
    ];
    let expected = [&before[..], &each, &each, &each, &["totals", "writing"]].concat();
    assert_eq!(told, expected);
    let parts = of(&lines, "part_begin");
    assert_eq!(parts.len(), 3 * 5);
    // Before the first part is done nothing is known of how long a proof takes.
    for (index, part) in parts.iter().enumerate() {
        assert_eq!(part["remaining_s"].is_null(), index == 0, "{part}");
    }

    let (begun, done) = (of(&lines, "shard_begin"), of(&lines, "shard_done"));
    assert_eq!((begun.len(), done.len()), (3, 3));
    for (index, (begun, done)) in begun.iter().zip(&done).enumerate() {
        assert_eq!(
            (&begun["shard"], &done["shard"]),
            (&json!(index), &json!(index))
        );
        assert_eq!(begun["remaining_s"].is_null(), index == 0, "{begun}");
        assert!(done["wall_s"].as_f64().unwrap() > 0.0);
        assert!(done["proof_bytes"].as_u64().unwrap() > 1000);
        let remaining = done["remaining_s"].as_f64().unwrap();
        assert_eq!(remaining == 0.0, index == 2, "{done}");
    }
    assert!(ran.err.contains("proof 2 of 3, about "), "{}", ran.err);

    assert_eq!((&end["ok"], &end["exit_code"]), (&json!(true), &json!(0)));
    assert_eq!(
        (&end["error"], &end["withheld"]),
        (&Value::Null, &json!(false))
    );
    let summary = &end["summary"];
    assert_eq!(
        (&summary["shards"], &summary["kept"]),
        (&json!(3), &json!(0))
    );
    let files = fs::read_dir(folder.at("bundle")).unwrap();
    let bytes: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert_eq!(summary["bundle_bytes"], bytes);
    let printed = ran.json();
    assert_eq!(printed["bundle_bytes"], bytes);
    assert!(printed["records_bytes"].as_u64().unwrap() > 0);
    for line in [
        "502 in 3 proofs of shape tiny-11",
        "accounts a core-second",
        "3 made, 0 kept that were there already",
        " cores busy",
        "peak memory  ",
        "sizes",
    ] {
        assert!(ran.err.contains(line), "{line} in {}", ran.err);
    }

    // What the bundle hides is not in it.
    let text = fs::read_to_string(folder.at("run.jsonl")).unwrap();
    assert_eq!(summary["accounts"], Value::Null);
    let accounts = format!("\"accounts\":{}", ACCOUNTS + 2);
    let records = folder.at("records");
    for private in [
        "customer-",
        "long",
        "USDT",
        &accounts,
        records.to_str().unwrap(),
    ] {
        assert!(!text.contains(private), "{private} in {text}");
    }
}

#[test]
fn a_run_that_fails_says_why_and_nothing_private() {
    let folder = Folder::of(&book(100));
    let path = log(&folder);
    let end = |options: &[&str], code: i32| {
        let ran = folder
            .prove_with(&INSECURE, &logged(&folder, options, &path))
            .ends(code);
        let end = events(&folder).pop().unwrap();
        assert_eq!((&end["event"], &end["ok"]), (&json!("end"), &json!(false)));
        assert_eq!(end["exit_code"], code);
        assert_eq!(end["summary"], Value::Null);
        (ran, end)
    };
    // As it is shown.
    let (ran, last) = end(&["--shape", "tiny-12"], 2);
    let error = last["error"].as_str().unwrap();
    assert_eq!(
        ran.err.lines().last().unwrap(),
        format!("zkmargin: {error}")
    );
    assert_eq!(last["withheld"], false);

    // Without the place of the records.
    fs::create_dir(folder.at("records")).unwrap();
    fs::write(folder.at("records/other"), "").unwrap();
    let (ran, last) = end(&[], 2);
    assert!(ran.err.contains(folder.at("records").to_str().unwrap()));
    let error = last["error"].as_str().unwrap();
    assert!(error.starts_with("RECORDS exists; "), "{error}");
    fs::remove_dir_all(folder.at("records")).unwrap();

    // Without what an account holds.
    let accounts = folder.at("book/accounts.csv");
    let text = fs::read_to_string(&accounts).unwrap();
    fs::write(
        &accounts,
        text.replace(
            "customer-007,cross,USDT,100,",
            "customer-007,cross,USDT,1e9,",
        ),
    )
    .unwrap();
    let (ran, last) = end(&[], 2);
    assert!(ran.err.contains("1e9"), "{}", ran.err);
    assert_eq!(last["withheld"], true);
    assert_eq!(last["error"], "accounts.csv:13 is not as it should be");
    let logged = fs::read_to_string(folder.at("run.jsonl")).unwrap();
    for private in ["customer-", "1e9", folder.at("records").to_str().unwrap()] {
        assert!(!logged.contains(private), "{private} in {logged}");
    }
    assert_eq!(of(&events(&folder), "start").len(), 3);

    // A log that cannot be had stops the command before it does anything.
    folder
        .prove_with(
            &INSECURE,
            &["--log", folder.at("no/run.jsonl").to_str().unwrap()],
        )
        .ends(2)
        .says("--log ");
    assert!(!folder.at("bundle.partial").exists());
}

#[test]
fn a_run_that_resumes_goes_on_in_its_log() {
    let folder = Folder::of(&book(100));
    let path = log(&folder);
    kill_with(&folder, "proof-00001.bin", &["--log", &path]);
    // The second proof loses its end.
    let second = folder.at("bundle.partial/proof-00001.bin");
    let whole = fs::read(&second).unwrap();
    fs::write(&second, &whole[..whole.len() / 2]).unwrap();
    folder.prove_with(&INSECURE, &["--log", &path]).ends(0);
    let lines = events(&folder);
    let starts: Vec<usize> = (0..lines.len())
        .filter(|index| name(&lines[*index]) == "start")
        .collect();
    let (killed, resumed) = lines.split_at(starts[1]);
    assert_eq!(starts.len(), 2);
    assert!(of(killed, "end").is_empty());
    assert_eq!(of(killed, "plan")[0]["resumes"], false);
    assert_eq!(of(resumed, "plan")[0]["resumes"], true);
    assert_eq!(of(resumed, "shard_kept")[0]["shard"], 0);
    let warning = of(resumed, "warning")[0]["text"].as_str().unwrap();
    assert!(
        warning.starts_with("proof 1 of the interrupted run is discarded"),
        "{warning}"
    );
    let end = resumed.last().unwrap();
    assert_eq!(end["ok"], true);
    let kept = of(resumed, "shard_kept").len();
    assert_eq!(end["summary"]["kept"], kept);
    assert_eq!(of(resumed, "shard_done").len() + kept, 3);
}

#[test]
fn the_commands_of_a_job_log_what_each_does() {
    let folder = Folder::of(&book(100));
    let path = log(&folder);
    let run = |command: &str, options: &[&str], code: i32| {
        zkmargin(args(command, &folder, &logged(&folder, options, &path))).ends(code);
        let lines = events(&folder);
        let start = lines
            .iter()
            .rposition(|line| name(line) == "start")
            .unwrap();
        assert_eq!(lines[start]["command"], command);
        lines[start..].to_vec()
    };
    let planned = run("plan", &[], 0);
    assert_eq!(
        planned.last().unwrap()["summary"]["bundle_bytes"],
        Value::Null
    );
    let proven = run("shard", &["--index", "0-1"], 0);
    let plan = of(&proven, "plan")[0];
    assert_eq!(
        (&plan["indices"], &plan["shards"]),
        (&json!([0, 1]), &json!(3))
    );
    // What another machine does is not this one's to wait for.
    assert_eq!(of(&proven, "shard_done")[1]["remaining_s"], 0.0);
    assert_eq!(proven.last().unwrap()["summary"]["shards"], 2);
    let missing = run("assemble", &[], 2);
    let error = missing.last().unwrap()["error"].as_str().unwrap();
    assert!(error.starts_with("1 shards are not proven: 2"), "{error}");
    let again = run("shard", &["--index", "1-2"], 0);
    assert_eq!(of(&again, "shard_kept")[0]["shard"], 1);
    assert_eq!(again.last().unwrap()["summary"]["kept"], 1);
    let assembled = run("assemble", &[], 0);
    assert_eq!(of(&assembled, "shard_kept").len(), 3);
    assert!(assembled.last().unwrap()["summary"]["bundle_bytes"].is_u64());
}

#[cfg(unix)]
#[test]
fn a_warning_is_logged_without_the_place_of_the_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::of(&book(100));
    let path = log(&folder);
    let key = folder.file("venue.pem", SECRET);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let options = ["--sign", key.to_str().unwrap()];
    // It stops where there are no parameters.
    folder
        .prove_with(&folder.at("none.srs"), &logged(&folder, &options, &path))
        .ends(2)
        .says("warning: others than its owner may read /");
    let lines = events(&folder);
    let warnings = of(&lines, "warning");
    assert_eq!(warnings.len(), 1);
    let text = warnings[0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("others than its owner may read KEY, "),
        "{text}"
    );
    // The phase that failed has no end.
    let begun = of(&lines, "phase_begin").len();
    assert_eq!(of(&lines, "phase_end").len(), begun - 1);
}

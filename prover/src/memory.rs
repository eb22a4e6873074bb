//! How much memory a proof takes, and how much there is.

use std::fs;
use std::path::{Path, PathBuf};

use halo2_proofs::halo2curves::bn256::Fr;
use halo2_proofs::plonk::ConstraintSystem;
use zkmargin_circuits::circuit::configure;
use zkmargin_circuits::shape::Shape;

/// Bytes of a field element.
const ELEMENT: u64 = 32;

/// Field elements held at the peak, for each row of each column: values, coefficients and values on
/// cosets of what is held at a time. Calibrated by measured peaks, those in the tests: a run of
/// several proofs takes more than one proof, since the columns of one wait for the next while its
/// witness is made.
const FACTOR: f64 = 2.5;

/// Everything that does not grow with the shape: the program, its threads, a small book.
const BASE: u64 = 16 << 20;

/// A run goes ahead when there is at least this part of what it is expected to take.
const ENOUGH: f64 = 0.8;

/// Bytes that a proof in a shape is expected to take at its peak.
pub fn needed(shape: &Shape) -> u64 {
    let mut meta = ConstraintSystem::<Fr>::default();
    configure(&mut meta, shape);
    // Of fixed columns little more than the coefficients stays.
    let columns = meta.num_advice_columns()
        + meta.num_fixed_columns() / 2
        + meta.permutation().get_columns().len()
        + 3 * meta.lookups().len();
    let elements = (columns as u64) << shape.k;
    BASE + ((elements * ELEMENT) as f64 * FACTOR) as u64
}

/// Whether `available` bytes are clearly too few where `needed` are expected to be taken.
pub fn is_short(needed: u64, available: u64) -> bool {
    (available as f64) < needed as f64 * ENOUGH
}

/// Bytes that this process can still take: what the system has available, or what the limit of its
/// control group leaves if that is less. None where neither can be told, as on anything but Linux.
pub fn available() -> Option<u64> {
    available_under(Path::new("/"))
}

fn available_under(root: &Path) -> Option<u64> {
    let system = fs::read_to_string(root.join("proc/meminfo"))
        .ok()
        .and_then(|text| field(&text, "MemAvailable:"))
        .map(|kibibytes| kibibytes << 10);
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let limits = group_folders(&groups)
        .into_iter()
        .filter_map(|folder| group_headroom(&root.join(folder)));
    system.into_iter().chain(limits).min()
}

/// The number that follows a word at the beginning of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .filter_map(|line| line.strip_prefix(name))
        .find_map(|rest| rest.split_whitespace().next()?.parse().ok())
}

/// The folders of the memory control groups in `/proc/self/cgroup`, and of those above them: a limit
/// of any of them holds. Within a container the groups may stand at the top.
fn group_folders(groups: &str) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let top = match controllers {
            "" => Path::new("sys/fs/cgroup"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                Path::new("sys/fs/cgroup/memory")
            }
            _ => continue,
        };
        let path = Path::new(path.trim_start_matches('/'));
        folders.extend(path.ancestors().map(|folder| top.join(folder)));
    }
    folders
}

/// What a control group leaves: its limit without what is used, file caches that give way not counted.
fn group_headroom(folder: &Path) -> Option<u64> {
    let text = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let number = |name: &str| text(name)?.trim().parse::<u64>().ok();
    let (limit, used, caches) = match number("memory.max") {
        Some(limit) => (
            limit,
            number("memory.current")?,
            ["inactive_file ", "active_file "],
        ),
        None => (
            number("memory.limit_in_bytes")?,
            number("memory.usage_in_bytes")?,
            ["total_inactive_file ", "total_active_file "],
        ),
    };
    let stat = text("memory.stat").unwrap_or_default();
    let cached = caches.iter().filter_map(|name| field(&stat, name)).sum();
    Some(limit.saturating_sub(used.saturating_sub(cached)))
}

/// Bytes, for people.
pub fn shown(bytes: u64) -> String {
    const GIB: f64 = (1u64 << 30) as f64;
    if bytes < 1 << 30 {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{:.1} GiB", bytes as f64 / GIB)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zkmargin_circuits::shape::SHAPES;

    #[test]
    fn expects_what_was_measured() {
        let measured = [
            ("tiny-11", 59 << 20),
            ("small-14", 325 << 20),
            // Of one proof 3,712.
            ("retail-18", 4_813u64 << 20),
            ("desk-19", 8_176u64 << 20),
        ];
        for (name, peak) in measured {
            let expected = needed(Shape::by_name(name).unwrap());
            let ratio = expected as f64 / peak as f64;
            assert!((0.85..1.25).contains(&ratio), "{name}: {ratio}");
        }
        for pair in SHAPES.windows(2) {
            assert!(needed(&pair[0]) < needed(&pair[1]), "{}", pair[1].name);
        }
    }

    #[test]
    fn refuses_only_what_is_clearly_short() {
        assert!(is_short(1000, 799));
        assert!(!is_short(1000, 800));
        assert!(!is_short(1000, 5000));
    }

    fn system(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        available_under(root.path())
    }

    const MEMINFO: (&str, &str) = (
        "proc/meminfo",
        "MemTotal:  8000 kB\nMemFree:  10 kB\nMemAvailable:    4000 kB\n",
    );

    #[test]
    fn reads_what_is_available() {
        assert_eq!(system(&[]), None);
        assert_eq!(system(&[("proc/meminfo", "rubbish")]), None);
        assert_eq!(system(&[MEMINFO]), Some(4000 << 10));
    }

    #[test]
    fn reads_the_limit_of_a_group_or_of_one_above_it() {
        let group = ("proc/self/cgroup", "0::/app/worker\n");
        let limited = |max| {
            system(&[
                MEMINFO,
                group,
                ("sys/fs/cgroup/app/worker/memory.max", "max\n"),
                ("sys/fs/cgroup/app/memory.max", max),
                ("sys/fs/cgroup/app/memory.current", "1000\n"),
                (
                    "sys/fs/cgroup/app/memory.stat",
                    "anon 5\ninactive_file 300\nactive_file 100\n",
                ),
            ])
        };
        assert_eq!(limited("max\n"), Some(4000 << 10));
        assert_eq!(limited("3000\n"), Some(2400));
        assert_eq!(limited("500\n"), Some(0));
    }

    #[test]
    fn reads_the_limit_of_the_older_kind_of_group() {
        let found = system(&[
            MEMINFO,
            ("proc/self/cgroup", "5:cpu:/\n4:memory:/not/visible\n0::/\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "3000\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000\n"),
            (
                "sys/fs/cgroup/memory/memory.stat",
                "total_inactive_file 1\n",
            ),
        ]);
        assert_eq!(found, Some(2001));
    }

    #[test]
    fn shows_sizes() {
        assert_eq!(shown(117 << 20), "117 MiB");
        assert_eq!(shown(3 << 29), "1.5 GiB");
    }
}

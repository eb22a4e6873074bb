//! Ceremonies by another program.

use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Makes a small ceremony of one contribution by snarkjs, where node is; its package is installed
/// from the lock file the first time. False where that cannot be, which is said past the capture of
/// a test's output.
pub fn snarkjs_ceremony(power: u32, out: &Path) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/js");
    let run = |program: &str, args: &[&str]| -> Result<(), String> {
        let output = Command::new(program)
            .args(args)
            .current_dir(&folder)
            .output()
            .map_err(|error| format!("{program}: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let log = String::from_utf8_lossy(&output.stderr);
        let last = log.trim_end().lines().last().unwrap_or("nothing is said");
        Err(format!("{program}: {}: {last}", output.status))
    };
    let install = || match folder.join("node_modules/snarkjs").exists() {
        true => Ok(()),
        false => run(
            "npm",
            &["ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        ),
    };
    let made = install().and_then(|()| {
        let (power, out) = (
            power.to_string(),
            out.to_str().ok_or("not a path of UTF-8")?,
        );
        run("node", &["new-ptau.mjs", &power, out])
    });
    let Err(problem) = made else { return true };
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: no ceremony by snarkjs can be made here ({problem}): .ptau files are not tested"
    );
    false
}

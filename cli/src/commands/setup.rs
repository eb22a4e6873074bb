//! `zkmargin setup`: KZG parameters.

use std::path::Path;
use std::time::Instant;

use indicatif::ProgressBar;
use zkmargin_prover::params::{import_ptau, import_raw, insecure, Parameters, ParamsError, Stage};
use zkmargin_verifier::setup::Setup;

use super::spinner;
use crate::args::SetupArgs;
use crate::failure::Failure;

/// Imports or makes parameters, and writes them.
pub fn run(args: &SetupArgs) -> Result<(), Failure> {
    let start = Instant::now();
    let progress = spinner("setup");
    let source = &args.source;
    let parameters = if let Some(path) = &source.ptau {
        import_ptau(path, args.k, &mut |stage| show(&progress, stage)).map_err(failure)?
    } else if let Some(path) = &source.params {
        let whole = load(path, &progress)?;
        match args.k {
            Some(k) => whole.downsize(k).map_err(failure)?,
            None => whole,
        }
    } else {
        let k = args.k.unwrap_or_default();
        insecure(k, &mut |stage| show(&progress, stage)).map_err(failure)?
    };
    progress.set_message("writing");
    parameters.write(&args.out).map_err(failure)?;
    progress.finish_and_clear();
    eprintln!(
        "wrote {}: 2^{} powers, setup {}, {:.1} s",
        args.out.display(),
        parameters.k(),
        parameters.setup(),
        start.elapsed().as_secs_f64()
    );
    if parameters.setup() == Setup::Insecure {
        eprintln!("these parameters are insecure: their tau is published, and anyone can forge proofs under them");
    }
    Ok(())
}

/// Reads and checks parameters that `setup` wrote, or others in the raw form.
pub fn load(path: &Path, progress: &ProgressBar) -> Result<Parameters, Failure> {
    import_raw(path, &mut |stage| show(progress, stage)).map_err(failure)
}

fn show(progress: &ProgressBar, stage: Stage) {
    progress.set_message(match stage {
        Stage::Generating => "computing powers",
        Stage::Reading => "reading points, each checked to be on its curve",
        Stage::CheckingPowers => "checking that the powers are of one tau",
        Stage::Lagrange => "computing the Lagrange basis",
    });
}

/// The exit code of a failed import.
pub fn failure(error: ParamsError) -> Failure {
    match error {
        ParamsError::Input(_) => Failure::input(error),
        ParamsError::Io { ref source, .. } if crate::files::is_missing(source) => {
            Failure::input(error)
        }
        ParamsError::Io { .. } => Failure::internal(error),
    }
}

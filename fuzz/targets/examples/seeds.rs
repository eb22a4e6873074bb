//! Writes the seeds of every target, for `cargo fuzz`: `cargo run --release -p zkmargin-attack
//! --example seeds -- fuzz/corpus`.

use std::error::Error;
use std::fs;
use std::path::Path;

use zkmargin_attack::TARGETS;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: seeds FOLDER")?;
    for target in TARGETS {
        let folder = Path::new(&folder).join(target.name);
        fs::create_dir_all(&folder)?;
        for (index, seed) in (target.seeds)().into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{index:03}")), seed)?;
        }
    }
    Ok(())
}

//! Writes first inputs: `cargo run --example seeds`, in the folder `fuzz`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    checks::seeds::write(&here.join("../fixtures"), &here.join("corpus"))
}

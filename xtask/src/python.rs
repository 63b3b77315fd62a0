//! Python packages for benchmarks, in an environment of their own below `target`. Nothing
//! else of the project needs Python.

use crate::shell::{output, root, run, step};
use std::fs;

/// The interpreter that has what `benches/requirements.txt` lists, or None with the reason
/// said: a benchmark goes on without it. `BENCH_PYTHON` names another one.
pub fn for_benches() -> Option<String> {
    if let Ok(python) = std::env::var("BENCH_PYTHON") {
        return Some(python);
    }
    let left_out = |why: &str| {
        eprintln!("{why}: the baseline in Python is left out");
        None
    };
    let wanted = fs::read_to_string(root().join("benches/requirements.txt")).ok()?;
    let folder = root().join("target/bench-python");
    let python = folder.join("bin/python").to_str()?.to_owned();
    let stamp = folder.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Some(python);
    }
    if output("python3", &["--version"]).is_none() {
        return left_out("python3 is missing");
    }
    step("Python packages for the baseline");
    let made = run("python3", &["-m", "venv", "target/bench-python"]).and_then(|()| {
        let requirements = "benches/requirements.txt";
        run(
            &python,
            &[
                "-m",
                "pip",
                "install",
                "--quiet",
                "--requirement",
                requirements,
            ],
        )
    });
    match made {
        Ok(()) => {
            // Ignored: it is installed again the next time.
            let _ = fs::write(&stamp, wanted);
            Some(python)
        }
        Err(error) => left_out(&format!("{error:#}")),
    }
}

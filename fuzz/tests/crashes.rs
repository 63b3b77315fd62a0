//! Inputs that once broke something, and a seed of each kind.

use std::fs;
use std::path::Path;

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn known_inputs_pass() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (target, check) in checks::TARGETS {
        for file in files(&here.join("crashes").join(target)) {
            eprintln!("{}", file.display());
            check(&fs::read(file).unwrap());
        }
        check(b"");
        check(b"{\"type\":3,\"data\":{},\"timestamp\":1}");
    }
}

/// Real events pass every check.
#[test]
fn seeds_pass() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seeds");
    checks::seeds::write(&here.join("../fixtures"), &folder).unwrap();
    for (target, check) in checks::TARGETS {
        let seeds = files(&folder.join(target));
        assert_eq!(seeds.is_empty(), target == "mirror_made", "{target}");
        for seed in seeds.iter().step_by(9) {
            check(&fs::read(seed).unwrap());
        }
    }
    fs::remove_dir_all(folder).unwrap();
}

/// The generator makes pages and not only noise.
#[test]
fn made_events_make_pages() {
    let mut state = 1u64;
    let mut with_page = 0;
    for _ in 0..200 {
        let bytes: Vec<u8> = (0..600)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        checks::mirror_made::check(&bytes);
        let mut mirror = rrweb::Mirror::new(Default::default());
        let mut tape = rrweb::Tape::new();
        let mut most_nodes = 0;
        for event in checks::made::events(&bytes) {
            tape.parse(&event).unwrap();
            mirror.apply(tape.root(), 0, &mut ());
            most_nodes = most_nodes.max(mirror.node_count());
        }
        with_page += usize::from(most_nodes > 4);
    }
    assert!(with_page > 100, "{with_page} of 200");
}

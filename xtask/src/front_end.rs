//! The npm side: packages by lock file, the web app, the demo shop, their tests,
//! and the end-to-end tests in Chromium.

use crate::shell::{output, root, run, run_with, step};
use anyhow::{Context, Result, bail};
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

const NODE_MAJOR: u32 = 20;
const CHROMIUM: &str = "/usr/bin/chromium";
/// Folders that a build makes or that are not its source.
const NOT_SOURCE: [&str; 5] = [
    "node_modules",
    "build",
    "dist",
    ".svelte-kit",
    "test-results",
];

/// Builds the API's client, the web app, the browser SDK and the demo shop unless they are up to date.
pub fn build() -> Result<()> {
    install()?;
    build_if_changed("client", "dist")?;
    build_if_changed("web", "build")?;
    build_if_changed("sdk", "dist")?;
    build_if_changed("demo", "dist")
}

pub fn test() -> Result<()> {
    build()?;
    step("web: types, unit tests, size budgets");
    run("npm", &["run", "check", "--workspaces", "--if-present"])?;
    run("npm", &["test", "--workspace", "web"])?;
    run("npm", &["test", "--workspace", "client"])?;
    run("npm", &["run", "size", "--workspace", "web"])?;
    run("npm", &["run", "size", "--workspace", "sdk"])
}

pub fn end_to_end() -> Result<()> {
    step("end to end in Chromium");
    let chromium = chromium()?;
    let server = root().join("target/debug/reenact");
    let server = server
        .to_str()
        .context("the path of the workspace is not text")?;
    // The service tests before this built the program.
    run_with(
        "npm",
        &["test", "--workspace", "e2e"],
        &[("CHROMIUM", &chromium), ("REENACT_BIN", server)],
    )?;
    step("browser SDK in Chromium");
    run_with(
        "npm",
        &["test", "--workspace", "sdk"],
        &[("CHROMIUM", &chromium)],
    )
}

/// Benchmarks in Chromium; they write their own table.
pub fn bench(name: &str) -> Result<()> {
    match name {
        "player" => playwright("bench/player.config.ts"),
        "frustration" => {
            run("npm", &["run", "fetch-sdks", "--workspace", "e2e"])?;
            playwright("bench/frustration.config.ts")
        }
        _ => with_release(&["run", "bench", "--workspace", "sdk"]),
    }
}

/// Pictures of every page and state.
pub fn screenshots() -> Result<()> {
    playwright("screenshots/playwright.config.ts")
}

/// Runs what a configuration in the folder of the end-to-end tests names.
fn playwright(config: &str) -> Result<()> {
    let run = ["exec", "--workspace", "e2e", "--", "playwright", "test"];
    with_release(&[&run[..], &["--config", config]].concat())
}

/// npm, told where Chromium and the release build are.
fn with_release(arguments: &[&str]) -> Result<()> {
    let chromium = chromium()?;
    let server = root().join("target/release/reenact");
    let server = server
        .to_str()
        .context("the path of the workspace is not text")?;
    let environment = [("CHROMIUM", chromium.as_str()), ("REENACT_BIN", server)];
    run_with("npm", arguments, &environment)
}

/// Installs npm packages when the lock file changed since the last time.
fn install() -> Result<()> {
    check_node()?;
    let stamp = root().join("node_modules/.reenact-lock-hash");
    let hash = hash_of(&[root().join("package-lock.json")])?;
    if fs::read_to_string(&stamp).is_ok_and(|kept| kept == hash) {
        return Ok(());
    }
    step("npm packages");
    run("npm", &["ci", "--no-audit", "--no-fund"])?;
    fs::write(&stamp, hash).with_context(|| format!("cannot write {}", stamp.display()))
}

fn check_node() -> Result<()> {
    let version = output("node", &["--version"]);
    let major = version.as_deref().and_then(|version| {
        version
            .trim()
            .trim_start_matches('v')
            .split('.')
            .next()?
            .parse::<u32>()
            .ok()
    });
    match major {
        Some(major) if major >= NODE_MAJOR && output("npm", &["--version"]).is_some() => Ok(()),
        Some(major) if major >= NODE_MAJOR => {
            bail!("npm is missing; it comes with Node from nodejs.org, or as the package npm")
        }
        Some(major) => bail!("Node {major} is too old: version {NODE_MAJOR} or newer is needed"),
        None => bail!(
            "Node is missing: install version {NODE_MAJOR} or newer (with npm) to build the web app"
        ),
    }
}

fn build_if_changed(workspace: &str, output: &str) -> Result<()> {
    let folder = root().join(workspace);
    let mut files = vec![root().join("package-lock.json")];
    sources(&folder, &mut files)?;
    files.sort();
    let hash = hash_of(&files)?;
    let stamp = folder.join(output).join(".source-hash");
    if fs::read_to_string(&stamp).is_ok_and(|kept| kept == hash) {
        return Ok(());
    }
    step(&format!("build {workspace}"));
    run("npm", &["run", "build", "--workspace", workspace])?;
    fs::write(&stamp, hash).with_context(|| format!("cannot write {}", stamp.display()))
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !NOT_SOURCE.contains(&name.as_ref()) {
                sources(&path, files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn hash_of(files: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.strip_prefix(root()).unwrap_or(file).hash(&mut hasher);
        fs::read(file)
            .with_context(|| format!("cannot read {}", file.display()))?
            .hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// The browser for the tests: the one named, the one installed, or Debian's.
fn chromium() -> Result<String> {
    if let Ok(named) = std::env::var("CHROMIUM") {
        return Ok(named);
    }
    if !Path::new(CHROMIUM).exists() {
        step("install Chromium");
        if output("apt-get", &["--version"]).is_none() {
            bail!("Chromium is missing: install it and set CHROMIUM to its path");
        }
        let as_root = output("id", &["-u"]).is_some_and(|id| id.trim() == "0");
        let install = [
            "apt-get",
            "install",
            "--yes",
            "--no-install-recommends",
            "chromium",
        ];
        if as_root {
            run("apt-get", &["update"])?;
            run(install[0], &install[1..])?;
        } else {
            run("sudo", &["apt-get", "update"])?;
            run("sudo", &install)?;
        }
    }
    Ok(CHROMIUM.to_owned())
}

//! The built web app, browser SDK and demo site, inside the binary. Debug builds read the
//! files from the disk instead, so that they need not be compiled again.
//!
//! A build without Node has no files: the server then says which command makes
//! them.

use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../web/build"]
#[allow_missing = true]
struct App;

#[derive(RustEmbed)]
#[folder = "../../demo/dist"]
#[allow_missing = true]
struct Demo;

#[derive(RustEmbed)]
#[folder = "../../sdk/dist"]
#[allow_missing = true]
struct Sdk;

/// One file. `path` has no leading slash.
pub struct File {
    pub bytes: std::borrow::Cow<'static, [u8]>,
    /// SHA-256 of the content.
    pub hash: [u8; 32],
}

fn file(found: EmbeddedFile) -> File {
    File {
        hash: found.metadata.sha256_hash(),
        bytes: found.data,
    }
}

pub fn app(path: &str) -> Option<File> {
    App::get(path).map(file)
}

/// The browser SDK, as pages load it.
pub fn sdk(path: &str) -> Option<File> {
    Sdk::get(path).map(file)
}

pub fn demo(path: &str) -> Option<File> {
    Demo::get(path).map(file)
}

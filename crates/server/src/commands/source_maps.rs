//! `reenact source-maps upload`: sends the scripts and maps of a build folder to a
//! running server, in archives of bounded size.

use super::say;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use symbolicate::{Collected, FileOfBuild, MAX_FILE_BYTES, MAX_FILES, collect, write_bundle};

/// Of one archive, unpacked; a larger map goes alone.
const ARCHIVE_BYTES: usize = 24 << 20;
const MAX_FOLDER_DEPTH: usize = 32;

#[derive(clap::Subcommand)]
pub enum SourceMaps {
    /// Sends the scripts of a build folder with their maps.
    Upload(Upload),
    /// Lists what was sent.
    List(Server),
}

#[derive(clap::Args)]
pub struct Server {
    /// Address of the server.
    #[arg(long, default_value = "http://127.0.0.1:7788")]
    server: String,
    /// API token of the project.
    #[arg(long, env = "REENACT_API_TOKEN")]
    token: String,
}

#[derive(clap::Args)]
pub struct Upload {
    /// Folder of the built site.
    folder: PathBuf,
    /// The release that the SDK names. Not needed where scripts carry debug ids.
    #[arg(long)]
    release: Option<String>,
    #[arg(long)]
    dist: Option<String>,
    /// Where the folder is on the site; `~` stands for any host.
    #[arg(long, default_value = "~")]
    url_prefix: String,
    /// Says what would be sent, and sends nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    server: Server,
}

impl SourceMaps {
    pub fn run(&self) -> Result<()> {
        match self {
            Self::Upload(upload) => upload.run(),
            Self::List(server) => server.list(),
        }
    }
}

impl Upload {
    fn run(&self) -> Result<()> {
        let mut files = Vec::new();
        read_folder(&self.folder, &self.folder, 0, &mut files)?;
        let (collected, skipped) = collect(files, &self.url_prefix);
        for (file, why) in &skipped {
            say(&format!("{file}: skipped, {why}\n"))?;
        }
        let (usable, lost): (Vec<_>, Vec<_>) = collected
            .into_iter()
            .partition(|it| it.debug_id.is_some() || self.release.is_some());
        for it in &lost {
            let file = &it.address;
            say(&format!(
                "{file}: skipped, it has no debug id: name the release with --release\n"
            ))?;
        }
        if usable.is_empty() {
            bail!(
                "{} holds no script with a source map",
                self.folder.display()
            );
        }
        let count = usable.len();
        let mut part: Vec<Collected> = Vec::new();
        let mut sent = 0;
        for it in usable {
            let size_bytes: usize = part.iter().map(Collected::size_bytes).sum();
            if !part.is_empty() && size_bytes + it.size_bytes() > ARCHIVE_BYTES {
                sent += self.send(&part)?;
                part.clear();
            }
            part.push(it);
        }
        sent += self.send(&part)?;
        let verb = if self.dry_run { "found" } else { "sent" };
        say(&format!(
            "{count} scripts with source maps {verb}, {sent} bytes\n"
        ))
    }

    fn send(&self, part: &[Collected]) -> Result<usize> {
        for it in part {
            let how = it.debug_id.as_deref().map_or_else(
                || "by release and address".to_owned(),
                |id| format!("debug id {id}"),
            );
            say(&format!("{}: {how}\n", it.address))?;
        }
        let archive = write_bundle(self.release.as_deref(), self.dist.as_deref(), part)?;
        if self.dry_run {
            return Ok(archive.len());
        }
        let server = &self.server;
        let url = format!("{}/api/v1/source-maps", server.server.trim_end_matches('/'));
        let sent = agent()
            .post(&url)
            .header("authorization", server.bearer())
            .header("content-type", "application/zip")
            .send(&archive[..]);
        let mut answer = sent.context("cannot reach the server")?;
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        if !answer.status().is_success() {
            bail!("the server answered {}: {text}", answer.status());
        }
        let answer: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        for skipped in answer["skipped"].as_array().into_iter().flatten() {
            let text = |key: &str| skipped[key].as_str().unwrap_or_default().to_owned();
            say(&format!(
                "{}: skipped by the server, {}\n",
                text("file"),
                text("why")
            ))?;
        }
        Ok(archive.len())
    }
}

impl Server {
    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn list(&self) -> Result<()> {
        let url = format!("{}/api/v1/source-maps", self.server.trim_end_matches('/'));
        let sent = agent()
            .get(&url)
            .header("authorization", self.bearer())
            .call();
        let mut answer = sent.context("cannot reach the server")?;
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        if !answer.status().is_success() {
            bail!("the server answered {}: {text}", answer.status());
        }
        let answer: serde_json::Value = serde_json::from_str(&text).context("not JSON")?;
        for upload in answer["uploads"].as_array().into_iter().flatten() {
            let text = |key: &str| upload[key].as_str().unwrap_or("-").to_owned();
            say(&format!(
                "{}  {}  release {}  dist {}  {} maps\n",
                text("uploaded_at"),
                text("id"),
                text("release"),
                text("dist"),
                upload["map_count"]
            ))?;
        }
        Ok(())
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.build().into()
}

/// Scripts and maps below a folder; links are not followed.
fn read_folder(
    root: &Path,
    folder: &Path,
    depth: usize,
    files: &mut Vec<FileOfBuild>,
) -> Result<()> {
    if depth > MAX_FOLDER_DEPTH {
        bail!("{} is too deep", folder.display());
    }
    let list = || format!("cannot list {}", folder.display());
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .with_context(list)?
        .collect::<Result<_, _>>()
        .with_context(list)?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().with_context(list)?;
        if kind.is_dir() {
            if entry.file_name() != "node_modules" {
                read_folder(root, &path, depth + 1, files)?;
            }
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str());
        if !kind.is_file() || !matches!(ending, Some("js" | "mjs" | "cjs" | "map")) {
            continue;
        }
        let size_bytes = entry.metadata().with_context(list)?.len();
        if size_bytes > MAX_FILE_BYTES {
            say(&format!(
                "{}: skipped, it is larger than {MAX_FILE_BYTES} bytes\n",
                path.display()
            ))?;
            continue;
        }
        if files.len() >= MAX_FILES {
            bail!("there are more than {MAX_FILES} scripts and maps");
        }
        let inside = path.strip_prefix(root).unwrap_or(&path);
        let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        files.push(FileOfBuild {
            path: parts.join("/"),
            content: std::fs::read(&path)
                .with_context(|| format!("cannot read {}", path.display()))?,
        });
    }
    Ok(())
}

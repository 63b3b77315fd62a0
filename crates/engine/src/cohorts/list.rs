//! Cohorts that are lists: reading what was uploaded.

use super::{CohortDefinition, Computed};
use crate::collections::{Asker, require_owner};
use crate::{Engine, Error, Result};
use model::Timestamp;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::catalog::Project;

pub const MAX_LINES: usize = 1_000_000;
pub const MAX_LIST_BYTES: usize = 32 << 20;
const MAX_LINE_BYTES: usize = 1024;
/// Names of a column that holds who is meant; the first column otherwise.
const COLUMNS: [&str; 8] = [
    "user_id",
    "user",
    "device_id",
    "device",
    "email",
    "e-mail",
    "identity",
    "id",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFormat {
    Csv,
    /// An array of texts or numbers.
    Json,
}

/// What came of an uploaded list.
#[derive(Debug)]
pub struct ListReport {
    /// That held something.
    pub line_count: usize,
    /// The same as one before.
    pub duplicate_count: usize,
    pub computed: Arc<Computed>,
}

impl Engine {
    /// Makes an uploaded list the cohort.
    ///
    /// # Errors
    /// `Invalid` names the line that cannot be taken; then the list stays as it was.
    pub async fn put_cohort_list(
        &self,
        project: &Project,
        id: i64,
        asker: Asker,
        format: ListFormat,
        bytes: Vec<u8>,
        now: Timestamp,
    ) -> Result<ListReport> {
        let cohort = self.cohort(project.id, id).await?;
        require_owner(cohort.owner.as_ref(), asker)?;
        if CohortDefinition::of(&cohort)? != CohortDefinition::List {
            return Err(Error::Invalid("this cohort is not a list".to_owned()));
        }
        let read = tokio::task::spawn_blocking(move || read(format, &bytes));
        let (line_count, lines) = read
            .await
            .map_err(|error| Error::Internal(error.to_string()))??;
        let duplicate_count = line_count - lines.len();
        let lines = lines.into_iter().collect();
        self.catalog.put_cohort_lines(id, lines, now).await?;
        self.cohorts.changed();
        Ok(ListReport {
            line_count,
            duplicate_count,
            computed: self.cohort_members(project, id, true, now).await?,
        })
    }

    /// Takes somebody out of all lists of a project, by any of their ids and addresses, while
    /// they are known. May be repeated.
    pub async fn forget_in_cohorts(
        &self,
        project: model::ProjectId,
        lines: &[String],
    ) -> Result<u64> {
        let forgotten = self.catalog.forget_cohort_lines(project, lines).await?;
        self.cohorts.changed();
        Ok(forgotten)
    }
}

/// Everybody of a cohort, one a line.
///
/// # Errors
/// Never for what a cohort holds.
pub fn csv_of(computed: &Computed) -> Result<Vec<u8>> {
    let failed = |error: &dyn std::fmt::Display| Error::Internal(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = writer.write_record(["identity", "kind"]);
    header.map_err(|error| failed(&error))?;
    for member in &computed.members {
        let kind = if member.is_user { "user" } else { "anonymous" };
        let shown = shield(&member.name);
        let written = writer.write_record([shown.as_str(), kind]);
        written.map_err(|error| failed(&error))?;
    }
    writer.into_inner().map_err(|error| failed(&error))
}

/// Spreadsheets take a text that begins so for a formula. Telephone numbers are none.
fn is_formula(text: &str) -> bool {
    let mut letters = text.chars();
    match letters.next() {
        Some('=' | '@') => true,
        Some('+' | '-') => letters.next().is_none_or(|next| !next.is_ascii_digit()),
        _ => false,
    }
}

fn shield(name: &str) -> String {
    match is_formula(name) {
        true => format!("'{name}"),
        false => name.to_owned(),
    }
}

/// How many lines held something, and each different one.
fn read(format: ListFormat, bytes: &[u8]) -> Result<(usize, BTreeSet<String>)> {
    if bytes.len() > MAX_LIST_BYTES {
        return Err(invalid(&format!(
            "a list may be {} MB",
            MAX_LIST_BYTES >> 20
        )));
    }
    let mut lines = Lines::default();
    match format {
        ListFormat::Csv => read_csv(bytes, &mut lines)?,
        ListFormat::Json => read_json(bytes, &mut lines)?,
    }
    Ok((lines.count, lines.different))
}

#[derive(Default)]
struct Lines {
    count: usize,
    different: BTreeSet<String>,
}

impl Lines {
    fn add(&mut self, number: u64, line: &str) -> Result<()> {
        let line = line.trim();
        if line.is_empty() {
            return Ok(());
        }
        if line.len() > MAX_LINE_BYTES {
            let message = format!("line {number} is longer than {MAX_LINE_BYTES} bytes");
            return Err(invalid(&message));
        }
        if line.chars().any(char::is_control) {
            return Err(invalid(&format!("line {number} holds control characters")));
        }
        self.count += 1;
        if self.count > MAX_LINES {
            return Err(invalid(&format!("a list may have {MAX_LINES} lines")));
        }
        self.different.insert(line.to_owned());
        Ok(())
    }
}

fn read_csv(bytes: &[u8], lines: &mut Lines) -> Result<()> {
    // Spreadsheets write a mark of the byte order.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut record = csv::StringRecord::new();
    let mut column = 0;
    let mut is_first = true;
    loop {
        let read = reader.read_record(&mut record);
        let has_more = read.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            invalid(&format!("line {line} is not UTF-8 text in CSV form"))
        })?;
        if !has_more {
            return Ok(());
        }
        if std::mem::take(&mut is_first) {
            let is_ours = |cell: &str| COLUMNS.contains(&cell.trim().to_lowercase().as_str());
            if let Some(found) = record.iter().position(is_ours) {
                column = found;
                continue;
            }
        }
        let number = record.position().map_or(0, csv::Position::line);
        let cell = record.get(column).unwrap_or_default();
        // As `shield` writes it.
        let bare = cell.strip_prefix('\'').filter(|bare| is_formula(bare));
        lines.add(number, bare.unwrap_or(cell))?;
    }
}

fn read_json(bytes: &[u8], lines: &mut Lines) -> Result<()> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Entry {
        Text(String),
        Number(i64),
    }
    let entries: Vec<Entry> = serde_json::from_slice(bytes)
        .map_err(|error| invalid(&format!("expected an array of texts: {error}")))?;
    for (number, entry) in (1..).zip(entries) {
        match entry {
            Entry::Text(text) => lines.add(number, &text)?,
            Entry::Number(id) => lines.add(number, &id.to_string())?,
        }
    }
    Ok(())
}

fn invalid(message: &str) -> Error {
    Error::Invalid(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(format: ListFormat, text: &str) -> Result<(usize, String), String> {
        let found = read(format, text.as_bytes()).map_err(|error| error.to_string())?;
        let different: Vec<_> = found.1.into_iter().collect();
        Ok((found.0, different.join("|")))
    }

    #[test]
    fn lists_are_read_as_people_write_them() {
        for (text, expected) in [
            ("ada\nbob\n", (2, "ada|bob")),
            ("\u{feff}ada\r\n\r\n bob ", (2, "ada|bob")),
            ("name,User_ID\nAda,1\nBob,2\nBob,2\nNobody\n", (3, "1|2")),
            ("\"a, b\",x\n\"say \"\"hi\"\"\"", (2, "a, b|say \"hi\"")),
            ("", (0, "")),
        ] {
            let found = lines(ListFormat::Csv, text);
            assert_eq!(found, Ok((expected.0, expected.1.to_owned())), "{text:?}");
        }
        let json = lines(ListFormat::Json, r#"["ada", 5, "ada", ""]"#);
        assert_eq!(json, Ok((3, "5|ada".to_owned())));
    }

    #[test]
    fn what_is_downloaded_can_be_uploaded() {
        let names = ["=cmd()", "+49 30 1", "a,b", "ada", "'x", "-x"];
        let members = names.map(|name| store::catalog::collections::Member {
            name: name.to_owned(),
            is_user: true,
            person: None,
        });
        let computed = Computed {
            at: Timestamp::default(),
            took: std::time::Duration::ZERO,
            members: members.into(),
            identities: Arc::default(),
            unmatched: Vec::new(),
            unmatched_count: 0,
        };
        let csv = csv_of(&computed).unwrap_or_else(|error| panic!("{error}"));
        let text = String::from_utf8_lossy(&csv);
        assert!(
            text.contains("'=cmd()") && text.contains("\n+49 30 1,user"),
            "{text}"
        );
        let found = lines(ListFormat::Csv, &text);
        assert_eq!(found, Ok((6, "'x|+49 30 1|-x|=cmd()|a,b|ada".to_owned())));
    }

    #[test]
    fn what_cannot_be_taken_is_named() {
        let long = format!("ada\n{}\n", "x".repeat(MAX_LINE_BYTES + 1));
        let refused = |format, text: &str, expected: &str| {
            let message = lines(format, text).unwrap_err();
            assert!(message.contains(expected), "{message}");
        };
        refused(ListFormat::Csv, &long, "line 2 is longer");
        refused(ListFormat::Csv, "ada\nb\u{7}b", "line 2 holds control");
        refused(ListFormat::Json, "{}", "expected an array");
        refused(ListFormat::Json, "[[\"x\"]]", "expected an array");
        let many = "x\n".repeat(MAX_LINES + 1);
        refused(ListFormat::Csv, &many, "1000000 lines");
        let bad = read(ListFormat::Csv, b"ada\n\xff\xfe\n").unwrap_err();
        assert!(bad.to_string().contains("line 2 is not UTF-8"), "{bad}");
    }
}

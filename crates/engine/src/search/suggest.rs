//! What can be written next in a filter: names and values that there are.

use super::list::{bounded, has_value};
use crate::{Engine, Result};
use index::filter::{
    FIELDS, Field, FieldKind, Filter, HAPPENINGS, Happened, Phrase, Predicate, Test, field,
};
use index::{Appearance, NameKind, Value};
use model::{ProjectId, ReplayId};

const MAX_SUGGESTIONS: usize = 100;
const SUGGESTIONS: usize = 20;
pub const MAX_TEXT_HITS: usize = 1_000;
const TEXT_HITS: usize = 100;

/// A name and how a condition with it begins in the text form.
#[derive(Debug, Clone, PartialEq)]
pub struct SuggestedName {
    pub name: String,
    pub kind: &'static str,
    /// Of its values, for fields.
    pub values: Option<FieldKind>,
    pub filter: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SuggestedValue {
    pub value: Value,
    pub count: u64,
    /// As it is written in the text form.
    pub text: String,
}

impl Engine {
    /// Names of fields and of what happens, and what sites made up.
    ///
    /// # Errors
    /// `Invalid` for a limit out of range.
    pub async fn suggest_names(
        &self,
        project: ProjectId,
        prefix: &str,
        limit: Option<usize>,
    ) -> Result<Vec<SuggestedName>> {
        let limit = bounded("limit", limit, SUGGESTIONS, MAX_SUGGESTIONS)?;
        let mut found = fixed_names(prefix);
        let prefix = prefix.to_owned();
        let index = &self.search.index;
        found.extend(self.named_like(project, &prefix).await?);
        for name in index.names(project, prefix, limit).await? {
            found.push(made_up(name.kind, name.name));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Values of a field, most frequent first.
    ///
    /// # Errors
    /// `Filter` for a field that does not exist.
    pub async fn suggest_values(
        &self,
        project: ProjectId,
        field: &str,
        prefix: &str,
        limit: Option<usize>,
    ) -> Result<Vec<SuggestedValue>> {
        let limit = bounded("limit", limit, SUGGESTIONS, MAX_SUGGESTIONS)?;
        if field == "cohort" {
            return self.suggest_cohorts(project, prefix, limit).await;
        }
        let index = &self.search.index;
        let values = index.values(project, field.to_owned(), prefix.to_owned(), limit);
        let mut found = Vec::new();
        for (value, count) in values.await? {
            let filter = has_value(field, &value)?.to_text();
            let text = filter.split_once(" = ").map_or("", |(_, text)| text);
            let text = text.to_owned();
            found.push(SuggestedValue { value, count, text });
        }
        Ok(found)
    }

    async fn named_like(&self, project: ProjectId, prefix: &str) -> Result<Vec<SuggestedName>> {
        let prefix = prefix.to_lowercase();
        let named = self.named_events(project).await?.into_iter();
        let fitting = named.filter(|it| it.name.to_lowercase().starts_with(&prefix));
        let suggested = fitting.map(|it| SuggestedName {
            kind: "named_event",
            ..made_up(NameKind::Event, it.name)
        });
        Ok(suggested.collect())
    }

    async fn suggest_cohorts(
        &self,
        project: ProjectId,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<SuggestedValue>> {
        let prefix = prefix.to_lowercase();
        let cohorts = self.cohorts(project).await?.into_iter();
        let fitting = cohorts.filter(|it| it.name.to_lowercase().starts_with(&prefix));
        let suggested = fitting.take(limit).map(|it| {
            let known = self.known_cohort(project, it.id);
            let filter = Filter::CohortNamed(it.name.clone()).to_text();
            let text = filter
                .strip_prefix("cohort(")
                .and_then(|text| text.strip_suffix(')'));
            SuggestedValue {
                count: known.map_or(0, |known| known.members.len() as u64),
                text: text.unwrap_or_default().to_owned(),
                value: index::Value::Text(it.name),
            }
        });
        Ok(suggested.collect())
    }

    /// Where a phrase stood on the screen of a replay, by time; and whether these are all.
    ///
    /// # Errors
    /// `Filter` for a phrase without a word.
    pub async fn text_hits(
        &self,
        project: ProjectId,
        replay: ReplayId,
        phrase: &str,
        limit: Option<usize>,
    ) -> Result<(Vec<Appearance>, bool)> {
        let limit = bounded("limit", limit, TEXT_HITS, MAX_TEXT_HITS)?;
        let phrase = Phrase::parse(phrase.to_owned()).map_err(index::Error::Filter)?;
        let index = &self.search.index;
        let mut hits = index
            .screen_hits(project, replay, phrase.text, limit + 1)
            .await?;
        let is_complete = hits.len() <= limit;
        hits.truncate(limit);
        Ok((hits, is_complete))
    }
}

fn fixed_names(prefix: &str) -> Vec<SuggestedName> {
    let prefix = prefix.to_lowercase();
    let fields = FIELDS.iter().map(|field| SuggestedName {
        name: field.name.to_owned(),
        kind: "field",
        values: Some(field.kind),
        filter: field.name.to_owned(),
    });
    let happenings = HAPPENINGS.iter().map(|known| SuggestedName {
        name: known.kind.to_owned(),
        kind: "happening",
        values: None,
        filter: known.kind.to_owned(),
    });
    let all = fields.chain(happenings);
    all.filter(|it| it.name.starts_with(&prefix)).collect()
}

fn made_up(kind: NameKind, name: String) -> SuggestedName {
    let field_name = match kind {
        NameKind::EventProperty => format!("event.{name}"),
        NameKind::Event | NameKind::Custom | NameKind::Label => name.clone(),
    };
    let exists = Filter::Field(Predicate {
        name: field_name.clone(),
        test: Test::Exists,
    });
    let of_field = || {
        let text = exists.to_text();
        text.strip_suffix(" exists").unwrap_or(&text).to_owned()
    };
    let happened = |kind: &str| {
        let happened = Happened {
            kind: kind.to_owned(),
            name: Some(name.clone()),
            predicates: Vec::new(),
            occurs: Vec::new(),
        };
        Filter::Happened(happened).to_text()
    };
    let (kind, filter) = match kind {
        NameKind::Event => ("event", happened("event")),
        NameKind::Custom => ("custom", happened("custom")),
        NameKind::EventProperty => ("event_property", of_field()),
        NameKind::Label => ("label", of_field()),
    };
    let is_field = matches!(kind, "event_property" | "label");
    let known: Option<Field<'_>> = field(&field_name).ok().filter(|_| is_field);
    SuggestedName {
        values: known.map(|field| field.kind),
        kind,
        filter,
        name,
    }
}

//! Names that people give to what SDKs capture by themselves: "Clicked pay button" for a click on
//! an element with this text on that page.
//!
//! Nothing is written on events. A name is looked up when a filter asks for it, so it holds for
//! everything that ever arrived, and a change of it changes what is found, not what is kept.

use crate::collections::{Asker, SearchDefinition, check_room, checked_name};
use crate::replays::{start_of, zone_of};
use crate::search::filter_of_text;
use crate::{Engine, Error, Result};
use index::filter::{Clock, Filter, FilterError, Happened};
use index::{Context, MAX_VALUE_BYTES, NameKind, Series};
use jiff::civil::Date;
use model::{ProjectId, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use store::catalog::Project;
use store::catalog::deletion::AuditEntry;
use store::catalog::named_events::NamedEvent;

/// Of a project.
pub const MAX_NAMED_EVENTS: usize = 300;
/// Of one name: any of them is meant.
pub const MAX_MATCHERS: usize = 10;
/// Of one matcher: all of them hold.
pub const MAX_CONDITIONS: usize = 20;
/// Of all matchers of a name, as JSON.
const MAX_DEFINITION_BYTES: usize = 32 << 10;
/// The last days that are counted, with today.
pub const COUNTED_DAYS: usize = 30;
/// How far back is looked for when it was last seen.
const SEEN_DAYS: i64 = 365;
/// Names that begin like a new one, to be compared with it.
const COMPARED_NAMES: usize = 100;
/// Under this name matchers are counted that have none yet; no SDK sends it.
const WITHOUT_NAME: &str = "\u{1}without a name";

/// Events of a type that pass all tests.
#[derive(Debug, Clone, PartialEq)]
pub struct Matcher(Happened);

/// What was found by matchers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// In the last [`COUNTED_DAYS`].
    pub count: u64,
    /// In the project's time zone; none: not within a year.
    pub last_seen_on: Option<Date>,
}

/// What is asked for of a named event, new or changed.
#[derive(Debug, Clone)]
pub struct NamedEventRequest {
    pub name: String,
    pub matchers: Vec<Matcher>,
}

impl Matcher {
    /// From `{"event_type": "...", "where": [...]}`; `where` as in the JSON form of filters.
    fn from_json(json: &Value) -> Result<Self, FilterError> {
        let wrong = |pointer: &str, message: String| FilterError {
            at: 0..0,
            pointer: Some(pointer.to_owned()),
            message,
            nearest: None,
        };
        let empty = Map::new();
        let fields = json.as_object().unwrap_or(&empty);
        if let Some(unknown) = fields
            .keys()
            .find(|it| !matches!(it.as_str(), "event_type" | "where"))
        {
            return Err(wrong(
                "",
                format!("a matcher has event_type and where, not {unknown:?}"),
            ));
        }
        let event_type = fields
            .get("event_type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if event_type.is_empty() || event_type.len() > MAX_VALUE_BYTES {
            let message = format!("expected the type of an event, 1 to {MAX_VALUE_BYTES} bytes");
            return Err(wrong("/event_type", message));
        }
        let tests = fields.get("where").cloned().unwrap_or_else(|| json!([]));
        if tests
            .as_array()
            .is_some_and(|tests| tests.len() > MAX_CONDITIONS)
        {
            let message = format!("a matcher has at most {MAX_CONDITIONS} conditions");
            return Err(wrong("/where", message));
        }
        let written = json!({ "happened": "event", "name": event_type, "where": tests });
        match Filter::from_json(&written)? {
            Filter::Happened(happened) => Ok(Self(happened)),
            _ => Err(wrong("", "expected the type of an event".to_owned())),
        }
    }

    pub fn to_json(&self) -> Value {
        let mut written = Filter::Happened(self.0.clone()).to_json();
        let tests = written["where"].take();
        let tests = if tests.is_null() { json!([]) } else { tests };
        json!({ "event_type": self.0.name, "where": tests })
    }

    /// The same for matchers that mean the same.
    fn key(&self) -> String {
        let mut sorted = self.0.clone();
        sorted.predicates.sort_by_cached_key(|it| format!("{it:?}"));
        sorted.predicates.dedup();
        Filter::Happened(sorted).to_text().to_lowercase()
    }
}

/// # Errors
/// `Filter` with the place in the list.
pub fn matchers_of_json(matchers: &[Value]) -> Result<Vec<Matcher>> {
    if matchers.is_empty() || matchers.len() > MAX_MATCHERS {
        return Err(Error::Invalid(format!(
            "matchers must be 1 to {MAX_MATCHERS}"
        )));
    }
    let mut read: Vec<Matcher> = Vec::new();
    for (at, json) in matchers.iter().enumerate() {
        let matcher = Matcher::from_json(json).map_err(|error| {
            let inner = error.pointer.clone().unwrap_or_default();
            Error::Filter(FilterError {
                pointer: Some(format!("/matchers/{at}{inner}")),
                ..error
            })
        })?;
        if read.iter().any(|other| other.key() == matcher.key()) {
            return Err(Error::Conflict(format!(
                "matcher {} is there twice",
                at + 1
            )));
        }
        read.push(matcher);
    }
    Ok(read)
}

/// # Errors
/// Only when something else than this program wrote it.
pub fn matchers_of(named: &NamedEvent) -> Result<Vec<Matcher>> {
    let matchers: Vec<Value> = crate::collections::read_definition(&named.definition)?;
    matchers_of_json(&matchers)
}

fn definition_of(matchers: &[Matcher]) -> Result<String> {
    let written: Vec<_> = matchers.iter().map(Matcher::to_json).collect();
    let definition = crate::collections::write_definition(&written)?;
    match definition.len() <= MAX_DEFINITION_BYTES {
        true => Ok(definition),
        false => Err(Error::Invalid(format!(
            "the matchers of a name have at most {MAX_DEFINITION_BYTES} bytes together"
        ))),
    }
}

fn happened(name: &str) -> Happened {
    Happened {
        kind: "event".to_owned(),
        name: Some(name.to_owned()),
        predicates: Vec::new(),
        occurs: Vec::new(),
    }
}

fn name_taken(error: store::Error) -> Error {
    match error.kind() {
        store::Kind::Conflict => Error::Conflict("a named event with this name exists".to_owned()),
        _ => error.into(),
    }
}

impl Engine {
    pub async fn named_events(&self, project: ProjectId) -> Result<Vec<NamedEvent>> {
        Ok(self.catalog.named_events(project).await?)
    }

    pub async fn named_event(&self, project: ProjectId, id: i64) -> Result<NamedEvent> {
        let found = self.catalog.named_event(project, id).await?;
        found.ok_or(Error::NotFound("named event"))
    }

    /// # Errors
    /// `Invalid` and `Filter` say what cannot be understood, `Conflict` what has the name or a
    /// matcher already.
    pub async fn add_named_event(
        &self,
        project: &Project,
        asker: Asker,
        request: NamedEventRequest,
        now: Timestamp,
    ) -> Result<NamedEvent> {
        let _writing = self.naming.lock().await;
        let all = self.catalog.named_events(project.id).await?;
        check_room(all.len(), MAX_NAMED_EVENTS, "named events")?;
        let (name, definition) = self
            .named_event_draft(project, None, &all, request, now)
            .await?;
        let catalog = &self.catalog;
        let added = catalog.add_named_event(project.id, asker, &name, &definition, now);
        let id = added.await.map_err(name_taken)?;
        self.named_events_changed(project, asker, "add_named_event", id, &name, now)
            .await?;
        self.named_event(project.id, id).await
    }

    /// Names are the whole project's: whoever may write changes them, and the audit says who did.
    ///
    /// # Errors
    /// Also `Conflict` for another name while something refers to this one.
    pub async fn change_named_event(
        &self,
        project: &Project,
        id: i64,
        asker: Asker,
        request: NamedEventRequest,
        now: Timestamp,
    ) -> Result<NamedEvent> {
        let _writing = self.naming.lock().await;
        let before = self.named_event(project.id, id).await?;
        let all = self.catalog.named_events(project.id).await?;
        let (name, definition) = self
            .named_event_draft(project, Some(&before), &all, request, now)
            .await?;
        if name != before.name {
            self.require_name_unused(project.id, &before.name).await?;
        }
        let catalog = &self.catalog;
        let updated = catalog.update_named_event(project.id, id, &name, &definition, now);
        updated.await.map_err(name_taken)?;
        self.named_events_changed(project, asker, "change_named_event", id, &name, now)
            .await?;
        self.named_event(project.id, id).await
    }

    /// # Errors
    /// `Conflict` names who still refers to it.
    pub async fn delete_named_event(
        &self,
        project: &Project,
        id: i64,
        asker: Asker,
        now: Timestamp,
    ) -> Result<()> {
        let _writing = self.naming.lock().await;
        let named = self.named_event(project.id, id).await?;
        self.require_name_unused(project.id, &named.name).await?;
        self.catalog.delete_named_event(project.id, id).await?;
        self.named_events_changed(project, asker, "delete_named_event", id, &named.name, now)
            .await
    }

    /// How many events matchers find, and when the last one was.
    ///
    /// # Errors
    /// `Filter` when they cannot be asked, `TooSlow`.
    pub async fn count_matchers(
        &self,
        project: &Project,
        matchers: Vec<Matcher>,
        now: Timestamp,
    ) -> Result<Counted> {
        let zone = zone_of(project)?;
        let broken = |error: jiff::Error| Error::Internal(error.to_string());
        let at = jiff::Timestamp::from_microsecond(now.micros()).map_err(broken)?;
        let today = at.to_zoned(zone.clone()).date();
        let first = today
            .checked_sub(jiff::Span::new().days(SEEN_DAYS - 1))
            .map_err(broken)?;
        let until = today.tomorrow().map_err(broken)?;
        let days: Vec<Date> = first
            .series(jiff::Span::new().days(1))
            .take_while(|day| *day <= until)
            .collect();
        let boundaries = days.iter().map(|day| start_of(*day, &zone));
        let series = Series {
            what: happened(WITHOUT_NAME),
            boundaries: boundaries.collect::<Result<_>>()?,
            with_users: false,
        };
        let meanings = matchers.into_iter().map(|matcher| matcher.0).collect();
        let context = Context {
            clock: Clock { now, zone },
            cohorts: HashMap::new(),
            named_events: HashMap::from([(WITHOUT_NAME.to_owned(), meanings)]),
        };
        let groups = self
            .search
            .index
            .series(project.id, series, context)
            .await?;
        let counts = groups.iter().map(|group| group.count);
        let last = groups.iter().rposition(|group| group.count > 0);
        Ok(Counted {
            count: counts.rev().take(COUNTED_DAYS).sum(),
            last_seen_on: last.and_then(|at| days.get(at).copied()),
        })
    }

    /// What the names of events in a filter mean, of those that somebody gave.
    pub(crate) async fn meanings_of(
        &self,
        project: ProjectId,
        filter: &Filter,
    ) -> Result<HashMap<String, Vec<Happened>>> {
        let asked: BTreeSet<&str> = filter.event_names().into_iter().collect();
        let mut meanings = HashMap::new();
        if asked.is_empty() {
            return Ok(meanings);
        }
        for named in self.catalog.named_events(project).await? {
            if asked.contains(named.name.as_str()) {
                let matchers = matchers_of(&named)?.into_iter().map(|matcher| matcher.0);
                meanings.insert(named.name, matchers.collect());
            }
        }
        Ok(meanings)
    }

    async fn named_event_draft(
        &self,
        project: &Project,
        before: Option<&NamedEvent>,
        all: &[NamedEvent],
        request: NamedEventRequest,
        now: Timestamp,
    ) -> Result<(String, String)> {
        let name = checked_name(&request.name)?;
        let clock = Clock {
            now,
            zone: zone_of(project)?,
        };
        let tests = request
            .matchers
            .iter()
            .flat_map(|matcher| &matcher.0.predicates);
        for predicate in tests {
            index::Matcher::of(&predicate.test, &clock).map_err(index::Error::Filter)?;
        }
        for other in all
            .iter()
            .filter(|other| Some(other.id) != before.map(|it| it.id))
        {
            if other.name.eq_ignore_ascii_case(&name) {
                return Err(Error::Conflict(format!(
                    "{:?} is named already",
                    other.name
                )));
            }
            let keys: Vec<_> = matchers_of(other)?.iter().map(Matcher::key).collect();
            let same = request
                .matchers
                .iter()
                .find(|matcher| keys.contains(&matcher.key()));
            if let Some(same) = same {
                let text = Filter::Happened(same.0.clone()).to_text();
                let message = format!("{text} is named {:?} already", other.name);
                return Err(Error::Conflict(message));
            }
        }
        if before.is_none_or(|before| before.name != name) {
            let sent = self
                .search
                .index
                .names(project.id, name.clone(), COMPARED_NAMES)
                .await?;
            let is_sent = |it: &index::Name| {
                it.kind == NameKind::Event && it.name.eq_ignore_ascii_case(&name)
            };
            if sent.iter().any(is_sent) {
                return Err(Error::Conflict(format!(
                    "events named {name:?} are sent by the site itself"
                )));
            }
        }
        Ok((name, definition_of(&request.matchers)?))
    }

    /// # Errors
    /// `Conflict` names cohorts and saved searches whose filters name it.
    async fn require_name_unused(&self, project: ProjectId, name: &str) -> Result<()> {
        let refers = |filter: &Filter| filter.event_names().contains(&name);
        let mut users = Vec::new();
        for cohort in self.catalog.cohorts(project).await? {
            if crate::cohorts::filter_of(&cohort)?
                .as_ref()
                .is_some_and(refers)
            {
                users.push(format!("the cohort {:?}", cohort.name));
            }
        }
        for search in self.catalog.saved_searches(project).await? {
            if refers(&filter_of_text(&SearchDefinition::of(&search)?.filter)?) {
                // Others may keep theirs for themselves.
                users.push(match search.is_shared {
                    true => format!("the saved search {:?}", search.name),
                    false => "a private saved search".to_owned(),
                });
            }
        }
        match users.is_empty() {
            true => Ok(()),
            false => Err(Error::Conflict(format!(
                "{name:?} is used by {}",
                users.join(", ")
            ))),
        }
    }

    async fn named_events_changed(
        &self,
        project: &Project,
        asker: Asker,
        action: &str,
        id: i64,
        name: &str,
        now: Timestamp,
    ) -> Result<()> {
        // A cohort may have been worked out with what the name meant before.
        self.cohorts.changed();
        let entry = AuditEntry {
            id: 0,
            organisation: project.organisation_id,
            project: project.id,
            at: now,
            user: asker,
            action: action.to_owned(),
            detail_json: json!({ "id": id, "name": name }).to_string(),
        };
        Ok(self.catalog.add_audit(&entry).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: Value) -> Result<Vec<Matcher>> {
        matchers_of_json(json.as_array().unwrap())
    }

    #[test]
    fn matchers_are_written_as_they_are_read() {
        let written = json!([
            { "event_type": "[Amplitude] Element Clicked", "where": [
                { "property": "[Amplitude] Element Text", "op": "=", "value": "Pay" },
                { "property": "[Amplitude] Page URL", "op": "contains", "value": "/cart" },
            ] },
            { "event_type": "[Amplitude] Page Viewed", "where": [] },
        ]);
        let matchers = read(written.clone()).unwrap();
        let again: Vec<_> = matchers.iter().map(Matcher::to_json).collect();
        assert_eq!(json!(again), written);
    }

    #[test]
    fn a_matcher_is_the_same_in_another_order_and_case() {
        let key = |json: Value| read(json!([json])).unwrap()[0].key();
        let text = |op: &str, value: &str| json!({ "property": "text", "op": op, "value": value });
        let tag = || json!({ "property": "tag", "op": "=", "value": "a" });
        let one = key(json!({ "event_type": "Clicked", "where": [text("=", "Pay"), tag()] }));
        let two = json!({ "event_type": "Clicked", "where": [tag(), text("=", "pay"), tag()] });
        assert_eq!(key(two), one);
        let other = json!({ "event_type": "Clicked", "where": [tag(), text("contains", "pay")] });
        assert_ne!(key(other), one);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let tests = |tests: Value| json!([{ "event_type": "a", "where": tests }]);
        let test = json!({ "property": "p", "op": "=", "value": "x" });
        for (json, place) in [
            (json!([{}]), "/matchers/0/event_type"),
            (json!([7]), "/matchers/0/event_type"),
            (
                json!([{ "event_type": "x".repeat(513) }]),
                "/matchers/0/event_type",
            ),
            (
                json!([{ "event_type": "a" }, { "event_type": "b", "occurs": [] }]),
                "/matchers/1",
            ),
            (
                tests(json!([test, { "property": "p", "op": "near" }])),
                "/matchers/0/where/1/op",
            ),
            (
                tests(json!([{ "property": "p", "op": "=", "value": "x".repeat(2000) }])),
                "/matchers/0/where/0/value",
            ),
            (tests(json!(vec![test.clone(); 21])), "/matchers/0/where"),
        ] {
            match read(json.clone()) {
                Err(Error::Filter(error)) => {
                    assert_eq!(error.pointer.as_deref(), Some(place), "{json}")
                }
                other => panic!("{json}: {other:?}"),
            }
        }
        assert!(matches!(read(json!([])), Err(Error::Invalid(_))));
        assert!(matches!(
            read(json!(vec![json!({ "event_type": "a" }); 11])),
            Err(Error::Invalid(_))
        ));
        let twice = json!([{ "event_type": "a" }, { "event_type": "A" }]);
        assert!(matches!(read(twice), Err(Error::Conflict(_))));
    }
}

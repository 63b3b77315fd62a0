//! Lists by filter, in any order, and what the found replays have in common.

use super::{Search, filter_of_text};
use crate::replays::{ListRequest, Neighbours, ReplayPage, range_of, zone_of};
use crate::{Engine, Error, Result};
use index::filter::{Comparison, Filter, Operand, Predicate, Test, When};
use index::{Context, Cursor, Facet, List, Sort, Value};
use model::replay::Replay;
use model::{ProjectId, Timestamp};
use std::collections::HashSet;
use store::catalog::Project;

const MAX_FACETS: usize = 20;
const MAX_FACET_VALUES: usize = 50;
const SORTS: [(&str, Sort); 5] = [
    ("started", Sort::Started),
    ("duration", Sort::Duration),
    ("activity", Sort::Activity),
    ("errors", Sort::Errors),
    ("frustration", Sort::Frustration),
];

/// Which facets, of the replays of a list.
#[derive(Debug, Clone, Default)]
pub struct FacetRequest {
    pub fields: Vec<String>,
    /// Values of each.
    pub limit: Option<usize>,
}

pub struct Facets {
    /// Replays of the list.
    pub total: u64,
    pub facets: Vec<Facet>,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Order {
    name: &'static str,
    sort: Sort,
    is_ascending: bool,
}

impl Order {
    fn of(request: &ListRequest) -> Result<Self> {
        let asked = request.sort.as_deref().unwrap_or("started");
        let found = SORTS.into_iter().find(|(name, _)| *name == asked);
        let (name, sort) = found.ok_or_else(|| {
            let names = SORTS.map(|(name, _)| name).join(", ");
            Error::Invalid(format!("sort must be one of {names}"))
        })?;
        let is_ascending = match request.order.as_deref() {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(_) => return Err(Error::Invalid("order must be asc or desc".to_owned())),
        };
        Ok(Self {
            name,
            sort,
            is_ascending,
        })
    }

    const fn direction(self) -> &'static str {
        match self.is_ascending {
            true => "asc",
            false => "desc",
        }
    }

    /// With the order, so that it is not taken for one of another list.
    fn write_cursor(self, cursor: &Cursor) -> String {
        let (name, direction) = (self.name, self.direction());
        let bits = cursor.value.to_bits();
        format!("{name}.{direction}.{bits:x}.{}", cursor.id)
    }

    fn read_cursor(self, text: &str) -> Result<Cursor> {
        let mut parts = text.split('.');
        let read = (|| {
            let is_ours = parts.next()? == self.name && parts.next()? == self.direction();
            let value = f64::from_bits(u64::from_str_radix(parts.next()?, 16).ok()?);
            let id = parts.next()?.parse().ok()?;
            (is_ours && parts.next().is_none()).then_some(Cursor { value, id })
        })();
        read.ok_or_else(|| Error::Invalid("cursor is not one that this list gave out".to_owned()))
    }
}

pub(crate) fn condition(name: &str, test: Test) -> Filter {
    Filter::Field(Predicate {
        name: name.to_owned(),
        test,
    })
}

/// Sessions with a recording, or with events only.
pub(crate) fn recorded(is_recorded: bool) -> Filter {
    condition("recorded", Test::Is(vec![Operand::Flag(is_recorded)]))
}

pub(crate) fn time(at: Timestamp) -> Operand {
    Operand::Time(When::At(at.micros()))
}

impl Search {
    pub(crate) async fn total(
        &self,
        project: ProjectId,
        list: List,
        context: Context,
    ) -> Result<u64> {
        let none = List { limit: 0, ..list };
        Ok(self.index.list(project, none, context).await?.total)
    }
}

impl Engine {
    /// # Errors
    /// What is wrong with the description of a list.
    pub(crate) async fn check_list(
        &self,
        project: &Project,
        request: &ListRequest,
        now: Timestamp,
    ) -> Result<()> {
        self.wanted(project, request, now).await.map(drop)
    }

    /// The list that a request describes, from its start.
    pub(crate) async fn wanted(
        &self,
        project: &Project,
        request: &ListRequest,
        now: Timestamp,
    ) -> Result<List> {
        self.wanted_of(project, request, recorded(true), now).await
    }

    /// The same of other sessions than all that were recorded.
    pub(crate) async fn wanted_of(
        &self,
        project: &Project,
        request: &ListRequest,
        sessions: Filter,
        now: Timestamp,
    ) -> Result<List> {
        let order = Order::of(request)?;
        let (from, to) = range_of(request, &zone_of(project)?, now)?;
        let mut filter = filter_of_text(request.filter.as_deref().unwrap_or_default())?;
        self.name_cohorts(project.id, &mut filter).await?;
        filter = filter.and(sessions);
        // Also holds for what has no end.
        let expired = condition("expires", Test::Compare(Comparison::AtMost, time(now)));
        filter = filter.and(Filter::Not(Box::new(expired)));
        if let Some(from) = from {
            let test = Test::Compare(Comparison::AtLeast, time(from));
            filter = filter.and(condition("started", test));
        }
        if let Some(to) = to {
            let test = Test::Compare(Comparison::Less, time(to));
            filter = filter.and(condition("started", test));
        }
        filter = match request.live {
            Some(true) => filter.and(self.live_filter(now)),
            Some(false) => filter.and(Filter::Not(Box::new(self.live_filter(now)))),
            None => filter,
        };
        let without = match request.unseen_by {
            Some(user) => self.catalog.seen_replays(project.id, user).await?,
            None => HashSet::new(),
        };
        Ok(List {
            filter,
            sort: order.sort,
            is_ascending: order.is_ascending,
            after: None,
            without,
            limit: 0,
        })
    }

    /// The same as [`Engine::is_live`].
    fn live_filter(&self, now: Timestamp) -> Filter {
        let window_us = i64::try_from(self.settings.live_window.as_micros()).unwrap_or(i64::MAX);
        let since = Timestamp::from_micros(now.micros().saturating_sub(window_us));
        let received = Test::Compare(Comparison::More, time(since));
        let delay_ms = crate::replays::LIVE_DELAY_MICROS / 1000;
        let delay = Test::Compare(Comparison::Less, Operand::Number(delay_ms as f64));
        condition("received", received).and(condition("delay", delay))
    }

    /// How many replays a plain list has.
    pub(crate) async fn count_replays(
        &self,
        project: &Project,
        request: &ListRequest,
        now: Timestamp,
    ) -> Result<u64> {
        let list = self.wanted(project, request, now).await?;
        let context = self.search_context(project, &list.filter, now, 0).await?;
        self.search.total(project.id, list, context).await
    }

    pub(crate) async fn find_replays(
        &self,
        project: &Project,
        request: &ListRequest,
        limit: usize,
        now: Timestamp,
    ) -> Result<ReplayPage> {
        let order = Order::of(request)?;
        let after = request.cursor.as_deref();
        let list = List {
            after: after.map(|text| order.read_cursor(text)).transpose()?,
            limit: limit + 1,
            ..self.wanted(project, request, now).await?
        };
        let context = self.search_context(project, &list.filter, now, 0).await?;
        let mut found = self.search.index.list(project.id, list, context).await?;
        let has_more = found.replays.len() > limit;
        found.replays.truncate(limit);
        let last = found.replays.last().filter(|_| has_more);
        let next_cursor = last.map(|last| order.write_cursor(last));
        let ids: Vec<_> = found.replays.iter().map(|found| found.id).collect();
        let (from, to) = range_of(request, &zone_of(project)?, now)?;
        let mut replays = self.catalog.replays(project.id, &ids).await?;
        // What expired since the index was told.
        replays.retain(|replay| !replay.is_expired(now));
        Ok(ReplayPage {
            replays,
            next_cursor,
            from,
            to,
            total: Some(found.total),
        })
    }

    pub(crate) async fn found_neighbours(
        &self,
        project: &Project,
        replay: &Replay,
        request: &ListRequest,
        now: Timestamp,
    ) -> Result<Neighbours> {
        let list = self.wanted(project, request, now).await?;
        let index = &self.search.index;
        let place = index.cursor_of(project.id, replay.id, list.sort).await?;
        let Some(place) = place else {
            return Ok(Neighbours {
                previous: None,
                next: None,
            });
        };
        let context = self.search_context(project, &list.filter, now, 0).await?;
        let mut found = [None, None];
        for (beside, is_ascending) in found
            .iter_mut()
            .zip([!list.is_ascending, list.is_ascending])
        {
            let list = List {
                is_ascending,
                after: Some(place),
                limit: 1,
                ..list.clone()
            };
            let page = index.list(project.id, list, context.clone()).await?;
            *beside = page.replays.first().map(|found| found.id);
        }
        let [previous, next] = found;
        Ok(Neighbours { previous, next })
    }

    /// What the replays of a list have in common.
    ///
    /// # Errors
    /// `Invalid` or `Filter` name what cannot be understood.
    pub async fn facets(
        &self,
        project: &Project,
        request: &ListRequest,
        wanted: &FacetRequest,
        now: Timestamp,
    ) -> Result<Facets> {
        if wanted.fields.is_empty() || wanted.fields.len() > MAX_FACETS {
            return Err(Error::Invalid(format!(
                "fields must be 1 to {MAX_FACETS} names"
            )));
        }
        let limit = bounded("limit", wanted.limit, 10, MAX_FACET_VALUES)?;
        let list = self.wanted(project, request, now).await?;
        let context = self.search_context(project, &list.filter, now, 0).await?;
        let total = self.search.total(project.id, list.clone(), context.clone());
        let total = total.await?;
        let list = List { limit, ..list };
        let fields = wanted.fields.clone();
        let index = &self.search.index;
        let facets = index.facets(project.id, list, fields, context).await?;
        Ok(Facets { total, facets })
    }
}

/// A number from 1 to `most`.
pub(super) fn bounded(
    name: &str,
    asked: Option<usize>,
    default: usize,
    most: usize,
) -> Result<usize> {
    let number = asked.unwrap_or(default);
    match (1..=most).contains(&number) {
        true => Ok(number),
        false => Err(Error::Invalid(format!("{name} must be 1 to {most}"))),
    }
}

/// The condition that a field has this value.
///
/// # Errors
/// `Filter` for a field that does not exist.
pub(super) fn has_value(field: &str, value: &Value) -> Result<Filter> {
    let known = index::filter::field(field).map_err(index::Error::Filter)?;
    let operand = match (value, known.kind) {
        (Value::Number(number), index::filter::FieldKind::Time) => {
            Operand::Time(When::At((*number as i64).saturating_mul(1000)))
        }
        (Value::Flag(flag), _) => Operand::Flag(*flag),
        (Value::Number(number), _) => Operand::Number(*number),
        (Value::Text(text), _) => Operand::Text(text.clone()),
    };
    Ok(condition(field, Test::Is(vec![operand])))
}

/// The condition, in the text form, that a field has this value.
///
/// # Errors
/// `Filter` for a field that does not exist.
pub fn value_filter(field: &str, value: &Value) -> Result<String> {
    Ok(has_value(field, value)?.to_text())
}

//! Which cohorts refer to which.

use super::{CohortDefinition, number_of};
use crate::collections::SearchDefinition;
use crate::search::filter_of_text;
use crate::{Engine, Error, Result};
use index::filter::{Filter, Problem};
use model::ProjectId;
use std::collections::HashMap;
use store::catalog::collections::Cohort;

/// Cohorts may refer to others that refer to others so deep.
pub const MAX_DEPTH: usize = 20;

pub fn too_deep() -> Error {
    Error::from(index::Error::Filter(Problem {
        message: format!("cohorts refer to each other more than {MAX_DEPTH} deep"),
        nearest: None,
    }))
}

/// The cohort that is being written, while it has no number.
const NEW: i64 = 0;
/// Of no cohort.
const NOWHERE: i64 = -1;

/// Looks for a way from the first of the path back to it.
struct Search {
    names: HashMap<i64, String>,
    refers_to: HashMap<i64, Vec<i64>>,
    path: Vec<i64>,
    /// From which there is no way back.
    done: Vec<i64>,
}

impl Search {
    fn from(&mut self, id: i64) -> Result<()> {
        self.path.push(id);
        if self.path.len() > MAX_DEPTH {
            return Err(too_deep());
        }
        for next in self.refers_to.get(&id).cloned().unwrap_or_default() {
            if next == self.path[0] {
                return Err(self.circle());
            }
            // A circle of others cannot be there: it was refused when it was written.
            if !self.done.contains(&next) && !self.path.contains(&next) {
                self.from(next)?;
            }
        }
        self.path.pop();
        self.done.push(id);
        Ok(())
    }

    fn circle(&self) -> Error {
        let path = self.path.iter().chain(&self.path[..1]);
        let names: Vec<_> = path.map(|id| self.names[id].as_str()).collect();
        Error::from(index::Error::Filter(Problem {
            message: format!("the cohort would refer to itself: {}", names.join(" → ")),
            nearest: None,
        }))
    }
}

fn resolved(cohorts: &[Cohort], mut filter: Filter) -> Result<Vec<i64>> {
    filter.name_cohorts(&mut |name| number_of(cohorts, name))?;
    Ok(filter.cohorts())
}

pub(crate) fn filter_of(cohort: &Cohort) -> Result<Option<Filter>> {
    CohortDefinition::of(cohort)?.filter()
}

/// # Errors
/// `Filter` with the way that leads back, or the cohort that does not exist.
fn check(mut cohorts: Vec<Cohort>, draft: Cohort, filter: &Filter) -> Result<()> {
    let id = draft.id;
    cohorts.retain(|cohort| cohort.id != id);
    cohorts.push(draft);
    let mut search = Search {
        names: cohorts.iter().map(|it| (it.id, it.name.clone())).collect(),
        refers_to: HashMap::new(),
        path: Vec::new(),
        done: Vec::new(),
    };
    let own = resolved(&cohorts, filter.clone())?;
    if let Some(missing) = own.iter().find(|id| !search.names.contains_key(id)) {
        return Err(Error::from(index::Error::Filter(Problem {
            message: format!("there is no cohort {missing}"),
            nearest: None,
        })));
    }
    for cohort in &cohorts {
        if let Some(filter) = filter_of(cohort)?
            && cohort.id != id
        {
            let mut filter = filter;
            // A name that no cohort has leads nowhere; its other ones do.
            filter.name_cohorts(&mut |name| {
                Ok::<_, Error>(number_of(&cohorts, name).unwrap_or(NOWHERE))
            })?;
            let to = filter.cohorts();
            search.refers_to.insert(cohort.id, to);
        }
    }
    search.refers_to.insert(id, own);
    search.from(id)
}

impl Engine {
    /// # Errors
    /// `Filter` when a cohort with this filter would refer to itself or to nothing.
    pub(super) async fn check_references(
        &self,
        project: ProjectId,
        id: Option<i64>,
        name: &str,
        filter: &Filter,
    ) -> Result<()> {
        let draft = Cohort {
            id: id.unwrap_or(NEW),
            project,
            owner: None,
            name: name.to_owned(),
            definition: r#"{"kind":"list"}"#.to_owned(),
            line_count: 0,
            created_at: model::Timestamp::default(),
            changed_at: model::Timestamp::default(),
        };
        check(self.catalog.cohorts(project).await?, draft, filter)
    }

    /// # Errors
    /// `Conflict` when a cohort or a saved search refers to this one, or with `by_name`
    /// refers to it by its name.
    pub(super) async fn require_unused(
        &self,
        project: ProjectId,
        cohort: &Cohort,
        by_name: bool,
    ) -> Result<()> {
        let refers = |filter: &Filter| {
            let names = filter.cohort_names();
            let named = names.iter().any(|it| it.eq_ignore_ascii_case(&cohort.name));
            named || (!by_name && filter.cohorts().contains(&cohort.id))
        };
        let mut users = Vec::new();
        for other in self.catalog.cohorts(project).await? {
            if other.id != cohort.id && filter_of(&other)?.as_ref().is_some_and(refers) {
                users.push(format!("the cohort {:?}", other.name));
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
                "{:?} is used by {}",
                cohort.name,
                users.join(", ")
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cohort(id: i64, name: &str, filter: &str) -> Cohort {
        let definition = serde_json::json!({ "kind": "filter", "filter": filter });
        Cohort {
            id,
            project: ProjectId(1),
            owner: None,
            name: name.to_owned(),
            definition: definition.to_string(),
            line_count: 0,
            created_at: model::Timestamp::default(),
            changed_at: model::Timestamp::default(),
        }
    }

    fn checked(id: i64, name: &str, filter: &str) -> Result<(), String> {
        let cohorts = vec![
            cohort(1, "A", "browser = x"),
            cohort(2, "B", "cohort(a) or cohort(New)"),
            cohort(3, "C", "not cohort = 2"),
        ];
        let read = Filter::from_text(filter).unwrap_or_else(|error| panic!("{error}"));
        check(cohorts, cohort(id, name, filter), &read).map_err(|error| error.to_string())
    }

    #[test]
    fn a_circle_is_refused_with_its_path() {
        let is_circle = |found: Result<(), String>, path: &str| {
            let message = found.unwrap_err();
            assert!(
                message.ends_with(&format!("refer to itself: {path}")),
                "{message}"
            );
        };
        is_circle(checked(1, "A", "cohort = 1"), "A → A");
        is_circle(
            checked(1, "A", "browser = x and not cohort(c)"),
            "A → C → B → A",
        );
        is_circle(checked(NEW, "New", "cohort = 3"), "New → C → B → New");
        assert_eq!(checked(NEW, "Other", "cohort = 3 and cohort(B)"), Ok(()));
        assert_eq!(checked(3, "C", "cohort(A)"), Ok(()));
        let missing = checked(1, "A", "cohort(Nobody)").unwrap_err();
        assert!(missing.contains("no cohort \"Nobody\""), "{missing}");
        assert!(
            checked(1, "A", "cohort = 9")
                .unwrap_err()
                .contains("no cohort 9")
        );
    }
}

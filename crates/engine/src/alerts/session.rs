//! Sessions that have events and no recording: all that is known of them is in the index.

use crate::search::{condition, recorded};
use crate::{Engine, Result};
use index::filter::{Operand, Test};
use index::{List, Sort, Value};
use model::{ReplayId, Timestamp};
use std::collections::HashSet;
use store::catalog::Project;

pub struct Session {
    pub user_id: Option<String>,
    pub device_id: Option<String>,
    /// Of the first event.
    pub started_at: Timestamp,
}

impl Engine {
    /// None when it is gone, or was recorded.
    pub(super) async fn unrecorded_session(
        &self,
        project: &Project,
        id: ReplayId,
        now: Timestamp,
    ) -> Result<Option<Session>> {
        let this = Test::Is(vec![Operand::Text(id.to_string())]);
        let list = List {
            filter: condition("id", this).and(recorded(false)),
            sort: Sort::Started,
            is_ascending: true,
            after: None,
            without: HashSet::new(),
            limit: 1,
        };
        let context = self.search_context(project, &list.filter, now, 0).await?;
        let index = &self.search.index;
        let found = index
            .list(project.id, list.clone(), context.clone())
            .await?;
        let Some(found) = found.replays.first() else {
            return Ok(None);
        };
        let fields = ["user", "device"].map(str::to_owned).into();
        let facets = index.facets(project.id, list, fields, context).await?;
        let text = |field: &str| {
            let facet = facets.iter().find(|facet| facet.field == field)?;
            match facet.values.first() {
                Some((Value::Text(text), _)) => Some(text.clone()),
                _ => None,
            }
        };
        Ok(Some(Session {
            user_id: text("user"),
            device_id: text("device"),
            started_at: Timestamp::from_millis(found.value as i64),
        }))
    }
}

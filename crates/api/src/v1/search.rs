//! Filters: what they may say, what the found replays have in common, where a text
//! stood.

use crate::Shared;
use crate::auth::Viewer;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Body, Query};
use crate::v1::replays;
use axum::Json;
use axum::extract::Path;
use engine::search::{FacetRequest, SuggestedName, filter_of_json, filter_of_text, value_filter};
use index::filter::{
    FIELDS, FieldKind, HAPPENINGS, MAX_CONDITIONS, MAX_DEPTH, MAX_LIST, MAX_TEXT_BYTES, Unit, field,
};
use model::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

const FACETS: &str = "browser,os,country,device_type,release,environment,source,url";

#[derive(Deserialize)]
pub struct FacetParams {
    fields: Option<String>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
pub struct Suggestion {
    project_id: Option<i64>,
    field: Option<String>,
    #[serde(default)]
    prefix: String,
    limit: Option<usize>,
}

#[derive(Deserialize)]
pub struct TextParams {
    project_id: Option<i64>,
    text: Option<String>,
    limit: Option<usize>,
}

/// One of the two forms of a filter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    text: Option<String>,
    json: Option<Value>,
}

fn value_json(value: &index::Value) -> Value {
    match value {
        index::Value::Flag(flag) => json!(flag),
        index::Value::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            json!(*number as i64)
        }
        index::Value::Number(number) => json!(number),
        index::Value::Text(text) => json!(text),
    }
}

const fn type_name(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::Number(Unit::Plain) => "number",
        FieldKind::Number(Unit::Milliseconds) => "duration",
        FieldKind::Number(Unit::Bytes) => "size",
        FieldKind::Time => "time",
        FieldKind::Flag => "flag",
        FieldKind::Open => "any",
    }
}

pub async fn facets(
    state: Shared,
    viewer: Viewer,
    Query(wanted): Query<FacetParams>,
    Query(list): Query<replays::ListParams>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, list.project_id).await?;
    let request = list.request(&viewer)?;
    let fields = wanted.fields.as_deref().unwrap_or(FACETS);
    let wanted = FacetRequest {
        fields: fields
            .split(',')
            .map(|name| name.trim().to_owned())
            .collect(),
        limit: wanted.limit,
    };
    let found = state
        .engine
        .facets(&project, &request, &wanted, Timestamp::now())
        .await;
    let filter = request.filter.as_deref().unwrap_or_default();
    let found = found.map_err(|error| ApiError::in_text(error, filter))?;
    let mut facets = Vec::new();
    for facet in &found.facets {
        let mut values = Vec::new();
        for (value, count) in &facet.values {
            let filter = value_filter(&facet.field, value)?;
            values.push(json!({ "value": value_json(value), "count": count, "filter": filter }));
        }
        let kind = field(&facet.field).map_or(FieldKind::Open, |field| field.kind);
        facets.push(json!({ "field": facet.field, "type": type_name(kind), "values": values }));
    }
    Ok(Json(json!({ "total": found.total, "facets": facets })))
}

/// What every filter may say.
pub async fn fields(_viewer: Viewer) -> Json<Value> {
    let pair = |(name, kind): &(&str, FieldKind)| json!({ "name": name, "type": type_name(*kind) });
    let fields: Vec<_> = FIELDS
        .iter()
        .map(|field| pair(&(field.name, field.kind)))
        .collect();
    let happenings: Vec<_> = HAPPENINGS
        .iter()
        .map(|known| {
            let properties: Vec<_> = known.properties.iter().map(pair).collect();
            json!({
                "kind": known.kind,
                "is_named": known.is_named,
                "is_open": known.is_open,
                "properties": properties,
            })
        })
        .collect();
    Json(json!({
        "fields": fields,
        "happenings": happenings,
        "limits": {
            "conditions": MAX_CONDITIONS,
            "depth": MAX_DEPTH,
            "text_bytes": MAX_TEXT_BYTES,
            "list": MAX_LIST,
        },
    }))
}

pub async fn names(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<Suggestion>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let names = state
        .engine
        .suggest_names(project.id, &params.prefix, params.limit)
        .await?;
    let name_json = |it: &SuggestedName| {
        let kind = it.values.map(type_name);
        json!({ "name": it.name, "kind": it.kind, "type": kind, "filter": it.filter })
    };
    let names: Vec<_> = names.iter().map(name_json).collect();
    Ok(Json(json!({ "names": names })))
}

pub async fn values(
    state: Shared,
    viewer: Viewer,
    Query(params): Query<Suggestion>,
) -> ApiResult<Json<Value>> {
    let project = viewer.project(&state, params.project_id).await?;
    let field = params.field.as_deref();
    let field = field.ok_or_else(|| ApiError::invalid("field is missing"))?;
    let values = state
        .engine
        .suggest_values(project.id, field, &params.prefix, params.limit)
        .await?;
    let values: Vec<_> = values
        .iter()
        .map(|it| json!({ "value": value_json(&it.value), "count": it.count, "text": it.text }))
        .collect();
    Ok(Json(json!({ "values": values })))
}

/// From one form of a filter to both.
pub async fn parse(_viewer: Viewer, Body(written): Body<Written>) -> ApiResult<Json<Value>> {
    let filter = match &written {
        Written {
            text: Some(text),
            json: None,
        } => filter_of_text(text).map_err(|error| ApiError::in_text(error, text))?,
        Written {
            text: None,
            json: Some(json),
        } => filter_of_json(json)?,
        Written { .. } => return Err(ApiError::invalid("send either text or json")),
    };
    Ok(Json(
        json!({ "text": filter.to_text(), "json": filter.to_json() }),
    ))
}

/// When and where a phrase stood on the screen of a replay.
pub async fn text_hits(
    state: Shared,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(params): Query<TextParams>,
) -> ApiResult<Json<Value>> {
    let text = params.text.as_deref();
    let text = text.ok_or_else(|| ApiError::invalid("text is missing"))?;
    let replay = replays::find(&state, &viewer, &id, params.project_id).await?;
    let (hits, complete) = state
        .engine
        .text_hits(replay.project_id, replay.id, text, params.limit)
        .await?;
    let hits: Vec<_> = hits
        .iter()
        .map(|hit| {
            json!({
                "at_ms": hit.at_ms,
                "until_ms": hit.until_ms,
                "node_id": hit.node_id,
                "text": hit.text,
            })
        })
        .collect();
    Ok(Json(json!({ "hits": hits, "complete": complete })))
}

//! What people keep and delete, for the comparison with the document.

use super::Document;
use crate::person::Person;
use crate::server::{Server, wait_for};
use crate::site::Site;
use serde_json::{Value, json};

/// Something of each kind, so that everything can be read.
pub fn keep_everything(document: &mut Document, server: &Server, site: &Site, replay: &str) {
    let owner = Person::owner(server);
    let mut tell = |method: &str, template: &str, id: &str, body: Value| {
        let path = template.replace("{id}", id);
        let answer = owner.send(server, method, &path, body);
        document.check(method, template, &answer);
        serde_json::from_slice(&answer.body).unwrap_or_default()
    };

    let searches = "/api/v1/saved-searches";
    let search = json!({"filter": "errors > 0", "sort": "errors", "order": "asc", "range": "7d",
        "columns": ["browser"]});
    let body = json!({"name": "Errors", "search": search});
    let search: Value = tell("POST", searches, "", body);
    let search = &search["id"];
    let body = json!({"name": "All", "is_shared": false});
    let private: Value = tell("POST", searches, "", body);
    let (one, id) = (format!("{searches}/{{id}}"), private["id"].to_string());
    let body = json!({"name": "Some", "search": {"from": "2026-01-01", "to": "2026-01-31"}});
    tell("PUT", &one, &id, body);
    let body = json!({"name": "Short-lived"});
    let gone: Value = tell("POST", searches, "", body);
    tell("DELETE", &one, &gone["id"].to_string(), Value::Null);

    let playlists = "/api/v1/playlists";
    let list: Value = tell("POST", playlists, "", json!({"name": "Look"}));
    let (one, id) = (format!("{playlists}/{{id}}"), list["id"].to_string());
    tell(
        "PUT",
        &one,
        &id,
        json!({"name": "Look here", "is_shared": false}),
    );
    let replays = json!({"replays": [{"id": replay, "note": "here"}]});
    let of_list = format!("{one}/replays");
    tell("POST", &of_list, &id, replays.clone());
    tell("PUT", &of_list, &id, replays);
    let gone: Value = tell("POST", playlists, "", json!({"name": "Short-lived"}));
    tell("DELETE", &one, &gone["id"].to_string(), Value::Null);

    let cohorts = "/api/v1/cohorts";
    let one = format!("{cohorts}/{{id}}");
    let definition = json!({"kind": "filter", "filter": "recorded = true", "together": "user",
        "range": "all"});
    let body = json!({"name": "Everyone", "definition": definition});
    let cohort: Value = tell("POST", cohorts, "", body);
    let body =
        json!({"name": "Recorded", "definition": {"kind": "filter", "filter": "clicks >= 0"}});
    tell("PUT", &one, &cohort["id"].to_string(), body);
    let list = json!({"kind": "list"});
    let listed: Value = tell(
        "POST",
        cohorts,
        "",
        json!({"name": "Listed", "definition": list}),
    );
    let names = json!(["nobody", "nobody", "a"]);
    let path = format!("{one}/list");
    tell("PUT", &path, &listed["id"].to_string(), names);
    let gone: Value = tell(
        "POST",
        cohorts,
        "",
        json!({"name": "Short-lived", "definition": list}),
    );
    tell("DELETE", &one, &gone["id"].to_string(), Value::Null);

    let named = "/api/v1/named-events";
    let one = format!("{named}/{{id}}");
    let test = |op: &str, more: Value| {
        let mut test = json!({"property": "[Amplitude] Element Text", "op": op});
        test.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        test
    };
    let matchers = json!([{"event_type": "[Amplitude] Element Clicked", "where": [
        test("=", json!({"value": "Pay"})), test("in", json!({"values": ["a", "b"]})),
        test("from", json!({"value": 1, "to": 2})), test("exists", json!({}))]}]);
    let count = json!({"matchers": matchers});
    tell("POST", "/api/v1/named-events/count", "", count);
    let body = json!({"name": "Clicked pay", "matchers": matchers});
    let pay: Value = tell("POST", named, "", body);
    let body = json!({"name": "Clicked to pay", "matchers": matchers});
    tell("PUT", &one, &pay["id"].to_string(), body);
    let body = json!({"name": "Short-lived", "matchers": [{"event_type": "x"}]});
    let gone: Value = tell("POST", named, "", body);
    tell("DELETE", &one, &gone["id"].to_string(), Value::Null);

    let alerts = "/api/v1/alerts";
    let one = format!("{alerts}/{{id}}");
    let webhook = json!({"url": site.url("/hook")});
    let body = json!({"name": "Trouble", "saved_search_id": search, "webhook": webhook});
    let alert: Value = tell("POST", alerts, "", body.clone());
    let id = alert["id"].to_string();
    tell("POST", &format!("{one}/test"), &id, Value::Null);
    let mut changed = body.clone();
    changed["threshold"] = json!({"count": 2, "minutes": 5});
    tell("PUT", &one, &id, changed);
    tell(
        "PUT",
        &format!("{one}/paused"),
        &id,
        json!({"is_paused": true}),
    );
    let gone: Value = tell("POST", alerts, "", body);
    tell("DELETE", &one, &gone["id"].to_string(), Value::Null);

    let frustration = json!({"frustration": {"rage_clicks": 4, "ignored_selectors": ["#skip"]}});
    tell("PATCH", "/api/v1/settings/frustration", "", frustration);
    tell("PUT", "/api/v1/replays/{id}/pin", replay, Value::Null);
    tell("GET", "/api/v1/replays/{id}", replay, Value::Null);
    tell("DELETE", "/api/v1/replays/{id}/pin", replay, Value::Null);
    let body = json!({"retention_days": 60});
    tell("PATCH", "/api/v1/projects/{id}", "1", body);
    tell(
        "POST",
        "/api/v1/projects/{id}/apply-retention",
        "1",
        Value::Null,
    );
}

/// Deletes a replay, in the end a project, and looks at what is left.
pub fn delete_everything(document: &mut Document, server: &Server, replay: &str) {
    let owner = Person::owner(server);
    let ask = |document: &mut Document, method: &str, template: &str, id: &str| {
        let path = template.replace("{id}", id);
        let answer = owner.send(server, method, &path, Value::Null);
        document.check(method, template, &answer);
        answer.json()
    };
    let all = "/api/v1/deletions";
    let body = json!({"filter": "device = nobody"});
    document.check("POST", all, &owner.send(server, "POST", all, body));
    let preview = "/api/v1/deletions/preview";
    let body = json!({"search": {"filter": "device = nobody", "keep_pinned": true}});
    document.check("POST", preview, &owner.send(server, "POST", preview, body));
    let one = "/api/v1/replays/{id}";
    let job = ask(document, "DELETE", one, replay);
    let gone = owner.send(server, "GET", &one.replace("{id}", replay), Value::Null);
    document.check_error(&gone, 410, "a deleted replay");
    assert!(gone.json()["error"]["gone_at"].is_string());
    ask(document, "GET", "/api/v1/playlists/{id}", "1");
    let body = json!({"name": "Third"});
    let project = owner.send(server, "POST", "/api/v1/projects", body).json();
    let id = project["id"].to_string();
    let last = ask(document, "DELETE", "/api/v1/projects/{id}", &id);
    for job in [job, last] {
        let id = job["id"].to_string();
        wait_for("the deletion", || {
            let job = ask(document, "GET", "/api/v1/deletions/{id}", &id);
            (job["state"] == "done").then_some(())
        });
    }
    ask(document, "GET", all, "");
    let audit = ask(document, "GET", "/api/v1/audit", "");
    assert!(audit["entries"].as_array().unwrap().len() > 4, "{audit}");
}

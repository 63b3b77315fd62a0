//! Order, pages, what goes together with a filter, facets and suggestions.

use super::{FIREFOX, devices, found, list, page, start, upload_as};
use crate::person::Person;
use crate::recording::{event, meta};
use crate::sentry;
use crate::server::{Server, percent_encode, wait_for};
use serde_json::{Value, json};

#[test]
fn lists_have_an_order_pages_and_neighbours() {
    let server = start();
    for (sort, order, expected) in [
        ("started", "desc", "cba"),
        ("started", "asc", "abc"),
        ("duration", "desc", "abc"),
        ("duration", "asc", "cba"),
        ("errors", "desc", "a"),
        ("activity", "desc", ""),
        ("frustration", "desc", ""),
    ] {
        let query = format!("sort={sort}&order={order}");
        let whole = server.json(&format!("/api/v1/replays?{query}"));
        assert!(devices(&whole).starts_with(expected), "{query}");
        assert_eq!(
            (&whole["total"], &whole["next_cursor"]),
            (&json!(3), &Value::Null)
        );
        let mut paged = String::new();
        let mut cursor = String::new();
        loop {
            let page = server.json(&format!("/api/v1/replays?{query}&limit=1{cursor}"));
            assert_eq!(page["total"], 3);
            paged.push_str(&devices(&page));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(paged, devices(&whole), "{query}");
        let replays = whole["replays"].as_array().unwrap();
        for (at, replay) in replays.iter().enumerate() {
            let path = format!(
                "/api/v1/replays/{}/neighbours?{query}",
                replay["id"].as_str().unwrap()
            );
            let beside = server.json(&path);
            let id = |at: Option<usize>| {
                let other = at.and_then(|at| replays.get(at));
                other.map_or(Value::Null, |other| other["id"].clone())
            };
            assert_eq!(beside["previous"], id(at.checked_sub(1)), "{path}");
            assert_eq!(beside["next"], id(Some(at + 1)), "{path}");
        }
    }
    let of_filter = list(&server, "browser exists", "&limit=1");
    assert_eq!(
        (devices(&of_filter).as_str(), &of_filter["total"]),
        ("b", &json!(2))
    );
    assert_eq!(of_filter["filter"], "browser exists");
    let id = of_filter["replays"][0]["id"].as_str().unwrap();
    let filter = percent_encode("browser exists");
    let beside = server.json(&format!("/api/v1/replays/{id}/neighbours?filter={filter}"));
    assert_eq!(beside["previous"], Value::Null);
    assert_eq!(beside["next"], server.replay("a", "1")["id"]);
    // A cursor belongs to its list.
    let cursor = of_filter["next_cursor"].as_str().unwrap();
    let answer = server.get(&format!("/api/v1/replays?sort=duration&cursor={cursor}"));
    assert_eq!(answer.status, 400);
}

#[test]
fn filters_go_with_ranges_and_what_a_person_has_seen() {
    let server = start();
    let day = "&from=2026-01-05T08:30:00Z&to=2026-01-05T09:30:00Z";
    assert_eq!(devices(&list(&server, "text = payment", day)), "b");
    let bad = server.get("/api/v1/replays?sort=size");
    assert_eq!(
        (bad.status, &bad.json()["error"]["code"]),
        (400, &json!("invalid"))
    );

    let owner = Person::owner(&server);
    let b = server.replay("b", "1")["id"].as_str().unwrap().to_owned();
    let seen = owner.send(
        &server,
        "PUT",
        &format!("/api/v1/replays/{b}/seen"),
        Value::Null,
    );
    assert_eq!(seen.status, 204);
    let filter = percent_encode("text = payment");
    let unseen = owner.get(
        &server,
        &format!("/api/v1/replays?filter={filter}&unseen=true"),
    );
    assert_eq!(
        (devices(&unseen).as_str(), &unseen["total"]),
        ("a", &json!(1))
    );
    let plain = owner.get(&server, "/api/v1/replays?unseen=true");
    assert_eq!(
        (devices(&plain).as_str(), &plain["total"]),
        ("ca", &json!(2))
    );
    let facets = owner.get(&server, "/api/v1/replays/facets?fields=browser&unseen=true");
    assert_eq!(facets["facets"][0]["values"].as_array().unwrap().len(), 1);
}

#[test]
fn a_running_replay_is_found_by_its_row_and_by_its_text_once_it_is_sealed() {
    let server = start();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now_ms = i64::try_from(now.unwrap().as_millis()).unwrap();
    let events = [
        meta(now_ms - 1_000, "https://shop.test/live"),
        page(now_ms - 999, "Buy", "Happening right now"),
        event(now_ms, 1),
    ];
    upload_as(&server, FIREFOX, "e", &events);
    wait_for("the running replay", || {
        (found(&server, "first_url contains live") == "e").then_some(())
    });
    assert_eq!(devices(&server.json("/api/v1/replays?live=true")), "e");
    assert_eq!(devices(&server.json("/api/v1/replays?live=false")), "cba");
    let live = found(&server, "received > -60s and delay < 10m");
    assert_eq!(live, "e", "live in the words of the filter");
    wait_for("its text", || {
        (found(&server, "text = \"right now\"") == "e").then_some(())
    });
    // It goes on, and is sealed again.
    let more = json!({"type": 3, "timestamp": now_ms + 500, "data": {"source": 0, "attributes": [], "removes": [], "adds": [],
        "texts": [{"id": 21, "value": "Later on"}]}});
    upload_as(&server, FIREFOX, "e", &[more]);
    wait_for("its new text", || {
        (found(&server, "text = later") == "e").then_some(())
    });
    assert_eq!(found(&server, "text = \"right now\""), "e");
}

#[test]
fn facets_and_suggestions_lead_to_filters() {
    let server = start();
    let facets =
        server.json("/api/v1/replays/facets?fields=browser,event.plan,request.status,playable");
    assert_eq!(facets["total"], 3);
    let expected = json!([
        {"field": "browser", "type": "text", "values": [
            {"value": "Chrome", "count": 1, "filter": "browser = Chrome"},
            {"value": "Firefox", "count": 1, "filter": "browser = Firefox"}]},
        {"field": "event.plan", "type": "any", "values": [
            {"value": "free", "count": 1, "filter": "event.plan = free"},
            {"value": "pro", "count": 1, "filter": "event.plan = pro"}]},
        {"field": "request.status", "type": "number", "values": [
            {"value": 200, "count": 1, "filter": "request.status = 200"},
            {"value": 500, "count": 1, "filter": "request.status = 500"}]},
        {"field": "playable", "type": "flag", "values": [
            {"value": true, "count": 2, "filter": "playable = true"},
            {"value": false, "count": 1, "filter": "playable = false"}]},
    ]);
    assert_eq!(facets["facets"], expected);
    let usual = server.json("/api/v1/replays/facets");
    assert!(usual["facets"].as_array().unwrap().len() > 5);
    // Whatever a facet or a suggestion says is a filter that holds for as many.
    for facet in usual["facets"].as_array().unwrap() {
        for value in facet["values"].as_array().unwrap() {
            let filter = value["filter"].as_str().unwrap();
            assert_eq!(
                list(&server, filter, "")["total"],
                value["count"],
                "{filter}"
            );
        }
    }
    let values = server.json("/api/v1/search/values?field=click.label&prefix=pay");
    assert_eq!(
        values["values"],
        json!([{"value": "Pay now", "count": 1, "text": "\"Pay now\""}])
    );
    let started = server.json("/api/v1/search/values?field=url");
    assert_eq!(started["values"].as_array().unwrap().len(), 2);
    for (prefix, expected) in [
        (
            "brow",
            json!({"name": "browser", "kind": "field", "type": "text", "filter": "browser"}),
        ),
        (
            "clic",
            json!({"name": "clicks", "kind": "field", "type": "number", "filter": "clicks"}),
        ),
        (
            "Bou",
            json!({"name": "Bought", "kind": "event", "type": null, "filter": "event(Bought)"}),
        ),
        (
            "tot",
            json!({"name": "total", "kind": "event_property", "type": "any", "filter": "event.total"}),
        ),
        (
            "user.t",
            json!({"name": "user.tier", "kind": "label", "type": "any", "filter": "user.tier"}),
        ),
        (
            "car",
            json!({"name": "cart", "kind": "custom", "type": null, "filter": "custom(cart)"}),
        ),
    ] {
        let names = server.json(&format!("/api/v1/search/names?prefix={prefix}"));
        assert_eq!(names["names"][0], expected, "{prefix}");
    }
    let fields = server.json("/api/v1/search/fields");
    let duration = json!({"name": "duration", "type": "duration"});
    assert!(fields["fields"].as_array().unwrap().contains(&duration));
    let status = json!({"name": "status", "type": "number"});
    let happenings = fields["happenings"].as_array().unwrap();
    let request = happenings
        .iter()
        .find(|it| it["kind"] == "request")
        .unwrap();
    assert!(request["properties"].as_array().unwrap().contains(&status));
}

#[test]
fn a_text_leads_to_its_moment() {
    let server = start();
    let id = server.replay("a", "1")["id"].as_str().unwrap().to_owned();
    let hits = |text: &str| {
        let text = percent_encode(text);
        server.json(&format!("/api/v1/replays/{id}/text-hits?text={text}"))
    };
    let start_ms = crate::recording::START_MS;
    let expected = json!({"at_ms": start_ms + 1, "until_ms": null, "node_id": 20, "text": "Your payment was declined."});
    assert_eq!(
        hits("payment was"),
        json!({"hits": [expected], "complete": true})
    );
    assert_eq!(hits("typed")["hits"], json!([]));
    assert_eq!(
        hits("accepted")["hits"],
        json!([]),
        "that is another replay"
    );
}

#[test]
fn both_forms_of_a_filter_lead_to_each_other() {
    let server = Server::start();
    let owner = Person::owner(&server);
    let parse = |body: Value| owner.send(&server, "POST", "/api/v1/search/parse", body);
    let text = "browser=Chrome   and (duration>2m or text=\"Payment declined\")";
    let both = parse(json!({ "text": text })).json();
    assert_eq!(
        both["text"],
        "browser = Chrome and (duration > 2m or text = \"Payment declined\")"
    );
    let expected = json!({"all": [
        {"field": "browser", "op": "=", "value": "Chrome"},
        {"any": [{"field": "duration", "op": ">", "value": 120_000}, {"text": "Payment declined"}]},
    ]});
    assert_eq!(both["json"], expected);
    assert_eq!(parse(json!({ "json": both["json"] })).json(), both);
    for bad in [
        json!({}),
        json!({"text": "", "json": {"all": []}}),
        json!({"texts": ""}),
    ] {
        assert_eq!(parse(bad).status, 400);
    }
}

#[test]
fn errors_beside_a_recording_are_found_with_it() {
    let server = sentry::start();
    let replay = "3".repeat(32);
    sentry::envelope(&server, sentry::segment(&replay, 0, &[1_795_000_000_000]));
    let error = json!({
        "event_id": "4".repeat(32), "platform": "python", "server_name": "w", "timestamp": 1_795_000_000.5,
        "exception": {"values": [{"type": "Timeout", "value": "the bank did not answer"}]},
        "contexts": {"replay": {"replay_id": replay}},
    });
    sentry::envelope(&server, sentry::items(&json!({}), &[("event", error)]));
    let find = |filter: &str| list(&server, filter, "")["total"].clone();
    wait_for("the error", || {
        (find("error(source = backend, name = Timeout)") == 1).then_some(())
    });
    for (filter, expected) in [
        ("error.message contains bank", 1),
        ("error(source = sdk)", 0),
        ("errors = 1", 1),
        ("tag.plan = pro", 1),
        ("tag.plan != pro", 0),
        ("release = \"shop@1.2\" and environment = prod", 1),
        ("user = \"u-1\"", 1),
        ("source = sentry", 1),
    ] {
        wait_for(filter, || (find(filter) == expected).then_some(()));
    }
}

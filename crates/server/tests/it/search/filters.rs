//! Every kind of condition: found, not found, without a value, and not.

use super::{found, start, wait_until_indexed};
use crate::server::Server;

/// Filters and for which replays they hold.
const FILTERS: &[(&str, &str)] = &[
    ("", "abc"),
    ("id = x", ""),
    ("browser = Chrome", "a"),
    ("browser != Chrome", "bc"),
    ("not browser = Chrome", "bc"),
    ("browser missing", "c"),
    ("browser exists", "ab"),
    ("browser in (chrome, firefox)", "ab"),
    ("browser contains fire", "b"),
    ("browser not like \"c*\"", "bc"),
    ("os = Linux", "b"),
    ("device_type = desktop", "ab"),
    ("country = DE", ""),
    ("country != DE", "abc"),
    ("release missing", "abc"),
    ("device = a", "a"),
    ("device in (a, c)", "ac"),
    ("session = 1", "abc"),
    ("source = amplitude", "abc"),
    ("recorded = false", ""),
    ("playable = true", "ab"),
    ("playable = false", "c"),
    ("duration >= 20s", "a"),
    ("not duration >= 20s", "bc"),
    ("duration from 1s to 5s", "b"),
    ("active exists", "abc"),
    ("size > 1MB", ""),
    ("events < 5", "c"),
    ("clicks >= 1", "ab"),
    ("pages = 0", "c"),
    ("errors >= 1", "a"),
    ("console_errors >= 1", "b"),
    ("requests >= 1 and failed_requests = 0", "b"),
    ("started < 2026-01-05T08:30:00Z", "a"),
    ("started = 2026-01-05", "abc"),
    ("started = 2026-01-06", ""),
    ("started >= -5m", ""),
    ("received >= -1h", "abc"),
    ("first_url contains checkout", "a"),
    ("referrer missing", "abc"),
    ("url contains checkout", "a"),
    ("url not contains checkout", "bc"),
    ("url missing", "c"),
    ("page(via = load) count >= 1", "ab"),
    ("user = ada", "a"),
    ("user != ada", "bc"),
    ("user missing", "c"),
    ("user.tier = gold", "a"),
    ("user.tier != gold", "bc"),
    ("user.email contains \"@shop\"", "a"),
    ("tag.plan = pro", ""),
    ("tag.plan != pro", "abc"),
    ("event(Bought)", "a"),
    ("not event(Bought)", "bc"),
    ("event(Bought) count = 0", "bc"),
    ("event(Bought) count >= 2", "a"),
    ("event(Bought) count > 2", ""),
    ("event(Bought) first < 15s", "a"),
    ("event(Bought) first < 5s", ""),
    ("event(Bought) last > 12s", "a"),
    ("event(Looked)", "ab"),
    ("event(Bought, total > 10, plan = pro)", "a"),
    ("event(Bought, total > 10, plan = free)", ""),
    ("event(Bought, total > 10) event(Bought, plan = free)", "a"),
    ("event(Looked, total missing)", "b"),
    ("event.plan = pro", "a"),
    ("event.plan != pro", "bc"),
    ("event.plan missing", "bc"),
    ("frustration(signal = quick_back)", ""),
    ("frustration.signal != quick_back", "abc"),
    ("frustration > 100", ""),
    ("click(slow = true)", ""),
    ("click.error_after < 2s", "a"),
    ("frustration >= 1", "ab"),
    ("frustration(signal = thrashed_cursor, count >= 10)", "b"),
    ("not frustration(signal = thrashed_cursor)", "ac"),
    ("click()", "ab"),
    ("not click()", "c"),
    ("click(text = \"pay now\")", "a"),
    ("click.text = Help", "b"),
    ("click(tag = button, text = Nothing)", ""),
    ("click.selector contains pay", "ab"),
    ("click(rage = 0)", "ab"),
    ("click(rage >= 3)", ""),
    ("request(status >= 500)", "a"),
    ("not request(status >= 500)", "bc"),
    ("request(status >= 500, duration > 2s)", ""),
    ("request.status = 200", "b"),
    ("request.status != 200", "ac"),
    ("request(method = POST, failed = true)", "a"),
    ("error(message contains undefined)", "a"),
    ("error(name = TypeError, message = y)", ""),
    ("not error()", "bc"),
    ("console(level = warn)", "a"),
    ("console.level = error", "b"),
    ("console.level != error", "ac"),
    ("vital(name = LCP, value > 2500)", "a"),
    ("vital(name = LCP, rating = good)", ""),
    ("vital.name != LCP", "bc"),
    ("custom(cart)", "a"),
    ("custom(cart, payload contains items)", "a"),
    ("not custom(cart)", "bc"),
    ("text = declined", "a"),
    ("text = \"PAYMENT was\"", "a"),
    ("text = \"was payment\"", ""),
    ("text = payment", "ab"),
    ("text = \"decl*\"", "a"),
    ("text != payment", "c"),
    ("text = declined or click(text = Help)", "ab"),
    ("not (text = declined or click(text = Help))", "c"),
    (
        "(browser = Chrome or browser = Firefox) and not (errors > 0 or user = bob)",
        "",
    ),
];

fn check(server: &Server) {
    for (filter, expected) in FILTERS {
        assert_eq!(found(server, filter), *expected, "{filter}");
    }
}

#[test]
fn every_kind_of_condition_is_answered_and_survives_a_crash() {
    let mut server = start();
    check(&server);
    // What was typed stands on no screen.
    for filter in [
        "text = typed",
        "text = \"typed-by-hand\"",
        "text = \"hand\"",
    ] {
        assert_eq!(found(&server, filter), "", "{filter}");
    }
    // Little of this was in files yet.
    server.kill_9();
    server.restart();
    wait_until_indexed(&server);
    check(&server);
    assert_eq!(server.stop(), Some(0));
    server.restart();
    // Nothing needs to be fed again after a stop in order.
    check(&server);
    server.kill_9();
    std::fs::remove_dir_all(server.data.join("index")).unwrap();
    server.restart();
    wait_until_indexed(&server);
    check(&server);
}

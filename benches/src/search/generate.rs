//! Product analytics as they look: sessions over thirty days, event types and values
//! by Zipf, interleaved in time. The same numbers make the same data everywhere.

use index::{Appearance, Occurrence, Row, Value};
use model::{ProjectId, ReplayId, Timestamp};

pub const PROJECT: ProjectId = ProjectId(1);
/// 2026-01-01T00:00:00Z
pub const START_MS: i64 = 1_767_225_600_000;
pub const DAY_MS: i64 = 86_400_000;
pub const DAYS: i64 = 30;
const TYPES: usize = 200;

#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub sessions: usize,
    pub events: usize,
    pub users: usize,
}

/// xorshift64*
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn part(&mut self) -> f64 {
        self.next() as f64 / (1u64 << 53) as f64
    }

    /// Small numbers often.
    fn zipf(&mut self, end: usize) -> usize {
        let at = (end as f64 + 1.0).powf(self.part()) - 1.0;
        (at as usize).min(end - 1)
    }
}

/// A session as the list shows it.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: ReplayId,
    pub user: usize,
    pub started_ms: i64,
    pub duration_ms: i64,
    pub browser: &'static str,
    pub os: &'static str,
    pub country: &'static str,
    pub device_type: &'static str,
    pub release: String,
    pub errors: usize,
}

const BROWSERS: [&str; 6] = [
    "Chrome",
    "Safari",
    "Edge",
    "Firefox",
    "Samsung Internet",
    "Opera",
];
const SYSTEMS: [&str; 5] = ["Windows", "iOS", "Android", "macOS", "Linux"];
const COUNTRIES: [&str; 20] = [
    "US", "DE", "GB", "FR", "IN", "BR", "CA", "NL", "ES", "IT", "PL", "SE", "JP", "AU", "CH", "AT",
    "BE", "DK", "NO", "FI",
];
const DEVICES: [&str; 3] = ["desktop", "mobile", "tablet"];
const VERBS: [&str; 10] = [
    "Viewed", "Opened", "Clicked", "Added", "Removed", "Searched", "Saved", "Shared", "Started",
    "Finished",
];
const THINGS: [&str; 20] = [
    "Product", "Cart", "Checkout", "Payment", "Profile", "Settings", "Report", "Invoice",
    "Message", "Team", "Project", "File", "Folder", "Comment", "Filter", "Export", "Import",
    "Plan", "Address", "Coupon",
];
const WORDS: [&str; 60] = [
    "payment",
    "declined",
    "accepted",
    "order",
    "your",
    "the",
    "cart",
    "is",
    "empty",
    "please",
    "try",
    "again",
    "later",
    "welcome",
    "back",
    "continue",
    "to",
    "checkout",
    "delivery",
    "address",
    "card",
    "number",
    "expired",
    "total",
    "shipping",
    "free",
    "returns",
    "within",
    "days",
    "add",
    "remove",
    "size",
    "colour",
    "blue",
    "red",
    "green",
    "shirt",
    "shoes",
    "trousers",
    "summer",
    "sale",
    "new",
    "arrivals",
    "account",
    "settings",
    "sign",
    "in",
    "out",
    "password",
    "forgotten",
    "search",
    "results",
    "no",
    "found",
    "for",
    "loading",
    "error",
    "went",
    "wrong",
    "help",
];

pub fn type_name(rank: usize) -> String {
    let (verb, thing) = (
        VERBS[rank % VERBS.len()],
        THINGS[rank / VERBS.len() % THINGS.len()],
    );
    format!("{thing} {verb}")
}

pub fn user_name(user: usize) -> String {
    format!("user-{user:06}@example.com")
}

/// In the order of their start.
pub fn sessions(size: Size) -> Vec<Session> {
    let mut random = Random::new(1);
    let span = DAYS * DAY_MS - 3_600_000;
    let session = |number: usize| {
        let started_ms = START_MS
            + span / size.sessions as i64 * number as i64
            + random.below((span / size.sessions as i64) as usize) as i64;
        Session {
            id: ReplayId::derive(PROJECT, &format!("device-{number}"), "1"),
            user: random.below(size.users),
            started_ms,
            duration_ms: 1_000 * (5 + random.zipf(3_000) as i64),
            browser: BROWSERS[random.zipf(BROWSERS.len())],
            os: SYSTEMS[random.zipf(SYSTEMS.len())],
            country: COUNTRIES[random.zipf(COUNTRIES.len())],
            device_type: DEVICES[random.zipf(DEVICES.len())],
            release: format!("4.{}.{}", random.below(12), random.zipf(8)),
            errors: random.zipf(6),
        }
    };
    (0..size.sessions).map(session).collect()
}

impl Session {
    pub fn row(&self) -> Row {
        let text = |text: &str| Some(Value::text(text));
        let number = |number: f64| Some(Value::Number(number));
        let values = [
            ("user", text(&user_name(self.user))),
            ("started", number(self.started_ms as f64)),
            ("ended", number((self.started_ms + self.duration_ms) as f64)),
            ("duration", number(self.duration_ms as f64)),
            ("browser", text(self.browser)),
            ("os", text(self.os)),
            ("country", text(self.country)),
            ("device_type", text(self.device_type)),
            ("release", text(&self.release)),
            ("errors", number(self.errors as f64)),
            ("recorded", Some(Value::Flag(true))),
        ];
        Row {
            id: self.id,
            values: values
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }

    /// Every event has fifteen properties.
    pub fn events(&self, size: Size, seed: u64) -> Vec<Occurrence> {
        let mut random = Random::new(seed ^ self.started_ms as u64);
        let mean = size.events / size.sessions;
        let count = mean / 2 + random.below(mean) + 1;
        let event = |number: usize| {
            let rank = random.zipf(TYPES);
            let at_ms = self.started_ms + self.duration_ms * number as i64 / count as i64;
            let thing = random.zipf(2_000);
            let text = |name: &str, value: String| (name.to_owned(), Value::Text(value));
            let number = |name: &str, value: f64| (name.to_owned(), Value::Number(value));
            let properties = vec![
                text("browser", self.browser.to_owned()),
                text("os", self.os.to_owned()),
                text("country", self.country.to_owned()),
                text("release", self.release.clone()),
                text("plan", ["free", "pro", "team"][random.zipf(3)].to_owned()),
                text(
                    "path",
                    format!("/{}/{thing}", THINGS[rank % THINGS.len()].to_lowercase()),
                ),
                text("product", format!("sku-{thing:05}")),
                text("category", THINGS[thing % THINGS.len()].to_owned()),
                text("variant", ["a", "b"][self.user % 2].to_owned()),
                text(
                    "language",
                    ["en", "de", "fr", "es"][self.user % 4].to_owned(),
                ),
                number("price", (random.zipf(500) * 5) as f64 + 0.99),
                number("quantity", 1.0 + random.zipf(5) as f64),
                number("position", random.below(50) as f64),
                number("load_ms", 50.0 + random.zipf(3_000) as f64),
                (
                    "logged_in".to_owned(),
                    Value::Flag(!self.user.is_multiple_of(3)),
                ),
            ];
            Occurrence {
                number: 1,
                kind: "event",
                name: type_name(rank),
                at: Timestamp::from_millis(at_ms),
                replay: Some(self.id),
                user: Some(user_name(self.user)),
                device: Some(format!("device-{}", self.user)),
                properties,
                user_properties: Vec::new(),
            }
        };
        (0..count).map(event).collect()
    }

    /// What stood on its screens: mostly what stands on all, some that is its own.
    pub fn texts(&self) -> Vec<Appearance> {
        let mut random = Random::new(self.started_ms as u64 ^ 0xabcd);
        let text = |number: usize| {
            // Each text is made of its own number, so the same ones come again.
            let which = match number % 5 {
                0 => random.next() % 1_000_000,
                _ => random.zipf(20_000) as u64,
            };
            let mut of_text = Random::new(which + 7);
            let length = 2 + of_text.below(7);
            let words: Vec<_> = (0..length)
                .map(|_| WORDS[of_text.zipf(WORDS.len())])
                .collect();
            Appearance {
                replay: self.id,
                at_ms: self.started_ms + self.duration_ms * number as i64 / 20,
                until_ms: None,
                node_id: number as i64 * 7,
                text: words.join(" "),
            }
        };
        (0..20).map(text).collect()
    }
}

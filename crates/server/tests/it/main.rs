//! The product as its users meet it: a real `reenact serve` process on a free port
//! with a folder of its own, spoken to over HTTP like SDKs, browsers and programs do.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod access;
mod alerts;
mod api_manual;
mod assets;
mod bad_input;
mod captured;
mod collaboration;
mod collections;
mod connections;
mod cors;
mod deletion;
mod doctor;
mod dsn;
mod durability;
mod engine;
mod errors;
mod event_names;
mod fixtures;
mod frustration;
mod full_disk;
mod import;
mod import_formats;
mod json_schema;
mod listeners;
mod live;
mod named_events;
mod openapi;
mod order;
mod own_sdk;
mod person;
mod playback;
mod posthog;
mod projects;
mod recording;
mod search;
mod secrets;
mod sentry;
mod server;
mod settings;
mod site;
mod source_maps;
mod tokens;
mod users;

//! Dictionaries are made from recordings of several visitors, and go with these.

use super::{assert_nowhere, delete, page, places, start, wait_done};
use crate::person::Person;
use crate::recording::{START_MS, upload};
use crate::server::{Options, Server, wait_for};
use crate::site::Site;
use serde_json::{Value, json};

/// They share a text that nobody else saw, and are to be deleted.
const GROUP: [&str; 3] = ["planted-ada", "planted-amy", "planted-ann"];
const OTHERS: [&str; 3] = ["bob", "ben", "bea"];
/// In the recordings of the group, and so in the dictionary.
const SHARED: &str = "planted-group-text";

fn record(server: &Server, site: &Site, device: &str, word: &str) -> String {
    let session = START_MS.to_string();
    upload(server, device, &session, &page(site, word, "/shared.css"));
    let id = server.replay_id(device, &session);
    server.wait_until_sealed(&id);
    id
}

fn in_dictionaries(server: &Server, word: &str) -> bool {
    let mut places = places(server, word).into_iter();
    places.any(|place| place.starts_with("blobs/dictionaries"))
}

/// What is there before anything is deleted.
struct Planted {
    group: Vec<String>,
    /// Replays that stay, and what their recordings say.
    others: Vec<(String, Vec<Value>)>,
    /// One that saw the group's text later: its recording only refers to it.
    follower: String,
}

impl Planted {
    fn new(server: &Server, site: &Site) -> Self {
        let group = GROUP.map(|device| record(server, site, device, "planted-group"));
        let mut others = OTHERS
            .map(|device| record(server, site, device, "other"))
            .to_vec();
        wait_for("a dictionary", || {
            in_dictionaries(server, SHARED).then_some(())
        });
        let follower = record(server, site, "follower", "planted-group");
        // Written with the dictionary.
        others.push(record(server, site, "late", "other"));
        let others = others
            .into_iter()
            .map(|id| (id.clone(), server.events(&id)));
        Self {
            group: group.into(),
            others: others.collect(),
            follower,
        }
    }

    fn assert_others_say_the_same(&self, server: &Server) {
        for (id, events) in &self.others {
            assert_eq!(events.len(), 3);
            assert_eq!(&server.events(id), events, "{id}");
        }
    }
}

#[test]
fn a_dictionary_keeps_nothing_of_who_was_deleted() {
    let (mut server, site) = start(Options::default().sealing_at_once());
    let planted = Planted::new(&server, &site);
    let of_follower = server.events(&planted.follower);
    assert!(json!(of_follower).to_string().contains(SHARED));

    let job = delete(&server, json!({"replay_ids": planted.group}));
    assert_eq!(job["deleted"]["dictionaries"], 1, "{job}");
    assert!(!in_dictionaries(&server, SHARED));
    GROUP.iter().for_each(|word| assert_nowhere(&server, word));
    // Who saw the same has it in the own recording now.
    assert_eq!(server.events(&planted.follower), of_follower);
    planted.assert_others_say_the_same(&server);

    delete(&server, json!({"replay_ids": [planted.follower]}));
    assert_nowhere(&server, SHARED);
    planted.assert_others_say_the_same(&server);
    server.kill_9();
    server.restart();
    assert_nowhere(&server, SHARED);
    planted.assert_others_say_the_same(&server);
    // What was sealed before goes on.
    let more = [crate::recording::event(START_MS + 9_000, 7)];
    upload(&server, "bob", &START_MS.to_string(), &more);
    let (bob, _) = &planted.others[0];
    wait_for("one event more", || {
        (server.events(bob).len() == 4).then_some(())
    });
}

#[test]
fn a_dictionary_goes_however_often_the_server_is_killed() {
    let (mut server, site) = start(Options::default().sealing_at_once());
    let planted = Planted::new(&server, &site);
    let owner = Person::owner(&server);
    let mut targets = planted.group.clone();
    targets.push(planted.follower.clone());
    let target = json!({"replay_ids": targets});
    let job = owner.send(&server, "POST", "/api/v1/deletions", target);
    assert_eq!(job.status, 202, "{}", job.text());
    for pause_ms in [40, 60, 80, 110, 150, 200] {
        std::thread::sleep(std::time::Duration::from_millis(pause_ms));
        server.kill_9();
        server.restart();
    }
    wait_done(&server, &job.json()["id"]);
    assert_nowhere(&server, "planted-");
    planted.assert_others_say_the_same(&server);
}

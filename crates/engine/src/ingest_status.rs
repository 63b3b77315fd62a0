//! What arrived lately and what was refused, per project: the first question when
//! nothing shows up. In memory only, bounded, gone with the process.

use model::batch::ClientLoss;
use model::ingest::{Client, Problems, Reason, Source};
use model::{ProjectId, Timestamp};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

const KEPT_PROJECTS: usize = 1000;
const KEPT_SDKS: usize = 20;
const KEPT_REFUSALS: usize = 200;
/// Different pairs of reason and category that clients report.
const KEPT_LOSSES: usize = 100;
const MINUTES: usize = 60;
const MINUTE_MICROS: i64 = 60_000_000;

#[derive(Default)]
pub struct IngestStatus {
    projects: Mutex<HashMap<ProjectId, Recent>>,
    /// Uploads whose key no project has: shown to all, as nobody knows whose they are.
    unknown_keys: Mutex<Option<Rejected>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    pub reason: &'static str,
    pub count: u64,
    pub last_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdkSeen {
    pub sdk: String,
    pub version: Option<String>,
    pub last_at: Timestamp,
}

/// What a request may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    ReplaySegment,
    ReplayEvent,
    Video,
    AnalyticsEvent,
    IdentityChange,
    Error,
    Span,
    Feedback,
    Attachment,
    /// A run of a program, that some SDKs call a session.
    Visit,
    /// Of a kind that is not kept.
    Skipped,
}

impl Item {
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReplaySegment => "replay_segment",
            Self::ReplayEvent => "replay_event",
            Self::Video => "video",
            Self::AnalyticsEvent => "analytics_event",
            Self::IdentityChange => "identity_change",
            Self::Error => "error",
            Self::Span => "span",
            Self::Feedback => "feedback",
            Self::Attachment => "attachment",
            Self::Visit => "visit",
            Self::Skipped => "skipped",
        }
    }
}

/// The same for one kind of SDK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyStatus {
    pub source: &'static str,
    pub accepted_last_hour: u64,
    pub last_upload_at: Option<Timestamp>,
    pub items: Vec<(&'static str, u64)>,
    pub rejected: Vec<Rejected>,
}

/// The answer to the question.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Uploads.
    pub accepted_last_hour: u64,
    pub rejected: Vec<Rejected>,
    pub last_upload_at: Option<Timestamp>,
    pub sdk_seen: Vec<SdkSeen>,
    pub families: Vec<FamilyStatus>,
    /// What clients say that they dropped themselves.
    pub client_losses: Vec<ClientLoss>,
}

/// Whose upload it was, as far as it said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sender {
    pub device_id: Option<String>,
    pub session_id: Option<String>,
}

struct Refusal {
    sender: Sender,
    reason: Reason,
    count: u64,
    at: Timestamp,
}

/// A ring of the last minutes: which minute, and uploads in it.
#[derive(Default)]
struct Minutes(Vec<(i64, u64)>);

impl Minutes {
    fn count(&mut self, at: Timestamp) {
        let minute = at.micros().div_euclid(MINUTE_MICROS);
        self.0.resize(MINUTES, (0, 0));
        let slot = &mut self.0[minute.rem_euclid(MINUTES as i64) as usize];
        if slot.0 != minute {
            *slot = (minute, 0);
        }
        slot.1 += 1;
    }

    fn last_hour(&self, now: Timestamp) -> u64 {
        let this_minute = now.micros().div_euclid(MINUTE_MICROS);
        let lately = |minute: i64| (0..MINUTES as i64).contains(&(this_minute - minute));
        let counted = self.0.iter().filter(|(minute, _)| lately(*minute));
        counted.map(|(_, count)| count).sum()
    }
}

#[derive(Default)]
struct Family {
    minutes: Minutes,
    last_upload_at: Option<Timestamp>,
    items: BTreeMap<Item, u64>,
    by_reason: BTreeMap<Reason, (u64, Timestamp)>,
}

#[derive(Default)]
struct Recent {
    minutes: Minutes,
    last_upload_at: Option<Timestamp>,
    /// In the order of [`Source::ALL`].
    families: [Family; Source::ALL.len()],
    losses: Vec<ClientLoss>,
    by_reason: BTreeMap<Reason, (u64, Timestamp)>,
    /// The last ones in detail, to answer for one device.
    refusals: VecDeque<Refusal>,
    sdks: Vec<SdkSeen>,
}

impl IngestStatus {
    pub fn accepted(&self, project: ProjectId, source: Source, client: &Client, at: Timestamp) {
        self.of(project, |recent| {
            recent.minutes.count(at);
            let family = recent.family(source);
            family.minutes.count(at);
            family.last_upload_at = family.last_upload_at.max(Some(at));
            recent.last_upload_at = recent.last_upload_at.max(Some(at));
            if let Some(sdk) = &client.sdk {
                recent.saw_sdk(sdk, client.sdk_version.as_deref(), at);
            }
        });
    }

    /// An upload that was refused, or events that were dropped or changed.
    pub fn problem(
        &self,
        project: ProjectId,
        sender: Sender,
        reason: Reason,
        count: u64,
        at: Timestamp,
    ) {
        self.of(project, |recent| {
            let entry = recent.by_reason.entry(reason).or_insert((0, at));
            entry.0 += count;
            entry.1 = entry.1.max(at);
            if recent.refusals.len() == KEPT_REFUSALS {
                recent.refusals.pop_front();
            }
            recent.refusals.push_back(Refusal {
                sender,
                reason,
                count,
                at,
            });
        });
    }

    pub fn problems(
        &self,
        project: ProjectId,
        source: Source,
        sender: &Sender,
        problems: &Problems,
        at: Timestamp,
    ) {
        for problem in problems.iter() {
            self.problem(project, sender.clone(), problem.reason, problem.count, at);
            self.family_problem(project, source, problem.reason, problem.count, at);
        }
    }

    /// Beside [`IngestStatus::problem`], where the kind of SDK is known.
    pub fn family_problem(
        &self,
        project: ProjectId,
        source: Source,
        reason: Reason,
        count: u64,
        at: Timestamp,
    ) {
        self.of(project, |recent| {
            let entry = recent.family(source).by_reason.entry(reason);
            let entry = entry.or_insert((0, at));
            entry.0 += count;
            entry.1 = entry.1.max(at);
        });
    }

    pub fn items(&self, project: ProjectId, source: Source, item: Item, count: u64) {
        self.of(project, |recent| {
            *recent.family(source).items.entry(item).or_default() += count;
        });
    }

    pub fn client_loss(&self, project: ProjectId, loss: &ClientLoss) {
        self.of(project, |recent| {
            let is_same =
                |it: &&mut ClientLoss| it.reason == loss.reason && it.category == loss.category;
            let is_full = recent.losses.len() >= KEPT_LOSSES;
            match recent.losses.iter_mut().find(is_same) {
                Some(known) => known.count = known.count.saturating_add(loss.count),
                None if is_full => {}
                None => recent.losses.push(loss.clone()),
            }
        });
    }

    pub fn unknown_key(&self, at: Timestamp) {
        let mut unknown = self
            .unknown_keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let entry = unknown.get_or_insert(Rejected {
            reason: Reason::UnknownKey.name(),
            count: 0,
            last_at: at,
        });
        entry.count += 1;
        entry.last_at = entry.last_at.max(at);
    }

    /// Of the project; what was refused only of `sender`, as far as it is given.
    pub fn status(&self, project: ProjectId, sender: &Sender, now: Timestamp) -> Status {
        let mut status = self.of(project, |recent| recent.status(sender, now));
        let unknown = self
            .unknown_keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        status.rejected.extend(unknown.clone());
        status
    }

    fn of<T>(&self, project: ProjectId, work: impl FnOnce(&mut Recent) -> T) -> T {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if projects.len() >= KEPT_PROJECTS && !projects.contains_key(&project) {
            projects.clear();
        }
        work(projects.entry(project).or_default())
    }
}

impl Recent {
    fn family(&mut self, source: Source) -> &mut Family {
        let at = Source::ALL.iter().position(|it| *it == source);
        &mut self.families[at.unwrap_or_default()]
    }

    fn saw_sdk(&mut self, sdk: &str, version: Option<&str>, at: Timestamp) {
        let known = |seen: &SdkSeen| seen.sdk == sdk && seen.version.as_deref() == version;
        if let Some(seen) = self.sdks.iter_mut().find(|seen| known(seen)) {
            seen.last_at = seen.last_at.max(at);
            return;
        }
        if self.sdks.len() >= KEPT_SDKS {
            self.sdks
                .sort_by_key(|seen| std::cmp::Reverse(seen.last_at));
            self.sdks.truncate(KEPT_SDKS - 1);
        }
        self.sdks.push(SdkSeen {
            sdk: sdk.to_owned(),
            version: version.map(str::to_owned),
            last_at: at,
        });
    }

    fn status(&self, sender: &Sender, now: Timestamp) -> Status {
        let rejected = if *sender == Sender::default() {
            self.by_reason.clone()
        } else {
            self.refused_to(sender)
        };
        let mut sdk_seen = self.sdks.clone();
        sdk_seen.sort_by_key(|seen| std::cmp::Reverse(seen.last_at));
        Status {
            accepted_last_hour: self.minutes.last_hour(now),
            rejected: rejected_list(&rejected),
            last_upload_at: self.last_upload_at,
            sdk_seen,
            families: self.family_status(now),
            client_losses: self.losses.clone(),
        }
    }

    /// Of the kinds of SDKs that sent anything.
    fn family_status(&self, now: Timestamp) -> Vec<FamilyStatus> {
        let families = Source::ALL.iter().zip(&self.families);
        families
            .filter(|(_, it)| it.last_upload_at.is_some() || !it.by_reason.is_empty())
            .map(|(source, it)| FamilyStatus {
                source: source.name(),
                accepted_last_hour: it.minutes.last_hour(now),
                last_upload_at: it.last_upload_at,
                items: it
                    .items
                    .iter()
                    .map(|(item, count)| (item.name(), *count))
                    .collect(),
                rejected: rejected_list(&it.by_reason),
            })
            .collect()
    }

    fn refused_to(&self, sender: &Sender) -> BTreeMap<Reason, (u64, Timestamp)> {
        let fits = |asked: &Option<String>, said: &Option<String>| asked.is_none() || asked == said;
        let mut by_reason = BTreeMap::new();
        for refusal in &self.refusals {
            if fits(&sender.device_id, &refusal.sender.device_id)
                && fits(&sender.session_id, &refusal.sender.session_id)
            {
                let entry = by_reason.entry(refusal.reason).or_insert((0, refusal.at));
                entry.0 += refusal.count;
                entry.1 = entry.1.max(refusal.at);
            }
        }
        by_reason
    }
}

fn rejected_list(by_reason: &BTreeMap<Reason, (u64, Timestamp)>) -> Vec<Rejected> {
    let list = by_reason.iter();
    list.map(|(reason, (count, last_at))| Rejected {
        reason: reason.name(),
        count: *count,
        last_at: *last_at,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: ProjectId = ProjectId(1);

    fn minute(number: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + number * MINUTE_MICROS)
    }

    #[test]
    fn an_hour_is_counted_and_then_forgotten() {
        let status = IngestStatus::default();
        let client = Client {
            sdk: Some("standalone".to_owned()),
            ..Client::default()
        };
        for at in [0, 0, 30, 59] {
            status.accepted(PROJECT, Source::Amplitude, &client, minute(at));
        }
        let accepted = |at: i64| {
            status
                .status(PROJECT, &Sender::default(), minute(at))
                .accepted_last_hour
        };
        assert_eq!([accepted(59), accepted(60), accepted(500)], [4, 2, 0]);
        status.accepted(PROJECT, Source::Amplitude, &client, minute(60));
        assert_eq!(
            accepted(60),
            3,
            "the ring's place of minute 0 is used again"
        );
        let seen = status
            .status(PROJECT, &Sender::default(), minute(60))
            .sdk_seen;
        assert_eq!((seen.len(), seen[0].last_at), (1, minute(60)));
    }

    #[test]
    fn refusals_are_told_by_device_and_project() {
        let status = IngestStatus::default();
        let sender = |device: &str| Sender {
            device_id: Some(device.to_owned()),
            session_id: None,
        };
        status.problem(PROJECT, sender("a"), Reason::TooLarge, 1, minute(1));
        status.problem(PROJECT, sender("b"), Reason::TooLarge, 1, minute(2));
        status.problem(PROJECT, sender("b"), Reason::InvalidEvent, 7, minute(3));
        status.unknown_key(minute(4));
        let rejected = |project: i64, sender: &Sender| {
            let status = status.status(ProjectId(project), sender, minute(5));
            let list = status.rejected.into_iter();
            list.map(|it| (it.reason, it.count)).collect::<Vec<_>>()
        };
        let unknown = ("unknown_key", 1);
        assert_eq!(
            rejected(1, &Sender::default()),
            [("too_large", 2), ("invalid_event", 7), unknown]
        );
        assert_eq!(rejected(1, &sender("a")), [("too_large", 1), unknown]);
        assert_eq!(rejected(2, &Sender::default()), [unknown]);
    }

    #[test]
    fn memory_is_bounded() {
        let status = IngestStatus::default();
        for number in 0..10_000 {
            let client = Client {
                sdk: Some(format!("sdk-{number}")),
                ..Client::default()
            };
            status.accepted(PROJECT, Source::Amplitude, &client, minute(number));
            status.problem(
                PROJECT,
                Sender::default(),
                Reason::TooDeep,
                1,
                minute(number),
            );
            status.accepted(ProjectId(number), Source::Sentry, &client, minute(number));
        }
        let projects = status.projects.lock().unwrap();
        assert!(projects.len() <= KEPT_PROJECTS);
        assert!(
            projects
                .values()
                .all(|recent| recent.sdks.len() <= KEPT_SDKS
                    && recent.refusals.len() <= KEPT_REFUSALS)
        );
    }
}

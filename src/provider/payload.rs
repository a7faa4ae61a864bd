//! What a webhook or a command gets: the facts of a request, flat, by name, and fit to be shown.

use crate::model::{MeetingWords, Request, RequestFacts, Timestamp, cut, printable};

/// The longest text of a meeting that is passed on, in characters: the system limits a program's environment.
const TEXT_MAX: usize = 1000;

/// What a request is about. Texts hold no control characters; what is not known is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Payload {
    /// The same for every repeat of this request.
    pub(super) key: String,
    /// What the request is for.
    pub(super) purpose: Purpose,
    /// The id of the person.
    pub(super) person: String,
    /// What the person is called.
    pub(super) name: String,
    /// Every meeting it stands for, earliest start first.
    pub(super) meetings: Vec<MeetingPayload>,
    /// A short text, where the channel's words have one.
    pub(super) subject: String,
    /// The text.
    pub(super) message: String,
}

/// One meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MeetingPayload {
    pub(super) uid: String,
    pub(super) title: String,
    pub(super) starts_at: Timestamp,
    /// Whole minutes until it starts, a half rounded down, as a message says them; below 0 when it has begun.
    pub(super) minutes_left: i64,
    pub(super) link: String,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A meeting that has not begun.
    BeforeStart,
    /// A meeting that has begun without the person.
    AfterStart,
    /// No meeting: somebody tries it out.
    Test,
}

impl Purpose {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeStart => "before_start",
            Self::AfterStart => "after_start",
            Self::Test => "test",
        }
    }
}

impl Payload {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            key: request.key.clone(),
            subject: text(request.subject.as_deref().unwrap_or_default()),
            message: lines(&request.message).join("\n"),
            ..Self::of_facts(&request.user, &request.facts, request.intent_at)
        }
    }

    /// The facts alone, at this time.
    pub(super) fn of_facts(person: &str, facts: &RequestFacts, now: Timestamp) -> Self {
        let purpose = match facts.meetings.first() {
            Some(first) if now < first.starts_at => Purpose::BeforeStart,
            Some(_) => Purpose::AfterStart,
            None => Purpose::Test,
        };
        Self {
            key: String::new(),
            purpose,
            person: text(person),
            name: text(&facts.name),
            meetings: facts.meetings.iter().map(|m| meeting(m, now)).collect(),
            subject: String::new(),
            message: String::new(),
        }
    }
}

fn meeting(words: &MeetingWords, now: Timestamp) -> MeetingPayload {
    MeetingPayload {
        uid: text(&words.uid),
        title: text(&words.title),
        starts_at: words.starts_at,
        minutes_left: words.starts_at.since(now).saturating_add(29_999).div_euclid(60_000),
        link: text(words.link.as_deref().unwrap_or_default()),
    }
}

fn text(text: &str) -> String {
    cut(&printable(text), TEXT_MAX)
}

/// The lines of a text, each without control characters.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(printable).collect()
}

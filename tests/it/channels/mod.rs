//! What reaches people besides the phone: mail, webhooks and commands, each against a real server or program of the
//! test.

mod commands;
mod email;
mod email_lost;
mod presence;
mod registry;
mod secrets;
mod webhooks;

use crate::support::call;
use savehub::model::{
    Accepted, Address, CallStatus, Email, IncidentId, MeetingWords, NotSentCause, Outcome, Reply, Request,
    RequestFacts, RungKind, StepId, Target, Timestamp,
};

/// The page that explains all this.
const MAN: &str = include_str!("../../../man/savehub-channels.7");

/// 2026-11-22T09:00:00Z, 12 minutes before the meeting.
const NOW: Timestamp = Timestamp::from_ms(1_795_338_000_000);

/// A request about one meeting.
fn request(kind: RungKind, address: Address) -> Request {
    let meeting = MeetingWords {
        uid: "abc123".into(),
        title: "Board sync".into(),
        starts_at: Timestamp::from_ms(NOW.ms() + 12 * 60_000),
        link: Some("https://meet.example.com/1".into()),
    };
    Request {
        from: Address::Named("savehub".into()),
        key: "key1".into(),
        to: Target { kind, address },
        facts: RequestFacts {
            incident: Some(IncidentId(7)),
            step: Some(StepId(9)),
            name: "Ana".into(),
            meetings: vec![meeting],
        },
        ..call("Board sync starts in 12 minutes.")
    }
}

fn named(kind: RungKind, name: &str) -> Request {
    request(kind, Address::Named(name.into()))
}

fn mail() -> Request {
    request(RungKind::Email, Address::Email(Email::parse("ana.lee@example.com").unwrap()))
}

fn taken(sid: &str) -> Outcome {
    Outcome::Accepted(Accepted { sid: sid.into(), status: CallStatus::Done })
}

/// Where it stopped, and the words.
fn not_sent(reply: Reply) -> (NotSentCause, String) {
    match reply.outcome {
        Outcome::NotSent(not_sent) => (not_sent.cause, not_sent.detail),
        other => panic!("{other:?}"),
    }
}

fn unknown(reply: Reply) -> String {
    match reply.outcome {
        Outcome::Unknown(doubt) => doubt.detail,
        other => panic!("{other:?}"),
    }
}

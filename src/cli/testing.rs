//! People, meetings and incidents for the tests of the command line.

use crate::config::Person;
use crate::model::{IncidentId, IncidentState, Marks, MeetingId, MeetingState, Phone, Timestamp};
use crate::store::{IncidentView, Meeting};
use crate::zone::Zone;

/// 2026-11-22 09:00 in Berlin, 08:00 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_ms(1_795_334_400_000);

/// `NOW` and so many minutes.
pub(crate) const fn minutes(from_now: i64) -> Timestamp {
    Timestamp::from_ms(NOW.ms() + from_now * 60_000)
}

/// `NOW` and so many seconds.
pub(crate) const fn seconds(from_now: i64) -> Timestamp {
    Timestamp::from_ms(NOW.ms() + from_now * 1000)
}

pub(crate) fn person(id: &str) -> Person {
    let (name, zone) = (id.to_uppercase(), Zone::named("Europe/Berlin").unwrap());
    Person { name, zone, ..Person::new(id, Phone::parse("+12025550101").unwrap()) }
}

pub(crate) fn meeting(id: i64, title: &str, starts_at: Timestamp) -> Meeting {
    Meeting {
        id: MeetingId(id),
        person: "ana".into(),
        uid: format!("{id}@example.org"),
        recurrence: String::new(),
        title: title.into(),
        starts_at,
        ends_at: None,
        link: None,
        dial_in: None,
        marks: Marks::default(),
        source: "manual".into(),
        state: MeetingState::Scheduled,
        generation: 1,
        ended: None,
    }
}

/// The incident of a meeting, without steps.
pub(crate) fn incident(id: i64, meeting: &Meeting, state: IncidentState) -> IncidentView {
    IncidentView {
        id: IncidentId(id),
        meeting: meeting.id,
        person: meeting.person.clone(),
        title: meeting.title.clone(),
        starts_at: meeting.starts_at,
        generation: meeting.generation,
        state,
        reason: None,
        note: None,
        opened_at: minutes(-30),
        ended_at: None,
        acknowledged: None,
        steps: Vec::new(),
    }
}

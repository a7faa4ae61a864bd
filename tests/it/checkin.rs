//! `savehub checkin` means the meeting that the person means: whole runs of the program.

use crate::support::cli::{ANA, Cli};
use savehub::clock::{Clock as _, SystemClock};
use savehub::model::{MeetingId, Timestamp};
use savehub::store::sqlite::{Create, SqliteStore};
use savehub::store::{CheckIn, NewMeeting, Store as _};
use std::time::Duration;

/// Ana's meetings on the mock phone.
struct Day {
    cli: Cli,
    now: Timestamp,
}

impl Day {
    fn new() -> Self {
        let cli = Cli::with(ANA).set("CALL_PROVIDER", "mock");
        cli.ok(&["tick"]);
        Self { cli, now: SystemClock.now() }
    }

    fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.cli.database(), Create::No).unwrap()
    }

    /// So many seconds from the beginning of the test.
    fn at(&self, seconds: i64) -> Timestamp {
        Timestamp::from_ms(self.now.ms() + seconds * 1000)
    }

    /// A meeting from and to these seconds.
    fn meeting(&self, title: &str, from: i64, to: i64) -> MeetingId {
        let new = NewMeeting {
            person: "ana".into(),
            uid: title.into(),
            recurrence: String::new(),
            title: title.into(),
            starts_at: self.at(from),
            ends_at: Some(self.at(to)),
            link: None,
            source: "manual".into(),
        };
        self.store().add_meeting(&new, self.at(from.min(0) - 3600)).unwrap().id
    }

    /// `09:00`, with the date if it is another day.
    fn clock(&self, seconds: i64) -> String {
        let (at, now) = (self.at(seconds).to_rfc3339(), SystemClock.now().to_rfc3339());
        if at[..10] == now[..10] { at[11..16].to_owned() } else { format!("{} {}", &at[..10], &at[11..16]) }
    }

    /// What a run printed, on whichever side, and its exit code.
    fn runs(&self, args: &[&str]) -> (i32, String) {
        let ran = self.cli.run(args);
        assert!(ran.out.is_empty() != ran.err.is_empty(), "{ran:?}");
        (ran.code, ran.out + &ran.err)
    }

    fn ended(&self, id: MeetingId) -> Option<&'static str> {
        self.store().meeting(id).unwrap().unwrap().ended.map(savehub::model::Reason::as_str)
    }
}

#[test]
fn a_check_in_names_the_title_the_time_and_the_person() {
    let day = Day::new();
    day.meeting("Board sync", 270, 3600);
    let at = day.clock(270);
    let (code, said) = day.runs(&["checkin"]);
    assert_eq!((code, said.as_str()), (0, &*format!("checked in: Board sync (i1), {at} (in 4 min), ana\n")));
    let (code, said) = day.runs(&["checkin"]);
    let again = format!("already checked in: Board sync (i1), {at} (in 4 min), ana; nothing changed\n");
    assert_eq!((code, said), (0, again));
}

#[test]
fn after_a_meeting_whose_incident_is_open_a_bare_check_in_means_that_and_not_the_afternoon() {
    let day = Day::new();
    let (standup, customer) = (day.meeting("Standup", -640, -40), day.meeting("Customer call", 4 * 3600, 5 * 3600));
    day.cli.run(&["tick", "-q"]);
    let (code, said) = day.runs(&["checkin"]);
    assert!(code == 0 && said.starts_with("checked in: Standup (i1), "), "{said}");
    assert_eq!((day.ended(standup), day.ended(customer)), (Some("joined"), None));
}

#[test]
fn a_second_check_in_does_not_silence_the_next_meeting() {
    let day = Day::new();
    let (first, next) = (day.meeting("Standup", -300, 600), day.meeting("Board sync", 1230, 3600));
    assert_eq!(day.runs(&["checkin", "standup"]).0, 0);
    let (code, said) = day.runs(&["checkin"]);
    let choices = format!(
        "error: say which meeting: write its id, or --all for all of them:\n  m1 {} (5 min ago) Standup, ana, checked in\n  \
         m2 {} (in 20 min) Board sync, ana\n",
        day.clock(-300),
        day.clock(1230)
    );
    assert_eq!((code, said), (2, choices));
    assert_eq!((day.ended(first), day.ended(next)), (Some("joined"), None));
}

#[test]
fn with_nothing_near_the_next_meeting_is_named_and_nothing_changes() {
    let day = Day::new();
    let tomorrow = day.meeting("Standup", 12 * 3600 + 30, 13 * 3600);
    let (code, said) = day.runs(&["checkin"]);
    let expected = format!(
        "error: ana has no meeting that runs, ended in the last 30 min or starts in the next 30 min; to come:\n  m1 {} \
         (in 12 h) Standup, ana\n`savehub checkin m1` means the first of them\n",
        day.clock(12 * 3600 + 30)
    );
    assert_eq!((code, said, day.ended(tomorrow)), (2, expected, None));
    let (code, said) = day.runs(&["checkin", "m1"]);
    assert!(code == 0 && said.starts_with("checked in: Standup (i1), "), "{said}");
    let (list, status) = (day.cli.ok(&["meeting", "list"]), day.cli.ok(&["status"]));
    assert!(list.contains("in 12 h, checked in") && status.contains("in 12 h, checked in"), "{list}{status}");
}

#[test]
fn several_meetings_are_those_that_the_last_call_named() {
    let day = Day::new();
    let shared = [day.meeting("Board sync", 100, 3600), day.meeting("Design review", 100, 3600)];
    let later = day.meeting("Interview", 1500, 3600);
    day.cli.run(&["tick", "-q"]);
    let (code, said) = day.runs(&["checkin"]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(code == 0 && lines.len() == 2, "{said}");
    assert!(lines[0].starts_with("checked in: Board sync (i1), "), "{said}");
    assert!(lines[1].starts_with("checked in: Design review (i2), "), "{said}");
    assert_eq!((shared.map(|m| day.ended(m)), day.ended(later)), ([Some("joined"); 2], None));
}

#[test]
fn all_means_every_meeting_that_is_near() {
    let day = Day::new();
    let near = [day.meeting("Board sync", 300, 3600), day.meeting("Design review", 900, 3600)];
    let far = day.meeting("Interview", 3 * 3600, 4 * 3600);
    assert_eq!(day.runs(&["checkin", "--all", "--missed"]).0, 0);
    assert_eq!((near.map(|m| day.ended(m)), day.ended(far)), ([Some("said_missed"); 2], None));
    let (code, said) = day.runs(&["checkin", "--all", "m3"]);
    assert!(code == 2 && said.contains("cannot be used with"), "{said}");
}

#[test]
fn an_incident_a_meeting_and_a_title_can_be_typed() {
    for typed in ["i1", "m1", "stand"] {
        let day = Day::new();
        // It is over, and stands in the calendar of tomorrow as well.
        day.meeting("Standup", -700, -300);
        day.meeting("Standup tomorrow", 24 * 3600, 25 * 3600);
        day.cli.run(&["tick", "-q"]);
        let (code, said) = day.runs(&["checkin", typed]);
        assert!(code == 0 && said.starts_with("checked in: Standup (i1), "), "{typed}: {said}");
    }
}

#[test]
fn an_incident_of_an_earlier_start_names_the_meeting_as_it_is_now() {
    let day = Day::new();
    let id = day.meeting("Standup", 300, 900);
    day.cli.run(&["tick", "-q"]);
    day.store().move_meeting(id, day.at(7230), None, day.now).unwrap();
    let (code, said) = day.runs(&["checkin", "i1"]);
    let at = day.clock(7230);
    let expected =
        format!("error: i1 has ended, and its meeting goes on without it: m1 Standup: ana, {at} (in 2 h); write m1\n");
    assert_eq!((code, said, day.ended(id)), (2, expected, None));
    let (code, said) = day.runs(&["meeting", "cancel", "i1"]);
    assert!(code == 2 && said.contains("write m1"), "{said}");
}

#[test]
fn what_was_missed_is_near_too_and_the_check_in_says_that_it_is_over() {
    let day = Day::new();
    let id = day.meeting("Standup", -300, 600);
    day.store().check_in(id, CheckIn::Missed, day.now).unwrap();
    let (code, said) = day.runs(&["checkin"]);
    let at = day.clock(-300);
    let over = format!("already over: Standup (i1), {at} (5 min ago), ana, MISSED; nothing changed\n");
    assert_eq!((code, said), (0, over));
    let long_ago = Duration::from_secs(3600);
    assert!(day.store().meetings(day.now.minus(long_ago), day.now).unwrap().iter().all(|m| m.ended.is_some()));
}

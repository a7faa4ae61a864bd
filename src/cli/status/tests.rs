//! Whole outputs, so that every change of wording is seen in the diff.

use super::*;
use crate::cli::print::Screen;
use crate::cli::testing::{NOW, incident, meeting, minutes, person, seconds};
use crate::config::{Person, ProviderChoice};
use crate::model::{
    AttemptId, AttemptState, CalendarId, CalendarKind, CallStatus, HangUpState, IncidentState, ProviderKind, Reason,
    RungKind, StepId, StepState, Stop, Timestamp,
};
use crate::store::{AttemptView, CalendarView, FaultView, PauseView, Snapshot, StepView, TickView};
use crate::zone::ZoneData;

mod states;

pub(super) fn ctx(people: &[Person]) -> StatusCtx<'_> {
    StatusCtx {
        now: NOW,
        people,
        provider: ProviderChoice::Twilio,
        test_mode: false,
        stop: Stop::Absent,
        broken: None,
        max_age: None,
        screen: Screen::PLAIN,
    }
}

pub(super) fn tick(started_at: Timestamp, ended_at: Option<Timestamp>, exit: Option<u8>) -> TickView {
    TickView { started_at, ended_at, exit, skew_ms: None }
}

pub(super) fn nothing() -> Snapshot {
    Snapshot {
        next_meetings: Vec::new(),
        incidents: Vec::new(),
        calendars: Vec::new(),
        last_tick: Some(tick(seconds(-13), Some(seconds(-12)), Some(0))),
        hosts: Vec::new(),
        faults: Vec::new(),
        pauses: Vec::new(),
        made_at: None,
    }
}

pub(super) fn zone_data() -> ZoneData {
    ZoneData { version: "2026e".into(), from: "bundled" }
}

pub(super) fn calendar(id: i64, name: &str, kind: CalendarKind) -> CalendarView {
    CalendarView {
        id: CalendarId(id),
        person: "ana".into(),
        name: name.into(),
        kind,
        good_at: Some(minutes(-2)),
        checked_at: Some(minutes(-2)),
        failing_since: None,
        failure: None,
        next_look_at: minutes(3),
        events: Some(42),
        notices: 0,
        notice: None,
        tells_addresses: false,
    }
}

fn attempt(id: i64, state: AttemptState) -> AttemptView {
    AttemptView {
        id: AttemptId(id),
        state,
        provider: ProviderKind::Twilio,
        to: "****0101".into(),
        intent_at: seconds(-20),
        call_id: None,
        call_status: None,
        duration_s: None,
        answered_by: None,
        price: None,
        price_unit: None,
        rang_s: None,
        error: None,
        error_code: None,
        request_id: None,
        hang_up: HangUpState::None,
    }
}

fn called(status: CallStatus) -> AttemptView {
    AttemptView { call_status: Some(status), ..attempt(1, AttemptState::Accepted) }
}

fn step(id: i64, state: StepState, due_at: Timestamp) -> StepView {
    StepView {
        id: StepId(id),
        rung: 0,
        kind: RungKind::Call,
        contact: None,
        channel: None,
        due_at,
        state,
        reason: None,
        detail: None,
        attempts: Vec::new(),
    }
}

fn busy_morning() -> Snapshot {
    let board = meeting(3, "Board\u{1b}[2J sync", minutes(2));
    let mut open = incident(4, &board, IncidentState::Escalating);
    let mut rang = called(CallStatus::NoAnswer);
    rang.call_id = Some("CA0f".into());
    rang.price = Some("-0.013".into());
    rang.price_unit = Some("USD".into());
    open.steps = vec![
        StepView {
            attempts: vec![
                AttemptView {
                    error: Some("name resolution failed".into()),
                    intent_at: seconds(-50),
                    ..attempt(1, AttemptState::NotSent)
                },
                rang,
            ],
            reason: Some(Reason::Initiated),
            ..step(11, StepState::Executed, minutes(-1))
        },
        step(12, StepState::Pending, seconds(30)),
    ];
    let mut over = incident(2, &meeting(1, "Stand-up", minutes(-60)), IncidentState::Missed);
    over.reason = Some(Reason::NoCheckIn);
    over.note = Some("phone\u{7} was off".into());
    over.steps = vec![StepView {
        reason: Some(Reason::OutsideCriticalWindow),
        detail: Some("240 s before".into()),
        ..step(5, StepState::Skipped, minutes(-64))
    }];
    Snapshot {
        next_meetings: vec![board, meeting(12, "Dentist", minutes(24 * 60 - 30))],
        incidents: vec![open, over],
        calendars: Vec::new(),
        last_tick: Some(tick(seconds(-13), Some(seconds(-12)), Some(1))),
        hosts: Vec::new(),
        faults: vec![FaultView { fault: "provider_setup".into(), since: minutes(-9) }],
        pauses: Vec::new(),
        made_at: None,
    }
}

#[test]
fn a_busy_morning_is_told_from_what_keeps_phones_silent_to_what_is_over() {
    let people = [person("ana")];
    let stop = Stop::There("/etc/savehub/STOP".into());
    let ctx = StatusCtx { provider: ProviderChoice::Mock, stop, ..ctx(&people) };
    assert_eq!(
        render(&busy_morning(), &ctx),
        "\
MOCK: NO PHONE WILL RING
STOPPED: /etc/savehub/STOP exists; nothing will ring
last tick 12 s ago, exit 1: something due could not be done
fault: provider_setup, for 9 min

Next
  m3   2026-11-22 09:02  in 2 min  ana  Board [2J sync
  m12  2026-11-23 08:30  in 23 h   ana  Dentist

Open incidents
  i4 Board [2J sync: ana, 09:02 (in 2 min), calling, not yet checked in
    s11 call 08:59:00: done
      08:59:10 twilio ****0101: no byte left: name resolution failed
      08:59:40 twilio ****0101: rang, nobody answered, CA0f, 0.013 USD
    s12 call 09:00:30: due in 30 s

Ended
  i2 Stand-up: ana, 08:00 (1 h ago), MISSED: nobody checked in, note: phone  was off
    s5 call 07:56:00: skipped: outside the critical window (240 s before)
"
    );
}

#[test]
fn a_pause_stands_above_the_tick() {
    let people = [person("ana")];
    let pause = |person: Option<&str>, until| PauseView {
        person: person.map(str::to_owned),
        since: minutes(-5),
        until,
        reason: Some("on a plane".into()),
    };
    let pauses = vec![pause(None, None), pause(Some("ana"), Some(minutes(60)))];
    let text = render(&Snapshot { pauses, ..nothing() }, &ctx(&people));
    assert!(
        text.starts_with(
            "PAUSED: everybody until `savehub resume`, on a plane; nothing will ring\n\
             PAUSED: ana until 10:00 (in 1 h), on a plane; nothing is sent for these meetings\n\
             last tick 12 s ago, ok\n"
        ),
        "{text}"
    );
}

#[test]
fn the_json_says_when_the_last_tick_is_too_old() {
    let stale = |last_tick, max_age| {
        let snapshot = Snapshot { last_tick, ..nothing() };
        serde_json::to_value(report(&snapshot, zone_data(), &StatusCtx { max_age, ..ctx(&[]) })).unwrap()["stale"]
            .clone()
    };
    let at = |s: i64| Some(tick(seconds(-s - 1), Some(seconds(-s)), Some(0)));
    assert_eq!([stale(at(120), None), stale(at(121), None), stale(None, None)], [false, true, true]);
    assert_eq!(stale(at(60), Some(Duration::from_secs(59))), true);
}

#[test]
fn when_nothing_is_planned_it_says_so() {
    assert_eq!(render(&nothing(), &ctx(&[])), "last tick 12 s ago, ok\n\nNext\n  none\n\nOpen incidents\n  none\n");
}

#[test]
fn test_mode_stands_first_and_a_mock_wins_over_it() {
    let first = |provider| {
        let text = render(&nothing(), &StatusCtx { provider, test_mode: true, ..ctx(&[]) });
        text.lines().next().unwrap().to_owned()
    };
    assert_eq!(first(ProviderChoice::Twilio), "TEST MODE: NO PHONE WILL RING");
    assert_eq!(first(ProviderChoice::Mock), "MOCK: NO PHONE WILL RING");
}

#[test]
fn the_last_tick_is_told_with_its_age_and_what_to_think_of_it() {
    let line = |last_tick, max_age| {
        let snapshot = Snapshot { last_tick, ..nothing() };
        let text = render(&snapshot, &StatusCtx { max_age, ..ctx(&[]) });
        text.lines().next().unwrap().to_owned()
    };
    let ended = |s: i64, exit| Some(tick(seconds(-s - 1), Some(seconds(-s)), exit));
    assert!(line(None, None).starts_with("NO TICK YET"));
    assert_eq!(line(ended(119, Some(0)), None), "last tick 1 min ago, ok");
    assert_eq!(line(ended(300, Some(0)), None), "last tick 5 min ago: is cron running?");
    assert_eq!(line(ended(300, Some(0)), Some(Duration::from_secs(600))), "last tick 5 min ago, ok");
    assert_eq!(line(ended(12, Some(3)), None), "last tick 12 s ago, exit 3: the store cannot be used");
    assert_eq!(line(ended(12, Some(101)), None), "last tick 12 s ago, exit 101");
    assert_eq!(line(Some(tick(seconds(-3), None, None)), None), "last tick started 3 s ago and has not ended yet");
    assert_eq!(
        line(Some(tick(minutes(-5), None, None)), None),
        "last tick started 5 min ago and never ended: is cron running?"
    );
    assert_eq!(line(ended(-3600, Some(0)), None), "last tick 1 h in the future: was the clock turned back?");
}

#[test]
fn max_age_decides_the_exit_code() {
    let exit_of = |last_tick: Option<TickView>, max_s| {
        exit(last_tick.as_ref(), &StatusCtx { max_age: Some(Duration::from_secs(max_s)), ..ctx(&[]) })
    };
    let old = || Some(tick(seconds(-91), Some(seconds(-90)), Some(0)));
    assert_eq!(exit_of(old(), 90), Exit::Done);
    assert_eq!(exit_of(old(), 89), Exit::Stale);
    assert_eq!(exit_of(None, 90), Exit::Stale);
    assert_eq!(exit_of(Some(tick(seconds(-91), None, None)), 90), Exit::Stale);
    assert_eq!(exit_of(Some(tick(minutes(60), Some(minutes(60)), Some(0))), 90), Exit::Stale);
    assert_eq!(exit(None, &ctx(&[])), Exit::Done);
}

#[test]
fn the_json_object_is_stable_and_clean() {
    let mut snapshot = busy_morning();
    snapshot.incidents.truncate(1);
    snapshot.incidents[0].steps.truncate(1);
    snapshot.incidents[0].steps[0].attempts.truncate(1);
    snapshot.next_meetings.truncate(1);
    snapshot.calendars = vec![CalendarView {
        notices: 2,
        notice: Some("no time zone is called \"Mars\u{7}\"".into()),
        ..calendar(1, "work", CalendarKind::Web)
    }];
    let mut out = Vec::new();
    print::json(&mut out, &report(&snapshot, zone_data(), &ctx(&[]))).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), include_str!("golden.json"));
}

#[test]
fn the_manual_page_describes_every_field_of_the_json_object() {
    fn keys(value: &serde_json::Value) -> Vec<String> {
        match value {
            serde_json::Value::Object(map) => {
                map.iter().flat_map(|(key, inner)| std::iter::once(key.clone()).chain(keys(inner))).collect()
            }
            serde_json::Value::Array(list) => list.iter().flat_map(keys).collect(),
            _ => Vec::new(),
        }
    }
    let described: String = FIELDS.iter().map(|(name, text)| format!("{name} {text} ")).collect::<Vec<_>>().concat();
    let words: Vec<&str> = described.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    for key in keys(&serde_json::from_str(include_str!("golden.json")).unwrap()) {
        assert!(words.contains(&key.as_str()), "{key}");
    }
}

#[test]
fn before_the_first_tick_last_tick_is_null() {
    let value =
        serde_json::to_value(report(&Snapshot { last_tick: None, ..nothing() }, zone_data(), &ctx(&[]))).unwrap();
    assert!(value["last_tick"].is_null());
}

#[test]
fn calendars_are_told_with_their_age_and_what_is_wrong_with_them() {
    let failing = CalendarView {
        failing_since: Some(minutes(-180)),
        failure: Some("the server wants a password\u{7} (HTTP 401)".into()),
        good_at: Some(minutes(-182)),
        ..calendar(2, "team", CalendarKind::Web)
    };
    let odd = CalendarView {
        events: Some(1),
        notices: 3,
        notice: Some("line 12: no date".into()),
        ..calendar(3, "private.ics", CalendarKind::File)
    };
    let new = CalendarView { good_at: None, events: None, ..calendar(4, "new", CalendarKind::Web) };
    let snapshot = Snapshot { calendars: vec![calendar(1, "work", CalendarKind::Web), failing, odd, new], ..nothing() };
    let text = render(&snapshot, &ctx(&[]));
    assert_eq!(
        text.split_once("\n\n").unwrap().1,
        "Next
  none

Open incidents
  none

Calendars
  work         ana  42 events, confirmed 2 min ago
  team         ana  FAILING for 3 h: the server wants a password  (HTTP 401); 42 events, confirmed 3 h 2 min ago
  private.ics  ana  1 event, read 2 min ago; 3 notes, such as: line 12: no date
  new          ana  not read yet
"
    );
}

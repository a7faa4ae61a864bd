//! Random calendars: a few events near a change of the clocks, with rules, dates, exceptions and moved occurrences in
//! every form that calendars write them in.

use crate::calendar_differential::dice::Dice;
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use savehub::calendar::{Limits, Policy, View, look};
use savehub::model::{SeenMeeting, Timestamp};
use savehub::zone::{Civil, Zone};

/// Zones, each with days on which its clocks change.
const ZONES: [(&str, [&str; 2]); 9] = [
    ("Europe/Berlin", ["2025-03-30", "2025-10-26"]),
    ("America/New_York", ["2025-03-09", "2025-11-02"]),
    ("Australia/Lord_Howe", ["2025-04-06", "2025-10-05"]),
    ("America/St_Johns", ["2026-03-08", "2025-11-02"]),
    ("Pacific/Auckland", ["2025-04-06", "2025-09-28"]),
    ("Africa/Cairo", ["2025-04-25", "2025-10-31"]),
    ("America/Santiago", ["2025-04-06", "2025-09-07"]),
    ("Europe/London", ["2026-03-29", "2025-10-26"]),
    ("Asia/Kolkata", ["2025-12-31", "2024-02-29"]),
];

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// A zone no database knows, as programs write it; its clocks are those of New York.
const OWN_ZONE: &str = "BEGIN:VTIMEZONE\r\nTZID:Our own time\r\nBEGIN:STANDARD\r\nDTSTART:20071104T020000\r\n\
     RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\r\nTZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\n\
     BEGIN:DAYLIGHT\r\nDTSTART:20070311T020000\r\nRRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\r\n\
     TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n";

/// A calendar, and how it is looked at.
pub(crate) struct Case {
    pub(crate) ics: String,
    pub(crate) zone: &'static str,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

/// What a time hangs on.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Zoned(&'static str),
    OwnZone,
    Utc,
    Floating,
}

struct Event {
    uid: String,
    form: Form,
    /// On the wall.
    start: NaiveDateTime,
    lines: Vec<String>,
}

impl Case {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let (zone, changes) = *dice.pick(&ZONES);
        let change: NaiveDate = dice.pick(&changes).parse().unwrap();
        let from = change.and_hms_opt(0, 0, 0).unwrap().and_utc() - TimeDelta::hours(dice.between(4, 60));
        let hours = *dice.pick(&[26, 26, 26, 50, 100, 240, 960]);
        let at = |time: DateTime<Utc>| Timestamp::from_ms(time.timestamp_millis());
        let view_zone = if dice.percent(50) { zone } else { dice.pick(&ZONES).0 };
        let until = from + TimeDelta::hours(hours);
        let mut case = Self { ics: String::new(), zone: view_zone, from: at(from), until: at(until) };
        let events: Vec<Event> = (0..dice.between(1, 4)).map(|n| Event::random(n, zone, change, dice)).collect();
        case.write(&events, &[]);
        // The plain series tell which occurrences there are to leave out and to move.
        let planned = case.occurrences();
        let mut changed = events;
        let mut overrides = Vec::new();
        for event in &mut changed {
            let own: Vec<&SeenMeeting> = planned.iter().filter(|meeting| meeting.uid == event.uid).collect();
            event.except(&own, view_zone, dice);
            overrides.extend(event.overrides(&own, view_zone, dice));
        }
        if dice.percent(20) {
            changed.reverse();
        }
        case.write(&changed, &overrides);
        case
    }

    /// What savehub sees, by start.
    pub(crate) fn occurrences(&self) -> Vec<SeenMeeting> {
        let (zone, policy) = (Zone::named(self.zone).unwrap(), Policy::default());
        let limits = Limits { per_series: 5000, meetings: 50_000, ..Limits::default() };
        let view = View { from: self.from, until: self.until, zone: &zone, policy: &policy, own: false, limits };
        let seen = look(self.ics.as_bytes(), &view).unwrap().seen;
        seen.meetings.into_iter().chain(seen.skipped.into_iter().map(|(meeting, _)| meeting)).collect()
    }

    fn write(&mut self, events: &[Event], overrides: &[String]) {
        let own_zone = if events.iter().any(|event| event.form == Form::OwnZone) { OWN_ZONE } else { "" };
        let events: String = events.iter().map(Event::text).collect();
        let overrides = overrides.concat();
        self.ics = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//savehub//differential//EN\r\n\
             {own_zone}{events}{overrides}END:VCALENDAR\r\n"
        );
    }
}

impl Event {
    fn random(n: i64, zone: &'static str, change: NaiveDate, dice: &mut Dice) -> Self {
        let form = match dice.roll(20) {
            0..12 => Form::Zoned(zone),
            12..14 => Form::Zoned(dice.pick(&ZONES).0),
            14..16 => Form::OwnZone,
            16..18 => Form::Utc,
            _ => Form::Floating,
        };
        let back = *dice.pick(&[3, 3, 10, 40, 400]);
        let day = change - Days::new(dice.roll(back)) + Days::new(1);
        let time = *dice.pick(&[(0, 0), (1, 30), (2, 0), (2, 30), (3, 0), (9, 0), (14, 15), (23, 30)]);
        let start = day.and_hms_opt(time.0, time.1, 0).unwrap();
        let mut lines = vec![*dice.pick(&["DURATION:PT30M", "DURATION:PT1H", "DURATION:P1D"])]
            .into_iter()
            .map(String::from)
            .collect::<Vec<_>>();
        if dice.percent(85) {
            lines.push(format!("RRULE:{}", rule(form, start, back, dice)));
        }
        for _ in 0..dice.between(0, 3) {
            let date = start + TimeDelta::minutes(dice.between(0, 4000) * 15);
            lines.push(form.property("RDATE", date));
        }
        Self { uid: format!("event-{n}"), form, start, lines }
    }

    fn text(&self) -> String {
        component(&self.uid, 0, &self.form.property("DTSTART", self.start), &self.lines)
    }

    /// Leaves out some of its occurrences.
    fn except(&mut self, occurrences: &[&SeenMeeting], zone: &str, dice: &mut Dice) {
        let recurs = self.lines.iter().any(|line| line.starts_with("RRULE") || line.starts_with("RDATE"));
        if !recurs {
            // Exceptions are for recurring events (RFC 5545 section 3.8.5.1).
            return;
        }
        for meeting in occurrences.iter().take(40) {
            if dice.percent(10) {
                let form = self.form.or_another(dice);
                self.lines.push(form.property("EXDATE", form.wall(meeting.starts_at, zone)));
            }
        }
        if dice.percent(10) {
            // One that is no occurrence.
            self.lines.push(self.form.property("EXDATE", self.start + TimeDelta::minutes(7)));
        }
    }

    /// Moves, renames or cancels some of its occurrences.
    fn overrides(&self, occurrences: &[&SeenMeeting], zone: &str, dice: &mut Dice) -> Vec<String> {
        let mut overrides = Vec::new();
        for meeting in occurrences.iter().take(40) {
            if !dice.percent(10) {
                continue;
            }
            let onward = overrides.is_empty() && dice.percent(8);
            let (mut form, mut named) = (self.form.or_another(dice), self.form.or_another(dice));
            if onward {
                (form, named) = (self.form, self.form);
            }
            let by = *dice.pick(&[0, 15, -30, 60, 24 * 60, -48 * 60, 45 * 24 * 60]);
            let start = form.wall(meeting.starts_at, zone) + TimeDelta::minutes(by);
            let name = if onward { "RECURRENCE-ID;RANGE=THISANDFUTURE" } else { "RECURRENCE-ID" };
            let original = named.property(name, named.wall(meeting.starts_at, zone));
            let lines = [
                original,
                "DURATION:PT20M".to_owned(),
                (*dice.pick(&["STATUS:CONFIRMED", "STATUS:CANCELLED"])).to_owned(),
            ];
            overrides.push(component(&self.uid, 1 + overrides.len(), &form.property("DTSTART", start), &lines));
        }
        overrides
    }
}

impl Form {
    /// Mostly itself; sometimes UTC or another zone, which only times with a zone can be written in.
    fn or_another(self, dice: &mut Dice) -> Self {
        match (self, dice.roll(10)) {
            (Self::Floating | Self::OwnZone, _) | (_, 0..6) => self,
            (_, 6..8) => Self::Utc,
            _ => Self::Zoned(dice.pick(&ZONES).0),
        }
    }

    /// An instant on its wall; times that hang on nothing are the person's.
    fn wall(self, at: Timestamp, own: &str) -> NaiveDateTime {
        let zone = match self {
            Self::Zoned(zone) => zone,
            Self::OwnZone => "America/New_York",
            Self::Utc => "UTC",
            Self::Floating => own,
        };
        let Civil { date: (year, month, day), time: (hour, minute, second) } = Zone::named(zone).unwrap().civil(at);
        let part = |number: i8| u32::try_from(number).unwrap();
        let date = NaiveDate::from_ymd_opt(year.into(), part(month), part(day)).unwrap();
        date.and_hms_opt(part(hour), part(minute), part(second)).unwrap()
    }

    fn property(self, name: &str, wall: NaiveDateTime) -> String {
        let wall = wall.format("%Y%m%dT%H%M%S");
        match self {
            Self::Zoned(zone) => format!("{name};TZID={zone}:{wall}"),
            Self::OwnZone => format!("{name};TZID=Our own time:{wall}"),
            Self::Utc => format!("{name}:{wall}Z"),
            Self::Floating => format!("{name}:{wall}"),
        }
    }
}

fn component(uid: &str, version: usize, start: &str, lines: &[String]) -> String {
    let lines = lines.join("\r\n");
    format!(
        "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20250101T000000Z\r\nSEQUENCE:{version}\r\nSUMMARY:{uid} v{version}\r\n\
         {start}\r\n{lines}\r\nEND:VEVENT\r\n"
    )
}

/// A rule that ends no later than a few hundred occurrences after the first.
fn rule(form: Form, start: NaiveDateTime, back: u64, dice: &mut Dice) -> String {
    let hourly = back <= 10 && dice.percent(15);
    let freq = if hourly { "HOURLY" } else { *dice.pick(&["DAILY", "DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "YEARLY"]) };
    let mut parts = vec![format!("FREQ={freq}")];
    if dice.percent(40) {
        parts.push(format!("INTERVAL={}", dice.between(1, 5)));
    }
    match dice.roll(10) {
        0..3 => parts.push(format!("COUNT={}", dice.between(1, 60))),
        3..5 => {
            let until = start + TimeDelta::hours(dice.between(-30, 24 * 60));
            let written = match form {
                _ if dice.percent(15) => until.max(start).format("%Y%m%d"),
                Form::Floating => until.format("%Y%m%dT%H%M%S"),
                _ => until.format("%Y%m%dT%H%M%SZ"),
            };
            parts.push(format!("UNTIL={written}"));
        }
        _ => {}
    }
    if dice.percent(20) {
        parts.push(format!("WKST={}", dice.pick(&WEEKDAYS)));
    }
    parts.extend(days(freq, dice));
    if freq == "DAILY" && dice.percent(25) {
        parts.push(format!("BYHOUR={}", dice.some(&[1, 2, 3, 9, 17, 23], 3)));
        parts.push(format!("BYMINUTE={}", dice.some(&[0, 30, 45], 2)));
    }
    if hourly && dice.percent(40) {
        parts.push(format!("BYMINUTE={}", dice.some(&[0, 15, 45], 2)));
    }
    parts.join(";")
}

/// Which days: what RFC 5545 section 3.3.10 lets stand together.
fn days(freq: &str, dice: &mut Dice) -> Vec<String> {
    let numbered = |dice: &mut Dice| {
        let number = *dice.pick(&["1", "2", "3", "4", "5", "-1", "-2", "+2"]);
        format!("BYDAY={number}{}", dice.pick(&WEEKDAYS))
    };
    let month_days = |dice: &mut Dice| format!("BYMONTHDAY={}", dice.some(&[-31, -2, -1, 1, 9, 26, 28, 29, 30, 31], 4));
    let months = |dice: &mut Dice| format!("BYMONTH={}", dice.some(&[2, 3, 4, 5, 9, 10, 11, 12], 5));
    match (freq, dice.roll(6)) {
        ("WEEKLY", 0..=4) | ("DAILY" | "HOURLY", 0) => vec![format!("BYDAY={}", dice.some(&WEEKDAYS, 5))],
        ("DAILY" | "WEEKLY" | "HOURLY", 5) | ("YEARLY", 0) => vec![months(dice)],
        ("DAILY", 1) | ("MONTHLY", 3..5) => vec![month_days(dice)],
        ("MONTHLY", 0..2) => vec![numbered(dice)],
        ("MONTHLY", 2) => {
            let place = *dice.pick(&["1", "2", "-1", "-2", "1,-1"]);
            vec![format!("BYDAY={}", dice.some(&WEEKDAYS, 5)), format!("BYSETPOS={place}")]
        }
        ("YEARLY", 1) => vec![months(dice), numbered(dice)],
        ("YEARLY", 2) => vec![months(dice), month_days(dice)],
        ("YEARLY", 3) => vec![format!("BYYEARDAY={}", dice.some(&[-92, -67, 60, 67, 68, 88, 89, 299, 305, 306], 5))],
        ("YEARLY", 4) => {
            vec![format!("BYDAY={}{}", dice.pick(&[10, 11, 13, 14, 43, 44, -9, -8]), dice.pick(&WEEKDAYS))]
        }
        _ => Vec::new(),
    }
}

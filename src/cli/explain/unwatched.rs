//! A meeting that has no incident: not in reach yet, called off, left out by its calendar, or never looked at.

use super::answer::Answer;
use super::timeline::{ADDED, Event, source};
use crate::cli::words::skip_words;
use crate::config::{Config, Person};
use crate::model::{CancelledBy, MeetingState, SeenMeeting, SkipWhy, Timestamp, printable};
use crate::rules::ladder;
use crate::store::{CalendarView, History, Store, TickView};
use crate::when;
use crate::zone::Zone;
use std::time::Duration;

/// How far around a meeting, and around now, a calendar's copy is read.
const AROUND: Duration = Duration::from_secs(26 * 3600);

/// A copy longer than this is not looked at: no feed that savehub reads is.
const LONGEST: usize = 512 << 20;

/// The facts about a meeting without an incident.
pub(super) struct Unwatched<'a> {
    /// The meeting.
    pub history: &'a History,
    /// The config.
    pub config: &'a Config,
    /// Its newest tick.
    pub last_tick: Option<&'a TickView>,
    /// Why a calendar leaves it out: how it is called, and the reason.
    pub left_out: Option<&'a (String, SkipWhy)>,
    /// Wall time.
    pub now: Timestamp,
    /// The person's zone.
    pub zone: &'a Zone,
}

impl Unwatched<'_> {
    /// Why nothing has rung.
    pub(super) fn answer(&self) -> Answer {
        let mut more = Vec::new();
        let line = match self.history.meeting.state {
            MeetingState::Cancelled => self.called_off(),
            MeetingState::Scheduled => self.planned(&mut more),
        };
        Answer { line: format!("{line}."), more }
    }

    fn clock(&self, at: Timestamp) -> String {
        when::short(at, self.now, self.zone)
    }

    fn called_off(&self) -> String {
        let at = self.clock(self.history.changed_at);
        match (self.left_out, self.history.cancelled_by) {
            (Some((calendar, why)), _) => {
                format!("Nobody is called: in the calendar {calendar} it does not ring: {}", skip_words(*why))
            }
            (None, Some(CancelledBy::Person)) => format!("Nobody is called: it was called off by hand at {at}"),
            (None, _) => format!("Nobody is called: its calendar called it off, or no longer has it, since {at}"),
        }
    }

    fn planned(&self, more: &mut Vec<String>) -> String {
        let (meeting, now) = (&self.history.meeting, self.now);
        let starts_at = meeting.starts_at;
        let person = printable(&meeting.person);
        if self.config.person(&meeting.person).is_none() {
            return format!("Nobody is called: {person} is not in the config");
        }
        if starts_at <= self.history.added_at {
            let (known, start) = (self.clock(self.history.added_at), self.clock(starts_at));
            return format!("Nobody was called: it had started at {start}, before savehub knew of it at {known}");
        }
        let rungs = ladder::marked(&self.config.ladder, meeting.marks);
        let reach = starts_at.minus(ladder::reach(&rungs));
        if reach > now {
            more.push(format!(
                "savehub opens an incident for it at {} and watches it from then on.",
                self.clock(reach)
            ));
            let first = ladder::plan(&rungs, starts_at).into_iter().min_by_key(|step| step.due_at);
            return first.map_or_else(
                || "Nobody is called: the ladder is empty".into(),
                |step| {
                    let (at, wait) = (self.clock(step.due_at), when::relative(step.due_at, now));
                    format!(
                        "Nobody has been called yet: its first step, a {}, is due at {at} ({wait})",
                        step.action.kind
                    )
                },
            );
        }
        more.push(match self.last_tick {
            None => "No tick has ever run on this database: `savehub tick` must run every 30 s.".into(),
            Some(tick) => {
                format!("The last tick was {}; one must run every 30 s.", when::relative(tick.started_at, now))
            }
        });
        let since = self.clock(reach.max(self.history.changed_at));
        if starts_at <= now {
            return format!("Nobody was called: no tick has looked at it since {since}, and it has started");
        }
        format!("Nobody has been called yet: it is in reach since {since}, and the next tick opens its incident")
    }

    /// What is known, and what is planned.
    pub(super) fn events(&self) -> Vec<Event> {
        let (meeting, now) = (&self.history.meeting, self.now);
        let mut events = vec![Event::at(self.history.added_at, ADDED, "added", source(self.history))];
        let planned = meeting.state == MeetingState::Scheduled && meeting.starts_at > now;
        if planned && self.config.person(&meeting.person).is_some() {
            let rungs = ladder::marked(&self.config.ladder, meeting.marks);
            events.extend(ladder::plan(&rungs, meeting.starts_at).into_iter().map(|step| {
                let to = match step.action.to.as_text() {
                    "" => String::new(),
                    name => format!(" to {}", printable(name)),
                };
                let by = step.action.channel.as_deref().map_or(to, |name| format!(" {}", printable(name)));
                let text = format!("{}{by} is planned, {}", step.action.kind, when::relative(step.due_at, now));
                Event::at(step.due_at, ADDED, "planned", text)
            }));
        }
        events.sort_by_key(|event| event.place);
        events
    }
}

/// A meeting in a calendar that does not ring.
pub(super) struct LeftOut {
    /// Id of the person.
    pub person: String,
    /// How the calendar is called.
    pub calendar: String,
    /// The meeting.
    pub meeting: SeenMeeting,
    /// Why.
    pub why: SkipWhy,
}

/// What the last good copies of the calendars leave out around `at`, of these people.
pub(super) fn left_out<'c>(
    store: &dyn Store,
    calendars: &[CalendarView],
    person: impl Fn(&str) -> Option<&'c Person>,
    at: Timestamp,
) -> anyhow::Result<Vec<LeftOut>> {
    let mut found = Vec::new();
    for calendar in calendars {
        let Some(whose) = person(&calendar.person) else { continue };
        let Some(body) = store.calendar_body(calendar.id, LONGEST)? else { continue };
        let view = crate::calendar::View {
            from: at.minus(AROUND),
            until: at.plus(AROUND),
            zone: &whose.zone,
            policy: &whose.policy,
            own: whose.calendars.iter().any(|source| source.name == calendar.name && source.own),
            limits: crate::calendar::Limits::default(),
        };
        // A copy that was good once and cannot be read now just gives no reason.
        let Ok(look) = crate::calendar::look(&body, &view) else { continue };
        found.extend(look.seen.skipped.into_iter().map(|(meeting, why)| LeftOut {
            person: calendar.person.clone(),
            calendar: printable(&calendar.name),
            meeting,
            why,
        }));
    }
    Ok(found)
}

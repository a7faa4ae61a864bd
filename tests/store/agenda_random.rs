//! Long random histories of two calendars of one person: what holds whatever they show.

use crate::build::{Bench, at};
use crate::checked::everything;
use crate::looking::{copy, expanded, file, seen};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use savehub::model::{CalendarId, KnownMeeting, MeetingState, SeenAgenda, SeenMeeting, SkipWhy, Validators};
use savehub::rules::agenda::{self, Look};
use savehub::store::{CheckIn, IncidentView, LookAt, LookDone, LookOutcome, Meeting, Store};
use std::collections::BTreeSet;
use std::time::Duration;

const UIDS: [&str; 3] = ["a", "b", "c"];
const RECURRENCES: [&str; 3] = ["", "r1", "r2"];
const CALENDARS: [&str; 2] = ["work", "home"];

/// What a calendar says about one identity.
#[derive(Debug, Clone, Copy)]
enum Says {
    Nothing,
    Rings { start_in: i64, sequence: i64 },
    Skips { start_in: i64, sequence: i64, cancelled: bool },
}

/// One event. Numbers choose among what is there.
#[derive(Debug, Clone)]
enum Event {
    Look { calendar: usize, says: Vec<Says>, events: [bool; 3], doubtful: [bool; 3], empty: bool },
    Fail { calendar: usize },
    CallOff { pick: usize },
    CheckIn { pick: usize },
    Subscribe { work: bool, home: bool },
    Open,
    Pass { seconds: i64 },
}

fn says() -> impl Strategy<Value = Says> {
    // Few starts, so that a copy is often as it was.
    let start = || (0..5_i64).prop_map(|n| n * 4 * 3600 - 100);
    prop_oneof![
        3 => Just(Says::Nothing),
        4 => (start(), 0..2_i64).prop_map(|(start_in, sequence)| Says::Rings { start_in, sequence }),
        1 => (start(), 0..2_i64, any::<bool>())
            .prop_map(|(start_in, sequence, cancelled)| Says::Skips { start_in, sequence, cancelled }),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let calendar = || 0..CALENDARS.len();
    let flags = |p| prop::array::uniform3(prop::bool::weighted(p));
    let look = (calendar(), prop::collection::vec(says(), 9), flags(0.5), flags(0.05), prop::bool::weighted(0.05))
        .prop_map(|(calendar, says, events, doubtful, empty)| Event::Look { calendar, says, events, doubtful, empty });
    prop_oneof![
        12 => look,
        2 => calendar().prop_map(|calendar| Event::Fail { calendar }),
        1 => (0..64_usize).prop_map(|pick| Event::CallOff { pick }),
        1 => (0..64_usize).prop_map(|pick| Event::CheckIn { pick }),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(work, home)| Event::Subscribe { work, home }),
        2 => Just(Event::Open),
        4 => prop_oneof![1..60_i64, 1..7200_i64].prop_map(|seconds| Event::Pass { seconds }),
    ]
}

/// Starts lie on a grid that does not move with the time of the look.
fn shown(now: i64, says: &[Says], events: [bool; 3], doubtful: [bool; 3], empty: bool) -> SeenAgenda {
    let mut seen = seen(now, &[]);
    let grid = now / 3600 * 3600;
    for (index, says) in says.iter().enumerate() {
        let (uid, recurrence) = (UIDS[index / 3], RECURRENCES[index % 3]);
        let made = |start_in: i64, sequence: i64| SeenMeeting {
            recurrence: recurrence.to_owned(),
            sequence,
            ..copy(uid, grid + start_in)
        };
        match *says {
            Says::Nothing => continue,
            Says::Rings { start_in, sequence } => seen.meetings.push(made(start_in, sequence)),
            Says::Skips { start_in, sequence, cancelled } => {
                let why = if cancelled { SkipWhy::Cancelled } else { SkipWhy::Declined };
                seen.skipped.push((made(start_in, sequence), why));
            }
        }
        seen.uids.insert(uid.to_owned());
    }
    let picked = |flags: [bool; 3]| UIDS.iter().zip(flags).filter(|(_, flag)| *flag).map(|(uid, _)| (*uid).to_owned());
    seen.uids.extend(picked(events));
    seen.doubtful.extend(picked(doubtful));
    if empty {
        return SeenAgenda { meetings: vec![], skipped: vec![], uids: [].into(), doubtful: [].into(), ..seen };
    }
    seen
}

/// All a person can notice.
fn agenda_of(store: &dyn Store) -> (Vec<Meeting>, Vec<IncidentView>) {
    let meetings = store.meetings(at(-999_999), at(999_999_999)).unwrap();
    (meetings, everything(store).incidents)
}

struct History {
    bench: Bench,
    now: i64,
}

impl History {
    fn new(bench: Bench) -> Self {
        bench.subscribe(&[file("ana", CALENDARS[0]), file("ana", CALENDARS[1])], 0);
        Self { bench, now: 0 }
    }

    fn calendar(&self, index: usize) -> Option<CalendarId> {
        let views = everything(&*self.bench).calendars;
        views.iter().find(|view| view.name == CALENDARS[index]).map(|view| view.id)
    }

    fn pick(&self, pick: usize) -> Option<Meeting> {
        let mut planned = self.bench.meetings(at(self.now), at(999_999_999)).unwrap();
        planned.retain(|m| m.state == MeetingState::Scheduled);
        (!planned.is_empty()).then(|| planned.swap_remove(pick % planned.len()))
    }

    fn run(&mut self, event: &Event) {
        match event {
            Event::Look { calendar, says, events, doubtful, empty } => {
                if let Some(id) = self.calendar(*calendar) {
                    self.look(id, CALENDARS[*calendar], &shown(self.now, says, *events, *doubtful, *empty));
                }
            }
            Event::Fail { calendar } => {
                if let Some(id) = self.calendar(*calendar) {
                    self.fail(id);
                }
            }
            Event::CallOff { pick } => {
                if let Some(meeting) = self.pick(*pick) {
                    self.bench.cancel_meeting(meeting.id, at(self.now)).unwrap();
                }
            }
            Event::CheckIn { pick } => {
                if let Some(meeting) = self.pick(*pick) {
                    self.bench.check_in(meeting.id, CheckIn::Joined, at(self.now)).unwrap();
                }
            }
            Event::Subscribe { work, home } => {
                let there = CALENDARS.iter().zip([*work, *home]).filter(|(_, there)| *there);
                let drafts: Vec<_> = there.map(|(name, _)| file("ana", name)).collect();
                self.bench.subscribe(&drafts, self.now);
            }
            Event::Open => {
                self.bench.open(self.now, self.now + 7200);
            }
            Event::Pass { seconds } => self.now += seconds,
        }
    }

    /// A look, once with everything in another order on a copy of the store, and once more.
    fn look(&self, id: CalendarId, name: &str, seen: &SeenAgenda) {
        let other = self.bench.rehearsal(at(self.now)).unwrap();
        self.bench.sees(id, seen.clone(), self.now);
        self.turned_round(&*other, id, seen);
        let once = agenda_of(&*self.bench);
        assert_eq!(agenda_of(&*other).1, once.1, "the order of what is seen matters");
        assert_eq!(planned(&agenda_of(&*other).0), planned(&once.0), "the order of what is seen matters");

        let known = self.bench.known_to(id, seen.clone(), self.now);
        assert_eq!(self.bench.sees(id, seen.clone(), self.now), [], "the same look again");
        assert_eq!(agenda_of(&*self.bench), once);
        assert_eq!(self.bench.known_to(id, seen.clone(), self.now), known);
        self.check(&once.0, name, seen);
    }

    fn turned_round(&self, store: &dyn Store, id: CalendarId, seen: &SeenAgenda) {
        let mut seen = seen.clone();
        seen.meetings.reverse();
        seen.skipped.reverse();
        let due = store
            .due_calendars(&LookAt {
                now: at(self.now),
                lease: Duration::ZERO,
                limit: 9,
                files: true,
                starts_after: at(self.now),
                first_ring: Duration::from_secs(180),
            })
            .unwrap();
        let look = LookDone {
            looks: due.iter().find(|due| due.id == id).unwrap().looks,
            outcome: LookOutcome::Unchanged(Validators::default()),
            full: false,
            expanded: Some(expanded(seen)),
            next_look_at: at(self.now),
            second_look_at: at(self.now),
        };
        let rule = |known: &[KnownMeeting], seen: &SeenAgenda| {
            let known: Vec<_> = known.iter().rev().cloned().collect();
            agenda::changes(&known, &Look { seen, confirmed: true, now: at(self.now) })
        };
        assert!(store.record_look(id, &look, at(self.now), &rule).unwrap().counted);
    }

    /// What its calendar shows takes place when it shows it; what it does not show any more does not.
    fn check(&self, meetings: &[Meeting], name: &str, seen: &SeenAgenda) {
        let mut identities = BTreeSet::new();
        for meeting in meetings {
            assert!(identities.insert((&meeting.uid, &meeting.recurrence)), "twice: {meeting:?}");
        }
        for copy in seen.meetings.iter().filter(|copy| copy.starts_at > at(self.now)) {
            let meeting = meetings.iter().find(|m| is_of(m, copy));
            // A copy that does not count may lie beside the moved series of another calendar.
            let Some(meeting) = meeting.filter(|m| m.source == name) else { continue };
            assert_eq!(meeting.starts_at, copy.starts_at, "{meeting:?}");
        }
        for (copy, _) in &seen.skipped {
            let meeting = meetings.iter().find(|m| is_of(m, copy) && m.source == name && m.starts_at > at(self.now));
            assert!(meeting.is_none_or(|m| m.state == MeetingState::Cancelled), "{meeting:?}");
        }
    }

    fn fail(&self, id: CalendarId) {
        let before = agenda_of(&*self.bench);
        let look = LookDone {
            looks: self.bench.found(id, self.now).looks,
            outcome: LookOutcome::Failed { why: "no answer".to_owned() },
            full: false,
            expanded: None,
            next_look_at: at(self.now),
            second_look_at: at(self.now),
        };
        assert_eq!(self.bench.record_look_at(id, &look, self.now).changed, []);
        assert_eq!(agenda_of(&*self.bench), before, "a failed look changes nothing");
    }
}

fn is_of(meeting: &Meeting, copy: &SeenMeeting) -> bool {
    (&meeting.uid, &meeting.recurrence) == (&copy.uid, &copy.recurrence)
}

/// Without the row numbers, which say in which order meetings of one start were added.
fn planned(meetings: &[Meeting]) -> BTreeSet<String> {
    let line = |m: &Meeting| {
        format!("{} {} {:?} {} {} {} {}", m.uid, m.recurrence, m.starts_at, m.state, m.generation, m.title, m.source)
    };
    meetings.iter().map(line).collect()
}

#[test]
fn random_histories_of_calendars_keep_what_is_promised() {
    let config = Config { cases: 64, failure_persistence: None, max_shrink_iters: 1000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&prop::collection::vec(event(), 5..40), |events| {
        let mut history = History::new(Bench::in_memory());
        for event in &events {
            history.run(event);
        }
        Ok::<(), TestCaseError>(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

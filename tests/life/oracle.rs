//! The oracle: it says which calls were owed on a day, and whether what happened keeps the promise.
//!
//! It was written from the promise alone, and reads the journal of a day: what people, network, provider and machine did.
//! It knows nothing of the engine: no state, no rule, no table of it stands here.
//!
//! # The promise
//!
//! **A call is owed** to a person in a tick when a rung of their meeting is due, no later rung is, the meeting starts
//! within the next three minutes, and nothing keeps the call back. What may keep it back is
//!
//! - what people said: the meeting is over for savehub (checked in, called off, moved, ended by an operator), the person
//!   has answered for it, or is paused, or there is a STOP file;
//! - what rings already: a call to this phone in the last minute, or one of which nobody can know yet whether it rang;
//!   two calls for this meeting that rang or may have rung;
//! - what cannot be reached: the network is down in this tick, or the provider refuses this phone, the account, or
//!   every number to call from;
//! - what the clock says, while it is wrong;
//! - what the machine does not know: the person is not in the config, or the meeting was lost with the database.
//!
//! A text to somebody's contact is nobody's call, and an answer to it is no answer of the contact's own. A clock that is
//! right again keeps nothing back: what was not over by the sun is still owed. A broken config keeps nothing back for 24 hours: the last good one is in force.
//!
//! Then:
//!
//! 1. every owed call rings in its tick, once;
//! 2. every call that rings is allowed: none of the above spoke against it, and its rung had not rung;
//! 3. every due step that did not ring has a reason, and the reason is true;
//! 4. of a call that was taken and then failed the tick that learns it says so, and whoever is to be told before the
//!    start is told at once.
//!
//! Where an event falls into a running tick, nobody can say which came first: nothing is owed in that tick. A change in
//! a calendar counts from the end of the next tick that could read it; until then it neither
//! owes nor forbids.

mod happens;
mod late;
mod reasons;
mod rings;

use crate::journal::{Line, Seen};
use crate::story::{ConfigFile, HOUR, MINUTE, Ms, SECOND, Story};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const WINDOW: Ms = 180 * SECOND;
/// Between two calls to one phone.
const GAP: Ms = MINUTE;
/// Meetings whose rungs are so near share a call.
const SHARED: Ms = MINUTE;
/// After so long the provider's list shows every call that was made.
const SETTLED: Ms = 75 * SECOND;
/// How long meetings last.
const LENGTH: Ms = 30 * MINUTE;
const LIMIT: usize = 2;
const LIMIT_SPAN: Ms = 10 * MINUTE;
/// A number that was refused rests.
const REST: Ms = 10 * MINUTE;
/// How long the last good config is in force.
const COPY: Ms = 24 * HOUR;

/// A meeting, as the database can know it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Meeting {
    person: usize,
    start: Ms,
    calendar: bool,
    /// It is over for savehub.
    over: bool,
    /// It was called off.
    off: bool,
    /// It changes, or was answered, and nobody can say whether that is known yet.
    vague: bool,
    /// Rungs that something kept back for good.
    gone: BTreeSet<usize>,
}

impl Call {
    fn of_others(at: Ms, to: usize) -> Self {
        Self { at, to, names: Vec::new(), rang: true, seen: true, unsure: false, others: true, text: false }
    }
}

impl Meeting {
    fn new(person: usize, start: Ms, calendar: bool) -> Self {
        let gone = BTreeSet::new();
        Self { person, start, calendar, over: false, off: false, vague: false, gone }
    }
}

/// Something a person or an operator did for these meetings: what they were before.
#[derive(Debug, Clone)]
struct Act {
    by: usize,
    before: Vec<(usize, Meeting)>,
}

/// What a database can know; a backup of it knows the same.
#[derive(Debug, Clone, Default)]
struct Known {
    meetings: BTreeMap<usize, Meeting>,
    paused_until: BTreeMap<usize, Ms>,
    /// What can be taken back.
    acts: Vec<Act>,
    /// It knows nothing of what was between its backup (or its making) and then.
    forgot_until: Ms,
    forgot_since: Ms,
}

/// A call that rang, or of which nobody can know.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Call {
    at: Ms,
    to: usize,
    /// The meetings it names, with their starts, and the rung that it was.
    names: Vec<(usize, Ms, usize)>,
    rang: bool,
    seen: bool,
    /// It was made by a clock that was wrong: nobody can say for which rung.
    unsure: bool,
    /// Another program's, or a text to person 0 about somebody else's meeting.
    others: bool,
    text: bool,
}

/// What somebody answered.
struct Answer {
    at: Ms,
    by: usize,
    /// They are there, and not only on it.
    joined: bool,
    /// The meetings that it means, with their starts.
    meant: Vec<(usize, Ms)>,
}

/// What stands in the way.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Outside {
    network_down: bool,
    /// It will come or go in the middle of a tick.
    flips: bool,
    lists_down: bool,
    clock_wrong: bool,
    stop: bool,
    /// There was a STOP file since the last tick began, if only for a moment.
    stopped: bool,
    account_refused: bool,
    senders_refused: BTreeSet<usize>,
    callees_refused: BTreeSet<usize>,
}

/// The tick under way.
struct Tick {
    at: Ms,
    /// Something happened meanwhile.
    wild: bool,
    /// A calendar changed meanwhile: before it was read, or after that.
    rewritten: bool,
    owed: Vec<(usize, usize)>,
    named: BTreeSet<usize>,
    told_calls: BTreeSet<usize>,
    told_answers: BTreeMap<usize, u32>,
    /// Calls that were taken and failed, as the provider said in this tick: to whom, and when they were taken.
    told_failed: Vec<(usize, Ms)>,
}

struct Oracle<'s> {
    story: &'s Story,
    known: Known,
    backup: Option<Known>,
    /// What the calendars say.
    calendars: BTreeMap<usize, (usize, Ms)>,
    unreadable: BTreeSet<usize>,
    calls: Vec<Call>,
    /// Whole lists that the provider told, by person.
    told: Vec<(usize, Ms)>,
    /// When a number to call from was refused last.
    refused_from: BTreeMap<usize, Ms>,
    /// The meetings that person 0 was told of, and when.
    warned: Vec<(usize, Ms)>,
    /// Answers that the provider has not told yet.
    answers: Vec<Answer>,
    /// The meetings, with their starts, that somebody ever answered for.
    said: Vec<(usize, Ms)>,
    /// When each person answered last, whatever it was for.
    answered_at: BTreeMap<usize, Ms>,
    outside: Outside,
    file: ConfigFile,
    unlisted: BTreeSet<usize>,
    /// The config in force: who was not in it, and when it was read.
    in_force: Option<(BTreeSet<usize>, Ms)>,
    tick: Option<Tick>,
    wrong: Vec<String>,
}

/// Everything that is wrong with a day.
pub fn judge(story: &Story, journal: &[Line]) -> Vec<String> {
    let mut oracle = Oracle {
        story,
        known: Known::default(),
        backup: None,
        calendars: BTreeMap::new(),
        unreadable: BTreeSet::new(),
        calls: Vec::new(),
        told: Vec::new(),
        refused_from: BTreeMap::new(),
        warned: Vec::new(),
        answers: Vec::new(),
        said: Vec::new(),
        answered_at: BTreeMap::new(),
        outside: Outside::default(),
        file: ConfigFile::Good,
        unlisted: BTreeSet::new(),
        in_force: None,
        tick: None,
        wrong: Vec::new(),
    };
    for line in journal {
        oracle.reads(line);
    }
    oracle.wrong.extend(reasons::untrue(story, journal));
    oracle.wrong
}

impl Oracle<'_> {
    fn reads(&mut self, line: &Line) {
        let at = line.at;
        match &line.seen {
            Seen::Happened(what) => {
                let calendars = self.calendars.clone();
                self.happens(at, line.wall, what);
                if let Some(tick) = &mut self.tick {
                    tick.wild = true;
                    tick.rewritten |= self.calendars != calendars;
                }
            }
            Seen::TickBegan => self.tick_begins(line),
            Seen::TickEnded { .. } | Seen::TickRefused(_) => self.tick_ends(line),
            Seen::ToldFailed { to, taken } => {
                self.tick.iter_mut().for_each(|tick| tick.told_failed.push((*to, *taken)));
            }
            Seen::TickSpun => self.says(line, "WRONG: the tick spins"),
            Seen::Tried { to, from, meetings, end } => self.tried(line, (*to, *from), meetings, end),
            Seen::AskedForCalls { to, told: true } => {
                self.told.push((*to, at));
                self.tick.iter_mut().for_each(|tick| _ = tick.told_calls.insert(*to));
            }
            Seen::AskedForAnswers { of, told: true } => self.answers_told(*of),
            Seen::Told { meetings } => {
                self.warned.extend(meetings.iter().map(|meeting| (*meeting, at)));
                self.calls.push(Call { text: true, ..Call::of_others(at, 0) });
            }
            Seen::HungUpOther if self.known.forgot_until + LIMIT_SPAN < at && !self.had_doubts(at) => {
                self.says(line, "WRONG: a call of another program was hung up");
            }
            Seen::HungUpOther | Seen::AskedForCalls { .. } | Seen::AskedForAnswers { .. } | Seen::Step { .. } => {}
        }
    }

    fn says(&mut self, line: &Line, what: &str) {
        let mut text = String::new();
        write!(text, "{what}, at {line}").unwrap();
        self.wrong.push(text);
    }

    // --- what is owed ---

    fn tick_begins(&mut self, line: &Line) {
        if self.file == ConfigFile::Good {
            self.in_force = Some((self.unlisted.clone(), line.at));
        }
        self.outside.stopped = self.outside.stop;
        let meetings: Vec<usize> = self.known.meetings.keys().copied().collect();
        let owed = meetings.into_iter().filter_map(|meeting| Some((meeting, self.owed(meeting, line)?))).collect();
        self.tick = Some(Tick {
            at: line.at,
            rewritten: false,
            wild: self.outside.flips || self.outside.network_down || self.outside.clock_wrong,
            owed,
            named: BTreeSet::new(),
            told_calls: BTreeSet::new(),
            told_answers: BTreeMap::new(),
            told_failed: Vec::new(),
        });
    }

    /// The rung that is owed to this meeting in the tick that begins now.
    fn owed(&mut self, meeting: usize, line: &Line) -> Option<usize> {
        let known = self.known.meetings.get(&meeting)?.clone();
        let (person, start) = (known.person, known.start);
        let in_window = start > line.wall && start - line.wall <= WINDOW && !self.outside.clock_wrong;
        let rung = self.due(start, line.wall).filter(|_| in_window && !known.over && !known.vague)?;
        if !self.is_listed(person, line.at) || self.rang(meeting, start, rung) || known.gone.contains(&rung) {
            return None;
        }
        // These keep the step back for good.
        // A call that savehub knows nothing of may have been placed for this rung.
        let due = start - self.story.ladder[rung] * SECOND;
        let strange = |call: &&Call| call.others || call.at < self.known.forgot_until;
        let strangers = self.calls.iter().filter(|call| call.to == person && call.rang && !call.text);
        if strangers.filter(strange).any(|call| call.at + SECOND >= due) {
            return None;
        }
        let tries = self.calls.iter().filter(|call| !call.seen && call.names.contains(&(meeting, start, rung))).count();
        let stopped = self.outside.stopped;
        if stopped || self.is_paused(person, line.at) || self.counted(meeting, line.at) >= LIMIT || tries > 1 {
            self.known.meetings.get_mut(&meeting)?.gone.insert(rung);
            return None;
        }
        let busy = self.calls.iter().any(|call| call.to == person && !call.text && call.at + GAP + SECOND > line.at);
        let refused = self.outside.account_refused
            || self.outside.callees_refused.contains(&person)
            || !self.has_a_sender(line.at);
        (!busy && !self.in_doubt(person) && !refused && !self.outside.network_down).then_some(rung)
    }

    /// The latest rung that is due.
    fn due(&self, start: Ms, wall: Ms) -> Option<usize> {
        self.story.ladder.iter().rposition(|before| start - before * SECOND <= wall)
    }

    fn is_listed(&self, person: usize, at: Ms) -> bool {
        self.in_force.as_ref().is_some_and(|(unlisted, read)| !unlisted.contains(&person) && read + COPY > at)
    }

    fn is_paused(&self, person: usize, at: Ms) -> bool {
        self.known.paused_until.get(&person).is_some_and(|until| *until > at)
    }

    fn rang(&self, meeting: usize, start: Ms, rung: usize) -> bool {
        self.calls.iter().any(|call| call.rang && call.names.contains(&(meeting, start, rung)))
    }

    /// Calls for this meeting that rang or may have rung, as the limit counts them: its own, and those of others since
    /// its first rung was due.
    fn counted(&self, meeting: usize, at: Ms) -> usize {
        let may_be = self.known.meetings.get(&meeting).map(|m| (m.person, m.start - self.story.ladder[0] * SECOND));
        let own = |call: &Call| call.names.iter().any(|name| name.0 == meeting);
        let others =
            |call: &Call| call.others && !call.text && may_be.is_some_and(|(to, due)| call.to == to && call.at >= due);
        self.calls.iter().filter(|call| call.at + LIMIT_SPAN > at && (own(call) || others(call))).count()
    }

    /// Of a call to this phone nobody can know yet whether it rang.
    fn in_doubt(&self, person: usize) -> bool {
        let is_open = |call: &&Call| {
            let known_from = if call.rang { call.at } else { call.at + SETTLED };
            !self.told.iter().any(|(to, at)| *to == person && *at > known_from)
        };
        self.calls.iter().filter(|call| call.to == person && !call.seen).any(|call| is_open(&call))
    }

    /// Was there a request without an answer in the last minutes? Its call is looked for, and hung up when it is late.
    fn had_doubts(&self, at: Ms) -> bool {
        self.calls.iter().any(|call| !call.seen && call.at + LIMIT_SPAN > at)
    }

    /// Is there a number to call from that is not refused, and does not rest?
    fn has_a_sender(&self, at: Ms) -> bool {
        let rests = |sender| self.refused_from.get(&sender).is_some_and(|refused| refused + REST > at);
        (0..self.story.senders).any(|sender| !self.outside.senders_refused.contains(&sender) && !rests(sender))
    }

    fn tick_ends(&mut self, line: &Line) {
        let Some(tick) = self.tick.take() else { return };
        if !tick.wild {
            for (meeting, rung) in tick.owed.iter().filter(|(meeting, _)| !tick.named.contains(meeting)) {
                self.says(line, &format!("OWED: rung {rung} of meeting {meeting} did not ring in the tick that ended"));
            }
            tick.told_failed.iter().for_each(|failed| self.late_end(line, *failed));
        }
        if matches!(line.seen, Seen::TickEnded { .. }) && line.at - tick.at < 20 * SECOND && !tick.rewritten {
            // What it has read and found due, it may have left out for good at once.
            for meeting in self.calendars_read(tick.at) {
                self.owed(meeting, line);
            }
        }
    }
}

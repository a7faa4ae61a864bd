//! The oracle's first question the other way round: was every call allowed that rang?

use super::{Call, GAP, LIMIT, LIMIT_SPAN, Meeting, Oracle, SHARED, Tick};
use crate::journal::{End, Line, Whom};
use crate::oracle::Answer;
use crate::story::{Ms, SECOND};

impl Oracle<'_> {
    pub(super) fn tried(&mut self, line: &Line, (to, from): (usize, usize), meetings: &[usize], end: &End) {
        match end {
            End::NotSent | End::Fenced(_) => return,
            End::Refused(Whom::Sender) => _ = self.refused_from.insert(from, line.at),
            End::Refused(Whom::Callee | Whom::Account) => {
                self.is_refused(line, meetings, *end == End::Refused(Whom::Callee));
            }
            End::Refused(Whom::Limit) | End::Rang | End::RangUnseen | End::Lost => {}
        }
        if *end != End::Refused(Whom::Sender) {
            self.tick.iter_mut().for_each(|tick| tick.named.extend(meetings));
        }
        if matches!(end, End::Refused(_)) {
            return;
        }
        if self
            .calls
            .iter()
            .any(|call| call.rang && call.to == to && !call.others && call.at + GAP - 10 * SECOND > line.at)
            && !self.is_unaware(to)
        {
            self.says(line, "WRONG: the phone rang a moment ago");
        }
        let names: Vec<(usize, Ms, usize)> =
            meetings.iter().filter_map(|meeting| self.allowed(line, *meeting, to, meetings.len() > 1)).collect();
        // The provider counts whole seconds: an answer of this one may be taken for one to this call.
        if self.answered_at.get(&to).is_some_and(|at| at / SECOND == line.at / SECOND) {
            for meeting in meetings {
                self.known.meetings.get_mut(meeting).iter_mut().for_each(|known| known.vague = true);
            }
        }
        let (rang, seen) = (*end != End::Lost, *end == End::Rang);
        let unsure = self.outside.clock_wrong;
        self.calls.push(Call { at: line.at, to, names, rang, seen, unsure, others: false, text: false });
    }

    /// The provider refuses the account, or this phone.
    fn is_refused(&mut self, line: &Line, meetings: &[usize], phone: bool) {
        for meeting in meetings {
            // What is called has been read, if only in this tick.
            if let Some((person, start)) = self.calendars.get(meeting).copied() {
                self.known.meetings.entry(*meeting).or_insert_with(|| Meeting::new(person, start, true));
            }
            let Some(start) = self.known.meetings.get(meeting).map(|known| known.start) else { continue };
            // A shared call takes a rung that is due soon, too.
            let wall = if meetings.len() > 1 { line.wall + SHARED + SECOND } else { line.wall };
            let rungs = if phone { 0..self.story.ladder.len() } else { 0..self.due(start, wall).map_or(0, |r| r + 1) };
            self.known.meetings.get_mut(meeting).iter_mut().for_each(|known| known.gone.extend(rungs.clone()));
        }
    }

    /// The latest rung that is due, and the next one if a shared call may take it a little early.
    fn rungs(&self, start: Ms, wall: Ms, shared: bool) -> (Option<usize>, Option<usize>) {
        let latest = self.due(start, wall);
        let next = latest.map_or(0, |rung| rung + 1);
        let is_near = |before: &&i64| shared && start - **before * SECOND <= wall + SHARED + SECOND;
        (latest, self.story.ladder.get(next).filter(is_near).map(|_| next))
    }

    /// Was the call allowed for this meeting? Which rung was it?
    fn allowed(&mut self, line: &Line, meeting: usize, to: usize, shared: bool) -> Option<(usize, Ms, usize)> {
        let Some(known) = self.known.meetings.get(&meeting).cloned() else {
            // Its calendar has just been read.
            let (_, start) = self.calendars.get(&meeting).copied()?;
            let (latest, early) = self.rungs(start, line.wall, shared);
            return Some((meeting, start, latest.or(early)?));
        };
        let mut wrong = Vec::new();
        let planned = self.calendars.get(&meeting).map(|(_, start)| *start).filter(|_| known.vague);
        let start = planned.filter(|_| known.start <= line.wall || self.due(known.start, line.wall).is_none());
        let known = Meeting { start: start.unwrap_or(known.start), ..known };
        let (latest, early) = self.rungs(known.start, line.wall, shared);
        let taken = latest.filter(|rung| !self.rang(meeting, known.start, *rung));
        // What was kept back for good is not what rings, where a later rung can be.
        let rung = taken.filter(|rung| !known.gone.contains(rung)).or(early).or(taken);
        if known.person != to {
            wrong.push("it is another person's");
        }
        if known.over && !known.vague {
            wrong.push("it is over");
        }
        if known.start <= line.at {
            wrong.push("it has started");
        }
        if self.outside.stop {
            wrong.push("there is a STOP file");
        }
        if self.is_paused(to, line.at) {
            wrong.push("the person is paused");
        }
        if !self.is_listed(to, line.at) {
            wrong.push("the person is not in the config");
        }
        // Whoever can be asked what was answered is asked before a call.
        let answered = |answer: &Answer| answer.meant.contains(&(meeting, known.start));
        let could_ask = |tick: &Tick| !tick.wild && !self.outside.lists_down;
        let tick = self.tick.as_ref().filter(|tick| could_ask(tick));
        if tick.is_some_and(|tick| self.answers.iter().any(|answer| answered(answer) && answer.at < tick.at)) {
            wrong.push("the person has answered");
        }
        let named = |call: &&Call| call.rang && call.names.iter().any(|name| name.0 == meeting);
        // Of what the provider alone remembers, what was made before the first rung was due counts for no meeting.
        let first_due = self.story.ladder.first().map_or(known.start, |before| known.start - before * SECOND);
        let counts = |call: &&Call| call.at >= self.known.forgot_until || call.at >= first_due;
        let young = self.calls.iter().filter(|call| call.at + LIMIT_SPAN > line.at);
        let own = young.filter(named).filter(counts).count();
        if own >= LIMIT && !self.is_unaware(to) {
            wrong.push("it had its two calls");
        }
        let unsure = self.calls.iter().filter(named).any(|call| call.unsure);
        if rung.is_none() && !known.vague && !self.outside.clock_wrong {
            match latest {
                None => wrong.push("no rung is due"),
                Some(_) if !self.is_unaware(to) && !unsure => wrong.push("this rung has rung"),
                Some(_) => {}
            }
        }
        for why in wrong {
            self.says(line, &format!("WRONG: a call for meeting {meeting}, but {why}"));
        }
        Some((meeting, known.start, rung.or(latest)?))
    }

    /// The database lost the last calls to this phone, and the provider did not tell them in this tick.
    fn is_unaware(&self, to: usize) -> bool {
        let lost =
            |call: &Call| call.to == to && call.at >= self.known.forgot_since && call.at < self.known.forgot_until;
        self.calls.iter().any(lost) && !self.tick.as_ref().is_some_and(|tick| tick.told_calls.contains(&to))
    }
}

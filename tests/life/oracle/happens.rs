//! What the story changes: the meetings that savehub can know of, what people said, and what stands in the way.

use super::{Act, Answer, Call, Known, LENGTH, LIMIT_SPAN, Meeting, Oracle};
use crate::story::{Database, HOUR, MINUTE, Ms, Network, SECOND, What};
use std::collections::BTreeSet;

impl Oracle<'_> {
    pub(super) fn happens(&mut self, at: Ms, wall: Ms, what: &What) {
        match *what {
            What::Meeting { meeting, person, start, calendar: true } => {
                _ = self.calendars.insert(meeting, (person, start));
            }
            What::Meeting { meeting, person, start, .. } => self.adds(meeting, person, start),
            What::Move { meeting, start } => match self.calendars.get_mut(&meeting) {
                Some((_, planned)) => *planned = start,
                None => self.moves(meeting, start),
            },
            What::CallOff { meeting } => {
                if self.calendars.remove(&meeting).is_none() {
                    // Also of one that is over: what an undo takes back is this.
                    self.acts(&[meeting], true);
                    self.known.meetings.get_mut(&meeting).iter_mut().for_each(|known| known.over = true);
                    self.known.meetings.get_mut(&meeting).iter_mut().for_each(|known| known.off = true);
                }
            }
            What::CheckIn { meeting } | What::WillMiss { meeting } | What::Resolve { meeting } => self.is_over(meeting),
            What::BareCheckIn { person } => self.checks_in(at, person),
            What::Undo { person } => self.undoes(at, person),
            What::Reply { person } => self.answers(at, person, true),
            What::CallBack { person } => self.answers(at, person, false),
            // By the clock of that moment.
            What::Pause { person, span } => _ = self.known.paused_until.insert(person, wall + span),
            What::Stop(there) => (self.outside.stop, self.outside.stopped) = (there, self.outside.stopped || there),
            What::Network(network) => (self.outside.network_down, self.outside.flips) = (network != Network::Up, false),
            What::FlipAfter(_) => self.outside.flips = true,
            What::Sender { sender, refused } => mark(&mut self.outside.senders_refused, sender, refused),
            What::Callee { person, refused } => mark(&mut self.outside.callees_refused, person, refused),
            What::Account { refused } => self.outside.account_refused = refused,
            What::Listed { person, there } => mark(&mut self.unlisted, person, !there),
            What::Config(file) => self.file = file,
            What::Calendar { person, readable } => mark(&mut self.unreadable, person, !readable),
            What::Database(Database::Vanishes) => self.forgets(at, Known { forgot_since: -HOUR, ..Known::default() }),
            What::Database(Database::BackedUp) => self.backup = Some(Known { forgot_since: at, ..self.known.clone() }),
            What::Database(Database::Restored) => {
                let backup = self.backup.clone().unwrap_or_default();
                self.forgets(at, backup);
            }
            What::OtherCall { person } => self.calls.push(Call::of_others(at, person)),
            What::Clock { ahead } => self.outside.clock_wrong = ahead != 0,
            What::Lists(told) => self.outside.lists_down = !told,
            What::Sleep { .. } | What::Next(_) | What::AtTheGate(_) => {}
        }
        self.calendars_change();
    }

    fn adds(&mut self, meeting: usize, person: usize, start: Ms) {
        self.known.meetings.insert(meeting, Meeting::new(person, start, false));
    }

    fn moves(&mut self, meeting: usize, start: Ms) {
        self.acts(&[meeting], true);
        if let Some(known) = self.known.meetings.get_mut(&meeting).filter(|known| known.start != start) {
            // Who has joined already may not be called again, and may be.
            known.vague |= known.over;
            (known.start, known.over, known.gone) = (start, false, BTreeSet::new());
        }
    }

    /// One act, which can be taken back.
    fn acts(&mut self, meetings: &[usize], moved: bool) {
        let known = meetings.iter().filter_map(|meeting| Some((*meeting, self.known.meetings.get(meeting)?.clone())));
        // What was over changes nothing any more, but for a move.
        let before: Vec<(usize, Meeting)> = known.filter(|(_, known)| moved || !known.over).collect();
        if let Some((_, first)) = before.first() {
            self.known.acts.push(Act { by: first.person, before });
        }
    }

    /// The last act is taken back: what is still to come is planned again, and what was due meanwhile may be.
    fn undoes(&mut self, at: Ms, person: usize) {
        let Some(last) = self.known.acts.iter().rposition(|act| act.by == person) else {
            let theirs = self.known.meetings.values_mut().filter(|known| known.person == person);
            theirs.for_each(|known| known.vague = true);
            return;
        };
        for (meeting, before) in self.known.acts.remove(last).before {
            let due = self.due(before.start, at).map_or(0, |rung| rung + 1);
            let Some(known) = self.known.meetings.get_mut(&meeting) else { continue };
            let vague = known.vague || before.vague;
            *known = Meeting { vague, ..before };
            known.gone.extend(0..due);
        }
    }

    fn is_over(&mut self, meeting: usize) {
        // Whoever can be checked in has been read from the calendar.
        if let Some((person, start)) = self.calendars.get(&meeting) {
            self.known.meetings.entry(meeting).or_insert_with(|| Meeting::new(*person, *start, true));
        }
        self.acts(&[meeting], false);
        self.known.meetings.get_mut(&meeting).iter_mut().for_each(|known| known.over = true);
    }

    /// A check-in that names no meeting means the one that is near: it starts within half an hour, runs, or ended less
    /// than half an hour ago; also one that is over for savehub. Of several it means those that the last call of the
    /// past five minutes named, else none.
    fn checks_in(&mut self, at: Ms, person: usize) {
        let near = |start: Ms| start - 30 * MINUTE <= at && at < start + LENGTH + 30 * MINUTE;
        let of_calendar = self.calendars.iter().filter(|(_, (whose, start))| *whose == person && near(*start));
        let unread = of_calendar.filter(|(meeting, _)| !self.known.meetings.contains_key(*meeting));
        let unread: Vec<(usize, Ms)> = unread.map(|(meeting, (_, start))| (*meeting, *start)).collect();
        let mut doubtful = !unread.is_empty();
        // The tick under way may have read it, or not yet.
        for (meeting, start) in unread.into_iter().filter(|_| self.tick.is_some()) {
            self.known.meetings.insert(meeting, Meeting { vague: true, ..Meeting::new(person, start, true) });
        }
        let known = self.known.meetings.iter().filter(|(_, known)| known.person == person && !known.off);
        let all: Vec<(usize, bool)> =
            known.filter(|(_, known)| near(known.start) || known.vague).map(|(m, known)| (*m, known.vague)).collect();
        doubtful |= self.outside.clock_wrong || all.iter().any(|(_, vague)| *vague);
        let mut meant: Vec<usize> = all.iter().map(|(meeting, _)| *meeting).collect();
        if meant.len() > 1 {
            let last = self.calls.iter().rfind(|call| call.to == person && !call.others && call.at + 5 * MINUTE > at);
            doubtful |= last.is_some_and(|last| !last.seen || last.at < self.known.forgot_until);
            let named = |meeting: &usize| last.is_some_and(|last| last.names.iter().any(|name| name.0 == *meeting));
            if !doubtful {
                meant.retain(named);
            }
        }
        self.acts(&meant, false);
        for meeting in meant {
            if let Some(known) = self.known.meetings.get_mut(&meeting) {
                (known.over, known.vague) = (known.over || !doubtful, doubtful);
            }
        }
    }

    fn forgets(&mut self, at: Ms, known: Known) {
        self.known = Known { forgot_until: at, ..known };
        self.answers.clear();
        // The provider tells them again.
        for (meeting, start) in self.said.clone() {
            let known = self.known.meetings.get_mut(&meeting).filter(|known| known.start == start);
            if let Some(known) = known {
                known.vague = true;
            }
        }
    }

    /// What a calendar says now is not known before a tick has read it.
    fn calendars_change(&mut self) {
        let calendars = &self.calendars;
        for (meeting, known) in self.known.meetings.iter_mut().filter(|(_, known)| known.calendar) {
            known.vague |= calendars.get(meeting).map(|(_, start)| *start) != Some(known.start);
        }
    }

    /// A tick has read the calendars. The meetings that were not known before.
    pub(super) fn calendars_read(&mut self, at: Ms) -> Vec<usize> {
        let in_force = self.in_force.clone().unwrap_or_default().0;
        let can_be_read = |person: &usize| !self.unreadable.contains(person) && !in_force.contains(person);
        for (meeting, known) in self.known.meetings.iter_mut().filter(|(_, m)| m.calendar && can_be_read(&m.person)) {
            match self.calendars.get(meeting) {
                Some((_, start)) if *start == known.start => {}
                Some((_, start)) => {
                    (known.vague, known.start, known.over, known.gone) = (known.over, *start, false, BTreeSet::new());
                }
                None => (known.vague, known.over, known.off) = (false, true, true),
            }
        }
        let mut new = Vec::new();
        for (meeting, (person, start)) in self.calendars.iter().filter(|(_, (person, _))| can_be_read(person)) {
            // What had begun before it could be read may be unknown for good, and what was said of it is told again.
            let vague = *start <= at || self.said.contains(&(*meeting, *start));
            self.known.meetings.entry(*meeting).or_insert_with(|| {
                new.push(*meeting);
                Meeting { vague, ..Meeting::new(*person, *start, true) }
            });
        }
        new
    }

    // --- answers ---

    /// An answer belongs to what this phone was told last, or may have been, and means all that it named. Where different
    /// things were told within a minute, nobody knows what is meant.
    fn answers(&mut self, at: Ms, person: usize, joined: bool) {
        self.answered_at.insert(person, at);
        // A call of another program may be taken for savehub's own.
        if self.calls.iter().any(|call| call.to == person && call.others && !call.text && call.at + LIMIT_SPAN > at) {
            self.known.meetings.values_mut().filter(|m| m.person == person).for_each(|known| known.vague = true);
        }
        let mut told =
            self.calls.iter().rev().filter(|c| c.to == person && (c.rang || !c.seen) && (c.text || !c.others));
        let (Some(last), before) = (told.next(), told.next()) else { return };
        let meant: Vec<(usize, Ms)> = last.names.iter().map(|(meeting, start, _)| (*meeting, *start)).collect();
        // Whoever was called for another time has answered for that one; and what is over changes no more.
        let still = |(meeting, start): &(usize, Ms)| {
            self.known.meetings.get(meeting).is_some_and(|m| m.start == *start && (m.vague || !m.over))
        };
        let meant: Vec<(usize, Ms)> = meant.into_iter().filter(still).collect();
        let apart = before.map_or(HOUR, |before| if before.names == last.names { HOUR } else { last.at - before.at });
        if apart < MINUTE - 2 * SECOND {
            // A text and a call about the same meeting leave no doubt.
            if last.text || before.is_some_and(|before| before.text) {
                for (meeting, _) in &meant {
                    self.known.meetings.get_mut(meeting).iter_mut().for_each(|known| known.vague = true);
                }
            }
            return;
        }
        let is_known = last.seen && last.at > self.known.forgot_until && apart > MINUTE + 2 * SECOND;
        for (meeting, _) in &meant {
            self.known.meetings.get_mut(meeting).iter_mut().for_each(|known| known.vague = true);
        }
        self.said.extend(&meant);
        if is_known {
            self.answers.push(Answer { at, by: person, joined, meant });
        }
    }

    /// The provider has told what this person wrote, and whom they called.
    pub(super) fn answers_told(&mut self, person: usize) {
        let Some(tick) = &mut self.tick else { return };
        let times = tick.told_answers.entry(person).or_default();
        *times += 1;
        if *times < 2 {
            return;
        }
        let (heard, waiting) = std::mem::take(&mut self.answers).into_iter().partition(|answer| answer.by == person);
        self.answers = waiting;
        let heard: Vec<Answer> = heard;
        for answer in &heard {
            let meant: Vec<usize> = answer.meant.iter().map(|(meeting, _)| *meeting).collect();
            if answer.joined {
                self.acts(&meant, false);
            }
        }
        for (meeting, start) in heard.into_iter().flat_map(|answer| answer.meant) {
            if let Some(known) = self.known.meetings.get_mut(&meeting).filter(|known| known.start == start) {
                (known.over, known.vague) = (true, false);
            }
        }
    }
}

fn mark(set: &mut BTreeSet<usize>, number: usize, there: bool) {
    if there {
        set.insert(number);
    } else {
        set.remove(&number);
    }
}

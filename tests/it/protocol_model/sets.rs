//! Claims and outcomes in sets: a tick takes the steps of several people in one transaction, sends their requests in any
//! order, each behind its own fence, and writes down together what came of them.
//!
//! Each person is a world of the protocol of their own (one rung, one number), in which the same moves ask the same
//! rules. What they have in common is here: the two processes, the transactions, time, and the misfortunes, of which
//! only so many may come: a process is killed, a request or an answer is lost, a connection is refused, somebody checks
//! in, or everything stands still for a unit of time while there is something to do.
//!
//! A set is any of those who could be in it. So the set that is tried without a row that cannot be used, and the row
//! alone, are among them: a transaction that fails changes nothing, and its process keeps the replies, which is no move.
//! Where the flaw is that it does not keep them, there is one.

use super::moves::Move as Own;
use super::numbers::{LAST_LOOK, Protocol, Watch, Without};
use super::rows;
use super::search::{Mix, Model};
use super::state::{State, Wire, Worker};
use savehub::model::{AttemptState, Reason, StepState};
use std::hash::{Hash, Hasher};

pub(crate) const NOT_WRITTEN: &str = "a request has left before its attempt was written down";
pub(crate) const REPLY_DROPPED: &str = "a process has dropped a reply that is not written down";

/// How sets could be done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The requests need not wait until the set is committed.
    SendsFirst,
    /// That requests have begun is noted once for a set: with its last one.
    OneEntry,
    /// The replies of a set that cannot be written down are dropped.
    DropsReplies,
}

/// Some people, and one rung for each.
pub(crate) struct Sets {
    pub(crate) one: Protocol,
    pub(crate) people: usize,
    /// One tick after the other, or two at once.
    pub(crate) ticks: u8,
    pub(crate) flaw: Option<Flaw>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Everybody {
    pub(crate) people: Vec<Person>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Person {
    pub(crate) world: State,
    /// This process has claimed the step in a transaction that is still open.
    pub(crate) open_in: Option<u8>,
}

/// One move. People are named by their places until the next move only; sets of them are bit sets.
#[derive(Debug, Clone, Copy)]
#[expect(dead_code, reason = "traces show what nothing else reads")]
pub(crate) enum Move {
    /// What concerns one person alone.
    Of {
        person: usize,
        does: Own,
    },
    Claim {
        tick: u8,
        set: u8,
    },
    Commit {
        tick: u8,
    },
    Record {
        tick: u8,
        set: u8,
    },
    /// The set cannot be written down.
    RecordFails {
        tick: u8,
        set: u8,
    },
    Crash {
        tick: u8,
    },
    Time,
    StandStill,
}

/// What of the moves of one person is done for many at once.
#[derive(Default)]
struct Together {
    claims: Vec<(usize, State)>,
    records: Vec<(usize, State)>,
}

impl Sets {
    pub(crate) fn new(people: usize, misfortunes: u8) -> Self {
        let one = Protocol { in_sets: true, ..Protocol::new(&[0], 2) };
        Self { one: one.with_misfortunes(misfortunes), people, ticks: 2, flaw: None }
    }

    pub(crate) fn watching(self, watch: Watch) -> Self {
        Self { one: self.one.watching(watch), ..self }
    }

    pub(crate) fn one_tick(self) -> Self {
        Self { ticks: 1, ..self }
    }

    pub(crate) fn without(self, what: Without) -> Self {
        Self { one: self.one.without(what), ..self }
    }

    pub(crate) fn with(self, flaw: Flaw) -> Self {
        Self { flaw: Some(flaw), ..self }
    }

    /// One form for states that differ only in who of the people, and which of the processes, is which.
    fn in_order(&self, mut state: Everybody) -> Everybody {
        let key = state.sort();
        if self.ticks == 1 {
            return state;
        }
        let mut swapped = state.clone();
        for person in &mut swapped.people {
            person.world.swap_ticks();
            person.open_in = person.open_in.map(|tick| 1 - tick);
        }
        if swapped.sort() < key { swapped } else { state }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// `from` after `change`, which has cost so many misfortunes.
    fn after(&self, from: &Everybody, cost: u8, change: impl Fn(&mut Person)) -> Everybody {
        let mut next = from.clone();
        for person in &mut next.people {
            change(person);
            person.world.misfortunes_left = from.misfortunes_left() - cost;
            person.world = person.world.clone().canonical(self.one.keep());
        }
        self.in_order(next)
    }

    /// Every set of those for whom it can be done, and the state it leads to.
    fn every_set(from: &Everybody, can: &[(usize, State)], mut go: impl FnMut(u8, Everybody)) {
        for chosen in 1..1u8 << can.len() {
            let (mut next, mut set) = (from.clone(), 0);
            for (_, (person, world)) in can.iter().enumerate().filter(|(place, _)| chosen & (1 << place) != 0) {
                next.people[*person].world = world.clone();
                set |= 1 << person;
            }
            go(set, next);
        }
    }

    fn claims(&self, from: &Everybody, tick: u8, can: &[(usize, State)], to: &mut Vec<(Move, Everybody)>) {
        let open = |person: &Person| person.open_in == Some(tick);
        if from.people.iter().any(open) {
            let commit = self.after(from, 0, |person| person.open_in = person.open_in.filter(|by| *by != tick));
            to.push((Move::Commit { tick }, commit));
            return;
        }
        Self::every_set(from, can, |set, mut next| {
            for person in (0..self.people).filter(|person| self.has(Flaw::SendsFirst) && set & (1 << person) != 0) {
                next.people[person].open_in = Some(tick);
            }
            to.push((Move::Claim { tick, set }, self.in_order(next)));
        });
    }

    fn records(&self, from: &Everybody, tick: u8, can: &[(usize, State)], to: &mut Vec<(Move, Everybody)>) {
        Self::every_set(from, can, |set, next| {
            to.push((Move::Record { tick, set }, self.in_order(next)));
            if self.has(Flaw::DropsReplies) && set.count_ones() > 1 && from.misfortunes_left() > 0 {
                let mut next = from.clone();
                for person in (0..self.people).filter(|person| set & (1 << person) != 0) {
                    next.people[person].world.ticks[usize::from(tick)].worker = Worker::Idle;
                }
                to.push((Move::RecordFails { tick, set }, self.after(&next, 1, |_| ())));
            }
        });
    }

    fn crash(&self, from: &Everybody, tick: u8) -> Everybody {
        let worker = |person: &Person| person.world.ticks[usize::from(tick)].worker;
        let one_waits = from.people.iter().any(|person| matches!(worker(person), Worker::Claimed(_)));
        self.after(from, 1, |person| {
            let its = person.world.attempts.iter().map(|a| a.owner == Some(tick)).collect::<Vec<_>>();
            rows::crash(&mut person.world, tick);
            let its = person.world.attempts.iter_mut().zip(its).filter(|(_, its)| *its).map(|(attempt, _)| attempt);
            for attempt in its {
                attempt.never_began |= self.has(Flaw::OneEntry) && one_waits;
                // Rolled back: its row is no more, whatever became of its request.
                if person.open_in == Some(tick) {
                    attempt.state = AttemptState::NotSent;
                    person.world.steps[0].state = StepState::Pending;
                }
            }
            person.open_in = person.open_in.filter(|by| *by != tick);
        })
    }
}

impl Model for Sets {
    type State = Everybody;
    type Move = Move;

    fn first(&self) -> Everybody {
        let person = Person { world: self.one.first(), open_in: None };
        Everybody { people: vec![person; self.people] }
    }

    fn moves(&self, from: &Everybody, to: &mut Vec<(Move, Everybody)>) {
        let one_tick = self.ticks == 1 || from.people.iter().all(|person| person.world.ticks_are_alike());
        let mut ticks = [Together::default(), Together::default()];
        let (mut busy, mut own) = (false, Vec::new());
        for (place, person) in from.people.iter().enumerate() {
            busy |= self.one.at_once(&person.world, &mut own, one_tick);
            for (does, world) in own.drain(..) {
                match does {
                    Own::Crash(_) => {}
                    Own::Claim { tick, .. } => ticks[usize::from(tick)].claims.push((place, world)),
                    Own::Record(_) if person.open_in.is_some() => {}
                    Own::Record(tick) => ticks[usize::from(tick)].records.push((place, world)),
                    _ => {
                        let mut next = from.clone();
                        let left = world.misfortunes_left;
                        next.people[place].world = world;
                        for person in &mut next.people {
                            person.world.misfortunes_left = left;
                        }
                        to.push((Move::Of { person: place, does }, self.in_order(next)));
                    }
                }
            }
        }
        let left = from.misfortunes_left();
        for place in (0..self.people).filter(|place| left > 0 && !from.people[*place].world.ended) {
            let mut next = from.clone();
            rows::end_incident(&mut next.people[place].world, (StepState::Cancelled, Reason::Joined));
            to.push((Move::Of { person: place, does: Own::CheckIn }, self.after(&next, 1, |_| ())));
        }
        for (tick, can) in (0..if one_tick { 1 } else { 2 }).zip(&ticks) {
            self.claims(from, tick, &can.claims, to);
            self.records(from, tick, &can.records, to);
            if left > 0 {
                to.push((Move::Crash { tick }, self.crash(from, tick)));
            }
        }
        let cost = from.people.iter().map(|person| person.world.lost_with_time()).sum::<u8>() + u8::from(busy);
        if from.people[0].world.now < LAST_LOOK && cost <= left {
            let passes = self.after(from, cost, |person| {
                person.world.now += 1;
                person.world.listed = false;
            });
            to.push((if busy { Move::StandStill } else { Move::Time }, passes));
        }
    }

    fn wrong(&self, s: &Everybody) -> Option<&'static str> {
        let wrong = |person: &Person| self.one.wrong(&person.world);
        if self.one.watch != Watch::Everything {
            return s.people.iter().find_map(wrong);
        }
        let too_early = |person: &Person| {
            let left = person.world.attempts.last().is_some_and(|attempt| attempt.wire != Wire::Home);
            person.open_in.is_some() && left
        };
        let dropped = |person: &Person| {
            let world = &person.world;
            let workers = world.ticks.iter().filter_map(|tick| tick.worker.attempt()).collect::<Vec<_>>();
            let waits = |(id, _): &(usize, _)| !workers.iter().any(|at_work| usize::from(*at_work) == *id);
            let sending = world.attempts.iter().enumerate().filter(waits);
            sending.into_iter().any(|(_, a)| a.state == AttemptState::Sending && a.owner.is_some())
        };
        let too_early = s.people.iter().any(too_early).then_some(NOT_WRITTEN);
        let dropped = s.people.iter().any(dropped).then_some(REPLY_DROPPED);
        too_early.or(dropped).or_else(|| s.people.iter().find_map(wrong))
    }

    fn finished(&self, s: &Everybody) -> bool {
        s.people.iter().all(|person| person.open_in.is_none() && self.one.finished(&person.world))
    }
}

impl Everybody {
    fn misfortunes_left(&self) -> u8 {
        self.people[0].world.misfortunes_left
    }

    /// Puts the people in an order. What it compares is returned.
    fn sort(&mut self) -> Vec<u64> {
        let key = |person: &Person| {
            let mut hasher = Mix::default();
            person.hash(&mut hasher);
            hasher.finish()
        };
        self.people.sort_by_cached_key(key);
        self.people.iter().map(key).collect()
    }
}

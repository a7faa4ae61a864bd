//! Which of the calls that wait can start in time?
//!
//! Calls start one after the other, a turn apart. Each takes one turn, and each has a moment after which its start is
//! of no use. So the sets of calls that can all be served form a transversal matroid, and a greedy choice is best:
//! taken one by one, the more important first, each call is kept if it still fits. No other choice keeps more first
//! calls, nor more second calls beside them. Kept calls are served earliest deadline first, which serves all of them.
//!
//! It is an approximation. Turns are evenly spaced from the next free one on. Several numbers share them, though an
//! incident waits for its own number. Calls that fall due later are not known yet. A call that several meetings share
//! counts once, by the earliest start.

use crate::model::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// A call that would start later than this before the meeting is not made: dialling takes some seconds, and a phone
/// that rings for less than a few more wakes nobody. A call whose turn is at once is made all the same, however near
/// the start.
pub const RINGS_FOR: Duration = Duration::from_secs(5);

/// When calls can start.
#[derive(Debug, Clone, Copy)]
pub struct Turns {
    /// The time of the question.
    pub now: Timestamp,
    /// The first free turn; one that is over is now.
    pub first: Timestamp,
    /// Between two of them.
    pub every: Duration,
}

/// A call that waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// The start of its meeting.
    pub deadline_at: Timestamp,
    /// Has the person been called for this meeting before?
    pub called: bool,
}

/// What becomes of the jobs, by their places in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Served {
    /// Those that start in time, in their order, and when.
    pub starts: Vec<(usize, Timestamp)>,
    /// Those that cannot.
    pub cannot: Vec<usize>,
}

/// Serves as many first calls as possible, then as many second calls beside them, and says which cannot be served.
/// Among equal jobs the earlier in the list comes first.
pub fn serve(turns: &Turns, jobs: &[Job]) -> Served {
    let usable = |job: &Job| turns.usable(job.deadline_at, jobs.len());
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|index| (jobs[*index].called, jobs[*index].deadline_at));
    let (mut turn, mut kept, mut served) = (Free::of(jobs.len()), Vec::new(), Served::default());
    for index in order {
        if turn.take_last_of(usable(&jobs[index])) { kept.push(index) } else { served.cannot.push(index) }
    }
    served.cannot.sort_unstable();
    kept.sort_by_key(|index| (jobs[*index].deadline_at, jobs[*index].called, *index));
    served.starts = kept.into_iter().enumerate().map(|(turn, index)| (index, turns.at(turn))).collect();
    served
}

impl Turns {
    /// When this turn is.
    fn at(&self, turn: usize) -> Timestamp {
        self.first.max(self.now).plus(self.every.saturating_mul(u32::try_from(turn).unwrap_or(u32::MAX)))
    }

    /// How many of the turns are early enough for this deadline, at most `most`.
    fn usable(&self, deadline_at: Timestamp, most: usize) -> usize {
        if deadline_at <= self.now {
            return 0;
        }
        let last = deadline_at.minus(RINGS_FOR).max(self.now);
        let room_ms = last.since(self.first.max(self.now));
        let Ok(room_ms) = u128::try_from(room_ms) else { return 0 };
        match self.every.as_micros() {
            0 => most,
            every_us => usize::try_from(room_ms * 1000 / every_us + 1).unwrap_or(most).min(most),
        }
    }
}

/// Turns that are not given away yet. Each leads to the last free one up to itself.
struct Free(Vec<usize>);

impl Free {
    fn of(turns: usize) -> Self {
        Self((0..=turns).collect())
    }

    /// Gives away the last free one of the first `usable` turns, if there is one.
    fn take_last_of(&mut self, usable: usize) -> bool {
        let last = self.find(usable);
        if last > 0 {
            self.0[last] = last - 1;
        }
        last > 0
    }

    fn find(&mut self, turn: usize) -> usize {
        let mut last = turn;
        while self.0[last] != last {
            // Path halving, as in a union-find.
            self.0[last] = self.0[self.0[last]];
            last = self.0[last];
        }
        last
    }
}

/// A due call step that the guards would let go now.
#[derive(Debug, Clone, Copy)]
pub struct Waiter<P> {
    /// Its call.
    pub job: Job,
    /// Whose phone: steps of several meetings to one phone share a call.
    pub phone: P,
}

/// The places of those that cannot start in time.
pub fn unschedulable<P: Eq + Hash + Copy>(turns: &Turns, waiters: &[Waiter<P>]) -> Vec<usize> {
    let mut gone = vec![false; waiters.len()];
    loop {
        // One job for each phone, by the earliest start. If that one cannot be met, the later ones may still be.
        let mut phones: HashMap<P, usize> = HashMap::new();
        let mut jobs: Vec<Job> = Vec::new();
        for (waiter, _) in waiters.iter().zip(&gone).filter(|(_, gone)| !**gone) {
            let place = *phones.entry(waiter.phone).or_insert(jobs.len());
            match jobs.get_mut(place) {
                None => jobs.push(waiter.job),
                Some(job) => {
                    job.deadline_at = job.deadline_at.min(waiter.job.deadline_at);
                    job.called &= waiter.job.called;
                }
            }
        }
        let cannot = serve(turns, &jobs).cannot;
        if cannot.is_empty() {
            return (0..waiters.len()).filter(|place| gone[*place]).collect();
        }
        for (waiter, gone) in waiters.iter().zip(&mut gone) {
            let lost = phones.get(&waiter.phone).is_some_and(|place| {
                cannot.binary_search(place).is_ok() && jobs[*place].deadline_at == waiter.job.deadline_at
            });
            *gone |= lost;
        }
    }
}

#[cfg(test)]
mod tests;

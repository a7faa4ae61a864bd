//! What is true of the company, kept beside the store: what a call is judged by at the moment it starts.

use super::plan::{Entry, number_of};
use savehub::model::{Request, RungKind, StepId, Timestamp};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// The default of `critical_window`.
const WINDOW_MS: i64 = 180_000;

/// `max_calls` and `max_calls_per`.
const LIMIT: (usize, Duration) = (2, Duration::from_secs(600));

#[derive(Default)]
pub(crate) struct Book {
    pub(crate) meetings: Vec<Entry>,
    /// Until when somebody is paused.
    pub(crate) paused: HashMap<usize, Timestamp>,
    pub(crate) calls: u32,
    /// When each call had its turn, whatever became of it then.
    pub(crate) turns: Vec<Timestamp>,
    pub(crate) calls_of: HashMap<usize, u32>,
    pub(crate) messages: u32,
    pub(crate) hung_up: u32,
    pub(crate) joined_at_the_fence: u32,
    pub(crate) moved: u32,
    pub(crate) called_off: u32,
    /// When the provider started its last call, and how long the longest wait in its queue was.
    last_start: Option<Timestamp>,
    pub(crate) longest_wait_ms: i64,
    steps: HashSet<StepId>,
    /// Whatever should not have happened.
    pub(crate) wrong: Vec<String>,
}

impl Book {
    /// The provider took this. `between`: its calls start so far apart.
    pub(crate) fn taken(&mut self, request: &Request, now: Timestamp, between: Duration) {
        let numbers: Vec<usize> = request.facts.meetings.iter().map(|m| number_of(&m.uid)).collect();
        let said: Vec<Timestamp> = request.facts.meetings.iter().map(|m| m.starts_at).collect();
        let person = self.meetings[numbers[0]].person;
        if request.facts.step.is_none_or(|step| !self.steps.insert(step)) {
            self.wrong.push(format!("a step was done twice: {request:?}"));
        }
        if self.paused.get(&person).is_some_and(|until| now < *until) {
            self.wrong.push(format!("{person} is paused: {request:?}"));
        }
        let open = |m: &&usize| !self.meetings[**m].joined && !self.meetings[**m].called_off;
        if !numbers.iter().any(|m| open(&m)) {
            self.wrong.push(format!("nobody is missing: {request:?}"));
        }
        let true_start = |(m, said): (&usize, &Timestamp)| self.meetings[*m].start == *said;
        if !numbers.iter().zip(&said).all(true_start) {
            self.wrong.push(format!("a meeting starts at another time: {request:?}"));
        }
        if request.to.kind == RungKind::Call {
            self.called(&numbers, now, between, said.iter().copied().min());
        } else {
            self.messages += 1;
        }
    }

    fn called(&mut self, numbers: &[usize], now: Timestamp, between: Duration, first: Option<Timestamp>) {
        let starts_at = self.last_start.map_or(now, |last| now.max(last.plus(between)));
        self.last_start = Some(starts_at);
        self.longest_wait_ms = self.longest_wait_ms.max(starts_at.since(now));
        for at in [now, starts_at] {
            let left_ms = first.map_or(0, |first| first.since(at));
            if !(1..=WINDOW_MS).contains(&left_ms) {
                self.wrong.push(format!("meeting {} rings {left_ms} ms before its start", numbers[0]));
            }
        }
        for m in numbers {
            let calls = &mut self.meetings[*m].calls;
            let recent = calls.iter().filter(|at| at.plus(LIMIT.1) > now).count();
            calls.push(now);
            if recent >= LIMIT.0 {
                self.wrong.push(format!("meeting {m} is called for {} times in ten minutes", recent + 1));
            }
        }
        self.calls += 1;
        *self.calls_of.entry(self.meetings[numbers[0]].person).or_default() += 1;
    }
}

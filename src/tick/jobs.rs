//! Worker threads, and the deadline the waiting thread enforces (guard 3).
//!
//! A worker cannot be stopped, only abandoned. When its time is over, the waiting thread goes on as if it had answered
//! "unknown"; the fence keeps a worker that wakes up later from sending. A late answer is still used while the tick
//! lasts.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// An answer waits for others for this long at most.
const TOGETHER: Duration = Duration::from_millis(2);

/// Why a worker gave no answer: it never began, a bug ended it, or it may still be busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    NoThread,
    Panicked,
    /// It had this long.
    Late(Duration),
    TickOver,
}

impl Lost {
    /// Why, for a worker that was `doing` this.
    pub(super) fn words(self, doing: &str) -> String {
        match self {
            Self::NoThread => "no thread could be started".into(),
            Self::Panicked => format!("internal error while {doing}"),
            Self::Late(limit) => format!("no answer within {} s", limit.as_secs_f64()),
            Self::TickOver => "no answer before the tick ended".into(),
        }
    }
}

/// All workers, whatever they do.
pub(super) struct Workers {
    bell: Receiver<()>,
    button: Sender<()>,
    started: u64,
    /// By when each of the busy ones must have answered, and how long it had for that.
    deadlines: HashMap<u64, (Instant, Duration)>,
    /// The tick is over: no worker is waited for.
    pub(super) given_up: bool,
}

impl Workers {
    pub(super) fn new() -> Self {
        let (button, bell) = channel();
        Self { bell, button, started: 0, deadlines: HashMap::new(), given_up: false }
    }

    /// By when the next one must have answered; `None`: none is busy.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.values().map(|(until, _)| *until).min()
    }

    /// Waits until one has answered, for at most `limit`; then a moment for others that are about to, since what is
    /// there is written down together.
    pub(super) fn wait(&self, limit: Duration) {
        if self.bell.recv_timeout(limit).is_err() {
            return;
        }
        let until = Instant::now() + TOGETHER;
        // Each of those that are busy rings once.
        for _ in 1..self.deadlines.len() {
            if self.bell.recv_timeout(until.saturating_duration_since(Instant::now())).is_err() {
                return;
            }
        }
    }

    /// Why this one is waited for no longer.
    fn lost(&self, id: u64, now: Instant) -> Option<Lost> {
        match self.deadlines.get(&id) {
            Some((until, limit)) if *until <= now => Some(Lost::Late(*limit)),
            Some(_) if !self.given_up => None,
            _ => Some(Lost::TickOver),
        }
    }
}

/// A bug in the work of one must not take the others with it.
fn caught<A>(work: impl FnOnce() -> A) -> Result<A, Lost> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Lost::Panicked)
}

/// Work of one kind that is under way: each question `Q` stays here until its answer `A` comes.
pub(super) struct Jobs<Q, A> {
    running: HashMap<u64, Q>,
    answers: Receiver<(u64, Result<A, Lost>)>,
    sender: Sender<(u64, Result<A, Lost>)>,
}

impl<Q, A> Default for Jobs<Q, A> {
    fn default() -> Self {
        let (sender, answers) = channel();
        Self { running: HashMap::new(), answers, sender }
    }
}

impl<Q, A: Send + 'static> Jobs<Q, A> {
    /// What is under way.
    pub(super) fn running(&self) -> impl ExactSizeIterator<Item = &Q> {
        self.running.values()
    }

    /// Gives the work to a thread of its own.
    pub(super) fn start(
        &mut self,
        workers: &mut Workers,
        question: Q,
        limit: Duration,
        work: impl FnOnce() -> A + Send + 'static,
    ) {
        let tell = self.asked(workers, question, limit);
        let answer_lost = tell.clone();
        let body = move || tell(caught(work));
        if thread::Builder::new().name("call".into()).spawn(body).is_err() {
            answer_lost(Err(Lost::NoThread));
        }
    }

    /// The same, but what is done `at_once`, since it waits for nothing, needs no thread.
    pub(super) fn start_or_do(
        &mut self,
        at_once: bool,
        workers: &mut Workers,
        question: Q,
        limit: Duration,
        work: impl FnOnce() -> A + Send + 'static,
    ) {
        if at_once {
            self.asked(workers, question, limit)(caught(work));
        } else {
            self.start(workers, question, limit, work);
        }
    }

    /// Keeps the question until its answer comes. Returns what takes it.
    fn asked(
        &mut self,
        workers: &mut Workers,
        question: Q,
        limit: Duration,
    ) -> impl FnOnce(Result<A, Lost>) + Clone + Send + 'static + use<Q, A> {
        workers.started += 1;
        let id = workers.started;
        workers.deadlines.insert(id, (Instant::now() + limit, limit));
        self.running.insert(id, question);
        let (sender, button) = (self.sender.clone(), workers.button.clone());
        move |answer| {
            // When the tick has ended, nobody receives the answer; the next tick finds out by itself.
            let _ = sender.send((id, answer));
            let _ = button.send(());
        }
    }

    /// The questions that were answered, and those whose time is over. Late answers are dropped.
    pub(super) fn take(&mut self, workers: &mut Workers) -> Vec<(Q, Result<A, Lost>)> {
        self.take_all(workers).into_iter().filter_map(|(question, answer)| Some((question?, answer))).collect()
    }

    /// The same with late answers, whose questions are gone.
    pub(super) fn take_all(&mut self, workers: &mut Workers) -> Vec<(Option<Q>, Result<A, Lost>)> {
        let (running, now) = (&mut self.running, Instant::now());
        let mut taken = Vec::new();
        for (id, answer) in self.answers.try_iter() {
            workers.deadlines.remove(&id);
            taken.push((running.remove(&id), answer));
        }
        for (id, question) in running.extract_if(|id, _| workers.lost(*id, now).is_some()).collect::<Vec<_>>() {
            let lost = workers.lost(id, now).unwrap_or(Lost::TickOver);
            workers.deadlines.remove(&id);
            taken.push((Some(question), Err(lost)));
        }
        taken
    }
}

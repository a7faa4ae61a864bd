//! Runs many checks at once, within a time limit.

use crate::doctor::Check;
use std::collections::VecDeque;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Something to ask.
pub(super) struct Job {
    /// Which check it belongs to.
    pub(super) check: &'static str,
    /// Who is asked, for the line about a missing answer.
    pub(super) target: String,
    /// Asks, and judges.
    pub(super) run: Box<dyn FnOnce() -> Vec<Check> + Send>,
}

/// What a worker reports: it began the job of this number, or ended it.
enum Progress {
    Begun(usize),
    Done(usize, Vec<Check>),
}

/// How far a job is.
enum State {
    Waits,
    Runs,
    Done,
}

type Queue = Arc<Mutex<VecDeque<(usize, Job)>>>;

/// Runs all groups side by side, of each so many jobs at once. A job that has not ended `within` that time is left
/// behind, and reported.
pub(super) fn run(groups: Vec<(usize, Vec<Job>)>, within: Duration) -> Vec<Check> {
    let until = Instant::now() + within;
    let (progress, news) = mpsc::channel();
    let mut jobs: Vec<(&'static str, String, State)> = Vec::new();
    for (at_once, group) in groups {
        let first = jobs.len();
        jobs.extend(group.iter().map(|job| (job.check, job.target.clone(), State::Waits)));
        let workers = at_once.clamp(1, 64).min(group.len());
        let queue: Queue = Arc::new(Mutex::new((first..).zip(group).collect()));
        for _ in 0..workers {
            let (queue, progress) = (Arc::clone(&queue), progress.clone());
            // Without this thread the others do its work; without any, every job is reported as skipped.
            let _ = std::thread::Builder::new().spawn(move || work(&queue, &progress));
        }
    }
    drop(progress);
    let mut found = Vec::new();
    // Ends when no worker is left, too: a job that ended badly is one without an answer.
    while let Ok(said) = news.recv_timeout(until.saturating_duration_since(Instant::now())) {
        let (number, state) = match said {
            Progress::Begun(number) => (number, State::Runs),
            Progress::Done(number, checks) => {
                found.extend(checks);
                (number, State::Done)
            }
        };
        if let Some(job) = jobs.get_mut(number) {
            job.2 = state;
        }
    }
    for (check, target, state) in jobs {
        let seconds = within.as_secs();
        match state {
            State::Done => {}
            State::Waits => found.push(Check::skipped(check, format!("{target}: no time was left after {seconds} s"))),
            State::Runs => {
                let detail = format!("{target}: no answer within {seconds} s");
                found.push(Check::problem(check, detail, "Check the network, and whether the server is well"));
            }
        }
    }
    found
}

fn work(queue: &Queue, progress: &Sender<Progress>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some((number, job)) = next else { return };
        // Nobody listens any more: the time is over.
        if progress.send(Progress::Begun(number)).is_err() {
            return;
        }
        let checks = (job.run)();
        let _ = progress.send(Progress::Done(number, checks));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Status;
    use std::sync::mpsc::channel;

    const LONG: Duration = Duration::from_secs(600);

    fn job(target: &str, run: impl FnOnce() -> Vec<Check> + Send + 'static) -> Job {
        Job { check: "mail", target: target.into(), run: Box::new(run) }
    }

    fn fine(target: &'static str) -> Job {
        job(target, move || vec![Check::ok("mail", target)])
    }

    #[test]
    fn every_job_of_every_group_is_asked() {
        let mut found = run(vec![(1, vec![fine("a"), fine("b")]), (4, vec![fine("c")]), (4, Vec::new())], LONG);
        found.sort_by(|a, b| a.detail.cmp(&b.detail));
        assert_eq!(found.iter().map(|check| check.detail.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn who_does_not_answer_is_left_behind_and_who_waited_is_skipped() {
        let (open, gate) = channel::<()>();
        let hangs = job("hangs", move || {
            let _ = gate.recv();
            Vec::new()
        });
        let found = run(vec![(1, vec![hangs, fine("behind")])], Duration::from_millis(200));
        drop(open);
        let told: Vec<_> = found.iter().map(|check| (check.status, check.detail.as_str())).collect();
        let expected =
            [(Status::Problem, "hangs: no answer within 0 s"), (Status::Skipped, "behind: no time was left after 0 s")];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_job_that_ends_badly_does_not_end_the_others() {
        let found = run(vec![(1, vec![job("bad", || panic!("as the test wants"))]), (1, vec![fine("a")])], LONG);
        let told: Vec<_> = found.iter().map(|check| check.status).collect();
        assert_eq!(told, [Status::Ok, Status::Problem]);
    }
}

//! Worker threads, and the deadline the waiting thread enforces (guard 3).
//!
//! A worker cannot be stopped, only abandoned: when its time is over the waiting thread goes on as if it had answered
//! "unknown", and the fence sees to it that a thread which wakes up later does not send. An answer that comes after all
//! is still taken while the tick lasts.

use super::calendars::{CalendarNews, Subject};
use super::faults::Service;
use super::hear::{Ear, Sounds};
use super::looks::{Look, Sight, is_steady};
use super::presence::Whether;
use crate::clock::Clock;
use crate::model::{AttemptId, CalendarId, Doubt, NotSentCause, Outcome, Reply, ReplyMeta, Request};
use crate::provider::{Gate, Provider, ProviderError};
use crate::store::{Attempt, StoreError};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What happened.
pub(super) enum Event {
    /// A request has its outcome, `by` this service. `claimed` is the attempt, unless it was given up before.
    Replied { attempt: AttemptId, by: Service, reply: Reply, claimed: Option<Attempt> },
    /// The provider was asked about a call, or for its list; or that took too long.
    Looked { look: Look, sight: Sight },
    /// A calendar was looked at, or that took too long.
    Calendar { subject: Subject, news: Result<CalendarNews, StoreError> },
    /// A number was listened to, or that took too long.
    Heard { ear: Ear, sounds: Sounds },
    /// Somebody was asked whether a person is in the meeting, or that took too long.
    Asked { question: Whether, there: Result<bool, String> },
}

enum Job {
    Place { attempt: Attempt, deadline: Instant, limit: Duration },
    Look { look: Look, deadline: Instant },
    Calendar { subject: Subject, deadline: Instant },
    Hear { ear: Ear, deadline: Instant },
    Ask { question: Whether, deadline: Instant },
}

enum Answer {
    Reply(AttemptId, Service, Reply),
    Sight(u64, Sight),
    Calendar(CalendarId, Result<CalendarNews, StoreError>),
    Sounds(u64, Sounds),
    There(u64, Result<bool, String>),
}

#[derive(PartialEq, Eq, Hash, Clone, Copy)]
enum Key {
    Place(AttemptId),
    Look(u64),
    Calendar(CalendarId),
    Hear(u64),
    Ask(u64),
}

/// Numbers that are listened to at once.
const EARS: usize = 4;

fn service(attempt: &Attempt) -> Service {
    Service::of(attempt.provider, attempt.to.kind)
}

/// The requests under way.
pub(super) struct Jobs {
    parallel: usize,
    running: HashMap<Key, Job>,
    looks: u64,
    answers: Receiver<Answer>,
    sender: Sender<Answer>,
}

impl Jobs {
    pub(super) fn new(parallel: usize) -> Self {
        let (sender, answers) = channel();
        Self { parallel, running: HashMap::new(), looks: 0, answers, sender }
    }

    pub(super) fn any(&self) -> bool {
        !self.running.is_empty()
    }

    /// Is there room for one more request to place a call? Looks at calls do not take it away.
    pub(super) fn has_room(&self) -> bool {
        self.running.keys().filter(|k| matches!(k, Key::Place(_))).count() < self.parallel
    }

    /// Is such a request under way?
    pub(super) fn is_placing(&self, by: Service) -> bool {
        self.running.values().any(|job| matches!(job, Job::Place { attempt, .. } if service(attempt) == by))
    }

    /// Room for one more look.
    pub(super) fn has_look_room(&self) -> bool {
        self.running.keys().filter(|k| matches!(k, Key::Look(_))).count() < self.parallel
    }

    /// Sends a written attempt on its way.
    pub(super) fn place(
        &mut self,
        attempt: Attempt,
        request: Request,
        provider: Arc<dyn Provider>,
        gate: Arc<dyn Gate>,
        clock: Arc<dyn Clock>,
        limit: Duration,
    ) {
        let (id, by) = (attempt.id, service(&attempt));
        let work = move || {
            let (started, boottime_ms) = (Instant::now(), clock.boottime_ms());
            // Right before the request; the provider passes the gate again when its body is asked for.
            let mut reply = match gate.pass() {
                Ok(()) => provider.place(&request, gate.as_ref()),
                Err(reason) => Reply::fenced(reason),
            };
            if !is_steady(started, boottime_ms, clock.as_ref()) {
                reply.meta.skew_ms = None;
            }
            Answer::Reply(id, by, reply)
        };
        self.running.insert(Key::Place(id), Job::Place { attempt, deadline: Instant::now() + limit, limit });
        // A bug in one provider must not take the other calls with it; whether it had sent, nobody knows.
        let on_panic = move || Answer::Reply(id, by, unknown("internal error while placing the call"));
        let on_no_thread = || Answer::Reply(id, by, Reply::not_sent(NotSentCause::Other, "no thread could be started"));
        self.spawn(work, on_panic, on_no_thread);
    }

    /// Asks the provider something that changes nothing, or ends a call; both are safe to repeat.
    pub(super) fn look(&mut self, look: Look, provider: Arc<dyn Provider>, clock: Arc<dyn Clock>, limit: Duration) {
        self.looks += 1;
        let id = self.looks;
        let question = look.question.clone();
        self.running.insert(Key::Look(id), Job::Look { look, deadline: Instant::now() + limit });
        let failed = move |why: &str| Answer::Sight(id, Sight::failed(ProviderError::Transient(why.to_owned())));
        let work = move || Answer::Sight(id, question.ask(provider.as_ref(), clock.as_ref()));
        self.spawn(work, move || failed("internal error while asking the provider"), move || failed("no thread"));
    }

    /// Room to listen to one more number.
    pub(super) fn has_ear_room(&self) -> bool {
        self.running.keys().filter(|k| matches!(k, Key::Hear(_))).count() < EARS
    }

    /// Listens to a number. Changes nothing at the provider.
    pub(super) fn hear(&mut self, ear: Ear, work: impl FnOnce() -> Sounds + Send + 'static, limit: Duration) {
        self.looks += 1;
        let id = self.looks;
        self.running.insert(Key::Hear(id), Job::Hear { ear, deadline: Instant::now() + limit });
        let failed = move |why: &str| Answer::Sounds(id, Sounds::failed(ProviderError::Transient(why.to_owned())));
        let on_panic = move || failed("internal error while listening");
        self.spawn(move || Answer::Sounds(id, work()), on_panic, move || failed("no thread could be started"));
    }

    /// Room to ask about one more person.
    pub(super) fn has_question_room(&self) -> bool {
        self.running.keys().filter(|k| matches!(k, Key::Ask(_))).count() < self.parallel
    }

    /// Asks whether a person is in the meeting.
    pub(super) fn ask_whether(
        &mut self,
        question: Whether,
        work: impl FnOnce() -> Result<bool, String> + Send + 'static,
        limit: Duration,
    ) {
        self.looks += 1;
        let id = self.looks;
        self.running.insert(Key::Ask(id), Job::Ask { question, deadline: Instant::now() + limit });
        let failed = move |why: &str| Answer::There(id, Err(why.to_owned()));
        let on_panic = move || failed("internal error while asking");
        self.spawn(move || Answer::There(id, work()), on_panic, move || failed("no thread could be started"));
    }

    /// How many calendars are being looked at.
    pub(super) fn calendars(&self) -> usize {
        self.running.keys().filter(|k| matches!(k, Key::Calendar(_))).count()
    }

    /// Looks at a calendar. Changes meetings, never calls; a look that was given up writes itself down if it ends after
    /// all.
    pub(super) fn look_at_calendar(
        &mut self,
        subject: Subject,
        work: impl FnOnce() -> Result<CalendarNews, StoreError> + Send + 'static,
        limit: Duration,
    ) {
        let id = subject.id;
        self.running.insert(Key::Calendar(id), Job::Calendar { subject, deadline: Instant::now() + limit });
        let failed = move |why: &str| Answer::Calendar(id, Ok(CalendarNews::failed(why)));
        let on_panic = move || failed("internal error while reading it");
        self.spawn(move || Answer::Calendar(id, work()), on_panic, move || failed("no thread could be started"));
    }

    fn spawn(
        &self,
        work: impl FnOnce() -> Answer + Send + 'static,
        on_panic: impl FnOnce() -> Answer + Send + 'static,
        on_no_thread: impl FnOnce() -> Answer,
    ) {
        let sender = self.sender.clone();
        let body = move || {
            let answer = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| on_panic());
            // Nobody listens any more when the tick has ended; what was to be said is found by the next one.
            let _ = sender.send(answer);
        };
        if thread::Builder::new().name("call".into()).spawn(body).is_err() {
            let _ = self.sender.send(on_no_thread());
        }
    }

    /// Waits for at most `wait`, and not beyond the next deadline. Several things may have happened, or nothing.
    pub(super) fn wait(&mut self, wait: Duration) -> Vec<Event> {
        let now = Instant::now();
        let next = self.running.values().map(|job| job.deadline().saturating_duration_since(now)).min();
        let first = self.answers.recv_timeout(wait.min(next.unwrap_or(wait))).ok();
        let answers: Vec<Answer> = first.into_iter().chain(self.answers.try_iter()).collect();
        let mut events: Vec<Event> = answers.into_iter().filter_map(|answer| self.answered(answer)).collect();
        let now = Instant::now();
        events.extend(self.expire(|job| job.deadline() <= now));
        events
    }

    /// Gives up everything that is under way.
    pub(super) fn give_up(&mut self) -> Vec<Event> {
        self.expire(|_| true)
    }

    fn answered(&mut self, answer: Answer) -> Option<Event> {
        match answer {
            Answer::Reply(id, by, reply) => {
                let claimed = match self.running.remove(&Key::Place(id)) {
                    Some(Job::Place { attempt, .. }) => Some(attempt),
                    _ => None,
                };
                Some(Event::Replied { attempt: id, by, reply, claimed })
            }
            Answer::Sight(id, sight) => match self.running.remove(&Key::Look(id)) {
                Some(Job::Look { look, .. }) => Some(Event::Looked { look, sight }),
                _ => None,
            },
            Answer::Sounds(id, sounds) => match self.running.remove(&Key::Hear(id)) {
                Some(Job::Hear { ear, .. }) => Some(Event::Heard { ear, sounds }),
                _ => None,
            },
            Answer::There(id, there) => match self.running.remove(&Key::Ask(id)) {
                Some(Job::Ask { question, .. }) => Some(Event::Asked { question, there }),
                _ => None,
            },
            Answer::Calendar(id, news) => match self.running.remove(&Key::Calendar(id)) {
                Some(Job::Calendar { subject, .. }) => Some(Event::Calendar { subject, news }),
                _ => None,
            },
        }
    }

    fn expire(&mut self, over: impl Fn(&Job) -> bool) -> Vec<Event> {
        let keys: Vec<Key> = self.running.iter().filter(|(_, job)| over(job)).map(|(key, _)| *key).collect();
        keys.into_iter()
            .filter_map(|key| self.running.remove(&key))
            .map(|job| match job {
                Job::Look { look, .. } => {
                    let late = ProviderError::Transient("no answer in time".into());
                    Event::Looked { look, sight: Sight::failed(late) }
                }
                Job::Hear { ear, .. } => {
                    let late = ProviderError::Transient("no answer in time".into());
                    Event::Heard { ear, sounds: Sounds::failed(late) }
                }
                Job::Ask { question, .. } => Event::Asked { question, there: Err("no answer in time".into()) },
                Job::Calendar { subject, .. } => {
                    Event::Calendar { subject, news: Ok(CalendarNews::failed("reading it took too long")) }
                }
                Job::Place { attempt, limit, .. } => {
                    let mut reply = unknown(&format!("no answer within {} s", limit.as_secs_f32()));
                    reply.meta.elapsed_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
                    Event::Replied { attempt: attempt.id, by: service(&attempt), reply, claimed: Some(attempt) }
                }
            })
            .collect()
    }
}

impl Job {
    const fn deadline(&self) -> Instant {
        match self {
            Self::Place { deadline, .. }
            | Self::Look { deadline, .. }
            | Self::Calendar { deadline, .. }
            | Self::Hear { deadline, .. }
            | Self::Ask { deadline, .. } => *deadline,
        }
    }
}

fn unknown(detail: &str) -> Reply {
    Reply { outcome: Outcome::Unknown(Doubt { detail: detail.to_owned() }), meta: ReplyMeta::default() }
}

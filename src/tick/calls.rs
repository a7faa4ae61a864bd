//! Places calls, messages and the rest: a worker passes the fence, then asks the provider. What came of it goes to the
//! outbox.

use super::attempt::{Ready, request};
use super::context::Context;
use super::faults::Service;
use super::fence::{Door, Fence};
use super::jobs::{Jobs, Lost};
use super::outbox::{Outbox, Replied};
use super::recipient::Recipient;
use super::time::Stopwatch;
use crate::model::{AttemptId, Doubt, NotSentCause, Outcome, Reply, ReplyMeta, Request};
use crate::provider::Gate;
use crate::store::{Attempt, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// What a worker was asked for, and the door that closes when it is given up.
type Question = (Attempt, Arc<Door>);

/// Each answer names its attempt, since the question of a late one is gone.
type Answer = (AttemptId, Service, Reply);

/// Requests under way, and what came of them.
#[derive(Default)]
pub(super) struct Calls {
    jobs: Jobs<Question, Answer>,
    pub(super) outbox: Outbox,
}

impl Calls {
    /// How many more requests there is room for.
    pub(super) fn room(&self, cx: &Context<'_>) -> usize {
        cx.world.config.engine.parallel.saturating_sub(self.jobs.running().len())
    }

    /// Is a request by such a service under way?
    pub(super) fn is_placing(&self, by: &dyn Fn(&Service) -> bool) -> bool {
        self.jobs.running().any(|(attempt, _)| by(&service(attempt)))
    }

    /// Hands a written attempt to a worker.
    pub(super) fn send(
        &mut self,
        cx: &mut Context<'_>,
        attempt: Attempt,
        recipient: &Recipient<'_>,
        subject: Option<String>,
        ready: Ready,
    ) {
        let provider = Arc::clone(&recipient.provider);
        log::info!("[CALL] Provider={}", provider.kind());
        log::info!("[CALL] Initiating {} to {}", attempt.to.kind, attempt.to);
        let world = cx.world.clone();
        let machine_detection = world.config.machine_detection;
        let request = Request { subject, machine_detection, ..request(&attempt, recipient) };
        let (id, by, clock) = (attempt.id, service(&attempt), Arc::clone(&world.clock));
        cx.accounts.begun(&by, &attempt.from);
        let Ready { send_by_boot_ms, entry } = ready;
        let door = Arc::<Door>::default();
        let given = Arc::clone(&door);
        let fence =
            Fence { world, attempt: id, door: given, entry, send_by_boot_ms, skew_ms: Arc::clone(&cx.time.skew_ms) };
        let gate: Box<dyn Gate> = Box::new(fence);
        let (limit, at_once) = (cx.world.config.engine.hard_timeout, provider.answers_at_once());
        self.jobs.start_or_do(at_once, &mut cx.workers, (attempt, door), limit, move || {
            let watch = Stopwatch::start(clock.as_ref());
            // Right before the request; the provider passes the gate again when its body is asked for.
            let mut reply = match gate.look() {
                Ok(()) => provider.place(&request, gate.as_ref()),
                Err(reason) => Reply::fenced(reason),
            };
            reply.meta.skew_ms = reply.meta.skew_ms.filter(|_| watch.is_steady(clock.as_ref()));
            (id, by, reply)
        });
    }

    /// What came of requests, in time or late.
    pub(super) fn replies(&mut self, cx: &mut Context<'_>) -> Vec<Replied> {
        let replied = |(asked, answer): (Option<Question>, Result<Answer, Lost>)| {
            let (attempt, by, reply) = match (answer, &asked) {
                (Ok(answer), _) => answer,
                (Err(lost), Some((attempt, door))) => (attempt.id, service(attempt), no_answer(lost, door)),
                // Its request is no longer known, and the failure was written down already.
                (Err(_), None) => return None,
            };
            let claimed = asked.map(|(attempt, _)| attempt);
            let from = claimed.as_ref().map(|attempt| attempt.from.clone());
            Some(Replied { attempt, by, from, reply, claimed })
        };
        self.jobs.take_all(&mut cx.workers).into_iter().filter_map(replied).collect()
    }

    /// Writes down what came of requests, and tries again what the store could not take.
    pub(super) fn record(&mut self, cx: &mut Context<'_>, replies: Vec<Replied>) -> Result<(), StoreError> {
        let recorded = self.outbox.record(cx, replies);
        recorded.and(self.outbox.write_again(cx))
    }
}

fn service(attempt: &Attempt) -> Service {
    Service::to(attempt.provider, &attempt.to)
}

/// The reply of a worker that gave no answer: nobody knows whether it sent, unless its request had not begun. Then it never
/// does.
fn no_answer(lost: Lost, door: &Door) -> Reply {
    let detail = lost.words("placing the call");
    if door.close() {
        return Reply::not_sent(NotSentCause::Other, detail);
    }
    let elapsed = if let Lost::Late(limit) = lost { limit } else { Duration::ZERO };
    let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    Reply { outcome: Outcome::Unknown(Doubt { detail }), meta: ReplyMeta { elapsed_ms, ..ReplyMeta::default() } }
}

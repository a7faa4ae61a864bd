//! Questions to the provider that change nothing there (or end a call): the queue of them, and what is asked.

use super::Run;
use super::reconcile::ListKey;
use crate::clock::Clock;
use crate::model::{Address, CallList, CallReport, HangUp, ProviderKind, RungKind, Target, Timestamp};
use crate::provider::{Provider, ProviderError};
use crate::store::{Doubtful, LiveCall};
use std::time::{Duration, Instant};

/// How far boot and monotonic time may drift apart during one request (milliseconds).
const STEADY_MS: i64 = 1_000;

/// What a question may take beyond the request's own phases.
const SLACK: Duration = Duration::from_secs(2);

/// One question, and what it is asked for.
pub(super) struct Look {
    pub(super) question: Question,
    pub(super) about: About,
    /// Do due steps to its target wait for it?
    pub(super) first: bool,
}

impl Look {
    /// Its place in the queue. A phone that is to stop ringing does not wait behind anything; then come the lists that due
    /// steps wait for, of which there are never many.
    const fn urgency(&self) -> u8 {
        match (&self.question, &self.about) {
            (Question::HangUp { .. }, _) => 0,
            (_, About::Target { doubtful, .. }) if doubtful.is_empty() => 1,
            _ => 2,
        }
    }
}

/// What the provider is asked.
#[derive(Clone)]
pub(super) enum Question {
    Fetch { sid: String },
    HangUp { sid: String, how: HangUp },
    List { to: Target, from: Vec<Address> },
}

/// What the answer is for.
pub(super) enum About {
    /// A call that exists.
    Call(LiveCall),
    /// Attempts to this target nobody has an answer for; none: preflight alone.
    Target { list: ListKey, doubtful: Vec<Doubtful> },
}

impl About {
    pub(super) fn target(&self) -> &Target {
        match self {
            Self::Call(call) => &call.to,
            Self::Target { list, .. } => &list.to,
        }
    }
}

/// What came back.
pub(super) enum Sight {
    Report(CallReport),
    List(Listed),
    Failed(ProviderError),
}

/// A list, and when it was asked for.
pub(super) struct Listed {
    pub(super) list: CallList,
    /// Right before it was asked for: wall time, and milliseconds of boot time.
    pub(super) asked: (Timestamp, i64),
    /// When it was there, boot time.
    pub(super) answered_boot_ms: i64,
}

/// Did monotonic and boot time run on side by side? They do not when the machine slept meanwhile, and then what was measured
/// across it says nothing about the clock.
pub(super) fn is_steady(started: Instant, boottime_ms: i64, clock: &dyn Clock) -> bool {
    let boot = clock.boottime_ms().saturating_sub(boottime_ms);
    let monotonic = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
    (boot - monotonic).abs() <= STEADY_MS
}

impl Sight {
    fn forget_skew(&mut self) {
        match self {
            Self::Report(report) => report.skew_ms = None,
            Self::List(listed) => listed.list.skew_ms = None,
            Self::Failed(_) => {}
        }
    }

    pub(super) const fn failed(error: ProviderError) -> Self {
        Self::Failed(error)
    }
}

impl Question {
    /// Runs in a worker.
    pub(super) fn ask(&self, provider: &dyn Provider, clock: &dyn Clock) -> Sight {
        let asked = (clock.now(), clock.boottime_ms());
        let started = Instant::now();
        let mut sight = self.answer(provider, clock, asked);
        if !is_steady(started, asked.1, clock) {
            sight.forget_skew();
        }
        sight
    }

    fn answer(&self, provider: &dyn Provider, clock: &dyn Clock, asked: (Timestamp, i64)) -> Sight {
        let answer = match self {
            Self::Fetch { sid } => provider.fetch(sid, asked.0).map(Sight::Report),
            Self::HangUp { sid, how } => provider.hang_up(sid, *how, asked.0).map(Sight::Report),
            Self::List { to, from } => provider
                .list(to, from, asked.0)
                .map(|list| Sight::List(Listed { list, asked, answered_boot_ms: clock.boottime_ms() })),
        };
        answer.unwrap_or_else(Sight::Failed)
    }
}

/// Who is asked.
pub(super) struct Whom<'a> {
    pub(super) kind: RungKind,
    pub(super) provider: ProviderKind,
    pub(super) account: &'a str,
}

impl Run<'_> {
    /// Puts a question in the queue. `false`: the account it belongs to is no longer in the config.
    pub(super) fn ask(&mut self, look: Look, whom: &Whom<'_>) -> bool {
        let Some(provider) = self.world.providers.for_attempt(whom.kind, whom.provider, whom.account) else {
            log::debug!("[CALL] no credentials for {} {}", whom.provider, whom.account);
            return false;
        };
        if look.first {
            *self.looked_at_first.entry(look.about.target().clone()).or_default() += 1;
        }
        let place = self.to_ask.iter().position(|(other, _)| other.urgency() > look.urgency());
        self.to_ask.insert(place.unwrap_or(self.to_ask.len()), (look, provider));
        true
    }

    /// Sends queued questions on their way, as long as there is room. They have their own room: a due call never waits
    /// for a free worker because of them.
    pub(super) fn ask_queued(&mut self) {
        while self.jobs.has_look_room() && !self.time_is_over() {
            let Some((look, provider)) = self.to_ask.pop_front() else { return };
            let clock = std::sync::Arc::clone(&self.world.clock);
            self.jobs.look(look, provider, clock, self.look_limit());
        }
    }

    /// Questions end on their own within the request's phases; a tick does not wait longer for one.
    pub(super) fn look_limit(&self) -> Duration {
        let engine = &self.world.config.engine;
        engine.request_timeout.saturating_add(SLACK).min(engine.hard_timeout)
    }

    /// A question that due steps may have waited for is answered.
    pub(super) fn looked(&mut self, look: &Look) {
        if look.first {
            self.no_longer_first(look.about.target());
        }
    }

    /// One question less that due steps to this target wait for.
    pub(super) fn no_longer_first(&mut self, target: &Target) {
        if let Some(count) = self.looked_at_first.get_mut(target) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.looked_at_first.remove(target);
            }
        }
    }
}

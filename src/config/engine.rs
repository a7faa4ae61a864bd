//! `[engine]`: the engine's times.

use super::OnUnknown;
use crate::model::leaves_within;
use std::time::Duration;

/// `[engine]`.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// How long a phone rings, in whole seconds (Twilio `Timeout`, at most 600). Default 45 s.
    pub ring_timeout: Duration,
    /// The whole of one request. Default 20 s.
    pub request_timeout: Duration,
    /// Guard 3: the limit the waiting thread enforces. Default 45 s, never more.
    pub hard_timeout: Duration,
    /// How long an attempt belongs to the process that wrote it. Default 120 s; more than twice `hard_timeout`.
    pub lease: Duration,
    /// How long after a request's deadline the provider may still create its call. Default 30 s.
    pub settle: Duration,
    /// A tick ends by itself within this time. Default 60 s.
    pub tick_limit: Duration,
    /// Requests under way at once, at most: there are never more workers than requests that are due. Default 64.
    pub parallel: usize,
    /// An incident whose meeting started this long ago without check-in is missed. Default 15 min.
    pub grace: Duration,
    /// Ended incidents older than this are deleted; `None` keeps them.
    pub retention: Option<Duration>,
    /// Ask the provider for its list of calls to a number before calling it. Default true.
    pub preflight: bool,
    /// What to do when an outcome is unknown and the provider cannot be asked. Default hold.
    pub on_unknown: OnUnknown,
}

impl Default for EngineConfig {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            ring_timeout: seconds(45),
            request_timeout: seconds(20),
            hard_timeout: seconds(45),
            lease: seconds(120),
            settle: seconds(30),
            tick_limit: seconds(60),
            parallel: 64,
            grace: seconds(15 * 60),
            retention: None,
            preflight: true,
            on_unknown: OnUnknown::Hold,
        }
    }
}

/// Should ureq lose count of a phase, no request lasts longer than its limit and this.
const REQUEST_SLACK: Duration = Duration::from_secs(2);

/// A request has at least this long to leave, if the hard limit lets it.
const SEND_WITHIN_MIN: Duration = Duration::from_secs(5);

/// The part of a tick's time that is kept for writing down, at most.
const WRITE_DOWN: Duration = Duration::from_secs(5);

impl EngineConfig {
    /// No request lasts longer than this once it was begun.
    pub fn request_limit(&self) -> Duration {
        self.request_timeout.saturating_add(REQUEST_SLACK)
    }

    /// A request leaves within this time after its attempt was written, or not at all. Default 23 s. Looking the name up
    /// and connecting come before that: what they may take is not too late.
    pub fn send_within(&self) -> Duration {
        let begins = self.hard_timeout.saturating_sub(self.request_limit());
        let leaves = leaves_within(self.request_timeout).saturating_add(REQUEST_SLACK);
        begins.max(leaves).max(SEND_WITHIN_MIN).min(self.hard_timeout)
    }

    /// How much of a tick is for work; the last part is for writing down what came of it. Default 55 s.
    pub fn work_limit(&self) -> Duration {
        self.tick_limit.saturating_sub(WRITE_DOWN.min(self.tick_limit / 10))
    }

    /// A request that is begun with less than this left of the work limit could not end in it. Default 22 s.
    pub fn needed(&self) -> Duration {
        self.request_limit().min(self.hard_timeout)
    }

    /// By this time after its attempt was written a request has ended, wherever its process was frozen before it began.
    /// Default 45 s.
    pub fn ends_within(&self) -> Duration {
        self.send_within().saturating_add(self.request_limit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(request_s: u64, hard_s: u64) -> EngineConfig {
        let seconds = Duration::from_secs;
        EngineConfig { request_timeout: seconds(request_s), hard_timeout: seconds(hard_s), ..EngineConfig::default() }
    }

    #[test]
    fn no_request_is_too_late_because_of_what_looking_its_name_up_and_connecting_may_take() {
        for hard in 1..=45 {
            for request in 1..=hard {
                let engine = engine(request, hard);
                let leaves = leaves_within(engine.request_timeout);
                assert!((leaves..=engine.hard_timeout).contains(&engine.send_within()), "{request} s of {hard} s");
                assert_eq!(engine.ends_within(), engine.send_within() + engine.request_limit());
            }
        }
        let ends = |request| (engine(request, 45).send_within().as_secs(), engine(request, 45).ends_within().as_secs());
        assert_eq!((ends(20), ends(30), ends(45)), ((23, 45), (24, 56), (39, 86)));
        assert!(EngineConfig::default().lease > engine(45, 45).ends_within());
    }
}

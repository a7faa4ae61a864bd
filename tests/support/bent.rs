//! A provider whose way of placing calls is bent by the test.

use savehub::model::{
    Address, CallList, CallReport, Doubt, FenceReason, HangUp, NotSent, NotSentCause, Outcome, Pace, ProviderKind,
    Reply, ReplyMeta, Request, Target, Timestamp,
};
use savehub::provider::{Gate, Provider, ProviderError};
use std::sync::Arc;

type Place = dyn Fn(&dyn Provider, &Request, &dyn Gate) -> Reply + Send + Sync;

/// Places calls as the test says; everything else goes to the provider behind it.
pub struct Bent {
    inner: Arc<dyn Provider>,
    place: Box<Place>,
}

impl Bent {
    /// Stands before `inner`, which `place` gets.
    pub fn before(
        inner: Arc<dyn Provider>,
        place: impl Fn(&dyn Provider, &Request, &dyn Gate) -> Reply + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { inner, place: Box::new(place) })
    }
}

/// Nobody knows what came of it.
pub fn unknown() -> Reply {
    Reply { outcome: Outcome::Unknown(Doubt { detail: "no answer".into() }), meta: ReplyMeta::default() }
}

/// The fence refused.
pub fn fenced(reason: FenceReason) -> Reply {
    let cause = NotSentCause::Fenced(reason);
    Reply { outcome: Outcome::NotSent(NotSent { cause, detail: reason.to_string() }), meta: ReplyMeta::default() }
}

impl Provider for Bent {
    fn kind(&self) -> ProviderKind {
        self.inner.kind()
    }

    fn account(&self) -> &str {
        self.inner.account()
    }

    fn senders(&self) -> Vec<Address> {
        self.inner.senders()
    }

    fn pace(&self) -> Option<Pace> {
        self.inner.pace()
    }

    fn place(&self, call: &Request, gate: &dyn Gate) -> Reply {
        (self.place)(self.inner.as_ref(), call, gate)
    }

    fn fetch(&self, sid: &str, now: Timestamp) -> Result<CallReport, ProviderError> {
        self.inner.fetch(sid, now)
    }

    fn hang_up(&self, sid: &str, how: HangUp, now: Timestamp) -> Result<CallReport, ProviderError> {
        self.inner.hang_up(sid, how, now)
    }

    fn keeps_a_list(&self) -> bool {
        self.inner.keeps_a_list()
    }

    fn list(&self, to: &Target, from: &[Address], now: Timestamp) -> Result<CallList, ProviderError> {
        self.inner.list(to, from, now)
    }
}

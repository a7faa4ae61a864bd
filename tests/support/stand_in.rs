//! A provider whose ways are bent by the test. Whatever a test says nothing of, the provider behind it does.

use savehub::model::{
    Address, CallList, CallReport, Doubt, HangUp, Outcome, Pace, ProviderKind, Reply, ReplyMeta, Request, Target,
    Timestamp,
};
use savehub::provider::{Gate, Provider, ProviderError};
use std::sync::{Arc, Mutex};

/// A check-in at the worst moment, a bug, a slow network: what happens before the provider does what it does.
type EventFn = dyn Fn(&Request) + Send + Sync;
type PlaceFn = dyn Fn(&dyn Provider, &Request, &dyn Gate) -> Reply + Send + Sync;
type LookFn = dyn Fn(&dyn Provider, &str, Option<HangUp>, Timestamp) -> Result<CallReport, ProviderError> + Send + Sync;

/// Stands before a provider.
pub struct StandIn {
    inner: Arc<dyn Provider>,
    event: Mutex<Option<Arc<EventFn>>>,
    place: Box<PlaceFn>,
    look: Box<LookFn>,
    /// How fast its calls may be started.
    pub pace: Option<Pace>,
    /// Another name than that of the provider behind it: kind and account.
    pub name: Option<(ProviderKind, &'static str)>,
}

impl StandIn {
    /// Stands before `inner`.
    pub fn new(inner: Arc<dyn Provider>) -> Self {
        let pace = inner.pace();
        let place = Box::new(|inner: &dyn Provider, request: &Request, gate: &dyn Gate| inner.place(request, gate));
        Self { inner, event: Mutex::default(), place, look: Box::new(look), pace, name: None }
    }

    /// The same, to be told later what happens.
    pub fn before(inner: Arc<dyn Provider>) -> Arc<Self> {
        Arc::new(Self::new(inner))
    }

    /// Places calls so.
    #[must_use]
    pub fn placing(
        mut self,
        place: impl Fn(&dyn Provider, &Request, &dyn Gate) -> Reply + Send + Sync + 'static,
    ) -> Self {
        self.place = Box::new(place);
        self
    }

    /// Reads calls, and ends them where it is said how, so.
    #[must_use]
    pub fn looking(
        mut self,
        look: impl Fn(&dyn Provider, &str, Option<HangUp>, Timestamp) -> Result<CallReport, ProviderError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.look = Box::new(look);
        self
    }

    /// What happens from now on before a call is placed. It comes later than the provider because it needs the world
    /// around it.
    pub fn happens(&self, event: impl Fn(&Request) + Send + Sync + 'static) {
        *self.event.lock().unwrap() = Some(Arc::new(event));
    }
}

/// Reads a call, or ends it.
pub fn look(inner: &dyn Provider, sid: &str, how: Option<HangUp>, now: Timestamp) -> Result<CallReport, ProviderError> {
    how.map_or_else(|| inner.fetch(sid, now), |how| inner.hang_up(sid, how, now))
}

/// Nobody knows what came of it.
pub fn unknown() -> Reply {
    Reply { outcome: Outcome::Unknown(Doubt { detail: "no answer".into() }), meta: ReplyMeta::default() }
}

impl Provider for StandIn {
    fn kind(&self) -> ProviderKind {
        self.name.map_or_else(|| self.inner.kind(), |(kind, _)| kind)
    }

    fn account(&self) -> &str {
        self.name.map_or_else(|| self.inner.account(), |(_, account)| account)
    }

    fn senders(&self) -> Vec<Address> {
        self.inner.senders()
    }

    fn pace(&self) -> Option<Pace> {
        self.pace
    }

    fn place(&self, call: &Request, gate: &dyn Gate) -> Reply {
        let event = self.event.lock().unwrap().clone();
        if let Some(event) = event {
            event(call);
        }
        (self.place)(self.inner.as_ref(), call, gate)
    }

    fn fetch(&self, sid: &str, now: Timestamp) -> Result<CallReport, ProviderError> {
        (self.look)(self.inner.as_ref(), sid, None, now)
    }

    fn hang_up(&self, sid: &str, how: HangUp, now: Timestamp) -> Result<CallReport, ProviderError> {
        (self.look)(self.inner.as_ref(), sid, Some(how), now)
    }

    fn keeps_a_list(&self) -> bool {
        self.inner.keeps_a_list()
    }

    fn list(&self, to: &Target, from: &[Address], now: Timestamp) -> Result<CallList, ProviderError> {
        self.inner.list(to, from, now)
    }
}

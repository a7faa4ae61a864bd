//! Faults that last: told when they begin, once an hour, and when they end, since cron mails every line.

use super::Run;
use crate::model::{PauseView, ProviderKind, RungKind, Timestamp};
use crate::store::{FaultNews, Store, StoreError, TickBegun};

/// The key of the pause of everybody; of a person, their id stands behind it.
const PAUSE: &str = "pause";

/// The fault "the address of `heartbeat_url` cannot be pinged".
pub const HEARTBEAT_FAULT: &str = "heartbeat";

/// The fault "`metrics_file` cannot be written".
pub const METRICS_FAULT: &str = "metrics file";

/// Is the fault `key` there? Told when it begins, once an hour, and when it ends; `words` say what it means and what to
/// do.
pub fn fault(
    store: &dyn Store,
    now: Timestamp,
    key: &str,
    there: bool,
    words: impl Fn() -> String,
) -> Result<(), StoreError> {
    if !there {
        if store.fault_gone(key)? {
            log::warn!("over: {key}");
        }
        return Ok(());
    }
    match store.fault_seen(key, now)? {
        FaultNews::Began => log::error!("{}", words()),
        FaultNews::Lasts => log::error!("still: {}", words()),
        FaultNews::Quiet => log::debug!("still: {}", words()),
    }
    Ok(())
}

impl Run<'_> {
    /// Is the fault `key` there? `words` say what it means and what to do.
    pub(super) fn fault(&self, key: &str, there: bool, words: impl Fn() -> String) -> Result<(), StoreError> {
        fault(self.world.store.as_ref(), self.world.clock.now(), key, there, words)
    }

    /// Nobody is told any more, so that nothing would end the fault that nobody could be told.
    pub(super) fn forget_watchers(&self, faults: &[String]) -> Result<(), StoreError> {
        let watcher = &self.world.config.watcher;
        let told = [(HEARTBEAT_FAULT, watcher.heartbeat.is_some()), (METRICS_FAULT, watcher.metrics_file.is_some())];
        let over = |(key, told): &&(&str, bool)| !told && faults.iter().any(|fault| fault == key);
        told.iter().filter(over).try_for_each(|(key, _)| self.fault(key, false, String::new))
    }

    /// A pause is told like a fault: silence that somebody wanted must not be forgotten either.
    pub(super) fn tell_pauses(&self, begun: &TickBegun) -> Result<(), StoreError> {
        let key =
            |pause: &PauseView| pause.person.as_ref().map_or_else(|| PAUSE.to_owned(), |who| format!("{PAUSE} {who}"));
        for pause in &begun.pauses {
            self.fault(&key(pause), true, || format!("{}; nothing is sent for these meetings", pause.words()))?;
        }
        let lasts: Vec<String> = begun.pauses.iter().map(key).collect();
        let told = begun.faults.iter().filter(|fault| fault.split(' ').next() == Some(PAUSE));
        told.filter(|fault| !lasts.contains(fault)).try_for_each(|over| self.fault(over, false, String::new))
    }

    /// A refusal of messages is over when no rung sends any: nothing else would ever end it.
    pub(super) fn forget_messages(&mut self) -> Result<(), StoreError> {
        let ladder = &self.world.config.ladder;
        if ladder.iter().any(|rung| rung.action.kind == RungKind::Sms) {
            return Ok(());
        }
        let over: Vec<Service> = self.sending.keys().copied().filter(|by| by.messages).collect();
        over.into_iter().try_for_each(|by| {
            self.sending.remove(&by);
            self.fault(&by.fault(), false, String::new)
        })
    }
}

/// The fault "this provider refuses this account".
pub fn account_fault(provider: ProviderKind) -> String {
    Service::of(provider, RungKind::Call).fault()
}

/// What a provider does for us. A number that cannot send messages can make calls: who refuses one of the two may still
/// take the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Service {
    pub(super) provider: ProviderKind,
    pub(super) messages: bool,
}

impl Service {
    /// What this provider does in a rung of this kind.
    pub(super) fn of(provider: ProviderKind, kind: RungKind) -> Self {
        Self { provider, messages: kind == RungKind::Sms }
    }

    /// Every one there could be.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let both = |provider: &ProviderKind| [false, true].map(|messages| Self { provider: *provider, messages });
        ProviderKind::ALL.iter().flat_map(both)
    }

    /// The key of the fault "this provider refuses this account", or its messages.
    pub(super) fn fault(self) -> String {
        format!("{} {}", self.provider, if self.messages { "messages" } else { "account" })
    }
}

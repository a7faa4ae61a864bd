//! Lasting faults: logged when they begin, once an hour, and when they end, since cron mails every line.

use crate::model::{ProviderKind, RungKind, Timestamp};
use crate::store::{FaultNews, Store, StoreError};

/// The fault "`config check` refuses the config".
pub(super) const CONFIG_FAULT: &str = "config";

/// The fault "`TZ` names no zone that is known".
pub(super) const ZONE_FAULT: &str = "TZ";

/// The fault "the address of `heartbeat_url` cannot be pinged".
pub const HEARTBEAT_FAULT: &str = "heartbeat";

/// The fault "`metrics_file` cannot be written".
pub const METRICS_FAULT: &str = "metrics file";

/// Notes whether the fault `key` is there, and logs it when it begins, once an hour and when it ends. `words` say what
/// it means and what to do.
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

/// The fault "this provider refuses this account".
pub fn account_fault(provider: ProviderKind) -> String {
    Service::of(provider, RungKind::Call).fault()
}

/// A service of a provider: its calls or its messages. A provider that refuses one of them may still take the other.
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

    /// All services there are.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let both = |provider: &ProviderKind| [false, true].map(|messages| Self { provider: *provider, messages });
        ProviderKind::ALL.iter().flat_map(both)
    }

    /// The key of the fault "this provider refuses this account", or its messages.
    pub(super) fn fault(self) -> String {
        format!("{} {}", self.provider, if self.messages { "messages" } else { "account" })
    }
}

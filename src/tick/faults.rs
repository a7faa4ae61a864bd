//! Lasting faults: logged when they begin, once an hour, and when they end, since cron mails every line.

use crate::model::{Address, ProviderKind, RungKind, Target, Timestamp, cut, printable};
use crate::owner;
use crate::store::{FaultNews, Store, StoreError};

/// The fault "`config check` refuses the config".
pub(super) const CONFIG_FAULT: &str = "config";

/// The fault "the config is broken"; behind it stands the host, which has a config of its own.
pub(super) const BROKEN_FAULT: &str = "broken_config";

/// The fault "no copy of the config can be kept"; the same.
pub(super) const NOT_KEPT_FAULT: &str = "config_copy";

/// The fault "nobody can say whether there is a STOP file"; the same.
const STOP_UNKNOWN: &str = "stop_unknown";

/// The key of that fault on this host.
pub(super) fn stop_unknown_fault() -> String {
    format!("{STOP_UNKNOWN} {}", host())
}

/// This host's name, for the keys of its own faults.
pub(super) fn host() -> String {
    cut(&printable(&owner::host()), HOST_CUT)
}

/// Longest name of a machine that is written down (HOST_NAME_MAX of Linux).
const HOST_CUT: usize = 64;

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
    Service::of(provider, RungKind::Call, None).fault()
}

/// The fault "nothing reaches this provider".
pub fn network_fault(provider: ProviderKind) -> String {
    dead_way_fault(&(provider, None))
}

/// The last word of the fault "nothing reaches this provider", or this webhook.
const NETWORK: &str = "network";

/// `twilio network`, `webhook ntfy network`.
pub(super) fn dead_way_fault((provider, channel): &(ProviderKind, Option<String>)) -> String {
    let channel = channel.as_ref().map_or_else(String::new, |name| format!(" {}", printable(name)));
    format!("{provider}{channel} {NETWORK}")
}

/// The way of such a fault.
pub(super) fn dead_way(fault: &str) -> Option<(ProviderKind, Option<String>)> {
    let way = fault.strip_suffix(NETWORK)?.strip_suffix(' ')?;
    let (provider, channel) = way.split_once(' ').map_or((way, None), |(provider, name)| (provider, Some(name)));
    Some((provider.parse().ok()?, channel.map(str::to_owned)))
}

/// Stands before the number in the fault "this provider refuses this from number".
const FROM: &str = " from ";

/// What is refused, and the masked number, where a fault is "this provider refuses this from number".
pub fn refused_sender(fault: &str) -> Option<(&'static str, &str)> {
    let (service, number) = fault.split_once(FROM)?;
    Some((if service.ends_with(MESSAGES) { "messages" } else { "calls" }, number))
}

/// The last word of the faults of messages.
const MESSAGES: &str = " messages";

/// A service of a provider: its calls, its messages, or one webhook or command. A provider that refuses its calls may
/// still take messages.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Service {
    pub(super) provider: ProviderKind,
    pub(super) messages: bool,
    channel: Option<String>,
}

impl Service {
    /// What this provider does in a rung of this kind, for a webhook or command of this name.
    pub(super) fn of(provider: ProviderKind, kind: RungKind, channel: Option<&str>) -> Self {
        Self { provider, messages: kind == RungKind::Sms, channel: channel.map(str::to_owned) }
    }

    /// What this provider does for this target.
    pub(super) fn to(provider: ProviderKind, target: &Target) -> Self {
        let channel = if let Address::Named(name) = &target.address { Some(name.as_str()) } else { None };
        Self::of(provider, target.kind, channel)
    }

    /// What the provider may refuse as a whole.
    pub(super) const fn account(&self) -> (ProviderKind, bool) {
        (self.provider, self.messages)
    }

    /// The way to it through the network.
    pub(super) fn way(&self) -> (ProviderKind, Option<String>) {
        (self.provider, self.channel.clone())
    }

    /// All services there are.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let both = |provider: &ProviderKind| {
            [false, true].map(|messages| Self { provider: *provider, messages, channel: None })
        };
        ProviderKind::ALL.iter().flat_map(both)
    }

    /// The key of the fault "this provider refuses this from number", for calls or for messages: `twilio from ****0199`.
    pub(super) fn sender_fault(&self, from: &Address) -> String {
        format!("{}{FROM}{from}", if self.messages { self.fault() } else { self.provider.to_string() })
    }

    /// The key of the fault "this provider refuses this account", or its messages.
    pub(super) fn fault(&self) -> String {
        format!("{}{}", self.provider, if self.messages { MESSAGES } else { " account" })
    }
}

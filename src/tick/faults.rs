//! Faults that last: told when they begin, once an hour, and when they end, since cron mails every line.

use super::Run;
use crate::model::ProviderKind;
use crate::store::{FaultNews, StoreError};

impl Run<'_> {
    /// Is the fault `key` there? `words` say what it means and what to do.
    pub(super) fn fault(&self, key: &str, there: bool, words: impl Fn() -> String) -> Result<(), StoreError> {
        if !there {
            if self.world.store.fault_gone(key)? {
                log::warn!("over: {key}");
            }
            return Ok(());
        }
        match self.world.store.fault_seen(key, self.world.clock.now())? {
            FaultNews::Began => log::error!("{}", words()),
            FaultNews::Lasts => log::error!("still: {}", words()),
            FaultNews::Quiet => log::debug!("still: {}", words()),
        }
        Ok(())
    }
}

/// The key of the fault "this provider refuses this account".
pub(super) fn account_fault(provider: ProviderKind) -> String {
    format!("{provider} account")
}

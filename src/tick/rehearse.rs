//! `--dry-run`: the same tick on a copy of the database, with a provider that only says what it would do.

use super::{Summary, World, tick};
use crate::model::{
    Accepted, CallReport, CallRequest, CallStatus, HangUp, Outcome, Phone, ProviderKind, Reply, ReplyMeta, Timestamp,
};
use crate::provider::{Gate, Provider, ProviderError, Providers};
use crate::store::StoreError;
use std::sync::Arc;

/// Runs a tick that changes nothing and calls nobody, through the same code.
pub fn dry_run(world: &World) -> Result<Summary, StoreError> {
    let rehearsal = World {
        store: Arc::from(world.store.rehearsal()?),
        providers: Arc::new(Nobody(Arc::new(WouldCall(world.providers.current())))),
        ..world.clone()
    };
    let mut summary = tick(&rehearsal)?;
    summary.dry_run = true;
    Ok(summary)
}

/// Follows and ends no call.
struct Nobody(Arc<WouldCall>);

impl Providers for Nobody {
    fn current(&self) -> Arc<dyn Provider> {
        Arc::clone(&self.0) as Arc<dyn Provider>
    }

    fn for_call(&self, _: ProviderKind, _: &str) -> Option<Arc<dyn Provider>> {
        None
    }
}

/// Stands in for the real provider up to the fence, and takes every call without placing it.
struct WouldCall(Arc<dyn Provider>);

impl Provider for WouldCall {
    fn kind(&self) -> ProviderKind {
        self.0.kind()
    }

    fn account(&self) -> &str {
        self.0.account()
    }

    fn calls_from(&self) -> &Phone {
        self.0.calls_from()
    }

    fn place(&self, call: &CallRequest, gate: &dyn Gate) -> Reply {
        if let Err(reason) = gate.pass() {
            return Reply::fenced(reason);
        }
        let taken = Accepted { sid: format!("DRY-RUN-{}", call.token), status: CallStatus::Queued };
        Reply { outcome: Outcome::Accepted(taken), meta: ReplyMeta::default() }
    }

    fn fetch(&self, _: &str, _: Timestamp) -> Result<CallReport, ProviderError> {
        Err(ProviderError::NotFound)
    }

    fn hang_up(&self, _: &str, _: HangUp, _: Timestamp) -> Result<CallReport, ProviderError> {
        Err(ProviderError::NotFound)
    }
}

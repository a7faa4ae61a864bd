//! `--dry-run`: the same tick on a copy of the database, with a provider that only says what it would do.

use super::{Summary, World, tick};
use crate::feed::NoFeeds;
use crate::model::{
    Accepted, Address, CallReport, CallStatus, HangUp, Outcome, Pace, ProviderKind, Reply, ReplyMeta, Request,
    RungKind, Timestamp,
};
use crate::provider::{Gate, Provider, ProviderError, Providers};
use crate::store::StoreError;
use std::sync::Arc;

/// Runs a tick that changes nothing and calls nobody, through the same code.
pub fn dry_run(world: &World) -> Result<Summary, StoreError> {
    let rehearsal = World {
        store: Arc::from(world.store.rehearsal()?),
        providers: Arc::new(Rehearsed(Arc::clone(&world.providers))),
        // Nothing is fetched: the meetings are those that are known.
        feeds: Arc::new(NoFeeds),
        ..world.clone()
    };
    let mut summary = tick(&rehearsal)?;
    summary.dry_run = true;
    Ok(summary)
}

/// Stands before every provider, and follows and ends no call.
struct Rehearsed(Arc<dyn Providers>);

impl Providers for Rehearsed {
    fn of(&self, kind: RungKind) -> Option<Arc<dyn Provider>> {
        self.0.of(kind).map(|real| -> Arc<dyn Provider> { Arc::new(WouldSend(real)) })
    }

    fn for_attempt(&self, _: RungKind, _: ProviderKind, _: &str) -> Option<Arc<dyn Provider>> {
        None
    }
}

/// Stands in for the real provider up to the fence, and takes everything without sending it.
struct WouldSend(Arc<dyn Provider>);

impl Provider for WouldSend {
    fn kind(&self) -> ProviderKind {
        self.0.kind()
    }

    fn account(&self) -> &str {
        self.0.account()
    }

    fn senders(&self) -> Vec<Address> {
        self.0.senders()
    }

    /// What cannot start in time is told, and nothing waited for.
    fn pace(&self) -> Option<Pace> {
        self.0.pace().map(|pace| Pace { ahead: true, ..pace })
    }

    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply {
        if let Err(reason) = gate.pass() {
            return Reply::fenced(reason);
        }
        let taken = Accepted { sid: format!("DRY-RUN-{}", request.token), status: CallStatus::Queued };
        Reply { outcome: Outcome::Accepted(taken), meta: ReplyMeta::default() }
    }

    fn fetch(&self, _: &str, _: Timestamp) -> Result<CallReport, ProviderError> {
        Err(ProviderError::NotFound)
    }

    fn hang_up(&self, _: &str, _: HangUp, _: Timestamp) -> Result<CallReport, ProviderError> {
        Err(ProviderError::NotFound)
    }
}

//! Test mode: everything but the call itself. Never touches the network.

use super::{Gate, Provider, ProviderError};
use crate::model::{
    Accepted, Address, CallReport, CallStatus, HangUp, Outcome, Pace, ProviderKind, Reply, ReplyMeta, Request,
    Timestamp,
};
use std::sync::Arc;

/// Stands before a provider and never asks it.
pub struct TestMode {
    inner: Arc<dyn Provider>,
}

impl TestMode {
    /// Test mode in the name of `inner`: its account and number, none of its calls.
    pub fn new(inner: Arc<dyn Provider>) -> Self {
        Self { inner }
    }
}

impl Provider for TestMode {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Test
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

    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply {
        if let Err(reason) = gate.pass() {
            return Reply::fenced(reason);
        }
        log::info!("[CALL] TEST MODE - Call not placed (simulated)");
        let taken = Accepted { sid: format!("TEST-{}", request.token), status: CallStatus::Simulated };
        Reply { outcome: Outcome::Accepted(taken), meta: ReplyMeta::default() }
    }

    fn fetch(&self, sid: &str, _: Timestamp) -> Result<CallReport, ProviderError> {
        if !sid.starts_with("TEST-") {
            return Err(ProviderError::NotFound);
        }
        Ok(CallReport::of(CallStatus::Simulated))
    }

    fn hang_up(&self, sid: &str, _: HangUp, now: Timestamp) -> Result<CallReport, ProviderError> {
        self.fetch(sid, now)
    }
}

//! Rehearsals: `--dry-run`, and the stand-ins for providers in it and in a plan. No request leaves this machine, every
//! one is accepted, and nobody picks up.

use super::rehearsed_feeds::{RehearsedFeeds, UnreadCalendar, as_taken};
use super::{Summary, World, tick};
use crate::model::{
    Accepted, Address, CallReport, CallStatus, HangUp, Outcome, Pace, ProviderKind, Reply, ReplyMeta, Request,
    RungKind, Timestamp,
};
use crate::provider::{Gate, Provider, ProviderError, Providers};
use crate::store::StoreError;
use std::sync::Arc;
use std::time::Duration;

/// Which rehearsal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rehearsal {
    /// One tick. It says what cannot start in time and waits for nothing; no call is followed or ended.
    DryRun,
    /// The ticks of hours. Phones ring for as long as they would; calls that exist already are not asked about.
    Plan,
}

/// Runs a tick that changes nothing and calls nobody, through the same code.
pub fn dry_run(world: &World) -> Result<Summary, StoreError> {
    let rehearsal = World {
        store: Arc::from(world.store.rehearsal(world.clock.now())?),
        providers: Arc::new(StandIns(Rehearsal::DryRun, Arc::clone(&world.providers))),
        feeds: Arc::new(RehearsedFeeds::new(world, true)),
        ..world.clone()
    };
    let mut summary = tick(&rehearsal)?;
    summary.dry_run = true;
    summary.unread_calendars = UnreadCalendar::among(&as_taken(world, rehearsal.store.as_ref())?);
    Ok(summary)
}

/// Stands before every provider.
pub(super) struct StandIns(pub(super) Rehearsal, pub(super) Arc<dyn Providers>);

impl Providers for StandIns {
    fn of(&self, kind: RungKind) -> Option<Arc<dyn Provider>> {
        self.1.of(kind).map(|real| -> Arc<dyn Provider> { Arc::new(StandIn(self.0, real)) })
    }

    fn for_attempt(&self, kind: RungKind, provider: ProviderKind, account: &str) -> Option<Arc<dyn Provider>> {
        let same = |stand_in: &Arc<dyn Provider>| stand_in.kind() == provider && stand_in.account() == account;
        self.of(kind).filter(|stand_in| self.0 == Rehearsal::Plan && same(stand_in))
    }
}

/// Stands in for the real provider up to the fence.
struct StandIn(Rehearsal, Arc<dyn Provider>);

/// Ids of planned calls begin so; when it was placed and how long it rings follow, both in milliseconds.
const ID: &str = "PLAN-";

impl Provider for StandIn {
    fn kind(&self) -> ProviderKind {
        self.1.kind()
    }

    fn account(&self) -> &str {
        self.1.account()
    }

    fn senders(&self) -> Vec<Address> {
        self.1.senders()
    }

    fn pace(&self) -> Option<Pace> {
        self.1.pace().map(|pace| Pace { ahead: pace.ahead || self.0 == Rehearsal::DryRun, ..pace })
    }

    fn answers_at_once(&self) -> bool {
        true
    }

    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply {
        if let Err(reason) = gate.pass() {
            return Reply::fenced(reason);
        }
        let (at, ring, token) = (request.intent_at.ms(), request.ring_timeout.as_millis(), &request.token);
        let is_plan = self.0 == Rehearsal::Plan;
        let sid = if is_plan { format!("{ID}{at}-{ring}-{token}") } else { format!("DRY-RUN-{token}") };
        let status = match (self.kind(), request.to.kind) {
            (ProviderKind::Test, _) if is_plan => CallStatus::Simulated,
            (_, RungKind::Sms) if is_plan => CallStatus::Delivered,
            (_, RungKind::Email | RungKind::Webhook | RungKind::Command) if is_plan => CallStatus::Done,
            _ => CallStatus::Queued,
        };
        Reply { outcome: Outcome::Accepted(Accepted { sid, status }), meta: ReplyMeta::default() }
    }

    fn fetch(&self, sid: &str, now: Timestamp) -> Result<CallReport, ProviderError> {
        let (at, ring) = planned(sid).ok_or(ProviderError::NotFound)?;
        let rings = now < at.plus(ring);
        let status = if rings { CallStatus::Ringing } else { CallStatus::NoAnswer };
        let rang_s = (!rings).then(|| u32::try_from(ring.as_secs()).unwrap_or(u32::MAX));
        Ok(CallReport { rang_s, ..CallReport::of(status) })
    }

    fn hang_up(&self, sid: &str, _: HangUp, _: Timestamp) -> Result<CallReport, ProviderError> {
        planned(sid).map(|_| CallReport::of(CallStatus::Canceled)).ok_or(ProviderError::NotFound)
    }
}

fn planned(sid: &str) -> Option<(Timestamp, Duration)> {
    let mut parts = sid.strip_prefix(ID)?.split('-');
    let (at, ring) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((Timestamp::from_ms(at), Duration::from_millis(ring)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planned_call_carries_its_own_times() {
        let read = planned("PLAN-1795338000000-45000-0123456789abcdef");
        assert_eq!(read, Some((Timestamp::from_ms(1_795_338_000_000), Duration::from_secs(45))));
        assert_eq!(planned("CA0123"), None);
    }
}

//! The fence: the last look right before bytes leave, and again when the transport asks for the body.
//!
//! It makes two of the engine's four assumptions true: (A) once it has passed, the bytes leave before the lease ends
//! (less than half of the lease may be gone, counted in boot time, which runs on while the machine sleeps); (D) it is
//! really performed: no provider can be reached but through it.

use super::window::{self, Place};
use crate::model::FenceFacts;
use crate::model::{AttemptState, FenceReason, HangUpState, Timestamp};
use crate::owner::Owner;
use std::time::Duration;

/// What the fence compares the store's facts with.
#[derive(Debug)]
pub struct Moment<'a> {
    /// Wall time, corrected by the provider's clock when ours is known to be wrong.
    pub now: Timestamp,
    /// Milliseconds of `CLOCK_BOOTTIME`.
    pub boottime_ms: i64,
    /// End of the lease, in the same time.
    pub lease_until_boot_ms: i64,
    /// The whole lease.
    pub lease: Duration,
    /// The critical window.
    pub window: Duration,
    /// The STOP file exists.
    pub stopped: bool,
    /// This process.
    pub me: &'a Owner,
}

/// May the bytes leave?
pub fn pass(facts: &FenceFacts, moment: &Moment<'_>) -> Result<(), FenceReason> {
    if facts.state != AttemptState::Sending || facts.owner != *moment.me {
        return Err(FenceReason::NotOurs);
    }
    if facts.incidents_open == Some(false) || facts.hang_up == HangUpState::Wanted {
        return Err(FenceReason::IncidentEnded);
    }
    if facts.starts_at.is_some_and(|start| window::place(start, moment.now, moment.window) != Place::Inside) {
        return Err(FenceReason::WindowClosed);
    }
    if moment.stopped {
        return Err(FenceReason::Stopped);
    }
    let half_ms = i64::try_from(moment.lease.as_millis() / 2).unwrap_or(i64::MAX);
    if moment.boottime_ms > moment.lease_until_boot_ms.saturating_sub(half_ms) {
        return Err(FenceReason::LeaseSpent);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_ms(1_000_000);

    fn ask(change: impl FnOnce(&mut FenceFacts, &mut Moment<'_>)) -> Result<(), FenceReason> {
        let me = Owner::new("boot", 1, 2);
        let mut facts = FenceFacts {
            state: AttemptState::Sending,
            owner: me.clone(),
            hang_up: HangUpState::None,
            incidents_open: Some(true),
            starts_at: Some(START),
        };
        let mut moment = Moment {
            now: Timestamp::from_ms(START.ms() - 60_000),
            boottime_ms: 5_000,
            lease_until_boot_ms: 125_000,
            lease: Duration::from_secs(120),
            window: Duration::from_secs(180),
            stopped: false,
            me: &me,
        };
        change(&mut facts, &mut moment);
        pass(&facts, &moment)
    }

    #[test]
    fn the_fence_lets_a_fresh_attempt_of_an_open_incident_pass() {
        assert_eq!(ask(|_, _| ()), Ok(()));
        assert_eq!(ask(|f, _| (f.incidents_open, f.starts_at) = (None, None)), Ok(()));
    }

    #[test]
    fn the_fence_refuses_what_changed_since_the_claim() {
        for state in AttemptState::ALL.iter().filter(|s| **s != AttemptState::Sending) {
            assert_eq!(ask(|f, _| f.state = *state), Err(FenceReason::NotOurs), "{state}");
        }
        assert_eq!(ask(|f, _| f.owner = Owner::new("boot", 1, 3)), Err(FenceReason::NotOurs));
        assert_eq!(ask(|f, _| f.incidents_open = Some(false)), Err(FenceReason::IncidentEnded));
        assert_eq!(ask(|f, _| f.hang_up = HangUpState::Wanted), Err(FenceReason::IncidentEnded));
        assert_eq!(ask(|_, m| m.now = START), Err(FenceReason::WindowClosed));
        assert_eq!(ask(|_, m| m.now = Timestamp::from_ms(0)), Err(FenceReason::WindowClosed));
        assert_eq!(ask(|_, m| m.stopped = true), Err(FenceReason::Stopped));
    }

    #[test]
    fn the_fence_refuses_once_half_of_the_lease_is_gone() {
        assert_eq!(ask(|_, m| m.boottime_ms = 65_000), Ok(()));
        assert_eq!(ask(|_, m| m.boottime_ms = 65_001), Err(FenceReason::LeaseSpent));
    }
}

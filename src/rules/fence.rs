//! The fence: the last look right before bytes leave, and again when the transport asks for the body.
//!
//! It makes two of the engine's four assumptions true. (A) Once it has passed, the request ends before the attempt's
//! deadline, from which settling counts: the fence closes a whole request before that deadline, which lies well within
//! the lease. It counts in boot time, which runs on while the machine sleeps. (D) It is always asked: no provider can
//! be reached but through it.

use super::window::{self, WindowPosition};
use crate::model::FenceFacts;
use crate::model::{AttemptState, FenceReason, HangUpState, Repeat, RungKind, Stop, Timestamp};
use crate::owner::Owner;
use std::time::Duration;

/// What the fence compares the store's facts with.
#[derive(Debug)]
pub struct Moment<'a> {
    /// Wall time, corrected by the provider's clock when ours is known to be wrong.
    pub now: Timestamp,
    /// The provider's time, when it is known in this tick and far from ours: the window must be open by both.
    pub provider_now: Option<Timestamp>,
    /// Milliseconds of `CLOCK_BOOTTIME`.
    pub boottime_ms: i64,
    /// A request may begin until then, by the same clock.
    pub send_by_boot_ms: i64,
    /// The critical window of calls.
    pub window: Duration,
    /// What stops rungs that run only while nobody has answered.
    pub repeat: Repeat,
    /// The STOP file.
    pub stop: &'a Stop,
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
    if facts.acknowledged && moment.repeat == Repeat::UntilAnswered {
        return Err(FenceReason::Acknowledged);
    }
    match position(facts, moment.now, moment.window) {
        WindowPosition::Over => return Err(FenceReason::WindowClosed),
        WindowPosition::Early => return Err(FenceReason::TooEarly),
        WindowPosition::Inside => {}
    }
    if moment.provider_now.is_some_and(|now| position(facts, now, moment.window) != WindowPosition::Inside) {
        return Err(FenceReason::ClockDoubt);
    }
    match moment.stop {
        Stop::Absent => {}
        Stop::There(_) => return Err(FenceReason::Stopped),
        Stop::Unreadable { .. } => return Err(FenceReason::StopUnknown),
    }
    if facts.pause.as_ref().is_some_and(|pause| pause.holds_at(moment.now)) {
        return Err(FenceReason::Paused);
    }
    if moment.boottime_ms > moment.send_by_boot_ms {
        return Err(FenceReason::TooLate);
    }
    Ok(())
}

/// Where a moment lies in the attempt's time. A call has the critical window, anything else the time from due to
/// deadline. `call-test` has no step and so no window.
fn position(facts: &FenceFacts, now: Timestamp, critical: Duration) -> WindowPosition {
    let Some((due_at, deadline_at)) = facts.due else { return WindowPosition::Inside };
    let window = if facts.kind == RungKind::Call { critical } else { window::between(due_at, deadline_at) };
    window::position(deadline_at, now, window)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PauseView;

    const START: Timestamp = Timestamp::from_ms(1_000_000);

    fn ask(change: impl FnOnce(&mut FenceFacts, &mut Moment<'_>)) -> Result<(), FenceReason> {
        ask_with(&Stop::Absent, change)
    }

    fn ask_with(stop: &Stop, change: impl FnOnce(&mut FenceFacts, &mut Moment<'_>)) -> Result<(), FenceReason> {
        let me = Owner::new("boot", 1, 2);
        let mut facts = FenceFacts {
            state: AttemptState::Sending,
            owner: me.clone(),
            hang_up: HangUpState::None,
            incidents_open: Some(true),
            acknowledged: false,
            pause: None,
            kind: RungKind::Call,
            due: Some((Timestamp::from_ms(START.ms() - 90_000), START)),
        };
        let mut moment = Moment {
            now: Timestamp::from_ms(START.ms() - 60_000),
            provider_now: None,
            boottime_ms: 5_000,
            send_by_boot_ms: 28_000,
            window: Duration::from_secs(180),
            repeat: Repeat::UntilAnswered,
            stop,
            me: &me,
        };
        change(&mut facts, &mut moment);
        pass(&facts, &moment)
    }

    #[test]
    fn the_fence_lets_a_fresh_attempt_of_an_open_incident_pass() {
        assert_eq!(ask(|_, _| ()), Ok(()));
        assert_eq!(ask(|f, _| (f.incidents_open, f.due) = (None, None)), Ok(()));
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
        assert_eq!(ask(|_, m| m.now = Timestamp::from_ms(0)), Err(FenceReason::TooEarly));
        assert_eq!(ask_with(&Stop::There("/x/STOP".into()), |_, _| ()), Err(FenceReason::Stopped));
        let unknown = Stop::Unreadable { path: "/x/STOP".into(), error: "Permission denied".into() };
        assert_eq!(ask_with(&unknown, |_, _| ()), Err(FenceReason::StopUnknown));
    }

    #[test]
    fn the_fence_refuses_while_a_pause_holds() {
        let pause = |until: Option<i64>| {
            let until = until.map(Timestamp::from_ms);
            Some(PauseView { person: None, since: Timestamp::from_ms(0), until, reason: None })
        };
        // The moment is 60 s before the start.
        let over = START.ms() - 60_000;
        assert_eq!(ask(|f, _| f.pause = pause(None)), Err(FenceReason::Paused));
        assert_eq!(ask(|f, _| f.pause = pause(Some(over + 1))), Err(FenceReason::Paused));
        assert_eq!(ask(|f, _| f.pause = pause(Some(over))), Ok(()));
    }

    #[test]
    fn the_fence_refuses_what_was_answered_unless_it_repeats_until_joined() {
        assert_eq!(ask(|f, _| f.acknowledged = true), Err(FenceReason::Acknowledged));
        let joined = |f: &mut FenceFacts, m: &mut Moment<'_>| (f.acknowledged, m.repeat) = (true, Repeat::UntilJoined);
        assert_eq!(ask(joined), Ok(()));
    }

    #[test]
    fn what_is_no_call_passes_from_when_it_is_due_until_its_deadline() {
        let at = |ms: i64| {
            ask(|f, m| {
                let due = (Timestamp::from_ms(START.ms() + 300_000), Timestamp::from_ms(START.ms() + 900_000));
                (f.kind, f.due, m.now) = (RungKind::Webhook, Some(due), Timestamp::from_ms(START.ms() + ms));
            })
        };
        let asked = [299_999, 300_000, 899_999, 900_000].map(at);
        assert_eq!(asked, [Err(FenceReason::TooEarly), Ok(()), Ok(()), Err(FenceReason::WindowClosed)]);
    }

    #[test]
    fn the_window_must_be_open_by_the_providers_clock_too() {
        let at = |s: i64| Some(Timestamp::from_ms(START.ms() - s * 1000));
        assert_eq!(ask(|_, m| m.provider_now = at(100)), Ok(()));
        assert_eq!(ask(|_, m| m.provider_now = at(-540)), Err(FenceReason::ClockDoubt));
        assert_eq!(ask(|_, m| m.provider_now = at(600)), Err(FenceReason::ClockDoubt));
    }

    #[test]
    fn the_fence_refuses_what_could_no_longer_end_before_its_deadline() {
        assert_eq!(ask(|_, m| m.boottime_ms = 28_000), Ok(()));
        assert_eq!(ask(|_, m| m.boottime_ms = 28_001), Err(FenceReason::TooLate));
    }
}

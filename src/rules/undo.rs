//! What may be taken back, and what comes again then.
//!
//! Taking back revives nothing: no call, no step that has ended, no wish to hang up. What the calls before have counted
//! stays counted. Only what is still to come is planned again, and never a ring for a meeting that has begun.

use crate::model::{PlannedStep, RungKind, Timestamp};
use std::time::Duration;

/// What was done longer ago cannot be taken back.
pub const LONGEST: Duration = Duration::from_secs(12 * 3600);

/// Which of the steps come again, for a meeting that starts at `starts_at`: those that were cancelled and are not due
/// yet. `cancelled` is `None` for a meeting that was not watched; its ladder is that of the config.
pub fn comes_again(
    cancelled: Option<&[PlannedStep]>,
    ladder: &[PlannedStep],
    starts_at: Timestamp,
    now: Timestamp,
) -> Vec<PlannedStep> {
    let may_come = |step: &&PlannedStep| step.due_at > now && (step.action.kind != RungKind::Call || starts_at > now);
    cancelled.unwrap_or(ladder).iter().filter(may_come).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Action, Addressee, Offset, When};

    const START: Timestamp = Timestamp::from_ms(10_000_000);

    fn step(rung: u32, kind: RungKind, at: Offset) -> PlannedStep {
        let action = Action { kind, at, to: Addressee::Person, channel: None, when: When::Always };
        PlannedStep { rung, action, due_at: at.of(START), deadline_at: START }
    }

    fn ladder() -> Vec<PlannedStep> {
        let before = |s| Offset::Before(Duration::from_secs(s));
        vec![
            step(0, RungKind::Call, before(180)),
            step(1, RungKind::Call, before(90)),
            step(2, RungKind::Sms, Offset::After(Duration::from_secs(60))),
        ]
    }

    fn rungs(cancelled: Option<&[PlannedStep]>, seconds: i64) -> Vec<u32> {
        let now = Timestamp::from_ms(START.ms() + seconds * 1000);
        comes_again(cancelled, &ladder(), START, now).iter().map(|step| step.rung).collect()
    }

    #[test]
    fn only_what_is_still_to_come_comes_again() {
        for (seconds, rings) in
            [(-181, vec![0, 1, 2]), (-180, vec![1, 2]), (-91, vec![1, 2]), (-90, vec![2]), (59, vec![2]), (60, vec![])]
        {
            assert_eq!(rungs(None, seconds), rings, "{seconds}");
        }
    }

    #[test]
    fn a_step_that_ended_otherwise_does_not_come_again() {
        assert_eq!(rungs(Some(&ladder()[1..]), -300), [1, 2]);
        assert_eq!(rungs(Some(&[]), -300), Vec::<u32>::new());
    }

    #[test]
    fn no_phone_rings_for_a_meeting_that_has_begun() {
        let late = step(3, RungKind::Call, Offset::After(Duration::from_secs(600)));
        assert_eq!(rungs(Some(&[late]), 1), Vec::<u32>::new());
    }
}

//! From the rungs of the config to the steps of one meeting.

use super::message::Template;
use crate::model::{Action, Offset, PlannedStep, RungKind, Timestamp};
use std::time::Duration;

/// An incident is opened this long before its first rung is due, so that `status` shows what is coming.
pub const OPEN_AHEAD: Duration = Duration::from_secs(15 * 60);

/// A rung that is due after the start still makes sense for so long.
pub const AFTER_FOR: Duration = Duration::from_secs(10 * 60);

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// What it does, when, and to whom.
    pub action: Action,
    /// Words of its own.
    pub message: Option<Template>,
}

impl Rung {
    /// Phone the person this long before the start.
    pub const fn call(before: Duration) -> Self {
        Self { action: Action::call(before), message: None }
    }
}

/// The steps of a meeting that starts at `starts_at`.
pub fn plan(ladder: &[Rung], starts_at: Timestamp) -> Vec<PlannedStep> {
    let step = |(rung, r): (u32, &Rung)| PlannedStep {
        rung,
        action: r.action.clone(),
        due_at: r.action.at.of(starts_at),
        deadline_at: deadline(&r.action, starts_at),
    };
    (0..).zip(ladder).map(step).collect()
}

/// A rung that is due before the start is too late at the start, one that is due after it a while later. A call is
/// never made after the start.
fn deadline(action: &Action, starts_at: Timestamp) -> Timestamp {
    match action.at {
        Offset::After(_) if action.kind != RungKind::Call => action.at.of(starts_at).plus(AFTER_FOR),
        _ => starts_at,
    }
}

/// How long before its start a meeting comes into reach of the ladder.
pub fn reach(ladder: &[Rung]) -> Duration {
    let before = |rung: &Rung| match rung.action.at {
        Offset::Before(before) => before,
        Offset::After(_) => Duration::ZERO,
    };
    ladder.iter().map(before).max().unwrap_or_default().saturating_add(OPEN_AHEAD)
}

/// The words of the rung a step was made of. `None`: it has none of its own, or left the config.
pub fn message<'l>(ladder: &'l [Rung], step: &Action) -> Option<&'l Template> {
    ladder.iter().find(|rung| rung.action == *step)?.message.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Addressee, When};

    const START: Timestamp = Timestamp::from_ms(10_000_000);

    fn sms(at: Offset) -> Rung {
        let action = Action { kind: RungKind::Sms, at, to: Addressee::Person, channel: None, when: When::Always };
        Rung { action, message: Template::parse("Hello").ok() }
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn each_rung_is_due_its_time_before_or_after_the_start() {
        let ladder = [sms(Offset::Before(s(300))), Rung::call(s(90)), sms(Offset::After(s(60)))];
        let steps = plan(&ladder, START);
        let times: Vec<_> = steps.iter().map(|p| (p.rung, p.due_at.since(START), p.deadline_at.since(START))).collect();
        assert_eq!(times, [(0, -300_000, 0), (1, -90_000, 0), (2, 60_000, 660_000)]);
        assert_eq!(reach(&ladder), s(300) + OPEN_AHEAD);
    }

    #[test]
    fn a_step_finds_the_words_of_its_rung_wherever_that_stands_now() {
        let ladder = [Rung::call(s(90)), sms(Offset::Before(s(300)))];
        assert_eq!(message(&ladder, &sms(Offset::Before(s(300))).action), Template::parse("Hello").ok().as_ref());
        assert_eq!(message(&ladder, &Action::call(s(90))), None);
        assert_eq!(message(&ladder, &sms(Offset::Before(s(301))).action), None);
    }
}

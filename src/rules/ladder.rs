//! From the rungs of the config to the steps of one meeting.

use crate::model::{PlannedStep, RungKind, Timestamp};
use std::time::Duration;

/// An incident is opened this long before its first rung is due, so that `status` shows what is coming.
pub const OPEN_AHEAD: Duration = Duration::from_secs(15 * 60);

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// What it does.
    pub kind: RungKind,
    /// How long before the start.
    pub before: Duration,
}

/// The steps of a meeting that starts at `starts_at`.
pub fn plan(ladder: &[Rung], starts_at: Timestamp) -> Vec<PlannedStep> {
    (0..)
        .zip(ladder)
        .map(|(rung, r)| PlannedStep { rung, kind: r.kind, before: r.before, due_at: starts_at.minus(r.before) })
        .collect()
}

/// How long before its start a meeting comes into reach of the ladder.
pub fn reach(ladder: &[Rung]) -> Duration {
    ladder.iter().map(|r| r.before).max().unwrap_or_default().saturating_add(OPEN_AHEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rung_is_due_its_time_before_the_start() {
        let rung = |s| Rung { kind: RungKind::Call, before: Duration::from_secs(s) };
        let ladder = [rung(180), rung(90)];
        let steps = plan(&ladder, Timestamp::from_ms(1_000_000));
        assert_eq!(steps.iter().map(|s| (s.rung, s.due_at.ms())).collect::<Vec<_>>(), [(0, 820_000), (1, 910_000)]);
        assert_eq!(reach(&ladder), Duration::from_secs(180) + OPEN_AHEAD);
    }
}

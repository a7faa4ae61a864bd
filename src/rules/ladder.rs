//! From the rungs of the config to the steps of one meeting.

use super::message::Template;
use crate::model::{Action, Addressee, Marks, Offset, PlannedStep, RungKind, Timestamp, When};
use std::borrow::Cow;
use std::time::Duration;

pub use crate::model::OPEN_AHEAD;

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

/// The ladder of a meeting with these marks. What is important rings though somebody has answered. An early notice is the
/// first that the person gets by mail, message or webhook; one that comes earlier anyway stays where it is.
pub fn marked(ladder: &[Rung], marks: Marks) -> Cow<'_, [Rung]> {
    if marks.is_empty() {
        return Cow::Borrowed(ladder);
    }
    let mut ladder = ladder.to_vec();
    if let Some((early, first)) = marks.early.zip(ladder.iter_mut().find(|rung| is_notice(&rung.action))) {
        let at = &mut first.action.at;
        *at = if at.ms() > Offset::Before(early).ms() { Offset::Before(early) } else { *at };
    }
    for rung in ladder.iter_mut().filter(|rung| marks.important && rung.action.when == When::Unanswered) {
        rung.action.when = When::Always;
    }
    Cow::Owned(ladder)
}

/// Does a mark for an early notice mean it? Calls keep the window, and what comes after the start or goes to somebody else
/// keeps its time.
pub fn is_notice(action: &Action) -> bool {
    matches!(action.kind, RungKind::Sms | RungKind::Email | RungKind::Webhook)
        && action.to == Addressee::Person
        && action.when != When::Missed
        && matches!(action.at, Offset::Before(_))
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
    let exact = ladder.iter().find(|rung| rung.action == *step);
    exact.or_else(|| of_marks(ladder, step))?.message.as_ref()
}

/// The rung that marks made this step of.
fn of_marks<'l>(ladder: &'l [Rung], step: &Action) -> Option<&'l Rung> {
    let same = |rung: &&Rung, at| Action { at, when: step.when, ..rung.action.clone() } == *step;
    let in_time = ladder.iter().find(|rung| same(rung, rung.action.at));
    in_time.or_else(|| {
        let first = ladder.iter().find(|rung| is_notice(&rung.action));
        first.filter(|rung| same(rung, step.at) && step.at.ms() < rung.action.at.ms())
    })
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

    /// When each rung is due, in seconds after the start, and on which condition.
    fn shape(ladder: &[Rung]) -> Vec<(i64, When)> {
        ladder.iter().map(|rung| (rung.action.at.ms() / 1000, rung.action.when)).collect()
    }

    fn early(seconds: u64) -> Marks {
        Marks { important: false, early: Some(s(seconds)) }
    }

    #[test]
    fn an_early_notice_is_the_first_one_that_the_person_gets_before_the_start() {
        let ladder = [Rung::call(s(600)), sms(Offset::Before(s(300))), sms(Offset::Before(s(240))), Rung::call(s(90))];
        let unanswered = When::Unanswered;
        let with = |at| vec![(-600, unanswered), (at, When::Always), (-240, When::Always), (-90, unanswered)];
        assert_eq!(shape(&marked(&ladder, early(900))), with(-900));
        assert_eq!(shape(&marked(&ladder, early(120))), with(-300), "it comes earlier anyway");
        assert_eq!(reach(&marked(&ladder, early(900))), s(900) + OPEN_AHEAD);
        assert_eq!(*marked(&ladder, Marks::default()), ladder[..]);
    }

    #[test]
    fn an_early_notice_moves_nothing_that_others_get_or_that_comes_after_the_start() {
        let boss = Action { to: Addressee::Contact("boss".into()), ..sms(Offset::Before(s(300))).action };
        let missed = Action { when: When::Missed, ..sms(Offset::Before(s(60))).action };
        let program = Action { kind: RungKind::Command, ..sms(Offset::Before(s(300))).action };
        let late = sms(Offset::After(s(60))).action;
        let ladder = [boss, missed, program, late].map(|action| Rung { action, message: None });
        assert_eq!(*marked(&ladder, early(900)), ladder[..]);
    }

    #[test]
    fn what_is_important_rings_though_somebody_has_answered() {
        let missed = Action { when: When::Missed, ..sms(Offset::After(s(60))).action };
        let ladder = [Rung::call(s(180)), Rung::call(s(90)), Rung { action: missed, message: None }];
        let important = marked(&ladder, Marks { important: true, early: None });
        assert_eq!(shape(&important), [(-180, When::Always), (-90, When::Always), (60, When::Missed)]);
    }

    #[test]
    fn a_step_of_marks_finds_the_words_of_its_rung() {
        let mut ladder = [sms(Offset::Before(s(300))), sms(Offset::Before(s(240)))];
        ladder[0].action.when = When::Unanswered;
        ladder[1].message = Template::parse("Second").ok();
        let all = marked(&ladder, Marks { important: true, early: Some(s(900)) });
        let words: Vec<_> = all.iter().map(|rung| message(&ladder, &rung.action)).collect();
        assert_eq!(words, [ladder[0].message.as_ref(), ladder[1].message.as_ref()]);
    }

    #[test]
    fn a_step_finds_the_words_of_its_rung_wherever_that_stands_now() {
        let ladder = [Rung::call(s(90)), sms(Offset::Before(s(300)))];
        assert_eq!(message(&ladder, &sms(Offset::Before(s(300))).action), Template::parse("Hello").ok().as_ref());
        assert_eq!(message(&ladder, &Action::call(s(90))), None);
        assert_eq!(message(&ladder, &sms(Offset::Before(s(299))).action), None);
    }
}

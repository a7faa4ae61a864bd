//! Rules that a store asks inside its transactions.

use super::{Meeting, UndoFacts};
use crate::model::{
    AfterFacts, Answer, Facts, Heard, Line, OpenAttempt, Placed, PlannedStep, Reason, Refusal, Settle, StepNext, Told,
    Verdict,
};

/// The guards, asked inside the claim transaction.
pub type GuardRule<'a> = &'a dyn Fn(&Facts) -> Verdict;

/// The guards of the step at this place of the queue, asked inside the transaction that sheds steps.
pub type QueueRule<'a> = &'a dyn Fn(usize, &Facts) -> Verdict;

/// Which of the calls that no attempt knows was placed for the step, asked inside the transaction that adopts it.
pub type PlacedRule<'a> = &'a dyn Fn(&Facts) -> Option<Placed>;

/// Which steps of the queue cannot start in time, by their places. It gets the pace, and the steps that the guards
/// would let pass now.
pub type CapacityRule<'a> = &'a dyn Fn(&Line, &[(usize, Facts)]) -> Vec<(usize, Refusal)>;

/// What becomes of a step after its attempt, asked inside the record transaction.
pub type AfterRule<'a> = &'a dyn Fn(&AfterFacts) -> StepNext;

/// The same for the reply at this place.
pub type ReplyRule<'a> = &'a dyn Fn(usize, &AfterFacts) -> StepNext;

/// What becomes of an open attempt as time passes, asked inside the settle transaction.
pub type SettleRule<'a> = &'a dyn Fn(&OpenAttempt) -> Settle;

/// What an inbound answer means, asked inside the transaction that uses it.
pub type HearRule<'a> = &'a dyn Fn(&Heard, &[Told]) -> Answer;

/// The guards of a text that explains an answer, asked inside the transaction that writes it. The number: messages that
/// were sent lately for the meeting that had the most.
pub type TextRule<'a> = &'a dyn Fn(&Facts, u32) -> Verdict;

/// What comes again when an act is taken back, asked inside the transaction that does it.
pub type UndoRule<'a> = &'a dyn Fn(&UndoFacts<'_>) -> Vec<PlannedStep>;

/// The ladder, asked when a meeting comes into reach.
pub type PlanRule<'a> = &'a dyn Fn(&Meeting) -> Plan;

/// What the ladder says about a meeting in reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Watch it with these steps.
    Watch(Vec<PlannedStep>),
    /// Do not watch it: the incident is written as `CANCELLED` with this reason.
    Refuse(Reason),
}

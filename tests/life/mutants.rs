//! Old rules, put around the program of today: with each of them, days fail.
//!
//! The program has no switches for this. A hook before the store changes what a rule answers, and the exchange or the
//! day does the rest.

use crate::forward::{Forward, Hook, Seen};
use savehub::model::{
    AfterFacts, Answer, Facts, Heard, NotSentCause, Outcome, Reason, Refusal, RejectionClass, Reply, StepNext,
    StepState, Timestamp, Told, Verdict,
};
use savehub::store::{AfterRule, GuardRule, HearRule, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Which rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Rules {
    /// Those of the program.
    Todays,
    /// A call that did not leave the machine is tried once more, a second later, and then given up.
    TriesTwice,
    /// A lost database does not ask which calls the provider knows.
    ForgetsCalls,
    /// A rung ends as superseded by one that is not due yet, while its phone is busy.
    SupersededTooSoon,
    /// A number to call from that is refused counts as the account.
    NumberIsAccount,
    /// A broken config stops the ticks.
    BrokenStops,
    /// An answer belongs to what was told first.
    AnswersEarliest,
}

impl Rules {
    /// All that are old.
    pub const OLD: [Self; 6] = [
        Self::TriesTwice,
        Self::ForgetsCalls,
        Self::SupersededTooSoon,
        Self::NumberIsAccount,
        Self::BrokenStops,
        Self::AnswersEarliest,
    ];

    /// The store under these rules.
    pub fn store(self, inner: Arc<dyn Store>) -> Arc<dyn Store> {
        if self == Self::Todays { inner } else { Arc::new(Forward { inner, hook: Old(self, AtomicU32::new(0)) }) }
    }

    /// Which calls the provider's list shows after a database was lost.
    pub fn lists_since(self, lost: Timestamp) -> Timestamp {
        if self == Self::ForgetsCalls { lost } else { Timestamp::from_ms(0) }
    }

    /// What the provider's answer is taken for.
    pub fn reply(self, mut reply: Reply) -> Reply {
        if let (Self::NumberIsAccount, Outcome::Rejected(refused)) = (self, &mut reply.outcome)
            && refused.code == Some(21210)
        {
            (refused.class, refused.code) = (RejectionClass::Ours, Some(20003));
        }
        reply
    }
}

/// Stands before the store, and counts the requests in a row that did not leave.
struct Old(Rules, AtomicU32);

impl Hook for Old {
    fn after(&self, rule: AfterRule<'_>, reply: &Reply, facts: &AfterFacts) -> StepNext {
        let Outcome::NotSent(not_sent) = &reply.outcome else { return rule(facts) };
        if self.0 != Rules::TriesTwice || matches!(not_sent.cause, NotSentCause::Fenced(_)) {
            return rule(facts);
        }
        if self.1.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            return rule(facts);
        }
        let detail = not_sent.detail.clone();
        StepNext::End(Refusal::new(StepState::Failed, Reason::NotSent, detail))
    }

    fn guards(&self, rule: GuardRule<'_>, claim: &Seen, facts: &Facts) -> Verdict {
        // A minute before its last rung is due, with the ladder of most stories.
        let too_soon = facts.number.last_rang_at.is_some() && claim.deadline_at.since(claim.due_at) > 120_000;
        match rule(facts) {
            Verdict::Wait(Reason::NumberBusy) if self.0 == Rules::SupersededTooSoon && too_soon => {
                let detail = "a later rung of the ladder is due soon";
                Verdict::Refuse(Refusal::new(StepState::Skipped, Reason::Superseded, detail))
            }
            verdict => verdict,
        }
    }

    fn answers(&self, rule: HearRule<'_>, heard: &Heard, told: &[Told]) -> Answer {
        let first = told.iter().min_by_key(|told| told.at).map(std::slice::from_ref);
        rule(heard, first.filter(|_| self.0 == Rules::AnswersEarliest).unwrap_or(told))
    }
}

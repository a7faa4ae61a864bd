//! What rows add up to.

use super::outcome::{Ending, Outcome, of_attempt, of_incident};
use crate::model::{Amount, AttemptTally, CallStatus, IncidentTally, RungKind};
use std::collections::BTreeMap;

/// How often each outcome was met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Outcome, u64>);

impl Counts {
    fn add(&mut self, other: &Self) {
        for (outcome, n) in &other.0 {
            *self.0.entry(*outcome).or_default() += n;
        }
    }

    /// How often this one.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0.get(&outcome).copied().unwrap_or(0)
    }

    /// How often one of those that pass.
    pub fn all(&self, pass: impl Fn(Outcome) -> bool) -> u64 {
        self.0.iter().filter(|(outcome, _)| pass(**outcome)).map(|(_, n)| n).sum()
    }

    /// Calls that were placed, or may have been.
    pub fn placed(&self) -> u64 {
        self.all(Outcome::is_placed)
    }

    /// Failures of every sort.
    pub fn failed(&self) -> u64 {
        self.all(Outcome::is_failure)
    }

    /// Answered ones, in thousandths of those that rang to an end of their own; `None` without any.
    pub fn answer_rate(&self) -> Option<u64> {
        rate(self.of(Outcome::Answered), self.all(Outcome::rang_out))
    }
}

/// A part in thousandths, rounded; `None` of nothing.
pub fn rate(part: u64, of: u64) -> Option<u64> {
    (of > 0).then(|| (part.saturating_mul(2000).saturating_add(of)) / (2 * of))
}

/// Amounts by currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spend(BTreeMap<String, Amount>);

impl Spend {
    /// What a price without a currency is counted under.
    pub const NO_UNIT: &'static str = "?";

    /// Adds an amount.
    pub fn add(&mut self, unit: Option<&str>, amount: Amount) {
        let sum = self.0.entry(unit.unwrap_or(Self::NO_UNIT).to_owned()).or_default();
        *sum = sum.plus(amount);
    }

    /// In this currency.
    pub fn of(&self, unit: &str) -> Amount {
        self.0.get(unit).copied().unwrap_or(Amount::ZERO)
    }

    /// Each currency with its sum, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Amount)> {
        self.0.iter().map(|(unit, amount)| (unit.as_str(), *amount))
    }

    /// Has nothing a price?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How the meetings ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meetings(BTreeMap<Ending, u64>);

impl Meetings {
    /// How many ended so.
    pub fn of(&self, ending: Ending) -> u64 {
        self.0.get(&ending).copied().unwrap_or(0)
    }

    /// How many were watched to their end.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// How many were joined after each number of calls, fewest first; without those joined before the first call.
    pub fn after_calls(&self) -> impl Iterator<Item = (u32, u64)> {
        self.0.iter().filter_map(|(ending, n)| match ending {
            Ending::Joined(calls) if *calls > 0 => Some((*calls, *n)),
            _ => None,
        })
    }

    /// How many were joined after a call.
    pub fn joined_after_a_call(&self) -> u64 {
        self.after_calls().map(|(_, n)| n).sum()
    }
}

/// What a day, a person, or everything adds up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Calls, without those of `call-test`.
    pub calls: Counts,
    /// Messages, mails, webhooks, commands.
    pub others: BTreeMap<RungKind, Counts>,
    /// Calls that repeat an attempt that reached nobody.
    pub retries: u64,
    /// How often the provider was at its limit, for calls and messages.
    pub rate_limited: u64,
    /// Calls of `call-test`.
    pub test_calls: u64,
    /// Steps no attempt was made for, because a guard said no.
    pub not_tried: u64,
    /// How the meetings ended.
    pub meetings: Meetings,
    /// What was paid, `call-test` and messages included.
    pub spend: Spend,
    /// Calls that were picked up and have no price (yet).
    pub unpriced_calls: u64,
    /// Messages that were sent and have no price (yet).
    pub unpriced_messages: u64,
}

impl Totals {
    /// Adds attempts.
    pub fn add_attempts(&mut self, row: &AttemptTally) {
        let outcome = of_attempt(row);
        self.add_price(row);
        if row.test {
            self.test_calls += if outcome.is_placed() { row.count } else { 0 };
            return;
        }
        let counts =
            if row.kind == RungKind::Call { &mut self.calls } else { self.others.entry(row.kind).or_default() };
        *counts.0.entry(outcome).or_default() += row.count;
        if row.retry && row.kind == RungKind::Call && outcome.is_try() {
            self.retries += row.count;
        }
        if outcome == Outcome::RateLimited {
            self.rate_limited += row.count;
        }
    }

    fn add_price(&mut self, row: &AttemptTally) {
        if let Some(amount) = row.price.as_deref().and_then(Amount::charged) {
            self.spend.add(row.price_unit.as_deref(), amount.times(row.count));
        } else if is_priced(row) {
            let unpriced =
                if row.kind == RungKind::Call { &mut self.unpriced_calls } else { &mut self.unpriced_messages };
            *unpriced += row.count;
        }
    }

    /// Adds the totals of another day or person.
    pub fn add(&mut self, other: &Self) {
        self.calls.add(&other.calls);
        for (kind, counts) in &other.others {
            self.others.entry(*kind).or_default().add(counts);
        }
        self.retries += other.retries;
        self.rate_limited += other.rate_limited;
        self.test_calls += other.test_calls;
        self.not_tried += other.not_tried;
        for (ending, n) in &other.meetings.0 {
            *self.meetings.0.entry(*ending).or_default() += n;
        }
        for (unit, amount) in other.spend.iter() {
            self.spend.add(Some(unit), amount);
        }
        self.unpriced_calls += other.unpriced_calls;
        self.unpriced_messages += other.unpriced_messages;
    }

    /// Adds meetings.
    pub fn add_meetings(&mut self, row: &IncidentTally) {
        if let Some(ending) = of_incident(row) {
            *self.meetings.0.entry(ending).or_default() += row.count;
        }
    }
}

/// Does the provider name a price for these, sooner or later? Calls cost when they were picked up, messages when they
/// were sent; the rest of what there is has no price.
fn is_priced(row: &AttemptTally) -> bool {
    let paid_kind = matches!(row.kind, RungKind::Call | RungKind::Sms) && !row.rehearsed;
    let sent = matches!(
        row.call_status,
        Some(CallStatus::Completed | CallStatus::Sent | CallStatus::Delivered | CallStatus::Undelivered)
    );
    paid_kind && sent
}

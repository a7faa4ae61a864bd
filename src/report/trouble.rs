//! What failed and why, and what was never tried.

use super::outcome::{Outcome, of_attempt};
use crate::model::{AttemptState, AttemptTally, Reason, RefusedTally, RungKind};
use std::collections::BTreeMap;

/// Failures of one sort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was tried.
    pub kind: RungKind,
    /// What became of it.
    pub outcome: Outcome,
    /// The provider's error code.
    pub code: Option<u32>,
    /// HTTP status of a refusal without a code.
    pub http_status: Option<u16>,
    /// What was said about one of them, in words; from outside.
    pub said: Option<String>,
    /// How many.
    pub count: u64,
}

/// The failures among these, most frequent first.
pub fn failures<'a>(rows: impl Iterator<Item = &'a AttemptTally>) -> Vec<Failure> {
    let mut found: BTreeMap<(RungKind, Outcome, Option<u32>, Option<u16>), Failure> = BTreeMap::new();
    for row in rows {
        let outcome = of_attempt(row);
        if !outcome.is_failure() {
            continue;
        }
        let (kind, code, http_status) = (row.kind, row.error_code, row.http_status);
        // The detail of a proof that there is no call is not the provider's words.
        let said = row.error.clone().filter(|_| row.state != AttemptState::Absent);
        let failure = found.entry((kind, outcome, code, http_status)).or_insert(Failure {
            kind,
            outcome,
            code,
            http_status,
            said: None,
            count: 0,
        });
        failure.count += row.count;
        failure.said = failure.said.take().or(said);
    }
    let mut failures: Vec<_> = found.into_values().collect();
    failures.sort_by_key(|failure| std::cmp::Reverse(failure.count));
    failures
}

/// Steps a guard said no to, of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTried {
    /// What was to be done.
    pub kind: RungKind,
    /// Why it was not.
    pub reason: Reason,
    /// How many.
    pub count: u64,
}

/// These, by kind and reason, most frequent first.
pub fn not_tried<'a>(rows: impl Iterator<Item = &'a RefusedTally>) -> Vec<NotTried> {
    let mut found: BTreeMap<(RungKind, Reason), u64> = BTreeMap::new();
    for row in rows {
        *found.entry((row.kind, row.reason)).or_default() += row.count;
    }
    let mut found: Vec<_> = found.into_iter().map(|((kind, reason), count)| NotTried { kind, reason, count }).collect();
    found.sort_by_key(|steps| std::cmp::Reverse(steps.count));
    found
}

//! What a tick did with a step.

use super::{detailed, reason_words, verb};
use crate::model::{ProviderKind, Reason, RungKind, StepState};
use crate::store::StepResult;

/// What a tick did with a step: `called ****0123, call CA…`, `skipped: too late`.
pub(in crate::cli) fn result_words(result: &StepResult, dry_run: bool) -> String {
    let to = result.to.as_deref().unwrap_or("nobody");
    let id = result.call_id.as_deref().unwrap_or("unknown");
    if result.state == StepState::Executed && result.kind != RungKind::Call {
        return sent(result, dry_run, to);
    }
    match (result.state, result.reason) {
        (StepState::Executed, Reason::Merged) if dry_run => format!("would be named by the same call to {to}"),
        (StepState::Executed, _) if dry_run => format!("would call {to}"),
        (StepState::Executed, Reason::Merged) => format!("named by the same call to {to}, call {id}"),
        (StepState::Executed, Reason::TestMode) => format!("test mode, {to} was not called"),
        (StepState::Executed, _) if result.provider == Some(ProviderKind::Mock) => {
            format!("called {to} on the mock phone, call {id}")
        }
        (StepState::Executed, _) => format!("called {to}, call {id}"),
        (state, reason) => {
            let would = if dry_run { "would be " } else { "" };
            let why = detailed(reason_words(reason), Some(&result.detail));
            format!("{would}{}: {why}", state.as_str().to_lowercase())
        }
    }
}

/// `texted ****0123, SM…`: what is no call.
fn sent(result: &StepResult, dry_run: bool, to: &str) -> String {
    let verb = verb(result.kind);
    let (would, did) = (verb.would, verb.did);
    let id = result.call_id.as_deref().unwrap_or("unknown");
    match (result.provider, result.reason) {
        _ if dry_run => format!("would {would} {to}"),
        (_, Reason::TestMode) => format!("test mode, would have {did} {to}"),
        (Some(ProviderKind::Mock), _) => format!("{did} {to}, but for the mock provider: {id}"),
        _ => format!("{did} {to}, {id}"),
    }
}

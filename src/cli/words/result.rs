//! What a tick did with a step.

use super::attempt::code_words;
use super::{detailed, reason_words, verb};
use crate::model::{ProviderKind, Reason, RungKind, StepState, printable};
use crate::store::{LateEnd, StepResult};

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

/// `the call to ****0123, CA…, was taken and failed: 21214 the number cannot be reached. Check …; the email is due now`.
pub(in crate::cli) fn late_words(end: &LateEnd) -> String {
    let to = format!("the {} to {}, {},", end.kind, end.to, printable(&end.call_id));
    let what = match end.kind {
        RungKind::Call => "was taken, and the provider could not bring it to the phone",
        _ => "was taken, and not delivered",
    };
    let next = end.next.map_or_else(String::new, |kind| format!(" The {kind} of the next rung is due now."));
    let why = code_words(end.error_code).map_or_else(String::new, |words| format!(": {}", words.trim_end_matches('.')));
    format!("failed: {to} {what}{why}.{next}")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CallStatus, IncidentId, StepId};

    #[test]
    fn what_was_taken_and_failed_says_why_what_to_do_and_what_is_due_instead() {
        let end = LateEnd {
            step: StepId(1),
            incident: IncidentId(4),
            kind: RungKind::Call,
            event: "e".into(),
            person: "ana".into(),
            title: "Board sync".into(),
            call_id: "CA1".into(),
            to: "****0123".into(),
            call_status: CallStatus::Failed,
            error_code: Some(21214),
            next: Some(RungKind::Sms),
        };
        assert_eq!(
            late_words(&end),
            "failed: the call to ****0123, CA1, was taken, and the provider could not bring it to the phone: 21214 the \
             number cannot be reached. This number cannot be reached: check it, or ask its carrier. The sms of the next \
             rung is due now."
        );
        let sms = LateEnd { kind: RungKind::Sms, call_id: "SM1".into(), error_code: Some(99_999), next: None, ..end };
        assert_eq!(late_words(&sms), "failed: the sms to ****0123, SM1, was taken, and not delivered: 99999.");
        let silent = LateEnd { error_code: None, ..sms };
        assert_eq!(late_words(&silent), "failed: the sms to ****0123, SM1, was taken, and not delivered.");
    }
}

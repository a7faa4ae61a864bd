//! Has a human answered?

use crate::model::CallReport;

/// The word of machine detection for a human (docs/voice/answering-machine-detection, `AnsweredBy`). Everything else is a
/// machine, a fax, or doubt.
const HUMAN: &str = "human";

/// Does this report say that a human has answered? A call that was merely picked up may be voicemail: without machine
/// detection it says nothing, whatever the provider reports.
pub fn by_a_human(report: &CallReport, machine_detection: bool) -> bool {
    machine_detection && report.answered_by.as_deref() == Some(HUMAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CallStatus;

    #[test]
    fn only_a_human_that_detection_heard_has_answered() {
        let by = |who: Option<&str>, detection| {
            let answered_by = who.map(str::to_owned);
            let report = CallReport { answered_by, ..CallReport::of(CallStatus::InProgress) };
            by_a_human(&report, detection)
        };
        assert!(by(Some("human"), true));
        for (who, detection) in
            [(Some("human"), false), (Some("machine_start"), true), (Some("unknown"), true), (None, true)]
        {
            assert!(!by(who, detection), "{who:?}");
        }
    }
}

//! What Twilio refuses is written down with what it means, is not sent again, and does not hold up the next rung.

use crate::story::Story;
use crate::support::fake_twilio::{Behaviour, Endpoint};
use savehub::provider::{meaning, remedy};

const DONE: &str = "EXECUTED(initiated)";

/// Requests to send a message to Ana, answered or not.
fn sends(story: &Story) -> usize {
    let to_ana = |body: &str| body.starts_with("To=%2B12025550101&");
    let is_send = |r: &&crate::support::wire::Request| r.method == "POST" && r.path().ends_with("/Messages.json");
    story.w.fake().requests().iter().filter(is_send).filter(|r| to_ana(&r.body)).count()
}

#[test]
fn a_refused_message_is_not_sent_again_and_the_calls_come_at_their_time() {
    for (code, said, reason) in [
        (21610, "Attempt to send to unsubscribed recipient", "invalid_number"),
        (21408, "Permission to send an SMS has not been enabled for the region", "invalid_number"),
        (
            21608,
            "The number is unverified. Trial accounts cannot send messages to unverified numbers",
            "invalid_number",
        ),
        (21211, "Invalid 'To' Phone Number", "invalid_number"),
        (30034, "US A2P 10DLC - Message from an Unregistered Number", "provider_setup"),
    ] {
        let story = Story::new("");
        story.w.fake().script_for(Endpoint::Send, [Behaviour::error(400, code, said)]);
        story.until(-6 * 60);
        assert_eq!(sends(&story), 1, "{code}");
        let refused = format!("FAILED({reason})");
        assert_eq!(story.steps(), [DONE, &refused, DONE, DONE, DONE, DONE], "{code}");
        let calls = ["-180 call +12025550101", "-90 call +12025550101", "300 sms +12025550103"];
        assert_eq!(story.reached()[1..4], calls, "{code}");
        let step = story.w.incident(story.meeting).steps.remove(1);
        assert_eq!((step.detail, step.attempts.len()), (Some(format!("{code} {said}")), 1));
        let attempt = &step.attempts[0];
        assert_eq!((attempt.error_code, attempt.error.as_deref()), (Some(code), Some(said)));
        assert!(remedy(code).is_some(), "{code}");
    }
}

#[test]
fn a_message_the_carrier_drops_is_not_sent_again_and_the_calls_come_at_their_time() {
    for code in [30034, 30003, 30007] {
        let story = Story::new("");
        story.w.fake().set_message_life(&[(1, "sent", None), (5, "undelivered", Some(code))]);
        story.until(-6 * 60);
        assert_eq!((sends(&story), story.steps()), (1, vec![DONE.to_owned(); 6]), "{code}");
        let attempt = story.w.attempts(story.meeting).remove(1);
        assert_eq!((attempt.call_status.unwrap().as_str(), attempt.error_code), ("undelivered", Some(code)));
        assert!(meaning(code).is_some() && remedy(code).is_some(), "{code}");
    }
}

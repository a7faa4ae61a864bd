//! What Twilio refuses is written down with what it means, is not sent again, and does not hold up the next rung.

use crate::reaching::story::{PEOPLE, START_IN, Story};
use crate::support::fake_twilio::{Behaviour, Endpoint, FakeCall, Latch};
use crate::support::phone;
use crate::support::wire::Request;
use crate::support::world::{BEGIN, World};
use savehub::model::RungKind;
use savehub::provider::{meaning, remedy};
use savehub::tick::tick;

const DONE: &str = "EXECUTED(initiated)";

/// Requests to send a message to Ana, answered or not.
fn sends(story: &Story) -> usize {
    let to_ana = |body: &str| body.starts_with("To=%2B12025550101&");
    let is_send = |r: &&Request| r.method == "POST" && r.path().ends_with("/Messages.json");
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
        story.until(-7 * 60);
        assert_eq!(sends(&story), 1, "{code}");
        let refused = format!("FAILED({reason})");
        assert_eq!(story.steps(), [DONE, &refused, DONE, DONE, DONE, DONE, DONE], "{code}");
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
        story.until(-7 * 60);
        assert_eq!((sends(&story), story.steps()), (1, vec![DONE.to_owned(); 7]), "{code}");
        let attempt = story.w.attempts(story.meeting).remove(1);
        assert_eq!((attempt.call_status.unwrap().as_str(), attempt.error_code), ("undelivered", Some(code)));
        assert!(meaning(code).is_some() && remedy(code).is_some(), "{code}");
    }
}

#[test]
fn a_from_number_that_cannot_send_messages_holds_up_no_call() {
    let person =
        |n: u8| format!("[[person]]\nid = \"p{n}\"\nphone = \"{}\"\nemail = \"p{n}@example.com\"\n", phone(n).expose());
    let others: String = (10..21).map(person).collect();
    let story = Story::among(&format!("{PEOPLE}{others}"), "All hands", "[engine]\nparallel = 2\n");
    let said = "The 'From' phone number provided is not a valid message-capable phone number";
    story.w.fake().set_down(Endpoint::Send, Some(Behaviour::error(400, 21606, said)));
    let meetings: Vec<_> = (10..21).map(|n| story.w.meeting_of(&format!("p{n}"), "All hands", "in 15m")).collect();
    story.until(0);
    let first = |call: &&FakeCall| BEGIN.plus(START_IN).since(call.created_at) == 180_000;
    assert_eq!(story.calls().iter().filter(first).count(), 12, "{:?}", story.reached());
    for meeting in meetings {
        assert_eq!(story.w.steps(meeting)[2..4], [DONE; 2]);
    }
}

#[test]
fn a_message_that_is_refused_because_of_the_from_number_delays_nobody_elses_call() {
    let ladder = "[[ladder]]\nstep = \"sms\"\nbefore = \"5m\"\n[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";
    let w = World::on_twilio(ladder);
    w.fake().set_down(Endpoint::Send, Some(Behaviour::error(400, 21606, "not message-capable")));
    let (ana, ben) = (w.meeting("in 5m"), w.meeting_of("ben", "Interview", "in 7m"));
    w.tick();
    w.advance(120);
    // Ana's call waits for the list of calls to her until Ben's message is refused.
    let latch = Latch::default();
    w.fake().script_for(Endpoint::List, [Behaviour::Delay(latch.clone(), Box::new(Behaviour::Answer))]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let is_send = |r: &Request| r.method == "POST" && r.path().ends_with("/Messages.json");
            w.fake().wait_for(|requests| requests.iter().filter(|r| is_send(r)).count() == 2);
            latch.open();
        });
        tick(&w.parts).unwrap();
    });
    assert_eq!(w.steps(ana), ["FAILED(provider_setup)", DONE]);
    assert_eq!(w.steps(ben), ["FAILED(provider_setup)", "PENDING"]);
}

#[test]
fn a_refusal_of_messages_lasts_until_one_is_taken_or_none_is_to_be_sent_whatever_calls_do() {
    for taken in [true, false] {
        let mut story = Story::new("");
        story.w.fake().script_for(Endpoint::Send, [Behaviour::error(400, 21606, "not message-capable")]);
        story.until(90);
        assert_eq!(faults(&story), ["twilio messages"], "two calls were taken meanwhile");
        if taken {
            story.until(-300);
        } else {
            story.w.change_config(|config| config.ladder.retain(|rung| rung.action.kind != RungKind::Sms));
            story.tick();
        }
        assert_eq!(faults(&story), Vec::<String>::new());
    }
}

fn faults(story: &Story) -> Vec<String> {
    story.w.snapshot().faults.into_iter().map(|fault| fault.fault).collect()
}

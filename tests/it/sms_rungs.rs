//! Text messages as rungs of the ladder, on a turned clock: sent once, followed, answered, and found when their answer is
//! lost.

use crate::support::fake_twilio::{Behaviour, Endpoint, Latch, unanswered};
use crate::support::world::World;
use crate::support::{Open, call, phone};
use savehub::model::{Request, Target};
use savehub::provider::Provider;
use savehub::provider::twilio::{Messages, Twilio};

const LADDER: &str = "[[ladder]]\nstep = \"sms\"\nbefore = \"5m\"\n\n[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

fn world() -> World {
    let w = World::on_twilio(LADDER);
    w.fake().set_life(unanswered(1, 20));
    w
}

/// Every message to Ana that exists at the provider.
fn texts(w: &World) -> Vec<String> {
    let to = phone(1);
    w.fake().sent().into_iter().filter(|m| m.to == to.expose()).map(|m| m.body).collect()
}

#[test]
fn a_reply_to_the_message_stops_the_call() {
    let w = world();
    let m = w.meeting("in 300s");
    w.tick();
    assert_eq!((texts(&w).len(), w.posts()), (1, 0));
    let (body, key) = (texts(&w).remove(0), w.parts.store.waiting().unwrap()[0].tags[0].clone());
    assert!(body.contains("Board sync") && body.ends_with(&format!(" #{key}")), "{body}");
    assert_eq!(w.fake().sent()[0].valid_s, Some(300), "worth nothing after the start");
    w.advance(60);
    w.fake().gets_message(&phone(1), &format!("1 {key}"));
    w.advance(60);
    w.tick();
    assert_eq!(
        (w.state(m), w.steps(m)),
        ("RESOLVED(joined)".into(), words(["EXECUTED(initiated)", "CANCELLED(joined)"]))
    );
    w.advance(60);
    w.tick();
    assert_eq!((texts(&w).len(), w.posts()), (1, 0));
}

#[test]
fn the_standard_words_of_a_message_say_how_to_answer_where_answers_are_heard() {
    let said = |config: &str| {
        let w = World::on_twilio(config);
        w.meeting("in 300s");
        w.tick();
        texts(&w).remove(0)
    };
    let body = said(LADDER);
    assert!(body.contains(" at 9:05. Reply 1 if you are in. #"), "{body}");
    let own = LADDER.replacen("5m\"", "5m\"\nmessage = \"{title} starts soon.\"", 1);
    for config in [format!("{LADDER}[hear]\nreplies = false\n"), own] {
        let body = said(&config);
        assert!(!body.contains("Reply"), "{body}");
    }
}

#[test]
fn a_message_is_followed_until_it_is_on_the_phone_and_the_ladder_goes_on() {
    let w = world();
    let m = w.meeting("in 300s");
    w.fake().set_message_life(&[(1, "sending", None), (2, "sent", None), (8, "delivered", None)]);
    w.tick();
    w.advance(4);
    w.tick();
    w.advance(30);
    w.tick();
    let statuses: Vec<_> = w.attempts(m).iter().map(|a| a.call_status.unwrap().as_str()).collect();
    assert_eq!(statuses, ["delivered"]);
    w.advance(90);
    w.tick();
    assert_eq!((w.steps(m), w.posts()), (words(["EXECUTED(initiated)", "EXECUTED(initiated)"]), 1));
}

#[test]
fn a_message_that_still_waits_is_cancelled_by_the_check_in() {
    let w = world();
    let m = w.meeting("in 300s");
    w.tick();
    assert_eq!(w.check_in(m).hang_ups, 1);
    assert_eq!(w.fake().sent()[0].status, "canceled");
}

#[test]
fn a_message_that_has_left_is_let_go_by_the_check_in() {
    let w = world();
    let m = w.meeting("in 300s");
    w.fake().set_message_life(&[(1, "sent", None)]);
    w.tick();
    w.advance(2);
    w.check_in(m);
    let before = w.fake().requests().len();
    for _ in 0..2 {
        w.advance(30);
        w.tick();
    }
    let cancels = |r: &crate::support::wire::Request| r.method == "POST" && r.target.contains("/Messages/SM");
    assert!(!w.fake().requests()[before..].iter().any(cancels), "asked once, not for ever");
}

#[test]
fn a_message_whose_answer_is_lost_is_found_by_its_tag_and_not_sent_twice() {
    for lie in [Behaviour::AcceptAndLoseReply, Behaviour::server_error().accepted(), Behaviour::Reset.accepted()] {
        let w = world();
        let m = w.meeting("in 300s");
        // Somebody else's program writes to her from the same number.
        let other = Messages::of(Twilio::new(&w.fake().config(), &w.parts.config.engine).into());
        w.fake().script_for(Endpoint::Send, [lie.clone()]);
        w.tick();
        assert_eq!(w.attempt_states(m), ["UNKNOWN"], "{lie:?}");
        other.place(&Request { to: Target::sms(phone(1)), ..call("Your parcel has arrived") }, &Open);
        w.advance(30);
        w.tick();
        let found = w.attempts(m).remove(0);
        assert_eq!((w.attempt_states(m), w.steps(m)[0].as_str()), (words(["ACCEPTED"]), "EXECUTED(initiated)"));
        assert_eq!(found.call_id.as_deref(), Some(w.fake().sent()[0].sid.as_str()), "{lie:?}");
        w.advance(30);
        w.tick();
        assert_eq!(texts(&w).len(), 2, "ours and the stranger's: {lie:?}");
    }
}

#[test]
fn a_message_that_never_was_is_sent_again_with_its_tag_though_others_went_out() {
    let w = world();
    let m = w.meeting("in 300s");
    w.fake().script_for(Endpoint::Send, [Behaviour::CloseBeforeReply]);
    w.tick();
    w.advance(80);
    w.tick();
    assert_eq!(w.attempt_states(m), ["ABSENT", "ACCEPTED"]);
    assert_eq!(texts(&w).len(), 1);
    let sends: Vec<String> = w
        .fake()
        .requests()
        .into_iter()
        .filter(|r| r.target.ends_with("/Messages.json") && r.method == "POST")
        .map(|r| r.body)
        .collect();
    let tags: Vec<&str> = sends.iter().filter_map(|body| body.rsplit_once("%23")).map(|(_, tag)| tag).collect();
    assert_eq!((tags.len(), tags[0]), (2, tags[1]), "one key, one tag");
}

#[test]
fn a_message_whose_creation_is_late_is_never_sent_twice() {
    let w = world();
    let m = w.meeting("in 300s");
    let latch = Latch::default();
    w.fake().script_for(Endpoint::Send, [Behaviour::accept_late(&latch)]);
    let fake = w.fake();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            fake.wait_for_requests(2);
            latch.open();
        });
        w.tick();
    });
    w.fake().wait_for_idle();
    for _ in 0..4 {
        w.advance(30);
        w.tick();
    }
    assert_eq!((texts(&w).len(), w.attempt_states(m)[0].as_str()), (1, "ACCEPTED"));
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

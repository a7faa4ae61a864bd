//! Ladders of every kind of rung, on a turned clock with the mock provider: what is sent, when, to whom, and what stops it.

use crate::support::phone;
use crate::support::stand_in::{StandIn, unknown};
use crate::support::world::World;
use savehub::config::{Contact, Rung};
use savehub::model::{
    AckHow, Action, Address, Addressee, AttemptState, Email, MeetingId, MockOutcome, NotSentCause, Offset, Outcome,
    Reply, Request, RungKind, When,
};
use savehub::provider::Only;
use savehub::provider::mock::Mock;
use savehub::rules::message::Template;
use savehub::store::Acknowledgement;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const fn before(seconds: u64) -> Offset {
    Offset::Before(Duration::from_secs(seconds))
}

const fn after(seconds: u64) -> Offset {
    Offset::After(Duration::from_secs(seconds))
}

fn rung(kind: RungKind, at: Offset) -> Rung {
    let channel = kind.is_named().then(|| "ntfy".to_owned());
    Rung { action: Action { kind, at, to: Addressee::Person, channel, when: When::Unanswered }, message: None }
}

fn to_bea(kind: RungKind, at: Offset) -> Rung {
    let Rung { action, .. } = rung(kind, at);
    Rung { action: Action { to: Addressee::Contact("Bea".into()), when: When::Always, ..action }, message: None }
}

/// Mail 12 min, SMS 5 min, calls 3 min and 90 s before the start; Bea gets a message and a webhook its JSON after it.
fn whole_ladder() -> Vec<Rung> {
    let words = Template::parse("{title} in {minutes} min").ok();
    vec![
        rung(RungKind::Email, before(720)),
        Rung { message: words, ..rung(RungKind::Sms, before(300)) },
        Rung::call(Duration::from_secs(180)),
        Rung::call(Duration::from_secs(90)),
        to_bea(RungKind::Sms, after(300)),
        rung(RungKind::Webhook, after(360)),
    ]
}

/// Ana has a mailbox, Bea is a contact; the phone does this.
fn world(outcomes: &[MockOutcome], ladder: Vec<Rung>) -> World {
    world_with("", Arc::new(Mock::new(outcomes)), ladder)
}

fn world_with(config: &str, provider: Arc<dyn savehub::provider::Provider>, ladder: Vec<Rung>) -> World {
    let mut w = World::on_phone(config, provider);
    w.change_config(|config| {
        config.ladder = ladder;
        config.people[0].email = Email::parse("ana@example.com").ok();
        config.contacts = vec![Contact { name: "Bea".into(), phone: Some(phone(3)), email: None }];
    });
    w
}

/// Ticks every 30 s for so long.
fn ticks(w: &World, minutes: u64) {
    for _ in 0..minutes * 2 {
        w.tick();
        w.advance(30);
    }
}

/// `-720 email a***@example.com` of everything that was sent, in seconds from the start.
fn timeline(w: &World, meeting: MeetingId) -> Vec<String> {
    let start = w.incident(meeting).starts_at;
    let line = |r: Request| format!("{} {} {}", r.intent_at.since(start) / 1000, r.to.kind, r.to);
    w.sent().into_iter().map(line).collect()
}

const SILENT: [MockOutcome; 2] = [MockOutcome::NoAnswer, MockOutcome::Voicemail];

#[test]
fn a_ladder_nobody_answers_is_climbed_to_its_end() {
    let w = world(&SILENT, whole_ladder());
    let meeting = w.meeting("in 15m");
    ticks(&w, 30);
    let expected = [
        "-720 email a***@example.com",
        "-300 sms ****0101",
        "-180 call ****0101",
        "-90 call ****0101",
        "300 sms ****0103",
        "360 webhook ntfy",
    ];
    assert_eq!(timeline(&w, meeting), expected);
    assert_eq!(w.steps(meeting), ["EXECUTED(initiated)"; 6]);
    assert_eq!(w.state(meeting), "ESCALATING", "the grace time is not over");
    ticks(&w, 1);
    assert_eq!(w.state(meeting), "MISSED(no_check_in)");
}

#[test]
fn each_rung_has_the_words_for_its_reader() {
    let w = world(&SILENT, whole_ladder());
    w.meeting("in 15m");
    ticks(&w, 25);
    let said: Vec<_> = w.sent().iter().map(|r| (r.subject.clone(), r.message.clone())).collect();
    let call = |left: &str| (None, format!("Hello Ana. This is savehub. Board sync starts in {left}, at 9:15."));
    let expected = [
        (Some("Board sync starts at 9:15".to_owned()), call("12 minutes").1),
        (None, "Board sync in 5 min".to_owned()),
        call("3 minutes"),
        call("1 minute"),
        (None, "This is savehub. Ana seems to be missing Board sync, at 9:15.".to_owned()),
        (None, "Hello Ana. This is savehub. Board sync started at 9:15.".to_owned()),
    ];
    assert_eq!(said, expected);
    let facts = &w.sent()[5].facts;
    assert_eq!((facts.name.as_str(), facts.meetings[0].title.as_str()), ("Ana", "Board sync"));
    assert_eq!((facts.incident.map(|i| i.0), facts.step.map(|s| s.0)), (Some(1), Some(6)));
}

#[test]
fn a_check_in_stops_every_rung() {
    let w = world(&SILENT, whole_ladder());
    let meeting = w.meeting("in 15m");
    ticks(&w, 11);
    w.check_in(meeting);
    ticks(&w, 25);
    assert_eq!(timeline(&w, meeting), ["-720 email a***@example.com", "-300 sms ****0101"]);
    assert_eq!(w.steps(meeting)[2..], ["CANCELLED(joined)"; 4]);
}

#[test]
fn a_human_who_answers_stops_what_runs_only_while_nobody_has() {
    let w =
        world_with("[call]\nmachine_detection = true\n", Arc::new(Mock::new(&[MockOutcome::Answered])), whole_ladder());
    let meeting = w.meeting("in 15m");
    ticks(&w, 25);
    let incident = w.incident(meeting);
    let acknowledged = incident.acknowledged.unwrap();
    assert_eq!((acknowledged.how, acknowledged.by.as_str()), (AckHow::Answered, "****0101"));
    assert_eq!(w.state(meeting), "ACKNOWLEDGED");
    let done = "EXECUTED(initiated)";
    assert_eq!(w.steps(meeting), [done, done, done, "SKIPPED(acknowledged)", done, "SKIPPED(acknowledged)"]);
    w.phone("ana").rang(1);
    assert_eq!(w.check_in(meeting).state.as_str(), "RESOLVED", "answered is not joined");
}

#[test]
fn until_joined_the_rungs_go_on_whoever_answers() {
    let config = "[call]\nmachine_detection = true\nrepeat = \"until-joined\"\n";
    let w = world_with(config, Arc::new(Mock::new(&[MockOutcome::Answered])), whole_ladder());
    let meeting = w.meeting("in 15m");
    ticks(&w, 25);
    assert_eq!((w.state(meeting).as_str(), w.steps(meeting)), ("ACKNOWLEDGED", vec!["EXECUTED(initiated)".into(); 6]));
    ticks(&w, 10);
    assert_eq!(w.state(meeting), "MISSED(no_check_in)");
}

#[test]
fn a_call_that_was_merely_picked_up_changes_nothing() {
    for (config, outcome) in
        [("", MockOutcome::Answered), ("[call]\nmachine_detection = true\n", MockOutcome::Voicemail)]
    {
        let w = world_with(config, Arc::new(Mock::new(&[outcome])), whole_ladder());
        let meeting = w.meeting("in 15m");
        ticks(&w, 25);
        assert_eq!(
            (w.state(meeting).as_str(), w.steps(meeting)),
            ("ESCALATING", vec!["EXECUTED(initiated)".into(); 6])
        );
    }
}

#[test]
fn a_reply_acknowledges_once_and_is_shown() {
    let w = world(&SILENT, whole_ladder());
    let meeting = w.meeting("in 15m");
    ticks(&w, 11);
    let reply = Acknowledgement { how: AckHow::Reply, by: Address::Phone(phone(1)) };
    let id = w.incident(meeting).id;
    assert!(w.parts.store.acknowledge(id, &reply, w.now()).unwrap());
    assert!(!w.parts.store.acknowledge(id, &reply, w.now()).unwrap());
    ticks(&w, 14);
    w.phone("ana").rang(0);
    assert_eq!(w.steps(meeting)[2..4], ["SKIPPED(acknowledged)"; 2]);
    let shown = w.incident(meeting).acknowledged.unwrap();
    assert_eq!((shown.how, shown.by.as_str()), (AckHow::Reply, "****0101"));
}

#[test]
fn ticks_that_come_too_late_say_so_and_do_what_still_makes_sense() {
    let w = world(&SILENT, whole_ladder());
    let meeting = w.meeting("in 15m");
    w.tick();
    w.advance(15 * 60 + 10 * 60);
    let summary = w.tick();
    let (late, window, done) = ("SKIPPED(too_late)", "SKIPPED(outside_critical_window)", "EXECUTED(initiated)");
    assert_eq!(w.steps(meeting), [late, late, window, window, done, done]);
    assert_eq!(summary.exit().code(), 1);
    let other = w.meeting("in 15m");
    w.tick();
    w.advance(15 * 60 + 16 * 60);
    w.tick();
    assert_eq!(w.steps(other)[4..], [late, late], "ten minutes are the end of a rung after the start");
    assert_eq!(w.state(other), "MISSED(no_check_in)");
}

#[test]
fn a_rung_whose_contact_left_the_config_fails_with_its_reason() {
    let mut w = world(&SILENT, vec![to_bea(RungKind::Sms, before(300)), to_bea(RungKind::Email, before(299))]);
    let meeting = w.meeting("in 10m");
    w.tick();
    w.change_config(|config| config.contacts.clear());
    ticks(&w, 10);
    assert_eq!(w.steps(meeting), ["FAILED(no_target)"; 2]);
    assert_eq!(w.incident(meeting).steps[0].detail.as_deref(), Some("the config has no sms for the contact `Bea`"));
}

/// Token and key of every try.
type Tries = Arc<Mutex<Vec<(String, String)>>>;

/// Everything of this kind goes out without an answer for the first `times`; tokens and keys, in order.
fn lossy(kind: RungKind, times: usize) -> (Arc<StandIn>, Tries) {
    let seen = Tries::default();
    let line = Arc::clone(&seen);
    let provider = StandIn::new(Arc::new(Mock::new(&[]))).placing(move |mock, request, gate| {
        if gate.pass().is_err() || request.to.kind != kind {
            return mock.place(request, gate);
        }
        let mut seen = line.lock().unwrap();
        seen.push((request.token.clone(), request.key.clone()));
        if seen.len() <= times { unknown() } else { mock.place(request, gate) }
    });
    (Arc::new(provider), seen)
}

fn after_losses(kind: RungKind, times: usize) -> (Vec<String>, usize) {
    let (provider, seen) = lossy(kind, times);
    let mut w = world_with("", Arc::clone(&provider) as _, vec![rung(kind, before(300))]);
    w.parts.providers = Arc::new(Only(provider));
    let meeting = w.meeting("in 10m");
    ticks(&w, 12);
    let seen = seen.lock().unwrap();
    assert!(seen.iter().all(|(_, key)| *key == seen[0].0), "one key for all: {seen:?}");
    (w.steps(meeting), seen.len())
}

#[test]
fn a_webhook_without_an_answer_is_repeated_with_its_key_until_somebody_answers_and_sent_three_times_at_most() {
    assert_eq!(after_losses(RungKind::Webhook, 2), (vec!["EXECUTED(initiated)".to_owned()], 3));
    assert_eq!(after_losses(RungKind::Webhook, usize::MAX), (vec!["FAILED(unknown)".to_owned()], 3));
}

#[test]
fn what_certainly_did_not_leave_spends_no_repeat_of_what_may_have_arrived() {
    for (kind, times) in [(RungKind::Webhook, 3), (RungKind::Email, 2)] {
        let seen = Arc::new(Mutex::new(0_usize));
        let count = Arc::clone(&seen);
        let provider = StandIn::new(Arc::new(Mock::new(&[]))).placing(move |_, _, _| {
            let mut count = count.lock().unwrap();
            *count += 1;
            // Every other try finds no connection.
            if *count % 2 == 1 { Reply::not_sent(NotSentCause::Connect, "refused") } else { unknown() }
        });
        let provider = Arc::new(provider);
        let mut w = world_with("", Arc::clone(&provider) as _, vec![rung(kind, before(300))]);
        w.parts.providers = Arc::new(Only(provider));
        let meeting = w.meeting("in 10m");
        ticks(&w, 12);
        assert_eq!(w.steps(meeting), ["FAILED(unknown)"], "{kind}");
        assert_eq!(*seen.lock().unwrap(), 2 * times, "{kind}");
    }
}

#[test]
fn a_mail_without_an_answer_is_repeated_once_and_a_command_and_a_message_never() {
    assert_eq!(after_losses(RungKind::Email, 1), (vec!["EXECUTED(initiated)".to_owned()], 2));
    for (kind, times) in [(RungKind::Email, 2), (RungKind::Command, 1), (RungKind::Sms, 1)] {
        assert_eq!(after_losses(kind, usize::MAX), (vec!["FAILED(unknown)".to_owned()], times), "{kind}");
    }
}

#[test]
fn a_webhook_serves_two_meetings_at_once_and_a_dead_one_holds_up_nobody() {
    let (provider, _) = lossy(RungKind::Webhook, 1);
    let mut w = world_with("", Arc::clone(&provider) as _, vec![rung(RungKind::Webhook, before(300))]);
    w.parts.providers = Arc::new(Only(provider));
    let (ana, ben) = (w.meeting_of("ana", "First", "in 5m"), w.meeting_of("ben", "Second", "in 5m"));
    w.tick();
    let mut states = [w.attempt_states(ana), w.attempt_states(ben)].concat();
    states.sort();
    assert_eq!(states, [AttemptState::Accepted.as_str(), AttemptState::Unknown.as_str()]);
}

#[test]
fn a_number_that_opted_out_of_messages_is_still_called() {
    let refuse = StandIn::new(Arc::new(Mock::new(&[]))).placing(|mock, request, gate| match request.to.kind {
        RungKind::Sms => savehub::model::Reply {
            outcome: Outcome::Rejected(savehub::model::Rejection {
                class: savehub::model::RejectionClass::Callee,
                code: Some(21610),
                message: "opted out".into(),
                retry_after: None,
            }),
            meta: savehub::model::ReplyMeta::default(),
        },
        _ => mock.place(request, gate),
    });
    let refuse = Arc::new(refuse);
    let ladder =
        vec![rung(RungKind::Sms, before(400)), rung(RungKind::Sms, before(300)), Rung::call(Duration::from_secs(180))];
    let mut w = world_with("", Arc::clone(&refuse) as _, ladder);
    w.parts.providers = Arc::new(Only(refuse));
    let meeting = w.meeting("in 10m");
    ticks(&w, 12);
    let refused = ["FAILED(invalid_number)", "SKIPPED(invalid_number)", "EXECUTED(initiated)"];
    assert_eq!(w.steps(meeting), refused);
}

//! What people say, heard without a web server: replies, calls back, keys; and who is not heard.

mod confirm;
mod lists;
mod many;
mod which;

use crate::support::fake_twilio::{Behaviour, Endpoint, FakeTwilio, Latch, ListShape, TOKEN, answered, unanswered};
use crate::support::world::World;
use crate::support::{HUNG, Open, call, engine, phone};
use savehub::clock::ManualClock;
use savehub::exit::Exit;
use savehub::model::{HeardEffect, HeardHow, Inbound, Phone, Timestamp};
use savehub::provider::twilio::{KEY_BIN, Twilio};
use savehub::provider::{Ask, Hearing, ListPage, Provider, ProviderError, Registry};
use savehub::tick::{HeardSeen, Summary};
use std::sync::Arc;
use std::time::Duration;

const KEYS: &str = "[hear]\nkey_bin = \"https://handler.twilio.com/twiml/EH1\"\n";
/// A world in which nobody answers the phone.
fn world(config: &str) -> World {
    let w = World::on_twilio(config);
    w.fake().set_life(unanswered(1, 20));
    w
}

fn ana() -> Phone {
    phone(1)
}

fn says(w: &World, words: &str) {
    w.fake().gets_message(&ana(), words);
}

/// How, effect and number of incidents of everything a tick heard.
fn heard(summary: &Summary) -> Vec<(HeardHow, HeardEffect, usize)> {
    summary.heard.iter().map(|h| (h.how, h.effect, h.incidents.len())).collect()
}

fn asked(fake: &FakeTwilio) -> usize {
    let is_asked = |target: &str| target.contains("DateSent") || target.contains("StartTime");
    fake.requests().iter().filter(|r| is_asked(&r.target) || r.target.contains("Conferences")).count()
}

// --- stories ---

#[test]
fn a_reply_is_a_check_in_and_the_second_call_is_never_made() {
    let w = world("");
    let m = w.meeting("in 180s");
    w.tick();
    w.phone("ana").rang(1);
    w.advance(60);
    says(&w, " Joined! ");
    w.advance(30);
    let summary = w.tick();
    assert_eq!(
        (w.state(m), w.steps(m)),
        ("RESOLVED(joined)".into(), steps(["EXECUTED(initiated)", "CANCELLED(joined)"]))
    );
    let incidents = vec![w.incident(m).id];
    let told = HeardSeen { how: HeardHow::Message, from: "****0101".into(), effect: HeardEffect::Joined, incidents };
    assert_eq!((summary.heard, summary.results), (vec![told], vec![]));
    w.advance(30);
    w.tick();
    w.phone("ana").rang(1);
}

#[test]
fn who_says_they_will_miss_it_is_not_called_again() {
    let w = world("[hear]\nmissed = [\"schaffe es nicht\"]\n");
    let m = w.meeting("in 180s");
    w.tick();
    w.advance(90);
    says(&w, "Schaffe es nicht!");
    w.tick();
    assert_eq!((w.state(m), w.posts()), ("MISSED(said_missed)".into(), 1));
}

#[test]
fn a_reply_hangs_up_what_still_rings() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.fake().set_life(unanswered(1, 60));
    w.tick();
    w.advance(20);
    says(&w, "1");
    w.tick();
    assert_eq!((w.state(m), w.fake().calls()[0].status.as_str()), ("RESOLVED(joined)".into(), "canceled"));
}

#[test]
fn who_calls_back_is_on_it_and_checks_in_later() {
    let w = world("");
    let m = w.meeting("in 180s");
    w.tick();
    w.advance(90);
    w.fake().gets_call(&ana());
    assert_eq!(heard(&w.tick()), [(HeardHow::Call, HeardEffect::Acknowledged, 1)]);
    assert_eq!((w.state(m), w.posts()), ("ACKNOWLEDGED".into(), 1), "no second call");
    w.advance(30);
    says(&w, "1");
    w.tick();
    assert_eq!(w.state(m), "RESOLVED(joined)");
}

#[test]
fn a_key_in_the_call_is_an_answer() {
    for (key, state) in [('1', "RESOLVED(joined)"), ('2', "MISSED(said_missed)")] {
        let w = World::on_twilio(KEYS);
        let m = w.meeting("in 180s");
        w.fake().set_life(answered(1, 5, "human", 10));
        w.tick();
        w.advance(30);
        assert_eq!(heard(&w.tick()), []);
        w.fake().presses(&w.fake().calls()[0], key);
        w.advance(30);
        let summary = w.tick();
        assert_eq!((w.state(m).as_str(), summary.heard[0].how), (state, HeardHow::Key));
        w.advance(60);
        w.tick();
        w.phone("ana").rang(1);
    }
}

#[test]
fn without_a_bin_nobody_asks_for_keys() {
    let w = World::on_twilio("");
    w.meeting("in 180s");
    w.fake().set_life(answered(1, 5, "human", 10));
    w.tick();
    w.advance(30);
    w.tick();
    assert!(!w.fake().calls()[0].twiml.contains("Gather"));
    assert!(!w.fake().requests().iter().any(|r| r.target.contains("Conferences")));
}

#[test]
fn the_bins_text_makes_the_name_that_is_asked_for() {
    assert!(KEY_BIN.contains(">savehub-ack-{{CallSid}}-{{Digits}}</Conference>"));
    assert!(quick_xml::Reader::from_str(KEY_BIN).read_event().is_ok());
}

// --- who is not heard ---

#[test]
fn a_stranger_changes_nothing_whatever_they_say() {
    let w = world(KEYS);
    let m = w.meeting("in 180s");
    w.tick();
    w.advance(30);
    let code = w.fake().calls().len();
    // Ben has no meeting; the third number is nobody's; the last is Ana's with a digit more.
    for stranger in [phone(2), phone(66), Phone::parse("+120255501011").unwrap()] {
        for words in ["1", "2", "joined", "+12025550101 1"] {
            w.fake().gets_message(&stranger, words);
        }
        w.fake().gets_call(&stranger);
    }
    assert_eq!((heard(&w.tick()), w.state(m)), (vec![], "ESCALATING".into()));
    w.advance(60);
    w.tick();
    w.phone("ana").rang(code + 1);
}

#[test]
fn a_list_with_somebody_elses_words_in_it_is_not_believed() {
    // The list of messages alone is asked for, so that it is the one that gets the answers.
    let w = world("[hear]\ncall_back = false\n");
    let m = w.meeting("in 180s");
    w.tick();
    w.advance(30);
    let page = |from: &str| {
        let message = serde_json::json!({
            "sid": "SM1", "direction": "inbound", "from": from, "to": "+12025550199", "body": "1",
            "date_created": "Sun, 22 Nov 2026 09:00:30 +0000",
        });
        serde_json::json!({"messages": [message], "next_page_uri": null}).to_string()
    };
    for from in ["+12025550166", "12025550101", "+1 202 555 0101", "whatsapp:+12025550101"] {
        w.fake().script_for(Endpoint::Heard, [Behaviour::Status(200, page(from), vec![])]);
        assert_eq!(heard(&w.tick()), [], "{from}");
    }
    assert_eq!(w.state(m), "ESCALATING");
    w.fake().script_for(Endpoint::Heard, [Behaviour::Status(200, page("+12025550101"), vec![])]);
    w.tick();
    assert_eq!(w.state(m), "RESOLVED(joined)");
}

#[test]
fn what_was_said_before_the_call_is_no_answer_to_it() {
    let w = world("");
    says(&w, "1");
    w.fake().gets_call(&ana());
    w.advance(60);
    let m = w.meeting("in 180s");
    w.tick();
    w.advance(30);
    assert_eq!((heard(&w.tick()), w.state(m)), (vec![], "ESCALATING".into()));
}

#[test]
fn each_answer_is_used_once() {
    let w = world("");
    let first = w.meeting("in 180s");
    w.tick();
    w.advance(30);
    says(&w, "1");
    w.tick();
    assert_eq!(w.state(first), "RESOLVED(joined)");
    w.advance(600);
    let second = w.meeting("in 180s");
    w.tick();
    for _ in 0..3 {
        w.advance(20);
        assert_eq!(heard(&w.tick()), [], "yesterday's news");
    }
    assert_eq!(w.state(second), "ESCALATING");
    // What was not understood is told once, too.
    says(&w, "What?");
    let told: Vec<_> = (0..2).map(|_| heard(&w.tick())).collect();
    assert_eq!(told, [vec![(HeardHow::Message, HeardEffect::NotUnderstood, 0)], vec![]]);
    assert_eq!(w.state(second), "ESCALATING");
}

#[test]
fn two_processes_use_an_answer_once() {
    let mut w = world("");
    w.meeting("in 180s");
    w.tick();
    says(&w, "1");
    let other = w.parts.clone();
    w.new_process();
    let ticks = std::thread::scope(|scope| {
        [&w.parts, &other].map(|parts| scope.spawn(|| savehub::tick::tick(parts).unwrap())).map(|t| t.join().unwrap())
    });
    assert_eq!(ticks.iter().map(|summary| summary.heard.len()).sum::<usize>(), 1);
}

// --- when it is asked ---

#[test]
fn nobody_is_asked_before_something_was_sent_nor_after_the_end() {
    let w = world("");
    let m = w.meeting("in 10m");
    w.tick();
    assert_eq!(asked(w.fake()), 0, "nothing was sent");
    w.advance(420);
    w.tick();
    assert_eq!(asked(w.fake()), 0, "the tick that sends it does not listen yet");
    w.advance(30);
    w.tick();
    assert_eq!(asked(w.fake()), 2, "messages and calls, once");
    w.check_in(m);
    w.advance(30);
    w.tick();
    assert_eq!(asked(w.fake()), 2, "nothing is open");
}

#[test]
fn each_way_to_answer_can_be_switched_off() {
    for (config, requests) in
        [("replies = false", 1), ("call_back = false", 1), ("replies = false\ncall_back = false", 0)]
    {
        let w = world(&format!("[hear]\n{config}\n"));
        w.meeting("in 180s");
        w.tick();
        w.advance(30);
        w.tick();
        assert_eq!(asked(w.fake()), requests, "{config}");
    }
}

#[test]
fn a_dry_run_asks_nobody() {
    let w = world("");
    w.meeting("in 180s");
    w.tick();
    w.advance(30);
    let before = w.fake().requests().len();
    assert_eq!(heard(&w.dry_run()), []);
    assert_eq!(w.fake().requests().len(), before);
}

#[test]
fn who_cannot_be_heard_is_called_all_the_same() {
    let w = world("");
    let m = w.meeting("in 180s");
    w.tick();
    w.fake().set_down(Endpoint::Heard, Some(Behaviour::server_error()));
    says(&w, "1");
    w.advance(90);
    let summary = w.tick();
    assert_eq!((w.steps(m)[1].as_str(), summary.exit()), ("EXECUTED(initiated)", Exit::Done));
    w.fake().set_down(Endpoint::Heard, None);
    w.advance(20);
    w.tick();
    assert_eq!(w.state(m), "RESOLVED(joined)", "it is heard as soon as it can be");
}

#[test]
fn a_provider_that_does_not_answer_holds_up_nobody_elses_call_and_ones_own_not_for_long() {
    let mut w = world("");
    // Longer than anything that is waited for here.
    w.change_config(|config| {
        config.engine.request_timeout = 3 * HUNG;
        config.engine.hard_timeout = 3 * HUNG;
        config.engine.tick_limit = 10 * HUNG;
    });
    w.parts.providers = Arc::new(Registry::new(&w.parts.config).unwrap());
    let clock = w.stop_ticks_time();
    let m = w.meeting("in 180s");
    w.tick();
    let latch = Latch::default();
    w.fake().set_down(Endpoint::Heard, Some(Behaviour::Delay(latch.clone(), Box::new(Behaviour::CloseBeforeReply))));
    w.advance(90);
    let n = w.meeting_of("ben", "Stand-up", "in 180s");
    let watched = &w;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            watched.fake().wait_for_calls(2);
            let of_ben = watched.fake().calls().iter().any(|c| c.to == phone(2).expose());
            assert!(of_ben, "Ben's call did not wait for Ana's words");
            clock.run(Duration::from_secs(5));
            watched.fake().wait_for_calls(3);
            latch.open();
        });
        watched.tick();
    });
    assert_eq!((w.steps(m)[1].as_str(), w.steps(n)[0].as_str()), ("EXECUTED(initiated)", "EXECUTED(initiated)"));
}

// --- the port ---

fn now() -> Timestamp {
    call("").intent_at
}

fn fake() -> (FakeTwilio, Arc<ManualClock>, Twilio) {
    let clock = Arc::new(ManualClock::at(now()));
    let fake = FakeTwilio::with(Arc::clone(&clock) as _, TOKEN);
    let twilio = Twilio::new(&fake.config(), &engine(Duration::from_secs(20)));
    (fake, clock, twilio)
}

/// What Ana said to any of our numbers since then.
fn of_ana(from: &Phone, since: Timestamp, now: Timestamp) -> Ask<'_> {
    Ask { from: Some(from), to: None, since, page: None, now }
}

/// The entries of a page that is the whole list, with their words.
fn whole(page: &ListPage<Inbound>) -> Vec<(&str, &str)> {
    assert_eq!((&page.flaw, &page.next), (&None, &None));
    page.entries.iter().map(|entry| (entry.sid.as_str(), entry.body.as_str())).collect()
}

#[test]
fn what_came_in_is_listed_by_number_and_day_oldest_first_over_all_pages() {
    let (fake, clock, twilio) = fake();
    let first = fake.gets_message(&ana(), "1");
    let called = fake.gets_call(&ana());
    clock.advance(Duration::from_secs(5));
    let second = fake.gets_message(&ana(), "2");
    let other = fake.gets_message(&phone(2), "not hers");
    twilio.place(&crate::support::call("Hello"), &Open);
    let (ana, five, ours) = (ana(), now().plus(Duration::from_secs(5)), fake.config().from);
    let ask = Ask { to: Some(&ours), ..of_ana(&ana, now(), five) };
    assert_eq!(whole(&twilio.messages(&ask).unwrap()), [(first.as_str(), "1"), (second.as_str(), "2")]);
    assert_eq!(whole(&twilio.calls_back(&ask).unwrap()), [(called.as_str(), "")]);
    let query = fake.requests().last().unwrap().query();
    let names: Vec<&str> = query.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, query[2].1.as_str()), (vec!["To", "From", "StartTime>", "PageSize"], "2026-11-21"));
    // The same from anybody, page by page.
    fake.set_list_shape(ListShape { page_max: 2, twins: false });
    let from_all = Ask { from: None, ..ask };
    let newest = twilio.messages(&from_all).unwrap();
    let said = |entry: &Inbound| (entry.from.clone(), entry.to.clone(), entry.sid.clone());
    let of = |from: &Phone, sid: &str| (from.clone(), ours.clone(), sid.to_owned());
    assert_eq!(newest.entries.iter().map(said).collect::<Vec<_>>(), [of(&ana, &second), of(&phone(2), &other)]);
    assert!(near(newest.entries[0].created_at, five));
    let page = newest.next.expect("another page");
    let oldest = twilio.messages(&Ask { page: Some(&page), ..from_all }).unwrap();
    assert_eq!(whole(&oldest), [(first.as_str(), "1")]);
    let query = fake.requests().last().unwrap().query();
    let names: Vec<&str> = query.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["To", "DateSent>", "Page", "PageSize"]);
}

/// Twilio's times have whole seconds.
fn near(one: Timestamp, other: Timestamp) -> bool {
    one.since(other).abs() <= 1000
}

#[test]
fn times_are_told_by_our_clock_however_far_it_is_off() {
    let (fake, _, twilio) = fake();
    fake.gets_message(&ana(), "1");
    // By our clock it is an hour later than by Twilio's.
    let ours = now().plus(Duration::from_secs(3600));
    let listed = twilio.messages(&of_ana(&ana(), ours, ours)).unwrap().entries;
    assert!((listed[0].created_at.since(ours)).abs() <= 2000, "{listed:?}");
}

#[test]
fn a_key_is_the_name_of_a_conference_and_no_other_name_will_do() {
    let (fake, _, twilio) = fake();
    let twilio = twilio.hearing(&savehub::config::HearConfig {
        key_bin: Some("https://handler.twilio.com/twiml/EH1".into()),
        ..savehub::config::HearConfig::default()
    });
    twilio.place(&crate::support::call("Hello"), &Open);
    let made = fake.calls().remove(0);
    assert_eq!(twilio.keys(&made.sid, now()), Ok(None));
    fake.presses(&made, '3');
    assert_eq!(twilio.keys(&made.sid, now()), Ok(None));
    // A list that was not filtered; trial accounts name every conference after the account.
    let all =
        r#"{"conferences":[{"sid":"CF1","friendly_name":"AC0123456789abcdef0123456789abcdef"}],"next_page_uri":null}"#;
    fake.script_for(Endpoint::Heard, [Behaviour::Status(200, all.into(), vec![])]);
    assert_eq!(twilio.keys(&made.sid, now()), Ok(None));
    fake.presses(&made, '2');
    assert_eq!(twilio.keys(&made.sid, now()), Ok(Some('2')));
}

#[test]
fn an_entry_that_cannot_be_read_is_told_and_takes_no_other_with_it() {
    let (fake, _, twilio) = fake();
    let ours = fake.config().from;
    let ask = Ask { from: None, to: Some(&ours), since: now(), page: None, now: now() };
    let good = r#"{"sid":"SM1","direction":"inbound","from":"+12025550101","to":"+12025550199","body":"1",
        "date_created":"Sun, 22 Nov 2026 09:00:30 +0000"}"#;
    let short_code = good.replace("+12025550101", "12345");
    for (other, is_told) in [("{}".to_owned(), true), (good.replace("+0000", "?"), true), (short_code, false)] {
        let body = format!(r#"{{"messages":[{other},{good}],"next_page_uri":null}}"#);
        fake.script_for(Endpoint::Heard, [Behaviour::Status(200, body, vec![])]);
        let page = twilio.messages(&ask).unwrap();
        let sids: Vec<&str> = page.entries.iter().map(|entry| entry.sid.as_str()).collect();
        assert_eq!((sids, page.flaw.is_some()), (vec!["SM1"], is_told), "{other}");
    }
}

#[test]
fn what_cannot_be_listed_whole_is_an_error_never_silence() {
    for behaviour in [
        Behaviour::CloseBeforeReply,
        Behaviour::server_error(),
        Behaviour::too_many(3),
        Behaviour::html(),
        Behaviour::redirect(),
        Behaviour::Status(200, r#"{"messages":[{"direction":"inbound"}],"next_page_uri":null}"#.into(), vec![]),
        Behaviour::Status(200, r#"{"messages":[]}"#.into(), vec![]),
    ] {
        let (fake, _, twilio) = fake();
        fake.script_for(Endpoint::Heard, [behaviour.clone()]);
        let page = twilio.messages(&of_ana(&ana(), now(), now()));
        let error = page.map_or_else(Some, |page| page.flaw);
        assert!(matches!(error, Some(ProviderError::Transient(_))), "{behaviour:?}: {error:?}");
    }
    let (fake, _, twilio) = fake();
    fake.script_for(Endpoint::Heard, [Behaviour::error(403, 20403, "Forbidden")]);
    assert!(matches!(twilio.messages(&of_ana(&ana(), now(), now())), Err(ProviderError::Refused(_))));
}

fn steps<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

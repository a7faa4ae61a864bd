//! `call-test --keypress` against the fake Twilio: what is seen of a key; and `generate vcard`.

use crate::support::cli::{ANA, Cli, twilio};
use crate::support::fake_twilio::{Behaviour, Endpoint, FakeTwilio, Life, TOKEN, answered, ends, unanswered};
use crate::support::{Open, call, engine};
use savehub::cli::keypress::{KeyResult, Watch};
use savehub::clock::{Clock, ManualClock};
use savehub::config::HearConfig;
use savehub::model::{CallStatus, Timestamp};
use savehub::provider::twilio::Twilio;
use savehub::provider::{KeyObstacle, Provider};
use std::sync::Arc;
use std::time::Duration;

const BIN: &str = "https://handler.twilio.com/twiml/EH1";

/// A clock of which somebody makes use while savehub waits.
struct Busy<'a> {
    clock: Arc<ManualClock>,
    /// Called with the seconds that have passed.
    meanwhile: &'a (dyn Fn(i64) + Send + Sync),
    began: Timestamp,
}

impl Clock for Busy<'_> {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn boottime_ms(&self) -> i64 {
        self.clock.boottime_ms()
    }

    fn sleep(&self, wait: Duration) {
        self.clock.sleep(wait);
        (self.meanwhile)(self.clock.now().since(self.began) / 1000);
    }
}

/// What is seen of a call with this life, and how many seconds that took.
fn seen(life: Life, meanwhile: impl Fn(&FakeTwilio, i64) + Send + Sync) -> (KeyResult, i64) {
    let began = call("").intent_at;
    let clock = Arc::new(ManualClock::at(began));
    let fake = FakeTwilio::with(Arc::clone(&clock) as _, TOKEN);
    fake.set_life(life);
    let hear = HearConfig { key_bin: Some(BIN.into()), ..HearConfig::default() };
    let twilio = Twilio::new(&fake.config(), &engine(Duration::from_secs(20))).hearing(&hear);
    twilio.place(&call("Press 1 or 2 now."), &Open);
    let sid = fake.calls()[0].sid.clone();
    let busy = Busy { clock: Arc::clone(&clock), meanwhile: &|seconds| meanwhile(&fake, seconds), began };
    let ring_timeout = Duration::from_secs(45);
    let watch = Watch { provider: &twilio, hearing: &twilio, clock: &busy, call: &sid, ring_timeout };
    (watch.wait(), clock.now().since(began) / 1000)
}

fn press(key: char, at: i64) -> impl Fn(&FakeTwilio, i64) {
    move |fake, seconds| {
        if seconds == at {
            fake.presses(&fake.calls()[0], key);
        }
    }
}

#[test]
fn a_key_is_seen_as_soon_as_it_left_its_trace_even_after_the_call() {
    for (key, at, talk) in [('1', 20, 60), ('2', 8, 60), ('1', 50, 10)] {
        assert_eq!(seen(answered(1, 5, "human", talk), press(key, at)), (KeyResult::Key(key), at));
    }
}

#[test]
fn without_a_key_it_waits_a_minute_from_the_answer() {
    assert_eq!(seen(answered(2, 8, "human", 20), |_, _| ()), (KeyResult::NoKey(None), 70));
    assert_eq!(seen(answered(2, 8, "human", 20), press('3', 14)), (KeyResult::NoKey(None), 70));
}

#[test]
fn a_call_nobody_picks_up_is_not_waited_for_any_longer() {
    for (life, status, seconds) in
        [(unanswered(1, 19), CallStatus::NoAnswer, 20), (ends(4, "busy"), CallStatus::Busy, 4)]
    {
        assert_eq!(seen(life, |_, _| ()), (KeyResult::NotAnswered(Some(status)), seconds));
    }
    assert_eq!(seen(Life::default(), |_, _| ()), (KeyResult::NotAnswered(None), 76), "it never leaves the queue");
}

#[test]
fn on_a_trial_account_it_says_why_no_key_arrives() {
    let trial = |fake: &FakeTwilio, _| fake.set_trial();
    assert_eq!(seen(answered(2, 8, "human", 20), trial).0, KeyResult::NoKey(Some(KeyObstacle::TrialAccount)));
    let pressed = |fake: &FakeTwilio, seconds| {
        fake.set_trial();
        press('1', 20)(fake, seconds);
    };
    let (named, _) = seen(answered(2, 8, "human", 20), pressed);
    assert_eq!(named, KeyResult::NoKey(Some(KeyObstacle::NamedByAccount)));
    assert!(named.words().contains("trial account"), "{}", named.words());
}

#[test]
fn a_provider_that_cannot_be_asked_is_not_taken_for_silence() {
    let unreadable_list = |fake: &FakeTwilio, _| fake.set_down(Endpoint::Heard, Some(Behaviour::server_error()));
    let (unreadable, seconds) = seen(answered(2, 8, "human", 20), unreadable_list);
    assert!(matches!(unreadable, KeyResult::Unreadable(_)) && seconds == 70, "{unreadable:?}");
    let for_a_while = |fake: &FakeTwilio, seconds| {
        fake.set_down(Endpoint::Heard, (seconds < 30).then(Behaviour::server_error));
        press('1', 16)(fake, seconds);
    };
    assert_eq!(seen(answered(2, 8, "human", 20), for_a_while), (KeyResult::Key('1'), 30));
}

// --- the commands ---

fn cli(fake: &FakeTwilio, hear: &str) -> Cli {
    Cli::with(&twilio(&fake.base_url(), TOKEN, &format!("{hear}{ANA}")))
}

fn with_bin(fake: &FakeTwilio) -> Cli {
    cli(fake, &format!("[hear]\nkey_bin = \"{BIN}\"\n"))
}

#[test]
fn a_key_in_a_real_call_is_told() {
    let fake = FakeTwilio::start();
    fake.set_life(answered(0, 0, "human", 30));
    let (cli, watched) = (with_bin(&fake), &fake);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            watched.wait_for_calls(1);
            watched.presses(&watched.calls()[0], '1');
        });
        let ran = cli.run(&["call-test", "-q", "--keypress", "--yes"]);
        assert!(ran.code == 0 && ran.out.contains("1 was pressed, and savehub saw it: keys work"), "{ran:?}");
    });
    assert!(fake.calls()[0].twiml.contains("Press 1 or 2 now."), "{}", fake.calls()[0].twiml);
    fake.set_life(ends(0, "busy"));
    let ran = cli.run(&["call-test", "--keypress", "--yes", "--json", "--to", "+12025550102"]);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, json["status"].as_str(), json["key"].as_str()), (1, Some("initiated"), None));
    assert_eq!(json["key_words"], "nobody picked up (busy), so nothing was tried");
}

#[test]
fn without_yes_without_a_bin_or_without_a_phone_there_is_no_call_to_press_a_key_in() {
    let fake = FakeTwilio::start();
    let says = |cli: &Cli, args: &[&str]| {
        let ran = cli.run(&[&["call-test", "--keypress"], args].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        ran.err
    };
    let yes = "error: this places a real call; add --yes, or rehearse with --mock\n";
    assert_eq!(says(&with_bin(&fake), &[]), yes);
    let bin = "error: --keypress needs `key_bin` under [hear]; savehub-hear(7) says how to set it up\n";
    assert_eq!(says(&cli(&fake, ""), &["--yes"]), bin);
    let real = "error: --keypress needs a real call: the provider twilio, and no test mode\n";
    assert_eq!(says(&with_bin(&fake).set("CALL_TEST_MODE", "true"), &["--yes"]), real);
    assert_eq!(says(&with_bin(&fake).set("CALL_PROVIDER", "mock"), &["--yes"]), real);
    assert_eq!(fake.requests().len(), 0);
}

#[test]
fn a_vcard_has_the_number_that_calls_come_from() {
    let fake = FakeTwilio::start();
    let card = cli(&fake, "").ok(&["generate", "vcard", "--name", "Meeting alarm"]);
    let expected = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Meeting alarm;;;;\r\nFN:Meeting alarm\r\n\
                    TEL;TYPE=voice,cell:+12025550199\r\n\
                    NOTE:Calls before meetings\\, from savehub. Let this contact through Do Not \r\n Disturb.\r\n\
                    END:VCARD\r\n";
    assert_eq!(card, expected);
    let none = Cli::with(ANA).run(&["generate", "vcard"]);
    let why = "error: the config has no number that calls come from; it is `from` under [provider.twilio]\n";
    assert_eq!((none.code, none.out.as_str(), none.err.as_str()), (2, "", why));
    let unnamed = cli(&fake, "").run(&["generate", "vcard", "--name", " \n"]);
    assert_eq!((unnamed.code, unnamed.err.as_str()), (2, "error: --name: a contact needs a name\n"));
    assert_eq!(fake.requests().len(), 0);
}

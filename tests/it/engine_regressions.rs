//! What once went wrong in the engine, each as the fact that must hold.

use crate::support::cli::{ANA, Cli};
use crate::support::fake_script::Endpoint;
use crate::support::fake_twilio::{Behaviour, FakeTwilio, Latch, TOKEN};
use crate::support::stand_in::{StandIn, unknown};
use crate::support::watched::Watched;
use crate::support::world::{BEGIN, World, result_words};
use rusqlite::Connection;
use savehub::clock::{Clock, ManualClock};
use savehub::config::ProviderChoice;
use savehub::exit::Exit;
use savehub::model::{MockOutcome, Reply, Timestamp};
use savehub::provider::mock::Mock;
use savehub::provider::twilio::Twilio;
use savehub::provider::{Only, Registry};
use savehub::store::CheckIn;
use savehub::store::sqlite::SqliteStore;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ONE_RUNG: &str = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

// --- the fence ---

#[test]
fn a_request_that_could_not_end_before_its_deadline_is_not_sent_and_its_step_is_tried_again() {
    for (frozen_s, attempts) in [(22, vec!["ACCEPTED"]), (24, vec!["NOT_SENT", "ACCEPTED"])] {
        let line = StandIn::before(Arc::new(Mock::new(&[])));
        let w = World::on_phone(ONE_RUNG, Arc::clone(&line) as _);
        let m = w.meeting("in 180s");
        let (clock, first) = (Arc::clone(&w.clock), AtomicBool::new(true));
        line.happens(move |_| {
            if first.swap(false, Ordering::SeqCst) {
                clock.advance(Duration::from_secs(frozen_s));
            }
        });
        w.tick();
        assert_eq!(w.attempt_states(m), attempts, "frozen for {frozen_s} s");
        assert_eq!(w.steps(m), ["EXECUTED(initiated)"]);
        w.phone("ana").rang(1);
    }
}

#[test]
fn a_step_never_gets_two_calls_however_long_its_process_was_frozen_before_the_request() {
    for frozen_s in [0, 10, 22, 24, 30, 44, 58, 70, 119] {
        let mut w = World::on_twilio(ONE_RUNG);
        let m = w.meeting("in 180s");
        let in_flight = freeze_first_request(&mut w, frozen_s);
        w.tick();
        let created_at = in_flight.load(Ordering::SeqCst).then(|| w.now().plus(Duration::from_secs(19)));
        // Other ticks reconcile while the provider has not made the call yet, and after.
        let mut moments: Vec<Timestamp> = [75, 105, 135, 165].map(|s| BEGIN.plus(Duration::from_secs(s))).to_vec();
        moments.extend(created_at);
        moments.sort_unstable();
        for moment in moments.into_iter().filter(|moment| *moment >= w.now()) {
            w.clock.advance(Duration::from_millis(moment.since(w.now()).unsigned_abs()));
            if created_at == Some(moment) {
                w.create_call("ana");
            } else {
                w.tick();
            }
        }
        assert_eq!(w.steps(m), ["EXECUTED(initiated)"], "frozen for {frozen_s} s");
        w.phone("ana").rang(1);
    }
}

/// The first request is frozen this long between its claim and the fence. When it passes the fence it is under way for
/// good, which the flag tells.
fn freeze_first_request(w: &mut World, frozen_s: u64) -> Arc<AtomicBool> {
    let in_flight = Arc::new(AtomicBool::new(false));
    let (clock, flag, first) = (Arc::clone(&w.clock), Arc::clone(&in_flight), AtomicBool::new(true));
    let frozen = StandIn::new(w.provider()).placing(move |twilio, call, gate| {
        if !first.swap(false, Ordering::SeqCst) {
            return twilio.place(call, gate);
        }
        clock.advance(Duration::from_secs(frozen_s));
        if let Err(reason) = gate.pass() {
            return Reply::fenced(reason);
        }
        flag.store(true, Ordering::SeqCst);
        unknown()
    });
    w.parts.providers = Arc::new(Only(Arc::new(frozen)));
    in_flight
}

#[test]
fn a_database_that_others_keep_locked_for_writing_does_not_hold_up_the_fence() {
    let mut w = World::on_twilio(ONE_RUNG);
    let (ana, ben) = (w.meeting_of("ana", "First", "in 179s"), w.meeting_of("ben", "Second", "in 180s"));
    let other = Arc::new(Mutex::new(Connection::open(&w.parts.config.database).unwrap()));
    let (claimed, recording) = (Latch::default(), Latch::default());
    let watched = Watched::before(Arc::clone(&w.parts.store));
    watched.when_recording({
        let recording = recording.clone();
        move || recording.open()
    });
    w.parts.store = watched;
    let line = StandIn::new(w.provider()).placing(move |twilio, call, gate| {
        if call.user == "ana" {
            claimed.wait();
            other.lock().unwrap().execute_batch("begin immediate").unwrap();
            return twilio.place(call, gate);
        }
        claimed.open();
        // The outcome of the first call waits for the lock when this one comes to the fence.
        recording.wait();
        let reply = twilio.place(call, gate);
        other.lock().unwrap().execute_batch("commit").unwrap();
        reply
    });
    w.parts.providers = Arc::new(Only(Arc::new(line)));
    w.tick();
    assert_eq!((w.attempt_states(ana), w.attempt_states(ben)), (words(["ACCEPTED"]), words(["ACCEPTED"])));
    w.phone("ben").rang(1);
}

// --- a clock that is wrong ---

/// The true time: it runs with boot time, whatever the wall clock was set to.
struct Truth {
    clock: Arc<ManualClock>,
    ahead_ms: i64,
    begin_boot_ms: i64,
}

impl Truth {
    /// The wall clock is `ahead_s` ahead of it now.
    fn of(w: &World, ahead_s: i64) -> Arc<Self> {
        let begin_boot_ms = w.clock.boottime_ms();
        Arc::new(Self { clock: Arc::clone(&w.clock), ahead_ms: ahead_s * 1000, begin_boot_ms })
    }
}

impl Clock for Truth {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(BEGIN.ms() - self.ahead_ms + self.boottime_ms() - self.begin_boot_ms)
    }

    fn boottime_ms(&self) -> i64 {
        self.clock.boottime_ms()
    }

    fn sleep(&self, wait: Duration) {
        self.clock.sleep(wait);
    }
}

/// Calls go to a Twilio whose clock is right.
fn on_true_twilio(w: &mut World, truth: &Arc<Truth>) -> FakeTwilio {
    let fake = FakeTwilio::with(Arc::clone(truth) as _, TOKEN);
    w.parts.providers = Arc::new(Only(Arc::new(Twilio::new(&fake.config(), &w.parts.config.engine))));
    fake
}

/// How many seconds before `start` the calls about this title were made, in true time.
fn rang_before(fake: &FakeTwilio, title: &str, start: Timestamp) -> Vec<i64> {
    let about = fake.calls().into_iter().filter(|call| call.twiml.contains(title));
    about.map(|call| start.since(call.created_at) / 1000).collect()
}

#[test]
fn an_error_of_the_clock_is_forgotten_once_the_clock_was_repaired() {
    let mut w = World::with("");
    let truth = Truth::of(&w, 300);
    let fake = on_true_twilio(&mut w, &truth);
    w.meeting_of("ana", "Board sync", "in 180s");
    w.tick();
    assert!(w.snapshot().last_tick.unwrap().skew_ms.unwrap() < -290_000);
    w.advance(30);
    w.clock.set_wall(truth.now());
    let later = w.meeting_of("ben", "Dentist", "in 1800s");
    let start = w.now().plus(Duration::from_secs(1800));
    w.advance(1590);
    for _ in 0..7 {
        w.advance(30);
        w.tick();
    }
    assert_eq!(w.steps(later), ["EXECUTED(initiated)", "EXECUTED(initiated)"]);
    assert_eq!(rang_before(&fake, "Dentist", start), [180, 90]);
}

#[test]
fn with_a_clock_that_stays_ahead_the_rungs_ring_in_the_true_window() {
    let mut w = World::with("");
    let truth = Truth::of(&w, 60);
    let fake = on_true_twilio(&mut w, &truth);
    // Its call tells how wrong the clock is, within the milliseconds an answer takes: not at the edge of the window.
    w.meeting_of("ana", "Board sync", "in 175s");
    let later = w.meeting_of("ben", "Dentist", "in 1800s");
    let start = w.now().plus(Duration::from_secs(1800));
    w.tick();
    // A few seconds behind the due times and the end of the gap: the error is known to a second.
    w.advance(1595);
    for _ in 0..9 {
        w.advance(31);
        w.tick();
    }
    assert_eq!(w.steps(later), ["EXECUTED(initiated)", "EXECUTED(initiated)"]);
    // Where no tick ran for two minutes, a list that shows nothing is asked for again after 2 s: by the first tick, and by
    // the one that calls.
    assert_eq!(rang_before(&fake, "Dentist", start), [167, 74]);
}

#[test]
fn the_time_in_an_answer_that_is_no_answer_of_the_provider_is_not_believed() {
    for status in [500, 503, 302, 307] {
        let w = World::on_twilio("");
        w.meeting("in 180s");
        let date = ("Date".to_owned(), "Sun, 22 Nov 2026 12:00:00 GMT".to_owned());
        w.fake().script([Behaviour::Status(status, String::new(), vec![date])]);
        let seen = w.tick().skew_ms.unwrap_or(0);
        assert!(seen.abs() < 20_000, "{seen} ms from a {status}");
    }
}

// --- writing down ---

#[test]
fn an_accepted_call_is_written_down_although_the_database_was_busy_at_that_moment() {
    let mut w = World::on_twilio("");
    let watched = Watched::before(Arc::clone(&w.parts.store));
    w.parts.store = Arc::clone(&watched) as _;
    let meetings = [w.meeting_of("ana", "Board sync", "in 180s"), w.meeting_of("ben", "Dentist", "in 180s")];
    watched.be_busy(3);
    w.tick();
    for (meeting, call) in meetings.into_iter().zip(["ana", "ben"]) {
        assert_eq!(w.attempt_states(meeting), ["ACCEPTED"], "{call}");
        assert!(w.attempts(meeting)[0].call_id.as_deref().unwrap().starts_with("CA"));
        assert_eq!(w.steps(meeting), ["EXECUTED(initiated)", "PENDING"]);
        w.phone(call).rang(1);
    }
}

#[test]
fn one_row_that_cannot_be_read_stops_nobody_else() {
    let w = World::on_twilio("");
    w.meeting_of("ana", "Board sync", "in 185s");
    w.meeting_of("ben", "Dentist", "in 190s");
    w.tick();
    let sql = "update steps set kind = 'sms' where incident_id in (select id from incidents where person = 'ana')";
    let changed = Connection::open(&w.parts.config.database).unwrap().execute(sql, []).unwrap();
    assert_eq!(changed, 2);
    w.advance(30);
    w.tick();
    w.phone("ben").rang(1);
    w.phone("ana").rang(0);
}

#[test]
fn processes_that_open_a_new_database_at_the_same_moment_all_succeed() {
    let all_at_once = "for i in $3; do \"$1\" tick >/dev/null & pids=\"$pids $!\"; done; \
                       for pid in $pids; do wait $pid || echo \"exit $?\"; done";
    for count in ["1 2", "1 2 3 4 5 6 7 8"] {
        for _ in 0..5 {
            let cli = Cli::with(ANA).set("CALL_PROVIDER", "mock");
            let ran = cli.sh(all_at_once, &["tick", count]);
            assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
            assert!(cli.database().exists());
        }
    }
}

// --- the loop ---

#[test]
fn the_loop_waits_instead_of_spinning_while_a_look_hangs() {
    let mut w = World::on_twilio("");
    // The answer may take two fifths of this: a little more than the 5 s that due steps wait for a look.
    w.change_config(|config| config.engine.request_timeout = Duration::from_secs(13));
    w.parts.providers = Arc::new(Registry::new(&w.parts.config).unwrap());
    w.meeting("in 180s");
    w.tick();
    w.advance(90);
    w.fake().set_down(Endpoint::Fetch, Some(Behaviour::Silence));
    let watched = Watched::before(Arc::clone(&w.parts.store));
    w.parts.store = Arc::clone(&watched) as _;
    assert_eq!(w.tick().call_errors, 1);
    assert!(watched.asked() < 100, "the store was asked {} times", watched.asked());
}

#[test]
fn a_request_that_could_not_end_within_the_tick_is_left_to_the_next_one() {
    let mut w = World::on_twilio(&format!("[engine]\npreflight = false\nparallel = 1\n{ONE_RUNG}"));
    // There is 1.1 s more than one request needs.
    w.change_config(|config| {
        config.engine.request_timeout = Duration::from_secs(3);
        config.engine.hard_timeout = Duration::from_secs(5);
        config.engine.tick_limit = Duration::from_millis(6_780);
    });
    w.parts.providers = Arc::new(Registry::new(&w.parts.config).unwrap());
    let (ana, ben) = (w.meeting_of("ana", "First", "in 179s"), w.meeting_of("ben", "Second", "in 180s"));
    w.fake().script([Behaviour::Silence]);
    let (clock, watched) = (w.stop_ticks_time(), &w);
    let summary = std::thread::scope(|scope| {
        scope.spawn(move || {
            watched.fake().wait_for_creates(1);
            clock.run(Duration::from_millis(1200));
        });
        watched.tick()
    });
    assert_eq!((w.attempt_states(ana), w.steps(ben)), (words(["UNKNOWN"]), words(["PENDING"])));
    assert_eq!((w.posts(), summary.exit()), (1, Exit::Done));
    w.tick();
    assert_eq!(w.steps(ben), ["EXECUTED(initiated)"]);
    w.phone("ben").rang(1);
}

/// In memory: so many of Ana's meetings have started, not long ago, and nobody noticed.
fn with_late_steps(count: usize) -> (World, Arc<Watched>) {
    let mut w = World::with(ONE_RUNG);
    let watched = Watched::before(Arc::new(SqliteStore::in_memory().unwrap()));
    w.parts.store = Arc::clone(&watched) as _;
    for i in 0..count {
        w.meeting_of("ana", "Over", &format!("in {}s", 1 + i % 600));
    }
    w.advance(700);
    (w, watched)
}

#[test]
fn late_steps_of_past_meetings_do_not_stand_before_a_due_call() {
    let (w, watched) = with_late_steps(20);
    w.meeting_of("ben", "Board sync", "in 120s");
    w.tick();
    assert_eq!((watched.claimed().len(), watched.claimed()[0].as_str()), (21, "ben"));
    w.phone("ben").rang(1);
}

#[test]
fn more_late_steps_than_are_read_at_once_do_not_end_the_tick_early() {
    const LATE: usize = 5_001;
    let (w, _) = with_late_steps(LATE);
    let ended = result_words(&w.tick().results);
    assert_eq!(ended.iter().filter(|words| *words == "SKIPPED(outside_critical_window)").count(), LATE);
}

// --- shared calls ---

#[test]
fn a_shared_call_whose_first_meeting_starts_at_the_fence_still_rings_for_the_second() {
    let line = StandIn::before(Arc::new(Mock::new(&[])));
    let w = World::on_phone(ONE_RUNG, Arc::clone(&line) as _);
    let (first, second) = (w.meeting_of("ana", "First", "in 1s"), w.meeting_of("ana", "Second", "in 50s"));
    let (clock, once) = (Arc::clone(&w.clock), AtomicBool::new(true));
    line.happens(move |_| {
        if once.swap(false, Ordering::SeqCst) {
            clock.advance(Duration::from_secs(2));
        }
    });
    w.tick();
    assert_eq!(
        (w.steps(first), w.steps(second)),
        (words(["SKIPPED(outside_critical_window)"]), words(["EXECUTED(initiated)"]))
    );
    let said = w.phone("ana").calls();
    assert!(said.len() == 1 && said[0].contains("Second") && !said[0].contains("First"), "{said:?}");
}

#[test]
fn a_companion_that_is_not_due_yet_is_not_pulled_forward_when_its_shared_call_was_not_sent() {
    let line = StandIn::before(Arc::new(Mock::new(&[])));
    let w = World::on_phone("[guards]\ncritical_window = \"400s\"\n", Arc::clone(&line) as _);
    let (first, second) = (w.meeting_of("ana", "First", "in 180s"), w.meeting_of("ana", "Second", "in 235s"));
    let (store, clock) = (Arc::clone(&w.parts.store), Arc::clone(&w.clock));
    line.happens(move |_| drop(store.check_in(first, CheckIn::Joined, clock.now())));
    w.tick();
    assert_eq!(w.attempt_states(second), ["NOT_SENT"], "the call was shared, and its first meeting ended");
    w.advance(54);
    w.tick();
    w.phone("ana").rang(0);
    w.advance(1);
    w.tick();
    w.phone("ana").rang(1);
    assert_eq!(w.steps(second)[0], "EXECUTED(initiated)");
}

// --- attempts that ring nobody ---

#[test]
fn rehearsals_do_not_keep_a_real_number_busy() {
    for in_test_mode in [true, false] {
        let mut w = World::on_twilio(ONE_RUNG);
        w.change_config(|config| {
            config.test_mode = in_test_mode;
            config.provider.chosen = if in_test_mode { ProviderChoice::Twilio } else { ProviderChoice::Mock };
        });
        let real = std::mem::replace(&mut w.parts.providers, Arc::new(Registry::new(&w.parts.config).unwrap()));
        let rehearsed = w.meeting_of("ana", "Rehearsal", "in 180s");
        w.tick();
        assert!(w.steps(rehearsed)[0].starts_with("EXECUTED"));
        w.phone("ana").rang(0);
        w.parts.providers = real;
        w.change_config(|config| {
            config.test_mode = false;
            config.provider.chosen = ProviderChoice::Twilio;
        });
        w.advance(1);
        let real = w.meeting_of("ana", "Board sync", "in 170s");
        w.tick();
        assert_eq!(w.steps(real), ["EXECUTED(initiated)"], "test mode: {in_test_mode}");
        w.phone("ana").rang(1);
    }
}

#[test]
fn an_unknown_attempt_of_a_resolved_incident_ends_cancelled_and_is_no_trouble() {
    // The mock phone keeps no list; Twilio's shows no call.
    let twilio = World::on_twilio("");
    twilio.fake().script([Behaviour::CloseBeforeReply]);
    for w in [World::on_phone("", Arc::new(Mock::new(&[MockOutcome::Timeout]))), twilio] {
        let m = w.meeting("in 180s");
        w.tick();
        assert_eq!(w.attempt_states(m), ["UNKNOWN"]);
        w.check_in(m);
        for _ in 0..8 {
            w.advance(30);
            assert_eq!(w.tick().exit(), Exit::Done);
        }
        assert_eq!(w.steps(m), ["CANCELLED(joined)", "CANCELLED(joined)"]);
    }
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

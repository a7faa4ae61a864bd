//! Connections are kept and names looked up once, and nothing is lost by it: a request goes out on a connection that is
//! good at its first byte, and one that failed after that byte is not repeated.

use crate::support::fake_twilio::{ACCOUNT, Behaviour, FakeTwilio, TOKEN};
use crate::support::world::World;
use crate::support::{Looks, Open, call, engine, twilio_config};
use savehub::clock::ManualClock;
use savehub::http::Lookup;
use savehub::model::{FenceReason, NotSentCause, Outcome, Timestamp};
use savehub::provider::Provider;
use savehub::provider::http::HttpClient;
use savehub::provider::twilio::{Twilio, http_settings};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENT: Duration = Duration::from_secs(20);
/// For what never answers.
const HASTY: Duration = Duration::from_secs(3);

/// What a server may say that has waited too long for a request.
const TIMED_OUT: &str = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// A fake, a client to it, and the clock that says how long a connection was idle.
struct Line {
    fake: Arc<FakeTwilio>,
    clock: Arc<ManualClock>,
    twilio: Twilio,
}

impl Line {
    fn new(limit: Duration) -> Self {
        let fake = Arc::new(FakeTwilio::start());
        let clock = Arc::new(ManualClock::at(call("").intent_at));
        let config = fake.config();
        let http = HttpClient::new(http_settings(&config, &engine(limit))).timed_by(Arc::clone(&clock) as _);
        Self { twilio: Twilio::with_http(&config, http), fake, clock }
    }

    /// The same after a call, over a connection that is kept.
    fn used(limit: Duration) -> Self {
        let line = Self::new(limit);
        line.accepts(&Looks::open_for(2));
        line
    }

    fn accepts(&self, gate: &Looks) {
        let outcome = self.twilio.place(&call("Hello"), gate).outcome;
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    }

    /// Requests to make a call, calls, and connections.
    fn counts(&self) -> (usize, usize, usize) {
        (self.fake.posts(), self.fake.calls().len(), self.fake.connections())
    }
}

#[test]
fn one_worker_makes_all_calls_of_a_tick_over_one_connection() {
    let w = World::on_twilio("[engine]\nparallel = 1\npreflight = false\n");
    for person in ["ana", "ben"] {
        for title in ["Board sync", "Stand-up"] {
            w.meeting_of(person, title, "in 170s");
        }
    }
    w.tick();
    assert_eq!((w.posts(), w.fake().connections()), (2, 1), "one call for each person's two meetings");
}

#[test]
fn a_stop_between_two_calls_of_a_connection_keeps_every_byte_of_the_second_here() {
    let line = Line::used(PATIENT);
    let gate = Looks::new(|look| if look == 1 { Ok(()) } else { Err(FenceReason::Stopped) });
    let outcome = line.twilio.place(&call("Hello"), &gate).outcome;
    assert!(
        matches!(&outcome, Outcome::NotSent(n) if n.cause == NotSentCause::Fenced(FenceReason::Stopped)),
        "{outcome:?}"
    );
    assert_eq!((gate.count(), line.counts()), (2, (1, 1, 1)));
    assert_eq!(line.fake.wait_for_broken(), [b""], "the connection that was kept ended without a byte");
}

#[test]
fn a_connection_that_its_peer_ended_between_two_calls_takes_no_call() {
    for last_words in ["", TIMED_OUT, "junk"] {
        let line = Line::used(PATIENT);
        line.fake.end_connections(last_words);
        let gate = Looks::open_for(2);
        line.accepts(&gate);
        assert_eq!((gate.count(), line.counts()), (2, (2, 2, 2)), "{last_words}");
    }
}

#[test]
fn a_connection_that_its_peer_ends_while_the_gate_is_asked_takes_no_call_and_the_gate_is_asked_again() {
    for last_words in ["", TIMED_OUT, "junk"] {
        let line = Line::used(PATIENT);
        let fake = Arc::clone(&line.fake);
        let gate = Looks::new(move |look| {
            if look == 2 {
                fake.end_connections(last_words);
            }
            Ok(())
        });
        line.accepts(&gate);
        assert_eq!((gate.count(), line.counts()), (3, (2, 2, 2)), "{last_words}");
    }
}

#[test]
fn a_gate_that_closes_before_the_other_connection_is_used_has_the_last_word() {
    let line = Line::used(PATIENT);
    let fake = Arc::clone(&line.fake);
    let gate = Looks::new(move |look| match look {
        1 => Ok(()),
        2 => {
            fake.end_connections("");
            Ok(())
        }
        _ => Err(FenceReason::IncidentEnded),
    });
    let outcome = line.twilio.place(&call("Hello"), &gate).outcome;
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    line.fake.wait_for_connections(2);
    assert_eq!((gate.count(), line.counts()), (3, (1, 1, 2)));
}

#[test]
fn a_connection_that_was_idle_for_more_than_five_seconds_takes_no_call() {
    let line = Line::used(PATIENT);
    line.clock.advance(Duration::from_secs(5));
    line.accepts(&Looks::open_for(2));
    assert_eq!(line.counts(), (2, 2, 1));
    line.clock.advance(Duration::from_millis(5001));
    line.accepts(&Looks::open_for(2));
    assert_eq!(line.counts(), (3, 3, 2));
    // The machine sleeps while the gate is asked.
    let clock = Arc::clone(&line.clock);
    let gate = Looks::new(move |look| {
        if look == 2 {
            clock.advance(Duration::from_secs(6));
        }
        Ok(())
    });
    line.accepts(&gate);
    assert_eq!((gate.count(), line.counts()), (3, (4, 4, 3)));
}

#[test]
fn a_connection_on_which_the_server_says_close_is_not_used_again() {
    let line = Line::new(PATIENT);
    let close = vec![("Connection".to_owned(), "close".to_owned())];
    line.fake.script([Behaviour::Status(201, r#"{"sid":"CA1","status":"queued"}"#.into(), close)]);
    line.accepts(&Looks::open_for(2));
    line.accepts(&Looks::open_for(2));
    assert_eq!(line.counts(), (2, 1, 2));
}

#[test]
fn what_fails_after_its_first_byte_on_a_kept_connection_is_in_doubt_and_not_repeated() {
    for behaviour in [
        Behaviour::CloseBeforeReply,
        Behaviour::AcceptAndLoseReply,
        Behaviour::Reset,
        Behaviour::Raw(b"HTTP/1.1 201 Created\r\nContent-Le".to_vec()),
    ] {
        let line = Line::used(PATIENT);
        line.fake.script([behaviour.clone()]);
        let gate = Looks::open_for(2);
        let outcome = line.twilio.place(&call("Hello"), &gate).outcome;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{behaviour:?}: {outcome:?}");
        let (posts, _, connections) = line.counts();
        assert_eq!((gate.count(), posts, connections), (2, 2, 1), "{behaviour:?}");
    }
}

#[test]
fn silence_on_a_kept_connection_is_told_by_its_phase_and_has_the_whole_limit() {
    let line = Line::used(HASTY);
    line.fake.script([Behaviour::Silence]);
    let reply = line.twilio.place(&call("Hello"), &Open);
    let words = "no answer within 3 s (waiting for the response)";
    assert!(matches!(&reply.outcome, Outcome::Unknown(doubt) if doubt.detail == words), "{reply:?}");
    assert!(reply.meta.elapsed_ms >= 3_000, "{reply:?}");
    assert_eq!(line.fake.connections(), 1);
}

#[test]
fn reading_goes_on_over_another_connection_when_the_kept_one_has_ended() {
    let line = Line::used(PATIENT);
    let (sid, now) = (line.fake.calls()[0].sid.clone(), Timestamp::from_ms(0));
    for connections in 1..4 {
        line.twilio.fetch(&sid, now).unwrap();
        assert_eq!(line.fake.connections(), connections);
        line.fake.end_connections("");
    }
}

/// One address after the other; the last one stays.
#[derive(Debug)]
struct Names {
    lead_to: Mutex<Vec<SocketAddr>>,
    asked: AtomicUsize,
}

impl Lookup for Names {
    fn lookup(&self, _: &str, _: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut left = self.lead_to.lock().unwrap();
        let here = if left.len() > 1 { left.remove(0) } else { left[0] };
        Some(Ok(vec![here]))
    }
}

/// An account at a name, and what is asked about it.
fn named(lead_to: Vec<SocketAddr>) -> (Twilio, Arc<Names>) {
    let names = Arc::new(Names { lead_to: Mutex::new(lead_to), asked: AtomicUsize::new(0) });
    let config = twilio_config("http://localhost", ACCOUNT, TOKEN);
    let http = HttpClient::with_lookup(http_settings(&config, &engine(PATIENT)), Arc::clone(&names) as _);
    (Twilio::with_http(&config, http), names)
}

#[test]
fn a_name_is_looked_up_once_for_all_workers() {
    let fake = FakeTwilio::start();
    let (twilio, names) = named(vec![fake.addr()]);
    let accepted = || assert!(matches!(twilio.place(&call("Hello"), &Open).outcome, Outcome::Accepted(_)));
    accepted();
    std::thread::scope(|scope| {
        for _ in 0..15 {
            scope.spawn(accepted);
        }
    });
    assert_eq!((fake.calls().len(), names.asked.load(Ordering::SeqCst)), (16, 1));
}

#[test]
fn a_name_is_looked_up_anew_after_a_connection_failed() {
    let fake = FakeTwilio::start();
    let nobody = FakeTwilio::refuse().trim_start_matches("http://").parse().unwrap();
    let (twilio, names) = named(vec![nobody, fake.addr()]);
    let mut outcomes = (0..4).map(|_| twilio.place(&call("Hello"), &Open).outcome);
    let first = outcomes.next().unwrap();
    assert!(matches!(&first, Outcome::NotSent(n) if n.cause == NotSentCause::Connect), "{first:?}");
    assert!(outcomes.all(|outcome| matches!(outcome, Outcome::Accepted(_))));
    assert_eq!((names.asked.load(Ordering::SeqCst), fake.connections()), (2, 1));
}

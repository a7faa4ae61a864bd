//! What certainly did not leave this machine uses no try: it is tried again while there is time, and has its reason.

use crate::support::stand_in::StandIn;
use crate::support::world::World;
use savehub::exit::Exit;
use savehub::model::{NotSentCause, Reply, RungKind};
use savehub::provider::mock::Mock;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const DONE: &str = "EXECUTED(initiated)";

/// A network that a test takes away and gives back, or only to the webhook of this name.
#[derive(Clone, Default)]
struct Network {
    away: Arc<AtomicBool>,
}

impl Network {
    fn goes_away(&self) {
        self.away.store(true, Ordering::SeqCst);
    }

    fn comes_back(&self) {
        self.away.store(false, Ordering::SeqCst);
    }

    /// A world whose requests go through it.
    fn world(&self, config: &str, only: Option<&'static str>) -> World {
        let away = Arc::clone(&self.away);
        let line = StandIn::new(Arc::new(Mock::new(&[]))).placing(move |mock, request, gate| {
            let meant = only.is_none_or(|name| request.to.address.expose() == name);
            if meant && away.load(Ordering::SeqCst) {
                return Reply::not_sent(NotSentCause::Connect, "connection refused");
            }
            mock.place(request, gate)
        });
        World::on_phone(config, Arc::new(line))
    }
}

fn people(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "[[person]]\nid = \"p{n}\"\nphone = \"+120255501{:02}\"\nzone = \"UTC\"", 3 + n);
        text
    })
}

fn detail(w: &World, meeting: savehub::model::MeetingId, step: usize) -> String {
    w.incident(meeting).steps[step].detail.clone().unwrap_or_default()
}

#[test]
fn a_network_that_is_back_after_two_seconds_costs_nothing_but_those() {
    let network = Network::default();
    let w = network.world("", None);
    network.goes_away();
    let m = w.meeting("in 175s");
    assert_eq!(w.tick().exit(), Exit::Done, "nothing is lost yet");
    assert_eq!(w.attempt_states(m), ["NOT_SENT", "NOT_SENT"]);
    network.comes_back();
    w.advance(30);
    w.tick();
    assert_eq!(w.steps(m), [DONE, "PENDING"]);
    w.phone("ana").rang(1);
}

#[test]
fn a_network_that_is_away_over_one_rung_costs_that_rung_alone_and_says_so() {
    let network = Network::default();
    let w = network.world("", None);
    network.goes_away();
    let m = w.meeting("in 180s");
    let exits = [(); 4].map(|()| {
        let exit = w.tick().exit();
        w.advance(30);
        exit
    });
    assert_eq!(exits, [Exit::Done, Exit::Done, Exit::Done, Exit::NotDone], "in the fourth tick the second rung is due");
    network.comes_back();
    w.tick();
    assert_eq!(w.steps(m), ["FAILED(not_sent)", DONE]);
    assert_eq!(detail(&w, m, 0), "tried 6 times and nothing left this machine: connection refused");
    w.phone("ana").rang(1);
}

#[test]
fn a_network_that_stays_away_fails_every_rung_with_how_often_and_why_and_fills_no_limit() {
    let network = Network::default();
    let w = network.world("[guards]\ndaily_cap_per_person = 1\n", None);
    network.goes_away();
    let m = w.meeting("in 180s");
    let exits: Vec<Exit> = (0..7)
        .map(|_| {
            let exit = w.tick().exit();
            w.advance(30);
            exit
        })
        .collect();
    assert_eq!(w.steps(m), ["FAILED(not_sent)", "FAILED(not_sent)"]);
    assert_eq!(detail(&w, m, 1), "tried 6 times and nothing left this machine: connection refused");
    assert_eq!(exits.iter().filter(|exit| **exit == Exit::NotDone).count(), 2, "{exits:?}");
    assert!(w.attempt_states(m).iter().all(|state| state == "NOT_SENT"));
    network.comes_back();
    let next = w.meeting("in 100s");
    w.tick();
    assert_eq!(w.steps(next)[0], DONE, "tries that did not leave are counted nowhere");
}

#[test]
fn a_laptop_that_wakes_without_a_network_rings_when_it_is_back() {
    let network = Network::default();
    let w = network.world("", None);
    network.goes_away();
    let m = w.meeting("in 80s");
    w.tick();
    network.comes_back();
    w.advance(30);
    w.tick();
    assert_eq!(w.steps(m), ["SKIPPED(superseded)", DONE]);
    w.phone("ana").rang(1);
}

#[test]
fn many_due_calls_against_a_dead_network_write_few_attempts_and_all_go_out_when_it_is_back() {
    let network = Network::default();
    let crowd = 90;
    let ladder = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";
    let w = network.world(&format!("[guards]\ndaily_cap = 1000\n{ladder}{}", people(crowd)), None);
    network.goes_away();
    let meetings: Vec<_> = (0..crowd).map(|n| w.meeting_of(&format!("p{n}"), "All hands", "in 180s")).collect();
    let written = || meetings.iter().map(|m| w.attempts(*m).len()).sum::<usize>();
    w.tick();
    let first = written();
    assert!(first <= w.parts.config.engine.parallel + 3, "{first}");
    assert_eq!(w.snapshot().faults.iter().map(|f| f.fault.as_str()).collect::<Vec<_>>(), ["mock network"]);
    w.advance(30);
    w.tick();
    assert_eq!(written(), first + 2, "one at a time, now and a second later");
    network.comes_back();
    w.advance(30);
    w.tick();
    assert!(meetings.iter().all(|m| w.steps(*m) == [DONE]));
    assert_eq!(w.snapshot().faults, []);
}

#[test]
fn a_step_that_waited_behind_a_dead_network_says_so_and_not_that_it_was_found_late() {
    let network = Network::default();
    let crowd = 40;
    let ladder = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";
    let w = network.world(&format!("[engine]\nparallel = 2\n{ladder}{}", people(crowd)), None);
    network.goes_away();
    let meetings: Vec<_> = (0..crowd).map(|n| w.meeting_of(&format!("p{n}"), "All hands", "in 60s")).collect();
    w.tick();
    w.advance(30);
    w.tick();
    w.advance(30);
    assert_eq!(w.tick().exit(), Exit::NotDone);
    assert!(meetings.iter().all(|m| w.steps(*m) == ["FAILED(not_sent)"]));
    let untried: Vec<_> = meetings.iter().filter(|m| w.attempts(**m).is_empty()).collect();
    assert!(untried.len() > crowd / 2, "{}", untried.len());
    let words = "not tried: nothing of what was due before it could be sent either";
    assert!(untried.iter().all(|m| detail(&w, **m, 0) == words));
    w.advance(30);
    w.tick();
    assert_eq!(w.snapshot().faults, [], "nothing waits any more");
}

#[test]
fn a_webhook_that_nothing_reaches_holds_up_no_other() {
    let network = Network::default();
    let rung = |name: &str| format!("[[ladder]]\nstep = \"webhook\"\nuse = \"{name}\"\nbefore = \"10m\"\n");
    let hook = |name: &str| format!("[webhook.{name}]\nurl = \"https://example.com/{name}\"\n");
    let config = format!("{}{}{}{}{}", rung("dead"), rung("alive"), hook("dead"), hook("alive"), people(20));
    let w = network.world(&config, Some("dead"));
    network.goes_away();
    let meetings: Vec<_> = (0..20).map(|n| w.meeting_of(&format!("p{n}"), "All hands", "in 10m")).collect();
    w.tick();
    assert!(meetings.iter().all(|m| w.steps(*m)[..2] == ["PENDING", DONE]), "{:?}", w.steps(meetings[0]));
    assert_eq!(w.snapshot().faults[0].fault, "mock dead network");
    let to_the_dead = w.sent().into_iter().filter(|r| r.to.kind == RungKind::Webhook).count();
    assert_eq!(to_the_dead, 20, "all to the other one");
}

#[test]
fn explain_says_that_a_call_waits_for_the_network_and_later_how_often_it_was_tried() {
    let network = Network::default();
    let ladder = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";
    let w = network.world(&format!("{ladder}{}", people(3)), None);
    network.goes_away();
    for n in 0..3 {
        w.meeting_of(&format!("p{n}"), "All hands", "in 180s");
    }
    let m = w.meeting("in 180s");
    w.tick();
    w.advance(10);
    let first = |w: &World| crate::explain::stories::text(w, &m.to_string()).lines().next().unwrap().to_owned();
    let waits = "the call due at 09:00 waits for the network, or the provider's secret: nothing reaches the provider, \
                 and every tick tries again";
    assert_eq!(first(&w), format!("Nobody has been called yet: {waits}."));
    w.advance(180);
    w.tick();
    let tried = w.attempts(m).len();
    let times = if tried == 1 { "once".to_owned() } else { format!("{tried} times") };
    let why = format!("(tried {times} and nothing left this machine: connection refused)");
    assert_eq!(first(&w), format!("It did not ring: nothing could be sent while there was time {why}."));
}

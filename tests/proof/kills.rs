//! (a) `kill -9` before every system call of a tick; then further ticks.

use crate::rig::{Rig, Setup, whole};
use crate::strace::{self, Point, able, inject, points, sample};
use crate::support::fake_twilio::Behaviour;
use crate::verdict::{Tally, judge};

/// What comes between the kill and the ticks that finish the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// Nothing.
    Ticks,
    /// The person checks in.
    CheckIn,
    /// The database is put back to what it was before the tick.
    Restore,
}

struct Scenario {
    name: &'static str,
    setup: Setup,
    script: fn() -> Vec<Behaviour>,
    then: Then,
    /// Are connections refused until the tick is dead?
    refused: bool,
    /// How many kills the sample has.
    sampled: usize,
}

const ONE: Setup = Setup::ONE;

const WITH_PREFLIGHT: Setup = Setup { preflight: true, ..ONE };

fn lost() -> Vec<Behaviour> {
    vec![Behaviour::AcceptAndLoseReply]
}

fn three() -> Vec<Behaviour> {
    vec![Behaviour::Answer, Behaviour::AcceptAndLoseReply, Behaviour::server_error().accepted()]
}

/// The config's name in a trace: the tick's own part begins where it is opened.
const OWN_PART: &str = "config.toml";

fn sweep(scenario: &Scenario) {
    if !able(scenario.name) {
        return;
    }
    let rig = Rig::new(scenario.setup);
    rig.fake.script((scenario.script)());
    rig.refuse(scenario.refused);
    let all = points(&rig.savehub(&["tick", "-q"]), &rig.path("log"), OWN_PART);
    let chosen = if whole() { [all.own, all.foreign].concat() } else { sample(&all.own, scenario.sampled, 1) };
    Tally::of(&chosen, |point| killed(scenario, point)).hold(scenario.name);
}

fn killed(scenario: &Scenario, point: &Point) -> Tally {
    let rig = Rig::new(scenario.setup);
    rig.fake.script((scenario.script)());
    rig.refuse(scenario.refused);
    let (fired, _) = inject(&rig.savehub(&["tick", "-q"]), &rig.path("log"), point, "signal=KILL");
    rig.refuse(false);
    rig.drain();
    let name = format!("{}: killed before {point}", scenario.name);
    match scenario.then {
        Then::Ticks => judge(&rig, &name, fired, rig.recover()),
        Then::CheckIn => checked_in(&rig, &name, fired),
        Then::Restore => {
            rig.restore();
            judge(&rig, &name, fired, rig.recover())
        }
    }
}

fn checked_in(rig: &Rig, name: &str, fired: bool) -> Tally {
    let ran = rig.run(&["checkin", "m1"]);
    let mut wrong = Vec::new();
    if ran.code != 0 {
        wrong.push(format!("the check-in ended with {}: {}", ran.code, ran.err));
    }
    let before = rig.fake.posts();
    wrong.extend(rig.recover());
    if rig.fake.posts() > before {
        wrong.push("a request left after the check-in".into());
    }
    if let Some(live) = rig.fake.calls().iter().find(|c| c.is_live()) {
        wrong.push(format!("call {} is still {}", live.sid, live.status));
    }
    judge(rig, name, fired, wrong)
}

#[test]
fn a_killed_tick_is_finished_by_the_next() {
    let name = "kill, plain";
    sweep(&Scenario { name, setup: ONE, script: Vec::new, then: Then::Ticks, refused: false, sampled: 40 });
}

#[test]
fn a_killed_tick_with_preflight_is_finished_by_the_next() {
    let name = "kill, plain with preflight";
    sweep(&Scenario { name, setup: WITH_PREFLIGHT, script: Vec::new, then: Then::Ticks, refused: false, sampled: 30 });
}

#[test]
fn a_killed_tick_whose_reply_was_lost_does_not_ring_again() {
    let name = "kill, reply lost";
    sweep(&Scenario { name, setup: ONE, script: lost, then: Then::Ticks, refused: false, sampled: 30 });
}

#[test]
fn a_killed_tick_whose_connections_were_refused_rings_once_when_they_are_not() {
    for (name, setup) in [("kill, connections refused", ONE), ("kill, refused with preflight", WITH_PREFLIGHT)] {
        sweep(&Scenario { name, setup, script: Vec::new, then: Then::Ticks, refused: true, sampled: 20 });
    }
}

#[test]
fn a_killed_tick_with_three_fates_rings_each_phone_once() {
    let name = "kill, three steps (ok, lost, 500 after the call)";
    let setup = Setup { people: 3, ..WITH_PREFLIGHT };
    sweep(&Scenario { name, setup, script: three, then: Then::Ticks, refused: false, sampled: 24 });
}

#[test]
fn a_check_in_after_a_kill_lets_nothing_ring_and_hangs_up_what_does() {
    let name = "kill, then a check-in";
    let setup = Setup { opened: true, ..ONE };
    sweep(&Scenario { name, setup, script: Vec::new, then: Then::CheckIn, refused: false, sampled: 30 });
    let name = "kill with a lost reply, then a check-in";
    sweep(&Scenario { name, setup, script: lost, then: Then::CheckIn, refused: false, sampled: 20 });
}

#[test]
fn a_database_restored_from_before_the_killed_tick_rings_nobody_again() {
    let name = "kill, then the database of before";
    sweep(&Scenario {
        name,
        setup: WITH_PREFLIGHT,
        script: Vec::new,
        then: Then::Restore,
        refused: false,
        sampled: 30,
    });
}

// --- the recovering tick is killed too ---

/// The first kill: the call was claimed and nothing sent; it was sent and not answered; the answer is half written down.
const FIRST_KILLS: [(&str, usize); 3] = [("sendto", 1), ("recvfrom", 1), ("fsync", 6)];

/// After the first kill; the recovering tick finds the attempt settled, so that it calls again where nobody rang.
fn half_done(first: (&str, usize), script: fn() -> Vec<Behaviour>) -> Rig {
    let rig = Rig::new(ONE);
    rig.fake.script(script());
    let point = Point::new(first.0, first.1);
    let (fired, ran) = inject(&rig.savehub(&["tick", "-q"]), &rig.path("log"), &point, "signal=KILL");
    assert!(fired, "{point}: {ran:?}");
    rig.drain();
    rig.let_settle();
    rig
}

#[test]
fn a_killed_tick_and_a_killed_recovery_are_finished_by_the_third() {
    let name = "kill twice";
    if !able(name) {
        return;
    }
    let mut cases = Vec::new();
    for (turn, first) in FIRST_KILLS.into_iter().enumerate() {
        let rig = half_done(first, Vec::new);
        let all = strace::points(&rig.savehub(&["tick", "-q"]), &rig.path("log"), OWN_PART);
        let chosen = if whole() { all.own } else { sample(&all.own, 12, turn) };
        cases.extend(chosen.into_iter().map(|second| (first, second)));
    }
    let tally = Tally::of(&cases, |(first, second)| {
        let rig = half_done(*first, Vec::new);
        let (fired, _) = inject(&rig.savehub(&["tick", "-q"]), &rig.path("log"), second, "signal=KILL");
        rig.drain();
        let name = format!("killed before {} #{}, recovery killed before {second}", first.0, first.1);
        judge(&rig, &name, fired, rig.recover())
    });
    tally.hold(name);
}

//! (a) `kill -9` before every system call of a tick; then further ticks.

use crate::rig::{Came, Rig, Setup, Step, whole};
use crate::strace::{self, Point, able, inject, kill_when, points, sample};
use crate::support::fake_twilio::{Behaviour, Endpoint};
use crate::verdict::{Tally, aside, judge, picture};

/// What comes between the kill and the ticks that finish the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// Nothing.
    Ticks,
    /// The person checks in.
    CheckIn,
    /// The database is put back to what it was before the tick.
    Restore,
    /// A new database is in its place, before this tick and before each one after it.
    Forget,
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
    /// How many the whole has at most; those are spread over all.
    most: usize,
}

const ONE: Setup = Setup::ONE;

/// Every system call is looked at.
const ALL: usize = usize::MAX;

const WITH_PREFLIGHT: Setup = Setup { preflight: true, ..ONE };

fn lost() -> Vec<Behaviour> {
    vec![Behaviour::AcceptAndLoseReply]
}

fn three() -> Vec<Behaviour> {
    vec![Behaviour::Answer, Behaviour::AcceptAndLoseReply, Behaviour::server_error().accepted()]
}

/// The config's name in a trace: the tick's own part begins where it is opened.
const OWN_PART: &str = "config.toml";

impl Scenario {
    fn rig(&self) -> Rig {
        let rig = Rig::new(self.setup);
        let created = if self.setup.step == Step::Text { Endpoint::Send } else { Endpoint::Create };
        rig.fake.script_for(created, (self.script)());
        rig.refuse(self.refused);
        if self.then == Then::Forget {
            rig.forget();
        }
        rig
    }
}

fn sweep(scenario: &Scenario) {
    if !able(scenario.name) {
        return;
    }
    let rig = scenario.rig();
    let all = points(&rig.savehub(&["tick", "-q"]), &rig.path("log"), OWN_PART);
    let every = if scenario.most < all.own.len() {
        sample(&all.own, scenario.most, 1)
    } else {
        [all.own.clone(), all.foreign].concat()
    };
    let chosen = if whole() { every } else { sample(&all.own, scenario.sampled, 1) };
    let chosen: Vec<At> =
        chosen.into_iter().map(At::Before).chain(if scenario.refused { vec![] } else { At::OWN.into() }).collect();
    // How many outcomes are written down together, and so how many writes there are, is not the same in every run.
    let of_ten = match scenario.setup {
        Setup { step: Step::Text, .. } => 4,
        Setup { people: 1, .. } => 9,
        _ => 7,
    };
    Tally::of(&chosen, |at| killed(scenario, at)).hold_if(scenario.name, of_ten);
}

/// Where a tick is killed.
enum At {
    /// Before a thread makes this system call.
    Before(Point),
    /// When its first request to call or text has come so far. Where a list was asked for, other threads came to the same
    /// system calls before, so that no number is that request's own.
    When(Came),
}

impl At {
    const OWN: [Self; 2] = [Self::When(Came::Claimed), Self::When(Came::Begun)];

    /// Kills a tick there. Says whether it came there.
    fn kill(&self, rig: &Rig) -> bool {
        let tick = rig.savehub(&["tick", "-q"]);
        match self {
            Self::Before(point) => inject(&tick, &rig.path("log"), point, "signal=KILL").0,
            Self::When(came) => kill_when(&tick, *came),
        }
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Before(point) => write!(f, "before {point}"),
            Self::When(came) => write!(f, "when its request was {came:?} and had not left"),
        }
    }
}

fn killed(scenario: &Scenario, at: &At) -> Tally {
    let rig = scenario.rig();
    let kill = || at.kill(&rig);
    // Without a memory, an empty list is asked for again after two seconds.
    let fired = if scenario.then == Then::Forget { aside(kill) } else { kill() };
    rig.refuse(false);
    rig.drain();
    let name = format!("{}: killed {at}", scenario.name);
    match scenario.then {
        Then::Ticks => judge(&rig, &name, fired, rig.recover()),
        Then::CheckIn => checked_in(&rig, &name, fired),
        Then::Restore => {
            rig.restore();
            judge(&rig, &name, fired, rig.recover())
        }
        Then::Forget => judge(&rig, &name, fired, aside(|| rig.ticks_without_a_memory(3))),
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
    sweep(&Scenario { name, setup: ONE, script: Vec::new, then: Then::Ticks, refused: false, sampled: 40, most: ALL });
}

#[test]
fn a_killed_tick_with_preflight_is_finished_by_the_next() {
    let name = "kill, plain with preflight";
    sweep(&Scenario {
        name,
        setup: WITH_PREFLIGHT,
        script: Vec::new,
        then: Then::Ticks,
        refused: false,
        sampled: 30,
        most: ALL,
    });
}

#[test]
fn a_killed_tick_whose_reply_was_lost_does_not_ring_again() {
    let name = "kill, reply lost";
    sweep(&Scenario { name, setup: ONE, script: lost, then: Then::Ticks, refused: false, sampled: 30, most: ALL });
}

#[test]
fn a_killed_tick_whose_connections_were_refused_rings_once_when_they_are_not() {
    for (name, setup) in [("kill, connections refused", ONE), ("kill, refused with preflight", WITH_PREFLIGHT)] {
        sweep(&Scenario { name, setup, script: Vec::new, then: Then::Ticks, refused: true, sampled: 20, most: ALL });
    }
}

#[test]
fn a_killed_tick_with_three_fates_rings_each_phone_once() {
    let name = "kill, three steps (ok, lost, 500 after the call)";
    let setup = Setup { people: 3, ..WITH_PREFLIGHT };
    sweep(&Scenario { name, setup, script: three, then: Then::Ticks, refused: false, sampled: 24, most: ALL });
}

/// Fates in turn.
fn of_a_crowd() -> Vec<Behaviour> {
    (0..64).map(|i| if i % 3 == 1 { Behaviour::AcceptAndLoseReply } else { Behaviour::Answer }).collect()
}

#[test]
fn a_killed_tick_that_had_claimed_a_set_reaches_each_phone_once() {
    for (name, people, most, sampled) in [("kill, a set of eight", 8, ALL, 24), ("kill, a set of fifty", 50, 500, 8)] {
        let setup = Setup { people, step: Step::Text, ..WITH_PREFLIGHT };
        sweep(&Scenario { name, setup, script: of_a_crowd, then: Then::Ticks, refused: false, sampled, most });
    }
}

#[test]
fn a_check_in_after_a_kill_lets_nothing_ring_and_hangs_up_what_does() {
    let name = "kill, then a check-in";
    let setup = Setup { opened: true, ..ONE };
    sweep(&Scenario { name, setup, script: Vec::new, then: Then::CheckIn, refused: false, sampled: 30, most: ALL });
    let name = "kill with a lost reply, then a check-in";
    sweep(&Scenario { name, setup, script: lost, then: Then::CheckIn, refused: false, sampled: 20, most: ALL });
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
        most: ALL,
    });
}

#[test]
fn a_database_removed_before_each_tick_lets_the_phone_ring_once_whatever_is_killed() {
    for (name, script) in [
        ("kill, a new database for each tick", Vec::new as fn() -> Vec<Behaviour>),
        ("kill with a lost reply, a new database for each tick", lost),
    ] {
        let setup = WITH_PREFLIGHT;
        sweep(&Scenario { name, setup, script, then: Then::Forget, refused: false, sampled: 12, most: ALL });
    }
}

// --- what a kill costs ---

/// As long as by default: whoever must wait for the list to be final has lost the rung.
const REAL_SETTLE: &str = "settle = \"30s\"";

/// Two rungs, this one of which is due. The first has rung and nobody answered, when it is the second.
fn rung_is_due(rung: usize, preflight: bool) -> Rig {
    let rig = Rig::new(Setup { preflight, ..ONE });
    let config = std::fs::read_to_string(rig.path("config.toml")).unwrap();
    let config = config.replace("settle = \"100ms\"", REAL_SETTLE);
    assert!(config.contains(REAL_SETTLE));
    std::fs::write(rig.path("config.toml"), config + "[[ladder]]\nstep = \"call\"\nbefore = \"30s\"\n").unwrap();
    if rung == 2 {
        assert_eq!(rig.run(&["tick", "-q"]).code, 0);
        rig.fake.set_status(&rig.fake.calls()[0].sid, "no-answer");
        assert_eq!(rig.run(&["tick", "-q"]).code, 0);
        let due = "update steps set due_at = due_at - 120000, ready_at = ready_at - 120000 where rung = 1";
        assert_eq!(rig.connect().execute(due, []).unwrap(), 1);
    }
    rig
}

/// The state of a rung's step; the table counts from 0.
fn state(rig: &Rig, rung: usize) -> Option<String> {
    let sql = format!("select state from steps where rung = {}", rung - 1);
    rig.connect().query_row(&sql, [], |r| r.get(0)).ok()
}

/// One tick after the kill: what had not begun rings in it, and what had begun rings once at most.
fn next_tick(rig: &Rig, rung: usize, came: Came, name: &str, fired: bool) -> Tally {
    let mut wrong = Vec::new();
    let ran = rig.run(&["tick", "-q"]);
    if ran.code != 0 || ran.panicked() {
        wrong.push(format!("the next tick ended with {}: {}", ran.code, ran.err));
    }
    let rang = rig.fake.calls().len().saturating_sub(rung - 1);
    let state = state(rig, rung);
    let in_doubt = came == Came::Begun && rang == 0 && state.as_deref() == Some("RUNNING");
    let lost = !in_doubt && (rang == 0 || state.as_deref() != Some("EXECUTED"));
    if lost || rang > 1 {
        wrong.push(format!("rung {rung} rang {rang} times and is {state:?}, killed when it was {came:?}"));
    }
    if !wrong.is_empty() {
        wrong = vec![format!("{name}: {}\n{}", wrong.join("; "), picture(rig, &rig.connect()))];
    }
    Tally {
        cases: 1,
        fired: usize::from(fired),
        duplicates: rang.saturating_sub(1),
        losses: usize::from(lost),
        rang: rang.min(1),
        claimed: usize::from(came == Came::Claimed),
        doubts: usize::from(in_doubt),
        wrong,
        ..Tally::default()
    }
}

#[test]
fn a_kill_before_the_request_begins_costs_no_rung_and_the_next_tick_calls() {
    let both = [(1, false), (2, false), (1, true), (2, true)];
    for (rung, preflight) in &both[..if whole() { 4 } else { 2 }] {
        let (rung, preflight) = (*rung, *preflight);
        let name = format!("kill, what it costs of rung {rung}{}", if preflight { " with preflight" } else { "" });
        if !able(&name) {
            return;
        }
        let rig = rung_is_due(rung, preflight);
        let all = points(&rig.savehub(&["tick", "-q"]), &rig.path("log"), OWN_PART).own;
        let mut chosen = if whole() { all } else { sample(&all, 40, 1) };
        // Without lists before it, the call's own: to its server, and its request.
        chosen.extend([Point::new("connect", 1), Point::sent()]);
        chosen.sort();
        chosen.dedup();
        let chosen: Vec<At> = chosen.into_iter().map(At::Before).chain(At::OWN).collect();
        let tally = Tally::of(&chosen, |at| {
            let rig = rung_is_due(rung, preflight);
            let fired = at.kill(&rig);
            rig.drain();
            let came = rig.came_to();
            assert!(!matches!(at, At::When(meant) if fired && *meant != came), "killed {at}, and it was {came:?}");
            next_tick(&rig, rung, came, &format!("{name}: killed {at}"), fired)
        });
        tally.hold(&name);
        assert!(tally.claimed > 0, "no kill came between claim and begun");
        assert!(tally.doubts > 0, "no kill came between begun and the bytes");
    }
}

#[test]
fn without_what_the_killed_tick_said_of_it_the_rung_is_lost() {
    let name = "kill, its file removed";
    if !able(name) {
        return;
    }
    let rig = rung_is_due(1, false);
    let point = Point::new("connect", 1);
    let (fired, _) = inject(&rig.savehub(&["tick", "-q"]), &rig.path("log"), &point, "signal=KILL");
    let came = rig.came_to();
    assert_eq!((fired, came), (true, Came::Claimed));
    for file in std::fs::read_dir(rig.path("")).unwrap().map(|file| file.unwrap().path()) {
        if file.to_string_lossy().contains("-armed-") {
            std::fs::remove_file(file).unwrap();
        }
    }
    let tally = next_tick(&rig, 1, came, name, fired);
    assert_eq!((tally.losses, tally.rang), (1, 0), "the harness sees it");
}

// --- the recovering tick is killed too ---

/// The first kill: the call was claimed; it had begun and nothing was sent; it was sent and not answered; the answer is
/// half written down.
const FIRST_KILLS: [(&str, usize, Came); 4] = [
    ("connect", 1, Came::Claimed),
    ("sendto", 1, Came::Begun),
    ("recvfrom", 1, Came::Begun),
    ("fsync", 6, Came::Elsewhere),
];

/// After the first kill; the recovering tick finds the attempt settled, so that it calls again where nobody rang.
fn half_done((syscall, n, came): (&str, usize, Came), script: fn() -> Vec<Behaviour>) -> Rig {
    let rig = Rig::new(ONE);
    rig.fake.script(script());
    let point = Point::new(syscall, n);
    let (fired, ran) = inject(&rig.savehub(&["tick", "-q"]), &rig.path("log"), &point, "signal=KILL");
    assert_eq!((fired, rig.came_to()), (true, came), "{point}: {ran:?}");
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

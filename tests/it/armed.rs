//! A tick that dies between the written attempt and its request: what it has said of it decides.

use crate::support::alone::again;
use crate::support::fake_twilio::Behaviour;
use crate::support::stand_in::{StandIn, unknown};
use crate::support::world::{BEGIN, World};
use savehub::clock::ManualClock;
use savehub::config;
use savehub::feed::Sources;
use savehub::model::{FenceReason, MeetingId, ProviderKind};
use savehub::owner::Owner;
use savehub::provider::Only;
use savehub::provider::mock::Mock;
use savehub::store::sqlite::{Create, SqliteStore};
use savehub::tick;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Names the directory, the account and the moment to the process that is killed.
const PLACE: &str = "ARMED_PLACE";

/// It says so when it waits for its end.
const WAITS: &str = "waits to be killed";

/// How far the request of a tick comes that is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// To the look before its connection.
    ToTheLook,
    /// To the gate, when it is too late to begin.
    TooLate,
    /// Through the gate.
    ThroughTheGate,
}

/// A tick in this directory whose request comes so far and then hangs.
fn hangs(dir: &Path, account: &str, comes: Comes) {
    let people = "database = \"savehub.db\"\n[[person]]\nid = \"ana\"\nname = \"Ana\"\nphone = \"+12025550101\"\n\
                  zone = \"UTC\"\n";
    let config = Arc::new(config::from_text(people, &dir.join("config.toml"), &|_| None).unwrap());
    let mut phone = StandIn::new(Arc::new(Mock::new(&[]))).placing(move |_, _, gate| {
        match comes {
            Comes::ToTheLook => gate.look().unwrap(),
            Comes::TooLate => {
                let over = Instant::now().checked_sub(Duration::from_millis(1)).unwrap();
                assert_eq!(gate.pass_by(over), Err(FenceReason::StoreFailed));
            }
            Comes::ThroughTheGate => gate.pass().unwrap(),
        }
        writeln!(std::io::stdout().lock(), "{WAITS}").unwrap();
        std::thread::park();
        unknown()
    });
    phone.name = Some((ProviderKind::Twilio, account.to_owned().leak()));
    let store = Arc::new(SqliteStore::open(&config.database, Create::No).unwrap());
    let feeds = Arc::new(Sources::new(&config));
    let clock = Arc::new(ManualClock::at(BEGIN));
    let providers = Arc::new(Only(Arc::new(phone)));
    drop(tick::tick(&tick::World { config, store, providers, feeds, clock, me: Owner::me() }));
}

/// Ana's meeting is due; the tick that was to call her was killed when its request had come so far. `None`: this is that
/// tick. `this` is the test.
fn killed<T: Fn()>(this: T, comes: Comes) -> Option<(World, MeetingId)> {
    if let Ok(place) = std::env::var(PLACE) {
        let (account, dir) = place.split_once(' ').unwrap();
        hangs(Path::new(dir), account, comes);
        return None;
    }
    let world = World::on_twilio("");
    let meeting = world.meeting("in 180s");
    let place = format!("{} {}", world.provider().account(), world.dir.path().display());
    // The process that is killed is this test once more.
    let mut child = again(this).env(PLACE, place).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains(WAITS)));
    child.kill().unwrap();
    child.wait().unwrap();
    Some((world, meeting))
}

fn files(world: &World) -> usize {
    let names = std::fs::read_dir(world.dir.path()).unwrap().map(|file| file.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().starts_with("savehub.db-armed-")).count()
}

#[test]
fn a_kill_between_claim_and_request_costs_no_rung() {
    let Some((w, m)) = killed(a_kill_between_claim_and_request_costs_no_rung, Comes::ToTheLook) else { return };
    assert_eq!((w.attempt_states(m), files(&w)), (vec!["SENDING".to_owned()], 1));
    w.tick();
    assert_eq!(w.attempt_states(m), ["NOT_SENT", "ACCEPTED"], "at once: the next tick calls");
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "PENDING"]);
    let why = w.attempts(m)[0].error.clone();
    assert_eq!(why.as_deref(), Some("the process that was to send it ended before the request began"));
    w.phone("ana").rang(1);
    assert_eq!(files(&w), 0);
}

#[test]
fn a_request_that_comes_to_its_gate_too_late_has_not_begun() {
    let Some((w, m)) = killed(a_request_that_comes_to_its_gate_too_late_has_not_begun, Comes::TooLate) else { return };
    w.tick();
    assert_eq!(w.attempt_states(m), ["NOT_SENT", "ACCEPTED"]);
    w.phone("ana").rang(1);
}

#[test]
fn a_kill_after_the_request_began_leaves_the_doubt() {
    let Some((w, m)) = killed(a_kill_after_the_request_began_leaves_the_doubt, Comes::ThroughTheGate) else { return };
    w.tick();
    assert_eq!((w.attempt_states(m), files(&w)), (vec!["UNKNOWN".to_owned()], 1));
    w.advance(80);
    w.tick();
    assert_eq!(w.attempt_states(m), ["ABSENT", "ACCEPTED"], "the list settles it");
    w.advance(10);
    w.tick();
    assert_eq!(files(&w), 0);
    w.phone("ana").rang(1);
}

#[test]
fn what_was_left_by_a_killed_tick_and_is_gone_or_was_changed_proves_nothing() {
    let this = what_was_left_by_a_killed_tick_and_is_gone_or_was_changed_proves_nothing;
    let Some((w, m)) = killed(this, Comes::ToTheLook) else { return };
    let is_ours = |path: &Path| path.to_string_lossy().contains("savehub.db-armed-");
    let left = || std::fs::read_dir(w.dir.path()).unwrap().map(|file| file.unwrap().path()).find(|path| is_ours(path));
    let path = left().unwrap();
    // A copy says the same, and is another file.
    let copy = w.dir.path().join("copy");
    std::fs::copy(&path, &copy).unwrap();
    std::fs::rename(&copy, &path).unwrap();
    w.tick();
    assert_eq!(w.attempt_states(m), ["UNKNOWN"]);
    w.phone("ana").rang(0);
}

#[test]
fn a_tick_leaves_its_file_only_while_an_answer_is_missing() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.fake().script([Behaviour::AcceptAndLoseReply]);
    w.tick();
    assert_eq!((w.attempt_states(m), files(&w)), (vec!["UNKNOWN".to_owned()], 1));
    w.advance(10);
    w.tick();
    assert_eq!(w.attempt_states(m), ["ACCEPTED"]);
    w.meeting_of("ben", "Standup", "in 180s");
    w.tick();
    w.phone("ben").rang(1);
    assert_eq!(files(&w), 0, "the next tick removed the one, and its own");
}

#[test]
fn a_dry_run_writes_no_such_file() {
    let w = World::on_twilio("");
    w.meeting("in 180s");
    assert_eq!((w.dry_run().placed(), files(&w)), (1, 0));
}

//! A secret that cannot be had stops its own provider alone: ticks do everything else, say so, and exit with 2.

use super::{ANA, Cli, FakeTwilio, TOKEN, copies, rings};
use crate::support::cli::{Ran, twilio};
use crate::support::phone;
use crate::support::world::World;
use savehub::config::TwilioAuth;
use savehub::exit::Exit;
use std::fmt::Write as _;

/// A program that prints the token while the file `token` is there.
const COMMAND: &str = "auth_token_command = [\"cat\", \"token\"]";

/// A call that comes with a mail or another channel, written below.
const LADDER: &str =
    "[[ladder]]\nstep = \"command\"\nuse = \"note\"\nbefore = \"3m\"\n[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

/// An installation whose token is locked, and a meeting whose call is due.
fn locked(fake: &FakeTwilio, more: &str) -> Cli {
    let literal = format!("auth_token = \"{TOKEN}\"");
    let config = twilio(&fake.base_url(), TOKEN, &format!("{ANA}{more}"));
    let cli = Cli::on_twilio(fake, "your_auth_token").set("PATH", "/usr/bin:/bin");
    cli.write_config(
        &config.replace(&literal, &COMMAND.replace("token\"]", &format!("{}\"]", cli.path("token").display()))),
    );
    cli.ok(&["meeting", "add", "Board", "--at", "in 2m"]);
    cli
}

const WHY: &str = "no secret comes from `auth_token_command`: the program failed (exit status: 1)";

#[test]
fn a_locked_secret_stops_its_provider_alone_and_the_tick_exits_with_2_after_the_work() {
    let fake = FakeTwilio::start();
    let note = "[command.note]\nrun = [\"true\"]\n";
    let cli = locked(&fake, &format!("{LADDER}{note}"));
    let first = cli.run(&["tick", "--json"]);
    let tick: serde_json::Value = serde_json::from_str(&first.out).unwrap();
    assert_eq!((first.code, &tick["locked"]), (2, &WHY.into()), "{first:?}");
    assert_eq!(tick["results"][0]["kind"], "command", "{tick}");
    assert_eq!((tick["results"].as_array().unwrap().len(), fake.connections()), (1, 0));
    let told = format!("refuses the config, and ticks go on with it: {WHY}; until then nothing reaches a phone");
    assert!(first.err.contains(&told), "{first:?}");
    let status = cli.ok(&["status"]);
    assert!(status.contains("exit 2") && status.contains("\nfault: config, for "), "{status}");
    assert_eq!(copies(&cli).len(), 0, "it was never good");
    cli.write("token", TOKEN);
    let unlocked = cli.run(&["tick"]);
    assert!(unlocked.code == 0 && unlocked.err.starts_with("warning: over: config"), "{unlocked:?}");
    assert_eq!(copies(&cli).len(), 1);
}

#[test]
fn a_lock_that_lasts_is_told_once_and_a_strict_tick_refuses_it() {
    let fake = FakeTwilio::start();
    let cli = locked(&fake, "");
    assert!(!cli.run(&["tick"]).err.is_empty());
    let Ran { code, out, .. } = cli.run(&["tick"]);
    assert_eq!((code, out.as_str()), (2, ""));
    for refusing in [&["tick", "--strict"][..], &["config", "check"], &["call-test", "--yes"], &["tick", "--dry-run"]] {
        let ran = cli.run(refusing);
        assert!(ran.code == 2 && ran.err.contains(WHY), "{refusing:?}: {ran:?}");
    }
}

#[test]
fn a_copy_whose_secret_can_be_had_goes_on_ringing() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN);
    cli.ok(&["tick"]);
    cli.ok(&["meeting", "add", "Board", "--at", "in 2m"]);
    let literal = format!("auth_token = \"{TOKEN}\"");
    cli.write_config(&twilio(&fake.base_url(), TOKEN, ANA).replace(&literal, "auth_token_command = [\"false\"]"));
    let ran = cli.run(&["tick"]);
    rings(&ran);
    let told = "config.toml is broken since 20";
    assert!(ran.err.contains(told) && ran.err.contains("no secret comes from `auth_token_command`"), "{ran:?}");
}

fn world(people: usize) -> World {
    let people = (0..people).fold("[guards]\ndaily_cap = 1000\n".to_owned(), |mut text, n| {
        let last = u8::try_from(n + 3).unwrap();
        let _ = writeln!(text, "[[person]]\nid = \"p{n}\"\nphone = \"{}\"\nzone = \"UTC\"", phone(last).expose());
        text
    });
    let mut w = World::on_twilio(&people);
    w.change_twilio(|twilio| twilio.auth = TwilioAuth::Locked(WHY.into()));
    w
}

#[test]
fn steps_wait_for_the_secret_until_the_window_closes_and_then_say_why() {
    let w = world(0);
    let m = w.meeting("in 180s");
    for _ in 0..6 {
        assert_eq!(w.tick().exit(), Exit::Usage);
        w.advance(30);
    }
    assert_eq!(w.steps(m), ["FAILED(not_sent)", "PENDING"]);
    assert_eq!(w.tick().exit(), Exit::Usage);
    assert_eq!(w.steps(m), ["FAILED(not_sent)", "FAILED(not_sent)"]);
    let detail = w.incident(m).steps[1].detail.clone().unwrap();
    assert!(detail.starts_with("tried ") && detail.ends_with(&format!("nothing left this machine: {WHY}")), "{detail}");
    assert_eq!((w.posts(), w.fake().connections()), (0, 0));
}

#[test]
fn a_step_that_waited_for_the_secret_rings_in_the_tick_that_has_it() {
    let mut w = world(0);
    let m = w.meeting("in 175s");
    w.tick();
    let good = w.fake().config().auth;
    w.change_twilio(|twilio| twilio.auth = good);
    w.advance(30);
    assert_eq!(w.tick().exit(), Exit::Done);
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "PENDING"]);
    assert_eq!(w.snapshot().faults.len(), 0, "{:?}", w.snapshot().faults);
}

#[test]
fn many_steps_behind_a_locked_secret_write_few_attempts() {
    let w = world(90);
    let meetings: Vec<_> = (0..90).map(|n| w.meeting_of(&format!("p{n}"), "All hands", "in 170s")).collect();
    w.tick();
    let attempts: usize = meetings.iter().map(|m| w.attempt_states(*m).len()).sum();
    assert!((1..w.parts.config.engine.parallel + 4).contains(&attempts), "{attempts}");
    w.advance(30);
    w.tick();
    let more: usize = meetings.iter().map(|m| w.attempt_states(*m).len()).sum();
    assert!(more <= attempts + 2, "{attempts}, then {more}");
}

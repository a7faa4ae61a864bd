//! `presence_command`: is the person in the meeting already?

use crate::channels::{NOW, mail};
use crate::support::HUNG;
use savehub::config::{Config, from_text};
use savehub::provider::Presence;
use savehub::provider::presence::PresenceCommands;
use std::path::Path;
use std::time::{Duration, Instant};

/// A config in which `ana` has this script, and `bo` has none.
fn config(script: &str) -> Config {
    let bo = "[[person]]\nid = \"bo\"\nphone = \"+12025550102\"\n";
    let ana = "[[person]]\nid = \"ana\"\nphone = \"+12025550101\"\n";
    let text = format!("{bo}{ana}presence_command = [\"/bin/sh\", \"-c\", '''{script}''']\n");
    from_text(&text, Path::new("/nonexistent/config.toml"), &|name| (name == "HOME").then(|| "/home/ana".into()))
        .unwrap()
}

fn asked(script: &str, person: &str) -> Result<bool, String> {
    PresenceCommands::new(&config(script)).is_there(person, &mail().facts, NOW)
}

#[test]
fn code_0_means_there_1_not_there_and_anything_else_that_nobody_knows() {
    for (script, there) in [
        ("exit 0", Ok(true)),
        ("exit 1", Ok(false)),
        ("echo the door is shut; exit 2", Err("exit code 2 the door is shut".to_owned())),
        ("kill -9 $$", Err("ended by signal 9".into())),
        ("exec /nonexistent/program >/dev/null 2>&1", Err("exit code 127".into())),
    ] {
        assert_eq!(asked(script, "ana"), there, "{script}");
    }
}

#[test]
fn it_gets_the_facts_and_a_clean_environment() {
    let facts =
        "[ \"$SAVEHUB_PERSON|$SAVEHUB_TITLE|$SAVEHUB_MINUTES_LEFT|$HOME|${USER-}\" = 'Ana|Board sync|12|/home/ana|' ]";
    assert_eq!(asked(facts, "ana"), Ok(true));
}

#[test]
fn about_a_person_without_a_program_nobody_knows_and_nothing_is_run() {
    let commands = PresenceCommands::new(&config("exit 0"));
    assert_eq!(["ana", "bo", "eve"].map(|person| commands.knows(person)), [true, false, false]);
    for person in ["bo", "eve"] {
        assert_eq!(asked("exit 0", person), Err("there is no `presence_command`".into()));
    }
}

#[test]
fn a_program_that_hangs_is_not_waited_for() {
    let started = Instant::now();
    let hasty = PresenceCommands::new(&config("sleep 1200")).with_limit(Duration::from_millis(300));
    assert_eq!(hasty.is_there("ana", &mail().facts, NOW), Err("no end within 0.3 s".into()));
    assert!(started.elapsed() < HUNG);
}

//! Ticks that overlap: a request may take 45 s, and a tick comes every 30 s.

use crate::support::fake_twilio::{ACCOUNT, Behaviour, FakeTwilio, Latch, TOKEN};
use savehub::clock::{Clock, SystemClock};
use savehub::store::sqlite::{Create, SqliteStore};
use savehub::store::{NewMeeting, Store};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const STEPS: usize = 100;
const TICKS: usize = 8;

/// A hundred people, each with a meeting that starts in two minutes.
fn set_up(dir: &Path, fake: &FakeTwilio) -> std::path::PathBuf {
    let mut config = format!(
        "database = \"{}\"\n[call]\nprovider = \"twilio\"\n[provider.twilio]\naccount_sid = \"{ACCOUNT}\"\n\
         auth_token = \"{TOKEN}\"\nfrom = \"+15005550006\"\ncalls_per_second = 30\nbase_url = \"{}\"\n",
        dir.join("savehub.db").display(),
        fake.base_url()
    );
    for i in 0..STEPS {
        write!(config, "[[person]]\nid = \"p{i}\"\nphone = \"+120255501{i:02}\"\nzone = \"UTC\"\n").unwrap();
    }
    let file = dir.join("config.toml");
    let mut open = std::fs::OpenOptions::new();
    std::io::Write::write_all(
        &mut open.write(true).create_new(true).mode(0o600).open(&file).unwrap(),
        config.as_bytes(),
    )
    .unwrap();
    let store = SqliteStore::open(&dir.join("savehub.db"), Create::Yes).unwrap();
    let now = SystemClock.now();
    for i in 0..STEPS {
        let meeting = NewMeeting {
            person: format!("p{i}"),
            uid: format!("{i}@example.org"),
            recurrence: String::new(),
            title: "Stand-up".into(),
            starts_at: now.plus(Duration::from_secs(150)),
            ends_at: None,
            link: None,
            source: "manual".into(),
        };
        store.add_meeting(&meeting, now).unwrap();
    }
    file
}

#[test]
fn eight_ticks_at_once_against_a_slow_provider_place_each_call_once() {
    let (dir, fake, latch) = (tempfile::tempdir().unwrap(), FakeTwilio::start(), Latch::default());
    let config = set_up(dir.path(), &fake);
    // No request is answered before every one of them has come: the ticks overlap as much as they can.
    fake.script((0..STEPS).map(|_| Behaviour::Delay(latch.clone(), Box::new(Behaviour::Answer))));
    let ticks: Vec<_> = (0..TICKS)
        .map(|_| {
            Command::new(env!("CARGO_BIN_EXE_savehub"))
                .args(["tick", "--json", "--config"])
                .arg(&config)
                .env_clear()
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    fake.wait_for_creates(STEPS);
    latch.open();
    let mut placed = 0;
    for tick in ticks {
        let output = tick.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        placed += summary["results"].as_array().unwrap().iter().filter(|r| r["state"] == "EXECUTED").count();
    }
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for call in fake.calls() {
        *calls.entry(call.to).or_default() += 1;
    }
    assert_eq!((calls.len(), calls.values().max(), placed), (STEPS, Some(&1), STEPS));
}

//! What savehub sees in 2,000 random calendars is what the Python package `recurring-ical-events` sees in them. Where it
//! is known to be wrong, `differential/compare.py` says so, and how it can tell.
//!
//! `SAVEHUB_PYTHON` names a Python that has the packages of `differential/requirements.txt`; `.ci/run` makes one.

mod dice;
mod generate;

use dice::Dice;
use generate::Case;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;

const SEEDS: [u64; 4] = [1, 2, 3, 4];
const CALENDARS_PER_SEED: usize = 500;

#[test]
fn two_thousand_random_calendars_are_seen_as_another_program_sees_them() {
    let Some(python) = std::env::var_os("SAVEHUB_PYTHON") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "SAVEHUB_PYTHON is not set");
        return eprintln!("NOT COMPARED: SAVEHUB_PYTHON names no Python with recurring-ical-events; see .ci/run");
    };
    let mut lines = String::new();
    for seed in SEEDS {
        let mut dice = Dice::new(seed);
        for n in 0..CALENDARS_PER_SEED {
            let case = Case::random(&mut dice);
            let seen = case.occurrences();
            let seen: Vec<_> = seen.iter().map(|m| (&m.uid, m.starts_at.ms() / 1000, &m.title)).collect();
            let (from, until) = (case.from.ms() / 1000, case.until.ms() / 1000);
            let line = json!({ "name": format!("{seed}-{n}"), "ics": case.ics, "zone": case.zone, "from": from, "until": until, "seen": seen });
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
    }
    let calendars = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential.jsonl");
    fs::write(&calendars, lines).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/compare.py");
    // The zone data of the `tzdata` package, not the system's.
    let said = Command::new(python).arg(script).arg(&calendars).env("PYTHONTZPATH", "").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    println!("{out}");
    assert!(said.status.success(), "{out}{err}");
}

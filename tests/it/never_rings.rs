//! Whoever no phone rings for on a day with meetings is told why when the config is checked.

use crate::support::world::{BEGIN, World};
use proptest::prelude::*;
use proptest::sample::select;
use savehub::config::{Warning, warnings};
use savehub::model::{RungKind, StepState};
use savehub::tick;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

/// Durations in seconds that a ladder may have, longest first.
const BEFORE: [u64; 7] = [600, 300, 180, 90, 60, 29, 1];

/// A small config that is sound.
fn config() -> impl Strategy<Value = String> {
    let caps = (select(vec![0_u32, 1, 2, 3, 4, 200]), select(vec![0_u32, 1, 2, 20]));
    let prefixes = select(vec!["", "\"+1\"", "\"+49\"", "\"+12025550101\"", "\"+49\", \"+12025550102\""]);
    let gap = select(vec!["0s", "60s", "179s", "5m", "1h", "2d"]);
    let window = select(vec![30_u64, 60, 180, 600]);
    let rungs = prop::collection::btree_map(0..BEFORE.len(), select(vec!["call", "call", "sms"]), 0..4);
    (caps, prefixes, gap, window, rungs).prop_map(|((all, each), prefixes, gap, window, rungs)| {
        let mut text = format!(
            "[guards]\ndaily_cap = {all}\ndaily_cap_per_person = {each}\nnumber_gap = \"{gap}\"\nmax_calls = 9\n\
             max_sms = 9\ncritical_window = \"{window}s\"\nallowed_prefixes = [{prefixes}]\n"
        );
        let mut fit = rungs.iter().filter(|(at, kind)| **kind == "sms" || BEFORE[**at] <= window).peekable();
        if fit.peek().is_none() {
            write!(text, "[[ladder]]\nstep = \"call\"\nbefore = \"{}s\"\n", window.min(90)).unwrap();
        }
        for (at, kind) in fit {
            write!(text, "[[ladder]]\nstep = \"{kind}\"\nbefore = \"{}s\"\n", BEFORE[*at]).unwrap();
        }
        text
    })
}

/// Each of these people has meetings so many minutes after the beginning.
fn rings(config: &str, meetings: &[(&str, u64)]) -> (BTreeSet<String>, Vec<Warning>) {
    let w = World::with(config);
    for (person, minutes) in meetings {
        w.meeting_of(person, "Board sync", &format!("in {minutes}m"));
    }
    let outlook = tick::plan(&w.parts, BEGIN.plus(Duration::from_secs(24 * 3600))).unwrap();
    let calls = outlook.steps.iter().filter(|step| step.result.kind == RungKind::Call);
    let rung = calls.filter(|step| step.result.state == StepState::Executed).map(|step| step.result.person.clone());
    (rung.collect(), warnings(&w.parts.config))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn whoever_no_phone_rings_for_is_told_why_by_a_warning(
        config in config(), ana in 20..700_u64, ben in 20..700_u64,
    ) {
        let (rings, told) = rings(&config, &[("ana", ana), ("ben", ben)]);
        for person in ["ana", "ben"] {
            let explained = told.iter().any(|w| w.people.is_empty() || w.people.iter().any(|id| id == person));
            prop_assert!(explained || rings.contains(person), "{config}\nnobody rings {person}: {told:?}");
            let never = told.iter().any(|w| {
                w.warning.contains("nobody is ever called")
                    || w.warning.contains("no rung of the ladder calls")
                    || (w.warning.contains("from ever being called") && w.people.iter().any(|id| id == person))
            });
            prop_assert!(!never || !rings.contains(person), "{config}\n{person} rings in spite of {told:?}");
        }
    }
}

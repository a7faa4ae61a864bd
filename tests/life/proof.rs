//! The days are played and judged.

use crate::day::play;
use crate::journal::Line;
use crate::mutants::Rules;
use crate::oracle::judge;
use crate::shrink::shrunk;
use crate::story::Story;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Every story that ever failed, shrunk.
const FAILED: &str = include_str!("failed.txt");

fn wrongs(story: &Story, rules: Rules) -> Vec<String> {
    judge(story, &play(story, rules))
}

/// The words of a day that failed.
fn tale(name: &str, story: &Story, rules: Rules) -> String {
    let small = shrunk(story, &|story| !wrongs(story, rules).is_empty());
    let journal = play(&small, rules);
    let wrong = judge(&small, &journal);
    let seen: Vec<String> = journal.iter().map(Line::to_string).collect();
    format!("{name}:\n{}\n\n{}\n\n{}\n", small.line(), seen.join("\n"), wrong.join("\n"))
}

/// A story that fails under old rules: the rules' name, and the story.
const MUTANTS: &str = include_str!("mutants.txt");

/// Plays the days of these seeds, as many at once as there are processors. The words of those that fail.
fn days(seeds: std::ops::Range<u64>) -> Vec<String> {
    let (next, failed) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds.end || failed.lock().unwrap().len() > 5 {
                        return;
                    }
                    if seed > seeds.start && seed.is_multiple_of(1000) {
                        println!("life: {seed} days");
                    }
                    let story = Story::of(seed);
                    if !wrongs(&story, Rules::Todays).is_empty() {
                        let tale = tale(&format!("seed {seed}"), &story, Rules::Todays);
                        failed.lock().unwrap().push(tale);
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

#[test]
fn every_owed_call_rings_once_every_call_is_allowed_and_every_reason_is_true() {
    let whole = std::env::var("SAVEHUB_PROOF").is_ok_and(|asked| asked == "whole");
    let seeds = if whole { 0..20_000 } else { 0..200 };
    println!("life: days of the seeds {} to {}", seeds.start, seeds.end - 1);
    let failed = days(seeds);
    assert!(failed.is_empty(), "{} days failed, such as\n{}", failed.len(), failed.join("\n\n"));
}

#[test]
fn one_day() {
    let Ok(seed) = std::env::var("SAVEHUB_LIFE_SEED") else { return };
    let story = Story::of(seed.parse().unwrap());
    let journal = play(&story, Rules::Todays);
    println!("{}", story.line());
    for line in &journal {
        println!("{line}");
    }
    let wrong = judge(&story, &journal);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_story_that_ever_failed_is_kept() {
    for line in FAILED.lines().filter(|line| line.starts_with('{')) {
        let story = Story::read(line);
        let wrong = wrongs(&story, Rules::Todays);
        assert!(wrong.is_empty(), "{line}\n{}", wrong.join("\n"));
    }
}

#[test]
fn each_old_rule_is_caught_by_a_story_that_todays_rules_pass() {
    let mut caught = Vec::new();
    for line in MUTANTS.lines().filter(|line| line.starts_with('"')) {
        let (name, story) = line.split_once(' ').unwrap();
        let (rules, story): (Rules, _) = (serde_json::from_str(name).unwrap(), Story::read(story));
        assert_eq!(wrongs(&story, Rules::Todays), Vec::<String>::new(), "{line}");
        assert_ne!(wrongs(&story, rules), Vec::<String>::new(), "{line}");
        caught.push(rules);
    }
    assert!(Rules::OLD.iter().all(|rules| caught.contains(rules)), "each has a story: {caught:?}");
}

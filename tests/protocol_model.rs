//! tmp
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "protocol_model/moves.rs"]
mod moves;
#[path = "protocol_model/numbers.rs"]
mod numbers;
#[path = "protocol_model/rows.rs"]
mod rows;
#[path = "protocol_model/search.rs"]
mod search;
#[path = "protocol_model/state.rs"]
mod state;

use numbers::{Protocol, Without};
use search::explore;

fn run(p: &Protocol, bound: usize) {
    let t = std::time::Instant::now();
    let e = explore(p, bound);
    println!("{p:?}: {} states, {} moves, depth {}, {:?}", e.states, e.moves, e.depth, t.elapsed());
    let mut hist = std::collections::BTreeMap::new();
    for s in &e.seen { *hist.entry((s.attempts.len(), s.now, s.ended)).or_insert(0)+=1; }
    println!("{hist:?}");
    let mut hist = std::collections::BTreeMap::new();
    for s in &e.seen { *hist.entry((s.ticks[0].worker, s.ticks[1].worker, s.ticks[0].list.is_some(), s.ticks[1].list.is_some())).or_insert(0)+=1; }
    let mut h: Vec<_> = hist.into_iter().map(|(a,b)|(b,a)).collect(); h.sort(); h.reverse(); for x in h.iter().take(25) { println!("{x:?}"); }
    if let Some((what, trace)) = &e.wrong { println!("WRONG {what}\n  {trace}"); }
    if let Some(trace) = &e.stuck { println!("STUCK {trace}"); }
}

#[test]
fn one() { run(&Protocol::new(&[0], 2), 8_000_000); }
#[test]
fn two() { run(&Protocol::new(&[0, 4], 2), 8_000_000); }
#[test]
fn three() { run(&Protocol::new(&[0, 4], 3), 8_000_000); }
#[test]
fn drops() {
    for w in [Without::PromptBytes, Without::Patience, Without::WholeList, Without::Fence, Without::SendBy, Without::SettledProvider] {
        run(&Protocol::new(&[0], 2).without(w), 8_000_000);
    }
}

//! (f) Check-in and resolve at two hundred instants of a running tick.
//!
//! The tick is stopped after a system call, the command is run to its end, and the tick goes on. Where the tick sleeps in
//! a writing transaction the command waits for it, so both run at once there. Once the command has returned no request
//! may leave, and a call that was under way must have ended by the end of the next tick.

use crate::rig::{Ran, Rig, Setup, say, whole};
use crate::strace::{Point, REQUEST, able, freeze, points, sample};
use crate::verdict::{Tally, judge};
use std::sync::atomic::{AtomicUsize, Ordering};

const SETUP: Setup = Setup { opened: true, ..Setup::ONE };

struct Counts {
    locked: AtomicUsize,
    in_flight: AtomicUsize,
    residual: AtomicUsize,
}

fn interrupted(command: &[&str], point: &Point, counts: &Counts) -> Tally {
    let rig = Rig::new(SETUP);
    let name = format!("{} after {point}", command[0]);
    let Some(frozen) = freeze(&rig.savehub(&["tick", "-q"]), point, REQUEST) else {
        rig.drain();
        return judge(&rig, &name, false, rig.recover());
    };
    let (left, past) = (frozen.has_sent(), frozen.is_past_the_fence());
    let locked = rig.is_locked_by(&frozen);
    let (ran, posts) = if locked {
        counts.locked.fetch_add(1, Ordering::SeqCst);
        let beside = rig.savehub(command).command().spawn().unwrap();
        frozen.thaw();
        (Ran::of(&beside.wait_with_output().unwrap()), None)
    } else {
        let ran = rig.run_beside(command);
        frozen.thaw();
        (ran, Some(usize::from(left)))
    };
    rig.drain();
    let mut wrong = Vec::new();
    if ran.code != 0 {
        wrong.push(format!("the command ended with {}: {}", ran.code, ran.err));
    }
    counts.in_flight.fetch_add(usize::from(left), Ordering::SeqCst);
    if posts.is_some_and(|posts| rig.fake.posts() > posts) {
        // Frozen between the last look at the database and the bytes: what is left to luck. It is hung up.
        counts.residual.fetch_add(1, Ordering::SeqCst);
        if !past {
            wrong.push("a request left after the command had returned".into());
        }
    }
    rig.run(&["tick", "-q"]);
    if let Some(call) = rig.fake.calls().iter().find(|c| c.is_live()) {
        wrong.push(format!("call {} is still {} after the next tick", call.sid, call.status));
    }
    wrong.extend(rig.recover());
    judge(&rig, &name, true, wrong)
}

fn sweep(command: &[&str]) {
    let name = format!("{} at the instants of a tick", command[0]);
    if !able(&name) {
        return;
    }
    let rig = Rig::new(SETUP);
    let all = points(&rig.savehub(&["tick", "-q"]), &rig.path("log"), "config.toml").own;
    // The writes are all in transactions: a few of them will do.
    let (writes, rest): (Vec<Point>, Vec<Point>) = all.into_iter().partition(|p| p.syscall == "pwrite64");
    let turn = command[0].len();
    let mut chosen = if whole() {
        [rest, sample(&writes, 20, turn)].concat()
    } else {
        [sample(&rest, 24, turn), sample(&writes, 2, turn)].concat()
    };
    // Right before the request, and right after it.
    chosen.extend([Point::begun(), Point::sent()]);
    chosen.sort();
    chosen.dedup();
    let counts = Counts { locked: AtomicUsize::new(0), in_flight: AtomicUsize::new(0), residual: AtomicUsize::new(0) };
    let tally = Tally::of(&chosen, |point| interrupted(command, point, &counts));
    let Counts { locked, in_flight, residual } = counts;
    let (locked, in_flight, residual) = (locked.into_inner(), in_flight.into_inner(), residual.into_inner());
    say(&format!(
        "{name}: {locked} in a transaction, {in_flight} with the request under way, {residual} between the fence and the bytes"
    ));
    tally.hold(&name);
    assert!(in_flight > 0, "no instant had the request under way");
    assert!(!whole() || tally.fired - locked >= 200, "only {} instants outside a transaction", tally.fired - locked);
}

#[test]
fn after_a_check_in_no_request_leaves_and_what_rings_is_hung_up() {
    sweep(&["checkin", "m1"]);
}

#[test]
fn after_a_resolve_no_request_leaves_and_what_rings_is_hung_up() {
    sweep(&["resolve", "i1"]);
}

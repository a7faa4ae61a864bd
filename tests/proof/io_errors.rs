//! (b) `EIO` and `ENOSPC` at every system call on a file or a socket.
//!
//! Only the tick's own calls: an error in the loader ends the process before there is a savehub. What the tick says
//! about it must be one of its exit codes, never a panic, and the next ticks must finish the work.

use crate::rig::{Rig, Setup, say, whole};
use crate::strace::{Point, able, inject, points, sample};
use crate::verdict::{Tally, judge, step};
use std::collections::BTreeMap;
use std::sync::Mutex;

const SETUP: Setup = Setup { preflight: true, ..Setup::ONE };

/// Calls on files and sockets.
const IO: [&str; 27] = [
    "bind",
    "close",
    "connect",
    "fchmod",
    "fchown",
    "fcntl",
    "fdatasync",
    "fstat",
    "fsync",
    "ftruncate",
    "getdents64",
    "getpeername",
    "getsockopt",
    "ioctl",
    "lseek",
    "newfstatat",
    "openat",
    "poll",
    "pread64",
    "pwrite64",
    "read",
    "recvfrom",
    "sendto",
    "setsockopt",
    "socket",
    "statx",
    "unlink",
];

/// Those among them on sockets only.
const OF_SOCKETS: [&str; 6] = ["connect", "poll", "recvfrom", "sendto", "setsockopt", "socket"];

fn is_io(point: &Point) -> bool {
    IO.contains(&point.syscall.as_str()) || point.syscall == "write"
}

/// 2 is for a config that cannot be read.
const CODES: [i32; 4] = [0, 1, 2, 3];

fn sweep(error: &str) {
    let name = format!("{error} at every system call on files and sockets");
    if !able(&name) {
        return;
    }
    let all = |setup| {
        let rig = Rig::new(setup);
        let mut all = points(&rig.savehub(&["tick", "-q"]), &rig.path("log"), "config.toml").own;
        all.retain(is_io);
        all
    };
    let listed = all(SETUP);
    let listed = if whole() { listed } else { sample(&listed, 30, error.len()) };
    // After a list the numbers are the list's, which is asked for first; without one they are the call's own.
    let mut own = all(Setup::ONE);
    own.retain(|point| OF_SOCKETS.contains(&point.syscall.as_str()));
    let chosen: Vec<(Setup, Point)> = listed
        .into_iter()
        .map(|point| (SETUP, point))
        .chain(own.into_iter().map(|point| (Setup::ONE, point)))
        .collect();
    let codes: Mutex<BTreeMap<i32, usize>> = Mutex::default();
    let tally = Tally::of(&chosen, |(setup, point)| {
        let rig = Rig::new(*setup);
        let what = format!("error={error}");
        let (fired, ran) = inject(&rig.savehub(&["tick", "-q"]), &rig.path("log"), point, &what);
        rig.drain();
        *codes.lock().unwrap().entry(ran.code).or_default() += 1;
        let mut wrong = Vec::new();
        if !CODES.contains(&ran.code) || ran.panicked() {
            wrong.push(format!("the tick ended with {}: {}", ran.code, ran.err));
        }
        // A tick that did not do what was due must not look like one that did. Where nothing left the machine, it says so,
        // and the next one tries again.
        let done = step(&rig.connect(), 0).is_some_and(|(state, _)| state != "PENDING");
        if ran.code == 0 && !done && !ran.err.contains("[CALL] Call failed") {
            wrong.push(format!("exit code 0, and nothing was done: {}", ran.err));
        }
        wrong.extend(rig.recover());
        judge(&rig, &format!("{error} at {point}"), fired, wrong)
    });
    let codes = codes.into_inner().unwrap();
    say(&format!("{error}: exit codes and how often: {codes:?}"));
    tally.hold(&name);
}

#[test]
fn an_input_output_error_anywhere_rings_nobody_twice_and_loses_no_call() {
    sweep("EIO");
}

#[test]
fn a_full_disk_anywhere_rings_nobody_twice_and_loses_no_call() {
    sweep("ENOSPC");
}

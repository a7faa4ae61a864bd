//! The proof: the real binary is killed, starved, frozen and raced, and what it did is compared with the provider's own
//! list of calls. No step may ring twice, none may be lost, none may hang.
//!
//! `cargo test` runs a sample of every part. The whole of it, with its counts:
//!
//! ```text
//! SAVEHUB_PROOF=whole cargo test --release --test proof -- --nocapture --test-threads=1
//! ```
//!
//! Every part says in one line, which begins with `proof:`, how many cases it ran, how many injections really fired, and
//! what came of them. Without strace(1) most parts cannot be run: then that is said instead, and with `CI=true` it is a
//! failure.
//!
//! # Method
//!
//! A first run under `strace -f` lists every system call of a tick. Then the tick is run once for each of them with
//! `-e inject=SYSCALL:signal=KILL:when=N` (dies *before* the Nth), `error=EIO`, or `signal=STOP` (freezes *after* the
//! Nth), and further ticks, the real binary too, finish what it left. Power cuts are made of the data of a traced tick:
//! see `proof/power.rs`. Nothing waits by luck: a wait is for an event at the fake, the end of a process, or an instant
//! that the database names (the end of an attempt's settle time).
//!
//! # Traps
//!
//! - strace counts calls per system call *and per thread*: `sendto` number 1 is the first thread's that gets there. With
//!   preflight that is the list's, without it the call's own, so the sweeps run both ways. Two kills more find the request
//!   by what is written of it ("armed", "begun"), whichever thread sends it. It leaves as a whole, in one `sendto`.
//! - The numbers of some calls differ from run to run (`futex`, `madvise`), and a number that does not come is a kill that
//!   does not fire. At least 90 % must, or the sweep has not shown what it says.
//! - `-e trace=none` disables injection without a word, so the injected call is always traced.
//! - `strace -D` makes the tick our own child: its exit status is the tick's.
//! - Between a kill and the next tick the fake is drained: what lay in a socket has become a call (or not) before anybody
//!   asks for the list. That is the engine's assumption (C), made true.
//! - A harness that cannot fail proves nothing: `naive.rs` puts the usual protocol (look, call, write down) through
//!   the same sweep, and it must be caught.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]
#![allow(unreachable_pub, reason = "the modules of one test binary")]

#[path = "../support/mod.rs"]
mod support;

mod calendars;
mod checkins;
mod clocks;
mod crowd;
mod freeze;
mod io_errors;
mod kills;
mod ladder;
mod naive;
mod power;
mod rig;
mod strace;
mod verdict;

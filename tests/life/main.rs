//! The proof of ordinary life: random days of one to five people, and an oracle that says which calls were owed.
//!
//! `tests/proof` shows that the engine rings no step twice and loses none, wherever it is killed. This harness is about
//! the *rules around* the engine. Networks fail and come back, name servers die, the database vanishes and returns, the
//! config is edited and broken, people check in, reply and call back, numbers are refused, the machine sleeps. After
//! each day the oracle (`oracle.rs`, the file to read first) holds what happened against the promise:
//!
//! - every owed call rang once,
//! - every call that rang was allowed,
//! - every due step that did not ring has a reason, and the reason is true.
//!
//! ```text
//! cargo test --test life                                        200 days
//! SAVEHUB_PROOF=whole cargo test --release --test life -- --nocapture --test-threads=1     20,000 days
//! SAVEHUB_LIFE_SEED=17 cargo test --test life one_day -- --nocapture         one day, with its journal
//! ```
//!
//! # Method
//!
//! A *story* (`story.rs`) is a list of events made of a seed. The *day* (`day.rs`) plays it: the library's own tick, on a
//! clock that is turned by hand, with a database in memory and an *exchange* (`exchange.rs`) in the place of the
//! provider. Both write a *journal* of what could be seen from outside. The oracle reads the story and the journal,
//! never the code. A day that fails is made small (`shrink.rs`): events go one by one while it still fails.
//!
//! `failed.txt` keeps each story that ever failed, shrunk, one a line; all are played by each run. `mutants.rs` keeps old
//! rules, each with a story that loses or doubles a call under it: a harness that cannot fail proves nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]
#![allow(unreachable_pub, reason = "the modules of one test binary")]

#[path = "../support/forward.rs"]
#[allow(dead_code, reason = "every test binary uses another part of it")]
mod forward;

mod day;
mod dice;
mod exchange;
mod journal;
mod mutants;
mod oracle;
mod proof;
mod shrink;
mod story;

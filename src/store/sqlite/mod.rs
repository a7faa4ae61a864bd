//! The SQLite store, and why it is set up the way it is.
//!
//! **Durability.** `journal_mode=WAL` with `synchronous=FULL`: a commit is on the disk before anything leaves this
//! machine. Every other usual setting loses the claim after a power cut *behind* the call (WAL with NORMAL, and even
//! SQLite's own default of DELETE with FULL, whose journal unlink may be lost).
//!
//! The rows of ticks are the exception: no request relies on them, so they are written without waiting for the disk
//! (`write_lazily`). A tick that wrote nothing else leaves them in the log, and about every tenth checkpoints it
//! (`leave_short_log`). Anything else is in the file itself when its process ends.
//!
//! **Locking.** Every writing transaction is `BEGIN IMMEDIATE`: a read that becomes a write would fail at once with
//! `SQLITE_BUSY_SNAPSHOT`, whatever the busy time-out says. Transactions are short, never held across a request. A
//! process has one connection, behind a mutex.
//!
//! **Compatibility.** `application_id` names the program, `user_version` the schema (`migrations`). A database of
//! another program or of a newer savehub is refused and left as it is.
//!
//! **Performance.** A tick's cost does not grow with history: what it looks for stands in partial indexes (pending
//! steps, open attempts, live calls, unwatched meetings) that hold present work only. Due-first order matters: with the
//! deadline first, SQLite would walk through all future steps.
//!
//! **Calendars.** The last good copy of each stands compressed in a table of its own, so that the rows every tick reads stay
//! short. Fetching, expanding and compressing happen before the transaction of a look; in it, the look is counted
//! (compare-and-set), the rule is asked, and its changes are written. An unchanged file costs no write, an unchanged
//! subscription one row. A rehearsal copies the bodies too: 20 MB of them take it about 30 ms.
//!
//! **Filesystems.** WAL needs shared memory and a writable directory: it cannot work on a network file system, and it
//! cannot even be opened on a read-only one. Both show when a tick writes its own row, not when a call is due.

mod backup;
mod bound;
mod candidates;
mod check;
mod copy;
mod day;
mod engine;
mod file;
mod health;
mod log;
mod migrations;
mod open;
#[cfg(test)]
mod query_plans;
mod restore;
#[cfg(feature = "postgres")]
mod rows;
mod tx;

pub use backup::Replace;
pub use engine::SqliteStore;
pub use file::Create;
pub use health::{DatabaseOwner, Health, Integrity};
pub use restore::Restorable;

//! The PostgreSQL store: one database for any number of hosts.
//!
//! **Isolation.** Every writing transaction is SERIALIZABLE: what the server lets through went as if one transaction had run
//! after the other, which is what the SQLite store does and what the protocol was proved with. READ COMMITTED would need
//! a lock for each fact a guard counts (calls of a meeting, of a person, of a day), and one that was forgotten would be a
//! duplicate. The price is that the server may end a transaction (40001, 40P01) which must then run again. So that this
//! ends, all writers hold the empty table `savehub_turn`: at the first run in a mode that lets the others in, at the next
//! alone. Rules are pure, so running them again does no harm. A claim locks its step with SKIP LOCKED: of two hosts at one
//! step the second goes on with another one instead of waiting. Sequential scans are off, since a scan of a whole table
//! conflicts with everything in it.
//!
//! **Durability.** A commit is on the server's disk before anything leaves (`synchronous_commit` is raised where it is
//! less; a server with `fsync = off` is refused). Where a standby must confirm commits, it has. With an asynchronous standby, a
//! failover may lose the last attempts: what preflight then finds at the provider is adopted.
//!
//! **A commit whose answer is lost** may have happened or not. Then the caller gets an error, and nothing is sent. If the
//! attempt was written, it stands as `SENDING` with an owner who will not send it: it becomes `UNKNOWN` when that process
//! is gone or its lease over, the provider's list proves it `ABSENT`, and its step is tried again. An outcome that could
//! not be written down is tried again while its tick lasts, by compare-and-set: twice is once.
//!
//! **Leases.** The process and the boot time of an owner say nothing to another host, nor do wall clocks, which may be
//! wrong. So the lease of another host's attempt, and the time by which its request has ended, are judged by the server's clock alone
//! (`tx`). The owner goes by its own CLOCK_BOOTTIME, which it read *before* it asked for the attempt; the server counts the
//! same span from when the row was written. So by the server everything ends later than the owner believes, however wrong
//! the clocks of the hosts are, and assumption (A) holds: once the fence has passed, the bytes leave before the lease ends. What is
//! left: a server's clock that jumps ahead by more than the settle time, as after a failover to a server whose clock is
//! wrong. Keep the clocks of the database servers in step.
//!
//! **A failover** to a standby that had lost transactions makes what this process knows untrue: rows it claimed are not
//! there, their ids may be given to others, and the provider's list it has read may lack a call that another host made and
//! the new server has forgotten. So a process stays with the timeline it began with (`open`), and the next tick asks anew;
//! `timeline` says how far back that one looks.
//!
//! **A frozen server** costs a use case 15 s at most: every wait has a deadline on this side (`session`). **A frozen host**
//! holds its locks for 5 s, then the server ends its transaction.
//!
//! **Names.** Everything stands in the schema `savehub` of the database, which may hold other things beside.

mod candidates;
mod copy;
mod engine;
mod migrations;
mod open;
mod server;
mod session;
mod take;
mod timeline;
mod tls;
mod tx;

pub use engine::PostgresStore;
pub use server::{Server, Tls};

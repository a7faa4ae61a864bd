//! The PostgreSQL store: one database for any number of hosts.
//!
//! **Isolation.** Every writing transaction is SERIALIZABLE: the result is as if one transaction had run after the
//! other, as in the SQLite store and in the proof of the protocol. READ COMMITTED would need a lock for each fact a
//! guard counts (calls of a meeting, of a person, of a day), and one that was forgotten would be a duplicate. The price
//! is that the server may end a transaction (40001, 40P01) which must then run again. To make sure that this ends,
//! every writer locks the empty table `savehub_turn`: on the first run in a mode that lets others in, after that alone.
//! Rules are pure, so running them again does no harm. A claim locks its step with SKIP LOCKED: when two hosts want the
//! same step, the second takes another one instead of waiting. Sequential scans are off, since a scan of a whole table
//! conflicts with everything in it.
//!
//! **Durability.** A commit is on the server's disk before anything leaves (`synchronous_commit` is raised where it is
//! less; a server with `fsync = off` is refused). A synchronous standby has confirmed it, too. With an asynchronous
//! standby, a failover may lose the last attempts; preflight then finds their calls at the provider and adopts them.
//!
//! **A commit whose answer is lost** may have happened or not. The caller gets an error, and nothing is sent. If the
//! attempt was written, it stands as `SENDING` with an owner who will not send it: it becomes `UNKNOWN` when that
//! process is gone or its lease over, the provider's list proves it `ABSENT`, and its step is tried again. An outcome
//! that could not be written down is tried again while its tick lasts, by compare-and-set: twice is once.
//!
//! **Leases.** The process and the boot time of an owner say nothing to another host, nor do wall clocks, which may be
//! wrong. So the lease of another host's attempt, and the time by which its request has ended, are judged by the server's clock alone
//! (`tx`). The owner goes by its own CLOCK_BOOTTIME, which it read *before* it asked for the attempt; the server counts the
//! same span from when the row was written. So by the server everything ends later than the owner believes, however wrong
//! the clocks of the hosts are, and assumption (A) holds: once the fence has passed, the bytes leave before the lease ends. What is
//! left: a server's clock that jumps ahead by more than the settle time, as after a failover to a server whose clock is
//! wrong. Keep the clocks of the database servers in step.
//!
//! **A failover** to a standby that had lost transactions invalidates what this process knows. Rows it claimed are
//! gone, and their ids may be used again. The provider's list it has read may lack a call that another host made and
//! the new server has forgotten. So a process refuses any timeline but the one it began with (`open`), and the next
//! tick asks anew; `timeline` says how far back that one looks.
//!
//! **A frozen server** costs a use case 15 s at most: every wait has a deadline on this side (`session`). **A frozen host**
//! holds its locks for 5 s, then the server ends its transaction.
//!
//! **Names.** Everything is in the schema `savehub`; the database may hold other schemas.

mod arrays;
mod candidates;
mod copy;
mod engine;
mod migrations;
mod open;
mod server;
mod session;
mod statement;
mod take;
mod timeline;
mod tls;
mod tx;
mod values;

pub use engine::PostgresStore;
pub use server::{Server, Tls};

//! The watchdog: a tick ends by itself within its limit, whatever a thread, a disk or a lock does.
//!
//! Killing is safe: what a tick did to the world is written down before, so the next tick finds the same as after a power
//! cut. That is why nothing here tries to be tidy.

use crate::exit::Exit;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How long the orderly way out may take before the process is killed.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Watches as long as it lives; dropping it calls the watchdog off.
pub(super) struct Watchdog {
    _alive: Sender<()>,
}

impl Watchdog {
    /// Ends the process with [`Exit::NotDone`] after `limit`. `None`: no thread could be started, and nobody watches.
    pub(super) fn start(limit: Duration) -> Option<Self> {
        let (alive, gone) = channel::<()>();
        let watch = move || {
            if gone.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                end_process(limit);
            }
        };
        std::thread::Builder::new().name("watchdog".into()).spawn(watch).ok()?;
        Some(Self { _alive: alive })
    }
}

fn end_process(limit: Duration) {
    // Whatever hangs may hang the orderly exit too (a lock of the log, an exit handler).
    let killer = std::thread::Builder::new().spawn(|| {
        let (_never, wait) = channel::<()>();
        let _ = wait.recv_timeout(LAST_WORDS);
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    });
    drop(killer);
    log::error!("the tick did not end within {} s and was ended; the next one goes on where it was", limit.as_secs());
    exit();
}

#[expect(clippy::disallowed_methods, reason = "nothing is left to return through: the main thread hangs")]
fn exit() {
    std::process::exit(Exit::NotDone.code().into());
}

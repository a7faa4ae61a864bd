//! Who holds an attempt: one process of one boot of one machine.
//!
//! A process id alone is reused; together with the boot id and the process's start time it is not. So a tick can tell
//! within milliseconds that the owner of an attempt is gone, instead of waiting for its lease.

mod armed;
mod last_tick;

pub use armed::{Armory, Entry, Mark};
pub use last_tick::{EndedTick, LastTick};

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// The identity of a process: boot id, process id, start time in clock ticks since boot (proc(5), `starttime`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    boot_id: String,
    pid: u32,
    started: u64,
}

impl Owner {
    /// This process. Where `/proc` is missing, fields stay empty and only the lease decides.
    pub fn me() -> Self {
        let pid = std::process::id();
        Self { boot_id: boot_id(), pid, started: start_time(pid).unwrap_or(0) }
    }

    /// An owner made of its parts: for tests and stores.
    pub fn new(boot_id: impl Into<String>, pid: u32, started: u64) -> Self {
        Self { boot_id: boot_id.into(), pid, started }
    }

    /// Was it written in the same boot as this process runs in?
    pub fn same_boot(&self, me: &Self) -> bool {
        self.boot_id == me.boot_id
    }

    /// Does the process still run? `None` when this cannot be known here (another boot or machine, no `/proc`).
    pub fn is_alive(&self, me: &Self) -> Option<bool> {
        if !self.same_boot(me) || self.boot_id.is_empty() || me.started == 0 {
            return None;
        }
        Some(start_time(self.pid) == Some(self.started))
    }

    /// Is it proved that the request of its attempt with this `token` never began? Only if this process has ended, in
    /// the boot and pid namespace of `me`, and its file still says that the request is to come. The paths of such files
    /// begin with `beside`.
    pub fn never_began(&self, mark: &Mark, token: &str, beside: &Path, me: &Self) -> bool {
        self.is_alive(me) == Some(false) && mark.proves(token, beside)
    }

    /// The process id.
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// The boot it belongs to.
    pub fn boot_id(&self) -> &str {
        &self.boot_id
    }
}

/// The name of this machine (uname(2), `nodename`), as it is: clean it before it is shown.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map_or_else(|_| String::new(), |s| s.trim().to_owned())
}

/// Field 22 of `/proc/PID/stat`, counted behind the command name, which may itself hold spaces and parentheses.
fn start_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    // A zombie has ended: it can send nothing.
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.boot_id, self.pid, self.started)
    }
}

impl FromStr for Owner {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let bad = || format!("`{s}` is not an owner (boot id:pid:start)");
        let mut parts = s.rsplitn(3, ':');
        let started = parts.next().and_then(|p| p.parse().ok()).ok_or_else(bad)?;
        let pid = parts.next().and_then(|p| p.parse().ok()).ok_or_else(bad)?;
        Ok(Self { boot_id: parts.next().ok_or_else(bad)?.to_owned(), pid, started })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_a_reused_pid_is_not() {
        let me = Owner::me();
        assert_eq!(me.is_alive(&me), Some(true));
        let reused = Owner { started: me.started + 1, ..me.clone() };
        assert_eq!(reused.is_alive(&me), Some(false));
        let other_boot = Owner { boot_id: "other".into(), ..me.clone() };
        assert_eq!(other_boot.is_alive(&me), None);
    }

    #[test]
    fn an_owner_reads_back_from_its_text() {
        let owner = Owner::new("0a-1b", 17, 99);
        assert_eq!(owner.to_string().parse(), Ok(owner));
    }
}

//! At most so many questions at once for each server.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Looks at one host that run at once.
const AT_ONCE: usize = 4;

/// Who is at which host.
#[derive(Default)]
pub(in crate::feed) struct Turns {
    taken: Mutex<HashMap<String, usize>>,
    given_back: Condvar,
}

/// A place at a host, given back when dropped.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    host: String,
}

impl Turns {
    /// Waits for a place at this host; `None`: none came free within this time.
    pub(super) fn take(&self, host: &str, within: Duration) -> Option<Turn<'_>> {
        let (host, started) = (host.to_ascii_lowercase(), Instant::now());
        let mut taken = self.taken();
        loop {
            let of_host = taken.entry(host.clone()).or_default();
            if *of_host < AT_ONCE {
                *of_host += 1;
                return Some(Turn { turns: self, host });
            }
            let left = within.checked_sub(started.elapsed()).filter(|left| !left.is_zero())?;
            taken = self.given_back.wait_timeout(taken, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        // Each change is one step: whoever panicked left the numbers whole.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(of_host) = self.turns.taken().get_mut(&self.host) {
            *of_host = of_host.saturating_sub(1);
        }
        self.turns.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_four_places_and_others_have_their_own() {
        let (turns, no_time) = (Turns::default(), Duration::ZERO);
        let mut held: Vec<_> = (0..AT_ONCE).map(|_| turns.take("a.example", no_time).unwrap()).collect();
        assert!(turns.take("A.example", no_time).is_none());
        assert!(turns.take("b.example", no_time).is_some());
        held.pop();
        assert!(turns.take("a.example", no_time).is_some());
    }

    #[test]
    fn who_waits_gets_the_place_that_comes_free() {
        let turns = Turns::default();
        let held: Vec<_> = (0..AT_ONCE).map(|_| turns.take("a.example", Duration::ZERO)).collect();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| turns.take("a.example", Duration::from_secs(60)).is_some());
            drop(held);
            assert!(waiting.join().unwrap());
        });
    }
}

//! A clock that is turned by hand as a whole: the time that a tick may take stands still on it, too.

use savehub::clock::{Clock, ManualClock};
use savehub::model::Timestamp;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Wall time and boot time are those of another clock.
pub struct Turned {
    wall: Arc<ManualClock>,
    ran: Mutex<Duration>,
}

impl Turned {
    pub fn new(wall: Arc<ManualClock>) -> Self {
        Self { wall, ran: Mutex::default() }
    }

    /// Work has taken so long.
    pub fn run(&self, time: Duration) {
        *self.ran.lock().unwrap() += time;
    }
}

impl Clock for Turned {
    fn now(&self) -> Timestamp {
        self.wall.now()
    }

    fn boottime_ms(&self) -> i64 {
        self.wall.boottime_ms()
    }

    fn monotonic(&self) -> Duration {
        *self.ran.lock().unwrap()
    }

    fn sleep(&self, wait: Duration) {
        self.wall.sleep(wait);
        self.run(wait);
    }
}

//! A store that counts what it is asked, and is busy when the test says so.

use super::forward::{Forward, Hook};
use savehub::store::{Claim, Result, Store, StoreError};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Stands before a store.
pub type Watched = Forward<Watch>;

/// What was seen, and what is to happen.
#[derive(Default)]
pub struct Watch {
    asked: AtomicUsize,
    busy: AtomicUsize,
    claimed: Mutex<Vec<String>>,
    recording: Mutex<Option<Box<dyn Fn() + Send + Sync>>>,
}

impl Watched {
    /// Stands before `inner`.
    pub fn before(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, hook: Watch::default() })
    }

    /// How often it was asked anything but by the fence.
    pub fn asked(&self) -> usize {
        self.hook.asked.load(Ordering::SeqCst)
    }

    /// Whose steps were claimed, in this order.
    pub fn claimed(&self) -> Vec<String> {
        self.hook.claimed.lock().unwrap().clone()
    }

    /// The next outcomes, so many of them, find the database locked.
    pub fn be_busy(&self, records: usize) {
        self.hook.busy.store(records, Ordering::SeqCst);
    }

    /// What happens right before an outcome is written down.
    pub fn when_recording(&self, event: impl Fn() + Send + Sync + 'static) {
        *self.hook.recording.lock().unwrap() = Some(Box::new(event));
    }
}

impl Hook for Watch {
    fn before(&self, method: &str) -> Result<()> {
        self.asked.fetch_add(usize::from(method != "fence"), Ordering::SeqCst);
        if method != "record_all" {
            return Ok(());
        }
        if let Some(event) = self.recording.lock().unwrap().as_ref() {
            event();
        }
        let left = self.busy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        left.map_or(Ok(()), |_| Err(StoreError::Busy(Duration::from_secs(10))))
    }

    fn claimed(&self, claim: &Claim) {
        self.claimed.lock().unwrap().push(claim.person.clone());
    }
}

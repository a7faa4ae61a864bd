//! Many workers at the fence of a far database: whoever comes while another one reads stands in line, and the next reading
//! is for all who stand there. So the fence costs a round trip for each reading and not for each worker, and still every
//! answer was read after its question.

use crate::model::{AttemptId, FenceFacts};
use crate::store::Result;
use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The line before the fence.
#[derive(Debug, Default)]
pub(crate) struct FenceLine {
    state: Mutex<State>,
    read: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<AttemptId>,
    answers: HashMap<AttemptId, FenceFacts>,
    is_reading: bool,
}

impl FenceLine {
    /// The facts of this attempt, by a reading that begins after this call. `read` reads those of many, in their order;
    /// its failure is that of who reads, and the others ask again.
    pub(super) fn ask(
        &self,
        id: AttemptId,
        read: impl Fn(&[AttemptId]) -> Result<Vec<Option<FenceFacts>>>,
    ) -> Result<Option<FenceFacts>> {
        let mut state = self.lock();
        state.waiting.push(id);
        while state.is_reading {
            state = self.read.wait(state).unwrap_or_else(PoisonError::into_inner);
            if let Some(facts) = state.answers.remove(&id) {
                return Ok(Some(facts));
            }
        }
        state.is_reading = true;
        let mut asked = std::mem::take(&mut state.waiting);
        // A reader who failed took it along.
        if !asked.contains(&id) {
            asked.push(id);
        }
        drop(state);
        let turn = Turn(self);
        let mut found: HashMap<_, _> = asked.iter().copied().zip(read(&asked)?).collect();
        let own = found.remove(&id).flatten();
        let others = found.into_iter().filter_map(|(id, facts)| Some((id, facts?)));
        self.lock().answers.extend(others);
        drop(turn);
        Ok(own)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of a reader leaves answers that are true.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever reads; ends however the reading ends.
struct Turn<'l>(&'l FenceLine);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().is_reading = false;
        self.0.read.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttemptState, HangUpState, RungKind};
    use crate::owner::Owner;
    use crate::store::StoreError;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn facts(of: &[AttemptId]) -> Vec<Option<FenceFacts>> {
        let one = |id: &AttemptId| FenceFacts {
            state: AttemptState::Sending,
            owner: Owner::new("boot", u32::try_from(id.0).unwrap(), 1),
            hang_up: HangUpState::None,
            incidents_open: None,
            acknowledged: false,
            pause: None,
            kind: RungKind::Call,
            due: None,
        };
        of.iter().map(|id| Some(one(id))).collect()
    }

    fn pid(facts: Option<FenceFacts>) -> u32 {
        facts.unwrap().owner.pid()
    }

    #[test]
    fn who_comes_while_another_one_reads_is_read_for_together() {
        let line = FenceLine::default();
        let readings = AtomicUsize::new(0);
        let first_reads = Barrier::new(2);
        std::thread::scope(|scope| {
            let first = scope.spawn(|| {
                line.ask(AttemptId(1), |ids| {
                    first_reads.wait();
                    // All the others stand in line now.
                    while line.lock().waiting.len() < 5 {
                        std::thread::yield_now();
                    }
                    readings.fetch_add(1, Ordering::SeqCst);
                    Ok(facts(ids))
                })
            });
            first_reads.wait();
            let others: Vec<_> = (2..7)
                .map(|id| {
                    let (line, readings) = (&line, &readings);
                    scope.spawn(move || {
                        line.ask(AttemptId(id), |ids| {
                            readings.fetch_add(1, Ordering::SeqCst);
                            Ok(facts(ids))
                        })
                    })
                })
                .collect();
            assert_eq!(pid(first.join().unwrap().unwrap()), 1);
            let own: Vec<u32> = others.into_iter().map(|other| pid(other.join().unwrap().unwrap())).collect();
            assert_eq!(own, [2, 3, 4, 5, 6], "each its own");
        });
        assert_eq!(readings.into_inner(), 2);
        assert!(line.lock().answers.is_empty() && line.lock().waiting.is_empty());
    }

    #[test]
    fn a_reading_that_fails_is_the_failure_of_who_reads_and_the_others_read_again() {
        let line = FenceLine::default();
        line.lock().waiting.push(AttemptId(2));
        let failed = line.ask(AttemptId(1), |ids| {
            assert_eq!(ids, [AttemptId(2), AttemptId(1)]);
            Err(StoreError::Unusable("gone".into()))
        });
        assert!(failed.is_err());
        assert_eq!(pid(line.ask(AttemptId(2), |ids| Ok(facts(ids))).unwrap()), 2);
    }

    #[test]
    fn a_panic_of_who_reads_stops_nobody_else() {
        let line = FenceLine::default();
        let panics = || line.ask(AttemptId(1), |_| panic!("a bug"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
        assert_eq!(pid(line.ask(AttemptId(2), |ids| Ok(facts(ids))).unwrap()), 2);
    }
}

//! The parts of a tick, and the loop that drives them.

use super::context::Context;
use crate::model::Target;
use crate::store::{Claim, Result};
use std::time::{Duration, Instant};

/// A concern of the tick, with a state of its own.
pub(super) trait Part {
    /// Queues the questions that are asked once, before any step is claimed.
    fn begin(&mut self, _: &mut Context<'_>) -> Result<()> {
        Ok(())
    }

    /// Starts what can start now.
    fn start(&mut self, _: &mut Context<'_>, _: &mut OtherParts<'_, '_>) -> Result<()> {
        Ok(())
    }

    /// Must this due step to `target` wait for something?
    fn holds(&mut self, _claim: &Claim, _target: &Target, _: &mut Context<'_>) -> bool {
        false
    }

    /// Ends the step without an attempt if its call exists already. `true`: it did.
    fn adopts(&mut self, _claim: &Claim, _: &mut Context<'_>) -> Result<bool> {
        Ok(false)
    }

    /// Uses the answers of its workers, and notes which did not come in time.
    fn take(&mut self, _: &mut Context<'_>) -> Result<()> {
        Ok(())
    }

    /// How long it waits if no worker answers; `None`: until one does.
    fn wakes_in(&self, _: &Context<'_>) -> Option<Duration> {
        None
    }

    /// Brings its faults up to date when the tick ends.
    fn end(&mut self, _: &mut Context<'_>) -> Result<()> {
        Ok(())
    }
}

/// The other parts, while one of them starts something.
pub(super) struct OtherParts<'a, 'p> {
    before: &'a mut [&'p mut dyn Part],
    after: &'a mut [&'p mut dyn Part],
}

impl OtherParts<'_, '_> {
    /// Must this due step wait for something? Every part is asked, since that starts its question.
    pub(super) fn hold(&mut self, claim: &Claim, target: &Target, cx: &mut Context<'_>) -> bool {
        let mut held = false;
        for part in self.before.iter_mut().chain(self.after.iter_mut()) {
            held |= part.holds(claim, target, cx);
        }
        held
    }

    /// Lets a part end the step without an attempt. `true`: one did.
    pub(super) fn adopt(&mut self, claim: &Claim, cx: &mut Context<'_>) -> Result<bool> {
        for part in self.before.iter_mut().chain(self.after.iter_mut()) {
            if part.adopts(claim, cx)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Starts what can start and waits for what is under way, until nothing is left or the tick's time is over. When the
/// store fails, answers that are still to come are used all the same.
pub(super) fn drive(cx: &mut Context<'_>, parts: &mut [&mut dyn Part]) -> Result<()> {
    loop {
        if cx.failed.is_none() {
            let started = start(cx, parts);
            cx.note(started);
        }
        let deadline = cx.workers.next_deadline();
        let wakes_in = parts.iter().filter_map(|part| part.wakes_in(cx)).min();
        if cx.time.is_over() || (deadline.is_none() && wakes_in.is_none()) {
            break;
        }
        match deadline {
            Some(deadline) => {
                let limits = [cx.time.left(), deadline.saturating_duration_since(Instant::now())];
                cx.workers.wait(limits.into_iter().chain(wakes_in).min().unwrap_or_default());
            }
            None => cx.time.sleep(wakes_in.unwrap_or_default()),
        }
        take(cx, parts);
    }
    // The tick's time is over: requests under way are unknown, looks at calls wait for the next tick.
    cx.workers.given_up = true;
    take(cx, parts);
    cx.failed.take().map_or(Ok(()), Err)
}

fn start(cx: &mut Context<'_>, parts: &mut [&mut dyn Part]) -> Result<()> {
    (0..parts.len()).try_for_each(|place| {
        let (before, rest) = parts.split_at_mut(place);
        let Some((part, after)) = rest.split_first_mut() else { return Ok(()) };
        part.start(cx, &mut OtherParts { before, after })
    })
}

/// Lets every part use its answers, even when one before it failed.
fn take(cx: &mut Context<'_>, parts: &mut [&mut dyn Part]) {
    for part in parts {
        let taken = part.take(cx);
        cx.note(taken);
    }
}

/// Does it to each, even when one before it failed. Returns the first failure.
pub(super) fn each<T>(all: impl IntoIterator<Item = T>, done: impl FnMut(T) -> Result<()>) -> Result<()> {
    all.into_iter().map(done).fold(Ok(()), Result::and)
}

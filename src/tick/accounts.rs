//! Accounts that the provider refuses: nothing more is sent through them in this tick, and the next tick begins with
//! one request.

use super::faults::{self, Service};
use super::world::World;
use crate::model::{RungKind, Timestamp};
use crate::store::StoreError;
use std::collections::HashMap;

/// A circuit breaker: it limits the requests through an account that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaker {
    /// We were refused in an earlier tick: one at a time until one is taken.
    HalfOpen,
    /// We were refused in this tick: no more until the next.
    Open,
}

/// The services whose requests are limited.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    breakers: HashMap<Service, Breaker>,
}

impl Accounts {
    /// Takes over the refusals of earlier ticks. A refusal of messages ends when no rung sends any: nothing else would
    /// end it.
    pub(super) fn begin(&mut self, world: &World, now: Timestamp, lasting: &[String]) -> Result<(), StoreError> {
        let sends_messages = world.config.ladder.iter().any(|rung| rung.action.kind == RungKind::Sms);
        for by in Service::all().filter(|by| lasting.contains(&by.fault())) {
            if by.messages && !sends_messages {
                faults::fault(world.store.as_ref(), now, &by.fault(), false, String::new)?;
            } else {
                self.breakers.insert(by, Breaker::HalfOpen);
            }
        }
        Ok(())
    }

    /// Were we refused in this tick?
    pub(super) fn is_stopped(&self, by: Service) -> bool {
        self.breakers.get(&by) == Some(&Breaker::Open)
    }

    /// Must a request wait? Yes, if we were refused in this tick, or in an earlier one and its one request is under
    /// way.
    pub(super) fn must_wait(&self, by: Service, is_under_way: impl FnOnce() -> bool) -> bool {
        match self.breakers.get(&by) {
            Some(Breaker::Open) => true,
            Some(Breaker::HalfOpen) => is_under_way(),
            None => false,
        }
    }

    /// We were refused.
    pub(super) fn refused(&mut self, by: Service) {
        self.breakers.insert(by, Breaker::Open);
    }

    /// A request was taken. A refusal in this tick stands, whatever was still under way.
    pub(super) fn taken(&mut self, by: Service) {
        if !self.is_stopped(by) {
            self.breakers.remove(&by);
        }
    }
}

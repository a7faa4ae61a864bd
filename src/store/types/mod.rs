//! What goes into a store and what comes out: values without behaviour.

mod attempts;
mod calls;
mod forgotten;
mod gauges;
mod incidents;
mod meetings;
mod pauses;
mod reconcile;
mod tally;
mod ticks;

pub use crate::model::{
    AfterFacts, Facts, FenceFacts, Heeded, Line, NumberFacts, OpenAttempt, PauseView, Refusal, Settle, Slot, StepFacts,
    StepNext, Verdict,
};
pub use attempts::*;
pub use calls::*;
pub use forgotten::*;
pub use gauges::*;
pub use incidents::*;
pub use meetings::*;
pub use pauses::*;
pub use reconcile::*;
pub use tally::*;
pub use ticks::*;

/// Can be made in this module's tree only, so that nobody else makes a [`Claim`] or an [`Attempt`].
#[derive(Debug)]
pub(in crate::store) struct Seal;

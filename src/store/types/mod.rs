//! What goes into a store and what comes out: values without behaviour.

mod acts;
mod asked;
mod attempts;
mod calls;
mod forgotten;
mod gauges;
mod incidents;
mod meetings;
mod pauses;
mod people;
mod reconcile;
mod ticks;

pub use crate::model::{
    AfterFacts, AttemptTally, DelayTally, Facts, FenceFacts, Finding, Group, HeardOutcome, IncidentTally, LaterRungs,
    Line, NumberFacts, OpenAttempt, PauseView, Placed, Refusal, RefusedTally, Settle, Slot, StepFacts, StepNext, Tally,
    TallyBy, TallyScope, TickSpan, Verdict,
};
pub use acts::*;
pub use asked::*;
pub use attempts::*;
pub use calls::*;
pub use forgotten::*;
pub use gauges::*;
pub use incidents::*;
pub use meetings::*;
pub use pauses::*;
pub use people::*;
pub use reconcile::*;
pub use ticks::*;

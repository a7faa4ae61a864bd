//! The words of savehub: plain values that every other module speaks in.
//!
//! Nothing here reads a clock, a file or a socket. States carry their own database text (see `text_enum`), so that
//! what SQL says and what Rust says cannot drift apart.

mod acts;
mod agenda;
mod call;
mod changes;
mod email;
mod facts;
mod heard;
mod ids;
mod limits;
mod marks;
mod meeting;
mod money;
mod pace;
mod pause;
mod phone;
mod place;
mod public;
mod route;
mod rung;
mod states;
mod stop;
mod tally;
mod target;
mod text;
mod time;

pub use acts::{ActHow, ActKind};
pub use agenda::{CalendarKind, SeenAgenda, SeenMeeting, SkipWhy, Validators};
pub use call::{
    Accepted, CallList, CallReport, Doubt, FENCED, FenceReason, HangUp, ListedCall, NotSent, NotSentCause, Outcome,
    RefusedSender, Rejection, RejectionClass, Reply, ReplyMeta, Request, RequestFacts, Voice,
};
pub use changes::{CancelledBy, Change, Held, KnownMeeting, Owns, SAME_PROMISE};
pub use email::{Email, EmailError};
pub use facts::{
    AfterFacts, Facts, FenceFacts, Finding, LaterRungs, Line, NextSlot, NumberFacts, OpenAttempt, Placed, Refusal,
    Remembered, ServerAge, Settle, Slot, StepFacts, StepNext, TickSpan, Unsent, Verdict,
};
pub use heard::{
    Answer, Choice, Heard, HeardEffect, HeardHow, HeardOutcome, Inbound, Named, TAG_LEN, Told, Waiting, is_tag, tag,
};
pub use ids::{AttemptId, CalendarId, IncidentId, MeetingId, StepId, TickId};
pub use limits::{LOOK_UP, kept_for_answer, leaves_within};
pub use marks::{MARK, MARKED_EARLY, Marks, OPEN_AHEAD};
pub use meeting::MeetingWords;
pub use money::{Amount, Money};
pub use pace::Pace;
pub use pause::PauseView;
pub use phone::{Phone, PhoneError};
pub use place::{is_address, others_of_secret, path_text, without_address};
pub use public::{is_at_or_below, is_private_host, is_public};
pub use route::{Authorities, Route, Trust};
pub use rung::{AckHow, Action, Addressee, Offset, PlannedStep, Repeat, RungKind, When};
pub use states::{
    AttemptState, CallStatus, HangUpState, IncidentState, MeetingState, MockOutcome, ProviderKind, Reason, StepState,
};
pub use stop::Stop;
pub use tally::{AttemptTally, DelayTally, Group, IncidentTally, RefusedTally, Tally, TallyBy, TallyScope};
pub use target::{Address, Target};
pub(crate) use text::text_enum;
pub use text::{MESSAGE_CUT, cut, fnv1a, hex, printable};
pub use time::Timestamp;

//! What a monitoring system counts.

use crate::model::{IncidentState, Timestamp};

/// Numbers of the moment, and counts since the database was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gauges {
    /// Incidents that have not ended, by state; every such state is there.
    pub incidents_open: Vec<(IncidentState, u32)>,
    /// Steps that wait.
    pub steps_pending: u32,
    /// Those of them that are due.
    pub steps_due: u32,
    /// Attempts in `UNKNOWN`.
    pub attempts_unknown: u32,
    /// Calls that are queued, ringing or answered.
    pub calls_live: u32,
    /// Keys of the faults that last.
    pub faults: Vec<String>,
    /// Does a pause of everybody hold?
    pub everybody_paused: bool,
    /// People whose own pause holds.
    pub people_paused: u32,
    /// Newest known skew of the provider's clock against ours, milliseconds.
    pub skew_ms: Option<i64>,
    /// When the newest completed tick ended.
    pub last_completed_at: Option<Timestamp>,
    /// When the oldest row was written, and so the database made.
    pub made_at: Option<Timestamp>,
    /// Calendars.
    pub calendars: u32,
    /// Those that cannot be read at present.
    pub calendars_failing: u32,
    /// When the oldest copy of a calendar was last confirmed.
    pub oldest_calendar_at: Option<Timestamp>,
    /// Attempts by kind and the state they came into.
    pub attempts: Vec<Count>,
    /// Steps by the state and the reason they ended with.
    pub steps_ended: Vec<Count>,
}

/// How often something happened since the database was made. Never goes back, whatever retention deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Kind of the attempt, or state of the step.
    pub what: String,
    /// State of the attempt, or reason of the step.
    pub how: String,
    /// How often.
    pub n: i64,
}

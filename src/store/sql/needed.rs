//! Which rows a rehearsal can touch, table by table: what is open or to come, and what ended or was tried so lately that
//! a guard may still count it. Older history decides nothing, so it is not copied.

use crate::model::Timestamp;
use std::time::Duration;

/// Every table, in such an order that a row comes after those it refers to. Tables and columns have the same names in
/// all stores; a column that a store does not know is of no meaning there.
pub(in crate::store) const TABLES: &[&str] = &[
    "calendars",
    "calendar_bodies",
    "meetings",
    "calendar_meetings",
    "calendar_list",
    "people",
    "people_list",
    "incidents",
    "acts",
    "steps",
    "attempts",
    "attempt_steps",
    "call_tracker",
    "explained",
    "ticks",
    "faults",
    "heard",
    "heard_incidents",
    "pauses",
    "pace",
    // These come last: they replace what triggers counted while the other rows came in.
    "counters",
];

/// What ended longer ago decides nothing. Guards look back for a day; the rest is for clocks that disagree.
const LOOKED_BACK: Duration = Duration::from_secs(3 * 86_400);

/// A tick looks at no more of those before it.
const TICKS: u32 = 300;

/// The rows of this table that a rehearsal which begins at `now` can touch, as a condition. `schema`: where the tables
/// are that it names.
///
/// Each part of a condition finds its rows by an index: how long it takes does not grow with what is over.
pub(in crate::store) fn needed(table: &str, schema: &str, now: Timestamp) -> String {
    let recent = now.minus(LOOKED_BACK).ms();
    // Open, young, or still to be asked about.
    let tried = format!(
        "select id from {schema}.attempts where intent_at > {recent} \
         union all select id from {schema}.attempts where next_look_at is not null \
         union all select id from {schema}.attempts where state in ('SENDING','UNKNOWN')"
    );
    // A meeting that no tick ever watched is opened late, however long ago it started. New ids follow the last one.
    let last = |of: &str| format!("select max(id) from {schema}.{of}");
    let meetings = format!(
        "select id from {schema}.meetings where starts_at > {recent} \
         union all select id from {schema}.meetings where state = 'SCHEDULED' and watched = 0 \
         union all {} \
         union all select meeting_id from {schema}.incidents where ended_at is null \
         union all select meeting_id from {schema}.incidents where ended_at > {recent} \
         union all select i.meeting_id from {schema}.attempt_steps x join {schema}.incidents i on i.id = x.incident_id \
           where x.attempt_id in ({tried})",
        last("meetings")
    );
    // Every generation of them.
    let incidents = format!("select id from {schema}.incidents where meeting_id in ({meetings})");
    let attempts =
        format!("{tried} union all select attempt_id from {schema}.attempt_steps where incident_id in ({incidents})");
    match table {
        "meetings" => format!("id in ({meetings})"),
        "calendar_meetings" => format!("meeting_id in ({meetings})"),
        "incidents" => format!("id in ({incidents})"),
        "steps" => format!("(incident_id in ({incidents}) or id in ({}))", last("steps")),
        "attempts" => format!("id in ({attempts})"),
        "attempt_steps" | "call_tracker" | "explained" => format!("attempt_id in ({attempts})"),
        // The newest, those of them that ended, and those that saw a provider's clock.
        "ticks" => {
            let newest = |which: &str| {
                format!("id in (select id from {schema}.ticks where {which} order by id desc limit {TICKS})")
            };
            let all = [newest("true"), newest("ended_at is not null"), newest("skew_ms is not null")];
            format!("({})", all.join(" or "))
        }
        "pauses" => "ended_at is null".into(),
        // What a rehearsal counts is counted in memory, nothing is taken back in one, and nobody answers in one.
        "counters" | "acts" | "heard" | "heard_incidents" => "false".into(),
        _ => "true".into(),
    }
}

//! `db check`: are the file and its log whole, and does it keep to the rules of the engine?

use super::engine::SqliteStore;
use super::log;
use crate::store::Result;
use crate::store::sql::{Engine as _, Tx, TxResult};
use rusqlite::Connection;

/// Findings of one kind that are named, at most.
const NAMED: usize = 10;

/// What may never be, in words, and where it is: each query gives the names of what breaks the rule.
const RULES: &[(&str, &str)] = &[
    (
        "a step is RUNNING without exactly one open attempt",
        "select 's' || s.id from steps s where s.state = 'RUNNING' and 1 <> (select count(*) from attempt_steps x \
         join attempts a on a.id = x.attempt_id where x.step_id = s.id and a.state in ('SENDING','UNKNOWN'))",
    ),
    (
        "an attempt is open for a step that is not RUNNING",
        "select 'a' || a.id from attempts a join attempt_steps x on x.attempt_id = a.id join steps s on s.id = x.step_id \
         where a.state in ('SENDING','UNKNOWN') and s.state <> 'RUNNING'",
    ),
    (
        "an attempt has a step and serves none",
        "select 'a' || a.id from attempts a where a.step_id is not null \
         and not exists (select 1 from attempt_steps x where x.attempt_id = a.id)",
    ),
    (
        "a step is pending in an incident that has ended",
        "select 's' || s.id from steps s join incidents i on i.id = s.incident_id \
         where s.state = 'PENDING' and i.ended_at is not null",
    ),
    (
        "a step is EXECUTED without an accepted attempt",
        "select 's' || s.id from steps s where s.state = 'EXECUTED' and not exists (select 1 from attempt_steps x \
         join attempts a on a.id = x.attempt_id where x.step_id = s.id and a.state = 'ACCEPTED')",
    ),
    (
        "an open incident watches a start that its meeting no longer has",
        "select 'i' || i.id from incidents i join meetings m on m.id = i.meeting_id \
         where i.ended_at is null and (i.generation <> m.generation or m.state <> 'SCHEDULED')",
    ),
    (
        "an attempt that rang nobody counts for the limit",
        "select 'a' || a.id from attempts a join call_tracker t on t.attempt_id = a.id \
         where a.state in ('NOT_SENT','REJECTED')",
    ),
];

impl SqliteStore {
    /// Everything that is wrong with the database, a line each; empty: nothing. Reads it all, and keeps nobody waiting.
    pub fn check(&self) -> Result<Vec<String>> {
        let mut damaged: Vec<String> = self.engine.path.as_deref().and_then(log::fault).into_iter().collect();
        damaged.extend(integrity(&self.engine.lock()));
        // In a file that is not whole the rest would be guesswork.
        if !damaged.is_empty() {
            return Ok(damaged);
        }
        self.engine.read("check the database", |tx| {
            let mut wrong = references(tx)?;
            for (words, sql) in RULES {
                wrong.extend(broken(tx, words, sql)?);
            }
            Ok(wrong)
        })
    }

    /// How many rules of the engine [`Self::check`] looks at.
    pub fn rules() -> usize {
        RULES.len()
    }
}

/// SQLite's own check: pages, indexes, NOT NULL, UNIQUE and CHECK. A file too damaged to be checked is a finding.
fn integrity(connection: &Connection) -> Vec<String> {
    let read = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(&format!("pragma integrity_check({NAMED})"))?;
        statement.query_map([], |r| r.get(0))?.collect()
    };
    match read() {
        Ok(lines) if lines == ["ok"] => Vec::new(),
        Ok(lines) => lines.into_iter().map(|line| format!("the file is damaged: {line}")).collect(),
        Err(error) => vec![format!("the file is damaged: {error}")],
    }
}

/// References that lead nowhere, by table.
fn references(tx: &dyn Tx) -> TxResult<Vec<String>> {
    let sql = "select \"table\", parent, count(*) from pragma_foreign_key_check group by 1, 2 order by 1, 2";
    Ok(tx.rows(sql, &[], |r| {
        let (table, parent, n): (String, String, i64) = (r.get(0)?, r.get(1)?, r.get(2)?);
        Ok(format!("{n} rows of {table} refer to rows of {parent} that are not there"))
    })?)
}

fn broken(tx: &dyn Tx, words: &str, sql: &str) -> TxResult<Option<String>> {
    let names: Vec<String> = tx.values(&format!("select distinct * from ({sql}) order by 1"), &[])?;
    if names.is_empty() {
        return Ok(None);
    }
    let more = names.len().saturating_sub(NAMED);
    let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Ok(Some(format!("{words}: {shown}{more}")))
}

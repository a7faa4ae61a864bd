//! A PostgreSQL transaction as the rules see it, and the server's clock, the one clock that all hosts share.
//!
//! An attempt has its times by the clocks of the host that wrote it. They say nothing to another host: wall clocks may
//! be wrong, and boot time counts from another moment. So each row also holds them by the server's clock, and they are
//! read as ages by that clock.

use super::session::Session;
use super::statement::{Answer, Statement, Wants};
use super::{candidates, timeline};
use crate::model::{Facts, TickSpan, Timestamp};
use crate::store::AttemptDraft;
use crate::store::sql::tx::Asked;
use crate::store::sql::{
    Candidate, Dialect, LockMode, Question, Row, Sorts, Sql, SqlError, StepDraft, Tx, TxResult, Value,
};
use std::cell::{Cell, RefCell};
use std::time::Instant;

/// Now, in milliseconds; moves on while a transaction runs.
macro_rules! server_now {
    () => {
        "(extract(epoch from clock_timestamp()) * 1000)::bigint"
    };
}
pub(super) const SERVER_NOW: &str = server_now!();

const DIALECT: Dialect = Dialect {
    greatest: "greatest",
    least: "least",
    bytewise: " collate \"C\"",
    no_index: "",
    by_index: |_| String::new(),
    one_writer: false,
    skip_locked: " for update skip locked",
    ages: concat!(
        server_now!(),
        " - intent_server_ms, ",
        server_now!(),
        " - deadline_server_ms, ",
        server_now!(),
        " - lease_until_server_ms"
    ),
    clock_columns: ", intent_server_ms, deadline_server_ms, lease_until_server_ms",
    clock_values: concat!(", ", server_now!(), ", ", server_now!(), " + ?14 - ?13, ", server_now!(), " + ?10 - ?13"),
    recent_ticks: "200",
    timeline_column: ", timeline",
    timeline_value: ", savehub_timeline()",
    same_timeline: " and timeline > 0 and timeline = savehub_timeline()",
    sorts: Sorts {
        first_error: "(array_agg(error order by id))[1]",
        count: "count(*)",
        group_by: " group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14",
    },
};

/// A standby that must confirm a commit may take longer than a statement. If the server's time limit ended that wait, the
/// commit would count as done, and not be safe.
const COMMIT: &str = "set local statement_timeout = 0; commit";

/// A connection, with a transaction or for single statements. What nobody waits for leaves together with what is asked
/// next: the beginning of the transaction with its first question, and the last changes with its commit.
pub(super) struct PostgresTx<'s> {
    session: &'s Session,
    waiting: RefCell<Vec<Statement<'static>>>,
    begun: Cell<bool>,
}

impl<'s> PostgresTx<'s> {
    /// For single statements.
    pub(super) const fn single(session: &'s Session) -> Self {
        Self { session, waiting: RefCell::new(Vec::new()), begun: Cell::new(true) }
    }

    /// With a transaction that begins so.
    pub(super) fn begin(session: &'s Session, begin: &str) -> Self {
        Self { waiting: RefCell::new(vec![Statement::batch(begin)]), begun: Cell::new(false), ..Self::single(session) }
    }

    /// Has the server said that the transaction has begun?
    pub(super) fn has_begun(&self) -> bool {
        self.begun.get()
    }

    /// Ends it. An error that is no refusal leaves open whether it is done.
    pub(super) fn commit(&self) -> Sql<()> {
        self.batch(COMMIT)
    }

    /// Statements without parameters.
    pub(super) fn batch(&self, text: &str) -> Sql<()> {
        self.say(vec![Statement::batch(text)]).map(|_| ())
    }

    /// Everything that is asked from now on must be answered by then.
    pub(super) fn limit(&self, until: Instant) {
        self.session.limit(until);
    }

    /// Says what waits, and then this, in one round trip. The answers to this.
    fn say(&self, statements: Vec<Statement<'_>>) -> Sql<Vec<Answer>> {
        if statements.iter().any(Statement::changes) {
            self.wait_for_begin()?;
        }
        let mut all: Vec<Statement<'_>> = self.waiting.take();
        let before = all.len();
        all.extend(statements);
        let mut answers = self.session.say(&all)?;
        self.begun.set(true);
        Ok(answers.split_off(before))
    }

    /// What changes something never leaves together with the beginning: were that refused, the change would stand alone.
    fn wait_for_begin(&self) -> Sql<()> {
        if self.begun.get() { Ok(()) } else { self.say(Vec::new()).map(|_| ()) }
    }

    fn one(&self, statement: Statement<'_>) -> Sql<Answer> {
        self.say(vec![statement])?.pop().ok_or(SqlError::NoRow)
    }
}

impl Tx for PostgresTx<'_> {
    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }

    fn run(&self, sql: &str, params: &[Value<'_>]) -> Sql<usize> {
        Ok(count(self.one(Statement::new(sql, params, Wants::Count))?.changed))
    }

    fn each_row(&self, sql: &str, params: &[Value<'_>], read: &mut dyn FnMut(&dyn Row) -> Sql<bool>) -> Sql<()> {
        for row in self.one(Statement::new(sql, params, Wants::Rows))?.rows {
            if !read(&row)? {
                break;
            }
        }
        Ok(())
    }

    fn run_each(&self, sql: &str, sets: &[Vec<Value<'_>>]) -> Sql<usize> {
        if sets.is_empty() {
            return Ok(0);
        }
        Ok(count(self.one(Statement::each(sql, sets, Wants::Count))?.changed))
    }

    fn rows_of_each(&self, sql: &str, sets: &[Vec<Value<'_>>], read: &mut dyn FnMut(&dyn Row) -> Sql<()>) -> Sql<()> {
        if sets.is_empty() {
            return Ok(());
        }
        let answer = self.one(Statement::each(sql, sets, Wants::Rows))?;
        answer.rows.iter().try_for_each(|row| read(row))
    }

    fn run_later(&self, sql: &str, sets: &[Vec<Value<'_>>], must: Option<&'static str>) -> TxResult<()> {
        if sets.is_empty() {
            return Ok(());
        }
        self.wait_for_begin()?;
        let statement = Statement::each(sql, sets, Wants::Count);
        let statement = if let Some(what) = must { statement.must(what, sets.len()) } else { statement };
        self.waiting.borrow_mut().push(statement);
        Ok(())
    }

    fn ask_all(&self, mut questions: Vec<Question<'_>>) -> Sql<()> {
        questions.retain(|question| !matches!(&question.asked, Asked::Each(sets) if sets.is_empty()));
        if questions.is_empty() {
            return Ok(());
        }
        let statements = questions.iter().map(|Question { sql, asked, .. }| match asked {
            Asked::Once(params) => Statement::new(sql, params, Wants::Rows),
            Asked::Each(sets) => Statement::each(sql, sets, Wants::Rows),
        });
        let answers = self.say(statements.collect())?;
        for (question, answer) in questions.iter_mut().zip(answers) {
            answer.rows.iter().try_for_each(|row| (question.read)(row))?;
        }
        Ok(())
    }

    fn candidates(
        &self,
        asked: &[StepDraft<'_>],
        now: Timestamp,
        mode: LockMode,
        beside: Vec<Question<'_>>,
    ) -> Sql<Vec<Sql<(usize, Candidate)>>> {
        candidates::some(self, asked, now, mode, beside)
    }

    fn target_facts(&self, draft: &AttemptDraft<'_>, beside: Vec<Question<'_>>) -> Sql<Facts> {
        candidates::of_target(self, draft, beside)
    }

    fn counts_calls(&self) -> bool {
        true
    }

    fn ticks_before_failover(&self, now: Timestamp) -> Sql<Option<Vec<TickSpan>>> {
        timeline::ticks_before(self, now)
    }
}

fn count(changed: u64) -> usize {
    usize::try_from(changed).unwrap_or(usize::MAX)
}

impl Row for tokio_postgres::Row {
    fn value(&self, at: usize) -> Sql<Value<'_>> {
        self.try_get(at).map_err(|error| SqlError::Column(error.to_string()))
    }
}

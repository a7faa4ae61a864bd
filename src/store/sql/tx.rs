//! A transaction as the rules of the store see it: statements with parameters, rows with columns, and hooks for what a
//! database does in its own way.

use super::dialect::Dialect;
use super::value::{Column, Value};
use crate::model::{Facts, RungKind, ServerAge, StepId, Target, TickSpan, Timestamp};
use crate::store::{AttemptDraft, Claim, StoreError};
use std::error::Error;

/// What can go wrong with one statement.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SqlError {
    /// The database said no, or does not answer.
    #[error("{0}")]
    Database(Box<dyn Error + Send + Sync>),
    /// There is no such row.
    #[error("a row that must be there is not")]
    NoRow,
    /// What stands in a column cannot be read.
    #[error("{0}")]
    Column(String),
}

/// The result of a statement.
pub(crate) type Sql<T> = Result<T, SqlError>;

/// What can go wrong inside a transaction: a statement, or an answer for the caller.
#[derive(Debug)]
pub(crate) enum TxError {
    /// A statement.
    Sql(SqlError),
    /// An answer.
    Answer(StoreError),
}

impl<E: Into<SqlError>> From<E> for TxError {
    fn from(error: E) -> Self {
        Self::Sql(error.into())
    }
}

impl From<StoreError> for TxError {
    fn from(error: StoreError) -> Self {
        Self::Answer(error)
    }
}

/// The result of a use case, inside its transaction.
pub(crate) type TxResult<T> = Result<T, TxError>;

/// A row of an answer.
pub(crate) trait Row {
    /// The column at this place.
    fn value(&self, at: usize) -> Sql<Value<'_>>;
}

impl dyn Row + '_ {
    /// The column at this place, as a value of the model.
    pub(crate) fn get<T: Column>(&self, at: usize) -> Sql<T> {
        T::read(self.value(at)?).map_err(|why| SqlError::Column(format!("column {at}: {why}")))
    }

    /// The target of an attempt: the columns `kind` and `to_number`, from this place on.
    pub(crate) fn target(&self, at: usize) -> Sql<Target> {
        let (kind, text): (RungKind, String) = (self.get(at)?, self.get(at + 1)?);
        Target::read(kind, &text).map_err(|why| SqlError::Column(format!("column {}: {why}", at + 1)))
    }

    /// The columns of [`Dialect::ages`], from this place on; `None` where there are none.
    pub(crate) fn age(&self, at: usize) -> Sql<Option<ServerAge>> {
        let Some(since_intent_ms) = self.get(at)? else { return Ok(None) };
        Ok(Some(ServerAge { since_intent_ms, since_deadline_ms: self.get(at + 1)?, since_lease_ms: self.get(at + 2)? }))
    }
}

/// A step to look at, and the attempt that would be made for it.
pub(crate) type StepDraft<'a> = (StepId, &'a AttemptDraft<'a>);

/// A step that an attempt may serve, with what is needed to write it down.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// The step.
    pub(crate) claim: Claim,
    /// What the guards are asked with.
    pub(crate) facts: Facts,
}

/// How steps are read that another host may be at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockMode {
    /// Its steps are left out; the others are locked.
    SkipLocked,
    /// Its steps are waited for, then locked.
    Wait,
    /// Nothing is locked, and steps that may not be tried yet are read too.
    None,
}

/// Ids that are the only parameter of their sets.
const IDS: &str = "(select ?1 from {each})";

fn one_each<'v>(ids: &[Value<'v>]) -> Vec<Vec<Value<'v>>> {
    ids.iter().map(|id| vec![id.clone()]).collect()
}

/// A question that goes to the database together with others.
pub(crate) struct Question<'q> {
    /// The statement.
    pub(crate) sql: String,
    /// What it is asked with.
    pub(crate) asked: Asked<'q>,
    /// Gets each row of the answer.
    pub(crate) read: Read<'q>,
}

/// What reads a row.
type Read<'q> = Box<dyn FnMut(&dyn Row) -> Sql<()> + 'q>;

/// The parameters of a question.
pub(crate) enum Asked<'q> {
    /// It is asked once, with these.
    Once(Vec<Value<'q>>),
    /// It is asked with each of these sets, as in [`Tx::rows_of_each`].
    Each(Vec<Vec<Value<'q>>>),
}

impl<'q> Question<'q> {
    /// Asked once.
    pub(crate) fn once(
        sql: impl Into<String>,
        params: Vec<Value<'q>>,
        read: impl FnMut(&dyn Row) -> Sql<()> + 'q,
    ) -> Self {
        Self { sql: sql.into(), asked: Asked::Once(params), read: Box::new(read) }
    }

    /// Asked with each set.
    pub(crate) fn each(
        sql: impl Into<String>,
        sets: Vec<Vec<Value<'q>>>,
        read: impl FnMut(&dyn Row) -> Sql<()> + 'q,
    ) -> Self {
        Self { sql: sql.into(), asked: Asked::Each(sets), read: Box::new(read) }
    }

    /// The same; the rows are put where their sets are, whose places stand in the first column.
    pub(crate) fn by_place<T>(
        sql: impl Into<String>,
        sets: Vec<Vec<Value<'q>>>,
        found: &'q mut Vec<Vec<T>>,
        mut read: impl FnMut(&dyn Row) -> Sql<T> + 'q,
    ) -> Self {
        found.resize_with(sets.len(), Vec::new);
        Self::each(sql, sets, move |row| {
            of_place(found, row)?.push(read(row)?);
            Ok(())
        })
    }
}

/// An open transaction. Parameters stand in statements as `?1`, `?2`, ….
pub(crate) trait Tx {
    /// The words of this database.
    fn dialect(&self) -> &'static Dialect;

    /// Runs a statement. How many rows it changed.
    fn run(&self, sql: &str, params: &[Value<'_>]) -> Sql<usize>;

    /// Hands over the rows of an answer until `read` says `false`.
    fn each_row(&self, sql: &str, params: &[Value<'_>], read: &mut dyn FnMut(&dyn Row) -> Sql<bool>) -> Sql<()>;

    /// Runs a statement once for each set of parameters, in as few round trips as the database can. The statement reads
    /// its parameters from `{each}`, which stands among its tables: `update t set a = ?2 from {each} where id = ?1`. How
    /// many rows it changed in all.
    fn run_each(&self, sql: &str, sets: &[Vec<Value<'_>>]) -> Sql<usize>;

    /// The same for the rows of answers, in any order. `{place}` is the place of the set, from 0.
    fn rows_of_each(&self, sql: &str, sets: &[Vec<Value<'_>>], read: &mut dyn FnMut(&dyn Row) -> Sql<()>) -> Sql<()>;

    /// Runs a statement once for all of these ids, which stand in it as `{ids}`: `delete from t where id in {ids}`. How
    /// many rows it changed.
    fn run_for(&self, sql: &str, ids: &[Value<'_>]) -> Sql<usize> {
        self.run_each(&sql.replace("{ids}", IDS), &one_each(ids))
    }

    /// The same for the rows of the answer, in any order.
    fn rows_for(&self, sql: &str, ids: &[Value<'_>], read: &mut dyn FnMut(&dyn Row) -> Sql<()>) -> Sql<()> {
        self.rows_of_each(&sql.replace("{ids}", IDS), &one_each(ids), read)
    }

    /// As [`Self::run_each`], but nobody waits for the answer: it runs before whatever is asked after it, and before the
    /// transaction ends. `must`: what it does; the transaction fails unless each set changes exactly one row.
    fn run_later(&self, sql: &str, sets: &[Vec<Value<'_>>], must: Option<&'static str>) -> TxResult<()> {
        let changed = self.run_each(sql, sets)?;
        must.map_or(Ok(()), |what| all_rows(changed, sets.len(), what))
    }

    /// Asks all questions, in this order, in one round trip if the database can.
    fn ask_all(&self, questions: Vec<Question<'_>>) -> Sql<()> {
        for Question { sql, asked, mut read } in questions {
            match asked {
                Asked::Once(params) => self.each_row(&sql, &params, &mut |row| read(row).map(|()| true))?,
                Asked::Each(sets) => self.rows_of_each(&sql, &sets, &mut *read)?,
            }
        }
        Ok(())
    }

    // --- hooks: what a database does in its own way ---

    /// The steps that are pending, with their places in the list and all facts but the calls of everybody, in as few
    /// round trips as possible. A step that cannot be read is an error of its own. `beside`: what else is to be asked.
    fn candidates(
        &self,
        asked: &[StepDraft<'_>],
        now: Timestamp,
        mode: LockMode,
        beside: Vec<Question<'_>>,
    ) -> Sql<Vec<Sql<(usize, Candidate)>>>;

    /// The facts about the target and the person of an attempt without a step, but for the calls of everybody.
    fn target_facts(&self, draft: &AttemptDraft<'_>, beside: Vec<Question<'_>>) -> Sql<Facts>;

    /// Does this database count the calls of the day as they come, in the table `calls_of_day`?
    fn counts_calls(&self) -> bool {
        false
    }

    /// Soon after a failover: the last completed ticks of the timeline before.
    fn ticks_before_failover(&self, _now: Timestamp) -> Sql<Option<Vec<TickSpan>>> {
        Ok(None)
    }
}

impl dyn Tx + '_ {
    /// The first row; an error if there is none.
    pub(crate) fn row<T>(&self, sql: &str, params: &[Value<'_>], read: impl FnOnce(&dyn Row) -> Sql<T>) -> Sql<T> {
        self.optional(sql, params, read)?.ok_or(SqlError::NoRow)
    }

    /// The first row, if there is one.
    pub(crate) fn optional<T>(
        &self,
        sql: &str,
        params: &[Value<'_>],
        read: impl FnOnce(&dyn Row) -> Sql<T>,
    ) -> Sql<Option<T>> {
        let (mut read, mut found) = (Some(read), None);
        self.each_row(sql, params, &mut |row| {
            found = read.take().map(|read| read(row)).transpose()?;
            Ok(false)
        })?;
        Ok(found)
    }

    /// The first column of the first row; an error if there is none.
    pub(crate) fn value<T: Column>(&self, sql: &str, params: &[Value<'_>]) -> Sql<T> {
        self.row(sql, params, |row| row.get(0))
    }

    /// All rows.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&dyn Row) -> Sql<T>,
    ) -> Sql<Vec<T>> {
        let mut rows = Vec::new();
        self.each_row(sql, params, &mut |row| {
            rows.push(read(row)?);
            Ok(true)
        })?;
        Ok(rows)
    }

    /// The rows of answers by the places of their sets, which stand in the first column.
    pub(crate) fn by_place<T>(
        &self,
        sql: &str,
        sets: &[Vec<Value<'_>>],
        mut read: impl FnMut(&dyn Row) -> Sql<T>,
    ) -> Sql<Vec<Vec<T>>> {
        let mut found: Vec<Vec<T>> = sets.iter().map(|_| Vec::new()).collect();
        self.rows_of_each(sql, sets, &mut |row| {
            of_place(&mut found, row)?.push(read(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The first column of all rows.
    pub(crate) fn values<T: Column>(&self, sql: &str, params: &[Value<'_>]) -> Sql<Vec<T>> {
        self.rows(sql, params, |row| row.get(0))
    }

    /// The rows that can be read, each `what`. A row of a newer savehub, or one changed by hand, must not stop the others.
    pub(crate) fn readable<T>(
        &self,
        what: &str,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&dyn Row) -> Sql<T>,
    ) -> Sql<Vec<T>> {
        let mut rows = Vec::new();
        self.each_row(sql, params, &mut |row| {
            rows.extend(if_readable(read(row), what)?);
            Ok(true)
        })?;
        Ok(rows)
    }
}

/// What belongs to the set whose place stands in the first column.
pub(crate) fn of_place<'v, T>(values: &'v mut [T], row: &dyn Row) -> Sql<&'v mut T> {
    let place: i64 = row.get(0)?;
    usize::try_from(place).ok().and_then(|place| values.get_mut(place)).ok_or(SqlError::NoRow)
}

/// A compare-and-set that must change exactly one row.
pub(crate) fn one_row(changed: usize, what: &'static str) -> TxResult<()> {
    all_rows(changed, 1, what)
}

/// The same for so many rows.
fn all_rows(changed: usize, expected: usize, what: &'static str) -> TxResult<()> {
    if changed == expected {
        return Ok(());
    }
    Err(StoreError::Statement { what, detail: format!("{changed} rows changed instead of {expected}") }.into())
}

/// What was read; `None` for a row that cannot be read.
pub(crate) fn if_readable<T>(row: Sql<T>, what: &str) -> Sql<Option<T>> {
    match row {
        Ok(value) => Ok(Some(value)),
        Err(SqlError::Column(why)) => {
            log::error!("{what} cannot be read and is left alone: {why}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

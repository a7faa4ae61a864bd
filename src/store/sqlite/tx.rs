//! An SQLite transaction as the rules see it. Statements are prepared once and kept, and values are borrowed on their way.

use super::bound::{bound, bound_insert, returning};
use super::candidates;
use crate::model::{Facts, Timestamp};
use crate::store::AttemptDraft;
use crate::store::sql::{
    Candidate, Dialect, Kind, LockMode, Question, Row, Sorts, Sql, SqlError, StepDraft, Tx, Value,
};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};
use std::borrow::Cow;

pub(super) const DIALECT: Dialect = Dialect {
    greatest: "max",
    least: "min",
    bytewise: "",
    no_index: "+",
    by_index: |name| format!("indexed by {name}"),
    one_writer: true,
    skip_locked: "",
    ages: "null, null, null",
    clock_columns: "",
    clock_values: "",
    // Only one host ticks, so the newest are its own.
    recent_ticks: "2",
    timeline_column: "",
    timeline_value: "",
    same_timeline: "",
    // SQLite would sort every attempt by fourteen columns, which takes far longer than sorting here.
    sorts: Sorts { first_error: "error", count: "1", group_by: "" },
};

/// Ids, from a list as JSON.
const IDS: &str = "(select value from json_each(?1))";

fn list(ids: &[Value<'_>]) -> Value<'static> {
    let number = |id: &Value<'_>| if let Value::Int(id) = id { Some(id.to_string()) } else { None };
    let numbers: Vec<String> = ids.iter().filter_map(number).collect();
    Value::Text(Cow::Owned(format!("[{}]", numbers.join(","))))
}

/// A connection, with an open transaction or without one.
pub(super) struct SqliteTx<'a>(pub(super) &'a Connection);

impl Tx for SqliteTx<'_> {
    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }

    fn run(&self, sql: &str, params: &[Value<'_>]) -> Sql<usize> {
        Ok(self.0.prepare_cached(sql)?.execute(params_from_iter(params))?)
    }

    fn each_row(&self, sql: &str, params: &[Value<'_>], read: &mut dyn FnMut(&dyn Row) -> Sql<bool>) -> Sql<()> {
        if let Some((insert, select)) = returning(sql) {
            return self.insert_and_read(insert, &select, &[params], &mut |row| read(row).map(drop));
        }
        let mut statement = self.0.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            if !read(row)? {
                break;
            }
        }
        Ok(())
    }

    fn run_each(&self, sql: &str, sets: &[Vec<Value<'_>>]) -> Sql<usize> {
        if sets.is_empty() {
            return Ok(0);
        }
        let mut statement = self.0.prepare_cached(&bound_insert(sql).unwrap_or_else(|| bound(sql)))?;
        let run = |set: &Vec<Value<'_>>| Ok(statement.execute(params_from_iter(set))?);
        sets.iter().map(run).sum()
    }

    fn rows_of_each(&self, sql: &str, sets: &[Vec<Value<'_>>], read: &mut dyn FnMut(&dyn Row) -> Sql<()>) -> Sql<()> {
        let Some(width) = sets.first().map(Vec::len) else { return Ok(()) };
        if let Some((insert, select)) = returning(sql) {
            let insert = bound_insert(insert).unwrap_or_else(|| bound(insert));
            return self.insert_and_read(&insert, &select, sets, read);
        }
        let places = sql.contains("{place}");
        let sql = bound(sql).replace("{place}", &format!("?{}", width + 1));
        let mut statement = self.0.prepare_cached(&sql)?;
        for (place, set) in sets.iter().enumerate() {
            let place = Value::Int(i64::try_from(place).unwrap_or(i64::MAX));
            let mut rows = statement.query(params_from_iter(set.iter().chain(places.then_some(&place))))?;
            while let Some(row) = rows.next()? {
                read(row)?;
            }
        }
        Ok(())
    }

    /// One statement deletes many rows faster than many statements one each: it opens the indexes once.
    fn run_for(&self, sql: &str, ids: &[Value<'_>]) -> Sql<usize> {
        self.run(&sql.replace("{ids}", IDS), &[list(ids)])
    }

    fn rows_for(&self, sql: &str, ids: &[Value<'_>], read: &mut dyn FnMut(&dyn Row) -> Sql<()>) -> Sql<()> {
        self.each_row(&sql.replace("{ids}", IDS), &[list(ids)], &mut |row| read(row).map(|()| true))
    }

    fn candidates(
        &self,
        asked: &[StepDraft<'_>],
        now: Timestamp,
        mode: LockMode,
        beside: Vec<Question<'_>>,
    ) -> Sql<Vec<Sql<(usize, Candidate)>>> {
        self.ask_all(beside)?;
        candidates::some(self, asked, now, mode)
    }

    /// In memory it does.
    fn counts_calls(&self) -> bool {
        self.0.path().is_none_or(str::is_empty)
    }

    fn target_facts(&self, draft: &AttemptDraft<'_>, beside: Vec<Question<'_>>) -> Sql<Facts> {
        self.ask_all(beside)?;
        candidates::of_target(self, draft, None)
    }
}

impl SqliteTx<'_> {
    /// Inserts a row for each set, and reads each.
    fn insert_and_read<'v>(
        &self,
        insert: &str,
        select: &str,
        sets: &[impl AsRef<[Value<'v>]>],
        read: &mut dyn FnMut(&dyn Row) -> Sql<()>,
    ) -> Sql<()> {
        let (mut insert, mut select) = (self.0.prepare_cached(insert)?, self.0.prepare_cached(select)?);
        for set in sets {
            if insert.execute(params_from_iter(set.as_ref()))? == 0 {
                continue;
            }
            let mut rows = select.query([self.0.last_insert_rowid()])?;
            if let Some(row) = rows.next()? {
                read(row)?;
            }
        }
        Ok(())
    }
}

impl Row for rusqlite::Row<'_> {
    fn value(&self, at: usize) -> Sql<Value<'_>> {
        let value = self.get_ref(at)?;
        Ok(match value {
            ValueRef::Null => Value::Null(Kind::Text),
            ValueRef::Integer(number) => Value::Int(number),
            ValueRef::Text(_) => match value.as_str() {
                Ok(text) => Value::Text(Cow::Borrowed(text)),
                Err(error) => return Err(SqlError::Column(format!("column {at}: {error}"))),
            },
            ValueRef::Blob(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
            ValueRef::Real(_) => return Err(SqlError::Column(format!("column {at}: a fraction stands there"))),
        })
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null(_) => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Int(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Self::Flag(flag) => ToSqlOutput::Borrowed(ValueRef::Integer((*flag).into())),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(Box::new(error))
    }
}

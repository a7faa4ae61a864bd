//! One transaction as the files beside see it: statements with their parameters, rows with their columns.

use super::session::Session;
use super::values::{Column, ToValue, Value};
use tokio_postgres::row::RowIndex;

/// What can go wrong with one statement.
#[derive(Debug)]
pub(super) enum SqlError {
    /// The server said no, or the connection is gone.
    Server(tokio_postgres::Error),
    /// No answer in time; the connection is given up.
    Late,
    /// There is no such row.
    NoRow,
    /// What stands in a column cannot be read.
    Column(String),
}

/// What every statement answers with.
pub(super) type Sql<T> = Result<T, SqlError>;

/// A transaction that is open.
pub(super) struct Tx<'a>(pub(super) &'a Session);

/// A text with `$1`, `$2`, ….
pub(super) struct Statement<'a> {
    session: &'a Session,
    text: &'a str,
}

/// A row of an answer.
pub(super) struct Row(tokio_postgres::Row);

/// Parameters of a statement.
pub(super) trait Params {
    /// In the order of their numbers.
    fn values(self) -> Vec<Value>;
}

impl<T: ToValue, const N: usize> Params for [T; N] {
    fn values(self) -> Vec<Value> {
        self.iter().map(ToValue::value).collect()
    }
}

impl Params for Vec<Value> {
    fn values(self) -> Vec<Value> {
        self
    }
}

/// Parameters of different types.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::store::postgres::values::ToValue::value(&$value)),*] as Vec<$crate::store::postgres::values::Value>
    };
}
pub(super) use params;

impl Tx<'_> {
    pub(super) fn sql<'t>(&'t self, text: &'t str) -> Statement<'t> {
        Statement { session: self.0, text }
    }

    /// How many rows it changed.
    pub(super) fn execute(&self, text: &str, params: impl Params) -> Sql<usize> {
        self.sql(text).execute(params)
    }

    /// The first row; an error if there is none.
    pub(super) fn query_row<T>(&self, text: &str, params: impl Params, read: impl FnOnce(&Row) -> Sql<T>) -> Sql<T> {
        self.sql(text).query_row(params, read)
    }
}

impl Statement<'_> {
    /// How many rows it changed.
    pub(super) fn execute(&self, params: impl Params) -> Sql<usize> {
        let changed = self.session.execute(self.text, &params.values())?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// The first row; an error if there is none.
    pub(super) fn query_row<T>(&self, params: impl Params, read: impl FnOnce(&Row) -> Sql<T>) -> Sql<T> {
        let rows = self.session.query(self.text, &params.values())?;
        rows.into_iter().next().ok_or(SqlError::NoRow).and_then(|row| read(&Row(row)))
    }

    /// All rows, each as `read` makes it.
    pub(super) fn query_map<T>(
        &self,
        params: impl Params,
        mut read: impl FnMut(&Row) -> Sql<T>,
    ) -> Sql<std::vec::IntoIter<Sql<T>>> {
        let rows = self.session.query(self.text, &params.values())?;
        Ok(rows.into_iter().map(|row| read(&Row(row))).collect::<Vec<_>>().into_iter())
    }
}

impl Row {
    /// What stands in a column, by its place or name.
    pub(super) fn get<I: RowIndex + std::fmt::Display, T: Column>(&self, at: I) -> Sql<T> {
        let name = at.to_string();
        let value: Value = self.0.try_get(at).map_err(|error| SqlError::Column(error.to_string()))?;
        T::read(value).map_err(|why| SqlError::Column(format!("column {name}: {why}")))
    }
}

/// No row is an answer, too.
pub(super) trait Optional<T> {
    /// `None` instead of [`SqlError::NoRow`].
    fn optional(self) -> Sql<Option<T>>;
}

impl<T> Optional<T> for Sql<T> {
    fn optional(self) -> Sql<Option<T>> {
        match self {
            Err(SqlError::NoRow) => Ok(None),
            other => other.map(Some),
        }
    }
}

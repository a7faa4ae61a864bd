//! Rows that are copied as they are from one store to another: for a rehearsal in memory, and for moving an
//! installation.

use super::Result;
use super::sql::Value;
use std::borrow::Cow;

/// Rows of one table.
pub(super) struct Rows {
    /// Names of the columns.
    pub(super) columns: Vec<String>,
    /// The values, in the order of the columns.
    pub(super) rows: Vec<Vec<Value<'static>>>,
}

/// A value, for keeping.
pub(super) fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Null(kind) => Value::Null(kind),
        Value::Int(number) => Value::Int(number),
        Value::Flag(flag) => Value::Flag(flag),
        Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
        Value::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
    }
}

/// Takes rows of a table.
pub(super) type Put<'a> = &'a mut dyn FnMut(&str, &Rows) -> Result<()>;

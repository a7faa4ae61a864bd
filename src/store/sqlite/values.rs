//! How the words of `model` stand in the database.

use crate::model::{
    Address, AttemptId, AttemptState, CalendarId, CalendarKind, CallStatus, CancelledBy, HangUp, HangUpState,
    IncidentId, IncidentState, MeetingId, MeetingState, ProviderKind, Reason, RejectionClass, RungKind, StepId,
    StepState, Target, TickId, Timestamp,
};
use crate::owner::Owner;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

fn parsed<T: std::str::FromStr<Err = String>>(value: ValueRef<'_>) -> FromSqlResult<T> {
    value.as_str()?.parse().map_err(|error: String| FromSqlError::Other(error.into()))
}

macro_rules! text_columns {
    ($($name:ty),+) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.as_str()))
            }
        }
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                parsed(value)
            }
        }
    )+};
}
text_columns!(
    AttemptState,
    CalendarKind,
    CallStatus,
    CancelledBy,
    HangUp,
    HangUpState,
    IncidentState,
    MeetingState,
    ProviderKind,
    Reason,
    RejectionClass,
    RungKind,
    StepState
);

macro_rules! id_columns {
    ($($name:ident),+) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.0))
            }
        }
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map($name)
            }
        }
    )+};
}
id_columns!(AttemptId, CalendarId, IncidentId, MeetingId, StepId, TickId);

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.ms()))
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self::from_ms)
    }
}

impl ToSql for Address {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.expose()))
    }
}

impl FromSql for Address {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(Self::read)
    }
}

/// The target of an attempt: the columns `kind` and `to_number`, from column `at` on.
pub(super) fn target(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Target> {
    let (kind, text): (RungKind, String) = (row.get(at)?, row.get(at + 1)?);
    let text_column = rusqlite::types::Type::Text;
    Target::read(kind, &text).map_err(|why| rusqlite::Error::FromSqlConversionFailure(at + 1, text_column, why.into()))
}

impl ToSql for Owner {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.to_string()))
    }
}

impl FromSql for Owner {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        parsed(value)
    }
}

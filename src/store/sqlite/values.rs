//! How the words of `model` stand in the database.

use crate::model::{
    AttemptId, AttemptState, CalendarId, CalendarKind, CallStatus, CancelledBy, HangUp, HangUpState, HeardEffect,
    HeardHow, IncidentId, IncidentState, MeetingId, MeetingState, Phone, ProviderKind, Reason, RejectionClass,
    RungKind, StepId, StepState, TickId, Timestamp,
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
    HeardEffect,
    HeardHow,
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

impl ToSql for Phone {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.expose()))
    }
}

impl FromSql for Phone {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::parse(value.as_str()?).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
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

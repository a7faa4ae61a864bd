//! How values of `model` stand in the database: whole numbers as `bigint`, words as `text`, copies as `bytea`.
//!
//! Every parameter is sent with its type, so that a statement needs no round trip to be prepared, and no server has to
//! guess.

use super::tx::{Row, Sql, SqlError};
use crate::model::{
    AckHow, Address, AttemptId, AttemptState, CalendarId, CalendarKind, CallStatus, CancelledBy, HangUp, HangUpState,
    HeardEffect, HeardHow, IncidentId, IncidentState, MeetingId, MeetingState, ProviderKind, Reason, RejectionClass,
    RungKind, StepId, StepState, Target, TickId, Timestamp, When, Whom,
};
use crate::owner::Owner;
use std::error::Error;
use std::fmt;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// A value on its way. It prints nothing of itself: the driver writes parameters to its debug log.
#[derive(Clone, PartialEq)]
pub(super) enum Value {
    /// Nothing, of a type.
    Null(Kind),
    /// `bigint`.
    Int(i64),
    /// `boolean`, in expressions only.
    Flag(bool),
    /// `text`.
    Text(String),
    /// `bytea`.
    Bytes(Vec<u8>),
}

/// The types in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `bigint`.
    Int,
    /// `boolean`.
    Flag,
    /// `text`.
    Text,
    /// `bytea`.
    Bytes,
}

impl Kind {
    const fn sql(self) -> Type {
        match self {
            Self::Int => Type::INT8,
            Self::Flag => Type::BOOL,
            Self::Text => Type::TEXT,
            Self::Bytes => Type::BYTEA,
        }
    }
}

impl Value {
    /// The type it is sent with.
    pub(super) const fn kind(&self) -> Type {
        match self {
            Self::Null(kind) => kind.sql(),
            Self::Int(_) => Kind::Int.sql(),
            Self::Flag(_) => Kind::Flag.sql(),
            Self::Text(_) => Kind::Text.sql(),
            Self::Bytes(_) => Kind::Bytes.sql(),
        }
    }

    /// PostgreSQL keeps no NUL in a text; the same text finds the same row again.
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.replace('\0', "\u{fffd}"))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null(_) => Ok(IsNull::Yes),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Flag(value) => value.to_sql(ty, out),
            Self::Text(value) => value.to_sql(ty, out),
            Self::Bytes(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::BOOL => Self::Flag(bool::from_sql(ty, raw)?),
            Type::BYTEA => Self::Bytes(Vec::from_sql(ty, raw)?),
            _ => Self::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null(Kind::Text))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::INT4 | Type::BOOL | Type::BYTEA) || <String as FromSql>::accepts(ty)
    }
}

/// What can be a parameter.
pub(super) trait ToValue {
    /// Its type, also of nothing.
    const KIND: Kind;
    /// Itself.
    fn value(&self) -> Value;
}

/// What can be read from a column.
pub(super) trait Column: Sized {
    /// From what stands there; otherwise why not.
    fn read(value: Value) -> Result<Self, String>;
}

fn wrong<T>(found: &Value) -> Result<T, String> {
    Err(match found {
        Value::Null(_) => "nothing stands there".into(),
        other => format!("a value of the type {} stands there", other.kind()),
    })
}

impl<T: ToValue + ?Sized> ToValue for &T {
    const KIND: Kind = T::KIND;
    fn value(&self) -> Value {
        (**self).value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    const KIND: Kind = T::KIND;
    fn value(&self) -> Value {
        self.as_ref().map_or(Value::Null(T::KIND), ToValue::value)
    }
}

impl<T: Column> Column for Option<T> {
    fn read(value: Value) -> Result<Self, String> {
        if matches!(value, Value::Null(_)) { Ok(None) } else { T::read(value).map(Some) }
    }
}

impl Column for Value {
    fn read(value: Value) -> Result<Self, String> {
        Ok(value)
    }
}

macro_rules! numbers {
    ($($name:ty),+) => {$(
        impl ToValue for $name {
            const KIND: Kind = Kind::Int;
            fn value(&self) -> Value {
                Value::Int((*self).into())
            }
        }
        impl Column for $name {
            fn read(value: Value) -> Result<Self, String> {
                let Value::Int(number) = value else { return wrong(&value) };
                number.try_into().map_err(|_| format!("{number} is out of range"))
            }
        }
    )+};
}
numbers!(i64, u32, u16, u8);

macro_rules! text_columns {
    ($($name:ty),+) => {$(
        impl ToValue for $name {
            const KIND: Kind = Kind::Text;
            fn value(&self) -> Value {
                Value::Text(self.as_str().to_owned())
            }
        }
        impl Column for $name {
            fn read(value: Value) -> Result<Self, String> {
                String::read(value)?.parse()
            }
        }
    )+};
}
text_columns!(
    AckHow,
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
    StepState,
    When
);

macro_rules! id_columns {
    ($($name:ident),+) => {$(
        impl ToValue for $name {
            const KIND: Kind = Kind::Int;
            fn value(&self) -> Value {
                Value::Int(self.0)
            }
        }
        impl Column for $name {
            fn read(value: Value) -> Result<Self, String> {
                i64::read(value).map($name)
            }
        }
    )+};
}
id_columns!(AttemptId, CalendarId, IncidentId, MeetingId, StepId, TickId);

/// Columns that hold a text, or something that is written as one.
macro_rules! as_text {
    ($($name:ty: $write:expr),+) => {$(
        impl ToValue for $name {
            const KIND: Kind = Kind::Text;
            fn value(&self) -> Value {
                let write: fn(&Self) -> &str = $write;
                Value::text(write(self))
            }
        }
    )+};
}
as_text!(str: |text| text, String: |text| text, Address: |address| address.expose(), Whom: |whom| whom.as_text());

impl Column for String {
    fn read(value: Value) -> Result<Self, String> {
        if let Value::Text(text) = value { Ok(text) } else { wrong(&value) }
    }
}

impl Column for Address {
    fn read(value: Value) -> Result<Self, String> {
        String::read(value).map(|text| Self::read(&text))
    }
}

impl Column for Whom {
    fn read(value: Value) -> Result<Self, String> {
        String::read(value).map(|text| Self::read(&text))
    }
}

impl ToValue for [u8] {
    const KIND: Kind = Kind::Bytes;
    fn value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl Column for Vec<u8> {
    fn read(value: Value) -> Result<Self, String> {
        if let Value::Bytes(bytes) = value { Ok(bytes) } else { wrong(&value) }
    }
}

impl ToValue for bool {
    const KIND: Kind = Kind::Flag;
    fn value(&self) -> Value {
        Value::Flag(*self)
    }
}

impl Column for bool {
    fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::Flag(flag) => Ok(flag),
            Value::Int(number @ (0 | 1)) => Ok(number == 1),
            other => wrong(&other),
        }
    }
}

impl ToValue for Timestamp {
    const KIND: Kind = Kind::Int;
    fn value(&self) -> Value {
        Value::Int(self.ms())
    }
}

impl Column for Timestamp {
    fn read(value: Value) -> Result<Self, String> {
        i64::read(value).map(Self::from_ms)
    }
}

impl ToValue for Owner {
    const KIND: Kind = Kind::Text;
    fn value(&self) -> Value {
        Value::text(&self.to_string())
    }
}

impl Column for Owner {
    fn read(value: Value) -> Result<Self, String> {
        String::read(value)?.parse()
    }
}

/// The target of an attempt: the columns `kind` and `to_number`, from column `at` on.
pub(super) fn target(row: &Row, at: usize) -> Sql<Target> {
    let (kind, text): (RungKind, String) = (row.get(at)?, row.get(at + 1)?);
    Target::read(kind, &text).map_err(|why| SqlError::Column(format!("column {}: {why}", at + 1)))
}

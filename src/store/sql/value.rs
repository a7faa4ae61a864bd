//! How words of `model` stand in the database: whole numbers, texts, and copies as bytes.

use crate::model::{
    AckHow, ActHow, ActKind, Address, Addressee, AttemptId, AttemptState, CalendarId, CalendarKind, CallStatus,
    CancelledBy, HangUp, HangUpState, HeardEffect, HeardHow, IncidentId, IncidentState, MeetingId, MeetingState,
    ProviderKind, Reason, RejectionClass, RungKind, StepId, StepState, TickId, Timestamp, When,
};
use crate::owner::Owner;
use std::borrow::Cow;
use std::fmt;

/// A value of a parameter or of a column. It prints nothing of itself: drivers write parameters to their debug log.
#[derive(Clone, PartialEq)]
pub(crate) enum Value<'a> {
    /// Nothing, of a type.
    Null(Kind),
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(Cow<'a, str>),
    /// A calendar's copy.
    Bytes(Cow<'a, [u8]>),
}

/// The types in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number.
    Int,
    /// Yes or no: in expressions only, no column has it.
    Flag,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
}

impl Value<'_> {
    /// The type it is sent with.
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Null(kind) => *kind,
            Self::Int(_) => Kind::Int,
            Self::Flag(_) => Kind::Flag,
            Self::Text(_) => Kind::Text,
            Self::Bytes(_) => Kind::Bytes,
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What can be a parameter.
pub(crate) trait ToValue {
    /// Its type, also of nothing.
    const KIND: Kind;
    /// Itself.
    fn value(&self) -> Value<'_>;
}

/// What can be read from a column.
pub(crate) trait Column: Sized {
    /// From what stands there; otherwise why not.
    fn read(value: Value<'_>) -> Result<Self, String>;
}

/// The parameters of a statement, in the order of their numbers.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::sql::value::ToValue::value(&$value)),*]
    };
}
pub(in crate::store) use params;

/// One set of the parameters of a statement that runs for many, from references.
macro_rules! set {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::store::sql::value::ToValue::value($value)),*]
    };
}
pub(in crate::store) use set;

/// A set of parameters for each id.
pub(crate) fn each_id<T: ToValue>(ids: &[T]) -> Vec<Vec<Value<'_>>> {
    ids.iter().map(|id| vec![id.value()]).collect()
}

/// Ids as the parameters of a statement for all of them.
pub(crate) fn ids<T: ToValue>(ids: &[T]) -> Vec<Value<'_>> {
    ids.iter().map(ToValue::value).collect()
}

fn wrong<T>(found: &Value<'_>) -> Result<T, String> {
    Err(match found {
        Value::Null(_) => "nothing stands there".into(),
        other => format!("a value of another type stands there: {:?}", other.kind()),
    })
}

fn text(value: Value<'_>) -> Result<Cow<'_, str>, String> {
    if let Value::Text(text) = value { Ok(text) } else { wrong(&value) }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    const KIND: Kind = T::KIND;
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    const KIND: Kind = T::KIND;
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null(T::KIND), ToValue::value)
    }
}

impl<T: Column> Column for Option<T> {
    fn read(value: Value<'_>) -> Result<Self, String> {
        if matches!(value, Value::Null(_)) { Ok(None) } else { T::read(value).map(Some) }
    }
}

macro_rules! numbers {
    ($($name:ty),+) => {$(
        impl ToValue for $name {
            const KIND: Kind = Kind::Int;
            fn value(&self) -> Value<'_> {
                Value::Int((*self).into())
            }
        }
        impl Column for $name {
            fn read(value: Value<'_>) -> Result<Self, String> {
                let Value::Int(number) = value else { return wrong(&value) };
                number.try_into().map_err(|_| format!("{number} is out of range"))
            }
        }
    )+};
}
numbers!(i64, u32, u16, u8);

/// Columns that hold a word.
macro_rules! words {
    ($($name:ty),+) => {$(
        impl ToValue for $name {
            const KIND: Kind = Kind::Text;
            fn value(&self) -> Value<'_> {
                Value::Text(Cow::Borrowed(self.as_str()))
            }
        }
        impl Column for $name {
            fn read(value: Value<'_>) -> Result<Self, String> {
                text(value)?.parse()
            }
        }
    )+};
}
words!(
    AckHow,
    ActHow,
    ActKind,
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

macro_rules! ids {
    ($($name:ident),+) => {$(
        impl ToValue for $name {
            const KIND: Kind = Kind::Int;
            fn value(&self) -> Value<'_> {
                Value::Int(self.0)
            }
        }
        impl Column for $name {
            fn read(value: Value<'_>) -> Result<Self, String> {
                i64::read(value).map($name)
            }
        }
    )+};
}
ids!(AttemptId, CalendarId, IncidentId, MeetingId, StepId, TickId);

/// Columns that hold a text, or something that is written as one.
macro_rules! texts {
    ($($name:ty: $write:expr, $read:expr),+ $(,)?) => {$(
        impl ToValue for $name {
            const KIND: Kind = Kind::Text;
            fn value(&self) -> Value<'_> {
                let write: fn(&Self) -> Cow<'_, str> = $write;
                Value::Text(write(self))
            }
        }
        impl Column for $name {
            fn read(value: Value<'_>) -> Result<Self, String> {
                let read: fn(Cow<'_, str>) -> Result<Self, String> = $read;
                read(text(value)?)
            }
        }
    )+};
}
texts!(
    String: |text| Cow::Borrowed(text), |text| Ok(text.into_owned()),
    Address: |address| Cow::Borrowed(address.expose()), |text| Ok(Self::read(&text)),
    Addressee: |to| Cow::Borrowed(to.as_text()), |text| Ok(Self::read(&text)),
    Owner: |owner| Cow::Owned(owner.to_string()), |text| text.parse(),
);

impl ToValue for str {
    const KIND: Kind = Kind::Text;
    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }
}

impl ToValue for [u8] {
    const KIND: Kind = Kind::Bytes;
    fn value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }
}

impl Column for Vec<u8> {
    fn read(value: Value<'_>) -> Result<Self, String> {
        if let Value::Bytes(bytes) = value { Ok(bytes.into_owned()) } else { wrong(&value) }
    }
}

impl ToValue for bool {
    const KIND: Kind = Kind::Flag;
    fn value(&self) -> Value<'_> {
        Value::Flag(*self)
    }
}

impl Column for bool {
    fn read(value: Value<'_>) -> Result<Self, String> {
        match value {
            Value::Flag(flag) => Ok(flag),
            Value::Int(number @ (0 | 1)) => Ok(number == 1),
            other => wrong(&other),
        }
    }
}

impl ToValue for Timestamp {
    const KIND: Kind = Kind::Int;
    fn value(&self) -> Value<'_> {
        Value::Int(self.ms())
    }
}

impl Column for Timestamp {
    fn read(value: Value<'_>) -> Result<Self, String> {
        i64::read(value).map(Self::from_ms)
    }
}

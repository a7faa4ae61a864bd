//! Statements, and how several of them leave together: each further round trip would take time while rows are locked.

use super::arrays::{arrays, of_arrays};
use crate::store::sql::{Kind, Value};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row};

/// Something to say to the server, with its parameters.
pub(super) struct Statement<'p> {
    text: String,
    params: Vec<(Box<dyn ToSql + Sync + 'p>, Type)>,
    wants: Wants,
}

/// What is wanted to know of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// That it came. There may be several statements then, without parameters.
    Nothing,
    /// How many rows were changed.
    Count,
    /// The rows.
    Rows,
}

/// What the server said.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) changed: u64,
    pub(super) rows: Vec<Row>,
}

impl<'p> Statement<'p> {
    /// Statements without parameters.
    pub(super) fn batch(text: impl Into<String>) -> Self {
        Self { text: text.into(), params: Vec::new(), wants: Wants::Nothing }
    }

    /// One statement. Statements are written with `?1`; this server counts with `$1`. No statement has another question
    /// mark.
    pub(super) fn new(text: &str, params: &'p [Value<'p>], wants: Wants) -> Self {
        let typed = |value: &'p Value<'p>| (Box::new(value) as Box<dyn ToSql + Sync + 'p>, type_of(value.kind()));
        Self { text: text.replace('?', "$"), params: params.iter().map(typed).collect(), wants }
    }

    /// The same for each set of parameters.
    pub(super) fn each(text: &str, sets: &[Vec<Value<'_>>], wants: Wants) -> Self {
        Self { text: of_arrays(text, sets.first().map_or(0, Vec::len)), params: arrays(sets), wants }
    }

    /// A statement of [`Self::each`] that fails where it does not change one row for each of so many sets.
    pub(super) fn must(self, what: &str, sets: usize) -> Self {
        let text = format!(
            "with changed as ({} returning 1) select savehub_must('{what}', count(*), {sets}) from changed",
            self.text
        );
        Self { text, ..self }
    }

    /// May it change something?
    pub(super) fn changes(&self) -> bool {
        self.wants != Wants::Rows || !self.text.starts_with("select")
    }

    /// It leaves when this is first polled.
    async fn answer(&self, client: &Client) -> Result<Answer, Error> {
        let params: Vec<(&(dyn ToSql + Sync), Type)> =
            self.params.iter().map(|(value, kind)| (value.as_ref() as &(dyn ToSql + Sync), kind.clone())).collect();
        let mut answer = Answer::default();
        match self.wants {
            Wants::Nothing => client.batch_execute(&self.text).await?,
            Wants::Count => answer.changed = client.execute_typed(&self.text, &params).await?,
            Wants::Rows => answer.rows = client.query_typed(&self.text, &params).await?,
        }
        Ok(answer)
    }
}

/// Every parameter is sent with its type, so that a statement needs no round trip to be prepared, and no server has to
/// guess.
fn type_of(kind: Kind) -> Type {
    match kind {
        Kind::Int => Type::INT8,
        Kind::Flag => Type::BOOL,
        Kind::Text => Type::TEXT,
        Kind::Bytes => Type::BYTEA,
    }
}

/// Says all of them at once; the answers come in the same order. The first refusal counts: in a transaction what follows it
/// is refused for that alone.
pub(super) async fn say(client: &Client, statements: &[Statement<'_>]) -> Result<Vec<Answer>, Error> {
    let mut asked: Vec<_> =
        statements.iter().map(|statement| Asked::Waits(Box::pin(statement.answer(client)))).collect();
    let mut all_left = false;
    poll_fn(|cx| {
        let mut waits = false;
        for asked in &mut asked {
            let Asked::Waits(answer) = asked else { continue };
            match answer.as_mut().poll(cx) {
                Poll::Pending => waits = true,
                // It did not leave, so nothing after it may.
                Poll::Ready(Err(error)) if !all_left => return Poll::Ready(Err(error)),
                Poll::Ready(answer) => *asked = Asked::Done(answer),
            }
        }
        all_left = true;
        if waits { Poll::Pending } else { Poll::Ready(Ok(())) }
    })
    .await?;
    asked.into_iter().filter_map(|asked| if let Asked::Done(answer) = asked { Some(answer) } else { None }).collect()
}

/// A statement that was said.
enum Asked<F> {
    Waits(Pin<Box<F>>),
    Done(Result<Answer, Error>),
}

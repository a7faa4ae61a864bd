//! What could be seen from outside on a day, in the order in which it happened.

use crate::story::{Ms, What};

/// One line of the journal.
#[derive(Debug, Clone)]
pub struct Line {
    /// By the sun.
    pub at: Ms,
    /// By the machine's clock.
    pub wall: Ms,
    pub seen: Seen,
}

#[derive(Debug, Clone)]
#[allow(dead_code, reason = "some of it is only shown")]
pub enum Seen {
    /// Something of the story took place, and had an effect.
    Happened(What),
    TickBegan,
    /// The tick refused to work.
    TickRefused(String),
    /// It did nothing but wait for no time.
    TickSpun,
    TickEnded {
        /// Its exit code is not 0.
        not_done: bool,
    },
    /// The provider was asked for a call that names these meetings.
    Tried {
        to: usize,
        from: usize,
        meetings: Vec<usize>,
        end: End,
    },
    /// Person 0 was told of these meetings of others.
    Told {
        meetings: Vec<usize>,
    },
    /// The provider said that it could not connect the call to this person that it had taken then.
    ToldFailed {
        to: usize,
        taken: Ms,
    },
    /// A call of another program was hung up.
    HungUpOther,
    /// The provider was asked which calls were made to this person, and told the whole list or nothing.
    AskedForCalls {
        to: usize,
        told: bool,
    },
    /// … and what this person said.
    AskedForAnswers {
        of: usize,
        told: bool,
    },
    /// What the database says of a call step when the day, or the database, ends.
    Step {
        meeting: usize,
        due: Ms,
        state: String,
        reason: String,
        detail: String,
        ended: Option<Ms>,
    },
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Rang,
    /// It rang, and nobody was told.
    RangUnseen,
    /// It did not ring, and nobody was told.
    Lost,
    NotSent,
    /// The fence held it back.
    Fenced(String),
    Refused(Whom),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    Callee,
    Sender,
    Account,
    /// Too many at once.
    Limit,
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (s, ms) = (self.at.div_euclid(1000) + 8 * 3600, self.at.rem_euclid(1000));
        write!(f, "{:02}:{:02}:{:02}.{ms:03} ", s / 3600, s / 60 % 60, s % 60)?;
        if self.wall != self.at {
            write!(f, "(clock {:+} s) ", (self.wall - self.at) / 1000)?;
        }
        write!(f, "{:?}", self.seen)
    }
}

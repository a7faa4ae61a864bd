//! Exit codes: part of the interface, like `--json`. Every error gets its code here and nowhere else.

use crate::store::StoreError;
use std::process::ExitCode;

/// What a run of savehub tells its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, or there was nothing to do.
    Done,
    /// 1: something due could not be done: failed (also after the provider had taken it), abandoned, or skipped for
    /// lateness, for capacity, or for a limit filled by attempts that the provider did not take. Never for what was
    /// resolved, paused or over a limit filled by calls that it took.
    NotDone,
    /// 2: the command line or the config is wrong, or names what is not there. Nothing was done.
    Usage,
    /// 3: the store cannot be used, so nothing that needs a record was done.
    Store,
    /// 4: `status --max-age`: the last tick is older than that, or there was none.
    Stale,
}

impl Exit {
    /// Every code, in order.
    pub const ALL: [Self; 5] = [Self::Done, Self::NotDone, Self::Usage, Self::Store, Self::Stale];

    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotDone => 1,
            Self::Usage => 2,
            Self::Store => 3,
            Self::Stale => 4,
        }
    }

    /// What the number means, in a line: for the manual page and `status`.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or there was nothing to do",
            Self::NotDone => {
                "something due could not be done: failed (also after the provider had taken it), abandoned, or skipped \
                 for lateness, for capacity, or for a limit filled by attempts that the provider did not take; never for \
                 what was resolved, paused or over a limit filled by calls that it took"
            }
            Self::Usage => "the command line or the config is wrong",
            Self::Store => "the store cannot be used",
            Self::Stale => "status --max-age: the last tick is older than that, or there was none",
        }
    }

    /// The exit of this number.
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| exit.code() == code)
    }

    /// The beginning of what it means.
    pub fn short_meaning(self) -> &'static str {
        self.meaning().split([':', ';']).next().unwrap_or_default()
    }

    /// The code of an error that ends the program.
    ///
    /// An error that is not one of ours comes from what the command line or the config named, so it is [`Exit::Usage`]:
    /// so is every `ConfigError`.
    pub fn of(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if let Some(store) = cause.downcast_ref::<StoreError>() {
                return Self::of_store(store);
            }
            if cause.is::<UsageError>() {
                return Self::Usage;
            }
            if cause.is::<Unreadable>() {
                return Self::NotDone;
            }
            if let Some(io) = cause.downcast_ref::<std::io::Error>() {
                // The reader went away (`savehub status | head -1`): nobody is left to be told.
                return if io.kind() == std::io::ErrorKind::BrokenPipe { Self::Done } else { Self::NotDone };
            }
        }
        Self::Usage
    }

    const fn of_store(error: &StoreError) -> Self {
        match error {
            StoreError::NotFound(_) | StoreError::Conflict(_) => Self::Usage,
            StoreError::Missing(_) | StoreError::Unusable(_) | StoreError::Busy(_) | StoreError::Statement { .. } => {
                Self::Store
            }
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What was typed cannot be done as it stands; the text says why and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// A calendar that was named cannot be read; the text says why, without its address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;
    use std::time::Duration;

    #[test]
    fn every_store_error_has_its_exit_code_even_below_a_context() {
        for (error, exit) in [
            (StoreError::Missing("savehub.db".into()), Exit::Store),
            (StoreError::Unusable("not ours".into()), Exit::Store),
            (StoreError::Busy(Duration::from_secs(5)), Exit::Store),
            (StoreError::Statement { what: "resolve", detail: "no such table".into() }, Exit::Store),
            (StoreError::NotFound("there is no incident i9".into()), Exit::Usage),
            (StoreError::Conflict("there is one already".into()), Exit::Usage),
        ] {
            let error = Err::<(), _>(error).context("while resolving").unwrap_err();
            assert_eq!(Exit::of(&error), exit, "{error:#}");
        }
    }

    #[test]
    fn a_broken_pipe_is_quiet_and_a_full_disk_is_not() {
        let of = |kind| Exit::of(&std::io::Error::from(kind).into());
        assert_eq!(of(std::io::ErrorKind::BrokenPipe), Exit::Done);
        assert_eq!(of(std::io::ErrorKind::StorageFull), Exit::NotDone);
    }

    #[test]
    fn usage_and_every_unknown_error_exit_2() {
        assert_eq!(Exit::of(&UsageError("no such person".into()).into()), Exit::Usage);
        assert_eq!(Exit::of(&Unreadable("it is empty".into()).into()), Exit::NotDone);
        assert_eq!(Exit::of(&anyhow::anyhow!("line 3: unknown key")), Exit::Usage);
    }

    #[test]
    fn the_codes_count_from_0_to_4() {
        assert_eq!(Exit::ALL.map(Exit::code), [0, 1, 2, 3, 4]);
    }
}

//! Commands that read or show local times need to know the time zone: with a slip in `TZ` they would mean UTC.

use super::args::Command;
use crate::config::Config;
use crate::exit::UsageError;

/// Does this command, which works with the store, read or show times in somebody's zone? What ends an incident must work
/// in any case, and JSON holds no local times.
fn is_used_by(command: &Command) -> bool {
    match command {
        Command::Status(args) => !args.json,
        Command::Explain(args) => !args.json,
        Command::Report(args) => args.zone.is_none(),
        Command::Meeting(_) | Command::Import(_) => true,
        _ => false,
    }
}

/// Refuses such a command where the zone is not known; others are told.
pub(super) fn check(command: &Command, config: &Config) -> Result<(), UsageError> {
    match must_be_known(config) {
        Err(UsageError(trouble)) if !is_used_by(command) => {
            log::warn!("{trouble}");
            Ok(())
        }
        known => known,
    }
}

/// Refuses where somebody's zone is the system's, and that is not known.
pub(super) fn must_be_known(config: &Config) -> Result<(), UsageError> {
    config.unknown_zone.clone().map_or(Ok(()), |trouble| Err(UsageError(trouble)))
}

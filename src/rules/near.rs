//! Which meetings a check-in without a name may mean.

use crate::model::Timestamp;
use std::time::Duration;

/// A meeting that starts, or ended, no further away than this is near.
pub const NEAR: Duration = Duration::from_secs(30 * 60);

/// May a check-in without a name mean a planned meeting from and to these times? It may when it starts soon, or has begun
/// and still runs, ended a short while ago, or has an open incident. Whether somebody has checked in does not matter: who
/// says twice that they are here must not lose the calls of the next meeting.
pub fn is_near(starts_at: Timestamp, ends_at: Timestamp, has_open_incident: bool, now: Timestamp) -> bool {
    if starts_at > now {
        return starts_at <= now.plus(NEAR);
    }
    has_open_incident || ends_at.plus(NEAR) > now
}

//! What the provider's list says about an attempt without an answer.
//!
//! Two of the engine's assumptions live here: (B) `ABSENT` is declared only when no request can still be in flight: the
//! list was asked for later than the request's deadline plus the settle time, in boot time, which no change of the wall
//! clock moves; (C) the provider's list is complete after the settle time.

mod listed;

pub use listed::{counted, may_ring_on, placed_before, remembers, rings_on, seen, ticks_go_on};

use crate::model::{AttemptState, CallStatus, Finding, ListedCall, ServerAge, Timestamp};
use std::time::Duration;

/// Twilio writes whole seconds, and so does its `Date`.
const TOLERANCE_MS: i64 = 5_000;

/// The same for an attempt of an earlier boot, whose age only wall clocks tell. To adopt one call too many is better
/// than to ring twice.
const TOLERANCE_OTHER_BOOT_MS: i64 = 10 * 60_000;

/// The same for an attempt of another host, whose age a server's clock tells: it was read at some time of this tick,
/// before the list was there.
const TOLERANCE_OTHER_HOST_MS: i64 = 60_000;

/// By so much more than the tolerance may a call look too old to be the attempt's, and leave a doubt.
const DOUBT_MS: i64 = 60_000;

/// An attempt that was given up is still looked for until this long after its intent.
pub const WATCHED: Duration = Duration::from_secs(10 * 60);

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The tag its message ends in; `None` for a call, which carries nothing of its own.
    pub tag: Option<&'a str>,
    /// State of the attempt.
    pub state: AttemptState,
    /// Was it written in the boot that runs now?
    pub same_boot: bool,
    /// Its age by the clock of a server that hosts share, read before the list was asked for.
    pub server: Option<ServerAge>,
    /// When it was written, wall and boot time.
    pub intent: (Timestamp, i64),
    /// By when its request had ended, wall and boot time.
    pub deadline: (Timestamp, i64),
    /// Right before the list was asked for, wall and boot time.
    pub asked: (Timestamp, i64),
    /// When the list came, boot time.
    pub answered_boot_ms: i64,
    /// The provider's time when it answered.
    pub server_now: Timestamp,
    /// How long after a request's deadline the provider may still create its call, and its list may still lack it.
    pub settle: Duration,
    /// The next attempt to the same number that has no answer either.
    pub later: Option<Written>,
}

/// When an attempt was written.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// In the boot that runs now?
    pub same_boot: bool,
    /// Wall and boot time of its host.
    pub intent: (Timestamp, i64),
    /// By the clock of a server that hosts share.
    pub server: Option<ServerAge>,
}

/// Looks for the attempt's call among calls that no other attempt knows.
pub fn find(search: &Search<'_>, unknown: &[ListedCall]) -> Finding {
    let born = born(search);
    let until = search.later.map_or(i64::MAX, |later| by_the_provider(search, &later));
    let own = born..until;
    let has_tag = |call: &ListedCall| search.tag.is_none() || call.tag.as_deref() == search.tag;
    let is_own = |call: &ListedCall| own.contains(&call.created_at.ms()) || rings_now(search, call);
    let oldest = unknown.iter().enumerate().filter(|(_, call)| has_tag(call) && is_own(call));
    if let Some((index, _)) = oldest.min_by_key(|(_, call)| call.created_at) {
        return Finding::Adopt(index);
    }
    let settled = is_settled((search.same_boot, search.server), search.deadline, search.asked, search.settle);
    // A message whose words the provider hides may be the attempt's.
    let may_be = |call: &&ListedCall| has_tag(call) || call.tag.is_none();
    // An unknown call may look a little too old to be the attempt's, since the provider's clocks may disagree among
    // themselves; absence must be beyond doubt.
    let doubtful = |call: &ListedCall| {
        call.created_at.ms() >= born.saturating_sub(DOUBT_MS) || call.is_hours_off(search.server_now)
    };
    let doubt = unknown.iter().filter(may_be).any(doubtful);
    if search.state == AttemptState::Unknown && settled && !doubt { Finding::Absent } else { Finding::Nothing }
}

/// No phone rings for hours, and none before its call was made. Where the time of such a call is hours off, it is the
/// attempt's, unless a later attempt waits for one too. A call that somebody answered may last for hours.
fn rings_now(search: &Search<'_>, call: &ListedCall) -> bool {
    let rings = call.status != CallStatus::InProgress || call.created_at > search.server_now;
    rings && search.later.is_none() && call.is_hours_off(search.server_now)
}

/// The earliest creation time, by the provider's clock, of a call of this attempt.
fn born(search: &Search<'_>) -> i64 {
    by_the_provider(search, &Written { same_boot: search.same_boot, intent: search.intent, server: search.server })
}

/// When an attempt was written, by the provider's clock, or a little earlier. Its age in boot time is subtracted from
/// the provider's own time, so our wall clock plays no part.
fn by_the_provider(search: &Search<'_>, written: &Written) -> i64 {
    let (age_ms, tolerance) = match written.server {
        _ if written.same_boot => (search.answered_boot_ms.saturating_sub(written.intent.1), TOLERANCE_MS),
        Some(age) => (age.since_intent_ms, TOLERANCE_OTHER_HOST_MS),
        None => (search.asked.0.since(written.intent.0), TOLERANCE_OTHER_BOOT_MS),
    };
    search.server_now.ms().saturating_sub(age_ms.max(0)).saturating_sub(tolerance)
}

/// Is it certain at `at` (wall and boot time) that no request with this deadline is in flight any more, and that the
/// list is complete? `boot`: was the attempt written in this boot, and how old is it by the clock of a server that
/// hosts share?
pub fn is_settled(
    boot: (bool, Option<ServerAge>),
    deadline: (Timestamp, i64),
    at: (Timestamp, i64),
    settle: Duration,
) -> bool {
    let settle_ms = i64::try_from(settle.as_millis()).unwrap_or(i64::MAX);
    match boot {
        (true, _) => return at.1 >= deadline.1.saturating_add(settle_ms),
        // Another host's request may be in flight whatever this one's clocks say.
        (false, Some(age)) => return age.since_deadline_ms >= settle_ms,
        (false, None) => {}
    }
    // What an earlier boot had sent ended with it, so this boot's uptime counts; the wall clock must agree.
    at.1 >= settle_ms && at.0 >= deadline.0.plus(settle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;

    /// Intent 100 s ago by boot time, deadline 45 s after it; the provider's clock says 1,000,000 s.
    fn search() -> Search<'static> {
        Search {
            tag: None,
            state: AttemptState::Unknown,
            same_boot: true,
            server: None,
            intent: (Timestamp::from_ms(900_000_000), 400_000),
            deadline: (Timestamp::from_ms(900_045_000), 445_000),
            asked: (Timestamp::from_ms(900_100_000), 500_000),
            answered_boot_ms: 500_000,
            server_now: Timestamp::from_ms(1_000_000_000),
            settle: Duration::from_secs(30),
            later: None,
        }
    }

    fn call(created_s_before_now: i64) -> ListedCall {
        let created_at = Timestamp::from_ms(1_000_000_000 - created_s_before_now * 1000);
        let from = Address::Named("ours".into());
        ListedCall { sid: format!("CA{created_s_before_now}"), from, status: CallStatus::Queued, created_at, tag: None }
    }

    #[test]
    fn the_oldest_call_since_the_intent_is_the_attempts_call() {
        assert_eq!(find(&search(), &[call(90), call(99), call(98)]), Finding::Adopt(1));
        assert_eq!(find(&search(), &[call(105)]), Finding::Adopt(0), "whole seconds on both sides");
        assert_eq!(find(&search(), &[call(106)]), Finding::Nothing, "too old to adopt, too young for absence");
        assert_eq!(find(&search(), &[call(166)]), Finding::Absent, "older than the attempt");
    }

    #[test]
    fn nothing_found_is_absence_only_after_deadline_and_settle_time() {
        assert_eq!(find(&search(), &[]), Finding::Absent);
        let early = Search { asked: (search().asked.0, 474_999), ..search() };
        assert_eq!(find(&early, &[]), Finding::Nothing);
        let just = Search { asked: (search().asked.0, 475_000), ..search() };
        assert_eq!(find(&just, &[]), Finding::Absent);
    }

    #[test]
    fn a_call_that_rings_and_whose_time_is_hours_off_is_the_attempts() {
        for off in [-7200, 3600, 7200] {
            assert_eq!(find(&search(), &[call(99 + off)]), Finding::Adopt(0), "{off}");
        }
        let with = |status, off: i64| [ListedCall { status, ..call(99 + off) }];
        assert_eq!(find(&search(), &with(CallStatus::InProgress, 7200)), Finding::Nothing, "it may be a long talk");
        assert_eq!(find(&search(), &with(CallStatus::InProgress, -7200)), Finding::Adopt(0));
        assert_eq!(find(&search(), &with(CallStatus::Completed, 7200)), Finding::Absent, "it is as old as it says");
    }

    #[test]
    fn a_call_made_since_a_later_attempt_without_an_answer_is_left_to_that_one() {
        let intent = (Timestamp::from_ms(0), 460_000); // 40 s ago
        let later = Some(Written { same_boot: true, intent, server: None });
        let absent = Search { state: AttemptState::Absent, later, ..search() };
        assert_eq!(find(&absent, &[call(39)]), Finding::Nothing);
        assert_eq!(find(&absent, &[call(45)]), Finding::Nothing, "within the tolerance");
        assert_eq!(find(&absent, &[call(46)]), Finding::Adopt(0));
    }

    #[test]
    fn a_wall_clock_that_jumps_moves_neither_the_search_nor_the_settling() {
        for jump in [-3_600_000, 3_600_000] {
            let asked = Timestamp::from_ms(search().asked.0.ms() + jump);
            let jumped = Search { asked: (asked, 474_999), ..search() };
            assert_eq!(find(&jumped, &[]), Finding::Nothing, "{jump}");
            assert_eq!(find(&jumped, &[call(99)]), Finding::Adopt(0), "{jump}");
        }
    }

    #[test]
    fn an_attempt_of_an_earlier_boot_settles_by_uptime_and_wall_clock() {
        let other = Search { same_boot: false, asked: (search().asked.0, 30_000), ..search() };
        assert_eq!(find(&other, &[]), Finding::Absent);
        assert_eq!(find(&other, &[call(650)]), Finding::Adopt(0), "wall clocks of two boots may differ");
        let young = Search { asked: (search().asked.0, 29_999), ..other };
        assert_eq!(find(&young, &[]), Finding::Nothing);
        let behind = Search { asked: (Timestamp::from_ms(900_074_999), 30_000), ..other };
        assert_eq!(find(&behind, &[]), Finding::Nothing);
    }

    #[test]
    fn an_attempt_of_another_host_settles_by_the_servers_clock_whatever_the_hosts_say() {
        let age = |since_deadline_ms| {
            Some(ServerAge { since_intent_ms: since_deadline_ms + 45_000, since_deadline_ms, since_lease_ms: 0 })
        };
        for hour in [-3_600_000, 0, 3_600_000] {
            let asked = (Timestamp::from_ms(search().asked.0.ms() + hour), 5_000_000);
            let other = Search { same_boot: false, server: age(29_999), asked, ..search() };
            assert_eq!(find(&other, &[]), Finding::Nothing, "{hour}");
            let settled = Search { server: age(30_000), ..other };
            assert_eq!(find(&settled, &[]), Finding::Absent, "{hour}");
            assert_eq!(find(&settled, &[call(70)]), Finding::Adopt(0), "{hour}");
        }
    }

    #[test]
    fn an_attempt_that_was_given_up_is_never_declared_absent_again() {
        for state in [AttemptState::Absent, AttemptState::Abandoned] {
            assert_eq!(find(&Search { state, ..search() }, &[]), Finding::Nothing);
            assert_eq!(find(&Search { state, ..search() }, &[call(50)]), Finding::Adopt(0));
        }
    }

    #[test]
    fn a_message_is_told_from_every_other_one_by_its_tag() {
        let message = |tag: Option<&str>, age| ListedCall { tag: tag.map(str::to_owned), ..call(age) };
        let search = Search { tag: Some("k3f9"), ..search() };
        let (other, own, hidden) = (message(Some("m4a2"), 99), message(Some("k3f9"), 50), message(None, 60));
        assert_eq!(find(&search, &[other.clone(), own]), Finding::Adopt(1));
        assert_eq!(find(&search, std::slice::from_ref(&other)), Finding::Absent);
        assert_eq!(find(&search, &[other, hidden]), Finding::Nothing, "its words were taken out of the list");
    }
}

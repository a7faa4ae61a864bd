//! Whatever bytes a calendar is made of: a look at it ends, and what it sees holds together.

#![no_main]

use libfuzzer_sys::fuzz_target;
use savehub::calendar::{Limits, Look, Policy, View, look};
use savehub::model::{SeenMeeting, Timestamp};
use savehub::zone::Zone;
use std::collections::HashSet;
use std::sync::LazyLock;

const HOUR: i64 = 3_600_000;

/// Starts of windows (milliseconds), beside the changes of the clocks in Berlin and New York, and now and then.
const STARTS: [i64; 5] = [1_795_327_200_000, 1_774_738_800_000, 1_761_436_800_000, 1_741_474_800_000, 867_722_400_000];

static ZONE: LazyLock<Zone> = LazyLock::new(|| Zone::named("Europe/Berlin").expect("it is in the bundled data"));

/// Somebody whose marks count.
static POLICY: LazyLock<Policy> =
    LazyLock::new(|| Policy { addresses: vec!["a@b".to_owned()], ..Policy::default() });

fuzz_target!(|bytes: &[u8]| {
    let from = STARTS[bytes.len() % STARTS.len()];
    let until = from + if bytes.len() % 3 == 0 { 40 * 24 * HOUR } else { 26 * HOUR };
    let Some(whole) = seen(bytes, from, until) else { return };
    let middle = from + 13 * HOUR;
    let (Some(first), Some(second)) = (seen(bytes, from, middle), seen(bytes, middle, until)) else {
        panic!("it is a calendar in one window alone");
    };
    if [&whole, &first, &second].iter().all(|look| look.seen.doubtful.is_empty()) {
        let (first, second) = (all(&first), all(&second));
        let parts: HashSet<_> = first.into_iter().chain(second).map(identity).collect();
        assert_eq!(parts, all(&whole).into_iter().map(identity).collect(), "two halves are not the whole");
    }
});

/// A look whose parts fit together.
fn seen(bytes: &[u8], from: i64, until: i64) -> Option<Look> {
    let [from, until] = [from, until].map(Timestamp::from_ms);
    let limits = Limits { line: 10_000, meetings: 50_000, ..Limits::default() };
    let found = look(bytes, &View { from, until, zone: &ZONE, policy: &POLICY, own: true, limits }).ok()?;
    let mut identities = HashSet::new();
    for meeting in all(&found) {
        assert!((from..until).contains(&meeting.starts_at), "outside of the window: {meeting:?}");
        assert!(meeting.ends_at.is_none_or(|end| end > meeting.starts_at), "ends before it starts: {meeting:?}");
        assert!(identities.insert((&meeting.uid, &meeting.recurrence)), "twice: {meeting:?}");
        assert!(found.seen.uids.contains(&meeting.uid), "of no event: {meeting:?}");
        assert!(meeting.title.chars().count() <= 1000, "a title of {} bytes", meeting.title.len());
        assert!(meeting.link.as_ref().is_none_or(|link| link.len() <= 2000), "a long link: {meeting:?}");
    }
    assert!(found.seen.meetings.is_sorted_by_key(|meeting| meeting.starts_at), "not in order");
    assert!(found.seen.skipped.is_sorted_by_key(|(meeting, _)| meeting.starts_at), "not in order");
    assert!(found.seen.doubtful.is_subset(&found.seen.uids), "doubts about no event");
    Some(found)
}

fn all(look: &Look) -> Vec<&SeenMeeting> {
    look.seen.meetings.iter().chain(look.seen.skipped.iter().map(|(meeting, _)| meeting)).collect()
}

fn identity(meeting: &SeenMeeting) -> (&str, &str, Timestamp) {
    (&meeting.uid, &meeting.recurrence, meeting.starts_at)
}

//! What a look at a calendar changes in the meetings that are known.
//!
//! **Identity** is (UID, recurrence id). An occurrence at another time is the same meeting, moved. When a whole series
//! is moved, all its recurrence ids change: then a lost occurrence and a new one of the same UID are one meeting, if
//! each is the only such one within twelve hours of the other.
//!
//! **Only the future counts.** Nothing that has started is added, called off or missed; it may be moved into the
//! future. What starts outside the looked-at time is left alone.
//!
//! **Whose copy counts.** A meeting in several calendars of a person belongs to one of them, its owner; a copy
//! elsewhere counts when its `SEQUENCE` is greater (RFC 5545 section 3.8.7.4), and makes its calendar the owner. A
//! meeting that was added by hand belongs to the calendar it turns up in.
//!
//! **What is not there.** A cancelled or skipped occurrence counts at once. So does an occurrence that is gone while
//! its event is still there (`EXDATE`, a shorter rule). When the whole event is gone, the feed may be broken: the event
//! must still be gone at least 30 s later, or for an hour when the calendar has no event left at all. Then the meeting
//! passes to another calendar that holds it, if there is one. Nothing is concluded from an event that could not be
//! read.
//!
//! **Called off.** A meeting that its calendar called off is planned again when it is there again. One that the person
//! called off is not.

use crate::model::{
    CancelledBy, Change, Held, KnownMeeting, MeetingId, Owns, Reason, SeenAgenda, SeenMeeting, SkipWhy, Timestamp,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// A whole event must still be gone after this time.
const GONE_AGAIN: Duration = Duration::from_secs(30);

/// An empty calendar is believed after this time.
const EMPTY_FOR: Duration = Duration::from_secs(3600);

/// A lost occurrence and a new one are the same when they are nearer than this, and no other one is.
const NEAR: Duration = Duration::from_secs(12 * 3600);

/// One look at one calendar.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// What was seen.
    pub seen: &'a SeenAgenda,
    /// The copy was confirmed just now. Expanding an old copy again proves nothing about what is gone.
    pub confirmed: bool,
    /// The time of the look.
    pub now: Timestamp,
}

/// What changes, in this order. `known` are the meetings of the person that the calendar has, had, or shows now; the
/// order of neither side matters. The same look again changes nothing.
pub fn changes(known: &[KnownMeeting], look: &Look<'_>) -> Vec<Change> {
    let copies = copies(look.seen);
    let pairs = pairs(known, &copies, look);
    let mut known: Vec<&KnownMeeting> = known.iter().collect();
    known.sort_by_key(|k| k.id);
    let mut changes = Vec::new();
    for meeting in &known {
        match copies.get(&identity(meeting)).or_else(|| pairs.get(&meeting.id)) {
            Some(copy) => there(meeting, *copy, look, &mut changes),
            None => gone(meeting, look, &mut changes),
        }
    }
    let mut taken: HashSet<Identity<'_>> = known.iter().map(|k| identity(k)).collect();
    taken.extend(pairs.values().map(Entry::identity));
    let mut new: Vec<_> = copies.iter().filter(|(id, c)| !taken.contains(*id) && c.is_to_come(look.now)).collect();
    new.sort_by_key(|(_, copy)| copy.meeting.starts_at);
    changes.extend(new.into_iter().map(|(_, copy)| Change::Add(copy.meeting.clone())));
    changes
}

/// UID and recurrence id.
type Identity<'a> = (&'a str, &'a str);

fn identity(meeting: &KnownMeeting) -> Identity<'_> {
    (&meeting.uid, &meeting.recurrence)
}

/// A meeting as the calendar has it.
#[derive(Clone, Copy)]
struct Entry<'a> {
    meeting: &'a SeenMeeting,
    /// Why it does not ring.
    skip: Option<SkipWhy>,
}

impl<'a> Entry<'a> {
    fn rings(meeting: &'a SeenMeeting) -> Self {
        Self { meeting, skip: None }
    }

    fn identity(&self) -> Identity<'a> {
        (&self.meeting.uid, &self.meeting.recurrence)
    }

    fn is_to_come(&self, now: Timestamp) -> bool {
        self.skip.is_none() && self.meeting.starts_at > now
    }
}

/// All copies by identity. Of two with the same identity the later `SEQUENCE` counts, then the one that rings, then the
/// earlier.
fn copies(seen: &SeenAgenda) -> BTreeMap<Identity<'_>, Entry<'_>> {
    let ringing = seen.meetings.iter().map(Entry::rings);
    let skipped = seen.skipped.iter().map(|(meeting, why)| Entry { meeting, skip: Some(*why) });
    let mut copies: BTreeMap<Identity<'_>, Entry<'_>> = BTreeMap::new();
    let weight = |c: &Entry<'_>| (c.meeting.sequence, c.skip.is_none(), std::cmp::Reverse(c.meeting.starts_at));
    for copy in ringing.chain(skipped) {
        let kept = copies.entry(copy.identity()).or_insert(copy);
        if weight(&copy) > weight(kept) {
            *kept = copy;
        }
    }
    copies
}

/// Lost occurrences, each with the new one it has become.
fn pairs<'a>(
    known: &[KnownMeeting],
    copies: &BTreeMap<Identity<'_>, Entry<'a>>,
    look: &Look<'_>,
) -> HashMap<MeetingId, Entry<'a>> {
    let is_known: HashSet<Identity<'_>> = known.iter().map(identity).collect();
    let mut new: HashMap<&str, Vec<(Timestamp, Entry<'a>)>> = HashMap::new();
    for (id, copy) in copies.iter().filter(|(id, copy)| !is_known.contains(*id) && copy.is_to_come(look.now)) {
        new.entry(id.0).or_default().push((copy.meeting.starts_at, *copy));
    }
    let mut old: HashMap<&str, Vec<(Timestamp, MeetingId)>> = HashMap::new();
    for meeting in known.iter().filter(|k| !copies.contains_key(&identity(k)) && is_lost(k, look)) {
        old.entry(&meeting.uid).or_default().push((meeting.starts_at, meeting.id));
    }
    let mut pairs = HashMap::new();
    for (uid, mut new) in new {
        let Some(old) = old.get_mut(uid) else { continue };
        new.sort_by_key(|(start, _)| *start);
        old.sort_unstable();
        for (start, meeting) in &*old {
            if let Some(copy) = only_near(&new, *start)
                && only_near(old, copy.meeting.starts_at) == Some(*meeting)
            {
                pairs.insert(*meeting, copy);
            }
        }
    }
    pairs
}

/// The one value near `at`, when there is just one; they are in order.
fn only_near<T: Copy>(values: &[(Timestamp, T)], at: Timestamp) -> Option<T> {
    let first = values.partition_point(|(start, _)| start.plus(NEAR) <= at);
    let mut near = values[first..].iter().take_while(|(start, _)| *start < at.plus(NEAR)).map(|(_, value)| *value);
    let only = near.next()?;
    near.next().is_none().then_some(only)
}

/// The calendar had it, still has its event, and would show it if nothing had changed.
fn is_lost(meeting: &KnownMeeting, look: &Look<'_>) -> bool {
    meeting.held.is_some()
        && meeting.cancelled_by != Some(CancelledBy::Calendar)
        && is_in_sight(meeting, look)
        && look.seen.uids.contains(&meeting.uid)
}

/// In the looked-at time, not started, and nothing doubtful about its event.
fn is_in_sight(meeting: &KnownMeeting, look: &Look<'_>) -> bool {
    let start = meeting.starts_at;
    let in_time = start > look.now && start >= look.seen.from && start < look.seen.until;
    in_time && !look.seen.doubtful.contains(&meeting.uid)
}

/// The calendar has a copy.
fn there(meeting: &KnownMeeting, copy: Entry<'_>, look: &Look<'_>, changes: &mut Vec<Change>) {
    let id = meeting.id;
    let counts = !matches!(meeting.owner, Owns::Another(sequence) if copy.meeting.sequence <= sequence);
    if !counts && copy.skip.is_some() {
        changes.extend(meeting.held.map(|_| Change::Release(id)));
        return;
    }
    if counts && meeting.owner != Owns::This {
        changes.push(Change::Own(id));
    }
    if meeting.held != Some(Held { sequence: copy.meeting.sequence, missing_since: None }) {
        changes.push(Change::Hold(id, copy.meeting.sequence));
    }
    if counts {
        if meeting.recurrence != copy.meeting.recurrence {
            changes.push(Change::Rekey(id, copy.meeting.recurrence.clone()));
        }
        changes.extend(diff(meeting, copy, look.now));
    }
}

/// What the copy that counts says about time, words and state.
fn diff(meeting: &KnownMeeting, copy: Entry<'_>, now: Timestamp) -> Option<Change> {
    let (id, to) = (meeting.id, copy.meeting);
    let to_come = meeting.starts_at > now;
    match (copy.skip, meeting.cancelled_by) {
        (Some(why), None) if to_come => Some(Change::Cancel(id, reason(why))),
        (None, Some(CancelledBy::Calendar)) => (to.starts_at > now).then(|| Change::Revive(id, to.clone())),
        (None, _) if to.starts_at == meeting.starts_at => {
            (!same_words(meeting, to)).then(|| Change::Update(id, to.clone()))
        }
        (None, _) if to.starts_at > now => Some(Change::Move(id, to.clone())),
        (None, None) if to_come => Some(Change::Cancel(id, Reason::MeetingMoved)),
        _ => None,
    }
}

fn reason(why: SkipWhy) -> Reason {
    match why {
        SkipWhy::Cancelled => Reason::MeetingCancelled,
        _ => Reason::MeetingSkipped,
    }
}

fn same_words(meeting: &KnownMeeting, copy: &SeenMeeting) -> bool {
    let KnownMeeting { title, link, dial_in, marks, ends_at, .. } = meeting;
    (title, link, dial_in, marks, ends_at) == (&copy.title, &copy.link, &copy.dial_in, &copy.marks, &copy.ends_at)
}

/// The calendar has no copy. What it never had, it cannot lose.
fn gone(meeting: &KnownMeeting, look: &Look<'_>, changes: &mut Vec<Change>) {
    let Some(held) = meeting.held.filter(|_| is_in_sight(meeting, look)) else { return };
    let (id, owns) = (meeting.id, meeting.owner == Owns::This);
    if owns && meeting.cancelled_by.is_some() {
        return;
    }
    if look.seen.uids.contains(&meeting.uid) {
        changes.push(if owns { Change::Cancel(id, Reason::MeetingCancelled) } else { Change::Release(id) });
    } else if look.confirmed {
        match held.missing_since.filter(|since| *since <= look.now) {
            None => changes.push(Change::Missing(id)),
            Some(since) if is_believed(since, look) => {
                changes.extend((owns && !meeting.elsewhere).then_some(Change::Cancel(id, Reason::MeetingCancelled)));
                changes.push(Change::Release(id));
            }
            Some(_) => {}
        }
    }
}

fn is_believed(since: Timestamp, look: &Look<'_>) -> bool {
    let empty = look.seen.uids.is_empty() && look.seen.doubtful.is_empty();
    since.plus(if empty { EMPTY_FOR } else { GONE_AGAIN }) <= look.now
}

#[cfg(test)]
mod tests;

//! Short ways to a store with something due in it.

use savehub::model::{Action, Address, PlannedStep, ProviderKind, Slot, Target, Timestamp};
use savehub::owner::Owner;
use savehub::store::{Attempt, AttemptDraft, Begun, Claim, Meeting, NewMeeting, Plan, Result, Store, Verdict};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Second 0 of every fact.
const ZERO_MS: i64 = 1_795_338_000_000;

/// So many seconds after second 0.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(ZERO_MS + seconds * 1000)
}

/// A meeting of this person at second `start`, watched, with one call three minutes before.
pub(crate) fn watched(store: &dyn Store, person: &str, uid: &str, start: i64) -> Meeting {
    let new = NewMeeting {
        person: person.into(),
        uid: uid.into(),
        recurrence: String::new(),
        title: format!("About {uid}"),
        starts_at: at(start),
        ends_at: None,
        link: None,
        source: "manual".into(),
    };
    let meeting = store.add_meeting(&new, at(0)).unwrap();
    store.open_incidents(at(0), at(start + 1), &plan).unwrap();
    meeting
}

fn plan(meeting: &Meeting) -> Plan {
    let before = Duration::from_secs(180);
    let due_at = meeting.starts_at.minus(before);
    Plan::Watch(vec![PlannedStep { rung: 0, action: Action::call(before), due_at, deadline_at: meeting.starts_at }])
}

pub(crate) fn claim(store: &dyn Store, uid: &str, now: i64) -> Claim {
    store.due_steps(at(now), 1000).unwrap().into_iter().find(|c| c.words.uid == uid).expect("a due step")
}

/// An attempt that this owner began at boot time 5 s: it ends by 50 s, its lease by 125 s.
pub(crate) fn draft(claim: &Claim, phone: &str, owner: &Owner, now: i64) -> AttemptDraft<'static> {
    static TOKENS: AtomicU32 = AtomicU32::new(0);
    AttemptDraft {
        token: format!("{owner} {}", TOKENS.fetch_add(1, Ordering::Relaxed)),
        person: claim.person.clone(),
        to: Target::call(savehub::model::Phone::parse(phone).unwrap()),
        senders: vec![Address::read("+12025550199")],
        provider: ProviderKind::Twilio,
        account: "AC1".into(),
        owner: owner.clone(),
        armed: None,
        lease_until_boot_ms: 125_000,
        intent_boot_ms: 5_000,
        request_deadline_at: at(now + 45),
        deadline_boot_ms: 50_000,
        calls_since: at(now - 600),
        day_since: at(now - 86_400),
        listed: Vec::new(),
        merge_until: at(now),
        window: Duration::from_secs(180),
        say: &|_| "hello".into(),
        slot: &|_| Slot::Take { sender: 0, next: None },
        saw: &|_| "all agree".into(),
    }
}

/// Writes such an attempt.
pub(crate) fn begin(store: &dyn Store, claim: Claim, phone: &str, owner: &Owner, now: i64) -> Result<Begun> {
    let draft = draft(&claim, phone, owner, now);
    store.begin_attempt(claim, &draft, at(now), &|facts| {
        let recent = facts.step.as_ref().map_or(0, |step| step.recent_calls);
        let busy = facts.number.open_attempt || recent > 0 || facts.calls_today >= 1000;
        if busy { Verdict::Wait(savehub::model::Reason::NumberBusy) } else { Verdict::Place }
    })
}

pub(crate) fn attempt(begun: Begun) -> Attempt {
    match begun {
        Begun::Attempt(attempt) => attempt,
        other => panic!("no attempt but {other:?}"),
    }
}

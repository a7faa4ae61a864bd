//! The claim transaction: facts, guards, and the attempt or the refusal.

use super::pace::{Lines, Taken};
use super::steps::{self, claim_from_row};
use super::tx::{Candidate, Question, Sql, SqlError, Tx, TxResult};
use super::value::{params, set};
use super::{candidates, pace};
use crate::model::{
    Address, AttemptId, IncidentId, MESSAGE_CUT, MeetingWords, Reason, RungKind, StepId, Timestamp, cut, printable,
};
use crate::owner::Mark;
use crate::store::{Attempt, AttemptDraft, Begun, Claim, Facts, GuardRule, QueueRule, Verdict};
use std::collections::{HashMap, HashSet};

/// Was somebody called before for the meeting of this call step?
const CALLED_BEFORE: &str = "s.kind = 'call' and exists(select 1 from call_tracker t join attempts a on a.id = t.attempt_id \
                             where t.person = i.person and t.meeting_id = i.meeting_id and a.kind = 'call')";

/// Pending steps that are due, earliest deadline first.
pub(super) fn due(tx: &dyn Tx, now: Timestamp, limit: usize) -> TxResult<Vec<Claim>> {
    let sql = format!(
        "select {} from steps s join incidents i on i.id = s.incident_id join meetings m on m.id = i.meeting_id \
         where s.state = 'PENDING' and s.ready_at <= ?1 \
         order by s.deadline_at <= ?1, s.deadline_at, {CALLED_BEFORE}, s.due_at desc, s.id limit ?2",
        steps::COLUMNS
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(tx.readable("a due step", &sql, params![now, limit], claim_from_row)?)
}

/// A meeting that started so many milliseconds ago shares no call.
const STALE_MS: i64 = 24 * 3_600_000;

/// A claim with the attempt it would have.
pub(super) type Asked<'a> = (&'a Claim, &'a AttemptDraft<'a>);

/// Reads the facts, asks the guards about one after the other, and writes refusals and attempts. What an earlier claim of
/// the set takes counts for a later one: claims of one person, or to one target, are looked at in rounds of their own, and
/// the calls of the day and the pace are kept from one to the next.
pub(super) fn begin(tx: &dyn Tx, asked: &[Asked<'_>], now: Timestamp, rule: QueueRule<'_>) -> TxResult<Vec<Begun>> {
    let mut lines = Lines::default();
    let mut begun = Vec::with_capacity(asked.len());
    while begun.len() < asked.len() {
        let first = begun.len();
        let round = apart(&asked[first..]);
        begun.extend(Round { tx, asked: round, now }.begin(&mut lines, &|place, facts| rule(first + place, facts))?);
    }
    Ok(begun)
}

/// The first ones of which no two have the same person or target.
fn apart<'s, 'a>(asked: &'s [Asked<'a>]) -> &'s [Asked<'a>] {
    let (mut people, mut targets) = (HashSet::new(), HashSet::new());
    let new = |(claim, draft): &&Asked<'a>| people.insert(claim.person.as_str()) && targets.insert(&draft.to);
    let count = asked.iter().take_while(new).count();
    &asked[..count]
}

/// Claims that have nothing in common but the account.
struct Round<'s, 'a> {
    tx: &'s dyn Tx,
    asked: &'s [Asked<'a>],
    now: Timestamp,
}

/// A claim that the guards let through, and its slot.
struct Placing {
    place: usize,
    served: Vec<Candidate>,
    from: Address,
    next_slot: Option<Timestamp>,
    other_senders: usize,
}

impl Round<'_, '_> {
    fn begin(&self, lines: &mut Lines, rule: QueueRule<'_>) -> TxResult<Vec<Begun>> {
        let mut begun: Vec<Begun> = self.asked.iter().map(|_| Begun::Gone).collect();
        let (mut placing, mut refused) = (Vec::new(), Vec::new());
        let drafts: Vec<_> = self.asked.iter().map(|(claim, draft)| (claim.step, *draft)).collect();
        let steps: Vec<_> =
            self.asked.iter().map(|(claim, draft)| ((Some(claim.step), Some(claim.incident)), *draft)).collect();
        // What is too late is hardly ever placed, and after an outage a person may have thousands of such steps.
        let is_late = |place: &usize| self.asked[*place].0.deadline_at <= self.now;
        let in_time: Vec<usize> = (0..self.asked.len()).filter(|place| !is_late(place)).collect();
        let sharing = self.sharing(&in_time);
        let (mut before, mut found) = (vec![pace::Before::default(); self.asked.len()], Vec::new());
        let beside = vec![
            pace::ask_before(&steps, &mut before),
            lines.ask(drafts.iter().map(|(_, draft)| *draft)),
            ask_shareable(&sharing, &self.now, &mut found),
        ];
        let mut written = HashMap::new();
        for (place, mut first) in candidates::pending(self.tx, &drafts, self.now, beside)? {
            let draft = self.asked[place].1;
            let written: &mut u32 = written.entry(candidates::rehearses(draft.provider)).or_default();
            first.facts.calls_today = first.facts.calls_today.saturating_add(*written);
            begun[place] = match rule(place, &first.facts) {
                Verdict::Wait(reason) => Begun::Waits(reason),
                Verdict::Place if first.facts.number.open_attempt => Begun::Waits(Reason::NumberBusy),
                Verdict::Refuse(refusal) => {
                    refused.push((place, first.claim.step, refusal));
                    continue;
                }
                Verdict::Place => match lines.take(self.tx, std::mem::take(&mut before[place]), draft)? {
                    Taken::Wait { until, all } => Begun::NoSlot { until, all, claim: None },
                    Taken::Slot { from, next: next_slot, others: other_senders } => {
                        *written += u32::from(draft.to.kind == RungKind::Call);
                        placing.push(Placing { place, served: vec![first], from, next_slot, other_senders });
                        continue;
                    }
                },
            };
        }
        let ended: Vec<_> = refused.iter().map(|(_, step, refusal)| (*step, refusal)).collect();
        let results = steps::end_all_pending(self.tx, &ended, self.now)?;
        for ((place, ..), result) in refused.iter().zip(results) {
            begun[*place] = Begun::Refused(result);
        }
        let late: Vec<usize> = placing.iter().map(|placing| placing.place).filter(is_late).collect();
        let (sharing, mut found_late) = (self.sharing(&late), Vec::new());
        self.tx.ask_all(vec![ask_shareable(&sharing, &self.now, &mut found_late)])?;
        let mut shared = vec![Vec::new(); self.asked.len()];
        for (place, steps) in in_time.into_iter().chain(late).zip(found.into_iter().chain(found_late)) {
            shared[place] = steps;
        }
        self.share(&mut placing, &shared, rule)?;
        let places: Vec<usize> = placing.iter().map(|placing| placing.place).collect();
        for (place, attempt) in places.into_iter().zip(self.write(placing)?) {
            begun[place] = Begun::Attempt(attempt);
        }
        Ok(begun)
    }

    /// The claims at these places, and until when a step may be due that shares their call.
    fn sharing(&self, places: &[usize]) -> Vec<(&Claim, Timestamp)> {
        places.iter().map(|place| self.asked[*place]).map(|(claim, draft)| (claim, draft.merge_until)).collect()
    }

    /// Adds the steps that share these calls, of those that may share the call of each place.
    fn share(&self, placing: &mut [Placing], shared: &[Vec<StepId>], rule: QueueRule<'_>) -> TxResult<()> {
        let mut asked = Vec::new();
        let mut of_call = Vec::new();
        for (call, placing) in placing.iter().enumerate() {
            let draft = self.asked[placing.place].1;
            for step in &shared[placing.place] {
                asked.push((*step, draft));
                of_call.push(call);
            }
        }
        let mut found: Vec<Vec<Candidate>> = placing.iter().map(|_| Vec::new()).collect();
        for (place, mut candidate) in candidates::unlocked(self.tx, &asked, self.now)? {
            let call = of_call[place];
            let first = &placing[call].served[0].facts;
            (candidate.facts.calls_today, candidate.facts.untaken_today) = (first.calls_today, first.untaken_today);
            found[call].push(candidate);
        }
        for (placing, found) in placing.iter_mut().zip(found) {
            let of_this = |facts: &Facts| rule(placing.place, facts);
            placing.served.extend(allowed(found, self.now, &of_this));
            placing.served.sort_by_key(|c| c.claim.words.starts_at);
        }
        Ok(())
    }

    /// Writes the attempts down, with their steps under them.
    fn write(&self, placing: Vec<Placing>) -> TxResult<Vec<Attempt>> {
        let (mut new, mut served) = (Vec::new(), Vec::new());
        for placing in placing {
            let (claim, draft) = self.asked[placing.place];
            let words: Vec<MeetingWords> = placing.served.iter().map(|c| c.claim.words.clone()).collect();
            let attempt = NewAttempt {
                step: Some((claim.step, claim.incident)),
                steps: placing.served.iter().map(|c| c.claim.step).collect(),
                message: (draft.say)(&words),
                words,
                from: placing.from,
                guards: Some(guards(&placing.served, draft)),
                next_slot: placing.next_slot,
                other_senders: placing.other_senders,
            };
            new.push((attempt, draft));
            served.push(placing.served);
        }
        let attempts = insert(self.tx, new, self.now)?;
        let under = |(attempt, served): (&Attempt, _)| {
            let id = attempt.id;
            <Vec<Candidate> as IntoIterator>::into_iter(served).map(move |c| (id, c.claim))
        };
        let served: Vec<(AttemptId, Claim)> = attempts.iter().zip(served).flat_map(under).collect();
        let served: Vec<_> = served.iter().map(|(id, claim)| (*id, claim)).collect();
        steps::serve(self.tx, &served, self.now, self.now)?;
        Ok(attempts)
    }
}

/// The same for a test call, which has no step.
pub(super) fn begin_test_call(
    tx: &dyn Tx,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    rule: GuardRule<'_>,
) -> TxResult<Begun> {
    let facts = candidates::without_step(tx, draft)?;
    match rule(&facts) {
        Verdict::Wait(reason) => return Ok(Begun::Waits(reason)),
        Verdict::Refuse(refusal) => return Ok(Begun::Refused(steps::result_without_step(draft, &refusal))),
        Verdict::Place if facts.number.open_attempt => return Ok(Begun::Waits(Reason::NumberBusy)),
        Verdict::Place => {}
    }
    let (from, next_slot, other_senders) = match pace::take(tx, (None, None), draft)? {
        Taken::Slot { from, next, others } => (from, next, others),
        Taken::Wait { until, all } => return Ok(Begun::NoSlot { until, all, claim: None }),
    };
    let (message, guards) = ((draft.say)(&[]), Some((draft.saw)(&facts)));
    let new = NewAttempt { step: None, steps: vec![], words: vec![], message, from, guards, next_slot, other_senders };
    Ok(Begun::Attempt(insert_one(tx, new, draft, now)?))
}

/// Pending call steps of other incidents of the same person, to the same phone, that share this call: due before
/// `until`, and allowed by the rule. Of each incident the latest rung that is due; else the earliest to come, so that
/// those after it still ring.
pub(super) fn companions(
    tx: &dyn Tx,
    first: &Claim,
    draft: &AttemptDraft<'_>,
    until: Timestamp,
    now: Timestamp,
    rule: GuardRule<'_>,
) -> TxResult<Vec<Candidate>> {
    let (sharing, mut shared) = ([(first, until)], Vec::new());
    tx.ask_all(vec![ask_shareable(&sharing, &now, &mut shared)])?;
    let asked: Vec<_> = shared.into_iter().flatten().map(|step| (step, draft)).collect();
    let found = candidates::unlocked(tx, &asked, now)?.into_iter().map(|(_, candidate)| candidate);
    Ok(allowed(found, now, rule))
}

/// Asks for the steps that may share the call of each, the first to be asked about first.
fn ask_shareable<'q>(
    sharing: &'q [(&Claim, Timestamp)],
    now: &'q Timestamp,
    found: &'q mut Vec<Vec<StepId>>,
) -> Question<'q> {
    // The joins begin with the person's meetings: at nine in a company thousands of steps are due.
    let sql = format!(
        "select {{place}}, s.id from {{each}} cross join meetings m cross join incidents i cross join steps s \
         where ?2 = 'call' and i.meeting_id = m.id and i.ended_at is null and s.incident_id = i.id \
           and m.person = ?3 and m.starts_at > ?1 - {STALE_MS} and s.state = 'PENDING' and s.ready_at < ?1 and s.kind = ?2 \
           and i.person = ?3 and s.incident_id <> ?4 and s.to_whom = ?5 \
         order by s.starts_at, s.incident_id, s.due_at > ?6, \
           case when s.due_at > ?6 then s.rung else -s.rung end, s.id"
    );
    let set = |(first, until): &'q (&Claim, Timestamp)| {
        set![until, &first.action.kind, &first.person, &first.incident, &first.action.to, now]
    };
    Question::by_place(sql, sharing.iter().map(set).collect(), found, |r| r.get(1))
}

/// Those of these steps that the rule allows.
fn allowed(found: impl IntoIterator<Item = Candidate>, now: Timestamp, rule: GuardRule<'_>) -> Vec<Candidate> {
    let mut taken: Vec<Candidate> = Vec::new();
    let mut looked_at = HashSet::new();
    for candidate in found {
        let incident = candidate.claim.incident;
        let is_due = candidate.claim.due_at <= now;
        let is_first = looked_at.insert(incident);
        let served = taken.iter().any(|c| c.claim.incident == incident);
        if (is_due || is_first) && !served && rule(&candidate.facts) == Verdict::Place {
            taken.push(candidate);
        }
    }
    taken
}

/// What the guards saw of each step that the attempt serves: a line each, `s5: …`.
fn guards(served: &[Candidate], draft: &AttemptDraft<'_>) -> String {
    let lines: Vec<String> = served.iter().map(|c| format!("{}: {}", c.claim.step, (draft.saw)(&c.facts))).collect();
    lines.join("\n")
}

/// What is written down of an attempt besides its draft.
pub(super) struct NewAttempt {
    /// The step it is written for and its incident; `None`: a test call.
    pub(super) step: Option<(StepId, IncidentId)>,
    /// All steps it serves.
    pub(super) steps: Vec<StepId>,
    /// The words about their meetings.
    pub(super) words: Vec<MeetingWords>,
    /// What is said.
    pub(super) message: String,
    /// Where it comes from.
    pub(super) from: Address,
    /// What the guards saw.
    pub(super) guards: Option<String>,
    /// When the next call of the account may start.
    pub(super) next_slot: Option<Timestamp>,
    /// How many other senders the step was not refused from.
    pub(super) other_senders: usize,
}

/// Writes an attempt down as `SENDING`.
pub(super) fn insert_one(tx: &dyn Tx, new: NewAttempt, draft: &AttemptDraft<'_>, now: Timestamp) -> TxResult<Attempt> {
    insert(tx, vec![(new, draft)], now)?.pop().ok_or_else(|| SqlError::NoRow.into())
}

/// The same for many.
fn insert(tx: &dyn Tx, new: Vec<(NewAttempt, &AttemptDraft<'_>)>, now: Timestamp) -> TxResult<Vec<Attempt>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let words = tx.dialect();
    // The row is written after the owner read its clock, so by the server's clock everything ends a little later.
    let sql = format!(
        "insert into attempts(token, key, step_id, person, provider, account, kind, to_number, from_number, message, \
         state, owner, lease_until_boot_ms, intent_at, request_deadline_at, intent_boot_ms, deadline_boot_ms, guards, armed{}) \
         select ?1, coalesce((select key from attempts where step_id = ?2 order by id limit 1), ?1), ?2, ?3, ?4, ?5, \
           ?15, ?6, ?7, ?8, 'SENDING', ?9, ?10, ?11, ?12, ?13, ?14, ?16, ?17{} from {{each}} returning token, id, key",
        words.clock_columns, words.clock_values
    );
    let texts: Vec<_> = new
        .iter()
        .map(|(new, draft)| {
            let message = cut(&printable(&new.message), MESSAGE_CUT);
            (new.step.map(|(step, _)| step), message, draft.armed.as_ref().map(Mark::to_string))
        })
        .collect();
    let sets: Vec<_> = new
        .iter()
        .zip(&texts)
        .map(|((new, draft), (step, message, armed))| {
            set![
                &draft.token,
                step,
                &draft.person,
                &draft.provider,
                &draft.account,
                &draft.to.address,
                &new.from,
                message,
                &draft.owner,
                &draft.lease_until_boot_ms,
                &now,
                &draft.request_deadline_at,
                &draft.intent_boot_ms,
                &draft.deadline_boot_ms,
                &draft.to.kind,
                &new.guards,
                armed
            ]
        })
        .collect();
    let mut written: HashMap<String, (AttemptId, String)> = HashMap::new();
    tx.rows_of_each(&sql, &sets, &mut |r| {
        written.insert(r.get(0)?, (r.get(1)?, r.get(2)?));
        Ok(())
    })?;
    new.into_iter().map(|(new, draft)| Ok(attempt(new, draft, written.remove(&draft.token), now)?)).collect()
}

/// An attempt that was written down as this row, with this key.
fn attempt(
    new: NewAttempt,
    draft: &AttemptDraft<'_>,
    written: Option<(AttemptId, String)>,
    now: Timestamp,
) -> Sql<Attempt> {
    let (id, key) = written.ok_or(SqlError::NoRow)?;
    let (step, incident) = new.step.unzip();
    Ok(Attempt {
        id,
        token: draft.token.clone(),
        key,
        step,
        incident,
        steps: new.steps,
        words: new.words,
        to: draft.to.clone(),
        from: new.from,
        provider: draft.provider,
        message: new.message,
        intent_at: now,
        next_slot: new.next_slot,
        other_senders: new.other_senders,
        sealed: (),
    })
}

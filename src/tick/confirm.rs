//! `confirm`: one text per incident to who answered by text. It says what the answer did, or asks which meeting it is for.
//!
//! It is an attempt without a step, like a test call, and written down before it leaves like every other. Due steps come
//! first, and one worker stays free for them. A tick that ends before such a text is written down loses it.

use super::attempt::{Ready, arm, draft, situation};
use super::call_queue::slot_of;
use super::calls::Calls;
use super::context::Context;
use super::faults::Service;
use super::recipient::Recipient;
use super::text::Text;
use crate::config::Person;
use crate::model::{MeetingWords, RungKind, Target, printable};
use crate::rules::guard;
use crate::store::{Begun, Facts, StoreError};

/// Sends the texts that may leave now; the others stay for as long as the tick lasts.
pub(super) fn send(cx: &mut Context<'_>, calls: &mut Calls) -> Result<(), StoreError> {
    for text in std::mem::take(&mut cx.texts) {
        // While steps are due, one worker stays free for them.
        let has_room = calls.room(cx) > usize::from(!cx.due.steps.is_empty());
        if !has_room || !cx.time.may_claim() {
            cx.texts.push(text);
            continue;
        }
        let waits = send_one(cx, calls, &text);
        match waits {
            Err(error @ StoreError::Statement { .. }) => {
                log::error!("[CALL] the answer of {} is not confirmed: {error}", text.to);
            }
            waits => cx.texts.extend(waits?.then_some(text)),
        }
    }
    Ok(())
}

/// `true`: it waits.
fn send_one(cx: &mut Context<'_>, calls: &mut Calls, text: &Text) -> Result<bool, StoreError> {
    let world = cx.world;
    let Some(provider) = world.providers.of(RungKind::Sms) else { return Ok(false) };
    let Some(person) = whose(cx, text)? else { return Ok(false) };
    let (to, ring_timeout) = (Target::sms(text.to.clone()), world.config.engine.ring_timeout);
    let recipient =
        Recipient { person: &person.id, name: &person.name, to, voice: &person.voice, ring_timeout, provider };
    let (by, now) = (Service::to(recipient.provider.kind(), &recipient.to), cx.time.now());
    if cx.accounts.must_wait(&by, now, |which| calls.is_placing(which)) {
        return Ok(true);
    }
    let (begun, ready) = begin(cx, text, &recipient)?;
    if !matches!(begun, Begun::Attempt(_)) {
        ready.give_back(&mut cx.armory);
    }
    match begun {
        Begun::Attempt(attempt) => calls.send(cx, attempt, &recipient, None, ready),
        Begun::Refused(refused) => {
            let (reason, detail) = (refused.reason, printable(&refused.detail));
            log::info!("[CALL] The answer of {} is not confirmed - Reason={reason}: {detail}", text.to);
        }
        Begun::Waits(_) | Begun::NoSlot { .. } => return Ok(true),
        Begun::Gone => {}
    }
    Ok(false)
}

/// Guards and attempt, in one transaction; and what its fence needs.
fn begin(cx: &mut Context<'_>, text: &Text, recipient: &Recipient<'_>) -> Result<(Begun, Ready), StoreError> {
    let (world, now) = (cx.world, cx.time.now());
    let by = Service::to(recipient.provider.kind(), &recipient.to);
    let resting = cx.accounts.resting(&by, &recipient.provider.senders());
    let slot = slot_of(recipient.pace(), recipient.person, now, &resting);
    let situation = situation(world, recipient, now, "confirm", true);
    let say = |meetings: &[MeetingWords]| text.say(meetings);
    let saw = |facts: &Facts| guard::account(facts, &situation);
    let mut draft = draft(world, recipient, now, &say, &slot, &saw);
    let ready = arm(&mut cx.armory, world, &mut draft);
    let rule = |facts: &Facts, sent: u32| guard::decide_text(facts, &situation, sent);
    Ok((world.store.begin_text(&text.incidents(), &draft, now, &rule)?, ready))
}

/// The person whose meeting it is about: several may share the phone.
fn whose<'w>(cx: &Context<'w>, text: &Text) -> Result<Option<&'w Person>, StoreError> {
    let store = &cx.world.store;
    let Some(incident) = text.incidents().first().copied() else { return Ok(None) };
    let Some(meeting) = store.meeting_of(incident)? else { return Ok(None) };
    Ok(store.meeting(meeting)?.and_then(|meeting| cx.world.config.person(&meeting.person)))
}

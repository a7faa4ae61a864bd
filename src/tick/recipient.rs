//! Where a step goes and what it says: read from the config when the step is claimed, since an open incident keeps the
//! ladder it was opened with, not the addresses and words.

use super::world::World;
use crate::config::{Config, Person};
use crate::model::{Action, Address, Addressee, MeetingWords, Offset, Pace, RungKind, Target, Timestamp, Voice};
use crate::provider::Provider;
use crate::rules::ladder;
use crate::rules::message::{Audience, Template};
use crate::store::Claim;
use std::sync::Arc;
use std::time::Duration;

/// The person, the target, the voice and the provider of an attempt.
pub(super) struct Recipient<'a> {
    pub(super) person: &'a str,
    pub(super) name: &'a str,
    pub(super) to: Target,
    pub(super) voice: &'a Voice,
    pub(super) ring_timeout: Duration,
    pub(super) provider: Arc<dyn Provider>,
}

impl Recipient<'_> {
    /// The pace that an attempt keeps. Only calls have one: a message takes no turn from them.
    pub(super) fn pace(&self) -> Option<Pace> {
        self.provider.pace().filter(|_| self.to.kind == RungKind::Call)
    }
}

/// Where a step goes; `None` when the config has no such address (any more).
pub(super) fn target(config: &Config, claim: &Claim) -> Option<Target> {
    target_of(config, &claim.person, &claim.action)
}

/// The same for a rung of this person.
pub(super) fn target_of(config: &Config, person: &str, action: &Action) -> Option<Target> {
    let person = config.person(person)?;
    let (phone, email) = match &action.to {
        Addressee::Person => (Some(&person.phone), person.email.as_ref()),
        Addressee::Contact(name) => config.contact(name).map(|c| (c.phone.as_ref(), c.email.as_ref()))?,
    };
    match action.kind {
        RungKind::Call => phone.cloned().map(Target::call),
        RungKind::Sms => phone.cloned().map(Target::sms),
        RungKind::Email => email.cloned().map(Target::email),
        kind @ (RungKind::Webhook | RungKind::Command) => {
            action.channel.clone().map(|name| Target { kind, address: Address::Named(name) })
        }
    }
}

/// Everything an attempt for this step needs; `None` when the config has no address or no provider for it.
pub(super) fn recipient<'p>(world: &World, claim: &Claim, person: &'p Person) -> Option<Recipient<'p>> {
    recipient_of(world, &claim.action, person)
}

/// The same for a rung of this person.
pub(super) fn recipient_of<'p>(world: &World, action: &Action, person: &'p Person) -> Option<Recipient<'p>> {
    Some(Recipient {
        person: &person.id,
        name: &person.name,
        to: target_of(&world.config, &person.id, action)?,
        voice: &person.voice,
        ring_timeout: person.ring_timeout.unwrap_or(world.config.engine.ring_timeout),
        provider: world.providers.of(action.kind)?,
    })
}

/// What a step says, and under which subject.
pub(super) struct Words<'a> {
    person: &'a Person,
    message: Template,
    subject: Option<Template>,
    now: Timestamp,
}

impl<'a> Words<'a> {
    /// The rung's own words; else, for the person before the start, the person's own; else the standard ones. A
    /// standard text message also says how to answer it.
    pub(super) fn of(config: &Config, claim: &Claim, person: &'a Person, now: Timestamp) -> Self {
        let action = &claim.action;
        let audience = match (&action.to, action.at) {
            (Addressee::Contact(_), _) => Audience::Contact,
            (Addressee::Person, Offset::Before(_)) => Audience::Person,
            (Addressee::Person, Offset::After(_)) => Audience::Late,
        };
        let own = (audience == Audience::Person).then_some(&person.message);
        let standard = Template::message(audience);
        let message = ladder::message(&config.ladder, action).or(own).unwrap_or(&standard).clone();
        // Words of the config are sent as they are. Where people share a phone, an answer must also name one of them.
        let asks = action.kind == RungKind::Sms && action.to == Addressee::Person && message == standard;
        let heard = config.hear.replies && !person.shared_phone;
        let message = if asks && heard { message.asking_for_a_reply() } else { message };
        let subject = (action.kind == RungKind::Email).then(|| Template::subject(audience));
        Self { person, message, subject, now }
    }

    pub(super) fn say(&self, meetings: &[MeetingWords]) -> String {
        self.message.render(&self.person.name, &self.person.zone, meetings, self.now)
    }

    pub(super) fn subject(&self, meetings: &[MeetingWords]) -> Option<String> {
        Some(self.subject.as_ref()?.render(&self.person.name, &self.person.zone, meetings, self.now))
    }
}

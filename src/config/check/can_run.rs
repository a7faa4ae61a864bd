//! Can this rung ever run? If not: why, and what to write.

use super::limits::Guards;
use crate::config::raw::{Table, spoken};
use crate::config::show::{CheckReport, Problem};
use crate::config::{Contact, Person, Rung};
use crate::model::{Addressee, Offset, RungKind, When};
use std::ops::Range;
use std::time::Duration;

/// What rungs are compared with.
pub(super) struct Context<'a> {
    pub(super) guards: &'a Guards,
    /// `grace` of `[engine]`.
    pub(super) grace: Duration,
    pub(super) people: &'a [Person],
    pub(super) contacts: &'a [Contact],
    pub(super) channels: &'a ChannelNames,
}

/// What the config has names for.
#[derive(Debug, Default)]
pub(super) struct ChannelNames {
    pub(super) webhooks: Vec<String>,
    pub(super) commands: Vec<String>,
    email: bool,
}

impl ChannelNames {
    /// The names of `[webhook.NAME]` and `[command.NAME]`, and whether there is `[email]`.
    pub(super) fn read(root: &Table<'_, '_>) -> Self {
        Self { webhooks: root.names_in("webhook"), commands: root.names_in("command"), email: root.has("email") }
    }
}

/// A rung and where it stands in the file; without places it is one of the default ladder.
#[derive(Clone)]
pub(super) struct Placed {
    pub(super) rung: Rung,
    /// Its header.
    pub(super) header: Range<usize>,
    /// Its time.
    pub(super) at: Option<Range<usize>>,
}

/// No rung is due earlier: meetings are planned, and calendars read, for about a day ahead.
const EARLIEST: Duration = Duration::from_secs(24 * 3600);

pub(super) fn check(index: usize, placed: &Placed, context: &Context<'_>, report: &CheckReport<'_>) {
    match (placed.rung.action.kind, placed.rung.action.at) {
        (RungKind::Call, Offset::Before(before)) => in_window(index, before, placed, context, report),
        (_, Offset::Before(before)) => before_the_start(before, placed, report),
        (_, Offset::After(after)) => within_grace(after, placed, context, report),
    }
    if placed.at.is_some() {
        has_address(placed, context, report);
    }
}

fn in_window(index: usize, before: Duration, placed: &Placed, context: &Context<'_>, report: &CheckReport<'_>) {
    let window = &context.guards.critical_window;
    if !window.sound || window.value.is_zero() || (!before.is_zero() && before <= window.value) {
        return;
    }
    let title = format!("a call {} before the start can never ring", spoken(before));
    let label = format!("outside the critical window: more than 0s, at most {}", spoken(window.value));
    report.push(match &placed.at {
        Some(at) => Problem::new(title).at(at).label(label),
        None => Problem::new(format!("rung {} of the default ladder: {title}", index + 1))
            .maybe_at(window.at.as_ref())
            .label(label)
            .help("write your own [[ladder]]"),
    });
}

fn before_the_start(before: Duration, placed: &Placed, report: &CheckReport<'_>) {
    let Some(at) = &placed.at else { return };
    let kind = placed.rung.action.kind;
    if before.is_zero() || before > EARLIEST {
        let title = format!("a rung of the kind `{kind}` {} before the start can never run", spoken(before));
        let label = format!("more than 0s, at most {}; after the start: `after = \"5m\"`", spoken(EARLIEST));
        report.wrong(at, title, label);
    }
    if placed.rung.action.when == When::Missed {
        let title = "a rung with `when = \"missed\"` before the start can never run";
        report.wrong(at, title, "nobody can have missed the meeting yet; write `after = \"5m\"`");
    }
}

fn within_grace(after: Duration, placed: &Placed, context: &Context<'_>, report: &CheckReport<'_>) {
    let Some(at) = &placed.at else { return };
    if after >= context.grace {
        let grace = spoken(context.grace);
        let title = format!("a rung {} after the start can never run", spoken(after));
        let label =
            format!("the incident is closed after `grace` ({grace}); less than {grace}, or raise it in [engine]");
        report.wrong(at, title, label);
    }
}

/// Is there somewhere to send it?
fn has_address(placed: &Placed, context: &Context<'_>, report: &CheckReport<'_>) {
    let action = &placed.rung.action;
    let kind = action.kind;
    let lacks = |why: String, write: &str| {
        report.wrong(&placed.header, format!("a rung of the kind `{kind}` can never run: {why}"), write);
    };
    if kind == RungKind::Email && !context.channels.email {
        lacks("there is no [email]".into(), "write [email], with the server that takes the mail");
    }
    match &action.to {
        Addressee::Contact(name) => {
            let Some(contact) = context.contacts.iter().find(|contact| contact.name == *name) else { return };
            let (phone, email) = (contact.phone.is_some(), contact.email.is_some());
            match kind {
                RungKind::Call | RungKind::Sms if !phone => {
                    lacks(
                        format!("the contact `{name}` has no `phone`"),
                        "add phone = \"+12025550102\" to the contact",
                    );
                }
                RungKind::Email if !email => {
                    lacks(
                        format!("the contact `{name}` has no `email`"),
                        "add email = \"bea@example.com\" to the contact",
                    );
                }
                _ => {}
            }
        }
        Addressee::Person if kind == RungKind::Email => {
            for person in context.people.iter().filter(|person| person.email.is_none()) {
                lacks(format!("`{}` has no `email`", person.id), "add email = \"ana@example.com\" to the person");
            }
        }
        Addressee::Person => {}
    }
}

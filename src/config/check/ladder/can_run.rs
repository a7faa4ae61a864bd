//! Can this rung ever run? If not: why, and what to write.

use super::{Around, Placed, spoken};
use crate::config::show::{Problem, Report};
use crate::model::{Offset, RungKind, When, Whom};
use std::time::Duration;

/// No rung is due earlier: meetings are planned, and calendars read, for about a day ahead.
const EARLIEST: Duration = Duration::from_secs(24 * 3600);

pub(super) fn check(index: usize, placed: &Placed, around: &Around<'_>, report: &Report<'_>) {
    match (placed.rung.action.kind, placed.rung.action.at) {
        (RungKind::Call, Offset::Before(before)) => in_window(index, before, placed, around, report),
        (_, Offset::Before(before)) => before_the_start(before, placed, report),
        (_, Offset::After(after)) => within_grace(after, placed, around, report),
    }
    if placed.at.is_some() {
        has_address(placed, around, report);
    }
}

fn in_window(index: usize, before: Duration, placed: &Placed, around: &Around<'_>, report: &Report<'_>) {
    let window = &around.guards.critical_window;
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

fn before_the_start(before: Duration, placed: &Placed, report: &Report<'_>) {
    let Some(at) = &placed.at else { return };
    let kind = placed.rung.action.kind;
    if before.is_zero() || before > EARLIEST {
        let title = format!("a rung of the kind `{kind}` {} before the start can never run", spoken(before));
        let label = format!("more than 0s, at most {}; after the start: `after = \"5m\"`", spoken(EARLIEST));
        report.push(Problem::new(title).at(at).label(label));
    }
    if placed.rung.action.when == When::Missed {
        let title = "a rung with `when = \"missed\"` before the start can never run";
        report.push(Problem::new(title).at(at).label("nobody can have missed the meeting yet; write `after = \"5m\"`"));
    }
}

fn within_grace(after: Duration, placed: &Placed, around: &Around<'_>, report: &Report<'_>) {
    let Some(at) = &placed.at else { return };
    if after >= around.grace {
        let grace = spoken(around.grace);
        let title = format!("a rung {} after the start can never run", spoken(after));
        let label =
            format!("the incident is closed after `grace` ({grace}); less than {grace}, or raise it in [engine]");
        report.push(Problem::new(title).at(at).label(label));
    }
}

/// Is there somewhere to send it?
fn has_address(placed: &Placed, around: &Around<'_>, report: &Report<'_>) {
    let action = &placed.rung.action;
    let kind = action.kind;
    let lacks = |why: String, write: &str| {
        let title = format!("a rung of the kind `{kind}` can never run: {why}");
        report.push(Problem::new(title).at(&placed.header).label(write));
    };
    if kind == RungKind::Email && !around.channels.email {
        lacks("there is no [email]".into(), "write [email], with the server that takes the mail");
    }
    match &action.to {
        Whom::Contact(name) => {
            let Some(contact) = around.contacts.iter().find(|contact| contact.name == *name) else { return };
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
        Whom::Person if kind == RungKind::Email => {
            for person in around.people.iter().filter(|person| person.email.is_none()) {
                lacks(format!("`{}` has no `email`", person.id), "add email = \"ana@example.com\" to the person");
            }
        }
        Whom::Person => {}
    }
}

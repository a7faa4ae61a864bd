//! `[[ladder]]`: rungs in order, each of which can run.

use super::can_run::{self, ChannelNames, Context, Placed};
use super::common::{message, unknown, word};
use super::contacts::PERSON;
use crate::config::effective::Value;
use crate::config::raw::{Read, Table, spoken};
use crate::config::show::{CheckReport, Problem};
use crate::config::{Contact, Rung};
use crate::model::{Action, Addressee, Offset, RungKind, When};
use toml::Spanned;

/// What was typed is wrong, and was reported.
struct Wrong;

/// The rungs of the file; without any, the standard ones.
pub(super) fn ladder(root: &Table<'_, '_>, standard: &[Rung], context: &Context<'_>) -> Vec<Rung> {
    let (report, tables) = (root.report, root.tables("ladder"));
    let rungs: Vec<Option<Placed>> = if tables.is_empty() {
        standard.iter().map(|rung| Some(Placed { rung: rung.clone(), header: 0..0, at: None })).collect()
    } else {
        tables.iter().map(|table| rung(table, context)).collect()
    };
    for (index, rung) in rungs.iter().enumerate() {
        let Some(rung) = rung else { continue };
        match tables.get(index) {
            Some(table) => show(table, index, &rung.rung),
            None => show(&root.unwritten("ladder"), index, &rung.rung),
        }
        can_run::check(index, rung, context, report);
        if let Some(last) = rungs[..index].iter().rev().flatten().next() {
            in_order(last, rung, report);
        }
        if rungs[..index].iter().flatten().any(|other| other.rung.action == rung.rung.action) {
            twice(rung, report);
        }
    }
    // Numbers of rungs mean something only when all of them could be read.
    if let Some(all) = rungs.iter().cloned().collect::<Option<Vec<_>>>() {
        let guards = context.guards;
        within_limit(RungKind::Call, &all, ("max_calls", &guards.max_calls), context, report);
        within_limit(RungKind::Sms, &all, ("max_sms", &guards.max_sms), context, report);
    }
    rungs.into_iter().flatten().map(|placed| placed.rung).collect()
}

fn show(table: &Table<'_, '_>, index: usize, rung: &Rung) {
    let action = &rung.action;
    table.note("step", || Value::text(action.kind.as_str()));
    match action.at {
        Offset::Before(before) => table.note("before", || Value::duration(before)),
        Offset::After(after) => table.note("after", || Value::duration(after)),
    }
    let to = match &action.to {
        Addressee::Person => PERSON,
        Addressee::Contact(name) => name,
    };
    table.note("to", || Value::maybe(Some(to).filter(|_| !action.kind.is_named()), Value::text));
    table.note("when", || Value::text(action.when.as_str()));
    table.show(Some(&(index + 1).to_string()));
}

fn rung(table: &Table<'_, '_>, context: &Context<'_>) -> Option<Placed> {
    let kind = word(table, "step", "\"call\"", RungKind::ALL, RungKind::as_str);
    if !table.has("step") {
        table.missing("step", "\"call\"");
    }
    let at = time(table, kind);
    let message = message(table);
    let to = to(table, kind, context.contacts);
    let channel = channel(table, kind, context.channels);
    let when = word(table, "when", "\"unanswered\"", When::ALL, When::as_str);
    let (to, channel, at) = (to?, channel.ok()?, at?);
    // Whoever is told that somebody is missing wants to know it even when that person has picked up a phone.
    let standard = if to == Addressee::Person { When::Unanswered } else { When::Always };
    let when = if table.has("when") { when? } else { standard };
    let action = Action { kind: kind?, at: *at.get_ref(), to, channel, when };
    Some(Placed { rung: Rung { action, message }, header: table.header().clone(), at: Some(at.span()) })
}

fn time(table: &Table<'_, '_>, kind: Option<RungKind>) -> Option<Spanned<Offset>> {
    let before = table.duration_if("before", "3m");
    let after = table.duration_if("after", "5m");
    let after_at = table.key_at("after");
    match (kind, &after_at) {
        (Some(RungKind::Call), Some(at)) => {
            let label = "a call rings before the start; write it as `before = \"3m\"`";
            table.report.wrong(at, "a call has no `after`", label);
            return None;
        }
        (_, Some(at)) if table.has("before") => {
            table.report.wrong(at, "a rung has `before` or `after`, not both", "take one of them out");
            return None;
        }
        (_, None) if !table.has("before") => table.missing("before", "\"3m\""),
        _ => {}
    }
    let before = before.map(|before| Spanned::new(before.span(), Offset::Before(*before.get_ref())));
    before.or_else(|| after.map(|after| Spanned::new(after.span(), Offset::After(*after.get_ref()))))
}

/// `to`; `None`: it is wrong, which was reported.
fn to(table: &Table<'_, '_>, kind: Option<RungKind>, contacts: &[Contact]) -> Option<Addressee> {
    if !table.has("to") {
        return Some(Addressee::Person);
    }
    let to = table.text("to", "\"person\", or the name of a contact")?;
    if let Some(kind) = kind.filter(|kind| kind.is_named()) {
        let title = format!("a {kind} has no `to`");
        table.report.wrong(&to.span(), title, "it goes where `use` says; take this line out");
        return None;
    }
    if *to.get_ref() == PERSON {
        return Some(Addressee::Person);
    }
    if contacts.iter().any(|contact| contact.name == *to.get_ref()) {
        return Some(Addressee::Contact((*to.get_ref()).to_owned()));
    }
    let names = contacts.iter().map(|contact| contact.name.as_str());
    unknown("contact", &to, names.chain([PERSON]), table.report);
    None
}

/// `use`: a must for a webhook and a command, and for nothing else.
fn channel(table: &Table<'_, '_>, kind: Option<RungKind>, channels: &ChannelNames) -> Result<Option<String>, Wrong> {
    let typed = table.text("use", "\"NAME\"");
    let (what, known) = match kind.ok_or(Wrong)? {
        RungKind::Webhook => ("webhook", &channels.webhooks),
        RungKind::Command => ("command", &channels.commands),
        kind => {
            let Some(at) = table.key_at("use") else { return Ok(None) };
            let label = "`use` names a webhook or a command; take this line out";
            table.report.wrong(&at, format!("a rung of the kind `{kind}` has no `use`"), label);
            return Err(Wrong);
        }
    };
    if !table.has("use") {
        table.missing("use", &format!("\"NAME\", the name of a [{what}.NAME]"));
    }
    let typed = typed.ok_or(Wrong)?;
    if known.iter().any(|name| name == typed.get_ref()) {
        return Ok(Some((*typed.get_ref()).to_owned()));
    }
    unknown(what, &typed, known.iter().map(String::as_str), table.report);
    Err(Wrong)
}

/// `3m before`.
fn moment(at: Offset) -> String {
    match at {
        Offset::Before(before) => format!("{} before", spoken(before)),
        Offset::After(after) => format!("{} after", spoken(after)),
    }
}

fn in_order(last: &Placed, placed: &Placed, report: &CheckReport<'_>) {
    let (Some(at), above) = (&placed.at, last.rung.action.at) else { return };
    if placed.rung.action.at.ms() < above.ms() {
        let title = "the ladder is out of order: this rung is due before the one above it";
        let label = match (above, placed.rung.action.at) {
            (Offset::Before(above), Offset::Before(_)) => format!("less than {}, or move this rung up", spoken(above)),
            _ => format!("the one above is due {} the start; move this rung up", moment(above)),
        };
        report.wrong(at, title, label);
    }
}

fn twice(placed: &Placed, report: &CheckReport<'_>) {
    let Some(at) = &placed.at else { return };
    let label = "each rung has a time of its own";
    report.wrong(at, format!("two rungs {} the start", moment(placed.rung.action.at)), label);
}

/// A rung that finds the limit used up by the rungs before it can never run.
fn within_limit(
    kind: RungKind,
    rungs: &[Placed],
    (key, max): (&str, &Read<u32>),
    context: &Context<'_>,
    report: &CheckReport<'_>,
) {
    let per = &context.guards.max_calls_per;
    if !max.sound || !per.sound {
        return;
    }
    let same: Vec<_> = rungs.iter().enumerate().filter(|(_, placed)| placed.rung.action.kind == kind).collect();
    for (nth, (index, placed)) in same.iter().enumerate().skip(max.value as usize) {
        let (_, first) = same[nth - max.value as usize];
        let apart = placed.rung.action.at.ms().saturating_sub(first.rung.action.at.ms());
        if u128::from(apart.unsigned_abs()) < per.value.as_millis() {
            let title = format!("rung {} can never {}: {key} = {}", index + 1, verb(kind), max.value);
            let what = if kind == RungKind::Call { "call" } else { "message" };
            let many = if max.value == 1 { "" } else { "s" };
            let label = format!("{} {what}{many} within {} at most", max.value, spoken(per.value));
            let help = match placed.at {
                Some(_) => format!("take the rung out, or raise {key}"),
                None => format!("the default ladder has two rungs: write your own [[ladder]], or raise {key}"),
            };
            let place = placed.at.as_ref().or(max.at.as_ref());
            report.push(Problem::new(title).maybe_at(place).label(label).help(help));
        }
    }
}

const fn verb(kind: RungKind) -> &'static str {
    if matches!(kind, RungKind::Call) { "ring" } else { "run" }
}

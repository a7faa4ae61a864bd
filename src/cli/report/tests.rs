use super::data::{MonthSpending, ReportData};
use super::*;
use crate::cli::args::ReportBy;
use crate::cli::print::Screen;
use crate::cli::testing::{NOW, person};
use crate::config::{Env, ProviderChoice, ReportConfig};
use crate::model::{AttemptState, CallStatus, IncidentState, Money, Reason, RungKind};
use crate::model::{AttemptTally, DelayTally, Group, IncidentTally, RefusedTally, Tally};
use crate::report::month::{Month, outlooks};
use crate::report::span::span;
use crate::report::summary;

const PAGE: &str = include_str!("../../../docs/operating.md");

fn call(day: usize, status: Option<CallStatus>, price: Option<&str>, count: u64) -> AttemptTally {
    AttemptTally {
        group: Group::Day(day),
        rehearsed: false,
        test: false,
        kind: RungKind::Call,
        state: if status.is_some() { AttemptState::Accepted } else { AttemptState::Rejected },
        call_status: status,
        answered_by: None,
        error_code: None,
        http_status: None,
        capacity: false,
        held_back: false,
        retry: false,
        price: price.map(str::to_owned),
        price_unit: price.map(|_| "USD".to_owned()),
        error: None,
        count,
    }
}

/// Three days of a team of ten: a Friday to a Sunday, of which the Sunday is NOW.
fn tally() -> Tally {
    let ended = |day, state, reason, calls, count| IncidentTally {
        group: Group::Day(day),
        rehearsed: false,
        state,
        reason,
        acknowledged: false,
        calls,
        count,
    };
    let refused =
        AttemptTally { error_code: Some(21215), error: Some("Geo permission".into()), ..call(0, None, None, 1) };
    Tally {
        attempts: vec![
            call(0, Some(CallStatus::Completed), Some("-0.0140"), 14),
            call(0, Some(CallStatus::NoAnswer), None, 6),
            refused,
            call(2, Some(CallStatus::Completed), None, 2),
            AttemptTally {
                answered_by: Some("machine_start".into()),
                ..call(2, Some(CallStatus::Completed), Some("-0.028"), 1)
            },
            AttemptTally { kind: RungKind::Sms, ..call(0, Some(CallStatus::Delivered), Some("-0.0079"), 20) },
        ],
        incidents: vec![
            ended(0, IncidentState::Resolved, Reason::Joined, 0, 12),
            ended(0, IncidentState::Resolved, Reason::Joined, 1, 7),
            ended(2, IncidentState::Resolved, Reason::Presence, 2, 2),
            ended(2, IncidentState::Missed, Reason::NoCheckIn, 2, 1),
        ],
        refused: vec![RefusedTally {
            group: Group::Day(2),
            rehearsed: false,
            kind: RungKind::Call,
            reason: Reason::NumberBusy,
            count: 1,
        }],
        delays: vec![
            DelayTally { rehearsed: false, ms: 12_300, count: 20 },
            DelayTally { rehearsed: false, ms: 29_400, count: 3 },
        ],
    }
}

fn config(budget: &str) -> Config {
    let env: &Env<'_> = &|_| None;
    let mut config = Config::standard(env);
    config.provider.chosen = ProviderChoice::Twilio;
    config.people = vec![person("ana")].into();
    config.report = ReportConfig { budget: Money::parse(budget) };
    config
}

fn shown(config: &Config, tally: &Tally, screen: Screen) -> String {
    rendered(config, tally, |data| text::render(data, screen))
}

fn rendered(config: &Config, tally: &Tally, render: impl Fn(&ReportData<'_>) -> String) -> String {
    let zone = config.people[0].zone.clone();
    let span = span("3d", None, NOW, &zone).unwrap();
    let summary = summary(tally, false);
    let month = Month::around(NOW, &zone);
    let outlooks = outlooks(&month, &summary.total.spend, config.report.budget.as_ref());
    let month = MonthSpending { month, outlooks, days: span.days.clone(), summary: summary.clone() };
    let data = ReportData {
        now: NOW,
        span,
        zone,
        by: ReportBy::Day,
        mock: false,
        summary,
        other: None,
        month: Some(month),
        config,
    };
    render(&data)
}

#[test]
fn the_report_on_the_page_is_the_one_people_see() {
    let text = shown(&config("1 USD"), &tally(), Screen::PLAIN);
    assert!(PAGE.contains(&format!("```text\n{text}```\n")), "docs/operating.md does not show this:\n{text}");
}

#[test]
fn a_budget_that_will_not_do_is_a_warning() {
    let paint = Screen { paint: crate::cli::print::Paint::decide(Some(true), true, None), width: None };
    let text = |budget| shown(&config(budget), &tally(), paint);
    let warns = |text: &str, end: &str| text.contains(&format!("{end}\u{1b}[0m"));
    assert!(
        warns(&text("0.30 USD"), "0.5361 USD by its end: the budget of 0.30 USD is spent."),
        "{}",
        text("0.30 USD")
    );
    assert!(
        warns(&text("0.50 USD"), "0.5361 USD by its end, more than the budget of 0.50 USD."),
        "{}",
        text("0.50 USD")
    );
    assert!(!warns(&text("1 USD"), "within the budget of 1.00 USD."), "{}", text("1 USD"));
    let other = "The budget is in EUR, but this month's prices are in USD: write it in that currency.";
    assert!(warns(&text("1 EUR"), other), "{}", text("1 EUR"));
}

#[test]
fn a_report_fits_the_terminal() {
    for width in [30, 40, 63, 64, 80, 120] {
        let screen = Screen { width: Some(width), ..Screen::PLAIN };
        let text = shown(&config("1 USD"), &tally(), screen);
        for heading in ["Calls", "Besides calls", "Meetings", "Not tried", "By day"] {
            let table =
                text.lines().skip_while(|line| !line.starts_with(heading)).skip(1).take_while(|line| !line.is_empty());
            // Sentences are left to the terminal to wrap.
            for line in table.filter(|line| !line.starts_with("  answer rate") && !line.starts_with("  besides")) {
                assert!(line.chars().count() <= usize::from(width), "{width}: {line:?}\n{text}");
            }
        }
        assert!(text.contains('█') == (width >= 64), "{text}");
    }
}

#[test]
fn what_the_provider_said_cannot_steer_the_terminal() {
    let mut tally = tally();
    // A code savehub has words of its own for would show those.
    tally.attempts[2].error_code = Some(29_999);
    tally.attempts[2].error = Some("a\u{1b}[2Jb\u{202e}".into());
    tally.attempts[0].price_unit = Some("U\u{7}SD<script>".into());
    let text = shown(&config("1 USD"), &tally, Screen::PLAIN);
    assert!(text.contains("29999  a [2Jb") && !text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
    let page = rendered(&config("1 USD"), &tally, html::page);
    assert!(page.contains("a [2Jb") && !page.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{page}");
    assert!(!page.contains("SD<script>"), "{page}");
}

mod later;

use super::*;
use crate::model::{Address, PauseView, Target};

const START: Timestamp = Timestamp::from_ms(1_000_000_000);

fn step() -> StepFacts {
    StepFacts {
        incident_state: IncidentState::Open,
        current: true,
        starts_at: START,
        due_at: Timestamp::from_ms(START.ms() - 180_000),
        first_due_at: Timestamp::from_ms(START.ms() - 180_000),
        deadline_at: START,
        when: When::Unanswered,
        recent_calls: 0,
        recent_untaken: 0,
        later: LaterRungs::default(),
        refused_for_capacity: false,
        unsent: None,
    }
}

fn facts(step: StepFacts) -> Facts {
    Facts { step: Some(step), ..test_call() }
}

/// Of a call without a step.
fn test_call() -> Facts {
    Facts {
        step: None,
        number: NumberFacts::default(),
        pause: None,
        calls_of_person_today: 0,
        calls_today: 0,
        untaken_of_person_today: 0,
        untaken_today: 0,
    }
}

trait Before {
    fn before(self, seconds: i64) -> Timestamp;
}

impl Before for Timestamp {
    fn before(self, seconds: i64) -> Timestamp {
        Timestamp::from_ms(self.ms() - seconds * 1000)
    }
}

fn ask(facts: &Facts, seconds_before: i64, change: impl FnOnce(&mut Situation<'_>, &mut GuardConfig)) -> Verdict {
    ask_for(&Target::read(RungKind::Call, "+12025550123").unwrap(), facts, seconds_before, change)
}

fn ask_for(
    to: &Target,
    facts: &Facts,
    seconds_before: i64,
    change: impl FnOnce(&mut Situation<'_>, &mut GuardConfig),
) -> Verdict {
    let mut guards = GuardConfig::default();
    let base = GuardConfig::default();
    let mut s = Situation {
        now: START.before(seconds_before),
        to,
        has_message: true,
        stop: Stop::Absent,
        person: "ana",
        event: "abc123",
        guards: &base,
        ring_timeout: Duration::from_secs(45),
        repeat: Repeat::UntilAnswered,
        unreachable_at: None,
        stop_unknown_at: None,
    };
    change(&mut s, &mut guards);
    decide(facts, &Situation { guards: &guards, ..s })
}

fn reason(verdict: Verdict) -> (StepState, Reason, String) {
    match verdict {
        Verdict::Refuse(r) => (r.state, r.reason, r.detail),
        other => panic!("not a refusal: {other:?}"),
    }
}

fn skipped(why: Reason, detail: &str) -> (StepState, Reason, String) {
    (StepState::Skipped, why, detail.to_owned())
}

#[test]
fn a_step_inside_the_window_is_placed() {
    for seconds in [180, 120, 60, 1] {
        assert_eq!(ask(&facts(step()), seconds, |_, _| ()), Verdict::Place, "{seconds} s");
    }
}

#[test]
fn guard_0_refuses_an_empty_message_and_a_country_that_is_not_allowed() {
    let empty = ask(&facts(step()), 60, |s, _| s.has_message = false);
    assert_eq!(reason(empty), (StepState::Failed, Reason::EmptyMessage, "the message comes out empty".into()));
    let abroad = ask(&facts(step()), 60, |_, g| g.allowed_prefixes = vec!["+49".into(), "+44".into()]);
    let words = "****0123 is in no allowed country (+49, +44)";
    assert_eq!(reason(abroad), (StepState::Failed, Reason::InvalidNumber, words.into()));
    let home = ask(&facts(step()), 60, |_, g| g.allowed_prefixes = vec!["+1".into()]);
    assert_eq!(home, Verdict::Place);
}

#[test]
fn guard_1_refuses_the_third_call() {
    let third = ask(&facts(StepFacts { recent_calls: 2, ..step() }), 60, |_, _| ());
    assert_eq!(
        reason(third),
        skipped(Reason::MaxCallsExceeded, "ana already has 2 calls for event abc123, at most 2 in 10 min")
    );
    assert_eq!(ask(&facts(StepFacts { recent_calls: 1, ..step() }), 60, |_, _| ()), Verdict::Place);
}

#[test]
fn a_limit_says_how_many_of_its_attempts_may_not_have_rung_when_the_others_would_leave_room() {
    let refused = |verdict| match verdict {
        Verdict::Refuse(refusal) => (refusal.detail.rsplit_once(", at most ").unwrap().1.to_owned(), refusal.in_doubt),
        other => panic!("{other:?}"),
    };
    let calls = |recent_calls, recent_untaken| facts(StepFacts { recent_calls, recent_untaken, ..step() });
    let limit = |of: &Facts| refused(ask(of, 60, |_, _| ()));
    assert_eq!(limit(&calls(2, 1)), ("2 in 10 min; 1 of them may not have rung".into(), true));
    assert_eq!(limit(&calls(2, 2)), ("2 in 10 min; 2 of them may not have rung".into(), true));
    assert_eq!(limit(&calls(2, 0)), ("2 in 10 min".into(), false));
    assert_eq!(limit(&calls(3, 1)), ("2 in 10 min".into(), false), "those that were taken fill it alone");
    let own = Facts { calls_of_person_today: 20, untaken_of_person_today: 1, ..facts(step()) };
    assert_eq!(limit(&own), ("20; 1 of them may not have rung".into(), true));
    let all = Facts { calls_today: 200, untaken_today: 3, ..facts(step()) };
    assert_eq!(limit(&all), ("200; 3 of them may not have rung".into(), true));
    let sms = Target::read(RungKind::Sms, "+12025550123").unwrap();
    let sent = StepFacts { recent_calls: 2, recent_untaken: 1, ..due_early() };
    let sent = refused(ask_for(&sms, &facts(sent), 200, |_, _| ()));
    assert_eq!(sent, ("2 in 10 min; 1 of them may not have been sent".into(), true));
    let none = ask(&facts(step()), 60, |_, guards| guards.max_calls = 0);
    assert_eq!(refused(none), ("0 in 10 min".into(), false), "nothing fills a limit of none");
}

#[test]
fn guard_2_says_how_early_or_how_late() {
    let early = ask(&facts(step()), 300, |_, _| ());
    assert_eq!(
        reason(early),
        skipped(Reason::OutsideCriticalWindow, "300 s before the start, at most 180 s are allowed")
    );
    let late = ask(&facts(step()), -20, |_, _| ());
    assert_eq!(
        reason(late),
        skipped(Reason::OutsideCriticalWindow, "found 200 s after it was due, 20 s after the start")
    );
    assert_eq!(reason(ask(&facts(step()), 0, |_, _| ())).1, Reason::OutsideCriticalWindow);
}

#[test]
fn guard_7_refuses_everything_while_a_pause_holds() {
    let until = Some(START.before(60));
    let pause =
        PauseView { person: Some("ana".into()), since: START.before(900), until, reason: Some("a move".into()) };
    let paused = Facts { pause: Some(pause), ..facts(step()) };
    let words = "ana is paused until 1970-01-12T13:45:40.000Z: a move";
    assert_eq!(reason(ask(&paused, 61, |_, _| ())), skipped(Reason::Paused, words));
    assert_eq!(ask(&paused, 60, |_, _| ()), Verdict::Place);
    let joined =
        Facts { step: Some(StepFacts { incident_state: IncidentState::Resolved, ..step() }), ..paused.clone() };
    assert_eq!(reason(ask(&joined, 61, |_, _| ())).1, Reason::IncidentResolved, "what ended comes first");
    for kind in RungKind::ALL {
        let address = Address::read("+12025550123");
        let to = Target { kind: *kind, address };
        assert_eq!(reason(ask_for(&to, &paused, 61, |_, _| ())).1, Reason::Paused, "{kind}");
    }
    let test_call = Facts { step: None, ..paused };
    assert_eq!(reason(ask(&test_call, 61, |_, _| ())).1, Reason::Paused);
}

#[test]
fn guard_6_refuses_every_incident_that_is_not_open() {
    for state in IncidentState::ALL {
        let verdict = ask(&facts(StepFacts { incident_state: *state, ..step() }), 60, |_, _| ());
        if matches!(state, IncidentState::Acknowledged) {
            assert_eq!(reason(verdict), skipped(Reason::Acknowledged, "this step runs only while nobody has answered"));
        } else if !state.is_final() {
            assert_eq!(verdict, Verdict::Place);
        } else {
            assert_eq!(reason(verdict), skipped(Reason::IncidentResolved, &format!("the incident is {state}")));
        }
    }
    let old = ask(&facts(StepFacts { current: false, ..step() }), 60, |_, _| ());
    assert_eq!(reason(old).1, Reason::IncidentResolved);
}

fn there() -> Stop {
    Stop::There("/x/STOP".into())
}

fn unreadable() -> Stop {
    Stop::Unreadable { path: "/x/STOP".into(), error: "Input/output error".into() }
}

#[test]
fn a_stop_file_that_cannot_be_looked_at_keeps_a_step_waiting_and_ends_it_when_its_time_is_over() {
    let waits = |seconds| ask(&facts(step()), seconds, |s, _| s.stop = unreadable());
    assert_eq!([180, 1].map(waits), [Verdict::Wait(Reason::StopUnknown), Verdict::Wait(Reason::StopUnknown)]);
    // It is the reason only of what waited for it.
    let late = |waited: i64, stop: Stop, step: StepFacts| {
        let change = |s: &mut Situation<'_>, _: &mut GuardConfig| {
            (s.stop, s.stop_unknown_at) = (stop, Some(START.before(waited)));
        };
        reason(ask(&facts(step), -5, change))
    };
    let failed = |detail: &str| (StepState::Failed, Reason::StopUnknown, detail.to_owned());
    let now = "/x/STOP cannot be looked at: Input/output error";
    assert_eq!(late(180, unreadable(), step()), failed(now));
    assert_eq!(late(10, Stop::Absent, step()), failed("it can be looked at again, too late"));
    assert_eq!(late(181, unreadable(), step()).1, Reason::OutsideCriticalWindow);
    let unsent = Some(Unsent { times: 2, why: "connection refused".into() });
    let both = format!("{now}; tried 2 times and nothing left this machine: connection refused");
    assert_eq!(late(10, unreadable(), StepFacts { unsent, ..step() }), failed(&both));
}

#[test]
fn guard_7_stops_at_the_file_and_at_the_caps() {
    assert_eq!(reason(ask(&facts(step()), 60, |s, _| s.stop = there())).1, Reason::Paused);
    let own = Facts { calls_of_person_today: 20, ..facts(step()) };
    assert_eq!(
        reason(ask(&own, 60, |_, _| ())),
        skipped(Reason::DailyCap, "20 calls to ana in the last 24 hours, at most 20")
    );
    let all = Facts { calls_today: 200, ..facts(step()) };
    assert_eq!(
        reason(ask(&all, 60, |_, _| ())),
        skipped(Reason::DailyCap, "200 calls in the last 24 hours, at most 200")
    );
}

#[test]
fn guard_8_waits_for_an_open_attempt_a_live_call_and_the_gap() {
    let with = |number| Facts { number, ..facts(step()) };
    let wait = Verdict::Wait(Reason::NumberBusy);
    let open = with(NumberFacts { open_attempt: true, ..NumberFacts::default() });
    assert_eq!(ask(&open, 60, |_, _| ()), wait);
    for (rang_before, expected) in [(119, wait.clone()), (120, Verdict::Place)] {
        let rang = with(NumberFacts { last_rang_at: Some(START.before(rang_before)), ..NumberFacts::default() });
        assert_eq!(ask(&rang, 60, |_, _| ()), expected, "rang {rang_before} s before the start");
    }
    // 45 s of ringing and 15 s of slack, with a shorter gap so that only the live call can block.
    for (live_before, expected) in [(119, wait), (120, Verdict::Place)] {
        let live = with(NumberFacts { live_since: Some(START.before(live_before)), ..NumberFacts::default() });
        assert_eq!(ask(&live, 60, |_, g| g.number_gap = Duration::ZERO), expected, "live {live_before} s before");
    }
}

#[test]
fn a_step_that_waited_for_a_busy_number_until_the_start_says_so() {
    let number = NumberFacts { last_rang_at: Some(START.before(30)), ..NumberFacts::default() };
    let late = ask(&Facts { number, ..facts(step()) }, -10, |_, _| ());
    let words = "another call to this number was under way until the meeting started: the last one 30 s before it, \
                 1 min between two";
    assert_eq!(reason(late), skipped(Reason::NumberBusy, words));
    let before_due = NumberFacts { last_rang_at: Some(START.before(181)), ..NumberFacts::default() };
    let late = ask(&Facts { number: before_due, ..facts(step()) }, -10, |_, g| {
        g.number_gap = Duration::from_secs(600);
    });
    assert_eq!(reason(late).1, Reason::OutsideCriticalWindow);
    let for_another = NumberFacts { last_rang_at: Some(START.plus(Duration::from_secs(5))), ..NumberFacts::default() };
    let late = ask(&Facts { number: for_another, ..facts(step()) }, -10, |_, _| ());
    assert_eq!(reason(late).1, Reason::OutsideCriticalWindow, "a call after its time kept nothing waiting");
}

#[test]
fn a_step_that_waited_for_capacity_until_the_start_has_failed() {
    let late = ask(&facts(StepFacts { refused_for_capacity: true, ..step() }), -10, |_, _| ());
    let words = "the provider was at its limit until the meeting started";
    assert_eq!(reason(late), (StepState::Failed, Reason::Capacity, words.into()));
}

#[test]
fn a_test_call_obeys_number_and_brakes_but_neither_window_nor_limit() {
    let test_call = test_call();
    assert_eq!(ask(&test_call, 9999, |_, _| ()), Verdict::Place);
    assert_eq!(reason(ask(&test_call, 9999, |s, _| s.stop = there())).1, Reason::Paused);
    assert_eq!(ask(&test_call, 9999, |s, _| s.stop = unreadable()), Verdict::Wait(Reason::StopUnknown));
}

/// What is not a call, due 300 s before the start; asked so many seconds before it.
fn ask_kind(kind: RungKind, step: StepFacts, seconds_before: i64) -> Verdict {
    let address = if kind == RungKind::Email { "ana@example.com" } else { "+12025550123" };
    let to = Target::read(kind, address).unwrap();
    let number = NumberFacts { last_rang_at: Some(START.before(seconds_before)), ..NumberFacts::default() };
    let facts = Facts { number, calls_of_person_today: 1000, calls_today: 1000, ..facts(step) };
    ask_for(&to, &facts, seconds_before, |_, g| g.allowed_prefixes = vec!["+49".into()])
}

fn due_early() -> StepFacts {
    StepFacts { due_at: START.before(300), ..step() }
}

#[test]
fn each_guard_holds_for_its_kinds() {
    // Neither the window, the caps nor a phone that rang just now: only numbers have countries.
    let crowded = StepFacts { recent_calls: 99, later: ready(When::Always), ..due_early() };
    for kind in [RungKind::Email, RungKind::Webhook, RungKind::Command] {
        assert_eq!(ask_kind(kind, crowded.clone(), 250), Verdict::Place, "{kind}");
    }
    for kind in [RungKind::Call, RungKind::Sms] {
        assert_eq!(reason(ask_kind(kind, due_early(), 100)).1, Reason::InvalidNumber, "{kind}");
    }
    for kind in RungKind::ALL {
        let over = StepFacts { incident_state: IncidentState::Resolved, ..due_early() };
        assert_eq!(reason(ask_kind(*kind, over, 100)).1, Reason::IncidentResolved, "{kind}");
    }
}

#[test]
fn what_is_no_call_has_from_its_due_time_until_its_deadline() {
    for kind in [RungKind::Email, RungKind::Webhook, RungKind::Command] {
        assert_eq!(ask_kind(kind, due_early(), 301), Verdict::Wait(Reason::NotDue));
        assert_eq!(
            (ask_kind(kind, due_early(), 300), ask_kind(kind, due_early(), 1)),
            (Verdict::Place, Verdict::Place)
        );
        let late = reason(ask_kind(kind, due_early(), 0));
        assert_eq!(late, skipped(Reason::TooLate, "found 300 s after it was due, 0 s after it made no sense any more"));
        let after = StepFacts { due_at: START.before(-300), deadline_at: START.before(-900), ..step() };
        assert_eq!(ask_kind(kind, after.clone(), -300), Verdict::Place);
        assert_eq!(reason(ask_kind(kind, after, -900)).1, Reason::TooLate);
        let crowded = StepFacts { refused_for_capacity: true, ..due_early() };
        assert_eq!(reason(ask_kind(kind, crowded, 0)).1, Reason::Capacity);
    }
}

#[test]
fn messages_have_a_limit_and_a_phone_of_their_own() {
    let sms = Target::read(RungKind::Sms, "+12025550123").unwrap();
    let ask_sms = |facts: &Facts| ask_for(&sms, facts, 200, |_, _| ());
    let sent = |n| facts(StepFacts { recent_calls: n, ..due_early() });
    assert_eq!(ask_sms(&sent(1)), Verdict::Place);
    let third = reason(ask_sms(&sent(2)));
    assert_eq!(
        third,
        skipped(Reason::MaxSmsExceeded, "ana already has 2 messages for event abc123, at most 2 in 10 min")
    );
    let now = Some(START.before(200));
    let rang = NumberFacts { live_since: now, last_rang_at: now, ..NumberFacts::default() };
    assert_eq!(ask_sms(&Facts { number: rang, ..sent(0) }), Verdict::Place, "a message disturbs nobody");
    let open = NumberFacts { open_attempt: true, ..NumberFacts::default() };
    assert_eq!(ask_sms(&Facts { number: open, ..sent(0) }), Verdict::Wait(Reason::NumberBusy));
}

#[test]
fn an_answer_stops_what_runs_only_while_nobody_has_answered() {
    for when in When::ALL {
        let answered = StepFacts { incident_state: IncidentState::Acknowledged, when: *when, ..step() };
        let (until_answered, until_joined) = (
            ask(&facts(answered.clone()), 60, |_, _| ()),
            ask(&facts(answered), 60, |s, _| s.repeat = Repeat::UntilJoined),
        );
        assert_eq!(until_joined, Verdict::Place, "{when}");
        if *when == When::Unanswered {
            assert_eq!(
                reason(until_answered),
                skipped(Reason::Acknowledged, "this step runs only while nobody has answered")
            );
        } else {
            assert_eq!(until_answered, Verdict::Place, "{when}");
        }
    }
}

#[test]
fn what_the_guards_saw_stands_in_one_line_with_its_numbers() {
    let number = NumberFacts { last_rang_at: Some(START.before(300)), ..NumberFacts::default() };
    let crowd =
        Facts { calls_of_person_today: 3, calls_today: 12, ..facts(StepFacts { recent_calls: 1, ..due_early() }) };
    let account = |kind, facts: &Facts, allowed: &[&str]| {
        let to = Target::read(kind, if kind == RungKind::Email { "a@example.com" } else { "+12025550123" }).unwrap();
        let allowed_prefixes = allowed.iter().map(|p| (*p).to_owned()).collect();
        let guards = GuardConfig { allowed_prefixes, ..GuardConfig::default() };
        let (person, event, repeat) = ("ana", "abc123", Repeat::UntilAnswered);
        let ring_timeout = Duration::from_secs(45);
        let (now, has_message, stop) = (START.before(178), true, Stop::Absent);
        let (guards, unreachable_at, stop_unknown_at) = (&guards, None, None);
        let s = Situation {
            now,
            to: &to,
            has_message,
            stop,
            person,
            event,
            guards,
            ring_timeout,
            repeat,
            unreachable_at,
            stop_unknown_at,
        };
        super::account(facts, &s)
    };
    assert_eq!(
        account(RungKind::Call, &crowd, &[]),
        "window: 178 s before the start, 180 s allowed; calls: 1 of 2 in 10 min; ana today: 3 of 20; all: 12 of 200; \
         number free"
    );
    let rang = account(RungKind::Call, &Facts { number, ..crowd.clone() }, &["+1", "+44"]);
    assert!(rang.starts_with("country: one of +1, +44; window: ") && rang.ends_with("; number free, called 122 s ago"));
    let in_time = "in time: 122 s after it was due, 178 s before it is too late";
    let sms = account(RungKind::Sms, &crowd, &[]);
    assert_eq!(sms, format!("{in_time}; messages: 1 of 2 in 10 min; number free"));
    assert_eq!(account(RungKind::Email, &crowd, &["+1"]), in_time);
    let test_call = Facts { step: None, ..crowd };
    assert_eq!(account(RungKind::Call, &test_call, &[]), "ana today: 3 of 20; all: 12 of 200; number free");
}

/// A later rung may be tried now.
fn ready(when: When) -> LaterRungs {
    LaterRungs { due: Some(when), ready: true, ..LaterRungs::default() }
}

//! A call that was taken and ends `failed`, a message that is not delivered: a refusal that comes late. The next rung of
//! another kind is due, and the tick exits with 1.

use crate::explain::stories;
use crate::support::cli::{ANA, Cli, twilio};
use crate::support::fake_twilio::{Behaviour, FakeTwilio, TOKEN};
use crate::support::stand_in::StandIn;
use crate::support::world::World;
use savehub::exit::Exit;
use savehub::model::{
    Accepted, AckHow, Address, CallReport, CallStatus, MeetingId, Outcome, ProviderKind, RejectionClass, RungKind,
};
use savehub::provider::mock::Mock;
use savehub::store::Acknowledgement;
use savehub::tick::Summary;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

const DONE: &str = "EXECUTED(initiated)";

/// A world whose provider takes everything, and what it says of each call and message afterwards.
struct Told {
    world: World,
    ends: Arc<Mutex<HashMap<String, CallReport>>>,
}

fn rung(kind: &str, at: &str) -> String {
    let channel = if kind == "webhook" { "use = \"ntfy\"\n" } else { "" };
    format!("[[ladder]]\nstep = \"{kind}\"\n{channel}before = \"{at}\"\n")
}

fn told(rungs: &[(&str, &str)]) -> Told {
    let ladder: String = rungs.iter().map(|(kind, at)| rung(kind, at)).collect();
    let config = format!("{ladder}[webhook.ntfy]\nurl = \"https://ntfy.example/x\"\n");
    let ends = Arc::<Mutex<HashMap<String, CallReport>>>::default();
    let known = Arc::clone(&ends);
    let mut twilio = StandIn::new(Arc::new(Mock::new(&[])))
        .placing(|_, request, gate| {
            gate.pass().unwrap();
            let sid = format!("CA-of-{}", request.facts.step.unwrap());
            let followed = matches!(request.to.kind, RungKind::Call | RungKind::Sms);
            let status = if followed { CallStatus::Queued } else { CallStatus::Done };
            stories::reply(Outcome::Accepted(Accepted { sid, status }))
        })
        .looking(move |_, sid, _, _| {
            let queued = CallReport::of(CallStatus::Queued);
            Ok(known.lock().unwrap().get(sid).cloned().unwrap_or(queued))
        });
    twilio.name = Some((ProviderKind::Twilio, "AC0001"));
    Told { world: World::on_phone(&config, Arc::new(twilio)), ends }
}

impl Told {
    /// The provider says from now on that this rung's call or message ended so.
    fn ends(&self, meeting: MeetingId, rung: usize, status: CallStatus, error: Option<(u32, RejectionClass)>) {
        let step = self.world.incident(meeting).steps[rung].id;
        let (error_code, class) = error.unzip();
        let report = CallReport { error_code, class, ..CallReport::of(status) };
        self.ends.lock().unwrap().insert(format!("CA-of-{step}"), report);
    }

    fn tick_after(&self, secs: u64) -> Summary {
        self.world.advance(secs);
        self.world.tick()
    }
}

fn next_of(summary: &Summary) -> Vec<Option<RungKind>> {
    summary.late_ends.iter().map(|end| end.next).collect()
}

#[test]
fn a_message_that_is_not_delivered_makes_the_next_rung_of_another_kind_due_once_and_the_tick_exits_1() {
    let t = told(&[("sms", "5m"), ("sms", "4m"), ("call", "3m"), ("webhook", "1m")]);
    let (w, m) = (&t.world, t.world.meeting("in 5m"));
    assert_eq!(w.tick().exit(), Exit::Done);
    t.ends(m, 0, CallStatus::Undelivered, Some((30034, RejectionClass::Ours)));
    let summary = t.tick_after(20);
    assert_eq!(w.steps(m), [DONE, "PENDING", "PENDING", DONE], "the webhook's time was four minutes later");
    assert_eq!((summary.exit(), next_of(&summary)), (Exit::NotDone, vec![Some(RungKind::Webhook)]));
    let end = &summary.late_ends[0];
    assert_eq!((end.error_code, end.call_status, end.to.as_str()), (Some(30034), CallStatus::Undelivered, "****0101"));
    stories::is_as_expected("status/more/undelivered-for-the-next-rung", &stories::text(w, &m.to_string()));
    let again = t.tick_after(20);
    assert_eq!((again.exit(), again.late_ends.len()), (Exit::Done, 0), "told once");
    t.tick_after(20);
    t.tick_after(60);
    assert_eq!(w.steps(m), [DONE; 4], "its code says nothing about the person's number");
}

#[test]
fn a_code_of_the_target_ends_its_later_rungs_of_that_channel_alone() {
    let t = told(&[("sms", "5m"), ("sms", "4m"), ("call", "3m"), ("webhook", "1m")]);
    let (w, m) = (&t.world, t.world.meeting("in 5m"));
    w.tick();
    t.ends(m, 0, CallStatus::Undelivered, Some((30006, RejectionClass::Callee)));
    assert_eq!(t.tick_after(20).exit(), Exit::NotDone);
    assert_eq!(w.steps(m), [DONE, "SKIPPED(invalid_number)", "PENDING", DONE]);
    assert_eq!(t.tick_after(100).exit(), Exit::Done);
    assert_eq!(w.steps(m)[2], DONE, "a landline rings");
}

#[test]
fn a_call_that_ends_failed_stays_counted_and_its_next_call_has_its_own_time() {
    let t = told(&[("call", "3m"), ("call", "150s"), ("sms", "60s")]);
    let (w, m) = (&t.world, t.world.meeting("in 3m"));
    w.tick();
    t.ends(m, 0, CallStatus::Failed, None);
    let summary = t.tick_after(30);
    assert_eq!(w.steps(m), [DONE, "PENDING", DONE], "the next call is due, and the gap holds");
    assert_eq!((summary.exit(), next_of(&summary)), (Exit::NotDone, vec![Some(RungKind::Sms)]));
    assert_eq!(t.tick_after(30).exit(), Exit::Done);
    assert_eq!(w.steps(m), [DONE, DONE, DONE]);
    t.ends(m, 1, CallStatus::NoAnswer, None);
    w.tick();
    w.advance(70);
    w.move_to(m, "in 100s");
    w.tick();
    assert_eq!(w.steps(m)[0], "SKIPPED(max_calls_exceeded)", "both calls count");
}

#[test]
fn a_call_to_a_number_that_cannot_be_called_ends_the_later_calls_to_it() {
    let t = told(&[("call", "3m"), ("call", "90s"), ("sms", "60s")]);
    let (w, m) = (&t.world, t.world.meeting("in 3m"));
    w.tick();
    t.ends(m, 0, CallStatus::Failed, Some((21214, RejectionClass::Callee)));
    assert_eq!(t.tick_after(30).exit(), Exit::NotDone);
    assert_eq!(w.steps(m), [DONE, "SKIPPED(invalid_number)", DONE]);
}

#[test]
fn of_a_call_that_several_meetings_share_each_has_its_next_rung() {
    let t = told(&[("call", "3m"), ("webhook", "1m")]);
    let w = &t.world;
    let (board, dentist) = (w.meeting("in 3m"), w.meeting_of("ana", "Dentist", "in 3m"));
    w.tick();
    for m in [board, dentist] {
        t.ends(m, 0, CallStatus::Failed, None);
    }
    let summary = t.tick_after(30);
    assert_eq!(next_of(&summary), [Some(RungKind::Webhook), Some(RungKind::Webhook)]);
    assert_eq!((w.steps(board)[1].as_str(), w.steps(dentist)[1].as_str()), (DONE, DONE));
}

#[test]
fn nobody_misses_it_who_has_checked_in_or_answered() {
    for answers in [false, true] {
        let t = told(&[("sms", "5m"), ("webhook", "1m")]);
        let (w, m) = (&t.world, t.world.meeting("in 5m"));
        w.tick();
        if answers {
            let by = Address::read("+12025550101");
            let said = Acknowledgement { how: AckHow::CallBack, by };
            assert!(w.parts.store.acknowledge(w.incident(m).id, &said, w.now()).unwrap());
        } else {
            w.check_in(m);
        }
        t.ends(m, 0, CallStatus::Undelivered, None);
        let summary = t.tick_after(20);
        assert_eq!((summary.exit(), summary.late_ends.len()), (Exit::Done, 0));
        assert_eq!(w.steps(m)[1], if answers { "PENDING" } else { "CANCELLED(joined)" });
    }
}

#[test]
fn a_late_end_that_is_learnt_after_the_start_moves_nothing_and_is_told() {
    let t = told(&[("sms", "3m")]);
    let (w, m) = (&t.world, t.world.meeting("in 3m"));
    w.tick();
    w.advance(200);
    t.ends(m, 0, CallStatus::Undelivered, None);
    let summary = w.tick();
    assert_eq!((summary.exit(), next_of(&summary)), (Exit::NotDone, vec![None]));
    assert_eq!(w.steps(m), [DONE]);
}

#[test]
fn a_busy_or_silent_phone_and_a_call_that_was_ended_are_no_failure() {
    for status in [CallStatus::Busy, CallStatus::NoAnswer, CallStatus::Canceled, CallStatus::Completed] {
        let t = told(&[("call", "3m"), ("webhook", "1m")]);
        let (w, m) = (&t.world, t.world.meeting("in 3m"));
        w.tick();
        t.ends(m, 0, status, None);
        assert_eq!(t.tick_after(30).exit(), Exit::Done, "{status}");
        assert_eq!(w.steps(m), [DONE, "PENDING"], "{status}");
    }
}

#[test]
fn a_call_whose_answer_was_lost_and_that_failed_is_told_when_it_is_found() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.fake().script([Behaviour::AcceptAndLoseReply]);
    w.tick();
    w.fake().set_status(&w.fake().calls()[0].sid, "failed");
    w.advance(30);
    let summary = w.tick();
    assert_eq!((w.steps(m)[0].as_str(), summary.exit(), summary.late_ends.len()), (DONE, Exit::NotDone, 1));
}

#[test]
fn what_twilio_says_of_a_message_tells_whose_fault_it_is() {
    let ladder = [("sms", "5m"), ("sms", "4m"), ("call", "3m")].map(|(kind, at)| rung(kind, at)).concat();
    let w = World::on_twilio(&ladder);
    let m = w.meeting("in 5m");
    w.fake().set_message_life(&[(1, "undelivered", Some(30006))]);
    w.tick();
    w.advance(30);
    assert_eq!(w.tick().exit(), Exit::NotDone);
    assert_eq!(w.steps(m), [DONE, "SKIPPED(invalid_number)", "PENDING"]);
}

#[test]
fn the_program_prints_it_and_exits_with_1() {
    let fake = FakeTwilio::start();
    let cli = Cli::with(&twilio(&fake.base_url(), TOKEN, &format!("[engine]\npreflight = false\n{ANA}")));
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 170s"]);
    cli.ok(&["tick"]);
    let call = fake.calls().remove(0);
    fake.set_status(&call.sid, "failed");
    let ran = cli.run(&["tick"]);
    let words = "was taken, and the provider could not bring it to the phone.";
    let line = format!("i1 Board sync (ana): failed: the call to ****0101, {}, {words}\n", call.sid);
    assert_eq!((ran.code, ran.out.as_str()), (1, line.as_str()), "{}", ran.err);
    assert_eq!(cli.run(&["tick"]).code, 0);
}

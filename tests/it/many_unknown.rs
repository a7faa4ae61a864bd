//! Many attempts nobody has an answer for: they are settled side by side, and due calls do not wait for them.

use crate::support::fake_twilio::{Behaviour, Endpoint, Latch};
use crate::support::world::World;
use savehub::model::Phone;
use savehub::tick;

const UNKNOWN: usize = 50;

#[test]
fn fifty_unknown_attempts_are_settled_in_parallel_and_a_due_call_does_not_wait() {
    let mut w = World::on_twilio("");
    w.change_config(|config| {
        // What is looked at here is settling; a look before each call would be one more list.
        config.engine.preflight = false;
        let ana = config.people[0].clone();
        let person = |i: usize| {
            let phone = Phone::parse(&format!("+120255501{:02}", i + 3)).unwrap();
            savehub::config::Person { id: format!("p{i}"), phone, ..ana.clone() }
        };
        config.people.extend((0..UNKNOWN).map(person));
    });
    let meetings: Vec<_> = (0..UNKNOWN).map(|i| w.meeting_of(&format!("p{i}"), "Stand-up", "in 170s")).collect();
    w.fake().script((0..UNKNOWN).map(|_| Behaviour::AcceptAndLoseReply));
    w.tick();
    assert!(meetings.iter().all(|m| w.attempt_states(*m) == ["UNKNOWN"]));

    w.advance(30);
    w.meeting("in 100s");
    let door = Latch::default();
    let lists = w.fake().requests().iter().filter(|r| r.target.contains("Calls.json?")).count();
    w.fake()
        .script_for(Endpoint::List, (0..UNKNOWN).map(|_| Behaviour::Delay(door.clone(), Box::new(Behaviour::Answer))));
    std::thread::scope(|scope| {
        let ticking = scope.spawn(|| tick::tick(&w.parts).unwrap());
        // The due call is placed while not a single list has been answered, and the lists are asked for side by side.
        w.fake().wait_for_creates(UNKNOWN + 1);
        let side_by_side = UNKNOWN.min(w.parts.config.engine.parallel);
        w.fake().wait_for_requests(UNKNOWN + 1 + lists + side_by_side);
        door.open();
        ticking.join().unwrap();
    });
    w.phone("ana").rang(1);
    assert!(meetings.iter().all(|m| w.attempt_states(*m) == ["ACCEPTED"]), "every lost call is found");
}

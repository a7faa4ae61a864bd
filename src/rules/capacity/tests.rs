use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_ms(1_000_000);

const TURNS: Turns = Turns { now: NOW, first: NOW, every: Duration::from_secs(1) };

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(NOW.ms() + seconds * 1000)
}

/// A job that can use so many turns, of one each second: its last start is in the last of them.
fn job(usable: i64, called: bool) -> Job {
    // The first turn is now; nobody could use none but one whose deadline is over.
    let deadline_at = if usable == 0 { NOW } else { at(usable - 1 + 5) };
    Job { deadline_at, called }
}

/// How many first and second calls the best choice serves: every choice is tried, and each by matching every call to a
/// turn of its own.
fn best(turns: &Turns, jobs: &[Job]) -> (usize, usize) {
    let choices = 0..1_u32 << jobs.len();
    let served = choices.filter_map(|choice| {
        let chosen: Vec<Job> = (0..jobs.len()).filter(|i| choice >> i & 1 == 1).map(|i| jobs[i]).collect();
        let firsts = chosen.iter().filter(|job| !job.called).count();
        each_has_a_turn(turns, &chosen).then_some((firsts, chosen.len() - firsts))
    });
    served.max().unwrap_or_default()
}

/// A perfect matching of calls to turns (augmenting paths), in which a turn suits a call by its time alone.
fn each_has_a_turn(turns: &Turns, jobs: &[Job]) -> bool {
    fn give(job: usize, suits: &dyn Fn(usize, usize) -> bool, held: &mut [Option<usize>], seen: &mut [bool]) -> bool {
        for turn in 0..held.len() {
            if suits(job, turn) && !seen[turn] {
                seen[turn] = true;
                if held[turn].is_none_or(|other| give(other, suits, held, seen)) {
                    held[turn] = Some(job);
                    return true;
                }
            }
        }
        false
    }
    let suits = |job: usize, turn: usize| is_in_time(turns, &jobs[job], turns.at(turn));
    let mut held = vec![None; jobs.len()];
    (0..jobs.len()).all(|job| give(job, &suits, &mut held, &mut vec![false; jobs.len()]))
}

fn is_in_time(turns: &Turns, job: &Job, start: Timestamp) -> bool {
    start < job.deadline_at && (start.plus(RINGS_FOR) <= job.deadline_at || start == turns.now)
}

#[track_caller]
fn is_best(turns: &Turns, jobs: &[Job]) {
    let served = serve(turns, jobs);
    let firsts = served.starts.iter().filter(|(index, _)| !jobs[*index].called).count();
    assert_eq!((firsts, served.starts.len() - firsts), best(turns, jobs), "{turns:?} {jobs:?}");
    assert!(served.starts.iter().all(|(i, start)| is_in_time(turns, &jobs[*i], *start)), "{turns:?} {jobs:?}");
    let mut all: Vec<usize> = served.starts.iter().map(|(index, _)| *index).chain(served.cannot).collect();
    all.sort_unstable();
    assert_eq!(all, (0..jobs.len()).collect::<Vec<_>>());
}

#[test]
fn no_choice_serves_more_in_any_case_of_up_to_six_calls() {
    fn grow(jobs: &mut Vec<Job>, kinds: &[Job], from: usize, count: &mut usize) {
        is_best(&TURNS, jobs);
        *count += 1;
        if jobs.len() == 6 {
            return;
        }
        // Which of two that are alike comes first is no other case.
        for (place, kind) in kinds.iter().enumerate().skip(from) {
            jobs.push(*kind);
            grow(jobs, kinds, place, count);
            jobs.pop();
        }
    }
    let kinds: Vec<Job> = (0..=6).flat_map(|usable| [job(usable, false), job(usable, true)]).collect();
    let mut count = 0;
    grow(&mut Vec::new(), &kinds, 0, &mut count);
    assert_eq!(count, 38_760, "every case: 14 kinds of calls, none to six of them");
}

fn any_job() -> impl Strategy<Value = Job> {
    (-2_000_i64..20_000, any::<bool>())
        .prop_map(|(ms, called)| Job { deadline_at: Timestamp::from_ms(NOW.ms() + ms), called })
}

proptest! {
    #[test]
    fn no_choice_serves_more_at_any_time_and_pace(
        jobs in proptest::collection::vec(any_job(), 0..9),
        first in -5_000_i64..10_000,
        every in 0_u64..4_000,
    ) {
        let first = Timestamp::from_ms(NOW.ms() + first);
        is_best(&Turns { first, every: Duration::from_millis(every), ..TURNS }, &jobs);
    }
}

#[test]
fn a_call_that_could_ring_for_five_seconds_is_served() {
    let cannot = |deadline, first| {
        let job = Job { deadline_at: at(deadline), called: false };
        !serve(&Turns { first: at(first), ..TURNS }, &[job]).cannot.is_empty()
    };
    assert!(!cannot(6, 1));
    assert!(cannot(5, 1));
    assert!(!cannot(1, 0), "whose turn is now is called, however near the start");
    assert!(cannot(0, 0));
}

#[test]
fn the_earliest_deadline_is_served_first_and_a_first_call_before_a_second() {
    let jobs = [job(9, true), job(9, false), job(3, true), job(9, false)];
    let order: Vec<usize> = serve(&TURNS, &jobs).starts.into_iter().map(|(index, _)| index).collect();
    assert_eq!(order, [2, 1, 3, 0]);
}

#[test]
fn a_second_call_gives_its_turn_to_a_first_one() {
    let jobs = [job(1, true), job(2, false), job(2, false)];
    assert_eq!(serve(&TURNS, &jobs).cannot, [0]);
}

#[test]
fn of_calls_that_are_alike_those_at_the_end_of_the_list_cannot_be_served() {
    assert_eq!(serve(&TURNS, &[job(2, false); 5]).cannot, [2, 3, 4]);
}

fn waiter(usable: i64, phone: u8) -> Waiter<u8> {
    Waiter { job: job(usable, false), phone }
}

#[test]
fn meetings_of_one_phone_share_a_turn() {
    assert_eq!(unschedulable(&TURNS, &[waiter(1, 1), waiter(1, 1), waiter(2, 2)]), [0; 0]);
    assert_eq!(unschedulable(&TURNS, &[waiter(1, 1), waiter(1, 2), waiter(1, 2)]), [1, 2]);
}

#[test]
fn the_later_meeting_of_a_phone_is_called_when_the_earlier_one_cannot_be() {
    let late = [waiter(1, 1), waiter(1, 2), waiter(3, 2)];
    assert_eq!(unschedulable(&TURNS, &late), [1]);
}

#[test]
fn thousands_of_calls_are_sorted_at_once() {
    let jobs: Vec<Job> = (0..20_000).map(|n| job(1 + n % 180, n % 3 == 0)).collect();
    let served = serve(&TURNS, &jobs);
    assert_eq!((served.starts.len(), served.cannot.len()), (180, 19_820));
}

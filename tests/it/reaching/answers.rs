//! What a person does, and which rungs that stops.

use crate::reaching::story::{DETECTION, Story};
use crate::support::phone;
use savehub::model::AckHow;

const MAIL: &str = "-720 mail ana@example.com";
const SMS: &str = "-300 sms +12025550101";
const FIRST: &str = "-180 call +12025550101";
const SECOND: &str = "-90 call +12025550101";
const BEA: &str = "300 sms +12025550103";
const NTFY: &str = "360 webhook";
const LAMP: &str = "420 command";

const DONE: &str = "EXECUTED(initiated)";
const JOINED: &str = "CANCELLED(joined)";

/// Keys are listened for.
const KEYS: &str = "[hear]\nkey_bin = \"https://handler.twilio.com/twiml/EH1\"\n";

/// To the end of the ladder and of the grace time.
fn to_the_end(story: &Story) -> Vec<String> {
    story.until(-16 * 60);
    story.reached()
}

/// How it is acknowledged, and by whom; `None` when it is not.
fn acknowledged(story: &Story) -> Option<(AckHow, String)> {
    story.w.incident(story.meeting).acknowledged.map(|ack| (ack.how, ack.by))
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

#[test]
fn a_reply_after_the_message_stops_everything() {
    let story = Story::new("");
    story.until(270);
    story.w.fake().gets_message(&phone(1), "1");
    story.until(240);
    assert_eq!(story.state(), "RESOLVED(joined)");
    assert_eq!(to_the_end(&story), [MAIL, SMS]);
    assert_eq!(story.steps(), [DONE, DONE, JOINED, JOINED, JOINED, JOINED, JOINED]);
}

#[test]
fn a_call_a_human_answers_stops_the_second_one_but_not_what_goes_on_until_somebody_is_there() {
    let story = Story::new(DETECTION);
    story.human();
    assert_eq!(to_the_end(&story), [MAIL, SMS, FIRST, BEA, NTFY, LAMP]);
    assert_eq!(acknowledged(&story), Some((AckHow::Answered, "****0101".into())));
    assert_eq!(story.steps(), [DONE, DONE, DONE, "SKIPPED(acknowledged)", DONE, DONE, DONE]);
    assert_eq!(story.state(), "MISSED(no_check_in)", "answered is not joined");
}

#[test]
fn who_has_answered_and_checks_in_later_is_there() {
    let story = Story::new(DETECTION);
    story.human().until(60);
    assert_eq!(story.state(), "ACKNOWLEDGED");
    story.w.fake().gets_message(&phone(1), "joined");
    assert_eq!(to_the_end(&story), [MAIL, SMS, FIRST]);
    assert_eq!(story.state(), "RESOLVED(joined)");
    assert_eq!(story.steps(), [DONE, DONE, DONE, "SKIPPED(acknowledged)", JOINED, JOINED, JOINED]);
}

#[test]
fn a_call_that_was_picked_up_stops_nothing_unless_somebody_listens_who_it_was() {
    let story = Story::new("");
    story.human();
    assert_eq!(to_the_end(&story), [MAIL, SMS, FIRST, SECOND, BEA, NTFY, LAMP]);
    assert_eq!(acknowledged(&story), None);
}

#[test]
fn until_joined_an_answer_stops_nothing() {
    let story = Story::new("machine_detection = true\nrepeat = \"until-joined\"\n");
    story.human();
    assert_eq!(to_the_end(&story), [MAIL, SMS, FIRST, SECOND, BEA, NTFY, LAMP]);
    assert_eq!(acknowledged(&story), Some((AckHow::Answered, "****0101".into())));
}

#[test]
fn the_first_key_says_joined_and_the_second_missed() {
    for (key, state, steps) in
        [('1', "RESOLVED(joined)", JOINED), ('2', "MISSED(said_missed)", "CANCELLED(said_missed)")]
    {
        let story = Story::new(KEYS);
        story.human().until(150);
        story.w.fake().presses(&story.calls()[0], key);
        assert_eq!(to_the_end(&story), [MAIL, SMS, FIRST], "{key}");
        assert_eq!((story.state().as_str(), &story.steps()[3..]), (state, &words([steps; 4])[..]), "{key}");
    }
}

#[test]
fn who_calls_back_is_on_it_and_is_not_called_again() {
    let story = Story::new("");
    story.until(150);
    story.w.fake().gets_call(&phone(1));
    story.until(120);
    assert_eq!(
        (story.state().as_str(), acknowledged(&story)),
        ("ACKNOWLEDGED", Some((AckHow::CallBack, "****0101".into())))
    );
    assert_eq!(to_the_end(&story), [MAIL, SMS, FIRST, BEA, NTFY, LAMP]);
    assert_eq!(story.state(), "MISSED(no_check_in)", "on it is not there");
}

#[test]
fn nobody_elses_reply_or_call_stops_anything() {
    let story = Story::new(KEYS);
    story.until(270);
    for stranger in [phone(3), phone(66)] {
        story.w.fake().gets_message(&stranger, "1");
        story.w.fake().gets_message(&stranger, "2");
        story.w.fake().gets_call(&stranger);
    }
    assert_eq!(to_the_end(&story), [MAIL, SMS, FIRST, SECOND, BEA, NTFY, LAMP]);
    assert_eq!((story.state().as_str(), acknowledged(&story)), ("MISSED(no_check_in)", None));
}

#[test]
fn the_contact_who_was_told_cannot_answer_for_the_person() {
    let story = Story::new("");
    story.until(-300);
    let told = story.w.fake().sent().pop().unwrap();
    let tag = told.body.rsplit_once('#').unwrap().1;
    for reply in ["1".to_owned(), format!("1 {tag}"), format!("joined {tag}")] {
        story.w.fake().gets_message(&phone(3), &reply);
    }
    story.w.fake().gets_call(&phone(3));
    story.until(-600);
    assert_eq!((story.state().as_str(), acknowledged(&story)), ("ESCALATING", None));
}

#[test]
fn what_was_said_before_anything_was_sent_does_not_count() {
    let story = Story::new("");
    story.w.fake().gets_message(&phone(1), "1");
    story.w.fake().gets_call(&phone(1));
    assert_eq!(to_the_end(&story), [MAIL, SMS, FIRST, SECOND, BEA, NTFY, LAMP]);
    assert_eq!((story.state().as_str(), acknowledged(&story)), ("MISSED(no_check_in)", None));
}

#[test]
fn one_reply_is_for_one_meeting_however_often_it_is_listed() {
    let story = Story::new("");
    story.until(270);
    story.w.fake().gets_message(&phone(1), "1");
    story.until(240);
    let next = story.w.meeting_of("ana", "Interview", "in 10m");
    story.until(-360);
    assert_eq!((story.state().as_str(), story.w.state(next).as_str()), ("RESOLVED(joined)", "ESCALATING"));
    let asked = story.w.fake().requests().iter().filter(|r| r.target.contains("DateSent")).count();
    assert!(asked > 10, "it was listed again and again: {asked}");
}

#[test]
fn with_a_shared_phone_only_the_code_says_who_answers() {
    let people = "[[contact]]\nname = \"Bea\"\nphone = \"+12025550103\"\n";
    let person = |id: &str| {
        format!(
            "[[person]]\nid = \"{id}\"\nphone = \"+12025550101\"\nemail = \"{id}@example.com\"\nzone = \"UTC\"\n\
             shared_phone = true\n"
        )
    };
    let story = Story::among(&format!("{}{}{people}", person("ana"), person("ben")), "Board sync", "");
    let bens = story.w.meeting_of("ben", "Interview", "in 16m");
    story.until(210);
    story.w.fake().gets_message(&phone(1), "1");
    story.w.fake().gets_call(&phone(1));
    story.tick();
    assert_eq!([story.state(), story.w.state(bens)], ["ESCALATING"; 2]);
    let to_ben = story.w.fake().sent().into_iter().find(|sms| sms.body.starts_with("Interview ")).unwrap();
    story.w.fake().gets_message(&phone(1), &format!("1 {}", to_ben.body.rsplit_once('#').unwrap().1));
    story.tick();
    assert_eq!([story.state(), story.w.state(bens)], ["ESCALATING", "RESOLVED(joined)"]);
}

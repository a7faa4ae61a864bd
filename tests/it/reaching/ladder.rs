//! A ladder nobody answers, from the mail to the colleague.

use crate::reaching::story::{DETECTION, Story};
use crate::support::wire::{Request, field};
use savehub::config::from_text;
use serde_json::{Value, json};

/// Up to the second call, which goes to voicemail, and on to the end.
fn climbed() -> Story {
    let story = Story::new(DETECTION);
    story.until(120).voicemail().until(-16 * 60);
    story
}

#[test]
fn every_rung_of_the_example_reaches_somebody_at_its_time_and_only_once() {
    let story = climbed();
    let expected = [
        "-720 mail ana@example.com",
        "-300 sms +12025550101",
        "-180 call +12025550101",
        "-90 call +12025550101",
        "300 sms +12025550103",
        "360 webhook",
        "420 command",
    ];
    assert_eq!(story.reached(), expected);
    assert_eq!((story.steps(), story.state()), (vec!["EXECUTED(initiated)".into(); 7], "MISSED(no_check_in)".into()));
}

#[test]
fn each_channel_says_its_words() {
    let story = climbed();
    let mail = story.smtp.mails().remove(0);
    let (head, body) = mail.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("\r\nSubject: Board sync starts at 9:15\r\n"), "{head}");
    assert_eq!(body, "Hello Ana. This is savehub. Board sync starts in 12 minutes, at 9:15.\r\n");
    let texts: Vec<String> = story.w.fake().sent().into_iter().map(|sms| sms.body).collect();
    let words: Vec<&str> = texts.iter().filter_map(|text| text.rsplit_once(" #")).map(|(words, _)| words).collect();
    assert_eq!(words, ["Board sync starts in 5 minutes, at 9:15.", "Ana seems to be missing Board sync."]);
    for (call, left) in story.calls().iter().zip(["3 minutes", "1 minute"]) {
        let said = format!(">Hello Ana. This is savehub. Board sync starts in {left}, at 9:15.</Say>");
        assert!(call.twiml.contains(&said), "{}", call.twiml);
    }
    let posted: Value = serde_json::from_str(&story.ntfy.requests()[0].body).unwrap();
    let told = |name: &str| posted[name].clone();
    assert_eq!(story.lit(), ["Board sync"]);
    assert_eq!(["person", "title", "kind"].map(told), [json!("Ana"), json!("Board sync"), json!("after_start")]);
    assert_eq!(
        (told("minutes_left"), told("text")),
        (json!(-6), json!("Hello Ana. This is savehub. Board sync started at 9:15."))
    );
}

#[test]
fn calls_ring_as_long_as_the_person_says_and_ask_who_answers() {
    let story = climbed();
    let asked = story.w.fake().requests().into_iter().filter(Request::is_create).map(|request| {
        let form = request.form();
        ["Timeout", "MachineDetection", "AsyncAmd"].map(|name| field(&form, name).unwrap_or("-").to_owned())
    });
    assert_eq!(asked.collect::<Vec<_>>(), [["25", "Enable", "true"]; 2]);
}

#[test]
fn what_became_of_each_call_is_written_down() {
    let story = climbed();
    let became: Vec<_> = story.w.attempts(story.meeting)[2..4]
        .iter()
        .map(|call| (call.call_status.unwrap().to_string(), call.answered_by.clone()))
        .collect();
    assert_eq!(became, [("no-answer".into(), None), ("completed".into(), Some("machine_start".into()))]);
}

#[test]
fn the_ladder_of_the_manual_is_that_of_the_example() {
    let (manual, example) = (include_str!("../../../man/savehub-channels.7"), Story::new(""));
    let rungs = manual.split_once(".SH RUNGS").unwrap().1.split_once("\n.SH ").unwrap().0;
    let blocks = rungs.split(".nf\n").skip(1).map(|block| block.split_once(".fi\n").unwrap().0);
    let around = "[email]\nhost = \"smtp.example.com\"\nfrom = \"savehub@example.com\"\n[webhook.phone]\n\
                  url = \"https://example.com/1\"\n[command.lamp]\nrun = [\"/usr/local/bin/lamp\"]\n[[person]]\n\
                  id = \"ana\"\nphone = \"+12025550101\"\nemail = \"ana@example.com\"\n";
    let text = format!("database = \"savehub.db\"\n{around}{}", blocks.collect::<String>().replace("\\-", "-"));
    let config = from_text(&text, &example.w.dir.path().join("manual.toml"), &|_| None).unwrap();
    assert_eq!(config.ladder, example.w.parts.config.ladder);
}

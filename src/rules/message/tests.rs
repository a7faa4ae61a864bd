use super::*;

fn said(template: &str, titles: &[&str], left_s: i64) -> String {
    let start = Timestamp::from_ms(1_795_338_300_000); // 2026-11-22T09:05:00Z
    let meetings: Vec<MeetingWords> = titles
        .iter()
        .map(|t| MeetingWords { uid: "u".into(), title: (*t).into(), starts_at: start, link: None })
        .collect();
    let now = Timestamp::from_ms(start.ms() - left_s * 1000);
    Template::parse(template).unwrap().render("Ana", &Zone::utc(), &meetings, now)
}

#[test]
fn the_default_message_names_person_title_minutes_and_local_time() {
    assert_eq!(
        said(DEFAULT_MESSAGE, &["Board sync"], 180),
        "Hello Ana. This is savehub. Board sync starts in 3 minutes, at 9:05."
    );
    assert_eq!(Template::standard(), Template::parse(DEFAULT_MESSAGE).unwrap());
}

#[test]
fn minutes_are_rounded_and_singular_when_one() {
    let cases =
        [(180, "3 minutes"), (178, "3 minutes"), (90, "1 minute"), (60, "1 minute"), (59, "less than a minute")];
    for (left, text) in cases {
        assert_eq!(said("{minutes_text}", &["x"], left), text, "{left} s");
    }
}

#[test]
fn the_link_of_the_earliest_meeting_and_either_clock_can_be_named() {
    let start = Timestamp::from_ms(1_795_338_300_000); // 2026-11-22T09:05:00Z
    let of = |link: &str, at: Timestamp| MeetingWords {
        uid: "u".into(),
        title: "t".into(),
        starts_at: at,
        link: Some(link.to_owned()),
    };
    let later = of("https://example.com/2", start.plus(std::time::Duration::from_secs(30)));
    let say = |template: &str, first: MeetingWords| {
        let meetings = [later.clone(), first];
        Template::parse(template).unwrap().render("Ana", &Zone::utc(), &meetings, start)
    };
    let first = of("https://example.com/1\u{1b}[0m", start);
    assert_eq!(say("{time} {time12} {link}", first), "9:05 9:05 am https://example.com/1 [0m");
    assert_eq!(say("at {link}", of(&"x".repeat(LINK_MAX + 1), start)), "at ");
    for (hour, text) in [(0, "12:05 am"), (11, "11:05 am"), (12, "12:05 pm"), (23, "11:05 pm")] {
        let at = Timestamp::from_ms(start.ms() + (hour - 9) * 3_600_000);
        assert_eq!(Zone::utc().clock_text_12(at), text);
    }
}

/// Meetings of these titles, so many seconds after 9:05, said 30 s before that.
fn said_of(template: &str, meetings: &[(&str, i64)]) -> String {
    let start = Timestamp::from_ms(1_795_338_300_000); // 2026-11-22T09:05:00Z
    let of = |(title, after_s): &(&str, i64)| MeetingWords {
        uid: "u".into(),
        title: (*title).into(),
        starts_at: Timestamp::from_ms(start.ms() + after_s * 1000),
        link: Some(format!("https://example.com/{title}")),
    };
    let meetings: Vec<MeetingWords> = meetings.iter().map(of).collect();
    let now = Timestamp::from_ms(start.ms() - 30_000);
    Template::parse(template).unwrap().render("Ana", &Zone::utc(), &meetings, now)
}

#[test]
fn meetings_that_do_not_start_together_are_each_named_with_their_own_time() {
    let both = [("Design review", 0), ("Board sync", 120)];
    assert_eq!(
        said_of(DEFAULT_MESSAGE, &both),
        "Hello Ana. This is savehub. Design review starts in less than a minute, at 9:05. \
         Board sync starts in 2 minutes, at 9:07."
    );
    let three = [("A", 120), ("B", 0), ("C", 30)];
    let text = "Hello Ana. This is savehub. B and C start in less than a minute, at 9:05. \
                A starts in 2 minutes, at 9:07.";
    assert_eq!(said_of(DEFAULT_MESSAGE, &three), text, "the earliest first");
    let template = "Hallo {name}! {title} beginnt gleich. Um {time}, {link} . Bis bald, {name}.";
    assert_eq!(
        said_of(template, &[("A", 0), ("B", 60)]),
        "Hallo Ana! A beginnt gleich. Um 9:05, https://example.com/A . \
         B beginnt gleich. Um 9:06, https://example.com/B . Bis bald, Ana."
    );
    assert_eq!(said_of("{title} at {time}", &both), "Design review at 9:05. Board sync at 9:07");
    let contact = "This is savehub. Ana seems to be missing Design review, at 9:05. \
                   Ana seems to be missing Board sync, at 9:07.";
    assert_eq!(said_of(CONTACT_MESSAGE, &both), contact);
    assert_eq!(said_of("Join {title} now.", &both), "Join Design review and Board sync now.", "no time is told");
}

#[test]
fn several_titles_have_their_verb() {
    let said = |template: &str, titles: &[&str]| said(template, titles, 60);
    assert_eq!(said("{title} starts.", &["A", "B"]), "A and B start.");
    assert_eq!(said("{title} is near: {title} has begun", &["A", "B"]), "A and B are near: A and B have begun");
    assert_eq!(said("{title} startsoon, {name} starts", &["A", "B"]), "A and B startsoon, Ana starts");
    assert_eq!(said("{title} starts.", &["A"]), "A starts.");
}

#[test]
fn several_titles_are_joined_and_braces_can_be_written() {
    assert_eq!(said("{{{title}}}", &["A", "B\u{7}"], 60), "{A and B}");
}

#[test]
fn a_long_message_loses_parts_of_its_titles_and_nothing_else() {
    let nasty = "&".repeat(5000);
    let text = said("Start {title} end.", &[&nasty, &nasty, &nasty], 60);
    assert!(escaped_len(&text) <= MESSAGE_MAX_XML);
    assert!(text.starts_with("Start &&") && text.ends_with("&… end."), "{text}");
}

#[test]
fn many_meetings_with_long_words_are_named_at_once() {
    let words = format!("{} {{title}} starts at {{time}}.", "x".repeat(900));
    let apart = said_of(&words, &[("A", 0), ("B", 60)]);
    assert_eq!(apart.matches("starts at").count(), 2, "{apart}");
    let many = said_of(&words, &[("A", 0), ("B", 60), ("C", 120), ("D", 180)]);
    assert!(many.ends_with("x A and B and C and D start at 9:05."), "{many}");
}

#[test]
fn unknown_and_broken_placeholders_point_into_the_text() {
    let bad = Template::parse("Hi {titel}!").unwrap_err();
    assert_eq!((bad.at, bad.problem.as_str()), (3..10, "unknown placeholder `{titel}`"));
    assert_eq!(bad.help, "known placeholders: {name} {title} {minutes} {minutes_text} {time} {time12} {link}");
    assert_eq!(Template::parse("a { b").unwrap_err().at, 2..5);
    assert_eq!(Template::parse("a } b").unwrap_err().at, 2..3);
    assert_eq!(Template::parse("  ").unwrap_err().problem, "the message is empty");
}

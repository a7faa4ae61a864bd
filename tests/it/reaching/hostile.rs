//! Titles of whoever sends invitations, through every channel.

use crate::reaching::story::Story;
use crate::support::wire::form_decode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::events::Event;
use savehub::model::printable;
use serde_json::Value;

/// Each tries to be something else than a title, or is too long.
fn titles() -> Vec<String> {
    let mut titles: Vec<String> = [
        "</Say><Dial>+12025550166</Dial><Say>",
        "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>&a;&#x3c;",
        "]]> <![CDATA[ x",
        "<speak><prosody rate=\"x-slow\"><break time=\"10s\"/>slow</prosody></speak>",
        "👨‍👩‍👧‍👦 ☎️ 🚀\u{1f3f4}\u{e0067}\u{e007f}",
        "ישיבה \u{202e}gnp.exe\u{202c} اجتماع \u{2066}x\u{2069}\u{200f}",
        "a\0b\u{7}c\u{1b}[31md\u{85}e\u{9b}f\u{7f}\u{2028}g\u{2029}\u{feff}",
        "a\r\nBcc: bo@example.com\r\n\r\nbody\r\n.\r\nMAIL FROM:<x@example.com>",
        "\",\"key\":\"other\\",
        "{name} {title} {minutes} {{",
        "Reply 1 #k3f9",
        "\u{fffe}\u{ffff}\u{fffd}\u{10ffff}",
    ]
    .map(str::to_owned)
    .to_vec();
    titles.extend(["x", "é", "🚀", "&", "<", "ש", "\u{1b}x", "\u{202e}x", "a\u{301}"].map(|text| text.repeat(5000)));
    titles
}

/// A whole ladder about this meeting.
fn climbed(title: &str) -> Story {
    let story = Story::about(title, "");
    for due in [720, 300, 180, 90, -300, -360, -420] {
        story.at(due);
    }
    assert_eq!(story.steps(), ["EXECUTED(initiated)"; 7], "{title}");
    story
}

/// Nothing that steers a terminal, or reorders text.
fn is_harmless(text: &str) -> bool {
    text.lines().all(|line| printable(line) == line.trim())
}

fn mail_is_sound(story: &Story) {
    let mail = story.smtp.mails().remove(0);
    let head = mail.split_once("\r\n\r\n").unwrap().0;
    // A line that begins with a blank belongs to the header before it.
    let starts = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    let names: Vec<&str> = starts.map(|line| line.split_once(": ").unwrap().0).collect();
    let known = [
        "Message-ID",
        "Date",
        "From",
        "To",
        "Subject",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ];
    assert_eq!(names, known);
    assert!(head.contains("\r\nTo: ana@example.com\r\n"), "{head}");
    assert!(
        mail.is_ascii() && mail.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n', '\u{1b}']))
    );
    assert_eq!(story.smtp.mails().len(), 1);
    let encoding = head.rsplit_once("Content-Transfer-Encoding: ").unwrap().1;
    let body = decoded(encoding, mail.split_once("\r\n\r\n").unwrap().1);
    assert!(
        body.ends_with(" starts in 12 minutes, at 9:15.") && body.lines().count() == 1 && is_harmless(&body),
        "{body}"
    );
}

/// The body of a mail.
fn decoded(encoding: &str, body: &str) -> String {
    let bytes = match encoding {
        "base64" => STANDARD.decode(body.replace("\r\n", "")).unwrap(),
        "quoted-printable" => {
            let form = body.replace("=\r\n", "").replace('%', "=25").replace('+', "=2B").replace('=', "%");
            return form_decode(&format!("body={}", form.replace('&', "%26"))).remove(0).1.trim_end().to_owned();
        }
        "7bit" => body.into(),
        other => panic!("{other}"),
    };
    String::from_utf8(bytes).unwrap().trim_end().to_owned()
}

fn messages_are_sound(story: &Story) {
    let sent = story.w.fake().sent();
    assert_eq!(sent.len(), 2);
    for sms in sent {
        assert!(sms.body.encode_utf16().count() <= 1600 && is_harmless(&sms.body), "{}", sms.body);
        assert!(sms.body.lines().count() == 1, "{}", sms.body);
        let (_, tag) = sms.body.rsplit_once(" #").unwrap();
        assert!(tag.len() == 4 && tag.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{}", sms.body);
    }
}

fn calls_are_sound(story: &Story) {
    assert_eq!(story.calls().len(), 2);
    for call in story.calls() {
        assert!(call.twiml.len() <= 4000 && is_harmless(&call.twiml), "{}", call.twiml);
        assert!(!call.twiml.contains(['\u{fffe}', '\u{ffff}']), "XML has no such characters: {}", call.twiml);
        let (mut reader, mut tags) = (quick_xml::Reader::from_str(&call.twiml), Vec::new());
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) => tags.push(tag.name().as_ref().to_owned()),
                Event::End(tag) => tags.push(format!("/{}", tag.name().as_ref())),
                Event::Empty(_) | Event::CData(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {
                    panic!("{}", call.twiml)
                }
                Event::Eof => break,
                Event::Decl(_) | Event::Text(_) | Event::GeneralRef(_) => {}
            }
        }
        assert_eq!(tags, ["Response", "Say", "/Say", "/Response"], "{}", call.twiml);
    }
}

fn webhooks_are_sound(story: &Story) {
    let request = story.ntfy.requests().remove(0);
    let posted: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(posted["key"].as_str(), request.header("idempotency-key"));
    let title = posted["title"].as_str().unwrap();
    assert!(title.chars().count() <= 1000 && is_harmless(title), "{title}");
    assert_eq!((&posted["title"], &posted["person"]), (&posted["meetings"][0]["title"], &Value::from("Ana")));
    assert!(is_harmless(posted["text"].as_str().unwrap()));
}

#[test]
fn no_title_can_add_to_a_mail_a_message_a_call_a_webhook_or_a_command() {
    for title in titles() {
        let story = climbed(&title);
        mail_is_sound(&story);
        messages_are_sound(&story);
        calls_are_sound(&story);
        webhooks_are_sound(&story);
        let lit = story.lit();
        assert!(lit.len() == 1 && is_harmless(&lit[0]) && lit[0].chars().count() <= 1000, "{lit:?}");
    }
}

#[test]
fn what_a_title_says_is_said() {
    let title = "R&D <b> \"x\" 🚀 ישיבה";
    let story = climbed(title);
    let posted: Value = serde_json::from_str(&story.ntfy.requests()[0].body).unwrap();
    assert_eq!((posted["title"].as_str(), story.lit()), (Some(title), vec![title.to_owned()]));
    assert!(story.w.fake().sent()[0].body.starts_with(&format!("{title} starts in 5 minutes, at 9:15. #")));
    assert!(story.calls()[0].twiml.contains("R&amp;D &lt;b&gt; \"x\" 🚀 ישיבה starts in 3 minutes"));
}

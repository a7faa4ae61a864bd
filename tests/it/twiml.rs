//! What a call says: well-formed whatever the message, and read back as the words that went in.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use savehub::model::Voice;
use savehub::provider::twilio::{TWIML_MAX, twiml};

fn voice() -> Voice {
    Voice { voice: Some("alice".into()), language: Some("en-US".into()) }
}

/// The text of a document; panics when it is not well-formed or holds more than one `<Say>` in one `<Response>`.
fn said(document: &str) -> String {
    let mut reader = Reader::from_str(document);
    reader.config_mut().check_end_names = true;
    let (mut text, mut tags) = (String::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => tags.push(tag.name().0.to_owned()),
            Event::Text(part) => text.push_str(&part.into_inner()),
            Event::GeneralRef(name) => text.push_str(&unescape(&format!("&{};", name.into_inner())).unwrap()),
            Event::Decl(_) | Event::End(_) => {}
            Event::Eof => break,
            other => panic!("{other:?} in {document}"),
        }
    }
    assert_eq!(tags, ["Response", "Say"], "{document}");
    text
}

#[test]
fn a_document_is_the_python_sdks_without_its_pause() {
    let recorded = include_str!("../data/twilio/twiml_python.txt");
    for (name, message) in [
        ("amp_lt_gt", "R&D <sync> a > b && c"),
        ("quotes", r#"She said "now" and it's 5 o'clock"#),
        ("emoji", "Stand-up 🚀 starts – café ☎️ 日本語"),
        ("already_escaped", "Tom &amp; Jerry &lt;3"),
        ("cdata_end", "a ]]> b"),
        ("xml_injection", "</Say><Dial>+19005551234</Dial><Say>"),
    ] {
        let (_, case) = recorded.split_once(&format!("## {name}:")).unwrap();
        let expected = case.lines().nth(1).unwrap().replace(r#"<Pause length="1" />"#, "");
        let ours = twiml(message, &voice(), None).unwrap();
        assert_eq!(ours, expected, "{name}");
        assert_eq!(said(&ours), message, "{name}");
    }
}

#[test]
fn a_key_goes_to_the_bin_and_its_address_is_part_of_the_document() {
    let document = twiml("R&D", &voice(), Some("https://handler.twilio.com/twiml/EH1?a=\"b&c")).unwrap();
    assert_eq!(
        document,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\
         <Gather action=\"https://handler.twilio.com/twiml/EH1?a=&quot;b&amp;c\" numDigits=\"1\">\
         <Say language=\"en-US\" loop=\"2\" voice=\"alice\">R&amp;D</Say></Gather></Response>"
    );
    let longest = twiml(&"&".repeat(9999), &voice(), Some("https://handler.twilio.com/twiml/EH1")).unwrap();
    assert!((TWIML_MAX - 5..=TWIML_MAX).contains(&longest.len()), "{}", longest.len());
}

#[test]
fn characters_xml_cannot_carry_are_dropped_and_white_space_becomes_one_space() {
    for (message, expected) in [
        ("ding\u{7}dong", "dingdong"),
        ("nul\0 byte", "nul byte"),
        ("esc\u{1b}[31m", "esc[31m"),
        ("bad\u{fffe}char\u{ffff}", "badchar"),
        ("line1\nline2\r\nline3\tend", "line1 line2 line3 end"),
        ("ne\u{85}l", "ne l"),
        ("  padded  ", "padded"),
        ("", ""),
    ] {
        assert_eq!(said(&twiml(message, &voice(), None).unwrap()), expected, "{message:?}");
    }
}

#[test]
fn a_message_that_is_too_long_is_cut_and_the_document_stays_whole() {
    for message in ["&".repeat(10_000), "<".repeat(10_000), "x".repeat(10_000), "日".repeat(10_000), "🚀 ".repeat(5000)]
    {
        let document = twiml(&message, &voice(), None).unwrap();
        assert!(document.len() <= TWIML_MAX && document.len() > TWIML_MAX - 10, "{}", document.len());
        let text = said(&document);
        assert!(message.starts_with(&text) && !text.is_empty());
    }
}

#[test]
fn the_voice_is_named_only_when_one_is_set_and_cannot_break_out() {
    let plain = Voice { voice: None, language: Some("de-DE".into()) };
    assert_eq!(
        twiml("Hallo", &plain, None).unwrap(),
        r#"<?xml version="1.0" encoding="UTF-8"?><Response><Say language="de-DE" loop="2">Hallo</Say></Response>"#
    );
    let vicki = Voice { voice: Some("Polly.Vicki".into()), language: None };
    assert_eq!(
        twiml("Hallo", &vicki, None).unwrap(),
        r#"<?xml version="1.0" encoding="UTF-8"?><Response><Say loop="2" voice="Polly.Vicki">Hallo</Say></Response>"#
    );
    let nasty = Voice { voice: Some(r#"a" x="<&"#.repeat(9999)), language: Some("\"><Hangup/>".into()) };
    let document = twiml(&"&".repeat(9999), &nasty, None).unwrap();
    assert!(document.len() <= TWIML_MAX);
    assert!(said(&document).starts_with("&&&"));
}

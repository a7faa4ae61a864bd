//! `[hear]`: every mistake.

use super::{all, config, one};
use savehub::rules::hear::Words;

#[test]
fn words_nobody_can_answer_with_are_refused() {
    all(
        r#"
[hear]
joined = ["Da", "missed", "STOP", "..."]
missed = ["1", "da!"]
"#,
        r#"
error: nobody can answer `missed` here
 --> config.toml:2:17
  |
2 | joined = ["Da", "missed", "STOP", "..."]
  |                 ^^^^^^^^ this word always means the other answer

error: nobody can answer `STOP` here
 --> config.toml:2:27
  |
2 | joined = ["Da", "missed", "STOP", "..."]
  |                           ^^^^^^ the provider takes this word for itself (it stops or starts messages)

error: nobody can answer `...` here
 --> config.toml:2:35
  |
2 | joined = ["Da", "missed", "STOP", "..."]
  |                                   ^^^^^ write a word, or take it out

error: nobody can answer `1` here
 --> config.toml:3:11
  |
3 | missed = ["1", "da!"]
  |           ^^^ this word always means the other answer

error: `da!` stands under `joined` as well
 --> config.toml:3:16
  |
3 | missed = ["1", "da!"]
  |                ^^^^^ a word can mean one thing only

5 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn a_bin_twilio_cannot_reach_is_refused() {
    for address in ["http://handler.twilio.com/twiml/EH1", "https://localhost/twiml/1", "ftp://example.com/"] {
        one(
            &format!("[hear]\nkey_bin = \"{address}\"\n"),
            r#"
error: `key_bin` is not the address of a TwiML Bin
 --> config.toml:2:11
  = help: copy it from the console: "https://handler.twilio.com/twiml/EH…"
  = note: the line is not shown, because it may hold a secret
"#,
        );
    }
}

#[test]
fn the_words_of_a_config_are_added_to_those_everybody_knows() {
    let hear = config(&[], "[hear]\njoined = [\"bin da\"]\nreplies = false\n").unwrap().hear;
    assert_eq!(hear.words, Words::with(["bin da"], []));
    assert_eq!((hear.replies, hear.call_back, hear.key_bin), (false, true, None));
}

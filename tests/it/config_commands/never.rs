//! Sound configs with which phones never ring.

use crate::support::cli::{ANA, Cli, twilio};
use serde_json::Value;

/// What `config check` warns of, as text, and each time the exit code is 0.
fn warned(config: &str) -> String {
    let cli = Cli::with(config);
    let ran = cli.run(&["config", "check"]);
    assert!(ran.code == 0 && ran.out.starts_with("ok: "), "{ran:?}");
    let doctor = cli.run(&["doctor", "--offline"]);
    let report: Value = serde_json::from_str(&cli.ok(&["config", "check", "--json"])).unwrap();
    for warning in report["warnings"].as_array().unwrap() {
        let text = warning["warning"].as_str().unwrap();
        assert!(ran.err.contains(text) && doctor.out.contains(&format!("  warning  config     {text}. ")), "{text}");
    }
    ran.err
}

#[test]
fn what_rings_is_not_warned_of() {
    let more = "[guards]\ndaily_cap = 2\nnumber_gap = \"179s\"\nallowed_prefixes = [\"+1\"]\n";
    for config in [ANA.to_owned(), format!("{more}{ANA}"), twilio("https://api.twilio.com", "t", ANA)] {
        assert_eq!(warned(&config), "");
    }
}

#[test]
fn configs_that_can_never_ring_are_warned_of_with_the_reason() {
    for (config, reason) in [
        ("[guards]\ndaily_cap = 0\n", "daily_cap = 0: nobody is ever called"),
        ("[guards]\ndaily_cap_per_person = 0\n", "daily_cap_per_person = 0: nobody is ever called"),
        (
            "[guards]\ndaily_cap = 1\n",
            "daily_cap = 1 is used up before each of 1 people had one meeting with 2 call rungs",
        ),
        ("[guards]\nallowed_prefixes = [\"+49\"]\n", "allowed_prefixes (+49) keeps ana from ever being called"),
        (
            "[guards]\nnumber_gap = \"5m\"\n",
            "number_gap = \"5m\" leaves a number no second call in its critical window (3m)",
        ),
        (
            "[[ladder]]\nstep = \"call\"\nbefore = \"1s\"\n",
            "rung 1 calls 1s before the start, and ticks run every 30 s",
        ),
        ("[[ladder]]\nstep = \"sms\"\nbefore = \"1m\"\n", "no rung of the ladder calls the person"),
    ] {
        let err = warned(&format!("{config}{ANA}"));
        assert!(err.lines().count() == 1 && err.contains(reason), "{reason}: {err}");
    }
}

#[test]
fn a_request_without_time_for_a_second_name_server_is_told_with_the_arithmetic() {
    let with = |limit| {
        let engine = format!("[engine]\nrequest_timeout = \"{limit}\"\n");
        warned(&format!("{engine}{}", twilio("https://api.twilio.com", "t", ANA)))
    };
    let err = with("7s");
    assert!(
        err.contains(
            "request_timeout = \"7s\" gives looking the name up and connecting 6s 300ms: should the first name server be \
             dead, the second is asked after 5s, and 1s 300ms would be left to connect in"
        ),
        "{err}"
    );
    assert!(with("5s").contains("4s 500ms: should") && with("5s").contains("after 5s, and no call would go out"));
    assert_eq!(with("8s"), "");
}

#[test]
fn voices_and_languages_that_twilio_does_not_know_are_told() {
    let with = |lines: &str| warned(&format!("{ANA}{lines}\n"));
    assert!(with("voice = \"Polly.Vicky\"").contains("Twilio's list has no voice Polly.Vicky: a phone may ring"));
    let err = with("language = \"de\"");
    assert!(err.contains("Twilio's list has no language de: a phone may ring and say nothing"), "{err}");
    assert!(err.contains("did you mean \"de-DE\"?"), "{err}");
    let err = with("voice = \"Polly.Vicki\"\nlanguage = \"en-US\"");
    assert!(err.contains("the voice Polly.Vicki speaks de-DE, and the language is en-US"), "{err}");
    for sound in ["", "voice = \"Polly.Vicki\"", "voice = \"alice\"\nlanguage = \"sv-SE\"", "language = \"en-GB\""] {
        assert_eq!(with(sound), "", "{sound}");
    }
}

#[test]
fn prefixes_that_keep_many_people_out_are_one_warning_that_names_some() {
    let person = |n: usize| format!("[[person]]\nid = \"p{n}\"\nphone = \"+1202555011{n}\"\n");
    let people: String = (1..8).map(person).collect();
    let err = warned(&format!("[guards]\nallowed_prefixes = [\"+1202555010\"]\n{ANA}{people}"));
    assert!(err.contains("allowed_prefixes (…) keeps p1, p2, p3, p4, p5 and 2 more from ever being called"), "{err}");
    let err = warned(&format!("[guards]\nallowed_prefixes = [\"+49\"]\n{people}"));
    assert!(err.contains("keeps everybody from ever being called"), "{err}");
}

#[test]
fn a_phone_that_is_the_providers_from_number_is_told() {
    let own = ANA.replace("+12025550101", "+12025550199");
    let config = twilio("https://api.twilio.com", "t", &own);
    let err = warned(&config);
    assert!(err.contains("from number, which cannot call itself: that keeps ana from ever being called"), "{err}");
    assert!(!err.contains("5550199"), "{err}");
    let pool = config.replace("from = \"+12025550199\"", "from = [\"+12025550198\", \"+12025550199\"]");
    let err = warned(&pool);
    assert!(err.contains("keeps ana from being called from that number"), "{err}");
}

//! Which voices and languages Twilio has, as the official SDKs list them (twilio-node 6.3.1, `SayVoice`, `SayLanguage`),
//! and which language a voice speaks. A voice with a language that it does not speak makes a phone ring and say nothing
//! (docs/api/errors/13511, 13512).

use crate::near::nearest;

/// Every language of the list.
const LANGUAGES: &[&str] = &[
    "af-ZA",
    "am-ET",
    "ar-AE",
    "ar-XA",
    "arb",
    "bg-BG",
    "bn-IN",
    "ca-ES",
    "cmn-CN",
    "cmn-TW",
    "cs-CZ",
    "cy-GB",
    "da-DK",
    "de-AT",
    "de-DE",
    "el-GR",
    "en-AU",
    "en-CA",
    "en-GB",
    "en-GB-WLS",
    "en-IE",
    "en-IN",
    "en-NZ",
    "en-US",
    "en-ZA",
    "es-ES",
    "es-MX",
    "es-US",
    "fi-FI",
    "fil-PH",
    "fr-BE",
    "fr-CA",
    "fr-FR",
    "gu-IN",
    "he-IL",
    "hi-IN",
    "hu-HU",
    "id-ID",
    "is-IS",
    "it-IT",
    "ja-JP",
    "kn-IN",
    "ko-KR",
    "lv-LV",
    "ml-IN",
    "mr-IN",
    "ms-MY",
    "nb-NO",
    "nl-BE",
    "nl-NL",
    "pa-IN",
    "pl-PL",
    "pt-BR",
    "pt-PT",
    "ro-RO",
    "ru-RU",
    "sk-SK",
    "sr-RS",
    "sv-SE",
    "ta-IN",
    "te-IN",
    "th-TH",
    "tr-TR",
    "uk-UA",
    "vi-VN",
    "yue-HK",
    "zh-CN",
    "zh-HK",
    "zh-TW",
];

/// Languages that Google has voices for, beside those.
const ONLY_GOOGLE: &[&str] = &["eu-ES", "gl-ES", "lt-LT"];

/// The kinds of Google's voices: `Google.de-DE-Wavenet-A`.
const GOOGLE: &[&str] = &["Standard", "Wavenet", "Neural2", "Chirp3"];

/// The kinds of Amazon's voices besides the plain one: `Polly.Vicki-Neural`.
const POLLY: &[&str] = &["Neural", "Generative"];

/// Amazon's voices by their languages (docs.aws.amazon.com/polly, "Available voices").
const POLLY_NAMES: &[(&str, &str)] = &[
    ("ar-AE", "Hala Zayd"),
    ("arb", "Zeina"),
    ("ca-ES", "Arlet"),
    ("cmn-CN", "Zhiyu"),
    ("cy-GB", "Gwyneth"),
    ("da-DK", "Mads Naja Sofie"),
    ("de-AT", "Hannah"),
    ("de-DE", "Daniel Hans Marlene Vicki"),
    ("en-AU", "Nicole Olivia Russell"),
    ("en-GB", "Amy Arthur Brian Emma"),
    ("en-GB-WLS", "Geraint"),
    ("en-IE", "Niamh"),
    ("en-IN", "Raveena"),
    ("en-NZ", "Aria"),
    ("en-US", "Danielle Gregory Ivy Joanna Joey Justin Kendra Kevin Kimberly Matthew Ruth Salli Stephen"),
    ("en-ZA", "Ayanda"),
    ("es-ES", "Conchita Enrique Lucia Sergio"),
    ("es-MX", "Andres Mia"),
    ("es-US", "Lupe Miguel Pedro Penelope"),
    ("fi-FI", "Suvi"),
    ("fr-BE", "Isabelle"),
    ("fr-CA", "Chantal Gabrielle Liam"),
    ("fr-FR", "Celine Lea Mathieu Remi"),
    ("is-IS", "Dora Karl"),
    ("it-IT", "Adriano Bianca Carla Giorgio"),
    ("ja-JP", "Kazuha Mizuki Takumi Tomoko"),
    ("ko-KR", "Seoyeon"),
    ("nb-NO", "Ida Liv"),
    ("nl-BE", "Lisa"),
    ("nl-NL", "Laura Lotte Ruben"),
    ("pl-PL", "Ewa Jacek Jan Maja Ola"),
    ("pt-BR", "Camila Ricardo Thiago Vitoria"),
    ("pt-PT", "Cristiano Ines"),
    ("ro-RO", "Carmen"),
    ("ru-RU", "Maxim Tatyana"),
    ("sv-SE", "Astrid Elin"),
    ("tr-TR", "Burcu Filiz"),
];

/// Amazon's voices that speak two languages, or one that is called differently there.
const POLLY_OTHERS: &[&str] = &["Aditi", "Hiujin", "Kajal"];

/// Twilio's own voices, which speak what they are told to.
const OWN: &[&str] = &["man", "woman", "alice"];

/// Is it at least written as a language is (BCP 47), such as `de` or `de-DE`?
pub(super) fn is_tag(language: &str) -> bool {
    let mut parts = language.split('-');
    let alphanumeric = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric());
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| (2..=8).contains(&part.len()) && alphanumeric(part))
}

/// The language that a voice speaks; `None`: any, several, or nobody knows.
pub(super) fn language_of(voice: &str) -> Option<&'static str> {
    if let Some(rest) = voice.strip_prefix("Google.") {
        let all = LANGUAGES.iter().chain(ONLY_GOOGLE);
        return all.copied().find(|language| google_kind(rest, language).is_some());
    }
    let (name, _) = polly(voice)?;
    POLLY_NAMES.iter().find(|(_, names)| names.split(' ').any(|known| known == name)).map(|(language, _)| *language)
}

/// Can this voice not speak this language? Regions of one language are near enough.
pub(super) fn contradict(voice: &str, language: &str) -> bool {
    language_of(voice).is_some_and(|spoken| of_region(spoken) != of_region(language))
}

/// A language without its region. Two names of one are one.
fn of_region(language: &str) -> String {
    let first = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
    match first.as_str() {
        "arb" => "ar".into(),
        "cmn" | "yue" => "zh".into(),
        _ => first,
    }
}

/// The name of one of Amazon's voices, and its kind.
fn polly(voice: &str) -> Option<(&str, Option<&str>)> {
    let voice = voice.strip_prefix("Polly.")?;
    Some(voice.split_once('-').map_or((voice, None), |(name, kind)| (name, Some(kind))))
}

/// What stands behind this language in the name of one of Google's voices.
fn google_kind<'a>(voice: &'a str, language: &str) -> Option<&'a str> {
    let (of, rest) = (voice.get(..language.len())?, voice.get(language.len()..)?);
    rest.strip_prefix('-').filter(|_| of.eq_ignore_ascii_case(language))
}

/// Is it in Twilio's list, or of one of its families?
pub(super) fn is_known(voice: &str) -> bool {
    if let Some(rest) = voice.strip_prefix("Google.") {
        let kind = language_of(voice).and_then(|language| google_kind(rest, language));
        return kind.and_then(|kind| kind.split_once('-')).is_some_and(|(kind, _)| GOOGLE.contains(&kind));
    }
    if let Some(id) = voice.strip_prefix("ElevenLabs.") {
        return id.len() == 20 && id.bytes().all(|b| b.is_ascii_alphanumeric());
    }
    match polly(voice) {
        Some((name, kind)) => {
            (language_of(voice).is_some() || POLLY_OTHERS.contains(&name)) && kind.is_none_or(|k| POLLY.contains(&k))
        }
        None => OWN.contains(&voice),
    }
}

/// Is it in Twilio's list of languages?
pub(super) fn is_listed(language: &str) -> bool {
    LANGUAGES.iter().chain(ONLY_GOOGLE).any(|known| known.eq_ignore_ascii_case(language))
}

/// The language that was probably meant.
pub(super) fn near(language: &str) -> Option<&'static str> {
    let (bare, of) = (!language.contains('-'), language.to_ascii_lowercase());
    if of == "en" {
        return Some("en-US");
    }
    let home = format!("{of}-{}", of.to_ascii_uppercase());
    let of_the_same = || LANGUAGES.iter().find(|known| bare && known.split('-').next() == Some(of.as_str())).copied();
    LANGUAGES
        .iter()
        .find(|known| bare && **known == home)
        .copied()
        .or_else(of_the_same)
        .or_else(|| nearest(language, LANGUAGES.iter().copied()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_names_its_language_where_it_has_one() {
        for (voice, language) in [
            ("Polly.Vicki", Some("de-DE")),
            ("Polly.Vicki-Neural", Some("de-DE")),
            ("Polly.Joanna-Generative", Some("en-US")),
            ("Polly.Geraint", Some("en-GB-WLS")),
            ("Google.de-DE-Wavenet-A", Some("de-DE")),
            ("Google.cmn-CN-Chirp3-HD-Kore", Some("cmn-CN")),
            ("Google.fil-ph-Neural2-A", Some("fil-PH")),
            ("Google.eu-ES-Standard-A", Some("eu-ES")),
            ("Polly.Aditi", None),
            ("alice", None),
            ("ElevenLabs.XA2bIQ92TabjGbpO2xRr", None),
            ("Polly.Nobody", None),
        ] {
            assert_eq!(language_of(voice), language, "{voice}");
        }
    }

    #[test]
    fn voices_are_known_by_their_families() {
        for voice in [
            "man",
            "Polly.Vicki-Neural",
            "Polly.Hiujin-Neural",
            "Google.en-US-Chirp3-HD-Aoede",
            "Google.fil-ph-Neural2-A",
            "ElevenLabs.XA2bIQ92TabjGbpO2xRr",
        ] {
            assert!(is_known(voice), "{voice}");
        }
        for voice in
            ["vicki", "Polly.Vicky", "Polly.Vicki-Natural", "Google.de-DE", "Google.xx-XX-Wavenet-A", "Eleven.x"]
        {
            assert!(!is_known(voice), "{voice}");
        }
    }

    #[test]
    fn a_language_is_written_as_a_tag() {
        for tag in ["de", "de-DE", "arb", "en-GB-WLS", "zh-Hant-TW", "de-de"] {
            assert!(is_tag(tag), "{tag}");
        }
        for nonsense in ["Deutsch", "d", "", "german", "de-", "1e-DE", "de-D"] {
            assert!(!is_tag(nonsense), "{nonsense}");
        }
    }

    #[test]
    fn a_language_that_is_not_listed_is_answered_with_one_that_is() {
        assert_eq!(
            (near("de"), near("en"), near("fr"), near("es")),
            (Some("de-DE"), Some("en-US"), Some("fr-FR"), Some("es-ES"))
        );
        assert_eq!((near("de-DD"), near("qq")), (Some("de-DE"), None));
    }

    #[test]
    fn regions_of_one_language_do_not_contradict_each_other() {
        assert!(!contradict("Polly.Joanna", "en-GB") && !contradict("Polly.Zhiyu", "zh-CN"));
        assert!(contradict("Polly.Vicki", "en-US") && !contradict("alice", "de-DE"));
    }
}

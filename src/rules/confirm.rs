//! What is written back to who answered: what the answer did, or how to say which meeting it is for.

use crate::model::{Choice, HeardEffect, MeetingWords, cut, printable};

/// The longest title in such a text, in characters.
const TITLE_MAX: usize = 60;

/// What an answer did, for these meetings; `None`: it did nothing that needs words.
pub fn done(effect: HeardEffect, meetings: &[MeetingWords]) -> Option<String> {
    let titles = titles(meetings);
    match effect {
        HeardEffect::Joined => Some(format!("You are checked in for {titles}.")),
        HeardEffect::Missed => Some(format!("You said that you will miss {titles}.")),
        HeardEffect::Acknowledged
        | HeardEffect::NotUnderstood
        | HeardEffect::NeedsCode
        | HeardEffect::NothingOpen
        | HeardEffect::Noted => None,
    }
}

/// What can be answered instead; the meetings are those of the choices, in their order.
pub fn which(choices: &[Choice], meetings: &[MeetingWords]) -> String {
    let mut rest = meetings;
    let each = choices.iter().map(|choice| {
        let (its, others) = rest.split_at(choice.incidents.len().min(rest.len()));
        rest = others;
        format!("{} for {}", choice.answer, titles(its))
    });
    format!("Which one? Answer {}.", each.collect::<Vec<_>>().join(" or "))
}

fn titles(meetings: &[MeetingWords]) -> String {
    meetings.iter().map(|meeting| cut(&printable(&meeting.title), TITLE_MAX)).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{IncidentId, Timestamp};

    fn meeting(title: &str) -> MeetingWords {
        MeetingWords { uid: "u".into(), title: title.into(), starts_at: Timestamp::from_ms(0), link: None }
    }

    #[test]
    fn what_an_answer_did_is_said_with_the_titles() {
        let both = [meeting("Board\n sync"), meeting(&"x".repeat(70))];
        assert_eq!(done(HeardEffect::Joined, &both[..1]).unwrap(), "You are checked in for Board  sync.");
        let text = done(HeardEffect::Missed, &both).unwrap();
        assert!(text.starts_with("You said that you will miss Board  sync and xxx") && text.len() < 130, "{text}");
    }

    #[test]
    fn nothing_is_said_of_what_was_not_understood_or_did_nothing() {
        use HeardEffect::{Acknowledged, NeedsCode, NotUnderstood, Noted, NothingOpen};
        for effect in [Acknowledged, NotUnderstood, NeedsCode, NothingOpen, Noted] {
            assert_eq!(done(effect, &[meeting("Board sync")]), None, "{effect}");
        }
    }

    #[test]
    fn each_choice_is_said_with_its_meetings() {
        let choice = |answer: &str, ids: &[i64]| Choice {
            answer: answer.into(),
            incidents: ids.iter().map(|id| IncidentId(*id)).collect(),
        };
        let choices = [choice("1 k3", &[1]), choice("1 m7", &[2, 3])];
        let meetings = [meeting("Board sync"), meeting("Interview"), meeting("Lunch")];
        let text = which(&choices, &meetings);
        assert_eq!(text, "Which one? Answer 1 k3 for Board sync or 1 m7 for Interview and Lunch.");
    }
}

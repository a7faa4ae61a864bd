//! Which marks of an event count.
//!
//! Others' invitations may not steer a phone: a mark counts where the person organises the event, and in an event that
//! nobody organises where the calendar is the person's own. An occurrence that was edited counts by its own description and
//! categories; if it has neither, by those of its series, but for "off": perhaps they were taken out. Of marks that
//! contradict each other those count that ring more and earlier.

use super::View;
use super::component::{Component, organizer, plain};
use super::marks::{Said, in_categories, in_text};
use super::read::{Doubt, Field, Name};
use crate::model::Marks;

/// What is looked through for marks.
const PLACES: [Name; 3] = [Name::Description, Name::HtmlDescription, Name::Categories];

/// The marks of an event that count.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marked {
    /// It does not ring.
    pub(super) off: bool,
    pub(super) marks: Marks,
    /// What does not count and why, or cannot be read.
    pub(super) notices: Vec<String>,
}

impl Component<'_, '_> {
    pub(super) fn marked(&self, view: &View<'_>) -> Marked {
        let Some(word) = &view.policy.mark else { return Marked::default() };
        let tells = self.own.iter().any(|field| PLACES.contains(&field.name));
        let of_series = self.series.filter(|_| !tells);
        let said: Vec<Said> = of_series.unwrap_or(self.own).iter().flat_map(|field| self.said(field, word)).collect();
        if said.is_empty() {
            return Marked::default();
        }
        if let Some(why) = self.is_of_others(view) {
            return Marked {
                notices: vec![format!("a mark ({word}: …) does not count: {why}")], ..Marked::default()
            };
        }
        let mut marked = Marked::of(&said, word);
        if marked.off && of_series.is_some() {
            marked.off = false;
            let why = "its series is marked off, and an occurrence that was edited says nothing of it: that one rings";
            marked.notices.push(why.to_owned());
        }
        marked
    }

    fn said(&self, field: &Field, word: &str) -> Vec<Said> {
        match field.name {
            Name::Categories => in_categories(self.file.property(field).value(), word),
            name if PLACES.contains(&name) => in_text(&plain(&self.file.property(field)), word),
            _ => Vec::new(),
        }
    }

    /// Why the person may not have written what stands in it.
    fn is_of_others(&self, view: &View<'_>) -> Option<&'static str> {
        let own = &view.policy.addresses;
        let written = self.fields(Name::Organizer).filter(|field| field.doubt < Doubt::Written);
        let mut organizers = written.map(|field| organizer(&self.file.property(field))).peekable();
        if organizers.peek().is_none() {
            let why = "nobody organises its event, and the calendar is not known to be the person's own (`own = true`)";
            return (!view.own).then_some(why);
        }
        if own.is_empty() {
            return Some("its event has an organiser, and no address of the person is known (`addresses`)");
        }
        (!organizers.all(|address| own.contains(&address))).then_some("somebody else organises its event")
    }
}

impl Marked {
    fn of(said: &[Said], word: &str) -> Self {
        let mut marked = Self { off: said.contains(&Said::Off), ..Self::default() };
        marked.marks.important = said.contains(&Said::Important);
        let times = || said.iter().filter_map(|said| if let Said::Early(early) = said { Some(*early) } else { None });
        marked.marks.early = times().max();
        for said in said {
            if let Said::Unclear(line) = said {
                let forms = format!("{word}: off, {word}: important, or a time from 1m to 24h, such as {word}: 15m");
                marked.notices.push(format!("\"{line}\" is no mark that can be read; write {forms}"));
            }
        }
        if times().max() != times().min() {
            marked.notices.push("its marks name different times; the earliest counts".to_owned());
        }
        if marked.off && !marked.marks.is_empty() {
            marked.off = false;
            marked.notices.push("it is marked off and otherwise, too; it rings".to_owned());
        }
        marked
    }
}

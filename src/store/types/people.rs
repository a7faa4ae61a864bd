//! Who the config names.

use crate::model::{Address, IncidentId};

/// A person of the config.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PersonDraft {
    /// The id.
    pub id: String,
    /// Who is called.
    pub phone: Address,
}

/// What bringing the known people in line with the config did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleSynced {
    /// Ids that changed while the number stayed, the old one first.
    pub renamed: Vec<(String, String)>,
    /// Who left, and how many meetings of theirs are to come.
    pub left: Vec<(String, u32)>,
    /// Who came back: incidents that are open again, and how many meetings will be watched that were not.
    pub back: Vec<(String, Vec<IncidentId>, u32)>,
}

/// For an id that changes: the keys of the person's calendars, each as it was under the old id and as it is now.
pub type RekeyRule<'a> = &'a dyn Fn(&str, &str) -> Vec<(String, String)>;

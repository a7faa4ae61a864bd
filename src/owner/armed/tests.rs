use super::*;
use crate::owner::Owner;

/// A process of this boot that has ended.
fn gone() -> Owner {
    let me = Owner::me();
    Owner::new(me.boot_id(), me.pid(), 1)
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn beside(&self) -> PathBuf {
        self.0.path().join("savehub.db-armed-")
    }

    fn armory(&self) -> Armory {
        Armory::new(Some(self.beside()))
    }

    /// What a process left that armed this entry and ended.
    fn left_by(&self, token: &str, begins: bool) -> Mark {
        let mut armory = self.armory();
        let entry = armory.arm(token).unwrap();
        if begins {
            entry.begin().unwrap();
        }
        entry.mark().clone()
    }

    fn proves(&self, owner: &Owner, mark: &Mark, token: &str) -> bool {
        owner.never_began(mark, token, &self.beside(), &Owner::me())
    }

    fn files(&self) -> usize {
        fs::read_dir(self.0.path()).unwrap().count()
    }
}

#[test]
fn an_armed_entry_of_a_process_that_has_ended_proves_that_nothing_left() {
    let place = Place::new();
    let mark = place.left_by("3f9a", false);
    assert!(place.proves(&gone(), &mark, "3f9a"));
    assert_eq!(mark.to_string().parse(), Ok(mark));
}

#[test]
fn nothing_else_proves_it() {
    let place = Place::new();
    let begun = place.left_by("0001", true);
    assert!(!place.proves(&gone(), &begun, "0001"), "it has begun");
    let mark = place.left_by("0002", false);
    assert!(!place.proves(&gone(), &mark, "0003"), "no entry of this attempt");
    assert!(!place.proves(&Owner::me(), &mark, "0002"), "its process lives");
    let other_boot = Owner::new("other", gone().pid(), 1);
    assert!(!place.proves(&other_boot, &mark, "0002"), "another boot");
    for wrong in [
        Mark { device: mark.device + 1, ..mark.clone() },
        Mark { inode: mark.inode + 1, ..mark.clone() },
        Mark { pid_namespace: mark.pid_namespace + 1, ..mark.clone() },
        Mark { ending: "0004".into(), ..mark.clone() },
        Mark { ending: "../0002".into(), ..mark.clone() },
    ] {
        assert!(!place.proves(&gone(), &wrong, "0002"), "{wrong}");
    }
    assert!(place.proves(&gone(), &mark, "0002"));
    assert!(!gone().never_began(&mark, "0002", &place.0.path().join("else-"), &Owner::me()), "it lies elsewhere");
    fs::write(path(&place.beside(), "0002").unwrap(), "armed").unwrap();
    assert!(!place.proves(&gone(), &mark, "0002"), "half an entry");
    fs::remove_file(path(&place.beside(), "0002").unwrap()).unwrap();
    assert!(!place.proves(&gone(), &mark, "0002"), "no file");
}

#[test]
fn the_file_of_a_process_that_lives_proves_nothing_whatever_its_id_says() {
    let place = Place::new();
    let mut armory = place.armory();
    let entry = armory.arm("0001").unwrap();
    assert!(!place.proves(&gone(), entry.mark(), "0001"));
    let mark = entry.mark().clone();
    drop((armory, entry));
    assert!(place.proves(&gone(), &mark, "0001"));
}

#[test]
fn a_process_has_one_file_with_an_entry_for_each_attempt() {
    let place = Place::new();
    let mut armory = place.armory();
    let unused = armory.arm("0001").unwrap();
    armory.give_back(&unused);
    let first = armory.arm("0002").unwrap();
    let second = armory.arm("0003").unwrap();
    first.begin().unwrap();
    assert_eq!((unused.mark(), first.mark(), place.files()), (second.mark(), second.mark(), 1));
    let mark = first.mark().clone();
    drop((armory, unused, first, second));
    let proved = ["0001", "0002", "0003"].map(|token| place.proves(&gone(), &mark, token));
    assert_eq!(proved, [false, false, true], "the first one was used again by the second");
}

#[test]
fn files_that_no_attempt_names_go_and_those_of_living_processes_stay() {
    let place = Place::new();
    let (named, forgotten) = (place.left_by("0001", false), place.left_by("0002", true));
    let mut living = place.armory();
    let entry = living.arm("0003").unwrap();
    let mut armory = place.armory();
    let mut leftovers = armory.leftovers();
    leftovers.sort();
    assert_eq!(leftovers, [named.ending.clone(), forgotten.ending]);
    armory.clear(&leftovers, std::slice::from_ref(&named));
    assert_eq!(armory.leftovers(), [named.ending]);
    living.clear(&[], std::slice::from_ref(entry.mark()));
    assert_eq!(place.files(), 2);
    living.clear(&[], &[]);
    assert_eq!(place.files(), 1);
}

#[test]
fn where_no_file_can_be_made_nothing_is_armed() {
    let place = Place::new();
    fs::write(place.0.path().join("file"), "").unwrap();
    let mut armory = Armory::new(Some(place.0.path().join("file/savehub.db-armed-")));
    assert!(armory.arm("0001").is_none() && armory.arm("0002").is_none() && !armory.is_used());
    assert!(Armory::new(None).arm("0001").is_none());
    assert!(place.armory().arm(&"1".repeat(ENTRY)).is_none(), "too long");
}

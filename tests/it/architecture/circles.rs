//! No file of `src/` needs itself by way of others: whoever reads a file reads what lies below it, and never comes back.

use super::names::{Edges, edges};
use super::source_files;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn no_file_of_src_needs_itself_by_way_of_others() {
    let edges = edges(&source_files());
    assert!(edges.len() > 500, "the names in src/ were not read");
    let circles: String = circles(&edges).iter().map(|circle| written(circle, &edges)).collect();
    assert!(circles.is_empty(), "files that name items of each other:\n\n{circles}");
}

/// Each circle: the files that reach each other.
fn circles(edges: &Edges) -> BTreeSet<BTreeSet<String>> {
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in edges.keys() {
        next.entry(from).or_default().push(to);
    }
    let reach: BTreeMap<&str, BTreeSet<&str>> = next.keys().map(|from| (*from, reached(from, &next))).collect();
    let reaches = |from: &str, to: &str| reach.get(from).is_some_and(|there| there.contains(to));
    let in_circles = reach.iter().filter(|(file, there)| there.contains(*file));
    in_circles
        .map(|(file, there)| there.iter().filter(|to| reaches(to, file)).map(|to| (*to).to_owned()).collect())
        .collect()
}

fn reached<'a>(from: &str, next: &BTreeMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        for to in next.get(file).into_iter().flatten() {
            if seen.insert(*to) {
                open.push(to);
            }
        }
    }
    seen
}

/// The edges of a circle, a line each, and an empty line.
fn written(circle: &BTreeSet<String>, edges: &Edges) -> String {
    let inside = edges.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
    let lines = inside.map(|((from, to), items)| {
        let items: Vec<_> = items.iter().map(String::as_str).collect();
        format!("{from} -> {to}: {}\n", items.join(", "))
    });
    lines.chain(["\n".to_owned()]).collect()
}

fn found(files: &[(&str, &str)]) -> Vec<String> {
    let files = files.iter().map(|(path, code)| ((*path).to_owned(), (*code).to_owned())).collect();
    let edges = edges(&files);
    circles(&edges)
        .iter()
        .flat_map(|circle| written(circle, &edges).lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn a_circle_that_is_made_on_purpose_is_found_with_its_names() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::{self, Part as Piece}; pub struct Whole(Piece); fn f() { b::make() }"),
        ("b.rs", "pub struct Part; pub fn make() { crate::c::pass() }"),
        ("c.rs", "pub fn pass() { let whole: super::a::Whole; crate::d::end() }"),
        ("d.rs", "pub fn end() {}"),
    ];
    assert_eq!(found(&files), ["a.rs -> b.rs: Part, make", "b.rs -> c.rs: pass", "c.rs -> a.rs: Whole"]);
}

#[test]
fn an_item_is_sought_where_it_is_defined() {
    let files = [
        ("lib.rs", "pub mod port; mod user;"),
        (
            "port/mod.rs",
            "mod types; pub use types::*; mod tools; pub(crate) use tools::call as run; pub fn open(x: crate::user::User) {}",
        ),
        ("port/types.rs", "made! { pub enum State { Open } } pub mod inner { pub const LIMIT: u8 = 1; }"),
        ("port/tools.rs", "macro_rules! call { () => { $crate::user::user() } } pub(crate) use call;"),
        (
            "user.rs",
            "use crate::port; use port::inner::LIMIT; pub struct User; pub fn user() -> port::State { assert!(port::run!()) }",
        ),
    ];
    assert_eq!(found(&files), ["port/tools.rs -> user.rs: user", "user.rs -> port/tools.rs: call"]);
    let edges = edges(&files.map(|(path, code)| (path.to_owned(), code.to_owned())).into());
    let of_user: Vec<_> = edges
        .iter()
        .filter(|((from, _), _)| from == "user.rs")
        .map(|((_, to), items)| (to.as_str(), items.iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    assert_eq!(of_user, [("port/tools.rs", vec!["call"]), ("port/types.rs", vec!["LIMIT", "State"])]);
}

#[test]
fn modules_reexports_tests_texts_and_comments_make_no_circle() {
    let files = [
        ("lib.rs", "mod a; pub use a::A; pub use b::*; mod b; pub struct Root;"),
        (
            "a.rs",
            "pub struct A; // use crate::Root;\n const X: &str = \"crate::Root\"; impl A { fn f(self) { self.Root() } }",
        ),
        (
            "b.rs",
            "mod c; pub use c::C; pub struct B; #[cfg(test)] mod tests { use super::c::D; } #[cfg(test)] mod more;",
        ),
        (
            "b/c.rs",
            "use super::B; pub struct C(B); #[cfg(test)] use crate::Root; fn f() { #[cfg(test)] crate::Root::new(); }",
        ),
        ("b/more.rs", "use crate::Root;"),
    ];
    assert_eq!(found(&files), <[&str; 0]>::default());
}

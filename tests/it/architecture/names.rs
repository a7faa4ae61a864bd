//! Reads which file of a crate names items of which other file.
//!
//! An item is looked up as the compiler does it: through modules, `use` with groups and other names, re-exports and globs,
//! to the file that defines it. `mod` lines, re-exports and what stands below `#[cfg(test)]` name nothing.

use super::tokens::{Token, closing, tokens};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Which file names which items of which file.
pub(super) type Edges = BTreeMap<(String, String), BTreeSet<String>>;

/// What stands in one module.
#[derive(Default)]
struct Module {
    file: String,
    children: HashSet<String>,
    items: HashSet<String>,
    /// Words of macro calls: a macro may define items with these names.
    from_macros: HashSet<String>,
    /// Every `use`, by the name it gives; globs have the name `*`.
    uses: Vec<(String, Vec<String>)>,
    /// Every path that is named, re-exports apart.
    named: BTreeSet<Vec<String>>,
}

/// The modules of a crate, by their path.
struct Crate<'a> {
    files: &'a BTreeMap<String, String>,
    modules: BTreeMap<Vec<String>, Module>,
}

/// What is being looked up: a name in a module, as the end of a path or as its beginning.
type Visited = HashSet<(Vec<String>, String, bool)>;

enum Resolved {
    Module(Vec<String>),
    /// The file and the name of an item.
    Item(String, String),
}

/// The edges of the crate whose root is `lib.rs`. Each file comes with its path.
pub(super) fn edges(files: &BTreeMap<String, String>) -> Edges {
    let mut all = Crate { files, modules: BTreeMap::new() };
    all.read_file(Vec::new(), "lib.rs");
    let mut edges = Edges::new();
    for (path, module) in &all.modules {
        for named in &module.named {
            if let Some(Resolved::Item(file, item)) = all.resolve(path, named, &mut HashSet::new())
                && file != module.file
            {
                edges.entry((module.file.clone(), file)).or_default().insert(item);
            }
        }
    }
    edges
}

impl Crate<'_> {
    fn read_file(&mut self, path: Vec<String>, file: &str) {
        let tokens = tokens(&self.files[file]);
        self.read_items(path, file, &tokens);
    }

    fn read_items(&mut self, path: Vec<String>, file: &str, tokens: &[Token]) {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        let mut at = 0;
        while at < tokens.len() {
            let end = item_end(tokens, at);
            let item = &tokens[at..end];
            at = end;
            let (attributes, item) = item.split_at(after_attributes(item));
            if is_for_tests(attributes) {
                continue;
            }
            let public = item.first().is_some_and(|t| t.text == "pub");
            let kind = kind_of(item);
            let text = |at: usize| item.get(at).map_or("", |t| t.text.as_str());
            match kind.map(|kind| (text(kind), text(kind + 1), kind)) {
                Some(("use", _, kind)) => {
                    let found = use_trees(&item[kind + 1..]);
                    if !public {
                        module.named.extend(found.iter().map(|(_, path)| path.clone()));
                    }
                    module.uses.extend(found);
                }
                Some(("mod", name, kind)) => {
                    module.children.insert(name.to_owned());
                    let child = [path.clone(), vec![name.to_owned()]].concat();
                    if text(kind + 2) == "{" {
                        self.read_items(child, file, &item[kind + 3..item.len() - 1]);
                    } else {
                        let start = child.join("/");
                        let file = [format!("{start}.rs"), format!("{start}/mod.rs")];
                        let file = file.into_iter().find(|file| self.files.contains_key(file));
                        self.read_file(child, &file.unwrap_or_else(|| panic!("{start} has no file")));
                    }
                }
                Some(("!", _, kind)) if text(kind - 1) == "macro_rules" => {
                    module.items.insert(text(kind + 1).to_owned());
                    read_body(item, &mut module);
                }
                Some(("!", ..)) => {
                    module.from_macros.extend(item.iter().map(|t| t.text.clone()));
                    read_body(item, &mut module);
                }
                Some((kind, name, _)) => {
                    if kind != "impl" {
                        module.items.insert(name.to_owned());
                    }
                    read_body(item, &mut module);
                }
                None => read_body(item, &mut module),
            }
        }
        self.modules.insert(path, module);
    }

    /// What `path` stands for when it is named in the module `from`; `None`: nothing of this crate.
    fn resolve(&self, from: &[String], path: &[String], seen: &mut Visited) -> Option<Resolved> {
        let mut module = from.to_vec();
        for (i, name) in path.iter().enumerate() {
            match name.as_str() {
                "crate" => module.clear(),
                "self" => {}
                "super" => drop(module.pop()),
                _ => match self.look_up(&module, name, i + 1 == path.len(), seen)? {
                    Resolved::Module(found) => module = found,
                    item @ Resolved::Item(..) => return Some(item),
                },
            }
        }
        Some(Resolved::Module(module))
    }

    /// A name may stand for a module and for an item: the end of a path is rather an item, what is before rather a module.
    fn look_up(&self, module: &[String], name: &str, last: bool, seen: &mut Visited) -> Option<Resolved> {
        if !seen.insert((module.to_vec(), name.to_owned(), last)) {
            return None;
        }
        let here = self.modules.get(module)?;
        let item = || Resolved::Item(here.file.clone(), name.to_owned());
        let mut found = Vec::new();
        if here.items.contains(name) {
            found.push(item());
        }
        if here.children.contains(name) {
            found.push(Resolved::Module([module, &[name.to_owned()]].concat()));
        }
        for (_, path) in here.uses.iter().filter(|(given, _)| given == name) {
            found.extend(self.resolve(module, path, seen));
        }
        if found.is_empty() && here.from_macros.contains(name) {
            found.push(item());
        }
        if found.is_empty() {
            for (_, path) in here.uses.iter().filter(|(given, _)| given == "*") {
                if let Some(Resolved::Module(from)) = self.resolve(module, path, seen) {
                    found.extend(self.look_up(&from, name, last, seen));
                }
            }
        }
        let fits = |found: &Resolved| matches!(found, Resolved::Item(..)) == last;
        let best = found.iter().position(fits).unwrap_or(0);
        (!found.is_empty()).then(|| found.swap_remove(best))
    }
}

/// The words that say what kind of item follows; `!` is a macro.
const KINDS: &[&str] =
    &["use", "mod", "fn", "struct", "enum", "union", "trait", "type", "static", "const", "impl", "extern", "!"];

/// Words of the language that are no names, but for those that begin a path.
const KEYWORDS: &[&str] = &[
    "Self", "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "static",
    "struct", "trait", "true", "type", "unsafe", "where", "while", "_",
];

/// Where the kind of an item stands. `const fn` is a function.
fn kind_of(item: &[Token]) -> Option<usize> {
    let function = |at: usize| item.get(at + 1).is_some_and(|next| matches!(&*next.text, "fn" | "unsafe" | "async"));
    (0..item.len()).find(|at| KINDS.contains(&&*item[*at].text) && !(item[*at].text == "const" && function(*at)))
}

/// How many tokens the attributes take that `item` begins with.
fn after_attributes(item: &[Token]) -> usize {
    let mut at = 0;
    while item.get(at).is_some_and(|t| t.text == "#") {
        let open = at + 1 + usize::from(item[at + 1].text == "!");
        at = closing(item, open) + 1;
    }
    at
}

fn is_for_tests(attributes: &[Token]) -> bool {
    let word = |word: &str| attributes.iter().any(|t| t.text == word);
    word("cfg") && word("test") && !word("not")
}

/// Where the item ends that begins at `at`: behind its `;`, or behind its last brace.
fn item_end(tokens: &[Token], at: usize) -> usize {
    let start = at + after_attributes(&tokens[at..]);
    let kind = kind_of(&tokens[start..]).map_or("", |kind| &*tokens[start + kind].text);
    let mut at = start;
    while at < tokens.len() {
        match &*tokens[at].text {
            ";" => return at + 1,
            "{" if !matches!(kind, "use" | "static" | "const") => return closing(tokens, at) + 1,
            "(" | "[" | "{" => at = closing(tokens, at),
            _ => {}
        }
        at += 1;
    }
    tokens.len()
}

/// Where the part of a body ends that begins at `at`, such as a field, an arm, a statement or a function.
fn part_end(tokens: &[Token], at: usize) -> usize {
    let start = at + after_attributes(&tokens[at..]);
    if tokens[start..].iter().take(4).any(|t| matches!(&*t.text, "fn" | "use" | "impl" | "struct" | "enum")) {
        return item_end(tokens, start);
    }
    let mut at = start;
    while at < tokens.len() && !matches!(&*tokens[at].text, "," | ";" | ")" | "]" | "}") {
        at = if matches!(&*tokens[at].text, "(" | "[" | "{") { closing(tokens, at) + 1 } else { at + 1 };
    }
    at
}

/// Adds every path that `body` names, and every `use` in it.
fn read_body(body: &[Token], module: &mut Module) {
    let is_word = |at: usize| body.get(at).is_some_and(|t| t.text.starts_with(|c: char| c.is_alphabetic() || c == '_'));
    let text = |at: usize| body.get(at).map_or("", |t| &*t.text);
    let mut at = 0;
    while at < body.len() {
        if text(at) == "#" && is_for_tests(&body[at..at + after_attributes(&body[at..])]) {
            at = part_end(body, at);
        } else if text(at) == "use" {
            let end = item_end(body, at);
            let found = use_trees(&body[at + 1..end]);
            module.named.extend(found.iter().map(|(_, path)| path.clone()));
            module.uses.extend(found);
            at = end;
        } else if is_word(at) && !KEYWORDS.contains(&text(at)) {
            let start = at;
            let mut path = vec![text(at).to_owned()];
            while text(at + 1) == "::" && is_word(at + 2) {
                at += 2;
                path.push(text(at).to_owned());
            }
            at += 1;
            // A field, a method, the rest of `<T as Trait>::name`, a variable of a macro, or `name: …`.
            let before = start.checked_sub(1).map_or("", text);
            let is_field = path.len() == 1 && text(at) == ":";
            if !(matches!(before, "." | "::" | "$") && path[0] != "crate" || is_field) {
                module.named.insert(path);
            }
        } else {
            at += 1;
        }
    }
}

/// The names that a `use` gives, each with its path.
fn use_trees(tree: &[Token]) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tree.len() {
        at += read_tree(&tree[at..], &[], &mut found) + 1;
    }
    found
}

/// Reads one tree of a `use`, such as `a::{b, c::d}`, below `parent`; returns how many tokens it takes.
fn read_tree(tree: &[Token], parent: &[String], found: &mut Vec<(String, Vec<String>)>) -> usize {
    let mut path = parent.to_vec();
    let text = |at: usize| tree.get(at).map_or(";", |t| &*t.text);
    let mut at = 0;
    loop {
        match text(at) {
            "::" => {}
            "{" => {
                let end = closing(tree, at);
                at += 1;
                while at < end {
                    at += read_tree(&tree[at..end], &path, found) + 1;
                }
                return end + 1;
            }
            "*" => {
                found.push(("*".to_owned(), path));
                return at + 1;
            }
            "as" => {
                found.push((text(at + 1).to_owned(), path));
                return at + 2;
            }
            "," | ";" | "}" => {
                if path.len() > parent.len() || text(0) == "self" {
                    found.push((path.last().cloned().unwrap_or_default(), path));
                }
                return at;
            }
            "self" if !path.is_empty() => {}
            word => path.push(word.to_owned()),
        }
        at += 1;
    }
}

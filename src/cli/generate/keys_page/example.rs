//! `config.example.toml`, taken apart: its tables, keys and comments. Blocks are apart by empty lines; comments stand above
//! the keys they explain, and above the header of a table they introduce.

const EXAMPLE: &str = include_str!("../../../../config.example.toml");

/// A table, or what stands above all tables.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// Its path as the checker names it; empty for the top of the file.
    pub(super) table: String,
    /// Paragraphs about the table.
    pub(super) intro: Vec<String>,
    /// Its keys, with what explains them.
    pub(super) groups: Vec<Group>,
    /// Words, and a piece of config to copy.
    pub(super) copy: Option<(String, String)>,
}

/// Keys that one comment explains.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) text: String,
    pub(super) keys: Vec<Key>,
}

/// A key and the value it has in the example, on one or several lines.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) value: String,
}

impl Key {
    /// As it stands in a file.
    pub(super) fn line(&self) -> String {
        format!("{} = {}", self.name, self.value)
    }
}

impl Section {
    /// The heading: as the header is written, with NAME for what everybody names for themselves.
    pub(super) fn heading(&self) -> String {
        match self.table.as_str() {
            "" => "TOP OF THE FILE".into(),
            "person" | "contact" | "ladder" => format!("[[{}]]", self.table),
            "webhook" | "command" => format!("[{}.NAME]", self.table),
            table => format!("[{table}]"),
        }
    }

    /// All its keys.
    pub(super) fn keys(self) -> Vec<Key> {
        self.groups.into_iter().flat_map(|group| group.keys).collect()
    }
}

enum Line<'a> {
    Header(&'a str),
    Key(Key),
    Text(&'a str),
}

/// The sections in the order of the file.
pub(super) fn sections() -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut waiting: Vec<String> = Vec::new();
    // The first block is about the file, and said in other words.
    for block in EXAMPLE.split("\n\n").skip(1) {
        if let Some((words, copy)) = block.split_once("\n#\n") {
            let at = sections.len() - 1;
            sections[at].copy = Some((sentence(words), plain(copy)));
            continue;
        }
        let mut group = Group::default();
        for line in lines(block) {
            match line {
                Line::Header(path) => {
                    let intro = std::mem::take(&mut waiting).into_iter().chain([std::mem::take(&mut group.text)]);
                    let intro = intro.filter(|text| !text.is_empty()).collect();
                    open(&mut sections, path, intro);
                }
                Line::Text(text) => {
                    if !group.keys.is_empty() {
                        close(&mut sections, std::mem::take(&mut group));
                    }
                    let gap = if group.text.is_empty() { "" } else { " " };
                    group.text.extend([gap, text]);
                }
                Line::Key(key) => group.keys.push(key),
            }
        }
        if group.keys.is_empty() {
            waiting.push(group.text);
        } else {
            close(&mut sections, group);
        }
    }
    sections
}

/// Goes on with the table of this path, which is the last one or a new one.
fn open(sections: &mut Vec<Section>, path: &str, intro: Vec<String>) {
    // `webhook.phone` is one of many; `provider.twilio` is not.
    let table = path.split_once('.').map_or(path, |(kind, _)| if kind == "provider" { path } else { kind });
    if sections.last().is_some_and(|last| last.table != table) {
        sections.push(Section { table: table.to_owned(), intro, ..Section::default() });
    }
}

/// Keys that were explained before are a second entry of the same table.
fn close(sections: &mut [Section], group: Group) {
    let Some(section) = sections.last_mut() else { return };
    let known = |key: &Key| section.groups.iter().any(|g| g.keys.iter().any(|k| k.name == key.name));
    if !group.keys.iter().all(known) {
        section.groups.push(group);
    }
}

fn lines(block: &str) -> Vec<Line<'_>> {
    let mut found = Vec::new();
    let mut list: Option<Key> = None;
    for line in block.lines().map(uncommented) {
        if let Some(key) = &mut list {
            key.value.extend(["\n", line]);
            if line == "]" {
                found.extend(list.take().map(Line::Key));
            }
            continue;
        }
        let key = line.split_once(" = ").filter(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        if let Some((name, value)) = key {
            let key = Key { name: name.to_owned(), value: value.to_owned() };
            if value == "[" { list = Some(key) } else { found.push(Line::Key(key)) }
        } else if let Some(path) = header(line) {
            found.push(Line::Header(path));
        } else {
            found.push(Line::Text(line));
        }
    }
    found
}

fn header(line: &str) -> Option<&str> {
    let path = line.strip_prefix('[')?.strip_suffix(']')?.trim_matches(['[', ']']);
    path.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'.')).then_some(path)
}

fn uncommented(line: &str) -> &str {
    line.strip_prefix("# ").or_else(|| line.strip_prefix('#')).unwrap_or(line)
}

fn sentence(block: &str) -> String {
    block.lines().map(uncommented).collect::<Vec<_>>().join(" ")
}

/// A piece of config without the comment signs, but before its own comments.
fn plain(block: &str) -> String {
    let line = |line: &str| {
        let bare = uncommented(line);
        let text = !bare.is_empty() && header(bare).is_none() && !bare.contains(" = ");
        if text { format!("# {bare}") } else { bare.to_owned() }
    };
    block.lines().map(line).collect::<Vec<_>>().join("\n")
}

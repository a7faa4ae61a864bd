//! Rust cut into the tokens that a reader of names needs.

/// One token and the line it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub text: String,
    pub line: usize,
}

/// The tokens of `code`: words, `::`, `..`, and every other sign by itself. Comments are left out, a literal is `"`, a
/// lifetime is `'`.
pub(super) fn tokens(code: &str) -> Vec<Token> {
    let (mut found, mut rest, mut line) = (Vec::new(), code, 1);
    while !rest.is_empty() {
        let (text, length) = token(rest);
        if !text.is_empty() {
            found.push(Token { text: text.to_owned(), line });
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// The token that `rest` begins with, and how many bytes it takes. Comments and white space are the empty token.
fn token(rest: &str) -> (&str, usize) {
    let first = rest.chars().next().unwrap_or_default();
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    if rest.starts_with("//") {
        ("", rest.find('\n').unwrap_or(rest.len()))
    } else if rest.starts_with("/*") {
        ("", rest.find("*/").map_or(rest.len(), |end| end + 2))
    } else if matches!(&rest[..word], "r" | "b" | "br" | "c" | "cr") && rest[word..].starts_with(['"', '\'', '#']) {
        literal(rest, word)
    } else if first == '"' {
        literal(rest, 0)
    } else if first == '\'' {
        let name = rest[1..].find(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(rest.len(), |end| end + 1);
        if name > 1 && !rest[name..].starts_with('\'') { ("'", name) } else { literal(rest, 0) }
    } else if word > 0 {
        (if first.is_ascii_digit() { "\"" } else { &rest[..word] }, word)
    } else if rest.starts_with("::") || rest.starts_with("..") {
        (&rest[..2], 2)
    } else {
        (if first.is_whitespace() { "" } else { &rest[..first.len_utf8()] }, first.len_utf8())
    }
}

/// A text or a character, with `prefix` letters before its quotes.
fn literal(rest: &str, prefix: usize) -> (&str, usize) {
    let hashes = rest[prefix..].bytes().take_while(|b| *b == b'#').count();
    let start = prefix + hashes;
    let Some(quote) = rest[start..].chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return (&rest[..prefix], start); // `r#type`: a word with the name of a keyword
    };
    if rest[..prefix].contains('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        return ("\"", rest[start + 1..].find(&end).map_or(rest.len(), |at| start + 1 + at + end.len()));
    }
    let mut escaped = false;
    for (at, c) in rest[start + 1..].char_indices() {
        if c == quote && !escaped {
            return ("\"", start + 1 + at + 1);
        }
        escaped = c == '\\' && !escaped;
    }
    ("\"", rest.len())
}

/// Where the bracket that opens at `at` closes.
pub(super) fn closing(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(at) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i;
        }
    }
    tokens.len() - 1
}

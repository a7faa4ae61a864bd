//! How long files and functions may be.

use super::tokens::{Token, closing, tokens};
use super::{root, rust_files};
use std::fs;

/// Lines of a file, by the folder it is in.
const LONGEST_FILE: &[(&str, usize)] = &[("src", 450), ("tests", 500)];

/// Lines of a function of `src/`, from its name to its end.
const LONGEST_FUNCTION: usize = 60;

#[test]
fn no_file_and_no_function_is_too_long_to_read() {
    let mut wrong = Vec::new();
    for (dir, longest) in LONGEST_FILE {
        for path in rust_files(&root().join(dir)) {
            let (text, path) = (fs::read_to_string(&path).unwrap(), path.display());
            let lines = text.lines().count();
            if lines > *longest {
                wrong.push(format!("{path} has {lines} lines; split it"));
            }
            let tokens = if *dir == "src" { tokens(&text) } else { Vec::new() };
            let long = functions(&tokens).into_iter().filter(|(_, lines)| *lines > LONGEST_FUNCTION);
            wrong.extend(long.map(|(name, lines)| format!("{path}: `{name}` has {lines} lines; split it")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The functions of a file that have a body, each with its lines.
fn functions(tokens: &[Token]) -> Vec<(&str, usize)> {
    let body = |at: usize| {
        let mut at = at;
        while !matches!(&*tokens.get(at)?.text, "{" | ";") {
            at = if matches!(&*tokens[at].text, "(" | "[") { closing(tokens, at) + 1 } else { at + 1 };
        }
        (tokens[at].text == "{").then_some(at)
    };
    let named = tokens.windows(2).enumerate().filter(|(_, pair)| pair[0].text == "fn" && pair[1].text != "(");
    let found = named.filter_map(|(at, pair)| {
        let end = closing(tokens, body(at + 2)?);
        Some((pair[1].text.as_str(), tokens[end].line - pair[0].line + 1))
    });
    found.collect()
}

#[test]
fn a_function_is_as_long_as_from_its_name_to_its_last_brace() {
    let code =
        "fn a(x: [u8; 2]) -> u8\n{\n 'a: loop { '}' }\n r#\"fn b() {\"#\n}\ntype F = fn(u8);\nfn b();\npub fn c() {}";
    assert_eq!(functions(&tokens(code)), [("a", 5), ("c", 1)]);
}

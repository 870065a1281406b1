//! The paths that Rust sources name, read as text: enough for import rules, without a parser.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

/// One file of a package.
#[derive(Clone)]
pub(crate) struct SourceFile {
    /// The path from the root of the project.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A path in a file, resolved through its imports: `crate::azure::Client`, `tokio::task::spawn`.
pub(crate) struct NamedPath {
    pub(crate) line: usize,
    pub(crate) path: String,
    /// The name that an import gives to it.
    pub(crate) alias: Option<String>,
    /// Whether it is only handed on, by `pub use`.
    pub(crate) is_reexport: bool,
}

/// Returns all files of the exporter's own package, except those that contain only tests.
pub(crate) fn sources() -> Vec<SourceFile> {
    below("src")
}

/// Returns all files of the other crates, except those that contain only tests.
pub(crate) fn crates() -> Vec<SourceFile> {
    below("crates")
}

/// Returns the libraries of the other crates, by the folders of these.
pub(crate) fn libraries() -> BTreeMap<String, Vec<SourceFile>> {
    let mut libraries: BTreeMap<String, Vec<SourceFile>> = BTreeMap::new();
    for file in crates() {
        let Some((folder, _)) = file.path.split_once("/src/") else { continue };
        libraries.entry(folder.to_owned()).or_default().push(file);
    }
    libraries
}

fn below(name: &str) -> Vec<SourceFile> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name), name, &mut files);
    files
}

fn collect(folder: &Path, name: &str, files: &mut Vec<SourceFile>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{name}/{}", entry.file_name().display());
        if entry.file_name() == "tests" || entry.file_name() == "tests.rs" {
            continue;
        }
        if entry.path().is_dir() {
            collect(&entry.path(), &path, files);
        } else if path.ends_with(".rs") {
            files.push(SourceFile { text: fs::read_to_string(entry.path()).expect("text"), path });
        }
    }
}

impl SourceFile {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Returns `azure` for `src/azure/client.rs`, `store` for `src/store.rs`.
    pub(crate) fn top_module(&self) -> &str {
        let inside = self.path.strip_prefix("src/").expect("a file of src");
        inside.split(['/', '.']).next().expect("a first part")
    }

    /// Returns whether this file is a module, such as `poller::run`, or a part of it.
    pub(crate) fn is_in(&self, module: &str) -> bool {
        // The roots, `main` and `lib`, have no path of their own.
        self.top_module() == module || is_prefix(module, &self.module().join("::"))
    }

    /// Returns the parts of the module's path; none for the roots of the library and of the binary.
    pub(crate) fn module(&self) -> Vec<&str> {
        let (_, inside) = self.path.split_once("src/").unwrap_or(("", &self.path));
        let mut module: Vec<&str> = inside.trim_end_matches(".rs").split('/').collect();
        if matches!(module.last(), Some(&("mod" | "lib" | "main"))) {
            module.pop();
        }
        module
    }

    pub(crate) fn named_paths(&self) -> Vec<NamedPath> {
        let tokens = without_tests(tokens(&self.text));
        let written = written_paths(&tokens, &self.module());
        let aliases: HashMap<&str, &str> = written
            .iter()
            .filter_map(|written| Some((written.alias?, written.path.as_str())))
            .filter(|(alias, path)| path.split("::").next() != Some(alias))
            .collect();
        written.iter().map(|written| written.resolved(&aliases)).collect()
    }
}

impl NamedPath {
    /// Returns the module of this crate that the path leads into.
    pub(crate) fn crate_module(&self) -> Option<&str> {
        self.path.strip_prefix("crate::")?.split("::").next()
    }

    pub(crate) fn is_one_of(&self, prefixes: &[&str]) -> bool {
        prefixes.iter().any(|prefix| is_prefix(prefix, &self.path))
    }
}

fn is_prefix(prefix: &str, path: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// A path as it is written, with `self` and `super` resolved.
struct WrittenPath<'a> {
    line: usize,
    path: String,
    /// The name that an import gives to it.
    alias: Option<&'a str>,
    is_reexport: bool,
}

impl WrittenPath<'_> {
    fn resolved(&self, aliases: &HashMap<&str, &str>) -> NamedPath {
        let (first, rest) = self.path.split_once("::").unwrap_or((&self.path, ""));
        let path = match aliases.get(first) {
            Some(full) if !rest.is_empty() => format!("{full}::{rest}"),
            _ => self.path.clone(),
        };
        let alias = self.alias.map(str::to_owned);
        NamedPath { line: self.line, path, alias, is_reexport: self.is_reexport }
    }
}

fn written_paths<'a>(tokens: &[Token<'a>], file_module: &[&'a str]) -> Vec<WrittenPath<'a>> {
    let mut paths = Vec::new();
    let mut module = file_module.to_vec();
    // The depth of braces at which each inline module ends.
    let mut module_ends = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].text {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if module_ends.last() == Some(&depth) {
                    module_ends.pop();
                    module.pop();
                }
            }
            "mod" if text(tokens, at + 2) == "{" => {
                module_ends.push(depth);
                module.push(text(tokens, at + 1));
            }
            "use" if text(tokens, at + 1) != "<" => {
                let first = paths.len();
                let is_reexport = at > 0 && matches!(tokens[at - 1].text, "pub" | ")");
                at = read_use_tree(tokens, at + 1, &[], &module, &mut paths);
                paths[first..].iter_mut().for_each(|path| path.is_reexport = is_reexport);
            }
            _ if starts_path(tokens, at) => {
                let line = tokens[at].line;
                let segments = segments(tokens, &mut at);
                if segments.len() > 1 {
                    paths.push(WrittenPath {
                        line,
                        path: absolute(&segments, &module),
                        alias: None,
                        is_reexport: false,
                    });
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    paths
}

/// Reads `a::b`, `a::{b, c as d}` or `a::*` from `at`, and returns the position of its end.
fn read_use_tree<'a>(
    tokens: &[Token<'a>],
    mut at: usize,
    parent: &[&'a str],
    module: &[&'a str],
    paths: &mut Vec<WrittenPath<'a>>,
) -> usize {
    if text(tokens, at) == "::" {
        at += 1;
    }
    let Some(line) = tokens.get(at).map(|token| token.line) else { return at };
    let mut path = parent.to_vec();
    path.extend(segments(tokens, &mut at));
    match text(tokens, at) {
        "{" => {
            while !matches!(text(tokens, at), "}" | "") {
                at += 1;
                if text(tokens, at) != "}" {
                    at = read_use_tree(tokens, at, &path, module, paths);
                }
            }
            return at + 1;
        }
        "*" => {
            path.push("*");
            at += 1;
        }
        _ => {}
    }
    if path.len() > 1 && path.last() == Some(&"self") {
        path.pop();
    }
    let mut alias = path.last().copied();
    if text(tokens, at) == "as" {
        alias = tokens.get(at + 1).map(|token| token.text);
        at += 2;
    }
    paths.push(WrittenPath { line, path: absolute(&path, module), alias, is_reexport: false });
    at
}

/// Returns `a`, `b`, `c` of `a::b::c`, and moves `at` behind them and behind a last `::`.
fn segments<'a>(tokens: &[Token<'a>], at: &mut usize) -> Vec<&'a str> {
    let mut segments = Vec::new();
    while is_name(text(tokens, *at)) {
        segments.push(tokens[*at].text);
        *at += 1;
        if text(tokens, *at) != "::" {
            break;
        }
        *at += 1;
    }
    segments
}

fn starts_path(tokens: &[Token], at: usize) -> bool {
    let before =
        |distance: usize| at.checked_sub(distance).map_or("", |before| tokens[before].text);
    let continues =
        before(1) == "." || before(1) == "::" && (is_name(before(2)) || before(2) == ">");
    // `pub(in crate::a)` says who may name an item, and names nothing itself.
    let is_visibility = before(1) == "in" && before(2) == "(";
    is_name(tokens[at].text) && !continues && !is_visibility
}

fn absolute(path: &[&str], module: &[&str]) -> String {
    let supers = path
        .iter()
        .skip_while(|segment| **segment == "self")
        .take_while(|segment| **segment == "super")
        .count();
    let (base, rest) = match path[0] {
        "crate" | "azure_billing_exporter" => (&[][..], &path[1..]),
        "self" => (&module[..module.len().saturating_sub(supers)], &path[1 + supers..]),
        "super" => (&module[..module.len().saturating_sub(supers)], &path[supers..]),
        _ => return path.join("::"),
    };
    [&["crate"], base, rest].concat().join("::")
}

#[derive(Clone, Copy)]
struct Token<'a> {
    line: usize,
    text: &'a str,
}

/// Returns the text of a token, empty beyond the end.
fn text<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.text)
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Leaves out every item behind `#[cfg(test)]`.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    const TEST_ONLY: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if (0..TEST_ONLY.len()).all(|offset| text(&tokens, at + offset) == TEST_ONLY[offset]) {
            at = end_of_item(&tokens, at + TEST_ONLY.len());
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// Returns the position behind the `;` or the closing brace of the item that begins at `at`.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    let mut depth = 0;
    let mut is_import = false;
    while at < tokens.len() {
        match tokens[at].text {
            "use" => is_import = true,
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        let ends = tokens[at].text == ";" || tokens[at].text == "}" && !is_import;
        at += 1;
        if ends && depth == 0 {
            break;
        }
    }
    at
}

/// Returns names, numbers, `::` and signs; no blanks, comments, strings, characters, lifetimes.
fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = source;
    while !rest.is_empty() {
        let (length, is_token) = lexeme(rest);
        let (text, behind) = rest.split_at(length);
        if is_token {
            tokens.push(Token { line, text });
        }
        line += text.matches('\n').count();
        rest = behind;
    }
    tokens
}

/// Returns the length of the first lexeme of `rest`, and whether it is a token.
fn lexeme(rest: &str) -> (usize, bool) {
    let first = rest.chars().next().expect("some text");
    let word = rest.find(|sign: char| !sign.is_alphanumeric() && sign != '_').unwrap_or(rest.len());
    if let ("r" | "br" | "cr", Some(string)) = (&rest[..word], raw_string(&rest[word..])) {
        return (word + string, false);
    }
    match first {
        '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
        '/' if rest.starts_with("/*") => (block_comment(rest), false),
        '"' => (quoted(rest, '"'), false),
        '\'' => (character_or_lifetime(rest), false),
        ':' if rest.starts_with("::") => (2, true),
        _ if word > 0 => (word, true),
        _ => (first.len_utf8(), !first.is_whitespace()),
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    loop {
        let Some(next) = rest[at..].find(['/', '*']).map(|offset| at + offset) else {
            return rest.len();
        };
        at = next + 2;
        match &rest.as_bytes()[next..rest.len().min(at)] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => at = next + 1,
        }
        if depth == 0 {
            return at;
        }
    }
}

/// Returns the length up to the closing quote, and skips escaped quotes.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, sign) in rest.char_indices().skip(1) {
        if sign == quote && !escaped {
            return at + 1;
        }
        escaped = sign == '\\' && !escaped;
    }
    rest.len()
}

fn character_or_lifetime(rest: &str) -> usize {
    let mut signs = rest.chars().skip(1);
    match (signs.next(), signs.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted(rest, '\''),
        _ => rest[1..]
            .find(|sign: char| !sign.is_alphanumeric() && sign != '_')
            .map_or(rest.len(), |end| end + 1),
    }
}

/// Returns the length of `#"…"#` behind an `r`; a raw name such as `r#type` is not a string.
fn raw_string(rest: &str) -> Option<usize> {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let body = rest[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&end).map_or(rest.len(), |at| hashes + 1 + at + end.len()))
}

//! The documents of the project, taken apart: their links, and what they show.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A file in Markdown.
pub(crate) struct Page {
    /// The path from the root of the project.
    pub(crate) path: String,
    text: String,
}

/// A fenced block.
pub(crate) struct Snippet {
    /// The place, such as `docs/web.md:41`.
    pub(crate) place: String,
    /// The text that follows the fence, such as `yaml`.
    pub(crate) language: String,
    pub(crate) text: String,
}

/// A link or a picture.
pub(crate) struct Link {
    /// The line that it is on.
    pub(crate) place: String,
    pub(crate) target: String,
}

/// Returns every document, in the order of their paths.
pub(crate) fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut pages);
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    pages
}

fn collect(folder: &Path, name: &str, pages: &mut Vec<Page>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let file_name = entry.file_name().display().to_string();
        let path = format!("{name}{file_name}");
        if entry.file_type().expect("a type").is_dir() {
            if !["target", ".git", "node_modules"].contains(&file_name.as_str()) {
                collect(&entry.path(), &format!("{path}/"), pages);
            }
        } else if file_name.ends_with(".md") {
            pages.push(Page { text: fs::read_to_string(entry.path()).expect("text"), path });
        }
    }
}

impl Page {
    /// Makes a page of a text, for tests.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    fn events(&self) -> impl Iterator<Item = (Event<'_>, String)> {
        let events = Parser::new_ext(&self.text, Options::ENABLE_TABLES).into_offset_iter();
        events.map(|(event, range)| {
            let line = self.text[..range.start].matches('\n').count() + 1;
            (event, format!("{}:{line}", self.path))
        })
    }

    /// Returns the fenced blocks in order.
    pub(crate) fn snippets(&self) -> Vec<Snippet> {
        let mut snippets: Vec<Snippet> = Vec::new();
        let mut inside = false;
        for (event, place) in self.events() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                    inside = true;
                    let (language, text) = (language.into_string(), String::new());
                    snippets.push(Snippet { place, language, text });
                }
                Event::End(TagEnd::CodeBlock) => inside = false,
                Event::Text(text) if inside => {
                    snippets.last_mut().expect("it has begun").text.push_str(&text);
                }
                _ => {}
            }
        }
        snippets
    }

    /// Returns the words in code type within sentences, with their places.
    pub(crate) fn words(&self) -> Vec<(String, String)> {
        let code = |(event, place)| match event {
            Event::Code(text) => Some((place, text.into_string())),
            _ => None,
        };
        self.events().filter_map(code).collect()
    }

    /// Returns the links, with their targets.
    pub(crate) fn links(&self) -> Vec<Link> {
        let link = |(event, place)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                Some(Link { place, target: dest_url.into_string() })
            }
            _ => None,
        };
        self.events().filter_map(link).collect()
    }

    /// Returns the names that a link may have behind `#`: the headings as GitHub spells them.
    pub(crate) fn anchors(&self) -> BTreeSet<String> {
        let mut headings: Vec<String> = Vec::new();
        let mut inside = false;
        for (event, _) in self.events() {
            match event {
                Event::Start(Tag::Heading { .. }) => {
                    inside = true;
                    headings.push(String::new());
                }
                Event::End(TagEnd::Heading(_)) => inside = false,
                Event::Text(text) | Event::Code(text) if inside => {
                    headings.last_mut().expect("it has begun").push_str(&text);
                }
                _ => {}
            }
        }
        let mut seen = BTreeMap::new();
        headings.iter().map(|heading| anchor(heading, &mut seen)).collect()
    }
}

/// Returns a heading in lower case, with hyphens for blanks, without other marks; a repeated one
/// gets a number.
fn anchor(heading: &str, seen: &mut BTreeMap<String, usize>) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    let kept: String = kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect();
    let before = seen.entry(kept.clone()).or_default();
    *before += 1;
    if *before == 1 { kept } else { format!("{kept}-{}", *before - 1) }
}

/// Returns the text of a file of the project.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a file")
}

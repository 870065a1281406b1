//! The picture of the modules and crates in `docs/architecture.md`, drawn from their imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::WIRING;
use crate::source::{NamedPath, SourceFile, libraries, sources};

const PAGE: &str = "docs/architecture.md";
const FENCE: &str = "```mermaid\n";
/// The crates of the project that others import; the simulator knows none of them.
const CRATES: &[&str] = &["exporter_web", "strict_config"];

/// The modules and crates that each of them imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// Returns the imports between modules of the top level. What connects all of them and what is for
/// tests only is left out.
fn imports(files: &[SourceFile]) -> Imports {
    let is_shown = |module: &str| !WIRING.contains(&module) && module != "fuzzing";
    let mut imports = Imports::new();
    for file in files.iter().filter(|file| is_shown(file.top_module())) {
        let top = file.top_module();
        let all: &mut BTreeSet<String> = imports.entry(top.to_owned()).or_default();
        let named = file.named_paths();
        all.extend(named.iter().filter_map(imported).filter(|module| module != top));
    }
    imports
}

/// Adds what the other crates of the project import of each other.
fn add_crates(imports: &mut Imports) {
    for (folder, files) in libraries() {
        let named = files.iter().flat_map(SourceFile::named_paths);
        let crates: BTreeSet<String> = named.filter_map(|named| crate_of(&named.path)).collect();
        imports.insert(folder.trim_start_matches("crates/").to_owned(), crates);
    }
}

/// Returns the module, or the other crate of the project, that a path leads into.
fn imported(named: &NamedPath) -> Option<String> {
    let module = named.crate_module().map(|module| match module {
        // What the root hands on of it.
        "descriptors" | "log_limit" => "exporter-web",
        module => module,
    });
    module.map(str::to_owned).or_else(|| crate_of(&named.path))
}

fn crate_of(path: &str) -> Option<String> {
    let first = path.split("::").next()?;
    CRATES.contains(&first).then(|| first.replace('_', "-"))
}

/// Leaves out each import of what is imported by another import as well.
fn reduced(imports: &Imports) -> Imports {
    let is_needed = |from: &String, to: &String| {
        !imports[from].iter().any(|other| other != to && reached_from(other, imports).contains(to))
    };
    let reduce = |(from, all): (&String, &BTreeSet<String>)| {
        (from.clone(), all.iter().filter(|to| is_needed(from, to)).cloned().collect())
    };
    imports.iter().map(reduce).collect()
}

fn reached_from<'a>(from: &'a String, imports: &'a Imports) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(module) = next.pop() {
        if reached.insert(module) {
            next.extend(imports.get(module).into_iter().flatten());
        }
    }
    reached
}

fn picture(imports: &Imports) -> String {
    let mut text = String::from("flowchart TD\n");
    for (from, all) in imports.iter().filter(|(_, all)| !all.is_empty()) {
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        text += &format!("    {from} --> {}\n", all.join(" & "));
    }
    text
}

#[test]
#[expect(clippy::disallowed_methods, reason = "who runs the test decides")]
fn the_picture_shows_the_imports() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = fs::read_to_string(&file).expect("the page");
    let (before, rest) = page.split_once(FENCE).expect("a picture");
    let (shown, behind) = rest.split_once("```").expect("its end");
    let mut imports = imports(&sources());
    add_crates(&mut imports);
    let drawn = picture(&reduced(&imports));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let page = format!("{before}{FENCE}{drawn}```{behind}");
        fs::write(&file, page).expect("room for the page");
    } else {
        let remedy = "UPDATE_GOLDEN=1 cargo test --test architecture picture";
        assert_eq!(shown, drawn, "{PAGE} shows other imports: run {remedy}");
    }
}

#[test]
fn an_import_that_follows_from_others_is_not_drawn() {
    let files = [
        SourceFile::new("src/a.rs", "use crate::b::B; use crate::c::C;"),
        SourceFile::new("src/b.rs", "use crate::c::C; fn f(d: crate::d::D) {}"),
        SourceFile::new("src/c.rs", ""),
        SourceFile::new("src/d.rs", ""),
        SourceFile::new("src/commands/mod.rs", "use crate::a::A;"),
    ];
    let drawn = picture(&reduced(&imports(&files)));
    assert_eq!(drawn, "flowchart TD\n    a --> b\n    b --> c & d\n");
}

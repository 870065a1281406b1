//! Which file imports which. An import of what a module hands on leads to the file that defines it.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{NamedPath, SourceFile, libraries, sources};

/// The files that each file imports, and a line and a path that says so.
type Imports = BTreeMap<String, BTreeMap<String, String>>;

/// A file, and the paths that it names.
struct Module {
    file: String,
    /// The path of the module: `config::tree`; empty for the root of the library.
    path: String,
    named: Vec<NamedPath>,
}

/// The modules by their paths.
struct Modules(BTreeMap<String, Module>);

impl Modules {
    fn of(files: &[SourceFile]) -> Self {
        let modules = files.iter().filter(|file| !file.path.ends_with("src/main.rs")).map(|file| {
            let path = file.module().join("::");
            (path.clone(), Module { file: file.path.clone(), path, named: file.named_paths() })
        });
        Self(modules.collect())
    }

    fn imports(&self) -> Imports {
        self.0.values().map(|module| (module.file.clone(), self.imports_of(module))).collect()
    }

    fn imports_of(&self, module: &Module) -> BTreeMap<String, String> {
        let mut imports = BTreeMap::new();
        for named in module.named.iter().filter(|named| !named.is_reexport) {
            let Some(path) = self.within_crate(module, &named.path) else { continue };
            let file = &self.defining(&path, 0).file;
            if *file != module.file {
                imports.entry(file.clone()).or_insert(format!("line {}: {path}", named.line));
            }
        }
        imports
    }

    /// Returns a path that leads into the crate, from its root.
    fn within_crate(&self, module: &Module, path: &str) -> Option<String> {
        if let Some(rest) = path.strip_prefix("crate::") {
            return Some(rest.to_owned());
        }
        let child = joined(&module.path, path.split("::").next()?);
        self.0.contains_key(&child).then(|| joined(&module.path, path))
    }

    /// Returns the module that defines what a path names.
    fn defining(&self, path: &str, depth: usize) -> &Module {
        assert!(depth < 10, "{path} is handed on in a circle");
        let mut end = path.len();
        while !self.0.contains_key(&path[..end]) {
            end = path[..end].rfind("::").unwrap_or(0);
        }
        let module = &self.0[&path[..end]];
        let rest = path[end..].trim_start_matches("::");
        let (name, behind) = rest.split_once("::").unwrap_or((rest, ""));
        let handed_on = module.named.iter().find(|named| named.alias.as_deref() == Some(name));
        match handed_on.and_then(|named| self.within_crate(module, &named.path)) {
            Some(full) if !name.is_empty() => self.defining(&joined(&full, behind), depth + 1),
            _ => module,
        }
    }
}

fn joined(path: &str, rest: &str) -> String {
    [path, rest].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::")
}

/// Returns each circle of files: those that can be reached from each other by imports.
fn circles(imports: &Imports) -> BTreeSet<BTreeSet<&str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        imports.keys().map(|file| (file.as_str(), reached_from(file, imports))).collect();
    let circle_of = |file: &&str| {
        let others = reached[file].iter().copied();
        others.filter(|other| reached[other].contains(file)).collect::<BTreeSet<_>>()
    };
    reached.keys().map(circle_of).filter(|circle| !circle.is_empty()).collect()
}

fn reached_from<'a>(file: &str, imports: &'a Imports) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = imports[file].keys().map(String::as_str).collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(imports[file].keys().map(String::as_str));
        }
    }
    reached
}

/// Returns the imports that make a circle, one a line.
fn lines(circle: &BTreeSet<&str>, imports: &Imports) -> String {
    let mut text = String::from("these import each other in a circle:\n");
    for file in circle {
        for (imported, named) in &imports[*file] {
            if circle.contains(imported.as_str()) {
                text += &format!("  {file} -> {imported} ({named})\n");
            }
        }
    }
    text
}

/// Returns the same imports with each folder right below a `src` as if it were one file.
fn by_folder(imports: &Imports) -> Imports {
    let mut by_folder = Imports::new();
    for (file, imported) in imports {
        let folder = folder_of(file);
        let of_folder = by_folder.entry(folder.to_owned()).or_default();
        for (file, named) in imported.iter().filter(|(file, _)| folder_of(file) != folder) {
            of_folder.entry(folder_of(file).to_owned()).or_insert(named.clone());
        }
    }
    by_folder
}

/// Returns `src/azure` for `src/azure/retry/mod.rs`, and `src/store.rs` for itself.
fn folder_of(file: &str) -> &str {
    let inside = file.find("src/").map_or(0, |at| at + "src/".len());
    file[inside..].find('/').map_or(file, |end| &file[..inside + end])
}

/// Returns the imports within each package.
fn all_imports() -> Imports {
    let packages = libraries().into_values().chain([sources()]);
    packages.flat_map(|files| Modules::of(&files).imports()).collect()
}

/// Returns the circles among imports, each as the lines that make it.
fn complaints(imports: &Imports) -> String {
    circles(imports).iter().map(|circle| lines(circle, imports)).collect::<Vec<_>>().join("\n")
}

#[test]
fn files_do_not_import_each_other_in_a_circle() {
    let complaints = complaints(&all_imports());
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn folders_do_not_import_each_other_in_a_circle() {
    let complaints = complaints(&by_folder(&all_imports()));
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn a_circle_is_found_also_through_what_a_module_hands_on() {
    let files = [
        ("src/lib.rs", "pub mod a;"),
        ("src/a/mod.rs", "mod b; mod c; pub use b::B; pub(super) use c::C;"),
        ("src/a/b.rs", "use super::C; pub struct B;"),
        ("src/a/c.rs", "pub struct C; fn f(b: crate::a::B) {}"),
    ];
    let files = files.map(|(path, text)| SourceFile::new(path, text));
    let imports = Modules::of(&files).imports();
    assert_eq!(circles(&imports), [["src/a/b.rs", "src/a/c.rs"].into()].into());
    let root = [
        ("src/lib.rs", "pub mod a;"),
        ("src/a/mod.rs", "mod b; const N: u8 = 1; fn f() { b::g() }"),
        ("src/a/b.rs", "use super::N;"),
    ];
    let root = root.map(|(path, text)| SourceFile::new(path, text));
    let imports = Modules::of(&root).imports();
    assert_eq!(circles(&imports), [["src/a/b.rs", "src/a/mod.rs"].into()].into());
    // No file is in a circle here, but the folder is.
    let folder = [
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a/mod.rs", "mod high; mod low;"),
        ("src/a/high.rs", "use crate::b::B;"),
        ("src/a/low.rs", "pub struct Low;"),
        ("src/b.rs", "use super::a::low::Low; pub struct B;"),
    ];
    let folder = folder.map(|(path, text)| SourceFile::new(path, text));
    let imports = Modules::of(&folder).imports();
    assert!(circles(&imports).is_empty());
    assert_eq!(circles(&by_folder(&imports)), [["src/a", "src/b.rs"].into()].into());
}

//! Which file of a crate imports which, by its `use` lines and the paths in its code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, UseTree, Visibility};

/// The files of a crate, each with the paths in it.
#[derive(Debug)]
pub(crate) struct House {
    /// The files by their modules, from the root of the crate.
    rooms: BTreeMap<Vec<String>, Room>,
}

#[derive(Debug)]
struct Room {
    file: String,
    paths: Vec<Vec<String>>,
    /// Its re-exports: each name, and the path behind it. A user of the name imports the item behind it.
    exports: BTreeMap<String, Vec<String>>,
}

impl House {
    pub(crate) fn read(directory: &str) -> House {
        let mut sources = Vec::new();
        read(Path::new(env!("CARGO_MANIFEST_DIR")), Path::new(directory), &mut sources);
        House::of(&sources.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>())
    }

    pub(crate) fn of(sources: &[(&str, &str)]) -> House {
        let mut rooms = BTreeMap::new();
        for (path, text) in sources {
            let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
            let mut room = Room { file: (*path).to_owned(), paths: Vec::new(), exports: BTreeMap::new() };
            room.visit_file(&parsed);
            rooms.insert(module(path), room);
        }
        House { rooms }
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.rooms.values().map(|room| room.file.as_str())
    }

    /// Each path in a file.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.rooms.values().flat_map(|room| room.paths.iter().map(|path| (room.file.as_str(), path.as_slice())))
    }

    /// Each import of one file from another.
    pub(crate) fn imports(&self) -> BTreeSet<(String, String)> {
        let mut imports = BTreeSet::new();
        for (module, room) in &self.rooms {
            for path in &room.paths {
                if let Some(to) = self.resolve(module, path)
                    && to != room.file
                {
                    imports.insert((room.file.clone(), to.to_owned()));
                }
            }
        }
        imports
    }

    /// The file that a path leads to: that of the longest module in the path, or of the item that the module
    /// re-exports.
    fn resolve(&self, module: &[String], path: &[String]) -> Option<&str> {
        let mut place = match path.first()?.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => module.to_vec(),
            child => {
                let place = [module, &[child.to_owned()]].concat();
                return self.rooms.contains_key(&place).then(|| self.longest(place, &path[1..]))?;
            }
        };
        let mut rest = path;
        while let Some(step) = rest.first().filter(|step| ["crate", "self", "super"].contains(&step.as_str())) {
            if step == "super" {
                place.pop();
            }
            rest = &rest[1..];
        }
        self.longest(place, rest)
    }

    fn longest(&self, mut place: Vec<String>, rest: &[String]) -> Option<&str> {
        for (index, step) in rest.iter().enumerate() {
            place.push(step.clone());
            if !self.rooms.contains_key(&place) {
                place.pop();
                let behind = self.rooms.get(&place).and_then(|room| room.exports.get(step));
                if let Some(behind) = behind {
                    return self.resolve(&place, &[behind, &rest[index + 1..]].concat());
                }
                break;
            }
        }
        self.rooms.get(&place).map(|room| room.file.as_str())
    }
}

/// Files that import each other in a circle, if there are any.
pub(crate) fn circle(imports: &BTreeSet<(String, String)>) -> Option<Vec<String>> {
    let mut left = imports.clone();
    loop {
        // A file that imports none of the remaining files, or that none of them imports, is in no circle.
        let (from, to): (BTreeSet<_>, BTreeSet<_>) = left.iter().cloned().unzip();
        let both: BTreeSet<String> = from.intersection(&to).cloned().collect();
        let before = left.len();
        left.retain(|(from, to)| both.contains(from) && both.contains(to));
        if left.is_empty() {
            return None;
        }
        if left.len() == before {
            return Some(both.into_iter().collect());
        }
    }
}

/// The module of a file: `src/machine/tcb/snd.rs` is `machine::tcb::snd`, and `src/lib.rs` is the root.
fn module(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")).expect("src/...rs");
    if inner == "lib" { Vec::new() } else { inner.split('/').map(String::from).collect() }
}

fn read(root: &Path, directory: &Path, sources: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(root.join(directory)).expect("a directory").collect();
    entries.sort_by_key(|entry| entry.as_ref().expect("an entry").file_name());
    for entry in entries {
        let entry = entry.expect("an entry");
        let path = directory.join(entry.file_name());
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        if entry.file_type().expect("a type").is_dir() {
            read(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
            let text = std::fs::read_to_string(root.join(&path)).expect("a text");
            sources.push((path.to_str().expect("UTF-8").to_owned(), text));
        }
    }
}

/// The paths of a `use`, each with the name that it introduces.
fn paths_of(before: &[String], tree: &UseTree, paths: &mut Vec<(String, Vec<String>)>) {
    let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
    match tree {
        UseTree::Path(path) => paths_of(&with(&path.ident), &path.tree, paths),
        UseTree::Name(name) => paths.push((name.ident.to_string(), with(&name.ident))),
        UseTree::Rename(rename) => paths.push((rename.rename.to_string(), with(&rename.ident))),
        UseTree::Glob(_) => paths.push(("*".to_owned(), before.to_vec())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| paths_of(before, tree, paths)),
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|argument| argument.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Room {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut paths = Vec::new();
        paths_of(&[], &item.tree, &mut paths);
        if matches!(item.vis, Visibility::Inherited) {
            self.paths.extend(paths.into_iter().map(|(_, path)| path));
        } else {
            self.exports.extend(paths);
        }
    }

    /// `pub(crate)` is no import.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // A single name is a variable, or was introduced by a `use`.
        if path.segments.len() > 1 {
            self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}

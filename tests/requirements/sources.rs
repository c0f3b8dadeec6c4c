//! The files of the crate in its directory, and the tests in them.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A file, by its path from the root of the crate.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// All files below a directory of the crate, or one file, whose names have one of these endings.
#[track_caller]
pub(crate) fn sources(below: &str, ends: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join(below), &mut files);
    files.sort();
    files
        .into_iter()
        .filter(|file| ends.iter().any(|end| file.to_string_lossy().ends_with(end)))
        .map(|file| Source {
            path: file.strip_prefix(root).expect("it lies below").to_string_lossy().replace('\\', "/"),
            text: fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())),
        })
        .collect()
}

#[track_caller]
fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        return files.push(path.to_owned());
    }
    for entry in fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
        collect(&entry.expect("an entry").path(), files);
    }
}

/// All tests by their full names: `truth_tables::ack::without_an_ack_a_segment_is_dropped`, and with the prefix `src::`
/// for those in the source.
#[track_caller]
pub(crate) fn tests() -> HashSet<String> {
    let mut tests = HashSet::new();
    for (top, prefix) in [("tests", ""), ("src", "src::")] {
        let files = sources(top, &[".rs"]);
        for file in files.iter().filter(|file| is_compiled(file, &files)) {
            let module = file.path[top.len() + 1..].trim_end_matches(".rs").replace('/', "::");
            for name in tests_in(&file.text) {
                assert!(tests.insert(format!("{prefix}{module}::{name}")), "{name} twice in {}", file.path);
            }
        }
    }
    tests
}

/// Whether a file is compiled: `tests/x/y.rs` is, if `tests/x.rs` declares the module `y`.
fn is_compiled(file: &Source, files: &[Source]) -> bool {
    let (directory, name) = file.path.rsplit_once('/').expect("a file in a directory");
    let declared = |parent: &str| {
        let module = format!("mod {};", name.trim_end_matches(".rs"));
        files.iter().any(|file| file.path == parent && file.text.lines().any(|line| line.trim().ends_with(&module)))
    };
    match directory {
        "tests" => true,
        "src" => name == "lib.rs" || declared("src/lib.rs"),
        _ => declared(&format!("{directory}.rs")),
    }
}

/// The names of the functions after `#[test]` that are not ignored.
pub(crate) fn tests_in(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut attributes = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            attributes.push(line);
        } else if let Some(function) = line.strip_prefix("fn ") {
            let runs = attributes.contains(&"#[test]") && !attributes.iter().any(|line| line.starts_with("#[ignore"));
            if let (true, Some((name, _))) = (runs, function.split_once('(')) {
                names.push(name);
            }
            attributes.clear();
        } else if !line.starts_with("//") {
            attributes.clear();
        }
    }
    names
}

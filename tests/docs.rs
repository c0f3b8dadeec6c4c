//! The docs as a visitor of docs.rs sees them: the lines of an example fit a window 1,280 pixels wide.

use std::fs;
use std::path::{Path, PathBuf};

/// The characters of a line that rustdoc shows at 1,280 pixels without a scroll bar.
const WIDTH: usize = 94;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension().and_then(|extension| extension.to_str()) {
            _ if path.is_dir() => files(&path, found),
            Some("rs" | "md") => found.push(path),
            _ => {}
        }
    }
}

/// The lines of the examples in a file that rustdoc shows, with their numbers.
fn examples(text: &str, is_markdown: bool) -> Vec<(usize, &str)> {
    let mut within = false;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start();
        // A part of the docs that stands in another file.
        if line.starts_with("#![doc = include_str!") {
            continue;
        }
        let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        let Some(line) = doc.map(|doc| doc.strip_prefix(' ').unwrap_or(doc)).or(is_markdown.then_some(line)) else {
            within = false;
            continue;
        };
        if line.trim_start().starts_with("```") {
            within = !within;
        } else if within && !line.starts_with("# ") {
            lines.push((number, line));
        }
    }
    lines
}

#[test]
fn the_examples_fit_the_window() {
    let mut found = Vec::new();
    files(Path::new("src"), &mut found);
    if Path::new("tokio").exists() {
        files(Path::new("tokio/src"), &mut found); // not in the package
    }
    // Drawings in private files, which rustdoc does not show.
    found.retain(|path| !path.starts_with("src/machine/tcb"));
    let mut wide = Vec::new();
    let mut count = 0;
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in examples(&text, path.extension().is_some_and(|extension| extension == "md")) {
            count += 1;
            if line.chars().count() > WIDTH {
                wide.push(format!("{}:{number}: {line}", path.display()));
            }
        }
    }
    assert!(count > 500);
    assert!(wide.is_empty(), "{}", wide.join("\n"));
}

#[test]
fn the_links_of_the_tables_lead_to_files() {
    let links = |text: &'static str, start: &'static str| {
        text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(move |link| link.starts_with(start))
    };
    let of_the_crate = links(include_str!("../src/lib.rs"), "../src/tcp_lifecycle/").map(|link| {
        let page = link.strip_prefix("../src/tcp_lifecycle/").unwrap();
        format!("src/{}", page.strip_suffix(".html").unwrap())
    });
    let of_readme = links(include_str!("../README.md"), "src/").map(str::to_owned);
    let files: Vec<String> = of_the_crate.chain(of_readme).collect();
    assert!(files.len() > 60);
    for file in files {
        assert!(Path::new(&file).is_file(), "{file}");
    }
}

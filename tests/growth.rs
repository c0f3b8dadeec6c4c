//! Which public enums may get variants in a minor version, and which are closed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use syn::{Item, Visibility};

/// The public enums of a folder that are not `#[non_exhaustive]`.
fn closed_enums(folder: &Path, closed: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            closed_enums(&path, closed);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
            for item in file.items {
                let Item::Enum(item) = item else { continue };
                let is_open = item.attrs.iter().any(|attribute| attribute.path().is_ident("non_exhaustive"));
                if matches!(item.vis, Visibility::Public(_)) && !is_open {
                    closed.insert(item.ident.to_string());
                }
            }
        }
    }
}

#[test]
fn the_closed_enums_are_those_of_the_design_page() {
    let design = include_str!("../src/design.md");
    let (_, table) = design.split_once("| closed enum | why |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let names = table.lines().filter_map(|row| row.split('|').nth(1)).flat_map(|cell| cell.split("[`").skip(1));
    let named: BTreeSet<String> =
        names.filter_map(|name| name.split('`').next()?.rsplit("::").next().map(str::to_owned)).collect();
    let mut closed = BTreeSet::new();
    for folder in ["src", "tokio/src"].map(Path::new).into_iter().filter(|folder| folder.exists()) {
        closed_enums(folder, &mut closed);
    }
    assert!(closed.contains("State"));
    assert_eq!(closed, named);
}

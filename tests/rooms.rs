//! The files ("rooms") of the source, and the imports between them: there are no circular imports, the machine imports
//! nothing from outside of it, and its neighbours import its public interface alone.

#[path = "rooms/imports.rs"]
mod imports;

use std::collections::BTreeSet;

use crate::imports::{House, circle};

#[test]
fn the_files_import_in_one_direction() {
    let house = House::read("src");
    assert!(house.files().count() > 50, "{house:?}");
    assert_eq!(circle(&house.imports()), None);
}

#[test]
fn the_machine_imports_nothing_of_its_neighbours() {
    let house = House::read("src");
    let outside = house
        .imports()
        .into_iter()
        .filter(|(from, to)| from.starts_with("src/machine") && !to.starts_with("src/machine"));
    assert_eq!(outside.collect::<Vec<_>>(), []);
}

#[test]
fn the_neighbours_import_the_public_interface_of_the_machine() {
    let house = House::read("src");
    let inside = house.paths().filter(|(from, path)| {
        let is_neighbour =
            ["src/wire", "src/stream", "src/endpoint", "src/sim", "src/sack"].iter().any(|room| from.starts_with(room));
        is_neighbour && path.starts_with(&["crate".to_owned(), "machine".to_owned()])
    });
    assert_eq!(inside.collect::<Vec<_>>(), []);
    assert!(house.imports().contains(&("src/wire/packet.rs".to_owned(), "src/machine/segment.rs".to_owned())));
}

/// The files outside of a room that import it.
fn users_of(room: &str) -> BTreeSet<String> {
    let is_in = |file: &str| file.starts_with(room);
    House::read("src")
        .imports()
        .into_iter()
        .filter(|(from, to)| is_in(to) && !is_in(from))
        .map(|(from, _)| from)
        .collect()
}

#[test]
fn only_captures_and_the_endpoint_import_wire() {
    let users = ["src/endpoint/arrives.rs", "src/endpoint/transmit.rs", "src/sim/pcapng.rs"].map(String::from);
    assert_eq!(users_of("src/wire"), BTreeSet::from(users));
}

#[test]
fn the_endpoint_stands_on_the_stream_and_nothing_stands_on_the_endpoint() {
    assert!(users_of("src/stream").iter().all(|file| file.starts_with("src/endpoint")));
    assert!(!users_of("src/stream").is_empty());
    assert_eq!(users_of("src/endpoint"), BTreeSet::new());
}

#[test]
fn the_machine_has_two_dependencies() {
    let manifest = include_str!("../Cargo.toml");
    let section = manifest.split("[dependencies]\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
    let always = section.lines().filter(|line| !line.contains("optional = true"));
    let names: Vec<&str> = always.filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["bitflags", "thiserror"]);
}

// The check itself finds a circle.

#[test]
fn a_circle_of_imports_is_found_out() {
    let house = House::of(&[
        ("src/lib.rs", "mod a; mod b; pub use a::X; use a::Z;"),
        ("src/a.rs", "mod c; pub(crate) use c::g; use crate::b::Y;"),
        ("src/a/c.rs", "use std::fmt; use crate::X; use super::super::b::Y;"),
        ("src/b.rs", "fn f() { crate::a::g() }"),
    ]);
    let edge = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let expected = [
        edge("src/a.rs", "src/b.rs"),
        edge("src/a/c.rs", "src/a.rs"),
        edge("src/a/c.rs", "src/b.rs"),
        edge("src/b.rs", "src/a/c.rs"),
        edge("src/lib.rs", "src/a.rs"),
    ];
    assert_eq!(house.imports(), expected.into());
    let circle = circle(&house.imports()).expect("a circle");
    assert_eq!(BTreeSet::from_iter(circle), ["src/a.rs", "src/a/c.rs", "src/b.rs"].map(String::from).into());
}

#[test]
fn what_only_tests_import_does_not_count() {
    let house = House::of(&[
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a.rs", "use crate::b::Y;"),
        ("src/b.rs", "#[cfg(test)] mod tests { use crate::a::X; }"),
    ]);
    assert_eq!(circle(&house.imports()), None);
}

//! Every arc of the state diagram: `diagram::ARCS`.

#[path = "../../arcs/walks.rs"]
mod walks;

use self::walks::{WALKS, script};
use super::case::Case;

#[test]
fn every_arc() {
    for walk in WALKS {
        let (from, to, label, _) = walk;
        Case::of_script(&format!("{from} -> {to} by {label}"), &script(walk)).tell();
    }
}

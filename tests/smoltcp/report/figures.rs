//! The figures of RFC 9293 and of related RFCs: smoltcp with itself, and with this crate's connection.

#[path = "../../figures/of_the_rfcs.rs"]
mod of_the_rfcs;

use super::case::Case;

#[track_caller]
fn check_figure(figure: &str) {
    // 2 MSL of the policies here.
    let figure = figure.replace("DEADLINE=4m", "DEADLINE=10s");
    Case::of_figure("a figure", &figure).iter().for_each(Case::tell);
}

/// smoltcp always has the challenges of RFC 5961.
#[track_caller]
fn check_figure_without_rfc5961(figure: &str) {
    check_figure(&format!("config rfc5961=off\n{figure}"));
}

#[track_caller]
fn check(script: &str) {
    Case::of_script("a script", script).tell();
}

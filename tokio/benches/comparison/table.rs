//! The table, in Markdown.

use std::fmt::Write;

use super::stacks::Server;
use super::workloads::Tally;

/// A workload, and what became of it with each stack.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) cells: Vec<Cell>,
}

pub(crate) struct Cell {
    pub(crate) server: Server,
    pub(crate) text: String,
    pub(crate) tally: Tally,
}

pub(crate) fn markdown(servers: &[Server], rows: &[Row]) -> String {
    let mut table = String::from("| |");
    for server in servers {
        _ = write!(table, " {} |", server.name());
    }
    _ = writeln!(table, "\n|---|{}", "---|".repeat(servers.len()));
    for row in rows {
        _ = write!(table, "| {} |", row.name);
        for cell in &row.cells {
            _ = write!(table, " {} |", cell.text);
        }
        table.push('\n');
    }
    table
}

/// A rate in MB/s with three digits.
pub(crate) fn rate(rate: f64) -> String {
    let decimals = if rate < 10.0 { 2 } else { 1 };
    format!("{rate:.decimals$}")
}

/// A line for each workload that a stack got wrong.
pub(crate) fn mistakes(rows: &[Row]) -> String {
    let mut lines = String::new();
    for server in Server::ALL {
        for (row, cell) in cells_of(rows, server).filter(|(_, cell)| !cell.tally.is_good()) {
            _ = writeln!(lines, "* {}, {}: {}", server.name(), row.name, failures(&cell.tally));
        }
    }
    lines
}

pub(crate) fn cells_of(rows: &[Row], server: Server) -> impl Iterator<Item = (&Row, &Cell)> {
    rows.iter()
        .flat_map(move |row| row.cells.iter().filter(move |cell| cell.server == server).map(move |cell| (row, cell)))
}

/// How often what went wrong.
pub(crate) fn failures(tally: &Tally) -> String {
    let mut kinds: Vec<String> =
        tally.failures.iter().map(|(failure, count)| format!("{count} {}", failure.name())).collect();
    if tally.not_tried > 0 {
        kinds.push(format!("{} not tried", tally.not_tried));
    }
    kinds.join(", ")
}

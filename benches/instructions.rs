//! Instructions for one event, counted by callgrind: the same numbers in each run.
//!
//! `cargo bench --bench instructions` prints the table: a line for each case, a column for each set of policies, and
//! two for smoltcp, without timestamps and with. Each figure comes from two runs, each in a process of its own under
//! valgrind, the second with twice as many events. The difference belongs to the events alone, without their
//! preparation.
//!
//! The counts of `instructions.tsv` are the baseline, for the compiler that its first line names. `cargo bench --bench
//! instructions -- --check` fails if a count has grown by more than two percent; `-- --renew` writes the present
//! counts. A part of a case's name restricts the run to these cases.

mod cases;

use std::env;
use std::fs;
use std::io;
use std::process::{Command, ExitCode, Stdio};

use cases::{CASES, Case, EVENTS, POLICIES, Run};

const HALF: usize = EVENTS / 2;
const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.tsv");
/// By how much a count may grow, in percent.
const GROWTH: u64 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["events", column, case, events] => {
            let case = &CASES[case.parse::<usize>().expect("the number of a case")];
            let mut run = prepare(case, column.parse().expect("the number of a column")).expect("a column of the case");
            run(events.parse().expect("a number of events"));
            ExitCode::SUCCESS
        }
        _ if !arguments.contains(&"--bench") => {
            // As a test: every case runs.
            for (case, column) in CASES.iter().flat_map(|case| (0..COLUMNS).map(move |column| (case, column))) {
                if let Some(mut run) = prepare(case, column) {
                    run(2);
                }
            }
            ExitCode::SUCCESS
        }
        _ if !has_valgrind() => {
            println!("valgrind is not installed: no instructions counted");
            if arguments.contains(&"--check") { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
        _ => table(&arguments),
    }
}

/// The policies, and smoltcp twice.
const COLUMNS: usize = POLICIES.len() + 2;

/// Prepares one column of one case. The code of each event is compiled once for all policies.
fn prepare(case: &Case, column: usize) -> Option<Run> {
    match POLICIES.get(column) {
        Some((_, config)) => Some((case.lifecycle)(config)),
        None => case.smoltcp.map(|prepare| prepare(column > POLICIES.len())),
    }
}

fn has_valgrind() -> bool {
    Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn table(arguments: &[&str]) -> ExitCode {
    let [checks, renews] = ["--check", "--renew"].map(|flag| arguments.contains(&flag));
    let wanted = |case: &Case| arguments.iter().all(|part| part.starts_with("--") || case.name.contains(part));
    // Checking and renewing do not measure the peer, smoltcp.
    let columns = if checks || renews { POLICIES.len() } else { COLUMNS };
    let names = POLICIES.map(|(name, _)| name).into_iter().chain(["smoltcp", "smoltcp-ts"]).take(columns);
    println!("{:38}{}", "instructions for one event", names.map(|name| format!("{name:>12}")).collect::<String>());
    let baseline = if checks { fs::read_to_string(BASELINE).expect("a baseline") } else { String::new() };
    let head = POLICIES.map(|(name, _)| name).join("\t");
    let (mut counted, mut grown) = (format!("# {}\nevent\t{head}\n", compiler()), 0);
    for (number, case) in CASES.iter().enumerate().filter(|(_, case)| wanted(case)) {
        let counts: Vec<Option<u64>> = (0..columns).map(|column| count(case, number, column)).collect();
        let shown = counts.iter().map(|count| count.map_or_else(String::new, |count| count.to_string()));
        println!("{:38}{}", case.name, shown.clone().map(|count| format!("{count:>12}")).collect::<String>());
        counted += &format!("{}\t{}\n", case.name, shown.collect::<Vec<_>>().join("\t"));
        if checks {
            grown += growth(case.name, &counts, &baseline);
        }
    }
    if renews {
        assert!(CASES.iter().all(wanted), "a baseline has all cases");
        fs::write(BASELINE, &counted).expect("the baseline is written");
    }
    if checks && baseline.lines().next() != counted.lines().next() {
        println!("The baseline is of another compiler: {}", baseline.lines().next().unwrap_or_default());
    }
    if grown > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The number of counts of a case that have grown beyond the baseline; each is printed.
fn growth(name: &str, counts: &[Option<u64>], baseline: &str) -> usize {
    let line = baseline.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
    let before = line.unwrap_or_else(|| panic!("{name} is not in the baseline: renew it"));
    let before: Vec<u64> = before.split('\t').map(|count| count.parse().expect("a count")).collect();
    assert_eq!(before.len(), counts.len(), "other columns in the baseline: renew it");
    let columns = POLICIES.iter().map(|(column, _)| column).zip(before.into_iter().zip(counts));
    let grown = columns.filter_map(|(column, (before, &now))| {
        let now = now.filter(|now| now * 100 > before * (100 + GROWTH))?;
        println!("  GROWN: {name}, {column}: {before} -> {now}");
        Some(now)
    });
    grown.count()
}

fn compiler() -> String {
    let version = Command::new("rustc").arg("--version").output().expect("rustc");
    String::from_utf8_lossy(&version.stdout).trim().to_owned()
}

/// Instructions for one event. (Rounded: the code before `main` may differ by one or two from run to run.)
fn count(case: &Case, number: usize, column: usize) -> Option<u64> {
    if column >= POLICIES.len() && case.smoltcp.is_none() {
        return None;
    }
    let once = collected(number, column, HALF).expect("callgrind runs");
    let twice = collected(number, column, 2 * HALF).expect("callgrind runs");
    Some(((twice - once) as f64 / HALF as f64).round() as u64)
}

/// Instructions of a whole process.
fn collected(case: usize, column: usize, events: usize) -> io::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["events", &column.to_string(), &case.to_string(), &events.to_string()])
        .output()?;
    let report = String::from_utf8_lossy(&output.stderr);
    let count = report.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.filter(|_| output.status.success()).ok_or_else(|| io::Error::other(report.into_owned()))
}

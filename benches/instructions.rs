//! Instructions for one event, counted by callgrind: the same digits in each run.
//!
//! `cargo bench --bench instructions` prints the table. Each case runs twice in a process of its own under valgrind,
//! the second time with twice as many events; the difference is theirs alone, without anything that was set up.

mod cases;

use std::env;
use std::io;
use std::process::{Command, ExitCode, Stdio};

use cases::{CASES, Case, EVENTS, Run};

const HALF: usize = EVENTS / 2;

/// The most instructions that one event may take, in the order of the cases.
const BUDGETS: [u32; CASES.len()] = [100, 100, 145, 200, 180, 180, 180, 180, 105, 105, 2_300];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["events", column, case, events] => {
            let prepare = prepare(column, case.parse().expect("the number of a case"));
            prepare()(events.parse().expect("a number of events"));
            ExitCode::SUCCESS
        }
        _ if !arguments.contains(&"--bench") => {
            // As a test: every case runs.
            for case in &CASES {
                (case.lifecycle)()(2);
                (case.smoltcp)()(2);
            }
            ExitCode::SUCCESS
        }
        _ if !has_valgrind() => {
            println!("valgrind is not installed: no instructions counted");
            ExitCode::SUCCESS
        }
        _ => table(&arguments),
    }
}

fn prepare(column: &str, case: usize) -> fn() -> Run {
    let case = &CASES[case];
    if column == "smoltcp" { case.smoltcp } else { case.lifecycle }
}

fn has_valgrind() -> bool {
    Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// With a part of a name as argument, the cases that have it. With `--check`, a budget that does not hold fails.
fn table(arguments: &[&str]) -> ExitCode {
    let wanted = |case: &Case| arguments.iter().all(|part| part.starts_with("--") || case.name.contains(part));
    let mut all_within = true;
    println!("{:34} {:>8} {:>7}  {:6} {:>8}", "instructions for one event", "this", "budget", "", "smoltcp");
    for (number, case) in CASES.iter().enumerate().filter(|(_, case)| wanted(case)) {
        let (count, peer) = (count("lifecycle", number), count("smoltcp", number));
        let budget = BUDGETS[number];
        let within = count <= u64::from(budget);
        all_within &= within;
        let verdict = if within { "within" } else { "OVER" };
        println!("{:34} {count:>8} {budget:>7}  {verdict:6} {peer:>8}", case.name);
    }
    if arguments.contains(&"--check") && !all_within { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Instructions for one event of a case. (Rounded: what comes before `main` may differ by one or two from run to run.)
fn count(column: &str, case: usize) -> u64 {
    let once = collected(column, case, HALF).expect("callgrind runs");
    let twice = collected(column, case, 2 * HALF).expect("callgrind runs");
    ((twice - once) as f64 / HALF as f64).round() as u64
}

/// Instructions of a whole process.
fn collected(column: &str, case: usize, events: usize) -> io::Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["events", column, &case.to_string(), &events.to_string()])
        .output()?;
    let report = String::from_utf8_lossy(&output.stderr);
    let count = report.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.filter(|_| output.status.success()).ok_or_else(|| io::Error::other(report.into_owned()))
}

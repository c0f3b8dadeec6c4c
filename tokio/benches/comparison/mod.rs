//! The comparison on Linux.

mod conversation;
mod path;
mod stacks;
mod table;
mod trial;
mod workloads;

use std::time::Duration;
use std::{env, fs};

use path::Conditions;
use stacks::Server;
use table::{Cell, Row};
use workloads::{Direction, Tally};

pub(crate) fn run() {
    if let Err(missing) = trial::requirements() {
        assert!(env::var_os("REQUIRE_KERNEL").is_none(), "{missing}");
        println!("not compared: {missing}");
        return;
    }
    println!("{}\n", versions());
    if env::args().any(|argument| argument == "--quick") {
        let rows = rows(&QUICK, 1, 20, 200);
        assert!(
            table::cells_of(&rows, Server::TcpLifecycle).all(|(_, cell)| cell.tally.is_good()),
            "tcp-lifecycle got something wrong"
        );
    } else {
        let pairs = env::var("PAIRS").map_or(3, |pairs| pairs.parse().expect("PAIRS is a number"));
        rows(&TRANSFERS, pairs, 200, 2_000);
    }
}

/// A transfer over a path.
struct Transfer {
    name: &'static str,
    megabytes: u64,
    milliseconds: u64,
    /// Of 1,000 packets.
    loss: u32,
    reordering: u32,
}

const fn transfer(
    name: &'static str,
    megabytes: u64,
    milliseconds: u64,
    loss: u32,
    reordering: u32,
) -> Transfer {
    Transfer { name, megabytes, milliseconds, loss, reordering }
}

const TRANSFERS: [Transfer; 5] = [
    transfer("no loss, 0 ms", 64, 0, 0, 0),
    transfer("1 % loss, 0 ms", 64, 0, 10, 0),
    transfer("1 % loss, 5 ms", 16, 5, 10, 0),
    transfer("1 % loss, 20 ms", 4, 20, 10, 0),
    transfer("0.1 % loss, 1 % reordered, 5 ms", 64, 5, 1, 10),
];

const QUICK: [Transfer; 2] = [transfer("no loss, 0 ms", 4, 0, 0, 0), transfer("1 % loss, 5 ms", 1, 5, 10, 0)];

/// Does everything, and prints it.
fn rows(transfers: &[Transfer], pairs: u32, clients: u32, connections: u32) -> Vec<Row> {
    let mut rows = Vec::new();
    for transfer in transfers {
        for direction in [Direction::Upload, Direction::Download] {
            rows.push(transfer.row(direction, pairs));
        }
    }
    let whole = Conditions::default();
    let lossy = Conditions { loss: 10, seed: 1, ..whole };
    let minute = Duration::from_secs(60);
    rows.push(row("half-close, 1 MB", |server| workloads::echoes(server, whole, 1, minute / 4)));
    rows.push(row(&format!("half-close, 1 MB, {clients} clients at once, 1 % loss"), |server| {
        workloads::echoes(server, lossy, clients, minute)
    }));
    rows.push(row(&format!("{connections} connections one after another from 20 ports"), |server| {
        workloads::one_after_another(server, connections, minute)
    }));
    println!("{}| lines of code for a server |{}\n", table::markdown(&rows), lines_of_code());
    println!("{}", table::mistakes(&rows));
    rows
}

impl Transfer {
    /// The stacks take turns, so that a noise on the machine concerns all of them.
    fn row(&self, direction: Direction, pairs: u32) -> Row {
        let arrow = if direction == Direction::Upload { "upload" } else { "download" };
        let name = format!("{arrow} of {} MB, {}, MB/s", self.megabytes, self.name);
        eprintln!("{name}");
        let mut outcomes = Server::ALL.map(|server| (server, Vec::new(), Tally::default()));
        for seed in 1..=u64::from(pairs) {
            for (server, rates, tally) in &mut outcomes {
                // One that is too slow once has been waited for long enough.
                if tally.failures.contains_key(&conversation::Failure::TimeOut) {
                    tally.not_tried += 1;
                    continue;
                }
                let (rate, overflows) = workloads::transfer(*server, direction, self.conditions(seed), self.megabytes * 1_000_000);
                eprintln!("  {}: {rate:.1?}, {overflows} overflows", server.name());
                tally.overflows += overflows;
                tally.count(rate.map(|rate| rates.push(rate)));
            }
        }
        let kernel = median(&mut outcomes[0].1);
        let cells = outcomes.map(|(server, mut rates, tally)| {
            let text = match median(&mut rates) {
                None => table::failures(&tally),
                Some(rate) if server == Server::Kernel => format!("{rate:.1}"),
                Some(rate) => format!("{rate:.1} ({:.2})", rate / kernel.unwrap_or(f64::NAN)),
            };
            Cell { server, text, tally }
        });
        Row { name, cells: cells.into() }
    }

    fn conditions(&self, seed: u64) -> Conditions {
        let Transfer { milliseconds, loss, reordering, .. } = *self;
        Conditions { delay: Duration::from_millis(milliseconds), loss, reordering, seed }
    }
}

fn row(name: &str, workload: impl Fn(Server) -> Tally) -> Row {
    eprintln!("{name}");
    let cells = Server::ALL.map(|server| {
        let tally = workload(server);
        eprintln!("  {}: {tally:?}", server.name());
        let all = tally.completed + tally.failures.values().sum::<u32>() + tally.not_tried;
        Cell { server, text: format!("{} of {all}", tally.completed), tally }
    });
    Row { name: name.to_owned(), cells: cells.into() }
}

fn median(rates: &mut [f64]) -> Option<f64> {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied()
}

fn lines_of_code() -> String {
    Server::ALL.map(|server| format!(" {} |", server.lines_of_code())).concat()
}

/// The versions of what is compared.
fn versions() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap_or_default();
    let version = |name: &str| {
        let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        rest.split('"').next().map(|version| format!("{name} {version}"))
    };
    let crates = ["tcp-lifecycle-tokio", "netstack-smoltcp", "ipstack"].into_iter().filter_map(version);
    format!("Linux {}, {}", kernel.trim(), crates.collect::<Vec<_>>().join(", "))
}

//! The comparison on Linux.

mod conversation;
mod path;
mod stacks;
mod table;
mod trial;
mod workloads;

use std::time::Duration;
use std::{env, fs};

use conversation::Failure;
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
    let is_quick = env::args().any(|argument| argument == "--quick");
    let pairs = env::var("PAIRS").map_or(3, |pairs| pairs.parse().expect("PAIRS is a number"));
    let rows = if is_quick { QUICK.rows() } else { Scale { pairs, ..WHOLE }.rows() };
    println!("{}", table::mistakes(&rows));
    let is_good = table::cells_of(&rows, Server::TcpLifecycle).all(|(_, cell)| cell.tally.is_good());
    assert!(is_good, "tcp-lifecycle got something wrong");
}

/// How much is asked.
struct Scale {
    servers: &'static [Server],
    transfers: &'static [Transfer],
    pairs: u32,
    /// Clients at once.
    clients: u32,
    /// Connections one after another.
    connections: u32,
    /// What a transfer may take, and all clients at once twice as long.
    patience: Duration,
}

const WHOLE: Scale = Scale {
    servers: &Server::ALL,
    transfers: &[
        transfer(64, "no loss, 0 ms", 0, 0, 0),
        transfer(64, "1 % loss, 0 ms", 0, 10, 0),
        transfer(16, "1 % loss, 5 ms", 5, 10, 0),
        transfer(4, "1 % loss, 20 ms", 20, 10, 0),
        transfer(64, "0.1 % loss, 1 % reordered, 5 ms", 5, 1, 10),
    ],
    pairs: 3,
    clients: 200,
    connections: 2_000,
    patience: Duration::from_secs(30),
};

const QUICK: Scale = Scale {
    servers: &[Server::Kernel, Server::TcpLifecycle],
    transfers: &[transfer(4, "no loss, 0 ms", 0, 0, 0), transfer(1, "1 % loss, 5 ms", 5, 10, 0)],
    pairs: 1,
    clients: 20,
    connections: 200,
    // Only a stack that is stuck takes so long, however busy the machine is.
    patience: Duration::from_secs(60),
};

/// Bytes that one connection moves over a path.
struct Transfer {
    megabytes: u64,
    path: &'static str,
    conditions: Conditions,
}

const fn transfer(megabytes: u64, path: &'static str, milliseconds: u64, loss: u32, reordering: u32) -> Transfer {
    let conditions = Conditions { delay: Duration::from_millis(milliseconds), loss, reordering, seed: 0 };
    Transfer { megabytes, path, conditions }
}

impl Scale {
    /// Does everything, and prints the table.
    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        // A text that is in the name of a path chooses the transfers over it, and nothing else.
        let only = env::args().skip(1).find(|argument| !argument.starts_with('-'));
        let is_chosen = |transfer: &&Transfer| only.as_ref().is_none_or(|only| transfer.path.contains(only.as_str()));
        for transfer in self.transfers.iter().filter(is_chosen) {
            for direction in [Direction::Upload, Direction::Download] {
                rows.push(transfer.row(direction, self));
            }
        }
        if only.is_some() {
            println!("{}", table::markdown(self.servers, &rows));
            return rows;
        }
        let whole = Conditions::default();
        let lossy = Conditions { loss: 10, seed: 1, ..whole };
        let Scale { servers, clients, connections, patience, .. } = *self;
        rows.push(row("half-close, 1 MB each way", servers, |server| workloads::echoes(server, whole, 1, patience)));
        rows.push(row(&format!("the same, {clients} clients at once, 1 % loss"), servers, |server| {
            workloads::echoes(server, lossy, clients, 2 * patience)
        }));
        rows.push(row(&format!("{connections} connections one after another from 20 ports"), servers, |server| {
            workloads::one_after_another(server, connections, patience)
        }));
        println!(
            "{}| lines of code for a server, its device included |{}\n",
            table::markdown(servers, &rows),
            lines_of_code(servers)
        );
        rows
    }
}

impl Transfer {
    /// The stacks take turns, so that noise of the machine concerns all of them.
    fn row(&self, direction: Direction, scale: &Scale) -> Row {
        let verb = if direction == Direction::Upload { "upload" } else { "download" };
        let name = format!("{verb} of {} MB, {}, MB/s", self.megabytes, self.path);
        eprintln!("{name}");
        let mut outcomes: Vec<_> = scale.servers.iter().map(|server| (*server, Vec::new(), Tally::default())).collect();
        for seed in 1..=u64::from(scale.pairs) {
            for (server, rates, tally) in &mut outcomes {
                self.repeat(*server, direction, seed, scale.patience, rates, tally);
            }
        }
        let kernel = outcomes[0].1.clone();
        let cells = outcomes.into_iter().map(|(server, rates, tally)| {
            // The network makes the same choices for each stack in a turn.
            let ratios = rates.iter().zip(&kernel).map(|(rate, kernel)| rate / kernel).collect();
            let text = match (median(rates), median(ratios)) {
                (None, _) => table::failures(&tally),
                (Some(rate), Some(ratio)) if server != Server::Kernel => format!("{} ({ratio:.2})", table::rate(rate)),
                (Some(rate), _) => table::rate(rate),
            };
            Cell { server, text, tally }
        });
        Row { name, cells: cells.collect() }
    }

    fn repeat(
        &self,
        server: Server,
        direction: Direction,
        seed: u64,
        most: Duration,
        rates: &mut Vec<f64>,
        tally: &mut Tally,
    ) {
        // A stack that was too slow once is not waited for again.
        if tally.failures.contains_key(&Failure::TimeOut) {
            tally.not_tried += 1;
            return;
        }
        let conditions = Conditions { seed, ..self.conditions };
        let (rate, overflows) = workloads::transfer(server, direction, conditions, self.megabytes * 1_000_000, most);
        match rate {
            Ok(rate) => eprintln!("  {}: {}, {overflows} overflows", server.name(), table::rate(rate)),
            Err(failure) => eprintln!("  {}: {}, {overflows} overflows", server.name(), failure.name()),
        }
        tally.count(rate.map(|rate| rates.push(rate)));
    }
}

fn row(name: &str, servers: &[Server], workload: impl Fn(Server) -> Tally) -> Row {
    eprintln!("{name}");
    let cells = servers.iter().map(|&server| {
        let tally = workload(server);
        let all = tally.completed + tally.failures.values().sum::<u32>() + tally.not_tried;
        let text = format!("{} of {all}, {:.1} s", tally.completed, tally.time.as_secs_f64());
        eprintln!("  {}: {text}, {}, {} overflows", server.name(), table::failures(&tally), tally.overflows);
        Cell { server, text, tally }
    });
    Row { name: name.to_owned(), cells: cells.collect() }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn lines_of_code(servers: &[Server]) -> String {
    servers.iter().map(|server| format!(" {} |", server.lines_of_code())).collect()
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

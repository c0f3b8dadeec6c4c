//! `Config::linux()` compared with the running kernel's own defaults.

use std::io::{self, Write};
use std::time::Duration;
use std::{env, fs, thread};

use nix::sched::{CloneFlags, unshare};
use tcp_lifecycle::{Config, KeepAlive};

/// The settings of a fresh network namespace: these settings are not inherited.
fn defaults() -> Result<impl Fn(&str) -> Option<u64>, String> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|error| format!("no network namespace can be made: {error}"))?;
    Ok(|name: &str| {
        let text = fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok()?;
        Some(text.trim().parse().unwrap_or_else(|_| panic!("{name} is {text:?}")))
    })
}

/// A setting that this kernel lacks or hides is left out.
fn compare(setting: impl Fn(&str) -> Option<u64>) -> Vec<&'static str> {
    let linux = Config::linux();
    let fin_wait_2 = linux.fin_wait_2_timeout.expect("it has one").as_secs();
    let switch = |on| u64::from(u8::from(on));
    let settings = [
        ("tcp_fin_timeout", fin_wait_2),
        ("tcp_retries1", linux.r1.into()),
        ("tcp_timestamps", switch(linux.timestamps)),
        ("tcp_sack", switch(linux.sack_permitted)),
        ("tcp_window_scaling", switch(linux.receive_buffer > 65_535)),
        ("tcp_rfc1337", switch(!linux.reset_in_time_wait)),
        ("tcp_invalid_ratelimit", linux.challenge_period.as_millis() as u64),
        ("tcp_keepalive_time", KeepAlive::DEFAULT.idle.as_secs()),
        ("tcp_keepalive_intvl", KeepAlive::DEFAULT.interval.as_secs()),
        ("tcp_keepalive_probes", KeepAlive::DEFAULT.probes.into()),
        ("tcp_rto_min_us", linux.rto_min.as_micros() as u64),
        ("tcp_rto_max_ms", linux.rto_max.as_millis() as u64),
    ];
    let mut compared = Vec::new();
    for (name, ours) in settings {
        let Some(kernels) = setting(name) else { continue };
        assert_eq!(ours, kernels, "{name}");
        compared.push(name);
    }
    // The kernel has counts, `Config` has times. (Since 6.5 the first four retransmissions of a SYN are a second apart:
    // tcp_syn_linear_timeouts.)
    for (name, first, r2) in
        [("tcp_retries2", linux.rto_min, linux.r2), ("tcp_syn_retries", linux.rto_initial, linux.syn_r2)]
    {
        let Some(retries) = setting(name) else { continue };
        let waited = |timeouts: u64| (0..timeouts).map(|nth| (first * (1 << nth.min(20))).min(linux.rto_max)).sum();
        let last_but_one: Duration = waited(retries);
        assert!(last_but_one < r2 && r2 <= waited(retries + 1), "{name}: {retries} are not {r2:?}");
        compared.push(name);
    }
    compared
}

/// The namespace belongs to a thread of its own, and ends with that thread.
#[test]
fn linux_is_what_this_kernel_does_by_default() {
    let compared =
        thread::spawn(|| defaults().map(compare)).join().expect("the kernel's defaults are those of linux()");
    match compared {
        Ok(names) => assert!(names.len() >= 9, "too few settings to be a comparison: {names:?}"),
        Err(why) if env::var_os("REQUIRE_KERNEL").is_some_and(|value| value == "1") => {
            panic!("REQUIRE_KERNEL=1, but {why}")
        }
        // Bypasses the test runner, which hides the output of a passing test.
        Err(why) => {
            io::stderr()
                .write_all(format!("skipped a comparison with the kernel: {why}\n").as_bytes())
                .expect("stderr");
        }
    }
}

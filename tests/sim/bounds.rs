//! Printed exchanges stay readable, however much happens.

use tcp_lifecycle::sim::{Figure, Network, Script, ScriptError};
use tcp_lifecycle::{Config, Instant};

const MOST: usize = 40_000;

/// A script that sends these bytes in segments of one byte.
fn burst(bytes: usize) -> String {
    format!("config max_segment=1, nagle=off\nESTABLISHED\nsend {bytes}\nsignal: Reset")
}

/// Checks that the beginning and the end of the exchange are printed, and the number of lines in between.
#[track_caller]
fn is_readable(error: &ScriptError, lines: usize) {
    let (exchange, printed) = (error.exchange(), error.to_string());
    assert!(printed.len() < MOST, "{} bytes", printed.len());
    let left_out = lines - (exchange.len() - 1);
    assert_eq!(exchange[40], format!("... {left_out} lines left out ..."));
    assert_eq!(format!("{error:?}"), printed);
}

#[test]
fn a_script_that_fails_after_a_burst_shows_its_beginning_and_its_end() {
    let script = Script::parse(&burst(16_000)).unwrap();
    let error = script.run(&Config::DEFAULT).unwrap_err();
    is_readable(&error, 2 + 16_000);
    assert!(error.exchange()[0].ends_with("ESTABLISHED is given"));
    assert!(error.exchange()[1].ends_with("send 16000"));
    assert!(error.exchange().last().unwrap().contains("--> <SEQ=16099><ACK=300>"), "{error}");
}

#[test]
fn a_script_that_fails_over_a_network_shows_the_two_ends_of_its_ladder() {
    let script = Script::parse(&burst(16_000)).unwrap();
    let error = script.run_over(&Config::DEFAULT, Network::PERFECT).unwrap_err();
    let whole = {
        let until = burst(16_000).replace("signal: Reset", "CLOSED");
        Script::parse(&until).unwrap().run_over(&Config::DEFAULT, Network::PERFECT).unwrap()
    };
    assert!(whole.now() > Instant::ZERO);
    is_readable(&error, whole.trace().to_string().lines().count());
    assert!(error.exchange()[0].trim_start().starts_with("time  A"));
    assert!(error.exchange().last().unwrap().contains("CLOSED"), "{error}");
}

#[test]
fn a_figure_that_fails_after_a_burst_is_as_short() {
    let figure = "
        config max_segment=1, nagle=off
        ESTABLISHED                             ESTABLISHED
        A: send 16000
    ";
    let error = Figure::parse(figure).and_then(|figure| figure.run(&Config::DEFAULT)).unwrap_err();
    is_readable(&error, 3 + 16_000);
    assert!(error.exchange().last().unwrap().starts_with("A: "), "{error}");
}

#[test]
fn a_short_exchange_is_shown_as_a_whole() {
    let error = Script::parse(&burst(150)).unwrap().run(&Config::DEFAULT).unwrap_err();
    assert_eq!(error.exchange().len(), 152);
    assert!(!error.to_string().contains("left out"), "{error}");
}

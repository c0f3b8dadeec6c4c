//! The figures of RFC 9293 and of related RFCs, and what an error of a figure shows.

#[path = "figures/of_the_rfcs.rs"]
mod of_the_rfcs;

use tcp_lifecycle::Config;
use tcp_lifecycle::sim::{Figure, check, check_figure};

#[track_caller]
fn check_figure_without_rfc5961(figure: &str) {
    let config = Config { rfc5961: false, ..Config::DEFAULT };
    if let Err(error) = Figure::parse(figure).and_then(|figure| figure.run(&config)) {
        panic!("{error}");
    }
}

/// An error shows everything that happened at both ends until then.
#[test]
fn a_figure_that_differs_shows_the_exchange() {
    let figure = "
        1.  CLOSED                                               LISTEN
        A: open active
        2.  SYN-SENT    --> <SEQ=100><CTL=SYN>               --> SYN-RECEIVED
        3.  ESTABLISHED <-- <SEQ=300><ACK=102><CTL=SYN,ACK>  <-- SYN-RECEIVED
    ";
    let error = Figure::parse(figure).and_then(|figure| figure.run(&Config::DEFAULT)).unwrap_err();
    let came = "B: --> <SEQ=300><ACK=101><CTL=SYN,ACK><WND=65535><MSS=536>";
    assert_eq!(error.difference(), Some(("B: --> <SEQ=300><ACK=102><CTL=SYN,ACK>", came)));
    let exchange = [
        "B:        0ns  LISTEN is given",
        "A:        0ns  open active",
        "A:        0ns  CLOSED -> SYN-SENT",
        "A:        0ns  --> <SEQ=100><CTL=SYN><WND=65535><MSS=536>",
        "B:        0ns  <-- <SEQ=100><CTL=SYN><WND=65535><MSS=536>",
        "B:        0ns  LISTEN -> SYN-RECEIVED",
        "B:        0ns  --> <SEQ=300><ACK=101><CTL=SYN,ACK><WND=65535><MSS=536>",
    ];
    assert_eq!(error.exchange(), exchange);
    let panics = std::panic::catch_unwind(|| check_figure(figure)).unwrap_err();
    assert_eq!(panics.downcast_ref::<String>(), Some(&error.to_string()));
}

/// A state may be left out, also before an outcome.
#[test]
fn a_row_may_leave_out_the_states() {
    check_figure(
        "
        1.  ESTABLISHED                                              ESTABLISHED
        A: send 10
                         --> <SEQ=100><ACK=300><CTL=ACK><DATA=10>  -->               delivers 0..10
                         <-- <SEQ=300><ACK=110><CTL=ACK>           <--
        A: signal: Acknowledged 10
            (duplicate)  ... <SEQ=99><ACK=300><CTL=ACK><DATA=1>    -->               refused
                         <-- <SEQ=300><ACK=110><CTL=ACK>           <--
        ",
    );
}

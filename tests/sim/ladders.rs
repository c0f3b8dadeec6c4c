//! Traces as ladders.

use tcp_lifecycle::sim::{Network, Pair, Side};
use tcp_lifecycle::{Config, Open};

#[test]
fn a_ladder_shows_each_end_in_its_column() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    pair.handshake().unwrap();
    pair.close(Side::A).unwrap();
    pair.settle().unwrap();
    pair.close(Side::B).unwrap();
    pair.drive().unwrap();
    let expected = "
     time  A                                                     B
   0.000s  CLOSED                                                CLOSED
                                              (open passive)     LISTEN
           SYN-SENT         (open active)
           SYN-SENT     --> <SEQ=100><CTL=SYN>               --> SYN-RECEIVED
   0.010s  ESTABLISHED  <-- <SEQ=2800><ACK=101><CTL=SYN,ACK> <-- SYN-RECEIVED
   0.020s  ESTABLISHED  --> <SEQ=101><ACK=2801><CTL=ACK>     --> ESTABLISHED
   0.030s  FIN-WAIT-1       (close)
           FIN-WAIT-1   --> <SEQ=101><ACK=2801><CTL=FIN,ACK> --> CLOSE-WAIT
                                           (signal: Closing)     CLOSE-WAIT
   0.040s  FIN-WAIT-2   <-- <SEQ=2801><ACK=102><CTL=ACK>     <-- CLOSE-WAIT
   0.050s                                            (close)     LAST-ACK
           TIME-WAIT    <-- <SEQ=2801><ACK=102><CTL=FIN,ACK> <-- LAST-ACK
           TIME-WAIT        (signal: Closing)
   0.060s  TIME-WAIT    --> <SEQ=102><ACK=2802><CTL=ACK>     --> CLOSED
 240.060s  CLOSED           (2 MSL have passed)
";
    assert_eq!(format!("\n{}", pair.trace()), expected);
}

#[test]
fn what_is_refused_after_a_crash_stands_beside_it() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    pair.handshake().unwrap();
    pair.settle().unwrap();
    pair.take_trace();
    pair.crash(Side::A);
    pair.open(Side::A, Open::Passive).unwrap();
    pair.abort(Side::B).unwrap();
    pair.drive().unwrap();
    let expected = "
     time  A                                                     B
   0.030s  ESTABLISHED                                           ESTABLISHED
           CLOSED           (crash)
           LISTEN           (open passive)
                                                     (abort)     CLOSED
           LISTEN       <-- <SEQ=2801><CTL=RST>              <-- CLOSED        refused
";
    assert_eq!(format!("\n{}", pair.trace()), expected);
}

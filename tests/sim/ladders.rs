//! Traces as ladders.

use expect_test::expect;
use tcp_lifecycle::sim::{Network, Pair, Scenario, Side, check_ladder};
use tcp_lifecycle::{Config, Open};

#[test]
fn a_ladder_shows_each_end_in_its_column() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    pair.handshake().unwrap();
    pair.close(Side::A).unwrap();
    pair.settle().unwrap();
    pair.close(Side::B).unwrap();
    pair.drive().unwrap();
    // `UPDATE_EXPECT=1 cargo test --test sim ladders` renews it.
    expect![[r#"
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
    "#]]
    .assert_eq(&pair.trace().to_string());
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
    check_ladder(pair.trace(), expected);
}

fn opened() -> Pair {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::BY_HAND);
    pair.note("a remark");
    pair.open(Side::A, Open::Active).unwrap();
    pair
}

#[test]
fn blanks_and_empty_lines_do_not_count() {
    let pair = opened();
    let ladder = pair.trace().to_string();
    for spaces in [0, 4, 20] {
        let indented: String = ladder.lines().map(|row| format!("{}{row}  \n", " ".repeat(spaces))).collect();
        check_ladder(pair.trace(), &format!("\n\n{indented}\n"));
    }
    let dedented: String = ladder.lines().map(|row| format!("{}\n\n", row.trim_start())).collect();
    check_ladder(pair.trace(), &dedented);
    let narrow: String =
        ladder.lines().map(|row| format!("{}\n", row.split_whitespace().collect::<Vec<_>>().join(" "))).collect();
    check_ladder(pair.trace(), &narrow);
    check_ladder(pair.trace(), &ladder.replace("-->", "  -->\t"));
    pair.trace().compare(&ladder.replace("(open active)", "(openactive)")).expect_err("another word");
    pair.trace().compare(&ladder.replace("(open active)", "(open)")).expect_err("a word is missing");
}

/// The longest time begins at the left margin, so that nothing is lost when a common indentation is taken off.
#[test]
fn a_ladder_begins_at_the_left_margin() {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    let margin = |pair: &Pair| {
        let ladder = pair.trace().to_string();
        ladder.lines().map(|row| row.len() - row.trim_start().len()).min()
    };
    assert_eq!(margin(&pair), Some(0));
    pair.handshake().unwrap();
    pair.close(Side::A).unwrap();
    pair.settle().unwrap();
    assert_eq!(margin(&pair), Some(0));
    pair.close(Side::B).unwrap();
    pair.drive().unwrap();
    assert_eq!(margin(&pair), Some(0), "after minutes");
}

#[test]
fn the_word_in_which_a_ladder_differs_is_marked() {
    let pair = opened();
    let ladder = pair.trace().to_string();
    let rows: Vec<&str> = ladder.lines().map(str::trim).collect();
    let expected = rows[5].replace("SEQ=100", "SEQ=101");
    let error = pair.trace().compare(&ladder.replace("SEQ=100", "SEQ=101")).unwrap_err();
    assert_eq!(error.line(), 6);
    assert_eq!(error.difference(), (Some(expected.as_str()), Some(rows[5])));
    let printed = "the ladder differs at line 6:
  expected  SYN-SENT --> <SEQ=101><CTL=SYN> ...
  came      SYN-SENT --> <SEQ=100><CTL=SYN> ...
                         ^
the ladder that came:
";
    assert_eq!(error.to_string(), format!("{printed}{ladder}"));
    assert_eq!(format!("{error:?}"), error.to_string());
    let panics = std::panic::catch_unwind(|| check_ladder(opened().trace(), "time  A")).unwrap_err();
    let shown = "the ladder differs at line 1:\n  expected  time A\n";
    assert!(panics.downcast_ref::<String>().unwrap().starts_with(shown));
}

#[test]
fn a_ladder_that_ends_too_early_or_too_late_differs() {
    let pair = opened();
    let ladder = pair.trace().to_string();
    let more = pair.trace().compare(&format!("{ladder}            and more")).unwrap_err();
    assert_eq!((more.line(), more.difference().1), (7, None));
    assert!(more.to_string().contains("  came      the end\n"), "{more}");
    let less: Vec<&str> = ladder.lines().take(5).collect();
    let less = pair.trace().compare(&format!("\n{}", less.join("\n"))).unwrap_err();
    assert_eq!((less.line(), less.difference().0), (7, None), "the text begins with an empty line");
}

/// Nobody has sent it, so that its row cannot stand where it was sent.
#[test]
fn a_segment_that_no_end_has_sent_stands_where_it_arrives() {
    let lines =
        "inject A <SEQ=90><CTL=SYN>\ndouble\nB: open passive\nA: open active\ndeliver\ndeliver <SEQ=90><CTL=SYN>";
    check_ladder(
        Scenario::run(lines).unwrap().pair().trace(),
        "
        time    A                                                    B
        0.000s  CLOSED                                               CLOSED
                                                 (open passive)      LISTEN
                SYN-SENT         (open active)
                SYN-SENT     --> <SEQ=100><CTL=SYN>              ...
                (duplicate)  ... <SEQ=90><CTL=SYN>               --> SYN-RECEIVED
                             ... <SEQ=300><ACK=91><CTL=SYN,ACK>  <-- SYN-RECEIVED
                (again)      ... <SEQ=90><CTL=SYN>               --> SYN-RECEIVED  refused
                             ... <SEQ=300><ACK=91><CTL=SYN,ACK>  <-- SYN-RECEIVED
        ",
    );
}

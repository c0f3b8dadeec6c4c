//! smoltcp plays the scripts that this crate's connection plays: the arcs, the truth tables, the figures, the past bugs.
//!
//! `report.txt` lists each difference, in a class with the RFC's section or with the reason why it is allowed.
//! `UPDATE_EXPECT=1 cargo test --test smoltcp report` writes it anew. A difference that fits no class of `classes.rs`
//! fails, so that somebody looks at it.

#[path = "report/arcs.rs"]
mod arcs;
#[path = "report/case.rs"]
mod case;
#[path = "report/classes.rs"]
mod classes;
#[path = "report/either.rs"]
mod either;
#[path = "report/figures.rs"]
mod figures;
#[path = "report/host.rs"]
mod host;
#[path = "report/past_bugs.rs"]
mod past_bugs;
#[path = "report/truth_tables.rs"]
mod truth_tables;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::process::Command;

use self::case::{Case, Outcome};
use self::classes::{CLASSES, Verdict, class_of};

/// The tests that play scripts, in this binary.
const PLAYERS: [&str; 4] = ["report::arcs::", "report::figures::", "report::past_bugs::", "report::truth_tables::"];

/// Plays everything in a process of its own, one test after another, and collects the lines of the cases.
fn cases() -> Vec<Case> {
    let this = env::current_exe().expect("a test is a program");
    let run =
        Command::new(this).args(PLAYERS).args(["--test-threads=1", "--nocapture"]).env(case::COLLECT, "1").output();
    let run = run.expect("it runs again");
    let printed = String::from_utf8(run.stdout).expect("text");
    assert!(run.status.success(), "{printed}");
    printed.lines().filter_map(Case::read).collect()
}

#[test]
fn smoltcp_differs_from_the_rfcs_where_the_report_says_so() {
    let report = report(&cases());
    println!("{report}");
    expect_test::expect_file!["report/report.txt"].assert_eq(&report);
}

fn report(cases: &[Case]) -> String {
    let count = |is_it: fn(&Outcome) -> bool| cases.iter().filter(|case| is_it(&case.outcome)).count();
    let mut by_class: BTreeMap<usize, Vec<&Case>> = BTreeMap::new();
    for case in cases.iter().filter(|case| matches!(case.outcome, Outcome::Differs { .. })) {
        by_class.entry(class_of(case).expect("the player has looked")).or_default().push(case);
    }
    let of = |verdict: fn(&Verdict) -> bool| -> (usize, usize) {
        let classes = by_class.iter().filter(|(class, _)| verdict(&CLASSES[**class].verdict));
        classes.fold((0, 0), |(points, all), (_, cases)| (points + 1, all + cases.len()))
    };
    let (wrong, allowed) = (of(|v| matches!(v, Verdict::Wrong(_))), of(|v| matches!(v, Verdict::Allowed(_))));
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect("a string takes all");
    line(format!("smoltcp 0.14 in {} cases", cases.len()));
    line(format!("{:>5}  as the script says", count(|o| matches!(o, Outcome::Same { .. }))));
    line(format!("{:>5}  of these in part, since smoltcp does not tell everything", {
        count(|o| matches!(o, Outcome::Same { unchecked } if *unchecked > 0))
    }));
    line(format!("{:>5}  skipped: smoltcp has no such call or policy", count(|o| matches!(o, Outcome::Skipped(_)))));
    line(format!("{:>5}  wrong, at {} points", wrong.1, wrong.0));
    line(format!("{:>5}  different within the RFCs' freedom, at {} points", allowed.1, allowed.0));
    for (class, cases) in &by_class {
        let class = &CLASSES[*class];
        line(String::new());
        match class.verdict {
            Verdict::Wrong(section) => line(format!("WRONG    {}\n         {section}", class.what)),
            Verdict::Allowed(reason) => line(format!("ALLOWED  {}\n         {reason}", class.what)),
        }
        let mut test = "";
        for case in cases {
            if test != case.test {
                test = &case.test;
                line(format!("  {test}"));
            }
            line(format!("    {case}"));
        }
    }
    let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases {
        if let Outcome::Skipped(why) = &case.outcome {
            *skipped.entry(why).or_default() += 1;
        }
    }
    line("\nSKIPPED".to_owned());
    for (why, count) in skipped {
        line(format!("{count:>5}  {why}"));
    }
    out
}

#[test]
fn every_class_has_a_case() {
    let cases = cases();
    for (index, class) in CLASSES.iter().enumerate() {
        let is_it = |case: &&Case| matches!(case.outcome, Outcome::Differs { .. }) && class_of(case) == Some(index);
        assert!(cases.iter().any(|case| is_it(&case)), "nothing shows: {}", class.what);
    }
}

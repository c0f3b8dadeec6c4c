//! The engine of the explorer, as native code.

use serde_json::Value;
use tcp_lifecycle::sim::{LESSONS, Language};
use tcp_lifecycle_web::{Answer, Explorer, answer};

#[track_caller]
fn ask(explorer: &mut Explorer, command: &str) -> Value {
    serde_json::from_str(&say(explorer, command)).unwrap()
}

#[track_caller]
fn say(explorer: &mut Explorer, command: &str) -> String {
    match answer(explorer, command) {
        Answer::Text(text) => text,
        Answer::Bytes(bytes) => panic!("{} bytes", bytes.len()),
    }
}

fn states(view: &Value) -> [&str; 2] {
    [0, 1].map(|end| view["ends"][end]["state"].as_str().unwrap())
}

const OPEN: &str = "B: open passive\nA: open active\ndeliver all";

#[test]
fn calls_and_deliveries_open_a_connection() {
    let mut explorer = Explorer::default();
    assert_eq!(states(&ask(&mut explorer, "view")), ["CLOSED", "CLOSED"]);
    ask(&mut explorer, "play\nB: open passive");
    let view = ask(&mut explorer, "play\nA: open active");
    assert_eq!(states(&view), ["SYN-SENT", "LISTEN"]);
    let flight = &view["flights"][0];
    assert_eq!((flight["from"].as_str(), flight["segment"].as_str()), (Some("A"), Some("<SEQ=100><CTL=SYN>")));
    assert_eq!(flight["whole"], "<SEQ=100><CTL=SYN><WND=65535><MSS=536>");
    let view = ask(&mut explorer, "play\ndeliver all");
    assert_eq!(states(&view), ["ESTABLISHED", "ESTABLISHED"]);
    assert_eq!(view["ends"][0]["arc"], serde_json::json!(["SYN-SENT", "ESTABLISHED"]));
    assert_eq!(view["ends"][1]["variables"][4], serde_json::json!(["RCV.NXT", 101]));
    assert_eq!(view["ends"][0]["calls"]["open active"], "connection already exists");
    assert_eq!(view["ends"][0]["calls"]["close"], Value::Null);
}

#[test]
fn segments_are_doubled_delayed_and_lost() {
    let mut explorer = Explorer::default();
    ask(&mut explorer, &format!("load\nconfig nagle=off\n{OPEN}\nA: send 1\nA: send 2"));
    let segments = |view: &Value| -> Vec<(String, bool)> {
        let flights = view["flights"].as_array().unwrap().iter();
        flights.map(|f| (f["segment"].as_str().unwrap()[..9].to_string(), f["copy"] == true)).collect()
    };
    let named = |names: &[(&str, bool)]| names.iter().map(|(n, copy)| ((*n).to_string(), *copy)).collect::<Vec<_>>();
    let view = ask(&mut explorer, "play\ndouble");
    assert_eq!(segments(&view), named(&[("<SEQ=101>", false), ("<SEQ=102>", false), ("<SEQ=101>", true)]));
    let view = ask(&mut explorer, "play\ndelay");
    assert_eq!(segments(&view), named(&[("<SEQ=102>", false), ("<SEQ=101>", false), ("<SEQ=101>", true)]));
    assert_eq!(view["flights"][2]["may_delay"], false);
    let view = ask(&mut explorer, "play\nlose 3");
    assert_eq!(segments(&view).len(), 2);
    let view = ask(&mut explorer, "play\ndeliver\ndeliver");
    assert_eq!(view["ends"][1]["received"], 3);
}

#[test]
fn time_passes_to_the_next_timer() {
    let mut explorer = Explorer::default();
    let view = ask(&mut explorer, "load\nA: open active\nlose");
    assert_eq!((view["now"].as_u64(), view["next"].as_u64()), (Some(0), Some(1_000_000)));
    assert_eq!(view["ends"][0]["timers"], serde_json::json!([["retransmission", 1_000_000]]));
    let view = ask(&mut explorer, "play\n+ next");
    assert_eq!((view["now"].as_u64(), view["next"].as_u64()), (Some(1_000_000), Some(2_000_000)));
    assert_eq!(view["flights"].as_array().unwrap().len(), 1);
    let view = ask(&mut explorer, &format!("load\n{OPEN}\nA: close\ndeliver all\nB: close\ndeliver all"));
    assert_eq!(view["ends"][0]["timers"], serde_json::json!([["2 MSL", 240_000_000]]));
}

#[test]
fn a_refused_segment_has_its_name_its_citation_and_a_link() {
    let mut explorer = Explorer::default();
    let view = ask(&mut explorer, &format!("load\n{OPEN}\ninject A <SEQ=5000><CTL=RST>\ndeliver"));
    let refusal = view["events"].as_array().unwrap().iter().find(|event| event["kind"] == "refused").unwrap();
    assert_eq!(refusal["side"], "B");
    assert_eq!(refusal["refusal"]["name"], "ResetNotAtRcvNxt");
    assert_eq!(refusal["refusal"]["citation"], "RFC 9293 section 3.10.7.4, second, 3)");
    assert_eq!(refusal["refusal"]["link"], "https://www.rfc-editor.org/rfc/rfc9293#section-3.10.7.4");
}

#[test]
fn undo_and_redo_walk_through_the_history() {
    let mut explorer = Explorer::default();
    for lesson in &LESSONS {
        ask(&mut explorer, "load\n");
        let mut views = vec![ask(&mut explorer, "view")];
        for step in lesson.steps {
            let view = ask(&mut explorer, &format!("play\n# {}\n{}", step.caption.get(Language::Chinese), step.lines));
            assert_eq!(view["mistake"], Value::Null, "{}: {}", lesson.name, step.lines);
            views.push(view);
        }
        let same = |one: &Value, other: &Value| {
            ["now", "ends", "flights", "events", "at"].iter().all(|part| one[part] == other[part])
        };
        for view in views.iter().rev().skip(1) {
            assert!(same(&ask(&mut explorer, "undo"), view), "{}", lesson.name);
        }
        assert!(!explorer.undo());
        for view in views.iter().skip(1) {
            assert!(same(&ask(&mut explorer, "redo"), view), "{}", lesson.name);
        }
        assert!(!explorer.redo());
        assert!(same(&ask(&mut explorer, "go\n1"), &views[1]));
    }
}

#[test]
fn a_lesson_knows_its_step_whichever_lines_lead_there() {
    let mut explorer = Explorer::default();
    let view = ask(&mut explorer, "lesson\nlife");
    assert_eq!((&view["lesson"], view["step"].as_u64()), (&"life".into(), Some(0)));
    for (line, step) in [("B: open passive", 1), ("A: open active", 2), ("deliver 1", 3)] {
        assert_eq!(ask(&mut explorer, &format!("play\n{line}"))["step"], step);
    }
    assert_eq!(ask(&mut explorer, "play\nlose")["step"], Value::Null);
    assert_eq!(ask(&mut explorer, "undo")["step"], 3);
    assert_eq!(ask(&mut explorer, "load\n")["step"], 0);
    assert_eq!(ask(&mut explorer, "lesson\n")["lesson"], Value::Null);
}

#[test]
fn a_new_entry_forgets_what_was_undone() {
    let mut explorer = Explorer::default();
    ask(&mut explorer, &format!("load\n{OPEN}"));
    ask(&mut explorer, "undo");
    let view = ask(&mut explorer, "play\nlose");
    assert_eq!(view["entries"], serde_json::json!(["B: open passive", "A: open active", "lose"]));
    assert_eq!(view["at"], 3);
}

#[test]
fn a_text_is_played_up_to_its_mistake_and_kept() {
    let text = "# a server\nB: open passive\n\nA: opn active\nA: close";
    let mut explorer = Explorer::default();
    let view = ask(&mut explorer, &format!("load\n{text}"));
    assert_eq!(states(&view), ["CLOSED", "LISTEN"]);
    let mistake = &view["mistake"];
    assert_eq!((mistake["line"].as_u64(), mistake["column"].as_u64()), (Some(4), Some(4)));
    assert_eq!(mistake["scenario"], text);
    assert!(mistake["why"].as_str().unwrap().ends_with("did you mean `open active`?"), "{mistake}");
    assert_eq!(view["entries"], serde_json::json!(["# a server\nB: open passive"]));
    let view = ask(&mut explorer, "load\nA: ESTABLISHED");
    assert_eq!(view["mistake"]["why"], "expected: A: ESTABLISHED\ncame: A: CLOSED");
}

#[test]
fn a_mistake_in_a_played_line_changes_nothing() {
    let mut explorer = Explorer::default();
    let before = ask(&mut explorer, &format!("load\n{OPEN}"));
    for wrong in ["A: open active", "A: send x", "inject A <SEQ=", "deliver", "A: send 1\nlose\nlose", "+ 1 parsec"] {
        let view = ask(&mut explorer, &format!("play\n{wrong}"));
        assert!(view["mistake"]["why"].is_string(), "{wrong}");
        assert_eq!(view["mistake"]["scenario"], Value::Null);
        assert_eq!((&view["ends"], &view["entries"]), (&before["ends"], &before["entries"]), "{wrong}");
    }
}

#[test]
fn no_text_is_too_long_or_too_strange() {
    let mut explorer = Explorer::default();
    let view = ask(&mut explorer, &format!("load\n{}", "+ 1s\n".repeat(5_000)));
    assert_eq!(view["mistake"]["line"], 2_001);
    for strange in [
        "",
        "load",
        "\u{0}",
        "play\n\u{ffff}\n",
        "go\nx",
        "load\nA:\u{a0}close",
        "play\n\n\n",
        "load\n&",
        "load\nnote <&>",
    ] {
        let _ = answer(&mut explorer, strange);
    }
}

#[test]
fn a_scenario_that_was_exported_plays_again() {
    let mut explorer = Explorer::default();
    for lesson in &LESSONS {
        let view = ask(&mut explorer, &format!("load\n{}", lesson.script(Language::English)));
        assert_eq!(view["mistake"], Value::Null, "{}", lesson.name);
        let ladder = say(&mut explorer, "ladder");
        let exported = explorer.entries().join("\n");
        ask(&mut explorer, &format!("load\n{exported}"));
        assert_eq!(say(&mut explorer, "ladder"), ladder);
    }
}

#[test]
fn the_exchange_is_saved_as_text_diagram_and_capture() {
    let mut explorer = Explorer::default();
    ask(&mut explorer, &format!("load\n{OPEN}"));
    assert!(say(&mut explorer, "ladder").contains("ESTABLISHED  --> <SEQ=101><ACK=301><CTL=ACK>      --> ESTABLISHED"));
    assert!(say(&mut explorer, "mermaid").starts_with("sequenceDiagram\n"));
    let Answer::Bytes(capture) = answer(&mut explorer, "pcapng\nB") else { panic!("no capture") };
    assert!(capture.starts_with(b"\x0a\x0d\x0d\x0a") && capture.len() > 200);
}

#[test]
fn the_figure_has_the_arcs_of_the_rfc() {
    let figure: Value = serde_json::from_str(&say(&mut Explorer::default(), "figure")).unwrap();
    assert_eq!(figure["states"].as_array().unwrap().len(), 11);
    assert_eq!(figure["arcs"].as_array().unwrap().len(), 21);
    let lessons: Value = serde_json::from_str(&say(&mut Explorer::default(), "lessons")).unwrap();
    assert_eq!(lessons.as_array().unwrap().len(), LESSONS.len());
}

#[test]
fn the_page_knows_every_route_and_every_refusal() {
    let routes = include_str!("../page/figure.js");
    let figure: Value = serde_json::from_str(&say(&mut Explorer::default(), "figure")).unwrap();
    for arc in figure["arcs"].as_array().unwrap() {
        let key = format!("\"{}>{}\":", arc[0].as_str().unwrap(), arc[1].as_str().unwrap());
        assert!(routes.contains(&key), "{key}");
    }
    let names = include_str!("../../src/machine/error.rs").split("pub enum Refusal {").nth(1).unwrap();
    let names = names
        .split("\n}")
        .next()
        .unwrap()
        .lines()
        .filter_map(|line| line.trim().strip_suffix(','))
        .filter(|name| name.chars().all(char::is_alphanumeric));
    let names: Vec<&str> = names.collect();
    assert_eq!(names.len(), 23);
    let words = include_str!("../page/texts.js");
    for name in names {
        assert!(words.contains(&format!("{name}: \"")), "{name} has no Chinese text");
    }
}

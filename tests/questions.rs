//! The exchanges in the pages of questions are what the commands above them print. `UPDATE_EXPECT=1` writes them anew.

use expect_test::{ExpectFile, expect_file};
use tcp_lifecycle::diagram;
use tcp_lifecycle::sim::LESSONS;

/// What a command of the pages prints, without explanations.
fn printed(command: &str) -> String {
    let mut words =
        command.strip_prefix("cargo run -p tcp-lifecycle --features cli -- ").expect(command).split_whitespace();
    match (words.next(), words.next()) {
        (Some("diagram"), None) => diagram::FIGURE.to_owned(),
        (Some("lesson"), Some(name)) => {
            let lesson = LESSONS.iter().find(|lesson| lesson.name == name).expect(name);
            lesson.play().unwrap().pair().trace().to_string()
        }
        _ => panic!("no command of the pages: {command}"),
    }
}

/// The page with each exchange as it is now, and how many it has.
fn renewed(page: &str) -> (String, usize) {
    let (mut renewed, mut command, mut exchanges, mut old) = (String::new(), None, 0, false);
    for line in page.lines() {
        match line {
            "```text" => {
                let exchange = printed(command.take().expect("a command above each exchange"));
                renewed.extend([line, "\n", exchange.trim_end(), "\n"]);
                (old, exchanges) = (true, exchanges + 1);
                continue;
            }
            "```" => old = false,
            _ if line.starts_with("cargo run") => command = Some(line),
            _ => {}
        }
        if !old {
            renewed.extend([line, "\n"]);
        }
    }
    (renewed, exchanges)
}

fn check(page: &str, file: &ExpectFile) {
    let (renewed, exchanges) = renewed(page);
    assert_eq!(exchanges, 12);
    file.assert_eq(&renewed);
}

#[test]
fn the_exchanges_are_what_the_commands_print() {
    check(include_str!("../src/questions.md"), &expect_file!["../src/questions.md"]);
}

#[test]
fn the_exchanges_of_the_chinese_page_are_too() {
    check(include_str!("../src/questions_zh.md"), &expect_file!["../src/questions_zh.md"]);
}

#[test]
fn every_lesson_that_a_page_names_is_there() {
    for page in [include_str!("../src/questions.md"), include_str!("../src/questions_zh.md")] {
        for (place, _) in page.match_indices("lesson ") {
            let name: String =
                page[place + 7..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            assert!(LESSONS.iter().any(|lesson| lesson.name == name), "{name}");
        }
    }
}

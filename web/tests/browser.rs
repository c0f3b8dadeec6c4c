//! The page in a real browser: Chromium without a window plays every lesson, and takes pictures.
//!
//! The test is skipped if there is no Chromium or no target wasm32-unknown-unknown. With REQUIRE_BROWSER=1 it fails
//! then. The pictures are in target/explorer.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use tcp_lifecycle::sim::{LESSONS, Side};

const MOST_BYTES: u64 = 300_000;

/// Returns the name of a browser; `None` if the test is to be skipped.
fn browser() -> Option<&'static str> {
    let runs = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(runs);
    let target = ["--print", "target-libdir", "--target", "wasm32-unknown-unknown"];
    let libraries = Command::new("rustc").args(target).output().unwrap().stdout;
    let has_target = Path::new(String::from_utf8(libraries).unwrap().trim()).is_dir();
    let missing = match found {
        None => "no Chromium: apt-get install chromium",
        Some(_) if !has_target => "no target: rustup target add wasm32-unknown-unknown",
        Some(_) => return found,
    };
    assert!(env::var_os("REQUIRE_BROWSER").is_none_or(|value| value == "0"), "{missing}");
    println!("skipped: {missing}");
    None
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("explorer");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Builds the page, once for all tests.
fn build() -> &'static Path {
    static PAGE: LazyLock<PathBuf> = LazyLock::new(|| {
        let page = folder().join("tcp-lifecycle.html");
        let status = Command::new(env!("CARGO_BIN_EXE_tcp-lifecycle-web")).arg(&page).status().unwrap();
        assert!(status.success());
        page
    });
    &PAGE
}

/// Opens the page, and returns what Chromium prints: the document, and its log.
fn visit(browser: &str, page: &Path, link: &str, size: &str, action: &str) -> (String, String) {
    static VISITS: AtomicUsize = AtomicUsize::new(0);
    let visit = VISITS.fetch_add(1, Ordering::Relaxed);
    let profile = env::temp_dir().join(format!("tcp-lifecycle-{}-{visit}", std::process::id()));
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args([&format!("--window-size={size}"), "--virtual-time-budget=60000", action])
        .arg(format!("file://{}{link}", page.display()))
        .output()
        .unwrap();
    let _ = fs::remove_dir_all(profile);
    let [document, log] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let console: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{link} at {size}: {console:#?}");
    (document, log)
}

#[test]
fn the_page_is_one_small_file() {
    if browser().is_none() {
        return;
    }
    let page = build();
    let size = fs::metadata(page).unwrap().len();
    println!("{size} bytes");
    assert!(size < MOST_BYTES, "{size} bytes");
    let text = fs::read_to_string(page).unwrap();
    for outside in ["src=\"", "@import", "url(http", "fetch(", "XMLHttpRequest", "<link rel=\"stylesheet"] {
        assert!(!text.contains(outside), "{outside}");
    }
}

#[test]
fn every_lesson_plays_in_the_page_and_ends_as_in_native_code() {
    let Some(browser) = browser() else { return };
    let page = build();
    for size in ["1280,900", "360,740"] {
        let (document, log) = visit(browser, page, "#selftest", size, "--dump-dom");
        let outcome = document.split("<pre id=\"selftest\">").last().unwrap_or_default();
        assert!(outcome.starts_with("PASSED"), "at {size}: {outcome}\n{log}");
        for lesson in &LESSONS {
            let pair = lesson.play().unwrap();
            let [a, b] = Side::BOTH.map(|side| pair.pair().state(side));
            let line = format!("lesson {} {a} {b}", lesson.name);
            assert!(outcome.lines().any(|said| said == line), "{line} is not in:\n{outcome}");
        }
    }
}

#[test]
fn pictures_are_taken() {
    let Some(browser) = browser() else { return };
    let page = build();
    let mut views = vec![
        ("light", "1280,900", "#lesson=life&step=6&theme=light".to_string()),
        ("dark", "1280,900", "#lesson=blind-reset&step=3&theme=dark&tab=events".to_string()),
        ("phone", "390,844", "#lesson=three-messages&step=4&theme=light".to_string()),
        ("phone-whole", "360,2300", "#lesson=half-open&step=5&lang=zh&theme=dark".to_string()),
        ("scenario", "1280,1300", "#tab=scenario&theme=light&scenario=B%3A%20open%20passive%0AA%3A%20clos".to_string()),
    ];
    let whole = |lesson: &tcp_lifecycle::sim::Lesson| format!("#lesson={}&step={}", lesson.name, lesson.steps.len());
    views.extend(LESSONS.iter().map(|lesson| (lesson.name, "1280,1300", whole(lesson))));
    for (name, size, link) in views {
        let picture = folder().join(format!("{name}.png"));
        let _ = fs::remove_file(&picture);
        visit(browser, page, &link, size, &format!("--screenshot={}", picture.display()));
        let bytes = fs::metadata(&picture).map_or(0, |file| file.len());
        assert!(bytes > 20_000, "{}: {bytes} bytes", picture.display());
    }
}

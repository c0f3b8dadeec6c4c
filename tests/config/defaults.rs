//! The table of defaults in the documentation of `Config` has the actual values.

use core::time::Duration;

use tcp_lifecycle::{Config, KeepAlive};

/// A row of the table: the field, and its values in `DEFAULT`, `linux()` and `bsd()`.
type Row = (String, [String; 3]);

fn table() -> Vec<Row> {
    let source = include_str!("../../src/machine/config.rs");
    let rows = source.lines().filter_map(|line| line.strip_prefix("/// | `")).map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let field = cells[0].trim_end_matches('`').to_string();
        (field, [cells[1], cells[2], cells[3]].map(str::to_string))
    });
    rows.collect()
}

/// The fields with their values, written as in the table, in the order of the fields.
fn fields(config: &Config) -> Vec<(String, String)> {
    let alive = |keep: KeepAlive| {
        format!("Some({}h {}s {})", keep.idle.as_secs() / 3_600, keep.interval.as_secs(), keep.probes)
    };
    let keep_alive = config.keep_alive.map_or_else(|| "None".to_string(), alive);
    let without = Config { keep_alive: None, ..*config };
    let debug = format!("{without:?}");
    let inner = debug.strip_prefix("Config { ").and_then(|rest| rest.strip_suffix(" }")).unwrap();
    let field = |text: &str| {
        let (name, value) = text.split_once(": ").unwrap();
        let value = if name == "keep_alive" { keep_alive.clone() } else { value.to_string() };
        (name.to_string(), value)
    };
    inner.split(", ").map(field).collect()
}

#[test]
fn the_table_of_defaults_is_true_and_complete() {
    let configs = [Config::DEFAULT, Config::linux(), Config::bsd()].map(|config| fields(&config));
    let expected: Vec<Row> = (0..configs[0].len())
        .map(|n| (configs[0][n].0.clone(), [&configs[0], &configs[1], &configs[2]].map(|fields| fields[n].1.clone())))
        .collect();
    assert!(expected.len() > 30);
    let mut table = table();
    table.sort_by_key(|(field, _)| expected.iter().position(|(name, _)| name == field));
    assert_eq!(table, expected);
    // This test relies on this format.
    assert_eq!(format!("{:?}", Some(Duration::from_millis(40))), "Some(40ms)");
}

#[test]
fn the_page_on_embedding_tells_what_each_policy_is_for() {
    let page = include_str!("../../src/embedding.md");
    let (_, section) = page.split_once("\n# What each policy is for\n").unwrap();
    let (section, _) = section.split_once("\n# ").unwrap();
    for (field, _) in fields(&Config::DEFAULT) {
        assert!(section.contains(&format!("`{field}`")), "{field}");
    }
}

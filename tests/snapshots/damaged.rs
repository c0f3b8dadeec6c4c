//! A damaged snapshot is an error, or a connection that survives whatever happens next.

use core::cell::Cell;
use core::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;
use tcp_lifecycle::{Connection, Control, Instant, Output, Segment, SeqNumber, TimeWait};

use crate::events::{Event, apply, beginning, event, isn_offset};
use crate::plain::{drain, survives};
use crate::policies::policies;
use crate::run::check;
use crate::watch::Watched;

/// A connection after random events, drained or not.
fn connection() -> impl Strategy<Value = (Connection, Instant)> {
    let input = (policies(), isn_offset(), beginning(), vec((event(), any::<bool>()), 0..20));
    input.prop_map(|(policies, offset, beginning, events)| {
        let mut watched = Watched::new(policies, offset);
        let mut arrived = Vec::new();
        for (event, drained) in beginning.into_iter().map(|event| (event, true)).chain(events) {
            apply(event, &mut watched, &mut arrived);
            if drained {
                watched.drain();
            }
        }
        (watched.connection.clone(), watched.now)
    })
}

/// The connection has these events, if it is not too much for a test.
fn lives_on(connection: &mut Connection, events: Vec<Event>, mut now: Instant) {
    let mut arrived = Vec::new();
    if drain(connection, now).is_some() {
        _ = events.into_iter().all(|event| survives(connection, event, &mut now, &mut arrived));
    }
}

/// The numbers and switches in a value.
fn leaves(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(values) => values.iter_mut().flat_map(leaves).collect(),
        Value::Object(fields) => fields.values_mut().flat_map(leaves).collect(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![value],
    }
}

/// What takes the place of a number: its neighbours, one bit of it, or an extreme.
fn other(number: u64, choice: u8) -> u64 {
    let extremes = [0, 1, 14, 15, 255, 65_535, 1 << 30, 1 << 31, u64::from(u32::MAX), u64::MAX];
    match choice {
        0..=9 => extremes[usize::from(choice)],
        10 => number.wrapping_add(1),
        11 => number.wrapping_sub(1),
        12 => (number as u32).wrapping_add(1 << 31).into(),
        bit => number ^ (1 << (bit % 32)),
    }
}

fn damage(leaf: &mut Value, choice: u8) {
    match leaf {
        Value::Bool(value) => *value = !*value,
        Value::Number(number) => *leaf = other(number.as_u64().unwrap_or_default(), choice).into(),
        Value::String(text) => {
            let others = ["", "FIN", "SYN", "FIN | DETACHED", "GAP", "URGENT", "TRANSITIONS", "ACK | DATA", "Probing"];
            let others = others.into_iter().chain(["Established", "FinWait2", "Closed", "0xffff", "nonsense"]);
            let others: Vec<&str> = others.collect();
            *text = others[usize::from(choice) % others.len()].to_owned();
        }
        Value::Null | Value::Array(_) | Value::Object(_) => {}
    }
}

/// Each variable alone may have another value: most are found out, and none makes the connection panic.
#[test]
fn a_variable_that_is_damaged_is_found_out_or_survived() {
    let (refused, survived) = (Cell::new(0_u32), Cell::new(0_u32));
    let damages = vec((any::<Index>(), 0_u8..45), 1..4);
    let input = (connection(), damages, vec(event(), 1..30));
    check(600, &input, |((connection, now), damages, events)| {
        let mut value = serde_json::to_value(&connection).unwrap();
        for (place, choice) in damages {
            let mut leaves = leaves(&mut value);
            let place = place.index(leaves.len());
            damage(leaves[place], choice);
        }
        match serde_json::from_value::<Connection>(value) {
            Ok(mut connection) => {
                survived.update(|survived| survived + 1);
                lives_on(&mut connection, events, now);
            }
            Err(_) => refused.update(|refused| refused + 1),
        }
    });
    // With fewer cases (`PROPTEST_CASES`) one of them may be missing.
    let few = refused.get() + survived.get() < 600;
    assert!(
        few || refused.get() > 100 && survived.get() > 100,
        "{} refused, {} survived",
        refused.get(),
        survived.get()
    );
}

#[test]
fn bytes_that_are_damaged_are_found_out_or_survived() {
    let flips = vec((any::<Index>(), any::<u8>()), 0..4);
    let input = (connection(), flips, any::<Index>(), any::<bool>(), vec(event(), 1..20));
    check(400, &input, |((connection, now), flips, end, cut, events)| {
        let mut bytes = postcard::to_allocvec(&connection).unwrap();
        for (place, byte) in flips {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        if let Ok(mut connection) = postcard::from_bytes::<Connection>(&bytes) {
            assert!(!cut, "a snapshot without its end");
            lives_on(&mut connection, events, now);
        }
    });
}

/// Every value of a `TimeWait` is one that its calls can handle.
#[test]
fn any_bytes_of_a_time_wait_are_survived() {
    let step = select(vec![0_u8, 1, 2, 3]);
    let input = (vec(any::<u8>(), 60), policies(), any::<u64>(), vec((step, any::<u32>(), any::<u32>()), 1..20));
    check(1_000, &input, |(bytes, config, start, steps)| {
        let Ok((mut time_wait, _)) = postcard::take_from_bytes::<TimeWait>(&bytes) else { return };
        let mut now = Instant::from_micros(start);
        for (step, number, more) in steps {
            now = now + Duration::from_micros(more.into());
            let control = Control::from_bits_truncate(more as u16);
            let segment = Segment::new(SeqNumber(number), SeqNumber(more), control);
            match step {
                0 => _ = time_wait.segment_arrives(&segment, now, &config),
                1 => time_wait.timeout(now, &config),
                2 => _ = time_wait.reopens(&segment, number, now, &config),
                _ => _ = time_wait.next_isn_offset(number, now),
            }
            _ = time_wait.deadline(&config);
            assert!((0..4).any(|_| matches!(time_wait.poll(now, &config), Output::Wait(_))));
        }
    });
}

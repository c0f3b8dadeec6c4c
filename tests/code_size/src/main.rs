//! The smallest program without an operating system that uses a connection from OPEN to CLOSE, with SEND and RECEIVE.
//! Its size, which `run` prints, is the cost of the crate for such a user.

#![no_std]
#![no_main]

use core::hint::{black_box, spin_loop};
use core::panic::PanicInfo;

use tcp_lifecycle::{Config, Connection, Instant, Open, Output, Segment, State};

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        spin_loop();
    }
}

/// The peer's next segment, if there is one.
fn receive() -> Option<Segment> {
    black_box(None)
}

/// The current time.
fn now() -> Instant {
    Instant::from_micros(black_box(0))
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut connection = Connection::new(&Config::DEFAULT, black_box(100));
    let _ = connection.open(Open::Active, now());
    loop {
        if let Some(segment) = receive()
            && let Ok(text) = connection.segment_arrives(&segment, now())
            && !text.is_empty()
        {
            // The program echoes what it receives.
            let _ = connection.receive(text.len());
            let _ = connection.send(text.len(), now());
        }
        if connection.state() == State::CloseWait {
            let _ = connection.close(now());
        }
        connection.timeout(now());
        loop {
            match connection.poll(now()) {
                Output::Transmit(transmit) => _ = black_box(transmit),
                Output::Transition(transition) => _ = black_box(transition),
                Output::Signal(signal) => _ = black_box(signal),
                Output::Wait(deadline) => {
                    black_box(deadline);
                    break;
                }
            }
        }
    }
}

//! The engine of the explorer: two ends of TCP and the network between them, for a page in a browser.
//!
//! The page writes a command into [`input`], calls [`run`], and reads the answer at [`output`]. [`answer`] explains
//! the commands. An [`Explorer`] is the same engine for native code. `cargo run -p tcp-lifecycle-web` builds the page.

pub mod citation;
mod command;
mod explorer;
mod view;

use std::cell::RefCell;

pub use command::{Answer, answer};
pub use explorer::{Explorer, Mistake};
pub use view::{figure, lessons, view};

/// The state of the one explorer of a page, and the two buffers between the page and the engine.
#[derive(Debug, Default)]
struct Engine {
    explorer: Explorer,
    input: Vec<u8>,
    output: Vec<u8>,
}

thread_local! {
    static ENGINE: RefCell<Engine> = RefCell::default();
}

// The attribute `no_mangle` counts as unsafe, since another symbol could have the same name. No function below has an
// unsafe block: the page writes and reads the buffers from its side.

/// Makes room for a command of `len` bytes, and returns the address where the page writes it.
#[allow(unsafe_code, reason = "an export of WebAssembly needs its name")]
#[unsafe(no_mangle)]
pub extern "C" fn input(len: usize) -> *mut u8 {
    ENGINE.with_borrow_mut(|engine| {
        engine.input = vec![0; len];
        engine.input.as_mut_ptr()
    })
}

/// Carries out the command in the input, and returns the length of the answer.
#[allow(unsafe_code, reason = "an export of WebAssembly needs its name")]
#[unsafe(no_mangle)]
pub extern "C" fn run() -> usize {
    ENGINE.with_borrow_mut(|engine| {
        let input = String::from_utf8_lossy(&engine.input).into_owned();
        engine.output = match answer(&mut engine.explorer, &input) {
            Answer::Text(text) => text.into_bytes(),
            Answer::Bytes(bytes) => bytes,
        };
        engine.output.len()
    })
}

/// Returns the address of the answer. It is valid until the next call.
#[allow(unsafe_code, reason = "an export of WebAssembly needs its name")]
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    ENGINE.with_borrow(|engine| engine.output.as_ptr())
}

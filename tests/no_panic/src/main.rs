//! No public entry point has a panic path in an optimised build.
//!
//! Each function here is one entry point. `#[no_panic]` adds a call to an undefined symbol, which is reached when the
//! function panics. If the optimiser proves that it never does, the call is removed, and the program links. Otherwise
//! the linker names the function.

mod connection;
mod listener;
mod time_wait;
mod values;
mod wire;

fn main() {
    connection::keep();
    listener::keep();
    time_wait::keep();
    values::keep();
    wire::keep();
    #[cfg(feature = "control")]
    control::keep();
}

/// The control: functions that must not link.
#[cfg(feature = "control")]
mod control {
    use no_panic::no_panic;

    #[no_panic]
    fn an_index_that_may_be_too_large(numbers: &[u32], index: usize) -> u32 {
        numbers[index]
    }

    #[no_panic]
    fn a_slice_of_another_length(numbers: &mut [u32], others: &[u32]) {
        numbers.copy_from_slice(others);
    }

    pub(crate) fn keep() {
        std::hint::black_box(an_index_that_may_be_too_large as fn(_, _) -> _);
        std::hint::black_box(a_slice_of_another_length as fn(_, _));
    }
}

//! Where the fields of a connection lie that each segment touches.

use core::ptr::from_ref;

use crate::machine::config::Config;
use crate::machine::connection::Connection;
use crate::machine::segment::{Control, Segment};
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::Tcb;
use crate::machine::time::Instant;

/// Returns how far behind the head of a connection a pure ACK reaches, in bytes.
fn reach_of_an_ack() -> Option<usize> {
    let syn = Segment::new(SeqNumber(300), SeqNumber(0), Control::SYN);
    let connection = Connection::accept(&Config::DEFAULT, 100, &syn, Instant::ZERO).ok()?;
    let Tcb::Synchronized(tcb) = &connection.tcb else { return None };
    let (snd, rcv, context) = (&tcb.snd, &tcb.rcv, &connection.context);
    let touched = [
        [&snd.una, &snd.nxt, &snd.end, &snd.wl1, &rcv.nxt, &rcv.edge]
            .map(|number| from_ref(number).addr())
            .into_iter()
            .max()?,
        [&snd.wnd, &snd.max_wnd].map(|window| from_ref(window).addr()).into_iter().max()?,
        from_ref(&snd.flags).addr(),
        from_ref(&tcb.phase).addr(),
        from_ref(&context.outbox.pending).addr(),
        from_ref(&context.now).addr(),
        from_ref(&context.timer).addr(),
    ];
    let reach = touched.into_iter().max()?.wrapping_sub(from_ref(&connection).addr());
    Some(reach.wrapping_add(size_of::<Instant>()))
}

/// Three cache lines of 64 bytes, four if the connection lies badly. The policies lie behind.
#[test]
fn the_fields_that_an_ack_touches_lie_side_by_side() {
    assert_eq!(reach_of_an_ack().map(|reach| reach <= 152), Some(true));
}

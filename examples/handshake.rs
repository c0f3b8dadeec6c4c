//! The life of a TCP connection, from CLOSED to CLOSED, in memory and in virtual time.
//!
//! Two connections talk over a network with a one-way delay of ten milliseconds. Run the example with `cargo run
//! --example handshake`, and read its output beside Figures 5, 6 and 12 of RFC 9293.

use core::error::Error;

use tcp_lifecycle::sim::{Network, Pair, Side};
use tcp_lifecycle::{Config, Open};

const HANDSHAKE: &str = "\
THE HANDSHAKE. Each end numbers the bytes that it will send, and must tell the other where it starts:
A says SYN 100, B answers 101 (\"the next I expect\") and says SYN 300, A answers 301. Two messages would
not do: B could not tell a fresh SYN from an old one that was long on its way. A SYN takes one number.";

const BYTES: &str = "\
BYTES. The five bytes of A are the numbers 101 to 105, so B answers 106. What B has to say goes the other
way, with numbers of its own. An ACK always names the next number expected.";

const HALF_CLOSE: &str = "\
A HAS NO MORE TO SEND. Its FIN takes one number too (106), so that it can be acknowledged as a byte is.
The connection is half closed now: A may no longer send, but it still receives.";

const OTHER_WAY: &str = "\
THE OTHER WAY it still flows. B takes its time, and A acknowledges what comes.";

const CLOSE: &str = "\
B HAS NO MORE TO SEND either. Once the ACK of its FIN has come, B is done.";

const TIME_WAIT: &str = "\
A WAITS for twice the maximum segment lifetime (2 MSL). Its last ACK may have been lost: then B sends its
FIN again, and somebody must be there to answer. And all that is still on its way will be gone by then.";

fn main() -> Result<(), Box<dyn Error>> {
    let mut pair = Pair::new(&Config::DEFAULT, &Config::DEFAULT, Network::PERFECT);
    // The clock of initial sequence numbers advances by 2500 until A's SYN arrives, so B's ISS will be 300.
    pair.set_isn_offset(Side::B, 300_u32.wrapping_sub(2_500));

    pair.note(HANDSHAKE);
    pair.open(Side::B, Open::Passive)?;
    pair.open(Side::A, Open::Active)?;
    pair.settle()?;

    pair.note(BYTES);
    pair.send(Side::A, b"Hello")?;
    pair.settle()?;
    pair.send(Side::B, b"Good morning")?;
    pair.settle()?;

    pair.note(HALF_CLOSE);
    pair.close(Side::A)?;
    pair.settle()?;

    pair.note(OTHER_WAY);
    pair.send(Side::B, b", and good night")?;
    pair.settle()?;

    pair.note(CLOSE);
    pair.close(Side::B)?;
    pair.settle()?;

    pair.note(TIME_WAIT);
    pair.drive()?;

    println!("{}", pair.trace());
    println!("A received \"{}\"", String::from_utf8_lossy(pair.received(Side::A)));
    println!("B received \"{}\"", String::from_utf8_lossy(pair.received(Side::B)));
    Ok(())
}

//! The policies of a stream.

use super::congestion::{Cubic, StartController};
use crate::{Config, Policy};

/// The policies of a [`Stream`](super::Stream).
#[derive(Clone, Copy, Debug)]
pub struct StreamConfig {
    /// The policies of the connection. Its `receive_buffer` is the size to begin with.
    pub tcp: Config,
    /// The most bytes that wait to be sent or acknowledged; [`Stream::write`](super::Stream::write) takes no more. At
    /// most 1 GiB.
    pub send_buffer: u32,
    /// The most bytes that wait to be read, or ahead of a gap: the receive buffer grows to this size, if the user reads
    /// as fast as the peer sends. At most 1 GiB; less than `tcp.receive_buffer` counts as that.
    pub max_receive_buffer: u32,
    /// The congestion control.
    pub controller: StartController,
}

impl StreamConfig {
    /// The policies of Linux: buffers of 4 MiB and 6 MiB at most, and CUBIC.
    #[must_use]
    pub const fn new() -> StreamConfig {
        StreamConfig {
            tcp: Config { receive_buffer: 128 << 10, ..Config::linux() },
            send_buffer: 4 << 20,
            max_receive_buffer: 6 << 20,
            controller: Cubic::start,
        }
    }

    /// Returns the policies for a [`Connection`](crate::Connection) or a [`Listener`](crate::listener::Listener). Its
    /// SYNs offer a window scale for the largest receive buffer.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let largest = Config { receive_buffer: self.max_receive_buffer.max(self.tcp.receive_buffer), ..self.tcp };
        let window_scale = self.tcp.window_scale.or(Policy::new(&largest).config().window_scale);
        Policy::new(&Config { window_scale, ..self.tcp })
    }
}

impl Default for StreamConfig {
    fn default() -> StreamConfig {
        StreamConfig::new()
    }
}

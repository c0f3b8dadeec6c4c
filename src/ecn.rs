//! The ECN codepoint of the IP header (RFC 3168).

/// The ECN codepoint of the IP header (RFC 3168 section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Ecn {
    /// Not ECN-capable.
    #[default]
    NotEct = 0b00,
    /// ECN-capable transport, ECT(1).
    Ect1 = 0b01,
    /// ECN-capable transport, ECT(0): the codepoint for payload.
    Ect0 = 0b10,
    /// Congestion experienced: a router has marked the packet. See
    /// [`Connection::congestion_experienced`](crate::Connection::congestion_experienced).
    Ce = 0b11,
}

//! The properties, and the set of those that have been broken.

/// One property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Law {
    S1,
    S2,
    S3,
    S4,
    S5,
    S6,
    S7,
    S8,
    S9,
    S10,
    S11,
    S12,
    S13,
    S14,
    S15,
    S16,
    S17,
    S18,
    S19,
    L1,
    L2,
    L3,
    L4,
}

impl Law {
    pub(crate) const ALL: [Law; 23] = [
        Law::S1,
        Law::S2,
        Law::S3,
        Law::S4,
        Law::S5,
        Law::S6,
        Law::S7,
        Law::S8,
        Law::S9,
        Law::S10,
        Law::S11,
        Law::S12,
        Law::S13,
        Law::S14,
        Law::S15,
        Law::S16,
        Law::S17,
        Law::S18,
        Law::S19,
        Law::L1,
        Law::L2,
        Law::L3,
        Law::L4,
    ];

    /// Its id, and the property in one sentence.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Law::S1 => {
                "S1: transitions run along the arcs of RFC 9293 Figure 5 and its notes, for the reasons given there"
            }
            Law::S2 => {
                "S2: with nothing in flight, ESTABLISHED never stands against SYN-SENT or TIME-WAIT, and at rest only \
                        against ESTABLISHED, unless an end has died"
            }
            Law::S3 => "S3: an end whose peer has no TCB is reset by the next exchange",
            Law::S4 => {
                "S4: a reset and a pure ACK in order have no answer, and two ends exchange finitely many segments \
                        while time stands still"
            }
            Law::S5 => "S5: the SYN is at ISS, each byte at its own number, and the one FIN behind all of them",
            Law::S6 => {
                "S6: SND.UNA =< SND.NXT; SND.UNA, SND.NXT, RCV.NXT and RCV.NXT+RCV.WND never move back, and \
                        SND.UNA is what the user was told"
            }
            Law::S7 => "S7: every ACK that is sent is RCV.NXT, which is never beyond the peer's SND.NXT",
            Law::S8 => {
                "S8: a segment of someone who cannot see the numbers changes no state, moves no variable of the \
                        sequence spaces, and wakes no user"
            }
            Law::S9 => "S9: SYN-SENT is left only by an acceptable ACK, a SYN, an acceptable RST, a call, a timer",
            Law::S10 => "S10: ESTABLISHED is left only by CLOSE, ABORT, an RST or FIN at RCV.NXT, a timer",
            Law::S11 => "S11: TIME-WAIT lasts 2 MSL after the last FIN seen",
            Law::S12 => {
                "S12: from CLOSED and LISTEN nothing is sent but the answer to a segment, or the reset of an ABORT"
            }
            Law::S13 => "S13: the user is told of the end once, of the right one, and not before it",
            Law::S14 => {
                "S14: an RST in SYN-RECEIVED after a passive OPEN leads back to LISTEN, and the user sees nothing; a user \
                         who has closed is in CLOSED"
            }
            Law::S15 => "S15: the MSS and window scale options stand on SYNs only",
            Law::S16 => {
                "S16: nothing is sent beyond the window that the peer has offered; what an honest peer sends is \
                 refused only if it is old, or there is no such connection any more, or its sender could not know \
                 better; in order and without faults it never is, and all of it is taken"
            }
            Law::S17 => {
                "S17: each byte is delivered once, in order, as the peer sent it in this incarnation, and before the \
                         peer's FIN"
            }
            Law::S18 => {
                "S18: over a network that only delays, with nothing in flight, an end whose peer has aborted their life \
                         has ended too, or is in TIME-WAIT"
            }
            Law::S19 => "S19: a connection that is stored and restored is the same",
            Law::L1 => {
                "L1: on a fair network SYN-SENT, SYN-RECEIVED, FIN-WAIT-1, CLOSING, LAST-ACK, TIME-WAIT are left"
            }
            Law::L2 => "L2: when both users have closed, both ends come to CLOSED, and every byte has arrived",
            Law::L3 => "L3: when both users have opened, simultaneously or not, both ends come to ESTABLISHED",
            Law::L4 => "L4: no timer fires twice at the same instant, and whoever waits for the network has a deadline",
        }
    }
}

/// A set of properties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Laws(u32);

impl Laws {
    pub(crate) const NONE: Laws = Laws(0);

    /// Marks the law as broken unless `holds` is true.
    pub(crate) fn demand(&mut self, law: Law, holds: bool) {
        self.0 |= u32::from(!holds) << law as u32;
    }

    pub(crate) fn add(&mut self, other: Laws) {
        self.0 |= other.0;
    }

    pub(crate) fn contains(self, law: Law) -> bool {
        self.0 & (1 << law as u32) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Law> {
        Law::ALL.into_iter().filter(move |law| self.contains(*law))
    }
}

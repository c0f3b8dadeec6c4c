//! RFC 9293 section 3.10.1 to 3.10.5: the user calls, state by state. (STATUS, 3.10.6, is in `status.rs`.)

use crate::machine::connection::{Connection, Open};
use crate::machine::context::Context;
use crate::machine::error::CallError;
use crate::machine::seq::SeqNumber;
use crate::machine::tcb::{Flags, Offer, Phase, Snd, SynSent, Synchronized, Tcb};

/// The most bytes that a send queue may hold, so that sequence numbers of one queue can be compared (D21).
const MOST_QUEUED: u32 = 1 << 30;

impl Connection {
    /// 3.10.1 OPEN
    pub(crate) fn call_open(&mut self, open: Open) -> Result<(), CallError> {
        match (&self.tcb, open) {
            // D25: the last life has to be drained first.
            (Tcb::Closed, _) if !self.context.outbox.is_empty() => Err(CallError::ConnectionAlreadyExists),
            (Tcb::Closed | Tcb::Listen, Open::Active) => {
                self.issue_syn();
                Ok(())
            }
            (Tcb::Closed, Open::Passive) => {
                self.enter(Tcb::Listen);
                Ok(())
            }
            (Tcb::Listen, Open::Passive) | (Tcb::SynSent(_) | Tcb::Synchronized(_), _) => {
                Err(CallError::ConnectionAlreadyExists)
            }
        }
    }

    /// `<SEQ=ISS><CTL=SYN>`, SND.UNA <- ISS, SND.NXT <- ISS+1, SYN-SENT.
    fn issue_syn(&mut self) {
        let snd = Snd::new(self.context.choose_isn(), &self.context);
        let offer = Offer::of(&self.context.policy);
        self.enter(Tcb::SynSent(SynSent { snd, offer }));
        self.context.outbox.request_syn();
    }

    /// 3.10.2 SEND
    pub(crate) fn call_send(&mut self, bytes: usize) -> Result<(), CallError> {
        match &mut self.tcb {
            Tcb::Closed => Err(CallError::ConnectionDoesNotExist),
            Tcb::Listen => Err(CallError::RemoteSocketUnspecified),
            // Queued until ESTABLISHED.
            Tcb::SynSent(tcb) => tcb.snd.queue(bytes),
            Tcb::Synchronized(tcb) => match tcb.phase {
                Phase::SynReceived(_) => tcb.snd.queue(bytes),
                Phase::Established | Phase::CloseWait => {
                    tcb.rearm_if_idle_changes(&mut self.context, |tcb, _| tcb.snd.queue(bytes))?;
                    self.context.outbox.request_data();
                    Ok(())
                }
                Phase::FinWait1 | Phase::FinWait2 | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => {
                    Err(CallError::ConnectionClosing)
                }
            },
        }
    }

    /// SEND with the URGENT flag: SND.UP is behind the last byte of the queue (MUST-62), and the peer learns of it by
    /// the next segment, if need be by an ACK.
    #[cfg(feature = "urgent")]
    pub(crate) fn call_send_urgent(&mut self, bytes: usize) -> Result<(), CallError> {
        self.call_send(bytes)?;
        let (snd, established) = match &mut self.tcb {
            Tcb::SynSent(tcb) => (&mut tcb.snd, false),
            Tcb::Synchronized(tcb) => (&mut tcb.snd, !matches!(tcb.phase, Phase::SynReceived(_))),
            Tcb::Closed | Tcb::Listen => return Ok(()),
        };
        if snd.end != snd.front() {
            snd.up = snd.end;
            snd.flags |= Flags::URGENT;
            if established {
                self.context.outbox.request_ack();
            }
        }
        Ok(())
    }

    /// 3.10.3 RECEIVE
    pub(crate) fn call_receive(&mut self, bytes: usize) -> Result<(), CallError> {
        let tcb = match &mut self.tcb {
            _ if bytes == 0 => return Ok(()),
            Tcb::Closed => return Err(CallError::ConnectionDoesNotExist),
            Tcb::Listen | Tcb::SynSent(_) => return Err(CallError::NotDelivered),
            Tcb::Synchronized(tcb) => tcb,
        };
        let unread = u32::try_from(bytes).ok().and_then(|bytes| tcb.rcv.unread().checked_sub(bytes));
        let is_open = match tcb.phase {
            Phase::SynReceived(_) | Phase::Established | Phase::FinWait1 | Phase::FinWait2 => true,
            // The peer's FIN has come: no window has any use.
            Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => false,
        };
        let Some(unread) = unread else {
            return Err(if is_open { CallError::NotDelivered } else { CallError::ConnectionClosing });
        };
        tcb.rcv.consume(unread);
        // D29: an ACK of its own if the window becomes at least twice what the peer knows; while our SYN is
        // unacknowledged it does not grow (D8).
        if is_open && !tcb.snd.is_opening() && tcb.rcv.doubles(&self.context) {
            self.context.outbox.request_ack();
        }
        Ok(())
    }

    /// 3.10.4 CLOSE
    pub(crate) fn call_close(&mut self) -> Result<(), CallError> {
        let tcb = match &mut self.tcb {
            Tcb::Closed => return Err(CallError::ConnectionDoesNotExist),
            Tcb::Listen | Tcb::SynSent(_) => {
                self.delete_tcb();
                return Ok(());
            }
            Tcb::Synchronized(tcb) => tcb,
        };
        if tcb.snd.is_closing() {
            return Err(CallError::ConnectionClosing);
        }
        // MAY-1: who has closed reads no more.
        if self.context.policy.half_duplex_close() {
            return self.call_detach();
        }
        tcb.close(&mut self.context);
        Ok(())
    }

    /// The user is gone: CLOSE, if need be, and no RECEIVE any more (SHLD-3).
    pub(crate) fn call_detach(&mut self) -> Result<(), CallError> {
        let tcb = match &mut self.tcb {
            Tcb::Closed => return Err(CallError::ConnectionDoesNotExist),
            Tcb::Listen | Tcb::SynSent(_) => {
                self.delete_tcb();
                return Ok(());
            }
            Tcb::Synchronized(tcb) => tcb,
        };
        if tcb.snd.flags.intersects(Flags::DETACHED) {
            return Err(CallError::ConnectionClosing);
        }
        // What is unread is lost, and the peer is to know; in TIME-WAIT it has gone.
        if tcb.rcv.unread() > 0 && !matches!(tcb.phase, Phase::TimeWait { .. }) {
            self.delete_tcb_with_reset();
            return Ok(());
        }
        tcb.rearm_if_idle_changes(&mut self.context, |tcb, _| tcb.snd.flags |= Flags::DETACHED);
        if !tcb.snd.is_closing() {
            tcb.close(&mut self.context);
        } else if tcb.phase == Phase::FinWait2 {
            tcb.time_fin_wait_2(&mut self.context);
        }
        Ok(())
    }

    /// 3.10.5 ABORT
    pub(crate) fn call_abort(&mut self) -> Result<(), CallError> {
        let resets = match &self.tcb {
            Tcb::Closed => return Err(CallError::ConnectionDoesNotExist),
            Tcb::Listen | Tcb::SynSent(_) => false,
            Tcb::Synchronized(tcb) => match tcb.phase {
                Phase::SynReceived(_) | Phase::Established | Phase::FinWait1 | Phase::FinWait2 | Phase::CloseWait => {
                    true
                }
                // D19: the RFC has none; but what has never been handed out is lost, and the peer is to know.
                Phase::Closing | Phase::LastAck => tcb.snd.nxt != tcb.snd.last(),
                Phase::TimeWait { .. } => false,
            },
        };
        if resets {
            self.delete_tcb_with_reset();
        } else {
            self.delete_tcb();
        }
        Ok(())
    }

    /// CLOSED, and `<SEQ=SND.NXT><CTL=RST>` to the peer, or what its window takes in the place of SND.NXT (D17).
    pub(crate) fn delete_tcb_with_reset(&mut self) {
        let Tcb::Synchronized(tcb) = &self.tcb else { return };
        let (seq, stamped) = (tcb.snd.bare_seq(), tcb.snd.flags.intersects(Flags::TIMESTAMPS));
        self.delete_tcb();
        self.context.outbox.request_abort_reset(seq, stamped);
    }
}

impl Synchronized {
    /// A FIN stands at the end of the send queue.
    fn close(&mut self, context: &mut Context) {
        self.rearm_if_idle_changes(context, |tcb, context| {
            tcb.snd.flags |= Flags::FIN;
            context.outbox.request_data();
            match tcb.phase {
                // With anything queued it waits for ESTABLISHED.
                Phase::SynReceived(_) if tcb.snd.end == tcb.snd.nxt => tcb.enter(Phase::FinWait1, context),
                // In any case, sent or not.
                Phase::Established => tcb.enter(Phase::FinWait1, context),
                // As soon as all preceding SENDs have been segmentized.
                Phase::CloseWait => tcb.enter_last_ack(context),
                Phase::SynReceived(_)
                | Phase::FinWait1
                | Phase::FinWait2
                | Phase::Closing
                | Phase::LastAck
                | Phase::TimeWait { .. } => {}
            }
        });
    }
}

impl Snd {
    /// The end of the queue after `bytes` more.
    #[inline]
    pub(crate) fn queued(&self, bytes: usize) -> Option<SeqNumber> {
        let free = MOST_QUEUED.saturating_sub(self.end - self.front());
        if bytes <= free as usize { Some(self.end + bytes as u32) } else { None }
    }

    fn queue(&mut self, bytes: usize) -> Result<(), CallError> {
        if self.is_closing() {
            return Err(CallError::ConnectionClosing);
        }
        self.end = self.queued(bytes).ok_or(CallError::InsufficientResources)?;
        Ok(())
    }
}

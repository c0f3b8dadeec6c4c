//! RFC 9293 section 3.10.1 to 3.10.5: the user calls, state by state. (STATUS, 3.10.6, is in `status.rs`.)

use crate::machine::connection::{Connection, Open};
use crate::machine::context::Context;
use crate::machine::error::CallError;
use crate::machine::seq::SeqNumber;
use crate::machine::state::State;
use crate::machine::tcb::{Flags, Offer, Phase, Snd, SynSent, Synchronized, Tcb, Told};

/// The most bytes that a send queue may hold. Within this limit any two sequence numbers of a queue can be compared
/// (D21).
pub(crate) const MAX_QUEUED: u32 = 1 << 30;

impl Connection {
    /// 3.10.1 OPEN
    pub(crate) fn call_open(&mut self, open: Open) -> Result<(), CallError> {
        match (&self.tcb, open) {
            // D25: the previous life must be drained first.
            (Tcb::Closed, _) if !self.context.outbox.is_empty() => Err(CallError::ConnectionAlreadyExists),
            (Tcb::Closed | Tcb::Listen, Open::Active) => {
                self.issue_syn();
                Ok(())
            }
            (Tcb::Closed, Open::Passive) => {
                self.enter([State::Closed, State::Listen], Tcb::Listen);
                Ok(())
            }
            (Tcb::Listen, Open::Passive) | (Tcb::SynSent(_) | Tcb::Synchronized(_), _) => {
                Err(CallError::ConnectionAlreadyExists)
            }
        }
    }

    /// Requests `<SEQ=ISS><CTL=SYN>`, sets SND.UNA to ISS and SND.NXT to ISS+1, and enters SYN-SENT.
    fn issue_syn(&mut self) {
        let snd = Snd::new(self.context.choose_isn(), &self.context);
        let offer = Offer::of(&self.context.policy);
        self.enter([self.tcb.state(), State::SynSent], Tcb::SynSent(SynSent { snd, offer }));
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

    /// SEND with the URGENT flag. SND.UP points behind the last byte of the queue (MUST-62). The next segment tells the
    /// peer; if there is nothing else to send, this is a bare ACK.
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
        if bytes == 0 {
            return Ok(());
        }
        let Tcb::Synchronized(tcb) = &mut self.tcb else {
            let is_closed = matches!(self.tcb, Tcb::Closed);
            return Err(if is_closed { CallError::ConnectionDoesNotExist } else { CallError::NotDelivered });
        };
        let Some(unread) = u64::from(tcb.rcv.unread()).checked_sub(bytes as u64) else {
            return Err(if tcb.is_open() { CallError::NotDelivered } else { CallError::ConnectionClosing });
        };
        tcb.rcv.consume(unread as u32);
        tcb.rcv.note_growth(&self.context);
        // D29: the user's RECEIVE causes an ACK only if the window becomes at least twice as large as the peer knows.
        // D8: the window does not grow while our SYN is unacknowledged. After the peer's FIN a window has no use.
        if !tcb.rcv.told.intersects(Told::WINDOW)
            && tcb.is_open()
            && !tcb.snd.is_syn_unacknowledged()
            && tcb.rcv.window_would_double(&self.context)
        {
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
        if tcb.snd.has_closed() {
            return Err(CallError::ConnectionClosing);
        }
        // MAY-1: after CLOSE the user reads no more.
        if self.context.policy.half_duplex_close() {
            return self.call_detach();
        }
        tcb.close(&mut self.context);
        Ok(())
    }

    /// The user is gone: CLOSE, unless it has been called already, and no RECEIVE any more (SHLD-3).
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
        // Unread bytes are lost, and a reset tells the peer. In TIME-WAIT the peer has gone.
        if tcb.rcv.unread() > 0 && !matches!(tcb.phase, Phase::TimeWait { .. }) {
            self.delete_tcb_with_reset();
            return Ok(());
        }
        tcb.rearm_if_idle_changes(&mut self.context, |tcb, _| tcb.snd.flags |= Flags::DETACHED);
        if !tcb.snd.has_closed() {
            tcb.close(&mut self.context);
        } else if tcb.phase == Phase::FinWait2 {
            tcb.start_fin_wait_2_timer(&mut self.context);
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
                // D19: the RFC sends no reset here. But payload or a FIN that was never sent is lost, and a reset tells
                // the peer.
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

    /// Enters CLOSED, and requests `<SEQ=SND.NXT><CTL=RST>`. If SND.NXT lies beyond the peer's window, the reset
    /// carries the right edge of the window instead (D17).
    pub(crate) fn delete_tcb_with_reset(&mut self) {
        let Tcb::Synchronized(tcb) = &self.tcb else { return };
        let (seq, stamped) = (tcb.snd.bare_seq(), tcb.snd.flags.intersects(Flags::TIMESTAMPS));
        self.delete_tcb();
        self.context.outbox.request_abort_reset(seq, stamped);
    }
}

impl Synchronized {
    /// Returns whether the peer has not sent its FIN yet.
    fn is_open(&self) -> bool {
        match self.phase {
            Phase::SynReceived(_) | Phase::Established | Phase::FinWait1 | Phase::FinWait2 => true,
            Phase::CloseWait | Phase::Closing | Phase::LastAck | Phase::TimeWait { .. } => false,
        }
    }

    /// Puts a FIN at the end of the send queue.
    fn close(&mut self, context: &mut Context) {
        self.rearm_if_idle_changes(context, |tcb, context| {
            tcb.snd.flags |= Flags::FIN;
            context.outbox.request_data();
            match tcb.phase {
                // With payload in the queue, the transition waits for ESTABLISHED.
                Phase::SynReceived(_) if tcb.snd.end == tcb.snd.nxt => tcb.enter(Phase::FinWait1, context),
                // The transition does not wait until the FIN is sent.
                Phase::Established => tcb.enter(Phase::FinWait1, context),
                // The transition waits until all preceding SENDs have been segmentized.
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
    /// Returns the end of the queue after `bytes` more, or `None` beyond [`MAX_QUEUED`].
    #[inline]
    pub(crate) fn end_after(&self, bytes: usize) -> Option<SeqNumber> {
        let free = MAX_QUEUED.saturating_sub(self.end - self.front());
        if bytes <= free as usize { Some(self.end + bytes as u32) } else { None }
    }

    fn queue(&mut self, bytes: usize) -> Result<(), CallError> {
        if self.has_closed() {
            return Err(CallError::ConnectionClosing);
        }
        self.end = self.end_after(bytes).ok_or(CallError::InsufficientResources)?;
        Ok(())
    }
}

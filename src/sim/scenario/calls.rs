//! The calls of the users in a scenario.

use std::format;
use std::string::ToString;

use super::{Scenario, letters};
use crate::CallError;
use crate::sim::Side;
use crate::sim::difference::Difference;
use crate::sim::line::Call;
use crate::sim::octets::Octets;
use crate::sim::over::receive;
use crate::sim::pair::Pair;
use crate::sim::policy;

/// The most bytes that a call can send at once.
const MOST_BYTES: usize = 1 << 16;

impl Scenario {
    /// Makes a call, and compares its error with the expected one.
    pub(super) fn call(&mut self, side: Side, call: &Call, error: Option<&str>) -> Result<(), Difference> {
        let came = self.make_call(side, call)?;
        if let Err(error) = came {
            // A call that fails leaves no event of its own.
            self.pair.call(side, &format!("{call}: {error}"), |_, _| ());
        }
        let came = came.map_or_else(|error| format!("error: {error}"), |()| "no error".to_string());
        let expected = error.map_or_else(|| "no error".to_string(), |error| format!("error: {error}"));
        if came == expected { Ok(()) } else { Err(Difference::new(expected, came)) }
    }

    fn make_call(&mut self, side: Side, call: &Call) -> Result<Result<(), CallError>, Difference> {
        if matches!(call, Call::Send(octets) | Call::SendUrgent(octets) if octets.len() > MOST_BYTES) {
            return Err(Difference::new(format!("at most {MOST_BYTES} bytes at once"), call));
        }
        let (pair, name) = (&mut self.pair, call.to_string());
        let bytes = |pair: &Pair, octets: &Octets| {
            octets.text().map_or_else(|| letters(pair.sent(side).len(), octets.len()), <[u8]>::to_vec)
        };
        Ok(match call {
            Call::Open(open) => pair.open(side, *open),
            Call::Send(octets) => pair.send(side, &bytes(pair, octets)),
            Call::SendUrgent(octets) => pair.send_urgent(side, &bytes(pair, octets)),
            Call::Receive(octets) => return receive(pair, side, octets),
            Call::Close => pair.close(side),
            Call::Detach => pair.detach(side),
            Call::Abort => pair.abort(side),
            Call::AcknowledgeNow => {
                pair.call(side, &name, |end, _| end.acknowledge_now());
                Ok(())
            }
            Call::Limit(bytes) => {
                pair.call(side, &name, |end, _| end.limit(*bytes));
                Ok(())
            }
            Call::Retransmit(range) => pair.call(side, &name, |end, _| end.retransmit(range.clone())),
            Call::CongestionExperienced => {
                pair.call(side, &name, |end, _| end.congestion_experienced());
                Ok(())
            }
            Call::CongestionWindowReduced => {
                pair.call(side, &name, |end, _| end.congestion_window_reduced());
                Ok(())
            }
            Call::Configure(settings) => {
                let [a, b] = &mut self.configs;
                let config = if side == Side::A { a } else { b };
                policy::apply(settings, config);
                pair.call(side, &name, |end, _| end.configure(config));
                Ok(())
            }
            Call::Crash => {
                pair.crash(side);
                Ok(())
            }
        })
    }
}

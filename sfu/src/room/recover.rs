//! A microphone's packet that carries earlier ones again: what was lost on the way here is passed on to everybody, a little late.

use std::time::Instant;

use crate::egress::Egress;
use crate::id::SeqNo;
use crate::packet::red::Red;
use crate::peer::StreamAt;
use crate::room::Room;
use crate::track::layer::{Incoming, Way};
use crate::track::redundant::place_of;

impl Room {
    /// What `carrier` brings goes before it: it is not yet taken in itself. With the first packet of a stream nothing is brought back:
    /// what was before it nobody has missed.
    pub(super) fn recover(
        &mut self,
        now: Instant,
        stream: StreamAt,
        carrier: &Incoming<'_>,
        red: Red<'_>,
        egress: &mut impl Egress,
    ) {
        self.complete_handing(now, egress);
        let Some(track) = self.tracks.get_mut(stream.track) else { return };
        let Some(number) = track.layer(stream.layer).and_then(|layer| layer.reception.place(carrier.seq)) else {
            return;
        };
        if let Some(prefixes) = &mut track.prefixes {
            prefixes.forget();
        }
        for block in red.redundant() {
            let Some(track) = self.tracks.get_mut(stream.track) else { return };
            let Some(layer) = track.layer(stream.layer) else { return };
            let Some(seq) = place_of(&layer.history, number, carrier.timestamp, block) else { continue };
            let lost = Incoming {
                seq: SeqNo(seq as u16),
                timestamp: carrier.timestamp.wrapping_sub(block.offset),
                marker: false,
                payload: block.payload,
                way: Way::Repair,
                ..*carrier
            };
            // Refused is only what is of no use any more; the carrier goes on in any case.
            if let Ok(accepted) = track.accept(now, stream.layer, lost) {
                if accepted.began {
                    self.layer_began(now, stream.track, egress);
                }
                self.hand_on(now, stream, accepted.seq, accepted.seq, egress);
            }
        }
    }
}

//! Where the media core puts packets. The engine implements it by sealing into the send batch, the simulation by a link.

use crate::id::{PeerId, RoomId};
use crate::tap::TapEvent;

pub trait Egress {
    /// One RTP packet: header as it goes on the wire (extensions included) and the shared, unencrypted payload.
    fn rtp(&mut self, to: PeerId, header: &[u8], payload: &[u8]);
    /// One compound RTCP packet, unencrypted.
    fn rtcp(&mut self, to: PeerId, compound: &[u8]);
    /// A piece of the programme of a room that is being recorded.
    fn tap(&mut self, room: RoomId, event: TapEvent);
}

//! Where the media core puts packets. The engine implements it by sealing into the send batch, the simulation by a link.

use crate::id::{PeerId, RoomId};
use crate::tap::TapEvent;

/// Sealed bytes that are handed to the kernel before more are sealed: a core's own cache holds them, with a thousand listeners they
/// would travel to memory and back.
pub const BATCH_BYTES: usize = 192 * 1024;

pub trait Egress {
    /// One RTP packet. `header` goes on the wire as it is (extensions included); `prefix` and then `payload` are what is encrypted.
    /// The prefix holds the few bytes that differ from receiver to receiver (the original sequence number of a repair packet, the
    /// rewritten VP8 descriptor) and may be empty; the payload is the shared copy of the history, sealed from where it lies.
    fn rtp(&mut self, to: PeerId, header: &[u8], prefix: &[u8], payload: &[u8]);
    /// One compound RTCP packet, unencrypted.
    fn rtcp(&mut self, to: PeerId, compound: &[u8]);
    /// A piece of the programme of a room that is being recorded.
    fn tap(&mut self, room: RoomId, event: TapEvent);
}

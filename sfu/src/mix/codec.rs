//! Opus, as much of it as mixing needs.

use bytes::Bytes;
use opus::{Application, Bitrate, Channels, Decoder, Encoder, Signal};

use super::{MixedFrame, SAMPLE_RATE_HZ};

/// The longest Opus packet: 120 ms (RFC 6716, section 2.1.4).
pub(super) const PACKET_SAMPLES_MAX: usize = 5_760;

/// Opus frames, and therefore concealment, come in multiples of 2.5 ms.
pub(super) const GRAIN: usize = 120;

/// One voice over a room's microphone: transparent at this rate, 21 MB an hour.
const TRACK_BITRATE_BPS: i32 = 48_000;

/// Largest frame the encoder may make; at our bitrate frames are near 120 bytes.
const ENCODED_MAX: usize = 1_276;

/// libopus refused. On our own frames and settings that means no memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the Opus library failed in {function}: {description}")]
pub struct CodecError {
    function: &'static str,
    description: &'static str,
}

impl From<opus::Error> for CodecError {
    fn from(error: opus::Error) -> Self {
        Self { function: error.function(), description: error.description() }
    }
}

/// A packet that is no Opus packet. The sender's fault, never ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NotOpus;

/// Decodes one speaker. Stereo is mixed down: speech is one voice, and the track has one channel.
pub(super) struct VoiceDecoder {
    decoder: Decoder,
    pcm: Box<[f32; PACKET_SAMPLES_MAX]>,
}

impl VoiceDecoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        let decoder = Decoder::new(SAMPLE_RATE_HZ, Channels::Mono)?;
        Ok(Self { decoder, pcm: Box::new([0.0; PACKET_SAMPLES_MAX]) })
    }

    /// How many samples a packet stands for, from its first bytes.
    pub(super) fn samples_of(packet: &[u8]) -> Result<usize, NotOpus> {
        // An empty packet would mean "lost" to the library.
        if packet.is_empty() {
            return Err(NotOpus);
        }
        match opus::packet::get_nb_samples(packet, SAMPLE_RATE_HZ) {
            Ok(samples) if (1..=PACKET_SAMPLES_MAX).contains(&samples) => Ok(samples),
            Ok(_) | Err(_) => Err(NotOpus),
        }
    }

    pub(super) fn decode(&mut self, packet: &[u8]) -> Result<&[f32], NotOpus> {
        Self::samples_of(packet)?;
        let samples = self.decoder.decode_float(packet, &mut self.pcm[..], false).map_err(|_| NotOpus)?;
        Ok(self.pcm.get(..samples).unwrap_or_default())
    }

    /// The `samples` before `next` were lost: what `next` carries of them in-band (RFC 6716, section 2.1.7), else a guess.
    pub(super) fn recover(&mut self, next: &[u8], samples: usize) -> Result<&[f32], NotOpus> {
        Self::samples_of(next)?;
        self.conceal(next, samples)
    }

    /// Nothing came: a guess from what was heard last, fading out.
    pub(super) fn guess(&mut self, samples: usize) -> Result<&[f32], NotOpus> {
        self.conceal(&[], samples)
    }

    fn conceal(&mut self, next: &[u8], samples: usize) -> Result<&[f32], NotOpus> {
        let room = self.pcm.get_mut(..samples).ok_or(NotOpus)?;
        let made = self.decoder.decode_float(next, room, true).map_err(|_| NotOpus)?;
        Ok(self.pcm.get(..made).unwrap_or_default())
    }
}

/// Encodes the mixed track: 48 kHz, one channel, a packet per 20 ms frame.
pub struct TrackEncoder {
    encoder: Encoder,
    packet: Box<[u8; ENCODED_MAX]>,
    /// Samples by which what comes out lags behind what went in ("pre-skip" of RFC 7845).
    pre_skip: u16,
}

impl TrackEncoder {
    pub fn new() -> Result<Self, CodecError> {
        let mut encoder = Encoder::new(SAMPLE_RATE_HZ, Channels::Mono, Application::Audio)?;
        encoder.set_bitrate(Bitrate::Bits(TRACK_BITRATE_BPS))?;
        encoder.set_vbr(true)?;
        encoder.set_signal(Signal::Voice)?;
        let pre_skip = u16::try_from(encoder.get_lookahead()?).unwrap_or(0);
        Ok(Self { encoder, packet: Box::new([0; ENCODED_MAX]), pre_skip })
    }

    #[must_use]
    pub fn pre_skip(&self) -> u16 {
        self.pre_skip
    }

    pub fn encode(&mut self, frame: &MixedFrame) -> Result<Bytes, CodecError> {
        let size = self.encoder.encode_float(frame, &mut self.packet[..])?;
        Ok(Bytes::copy_from_slice(self.packet.get(..size).unwrap_or_default()))
    }
}

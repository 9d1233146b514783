//! Media whose content says where it comes from: VP8 frames that any depacketiser accepts, and Opus tones.

use std::time::Instant;

use bytes::{BufMut, Bytes, BytesMut};

/// Opus frames of 20 ms at 48 kHz.
pub const OPUS_SAMPLES: u32 = 960;

/// A tone as Opus packets, encoded by the real codec.
pub struct Tone {
    encoder: opus::Encoder,
    hz: f32,
    phase: f32,
}

impl Tone {
    #[must_use]
    pub fn new(hz: f32) -> Self {
        let encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip)
            .expect("libopus makes an encoder");
        Self { encoder, hz, phase: 0.0 }
    }

    /// The next 20 ms.
    pub fn packet(&mut self) -> Bytes {
        let mut samples = [0_i16; OPUS_SAMPLES as usize];
        let step = std::f32::consts::TAU * self.hz / 48_000.0;
        for sample in &mut samples {
            self.phase = (self.phase + step) % std::f32::consts::TAU;
            *sample = (self.phase.sin() * 12_000.0) as i16;
        }
        let mut packet = [0_u8; 400];
        let length = self.encoder.encode(&samples, &mut packet).expect("a tone can be encoded");
        Bytes::copy_from_slice(packet.get(..length).expect("libopus stays within its buffer"))
    }
}

/// VP8 frames with true headers (RFC 6386, section 9.1) and filler behind them: for forwarding and recording, which never look
/// deeper. Real pictures are for the browsers.
pub struct Pictures {
    width: u16,
    height: u16,
    picture_id: u16,
    tl0: u8,
}

/// One frame cut into RTP payloads, the last of which carries the marker.
pub struct Frame {
    pub key: bool,
    pub payloads: Vec<Bytes>,
}

const PAYLOAD_MAX: usize = 1_100;

/// Says at the end of a payload when it was sent, for who measures delays: the mark, then microseconds since `epoch`.
const STAMP: [u8; 8] = *b"sent at ";

#[must_use]
pub fn stamped(payload: &[u8], epoch: Instant) -> Bytes {
    let mut stamped = BytesMut::with_capacity(payload.len() + 16);
    stamped.put_slice(payload);
    stamped.put_slice(&STAMP);
    stamped.put_u64(u64::try_from(epoch.elapsed().as_micros()).unwrap_or(u64::MAX));
    stamped.freeze()
}

/// How long a stamped payload was on its way, in microseconds.
#[must_use]
pub fn delay_us(payload: &[u8], epoch: Instant) -> Option<u64> {
    let (rest, time) = payload.split_last_chunk::<8>()?;
    rest.ends_with(&STAMP).then(|| {
        u64::try_from(epoch.elapsed().as_micros()).unwrap_or(u64::MAX).saturating_sub(u64::from_be_bytes(*time))
    })
}

impl Pictures {
    #[must_use]
    pub fn new(width: u16, height: u16) -> Self {
        Self { width, height, picture_id: 100, tl0: 0 }
    }

    pub fn key_frame(&mut self, bytes: usize) -> Frame {
        let mut frame = BytesMut::with_capacity(bytes);
        // Frame tag: key frame (bit 0 clear), version 0, shown, first partition of 16 bytes.
        frame.put_slice(&[0x10, 0x02, 0x00]);
        frame.put_slice(&[0x9d, 0x01, 0x2a]);
        frame.put_u16_le(self.width);
        frame.put_u16_le(self.height);
        frame.put_bytes(0x55, bytes.saturating_sub(frame.len()));
        self.cut(true, &frame)
    }

    pub fn delta_frame(&mut self, bytes: usize) -> Frame {
        let mut frame = BytesMut::with_capacity(bytes);
        frame.put_slice(&[0x11, 0x02, 0x00]);
        frame.put_bytes(0xaa, bytes.saturating_sub(frame.len()));
        self.cut(false, &frame)
    }

    /// RFC 7741: descriptor with 15-bit picture id and TL0PICIDX on every packet.
    fn cut(&mut self, key: bool, frame: &[u8]) -> Frame {
        self.picture_id = (self.picture_id + 1) & 0x7fff;
        self.tl0 = self.tl0.wrapping_add(1);
        let payloads = frame
            .chunks(PAYLOAD_MAX)
            .enumerate()
            .map(|(index, chunk)| {
                let mut payload = BytesMut::with_capacity(chunk.len() + 6);
                let start = if index == 0 { 0x10 } else { 0x00 };
                payload.put_slice(&[0x80 | start, 0xc0 | 0x20]);
                payload.put_u16(0x8000 | self.picture_id);
                payload.put_slice(&[self.tl0, 0x00]);
                payload.put_slice(chunk);
                payload.freeze()
            })
            .collect();
        Frame { key, payloads }
    }
}

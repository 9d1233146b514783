//! What is told once a second: reception and sender reports to every peer, and its figures to whoever watches over the meeting.

use std::time::{Duration, Instant};

use crate::egress::Egress;
use crate::fact::{Direction, DirectionStats, Fact, PeerStats, TrackStats};
use crate::id::MediaKind;
use crate::packet::report::BLOCKS_MAX;
use crate::peer::{Line, Meter, Peer};
use crate::room::Room;
use crate::slab::{Slab, TrackAt};
use crate::track::Track;
use crate::track::clock::ntp;

/// A receiver that has reported nothing about a slot for this long is not receiving it any more.
const REPORT_VALID: Duration = Duration::from_secs(5);

impl Room {
    pub(super) fn report_streams(&mut self, now: Instant, egress: &mut impl Egress) {
        let Some(epoch) = self.schedule.map(|schedule| schedule.epoch) else { return };
        let our_ntp = ntp(epoch, now);
        let Self { peers, tracks, scratch, .. } = self;
        for (_, peer) in peers.iter().filter(|(_, peer)| peer.line == Line::Up) {
            scratch.blocks.clear();
            for published in &peer.publications {
                let Some(track) = tracks.get_mut(published.track) else { continue };
                scratch.blocks.extend(track.layers.iter_mut().filter_map(|layer| layer.report(now)));
            }
            for blocks in scratch.blocks.chunks(BLOCKS_MAX) {
                egress.rtcp(peer.id, scratch.compound.receiver_report(peer.reporter(), blocks).bytes());
            }
            let mut begun = false;
            for slot in &peer.slots {
                let Some(track) = slot.stream.live().and_then(|live| tracks.get(live.track)) else { continue };
                let Some(state) = slot.state(now, our_ntp, track) else { continue };
                if begun && scratch.compound.is_full() {
                    egress.rtcp(peer.id, scratch.compound.bytes());
                    begun = false;
                }
                if begun {
                    scratch.compound.append_sender_report(state);
                } else {
                    scratch.compound.sender_report(state);
                    begun = true;
                }
            }
            if begun {
                egress.rtcp(peer.id, scratch.compound.bytes());
            }
        }
    }

    /// The figures of every connected peer.
    pub(super) fn measure(&mut self, now: Instant) {
        let Self { peers, tracks, facts, .. } = self;
        for (_, peer) in peers.iter_mut().filter(|(_, peer)| peer.line == Line::Up) {
            let stats = stats_of(now, peer, tracks);
            facts.push_back(Fact::Stats { peer: peer.id, stats: Box::new(stats) });
        }
    }
}

/// The time since the last figures, as the divisor of rates.
#[derive(Clone, Copy)]
struct Span(f64);

impl Span {
    fn per_second(self, count: u64) -> f64 {
        count as f64 / self.0
    }

    fn bitrate_bps(self, bytes: u64) -> u64 {
        self.per_second(bytes * 8) as u64
    }
}

fn stats_of(now: Instant, peer: &mut Peer, tracks: &mut Slab<TrackAt, Track>) -> PeerStats {
    let (since, rx_before) = std::mem::replace(&mut peer.measured, (now, peer.rx));
    let span = Span(now.saturating_duration_since(since).as_secs_f64().max(0.1));
    let mut stats = PeerStats {
        rtt: peer.rtt_newest,
        idle: now.saturating_duration_since(peer.heard_at),
        tracks: Vec::with_capacity(peer.publications.len() + peer.slots.len()),
        ..PeerStats::default()
    };
    stats.rx = direction(span, peer.rx.since(rx_before));
    let (mut lost, mut expected) = (0, 0);
    for published in &peer.publications {
        let Some(track) = tracks.get_mut(published.track) else { continue };
        for layer in &mut track.layers {
            let loss = layer.reception.loss();
            lost += loss.0;
            expected += loss.1;
            let jitter_us = u64::from(layer.reception.jitter()) * 1_000_000 / u64::from(layer.clock.rate_hz());
            stats.rx.jitter = stats.rx.jitter.max(Duration::from_micros(jitter_us));
        }
        stats.tracks.extend(up(span, track));
    }
    stats.rx.loss = if expected == 0 { 0.0 } else { lost as f32 / expected as f32 };
    down(now, span, peer, tracks, &mut stats);
    stats
}

fn direction(span: Span, meter: Meter) -> DirectionStats {
    DirectionStats {
        bitrate_bps: span.bitrate_bps(meter.bytes),
        packets_per_s: span.per_second(meter.packets).round() as u32,
        ..DirectionStats::default()
    }
}

/// A published source that sent something: its highest flowing layer.
fn up(span: Span, track: &mut Track) -> Option<TrackStats> {
    let name = track.name;
    // Every layer's figures are taken, so that the next second begins anew for all of them.
    let best = track
        .layers
        .iter_mut()
        .map(|layer| (layer.size(), layer.measure()))
        .filter(|(_, volume)| volume.packets > 0)
        .last();
    let (size, volume) = best?;
    Some(TrackStats {
        track: name,
        direction: Direction::Up,
        width: size.width,
        height: size.height,
        frames_per_s: frames_per_s(span, name.source.kind(), volume.frames),
        bitrate_bps: span.bitrate_bps(volume.bytes),
    })
}

fn down(now: Instant, span: Span, peer: &mut Peer, tracks: &Slab<TrackAt, Track>, stats: &mut PeerStats) {
    let mut total = Meter::default();
    let mut weighed_loss = 0.0;
    let mut weight = 0.0;
    for slot in &mut peer.slots {
        let (meter, frames) = slot.measure();
        total.packets += meter.packets;
        total.bytes += meter.bytes;
        if slot.received.at.is_some_and(|at| now.saturating_duration_since(at) < REPORT_VALID) && meter.packets > 0 {
            weighed_loss += slot.received.loss * meter.packets as f32;
            weight += meter.packets as f32;
            stats.tx.jitter = stats.tx.jitter.max(slot.received.jitter);
        }
        let shown = slot.assigned.and_then(|at| tracks.get(at)).filter(|_| slot.kind == MediaKind::Video);
        if let Some(track) = shown {
            let live = slot.stream.live().and_then(|live| track.layer(live.layer));
            let size = live.map(|layer| layer.size_of(slot.stream.shown())).unwrap_or_default();
            stats.tracks.push(TrackStats {
                track: track.name,
                direction: Direction::Down,
                width: size.width,
                height: size.height,
                frames_per_s: frames_per_s(span, slot.kind, frames),
                bitrate_bps: span.bitrate_bps(meter.bytes),
            });
        }
    }
    let (jitter, sent) = (stats.tx.jitter, direction(span, total));
    stats.tx = DirectionStats { jitter, loss: if weight > 0.0 { weighed_loss / weight } else { 0.0 }, ..sent };
}

fn frames_per_s(span: Span, kind: MediaKind, frames: u64) -> u8 {
    match kind {
        MediaKind::Audio => 0,
        MediaKind::Video => span.per_second(frames).round().min(255.0) as u8,
    }
}

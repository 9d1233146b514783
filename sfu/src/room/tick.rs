//! What is done by the clock: noticing silence, deciding who speaks, asking again for what is missing, telling publishers what arrived.

use std::time::{Duration, Instant};

use crate::egress::Egress;
use crate::fact::Fact;
use crate::id::MediaKind;
use crate::peer::Line;
use crate::room::{Room, Schedule};
use crate::slab::{PeerAt, TrackAt};
use crate::speaker::DECIDE_EVERY;
use crate::track::Drying;
use crate::track::missing::Gap;
use crate::track::redundant::Wanted;

/// Often enough for the speaker, for transport-wide feedback (congestion control wants 50 to 250 ms) and for noticing a layer that was
/// switched off; rare enough to cost nothing beside the media.
const TICK: Duration = DECIDE_EVERY;
const SECOND: Duration = Duration::from_secs(1);

impl Schedule {
    pub(super) fn starting(now: Instant) -> Self {
        Self { epoch: now, tick_at: now + TICK, second_at: now + SECOND, repair_at: None }
    }
}

/// The next time in step, or from now on if we were kept waiting for long.
fn after(due: Instant, every: Duration, now: Instant) -> Instant {
    let next = due + every;
    if next > now { next } else { now + every }
}

impl Room {
    pub(super) fn run_schedule(&mut self, now: Instant, egress: &mut impl Egress) {
        let Some(mut schedule) = self.schedule else { return };
        if schedule.repair_at.is_some_and(|at| at <= now) {
            schedule.repair_at = self.request_repairs(now, egress);
        }
        let (tick, second) = (schedule.tick_at <= now, schedule.second_at <= now);
        if tick {
            schedule.tick_at = after(schedule.tick_at, TICK, now);
        }
        if second {
            schedule.second_at = after(schedule.second_at, SECOND, now);
        }
        self.schedule = Some(schedule);
        if tick {
            self.notice_silence(now, egress);
            self.decide_speaker(now, egress);
            self.repeat_key_frame_requests(now, egress);
            self.report_all_arrivals(egress);
        }
        if second {
            self.judge_redundancy(now);
            self.report_streams(now, egress);
            self.measure(now);
            self.settle_demand(now);
        }
    }

    /// What receivers lose decides what goes with their sound, and so what is laid out for every microphone.
    fn judge_redundancy(&mut self, now: Instant) {
        let mut wanted = Wanted::default();
        for (_, peer) in self.peers.iter_mut() {
            wanted.add(peer.judge_redundancy(now));
        }
        for (_, track) in self.tracks.iter_mut() {
            if let Some(prefixes) = &mut track.prefixes {
                prefixes.want(wanted);
            }
        }
    }

    fn notice_silence(&mut self, now: Instant, egress: &mut impl Egress) {
        let dried: Vec<(TrackAt, Drying)> = self
            .tracks
            .iter_mut()
            .filter_map(|(at, track)| Some((at, track.dries(now))).filter(|(_, drying)| *drying != Drying::No))
            .collect();
        for (at, drying) in &dried {
            let Some(name) = self.tracks.get(*at).map(|track| track.name) else { continue };
            match drying {
                Drying::No => {}
                Drying::Layer => self.retarget(now, *at, egress),
                Drying::Track => {
                    self.facts.push_back(Fact::Dried { track: name });
                    self.note_shown_changed(*at);
                    match name.source.kind() {
                        MediaKind::Video => self.reassign_pictures(now, egress),
                        MediaKind::Audio => {
                            if self.router.inaudible(*at) {
                                self.reassign_sounds(now, egress);
                            }
                        }
                    }
                }
            }
        }
        if !dried.is_empty() {
            self.request_key_frames(now, egress);
        }
    }

    fn decide_speaker(&mut self, now: Instant, egress: &mut impl Egress) {
        if !self.speaker.decide(now) {
            return;
        }
        let peer = self.speaker.dominant();
        self.facts.push_back(Fact::Speaker { room: self.id, peer });
        if let Some(programme) = &self.programme {
            programme.speaker(now, peer, egress);
        }
        // Silence changes nothing on the screens: the last to speak stays.
        if let Some(peer) = peer {
            self.router.spoke(peer);
            self.reassign_pictures(now, egress);
            self.request_key_frames(now, egress);
        }
    }

    fn repeat_key_frame_requests(&mut self, now: Instant, egress: &mut impl Egress) {
        for (at, track) in self.tracks.iter() {
            let wanted = (0..).zip(&track.layers).filter(|(_, layer)| layer.key_frames.is_wanted());
            self.scratch.asked.extend(wanted.map(|(layer, _)| (at, layer)));
        }
        self.request_key_frames(now, egress);
    }

    /// Sends the requests that were noted, as far as they are not throttled.
    pub(super) fn request_key_frames(&mut self, now: Instant, egress: &mut impl Egress) {
        while let Some((at, number)) = self.scratch.asked.pop() {
            let Some(track) = self.tracks.get_mut(at) else { continue };
            let feedback = track.codec.feedback;
            let Some(publisher) = self.peers.get(track.publisher).filter(|peer| peer.line == Line::Up) else {
                continue;
            };
            let Some(layer) = track.layer_mut(number) else { continue };
            if !layer.is_wanted() {
                layer.key_frames.satisfied();
                continue;
            }
            let Some(media) = layer.ssrc.filter(|_| feedback.pli || feedback.fir) else { continue };
            let Some(count) = layer.key_frames.take_request(now, publisher.rtt_or_guess()) else { continue };
            let reporter = publisher.reporter();
            let compound = self.scratch.compound.receiver_report(reporter, &[]);
            if feedback.pli {
                compound.picture_loss(reporter, media);
            } else {
                compound.full_intra(reporter, media, count);
            }
            egress.rtcp(publisher.id, compound.bytes());
        }
    }

    /// Asks publishers for what is missing and due; returns when the next request is.
    fn request_repairs(&mut self, now: Instant, egress: &mut impl Egress) -> Option<Instant> {
        let Self { tracks, peers, scratch, .. } = self;
        let mut next: Option<Instant> = None;
        for (_, track) in tracks.iter_mut() {
            let Some(publisher) = peers.get(track.publisher) else { continue };
            for layer in &mut track.layers {
                if publisher.line != Line::Up || !layer.is_wanted() {
                    layer.missing.clear();
                    continue;
                }
                let gap = layer.missing.due(now, publisher.rtt_or_guess(), &mut scratch.lost);
                if gap == Gap::Hopeless {
                    layer.key_frames.want();
                }
                if let (Some(media), false) = (layer.ssrc, scratch.lost.is_empty()) {
                    let reporter = publisher.reporter();
                    scratch.compound.receiver_report(reporter, &[]).nack(reporter, media, &scratch.lost);
                    egress.rtcp(publisher.id, scratch.compound.bytes());
                }
                if let Some(at) = layer.missing.next_request() {
                    next = Some(next.map_or(at, |next| next.min(at)));
                }
            }
        }
        next
    }

    fn report_all_arrivals(&mut self, egress: &mut impl Egress) {
        for at in self.peers.keys() {
            self.report_arrivals(at, egress);
        }
    }

    /// Tells one publisher when its packets arrived.
    pub(super) fn report_arrivals(&mut self, at: PeerAt, egress: &mut impl Egress) {
        let Some(epoch) = self.schedule.map(|schedule| schedule.epoch) else { return };
        let Some(peer) = self.peers.get_mut(at) else { return };
        let reporter = peer.reporter();
        let media = peer
            .publications
            .first()
            .and_then(|published| self.tracks.get(published.track)?.layers.first()?.ssrc)
            .unwrap_or(reporter);
        let Some(arrivals) = &mut peer.arrivals else { return };
        if peer.line != Line::Up || arrivals.is_empty() {
            return;
        }
        let compound = self.scratch.compound.receiver_report(reporter, &[]);
        arrivals.report(epoch, reporter, media, compound);
        egress.rtcp(peer.id, compound.bytes());
    }
}

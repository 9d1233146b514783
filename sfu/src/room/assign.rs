//! Who is shown and heard in which slot, and from which layer. Runs when something changed, never per packet.
//!
//! **The first picture.** A viewer who is turned to a track needs a key frame. Asking the publisher takes a round trip and costs everybody
//! else who watches it a burst. So the history is looked at first: if everything from the last key frame to the present is there, without
//! a hole and short enough for the viewer's line, it is sent at once, with timestamps squeezed together so that the receiver decodes
//! through it instead of playing it (`forward::rewrite`). If the wanted layer's history will not do but a lower layer's does, the lower
//! one is shown until a key frame of the wanted one arrives. Otherwise the publisher is asked at once for a key frame of the wanted layer
//! and of the lowest: the small one is the sooner here when his line or his machine is at its limit, and is shown until the other comes.
//! In a storm of joins the first asks and the others are served from his key frame; a lone late-comer waits one round trip. A
//! history with a hole is never replayed: the first picture would be soon, and broken.

use std::time::Instant;

use crate::command::SlotSize;
use crate::egress::Egress;
use crate::forward::select::{Choice, Main, choose_layer, settle};
use crate::forward::slot::Passed;
use crate::forward::stream::Stream;
use crate::id::{MediaKind, TrackRef};
use crate::negotiated::Codec;
use crate::packet::frame::Cell;
use crate::peer::{Line, Peer};
use crate::room::Room;
use crate::router::{Life, Order, Picture, wishes};
use crate::slab::{PeerAt, Slab, TrackAt};
use crate::track::layer::{Layer, LayerKey, SlotAt};
use crate::track::{Flow, Track};

impl Room {
    pub(super) fn reassign_everybody(&mut self, now: Instant, egress: &mut impl Egress) {
        self.reassign_pictures(now, egress);
        self.reassign_sounds(now, egress);
        self.request_key_frames(now, egress);
    }

    pub(super) fn reassign_pictures(&mut self, now: Instant, egress: &mut impl Egress) {
        let order = self.picture_order();
        for at in self.everybody() {
            self.assign_pictures(now, at, &order, egress);
        }
        self.assign_programme(now, egress);
    }

    pub(super) fn reassign_sounds(&mut self, now: Instant, egress: &mut impl Egress) {
        for at in self.everybody() {
            self.assign_sounds(now, at, egress);
        }
    }

    fn everybody(&self) -> Vec<PeerAt> {
        self.peers.iter().filter(|(_, peer)| peer.line == Line::Up).map(|(at, _)| at).collect()
    }

    /// Everything about one viewer: after it connected, came back, or wishes something else.
    pub(super) fn fill_slots(&mut self, now: Instant, at: PeerAt, egress: &mut impl Egress) {
        if self.peers.get(at).is_none_or(|peer| peer.line != Line::Up) {
            return;
        }
        let order = self.picture_order();
        self.assign_pictures(now, at, &order, egress);
        self.assign_sounds(now, at, egress);
        let slots = self.peers.get(at).map_or(0, |peer| peer.slots.len());
        for slot in 0..u16::try_from(slots).unwrap_or(u16::MAX) {
            self.aim(now, SlotAt { peer: at, slot }, egress);
        }
    }

    fn picture_order(&self) -> Order {
        let picture = |(at, track): (TrackAt, &Track)| {
            let publisher = self.peers.get(track.publisher)?;
            let shown = track.name.source.kind() == MediaKind::Video && track.may_be_forwarded();
            shown.then(|| Picture {
                at,
                name: track.name,
                publisher: publisher.id,
                joined: publisher.joined,
                life: match track.flow() {
                    Flow::Flowing => Life::Flowing,
                    Flow::Dried => Life::Dried,
                    Flow::Never => Life::Never,
                },
            })
        };
        let pictures: Vec<Picture> = self.tracks.iter().filter_map(picture).collect();
        self.router.order(&pictures)
    }

    fn assign_pictures(&mut self, now: Instant, at: PeerAt, order: &Order, egress: &mut impl Egress) {
        let Some(peer) = self.peers.get(at) else { return };
        let places: Vec<u16> = peer.slots_of(MediaKind::Video).collect();
        let own = |track: TrackAt| self.tracks.get(track).is_none_or(|track| peer.owns(track.name.peer));
        let pinned = peer.view.pinned.iter().filter_map(|name| self.showable(*name));
        let wanted = wishes(order, pinned, own, places.len());
        let kept: Vec<TrackAt> = order.kept.iter().copied().filter(|track| !own(*track)).collect();
        self.settle_slots(now, at, &places, &wanted, &kept, Main::First, egress);
    }

    fn assign_sounds(&mut self, now: Instant, at: PeerAt, egress: &mut impl Egress) {
        let Some(peer) = self.peers.get(at) else { return };
        let places: Vec<u16> = peer.slots_of(MediaKind::Audio).collect();
        let own = |track: &TrackAt| self.tracks.get(*track).is_none_or(|track| peer.owns(track.name.peer));
        let wanted: Vec<TrackAt> = self.router.audible().filter(|track| !own(track)).take(places.len()).collect();
        self.settle_slots(now, at, &places, &wanted, &[], Main::None, egress);
    }

    fn showable(&self, name: TrackRef) -> Option<TrackAt> {
        self.named(name).filter(|at| self.tracks.get(*at).is_some_and(Track::may_be_forwarded))
    }

    #[expect(clippy::too_many_arguments, reason = "the two callers differ in exactly these")]
    fn settle_slots(
        &mut self,
        now: Instant,
        at: PeerAt,
        places: &[u16],
        wanted: &[TrackAt],
        kept: &[TrackAt],
        main: Main,
        egress: &mut impl Egress,
    ) {
        let Some(peer) = self.peers.get(at) else { return };
        let assigned = |slot: &u16| peer.slots.get(usize::from(*slot)).and_then(|slot| slot.assigned);
        let before: Vec<Option<TrackAt>> = places.iter().map(assigned).collect();
        let mut after = before.clone();
        settle(&mut after, wanted, kept, main);
        let changed: Vec<(SlotAt, Option<TrackAt>)> = places
            .iter()
            .zip(before.iter().zip(after))
            .filter(|(_, (before, after))| *before != after)
            .map(|(slot, (_, after))| (SlotAt { peer: at, slot: *slot }, after))
            .collect();
        if changed.is_empty() {
            return;
        }
        // First all are emptied: two slots may be changing places.
        for (place, track) in &changed {
            self.resubscribe(*place, Stream::stop);
            if let Some(slot) = slot_mut(&mut self.peers, *place) {
                slot.assigned = *track;
            }
        }
        for (place, _) in changed {
            self.aim(now, place, egress);
        }
        self.note_slots_changed(at);
    }

    /// Chooses the layer for a slot's track and turns the slot to it.
    fn aim(&mut self, now: Instant, place: SlotAt, egress: &mut impl Egress) {
        self.want_shown(now, place);
        let Some(peer) = self.peers.get(place.peer) else { return };
        let Some(slot) = peer.slots.get(usize::from(place.slot)) else { return };
        let Some((at, track)) = slot.assigned.and_then(|at| Some((at, self.tracks.get(at)?))) else { return };
        let drawn = peer.size_of(place.slot).map(|SlotSize { height }| height);
        if drawn == Some(0) {
            self.resubscribe(place, Stream::stop);
            return;
        }
        if !slot.plays(track.codec.codec) {
            self.resubscribe(place, Stream::stop);
            return;
        }
        let Some((target, cell)) = target_of(at, track, drawn, slot.allowed) else { return };
        let stopgap = stopgap_of(target, track);
        if slot.stream.live().is_none() && track.name.source.kind() == MediaKind::Video {
            self.replay(now, place, (target, cell), egress);
        }
        self.resubscribe(place, |stream| stream.aim(target, cell, stopgap));
        self.want_key_frames(place);
    }

    /// A peer's `n`th video slot may have so much of its track from now on.
    #[cfg(test)]
    pub(super) fn allow(
        &mut self,
        now: Instant,
        peer: crate::id::PeerId,
        n: usize,
        allowed: Choice,
        egress: &mut impl Egress,
    ) {
        let Some(&at) = self.places.get(&peer) else { return };
        let Some(place) = self.peers.get(at).and_then(|peer| peer.slots_of(MediaKind::Video).nth(n)) else { return };
        let place = SlotAt { peer: at, slot: place };
        if let Some(slot) = slot_mut(&mut self.peers, place) {
            slot.allowed = allowed;
        }
        self.aim(now, place, egress);
        self.request_key_frames(now, egress);
    }

    /// Lets a slot begin with the past, if that gives a whole picture at once.
    fn replay(&mut self, now: Instant, place: SlotAt, (target, cell): (LayerKey, Cell), egress: &mut impl Egress) {
        let Self { tracks, peers, .. } = self;
        let Some(track) = tracks.get(target.track) else { return };
        let Some(peer) = peers.get_mut(place.peer).filter(|peer| peer.line == Line::Up) else { return };
        let allowed = peer.replay_bytes(now);
        let found = (0..=target.layer).rev().find_map(|at| {
            let layer = track.layer(at).filter(|layer| layer.is_flowing())?;
            Some((layer, track.key(target.track, at)?, layer.replayable(allowed)?))
        });
        let Some((layer, key, replay)) = found else { return };
        let Some(first) = layer.history.packet(replay.first) else { return };
        let Some(newest_at) = layer.history.arrived(replay.last) else { return };
        let id = peer.id;
        let Some(slot) = peer.slots.get_mut(usize::from(place.slot)) else { return };
        if slot.stream.has_passed(newest_at) {
            return;
        }
        let before = slot.stream.sources();
        slot.stream.begin_replay(now, key, cell, first.meta, newest_at);
        for seq in replay.first..=replay.last {
            if let Some(stored) = layer.history.packet(seq) {
                let passed = slot.pass(now, id, track, key, stored, egress);
                debug_assert!(!matches!(passed, Passed::Opened { .. }), "the replay has opened the era itself");
            }
        }
        slot.stream.caught_up(replay.last);
        peer.replayed(replay.bytes);
        self.follow_sources(place, before);
    }

    /// The publisher is asked only for what the slot waits for and whose key frame is not passing right now.
    fn want_key_frames(&mut self, place: SlotAt) {
        let Some(slot) = slot_mut(&mut self.peers, place).filter(|slot| slot.kind == MediaKind::Video) else { return };
        for key in slot.stream.missed() {
            self.ask(key);
        }
    }

    pub(super) fn ask(&mut self, key: LayerKey) {
        if let Some(layer) = self.tracks.get_mut(key.track).and_then(|track| track.layer_mut(key.layer)) {
            layer.key_frames.want();
            self.scratch.asked.push((key.track, key.layer));
        }
    }

    /// Other layers of a track flow than before: everybody who has it in a slot is turned to the best of them.
    pub(super) fn retarget(&mut self, now: Instant, at: TrackAt, egress: &mut impl Egress) {
        for place in self.slots_showing(at) {
            self.aim(now, place, egress);
        }
        if self.programme.as_ref().is_some_and(|programme| programme.shown == Some(at)) {
            self.aim_programme(now, at);
        }
    }

    fn slots_showing(&self, at: TrackAt) -> Vec<SlotAt> {
        let mut places = Vec::new();
        for (peer_at, peer) in self.peers.iter().filter(|(_, peer)| peer.line == Line::Up) {
            let showing = (0..).zip(&peer.slots).filter(|(_, slot)| slot.assigned == Some(at));
            places.extend(showing.map(|(slot, _)| SlotAt { peer: peer_at, slot }));
        }
        places
    }

    /// A track that is shown somewhere began or ceased to flow: its viewers are told.
    pub(super) fn note_shown_changed(&mut self, at: TrackAt) {
        for place in self.slots_showing(at) {
            self.note_slots_changed(place.peer);
        }
    }

    /// Nothing is sent to this peer any more; what its slots are for stays.
    pub(super) fn silence_slots(&mut self, at: PeerAt) {
        let slots = self.peers.get(at).map_or(0, |peer| peer.slots.len());
        for slot in 0..u16::try_from(slots).unwrap_or(u16::MAX) {
            self.resubscribe(SlotAt { peer: at, slot }, Stream::stop);
        }
    }

    /// A track is shown and heard nowhere any more, from this moment.
    pub(super) fn withdraw(&mut self, at: TrackAt) {
        self.router.inaudible(at);
        let everywhere: Vec<PeerAt> = self.peers.iter().map(|(at, _)| at).collect();
        for peer_at in everywhere {
            let Some(peer) = self.peers.get(peer_at) else { continue };
            let showing: Vec<u16> =
                (0..).zip(&peer.slots).filter(|(_, slot)| slot.assigned == Some(at)).map(|(slot, _)| slot).collect();
            for slot in showing {
                let place = SlotAt { peer: peer_at, slot };
                self.resubscribe(place, Stream::stop);
                if let Some(slot) = slot_mut(&mut self.peers, place) {
                    slot.assigned = None;
                }
                self.note_slots_changed(peer_at);
            }
        }
        if self.programme.as_ref().is_some_and(|programme| programme.shown == Some(at)) {
            self.clear_programme();
        }
    }

    /// Changes a slot's stream and keeps the layers' lists of subscribers in step with it.
    fn resubscribe(&mut self, place: SlotAt, change: impl FnOnce(&mut Stream)) {
        let Some(slot) = slot_mut(&mut self.peers, place) else { return };
        let before = slot.stream.sources();
        change(&mut slot.stream);
        self.follow_sources(place, before);
    }

    fn follow_sources(&mut self, place: SlotAt, before: [Option<LayerKey>; 2]) {
        let Some(slot) = slot_mut(&mut self.peers, place) else { return };
        let after = slot.stream.sources();
        let spot = |key: &LayerKey| (key.track, key.layer);
        for left in before.iter().flatten().filter(|left| !after.iter().flatten().any(|key| spot(key) == spot(left))) {
            if let Some(layer) = self.tracks.get_mut(left.track).and_then(|track| track.layer_mut(left.layer)) {
                layer.subscribers.retain(|subscriber| *subscriber != place);
                if !layer.is_wanted() {
                    layer.key_frames.satisfied();
                    layer.missing.clear();
                }
            }
        }
        for key in after.iter().flatten() {
            if let Some(layer) = self.tracks.get_mut(key.track).and_then(|track| track.layer_mut(key.layer)) {
                subscribe(layer, place);
            }
        }
    }

    /// The recording shows what a viewer without wishes would see in his main slot, and nobody's picture longer than it is there.
    pub(super) fn assign_programme(&mut self, now: Instant, egress: &mut impl Egress) {
        self.darken_programme(now, egress);
        let order = self.picture_order();
        let Some(programme) = &self.programme else { return };
        let first = wishes(&order, std::iter::empty(), |_| false, 1).first().copied();
        if first.and_then(|at| self.tracks.get(at)).is_some_and(|track| !can_be_recorded(track)) {
            // Somebody else's picture in its place would be a lie.
            self.clear_programme();
            if let Some(programme) = &mut self.programme {
                programme.turn(now, None, egress);
            }
            return;
        }
        let Some(first) = first.filter(|first| programme.shown != Some(*first)) else { return };
        self.clear_programme();
        if let Some(programme) = &mut self.programme {
            programme.shown = Some(first);
        }
        self.aim_programme(now, first);
    }

    /// A picture that is switched off, held back or gone must not stand still in the recording, whether or not another takes its
    /// place. When it comes back, it begins with a key frame.
    fn darken_programme(&mut self, now: Instant, egress: &mut impl Egress) {
        let Some(told) = self.programme.as_ref().and_then(|programme| programme.told) else { return };
        let is_there = |at: TrackAt| {
            self.tracks.get(at).is_some_and(|track| track.may_be_forwarded() && track.flow() == Flow::Flowing)
        };
        if self.named(told).is_some_and(is_there) {
            return;
        }
        let shows_it = self.programme.as_ref().is_some_and(|programme| programme.stream.live().is_some());
        if shows_it {
            self.clear_programme();
        }
        if let Some(programme) = &mut self.programme {
            programme.turn(now, None, egress);
        }
    }

    fn named(&self, name: TrackRef) -> Option<TrackAt> {
        let publisher = self.peers.get(*self.places.get(&name.peer)?)?;
        let mut tracks = publisher.publications.iter().map(|published| published.track);
        tracks.find(|at| self.tracks.get(*at).is_some_and(|track| track.name == name))
    }

    fn aim_programme(&mut self, now: Instant, at: TrackAt) {
        self.want_layer(now, at, None);
        let Some(track) = self.tracks.get(at) else { return };
        let Some((target, cell)) = target_of(at, track, None, Choice::ALL) else { return };
        let Some(programme) = &mut self.programme else { return };
        // What is recorded is looked at for years: better begin a moment later than small.
        programme.stream.aim(target, cell, None);
        let (missed, sources) = (programme.stream.missed(), programme.stream.sources());
        if let Some(track) = self.tracks.get_mut(at) {
            for (layer, number) in track.layers.iter_mut().zip(0..) {
                layer.tapped = sources.iter().flatten().any(|key| key.layer == number);
            }
        }
        for key in missed {
            self.ask(key);
        }
    }

    pub(super) fn clear_programme(&mut self) {
        let Some(programme) = &mut self.programme else { return };
        programme.stream.stop();
        let shown = programme.shown.take();
        if let Some(track) = shown.and_then(|at| self.tracks.get_mut(at)) {
            track.layers.iter_mut().for_each(|layer| layer.tapped = false);
        }
    }
}

/// The recording's one picture track is VP8 from its first byte.
fn can_be_recorded(track: &Track) -> bool {
    track.codec.codec == Codec::Vp8
}

/// The stream, and the layers inside it.
fn target_of(at: TrackAt, track: &Track, drawn: Option<u16>, allowed: Choice) -> Option<(LayerKey, Cell)> {
    let Choice { spatial, temporal } = choose_layer(&track.ladder(), drawn, allowed)?;
    let (layer, inside) = if track.layers.len() > 1 { (spatial, 0) } else { (0, spatial) };
    Some((track.key(at, layer)?, Cell::at(inside, temporal)))
}

/// What may be shown of a track until a key frame of `target` arrives.
fn stopgap_of(target: LayerKey, track: &Track) -> Option<LayerKey> {
    let lower = (0..target.layer).find(|at| track.layer(*at).is_some_and(Layer::is_flowing))?;
    track.key(target.track, lower)
}

fn subscribe(layer: &mut Layer, place: SlotAt) {
    if !layer.subscribers.contains(&place) {
        layer.subscribers.push(place);
    }
}

fn slot_mut(peers: &mut Slab<PeerAt, Peer>, place: SlotAt) -> Option<&mut crate::forward::slot::OutSlot> {
    peers.get_mut(place.peer)?.slots.get_mut(usize::from(place.slot))
}

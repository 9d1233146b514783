//! Which layers of which camera are wanted, told to its publisher (`track::demand` says how long a wish lasts).
//!
//! A slot wants the layer it would be given *if all layers flowed*, which is not the one it is given: a layer that was switched off
//! must be missed by somebody, or it would never come back.

use std::time::Instant;

use crate::command::SlotSize;
use crate::fact::Fact;
use crate::forward::select::{Choice, choose_layer};
use crate::id::{MediaKind, Rid};
use crate::peer::Line;
use crate::room::Room;
use crate::slab::TrackAt;
use crate::track::layer::SlotAt;
use crate::track::{Flow, Track};

impl Room {
    /// A slot is turned to its track: what it would take of it is switched on at once.
    pub(super) fn want_shown(&mut self, now: Instant, place: SlotAt) {
        let Some(peer) = self.peers.get(place.peer) else { return };
        let slot = peer.slots.get(usize::from(place.slot)).filter(|slot| slot.kind == MediaKind::Video);
        let drawn = peer.size_of(place.slot).map(|SlotSize { height }| height);
        if let Some(at) = slot.and_then(|slot| slot.assigned) {
            self.want_layer(now, at, drawn);
        }
    }

    /// The same for anybody. A picture that is not drawn takes nothing.
    pub(super) fn want_layer(&mut self, now: Instant, at: TrackAt, drawn: Option<u16>) {
        let Some(track) = self.tracks.get_mut(at) else { return };
        if let Some(layer) = wish(track, drawn) {
            track.demand.uses(now, layer);
            self.tell_layers(at);
        }
    }

    /// Once a second: all wishes are counted anew, and what nobody wished for lately is let go.
    pub(super) fn settle_demand(&mut self, now: Instant) {
        let Self { peers, tracks, programme, .. } = self;
        for (_, peer) in peers.iter().filter(|(_, peer)| peer.line == Line::Up) {
            let mut sizes = peer.view.slot_sizes.iter();
            for slot in peer.slots.iter().filter(|slot| slot.kind == MediaKind::Video) {
                let drawn = sizes.next().map(|SlotSize { height }| *height);
                let Some(track) = slot.assigned.and_then(|at| tracks.get_mut(at)) else { continue };
                let fed_by = slot.stream.sources().into_iter().flatten().map(|key| key.layer);
                for layer in fed_by.chain(wish(track, drawn)) {
                    track.demand.uses(now, layer);
                }
            }
        }
        if let Some(programme) = programme
            && let Some(track) = programme.shown.and_then(|at| tracks.get_mut(at))
        {
            let fed_by = programme.stream.sources().into_iter().flatten().map(|key| key.layer);
            for layer in fed_by.chain(wish(track, None)) {
                track.demand.uses(now, layer);
            }
        }
        // Of a camera that is off nobody can be shown anything: its layers stay as they are until it is on.
        for (_, track) in tracks.iter_mut().filter(|(_, track)| track.flow() == Flow::Flowing) {
            track.demand.settle(now);
        }
        let all: Vec<TrackAt> = self.tracks.iter().map(|(at, _)| at).collect();
        for at in all {
            self.tell_layers(at);
        }
    }

    pub(super) fn tell_layers(&mut self, at: TrackAt) {
        let Some(track) = self.tracks.get_mut(at) else { return };
        let Some(wanted) = track.demand.take_news() else { return };
        let Some(publisher) = self.peers.get(track.publisher) else { return };
        let rids: Vec<Rid> = publisher
            .rids_of(at)
            .iter()
            .zip(0..)
            .filter(|(_, layer)| wanted.has(*layer))
            .map(|(rid, _)| rid.clone())
            .collect();
        // Layers without names are parts of one stream, which a publisher cannot switch one by one.
        if !rids.is_empty() {
            self.facts.push_back(Fact::LayersWanted { track: track.name, rids });
        }
    }
}

/// The layer somebody would be given of a track whose layers all flow.
fn wish(track: &Track, drawn: Option<u16>) -> Option<u8> {
    if drawn == Some(0) {
        return None;
    }
    // Pictures inside one stream come and go with it.
    let layers = track.layers.len().try_into().unwrap_or(u8::MAX);
    let Choice { spatial, .. } = choose_layer(&track.ladder().all_flowing(), drawn, Choice::ALL)?;
    Some(spatial.min(layers.saturating_sub(1)))
}

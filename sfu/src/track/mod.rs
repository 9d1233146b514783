//! What one peer publishes from one source: its layers, and what is known about it as a whole.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::disallowed_methods
    )
)]

pub(crate) mod arrivals;
pub(crate) mod clock;
pub(crate) mod demand;
pub(crate) mod history;
pub(crate) mod inside;
pub(crate) mod keyframes;
pub(crate) mod layer;
pub(crate) mod loudness;
pub(crate) mod missing;
pub(crate) mod pictures;
pub(crate) mod rates;
pub(crate) mod reception;
pub(crate) mod redundant;

use std::time::{Duration, Instant};

use crate::command::Right;
use crate::forward::select::{Ladder, Rung, SPATIAL_MAX};
use crate::id::{Source, Ssrc, TrackRef};
use crate::negotiated::{Codec, ExtensionIds, NegotiatedCodec, Publication, Streams};
use crate::room::RtpDropped;
use crate::slab::{PeerAt, TrackAt};
use crate::track::demand::Demand;
use crate::track::inside::Kind;
use crate::track::layer::{Accepted, Incoming, Layer, LayerKey, Passage, Repair, Terms};
use crate::track::loudness::Loudness;
use crate::track::redundant::Prefixes;

/// A camera layer without packets for this long has been switched off by its publisher's own rate control.
const LAYER_DRY_AFTER: Duration = Duration::from_millis(700);

/// A simulcast camera has at most this many layers; further rids are not received.
pub(crate) const LAYERS_MAX: usize = SPATIAL_MAX;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flow {
    /// Nothing has come yet: the publisher has it switched off, or no right to send.
    Never,
    Flowing,
    /// Silent for longer than the source's own pauses are.
    Dried,
}

#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) name: TrackRef,
    pub(crate) publisher: PeerAt,
    pub(crate) codec: NegotiatedCodec,
    pub(crate) extensions: ExtensionIds,
    /// Lowest first.
    pub(crate) layers: Vec<Layer>,
    pub(crate) loudness: Loudness,
    /// Of a microphone: what its newest packet takes along of the past.
    pub(crate) prefixes: Option<Box<Prefixes>>,
    pub(crate) demand: Demand,
    right: Right,
    flow: Flow,
}

impl Track {
    /// `serial` is unique within the room for ever.
    pub(crate) fn new(publisher: PeerAt, name: TrackRef, publication: &Publication, right: Right, serial: u32) -> Self {
        let layers = match &publication.streams {
            Streams::BySsrc { .. } => 1,
            Streams::ByRid(rids) => rids.len().clamp(1, LAYERS_MAX),
        };
        let clock_rate_hz = publication.codec.clock_rate_hz;
        let epoch = |layer: u64| (u64::from(serial) << 32) | (layer << 24);
        Self {
            name,
            publisher,
            codec: publication.codec.clone(),
            extensions: publication.extensions,
            layers: (0..layers as u64).map(|layer| Layer::new(epoch(layer), clock_rate_hz)).collect(),
            loudness: Loudness::default(),
            prefixes: (publication.codec.codec == Codec::Opus)
                .then(|| Box::new(Prefixes::new(publication.codec.payload_type))),
            demand: Demand::new(layers),
            right,
            flow: Flow::Never,
        }
    }

    pub(crate) fn layer(&self, layer: u8) -> Option<&Layer> {
        self.layers.get(usize::from(layer))
    }

    pub(crate) fn layer_mut(&mut self, layer: u8) -> Option<&mut Layer> {
        self.layers.get_mut(usize::from(layer))
    }

    pub(crate) fn layer_by_ssrc(&self, ssrc: Ssrc) -> Option<u8> {
        self.layers.iter().zip(0..).find_map(|(layer, at)| (layer.ssrc == Some(ssrc)).then_some(at))
    }

    pub(crate) fn key(&self, track: TrackAt, layer: u8) -> Option<LayerKey> {
        Some(LayerKey { track, layer, epoch: self.layer(layer)?.epoch() })
    }

    pub(crate) fn flow(&self) -> Flow {
        self.flow
    }

    pub(crate) fn may_be_forwarded(&self) -> bool {
        self.right == Right::Forwarded
    }

    /// Returns whether others lose or gain the track by it.
    pub(crate) fn set_right(&mut self, right: Right) -> bool {
        let changed = self.right != right;
        self.right = right;
        if changed {
            // What was sent while it was held back must not be heard or seen afterwards, and what was kept before not now.
            self.layers.iter_mut().for_each(Layer::shut);
            self.loudness = Loudness::default();
            self.demand.reset();
        }
        changed
    }

    /// Lays out what the packet `seq` of a microphone takes along for receivers that lose some.
    pub(crate) fn prepare_prefixes(&mut self, layer: u8, seq: u64) {
        let Self { prefixes, layers, .. } = self;
        if let (Some(prefixes), Some(layer)) = (prefixes, layers.get(usize::from(layer))) {
            prefixes.prepare(&layer.history, seq);
        }
    }

    pub(crate) fn accept(&mut self, now: Instant, layer: u8, packet: Incoming<'_>) -> Result<Accepted, RtpDropped> {
        let terms = Terms {
            kind: Kind::from(self.codec.codec),
            passage: match self.right {
                Right::Forwarded => Passage::Open,
                Right::Held => Passage::Shut,
            },
            repair: if self.codec.feedback.nack { Repair::ByNack } else { Repair::None },
        };
        self.layer_mut(layer).ok_or(RtpDropped::UnknownSsrc)?.accept(now, packet, terms)
    }

    /// Returns whether the track as a whole begins to flow.
    pub(crate) fn begins(&mut self, now: Instant) -> bool {
        let began = std::mem::replace(&mut self.flow, Flow::Flowing) != Flow::Flowing;
        if began {
            self.demand.begin(now);
        }
        began
    }

    /// Notices silence. Returns what changed: single layers, or the whole track.
    pub(crate) fn dries(&mut self, now: Instant) -> Drying {
        let patience = self.patience();
        let layer_patience = if self.layers.len() > 1 { LAYER_DRY_AFTER.min(patience) } else { patience };
        let layers = self.layers.iter_mut().filter_map(|layer| layer.dries(now, layer_patience).then_some(())).count();
        let silent = self
            .layers
            .iter()
            .filter_map(Layer::heard_at)
            .max()
            .is_none_or(|at| now.saturating_duration_since(at) >= patience);
        if silent && self.flow == Flow::Flowing {
            self.flow = Flow::Dried;
            return Drying::Track;
        }
        if layers > 0 { Drying::Layer } else { Drying::No }
    }

    /// A still screen is sent about once a second; a live camera or microphone (even in silence, by DTX) far more often.
    fn patience(&self) -> Duration {
        match self.name.source {
            Source::Microphone | Source::Camera => Duration::from_secs(1),
            Source::Screen => Duration::from_secs(3),
        }
    }

    /// What can be chosen from.
    pub(crate) fn ladder(&self) -> Ladder {
        let rung = |layer: &Layer, spatial| Rung {
            flowing: layer.is_flowing() && spatial < layer.pictures.present(),
            height: layer.pictures.size(spatial).height,
            temporal_layers: layer.rates.temporal_layers(spatial),
            tiers: layer.rates.tiers(spatial),
        };
        match self.layers.as_slice() {
            [layer] => Ladder::of((0..layer.pictures.known()).map(|spatial| rung(layer, spatial))),
            layers => Ladder::of(layers.iter().map(|layer| rung(layer, 0))),
        }
    }

    /// How much later than timestamp `earlier` of one layer timestamp `later` of another was captured, in RTP clock units, if both
    /// layers' clocks are known.
    pub(crate) fn ticks_between(&self, from: u8, earlier: u32, to: u8, later: u32) -> Option<i64> {
        let from = self.layer(from)?.clock.instant_of(earlier)?;
        let to = self.layer(to)?;
        let later = to.clock.instant_of(later)?;
        Some(clock::ticks(clock::micros_since(later, from), to.clock.rate_hz()))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Drying {
    No,
    Layer,
    Track,
}

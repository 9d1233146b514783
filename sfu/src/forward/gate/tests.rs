use super::*;
use crate::packet::descriptor::Descriptor;

/// A source whose packets are numbered from 1, a gate, and what passed.
struct Source {
    gate: Gate,
    newest: (u64, u32),
}

/// One frame of a picture: its layers, what it needs, and how one may begin with it.
fn frame(spatial: u8, temporal: u8, present: impl Fn(Cell) -> bool, switch: Switch) -> Frame {
    Frame { cell: Cell::at(spatial, temporal), present: Grid::where_(present), switch, starts: true, ends: true }
}

fn temporal(layer: u8, switch: Switch) -> Frame {
    frame(0, layer, |cell| cell.temporal() >= layer, switch)
}

/// With prediction between pictures of different size on key pictures only.
fn spatial(layer: u8, key: bool) -> Frame {
    let switch = if key && layer > 0 { Switch::Spatial } else { Switch::No };
    frame(layer, 0, |cell| cell.spatial() == layer || key && cell.spatial() > layer, switch)
}

impl Source {
    fn showing(cell: Cell) -> Self {
        let mut gate = Gate::new();
        gate.want(cell);
        gate.begin(1);
        Self { gate, newest: (0, 0) }
    }

    fn offer(&mut self, timestamp: u32, frame: Frame, opens: bool) -> bool {
        let place = self.newest.0 + 1;
        let through = self.gate.lets_through(place, self.newest, &meta(place, timestamp, frame, opens));
        self.newest.0 = place;
        if through {
            self.newest.1 = timestamp;
        }
        through
    }

    /// Pictures at three frame rates: base, upper, middle, upper, those above the base being ways up.
    fn cycle(&mut self, timestamp: u32) -> Vec<u8> {
        let layers = [(0, Switch::No), (2, Switch::Temporal), (1, Switch::Temporal), (2, Switch::No)];
        let offered = layers
            .into_iter()
            .zip(timestamp..)
            .map(|((layer, switch), at)| (layer, self.offer(at, temporal(layer, switch), false)));
        offered.filter(|(_, through)| *through).map(|(layer, _)| layer).collect()
    }

    fn pictures(&mut self, timestamp: u32, key: bool) -> Vec<u8> {
        (0..3).filter(|layer| self.offer(timestamp, spatial(*layer, key), key && *layer == 0)).collect()
    }
}

fn meta(seq: u64, timestamp: u32, frame: Frame, opens: bool) -> PacketMeta {
    PacketMeta { seq, timestamp, marker: false, level: 127, opens, frame, descriptor: Descriptor::Opaque }
}

#[test]
fn fewer_frames_come_at_once_and_more_from_a_frame_on_that_allows_it() {
    let mut source = Source::showing(Cell::at(0, 2));
    source.offer(1, temporal(0, Switch::No), true);
    assert_eq!(source.cycle(10), [0, 2, 1, 2]);
    source.gate.want(Cell::at(0, 0));
    assert_eq!(source.cycle(20), [0]);
    source.gate.want(Cell::at(0, 2));
    assert!(!source.gate.waits_for_key_frame());
    assert_eq!(source.cycle(30), [0, 1], "the upper layer may need the middle one");
    assert_eq!(source.cycle(40), [0, 2, 1, 2]);
}

#[test]
fn a_key_frame_brings_everything_that_is_wanted() {
    let mut source = Source::showing(Cell::at(0, 0));
    source.offer(1, temporal(0, Switch::No), true);
    assert_eq!(source.cycle(10), [0]);
    source.gate.want(Cell::at(0, 2));
    source.offer(20, temporal(0, Switch::No), true);
    assert!(source.offer(21, temporal(2, Switch::No), false));
}

#[test]
fn a_frame_whose_packets_have_begun_to_pass_is_passed_on_to_its_end() {
    let mut source = Source::showing(Cell::at(0, 1));
    source.offer(1, temporal(0, Switch::No), true);
    let middle = Frame { starts: false, ..temporal(1, Switch::No) };
    assert!(source.offer(2, temporal(1, Switch::Temporal), false));
    source.gate.want(Cell::at(0, 0));
    assert!(source.offer(2, middle, false));
    assert!(!source.offer(3, temporal(1, Switch::Temporal), false));
    assert!(!source.offer(3, middle, false));
}

#[test]
fn late_packets_share_the_fate_of_their_frames() {
    let mut source = Source::showing(Cell::at(0, 1));
    source.offer(1, temporal(0, Switch::No), true);
    let offer = |source: &mut Source, place: u64, timestamp, newest, frame| {
        source.gate.lets_through(place, newest, &meta(place, timestamp, frame, false))
    };
    let middle = |switch| Frame { starts: false, ..temporal(1, switch) };
    // Of three frames of the middle layer, 2 to 3, 5 to 6 and 8 to 9, the first packet is lost on the way.
    assert!(offer(&mut source, 3, 30, (1, 1), middle(Switch::No)));
    source.gate.want(Cell::at(0, 0));
    assert!(offer(&mut source, 4, 40, (3, 30), temporal(0, Switch::No)));
    assert!(!offer(&mut source, 6, 60, (4, 40), middle(Switch::No)));
    assert!(offer(&mut source, 7, 70, (6, 40), temporal(0, Switch::No)));
    source.gate.want(Cell::at(0, 1));
    assert!(!offer(&mut source, 9, 90, (7, 70), middle(Switch::Temporal)), "it cannot be risen to any more");
    assert!(offer(&mut source, 11, 110, (9, 70), temporal(1, Switch::Temporal)));
    let newest = (11, 110);
    assert!(offer(&mut source, 2, 30, newest, temporal(1, Switch::No)));
    assert!(!offer(&mut source, 5, 60, newest, temporal(1, Switch::No)));
    assert!(!offer(&mut source, 8, 90, newest, temporal(1, Switch::Temporal)));
}

#[test]
fn pictures_that_stand_alone_between_key_frames_change_at_key_frames_only() {
    let mut source = Source::showing(Cell::at(2, 0));
    assert_eq!(source.pictures(1, true), [0, 1, 2]);
    assert_eq!(source.pictures(2, false), [2], "what lies below is not needed");
    source.gate.want(Cell::at(0, 0));
    assert!(source.gate.waits_for_key_frame());
    assert_eq!(source.pictures(3, false), [2]);
    assert_eq!(source.pictures(4, true), [0]);
    source.gate.want(Cell::at(1, 0));
    assert!(source.gate.waits_for_key_frame());
    assert_eq!(source.pictures(5, false), [0]);
    assert_eq!(source.pictures(6, true), [0, 1]);
    assert!(!source.gate.waits_for_key_frame());
    assert_eq!(source.pictures(7, false), [1]);
}

#[test]
fn pictures_that_build_upon_each_other_shrink_at_once() {
    let mut source = Source::showing(Cell::at(1, 0));
    let stacked = |layer: u8, switch| frame(layer, 0, |cell| cell.spatial() >= layer, switch);
    source.offer(1, stacked(0, Switch::No), true);
    source.offer(1, stacked(1, Switch::Spatial), false);
    source.gate.want(Cell::at(0, 0));
    assert!(!source.gate.waits_for_key_frame());
    assert!(source.offer(2, stacked(0, Switch::No), false) && !source.offer(2, stacked(1, Switch::No), false));
    source.gate.want(Cell::at(1, 0));
    assert!(source.gate.waits_for_key_frame());
    assert!(source.offer(3, stacked(0, Switch::No), false));
    assert!(source.offer(3, stacked(1, Switch::Spatial), false), "it needs only what lies below it now");
}

#[test]
fn the_largest_picture_shown_ends_the_picture() {
    let mut source = Source::showing(Cell::at(1, 0));
    source.pictures(1, true);
    source.pictures(2, false);
    let ends: Vec<u64> = (1..=6).filter(|place| source.gate.ends_picture(*place)).collect();
    assert_eq!(ends, [2, 5]);
}

#[test]
fn a_decode_target_may_be_entered_at_its_switch() {
    let mut source = Source::showing(Cell::at(0, 0));
    let base = temporal(0, Switch::To(Grid::ALL));
    source.offer(1, base, true);
    assert!(!source.offer(2, temporal(2, Switch::No), false));
    source.gate.want(Cell::at(0, 2));
    assert!(!source.offer(3, temporal(1, Switch::To(Grid::ALL)), false), "itself it may not be decodable");
    assert!(source.offer(4, base, false));
    assert!(source.offer(5, temporal(2, Switch::No), false));
}

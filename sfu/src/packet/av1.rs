//! AV1 as the RTP payload format of the Alliance for Open Media (version 1.0) carries it. What a bridge must know stands in a header
//! extension, the dependency descriptor (appendix A of that document): the payload itself may be encrypted end to end.
//!
//! The descriptor names one of up to 64 templates; the templates come with every key frame. For each *decode target* (one way to watch
//! the stream) a template says whether its frames are needed and whether one may begin with them. Here the decode targets are laid on
//! the grid of [`crate::packet::frame`], so that everything behind this file looks the same for every codec.
//!
//! A stream without the descriptor is passed on whole; key frames are then found by the aggregation header.

use crate::packet::bits::Bits;
use crate::packet::frame::{Cell, Frame, Grid, Sizes, Switch};
use crate::packet::vp8::PictureSize;

/// Template ids have six bits.
const TEMPLATES_MAX: usize = 64;
/// `dt_cnt_minus_one` has five.
const TARGETS_MAX: usize = 32;
const CELLS: usize = 16;
/// Where the frame number stands in every descriptor, big endian.
pub(crate) const FRAME_NUMBER_AT: usize = 1;

/// What is kept of a packet for those it is sent to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Av1Descriptor {
    /// Bytes of the dependency descriptor; it is kept in front of the payload.
    pub(crate) len: u8,
    pub(crate) frame_number: u16,
}

/// Of one packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Av1Packet {
    pub(crate) frame: Frame,
    pub(crate) starts_key_frame: bool,
}

/// A template: whose frames these are. Two bits for each decode target.
#[derive(Clone, Copy, Debug, Default)]
struct Template {
    spatial: u8,
    temporal: u8,
    indications: u64,
}

/// Decode target indication (appendix A.4.2 of the specification).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Indication {
    NotPresent,
    Discardable,
    Switch,
    Required,
}

/// The templates of one stream, as its newest key frame brought them.
#[derive(Clone, Debug)]
pub(crate) struct Structure {
    offset: u8,
    targets: u8,
    templates: [Template; TEMPLATES_MAX],
    count: u8,
    /// The highest spatial and temporal layer of each decode target.
    reach: [(u8, u8); TARGETS_MAX],
    active: u32,
    /// The decode target that gives each cell of the grid the most, in the grid's order.
    of_cell: [Option<u8>; CELLS],
    sizes: Sizes,
}

/// What the mandatory and the extended fields in front of a descriptor say.
struct Front {
    starts: bool,
    ends: bool,
    template: u8,
    has_structure: bool,
    has_active: bool,
    has_indications: bool,
}

impl Front {
    fn read(bits: &mut Bits<'_>, len: usize) -> Option<Self> {
        let (starts, ends, template) = (bits.flag()?, bits.flag()?, bits.byte(6)?);
        bits.skip(16)?;
        let mut front =
            Self { starts, ends, template, has_structure: false, has_active: false, has_indications: false };
        if len > 3 {
            front.has_structure = bits.flag()?;
            front.has_active = bits.flag()?;
            front.has_indications = bits.flag()?;
            // Custom frame differences and chains stand behind everything read here.
            bits.skip(2)?;
        }
        Some(front)
    }
}

impl Av1Descriptor {
    /// `None`: too short for the mandatory fields, or longer than any extension.
    pub(crate) fn parse(descriptor: &[u8]) -> Option<Self> {
        let &[_, high, low] = descriptor.first_chunk::<3>()?;
        Some(Self { len: u8::try_from(descriptor.len()).ok()?, frame_number: u16::from_be_bytes([high, low]) })
    }
}

impl Av1Packet {
    /// Reads one packet's descriptor and keeps the templates it may bring. A packet whose templates are not known (yet) belongs to
    /// everybody: nobody begins with it.
    pub(crate) fn read(descriptor: &[u8], structure: &mut Option<Box<Structure>>) -> Self {
        Self::understood(descriptor, structure).unwrap_or(Self { frame: Frame::UNDIVIDED, starts_key_frame: false })
    }

    /// As [`Self::read`], for a packet from before the one that brought the templates: nothing of it is kept.
    pub(crate) fn read_late(descriptor: &[u8], structure: Option<&Structure>) -> Self {
        let understood = || {
            let mut bits = Bits::of(descriptor);
            let front = Front::read(&mut bits, descriptor.len())?;
            if front.has_structure {
                let own = Structure::read(&mut bits)?;
                return Self::of(&mut bits, &front, &own);
            }
            let known = structure?;
            if front.has_active {
                bits.skip(u32::from(known.targets))?;
            }
            Self::of(&mut bits, &front, known)
        };
        understood().unwrap_or(Self { frame: Frame::UNDIVIDED, starts_key_frame: false })
    }

    fn understood(descriptor: &[u8], structure: &mut Option<Box<Structure>>) -> Option<Self> {
        let mut bits = Bits::of(descriptor);
        let front = Front::read(&mut bits, descriptor.len())?;
        if front.has_structure {
            let fresh = Structure::read(&mut bits)?;
            match structure {
                Some(place) => **place = fresh,
                None => *structure = Some(Box::new(fresh)),
            }
        }
        let known = structure.as_deref_mut()?;
        if front.has_active {
            let active = bits.take(known.targets)?;
            known.activate(active);
        }
        Self::of(&mut bits, &front, known)
    }

    /// The rest of a descriptor, by its templates.
    fn of(bits: &mut Bits<'_>, front: &Front, known: &Structure) -> Option<Self> {
        let template = known.template(front.template)?;
        let indications = if front.has_indications { indications(bits, known.targets)? } else { template.indications };
        let cell = Cell::at(template.spatial, template.temporal);
        let frame = Frame {
            cell,
            present: known.cells(|target| indication(indications, target) != Indication::NotPresent),
            switch: if front.starts {
                Switch::To(known.cells(|target| indication(indications, target) == Indication::Switch))
            } else {
                Switch::No
            },
            starts: front.starts,
            ends: front.ends,
        };
        let starts_key_frame = front.has_structure && front.starts && template.spatial == 0;
        Some(Self { frame, starts_key_frame })
    }

    /// Of a stream without the descriptor: the aggregation header's N tells the first packet of a coded video sequence
    /// (section 4.4).
    pub(crate) fn plain(payload: &[u8]) -> Option<Self> {
        let first = payload.first()?;
        Some(Self { frame: Frame::UNDIVIDED, starts_key_frame: first & 0x08 != 0 })
    }
}

impl Structure {
    fn read(bits: &mut Bits<'_>) -> Option<Self> {
        let offset = bits.byte(6)?;
        let targets = bits.byte(5)? + 1;
        let mut structure = Self {
            offset,
            targets,
            templates: [Template::default(); TEMPLATES_MAX],
            count: 0,
            reach: [(0, 0); TARGETS_MAX],
            active: u32::MAX >> (32 - targets),
            of_cell: [None; CELLS],
            sizes: Sizes::default(),
        };
        let highest = structure.read_layers(bits)?;
        structure.sizes.count = highest + 1;
        for template in structure.templates.iter_mut().take(usize::from(structure.count)) {
            template.indications = indications(bits, targets)?;
        }
        for _ in 0..structure.count {
            while bits.flag()? {
                bits.skip(4)?;
            }
        }
        let chains = bits.below(u32::from(targets) + 1)?;
        if chains > 0 {
            for _ in 0..targets {
                bits.below(chains)?;
            }
            bits.skip(4 * chains * u32::from(structure.count))?;
        }
        if bits.flag()? {
            for at in 0..=usize::from(highest) {
                let (width, height) = (bits.take(16)? + 1, bits.take(16)? + 1);
                if let Some(place) = structure.sizes.of.get_mut(at) {
                    *place = PictureSize { width: u16::try_from(width).ok()?, height: u16::try_from(height).ok()? };
                }
            }
        }
        structure.find_reach();
        structure.lay_on_grid();
        Some(structure)
    }

    /// The layers of all templates; gives the highest spatial one.
    fn read_layers(&mut self, bits: &mut Bits<'_>) -> Option<u8> {
        let (mut spatial, mut temporal) = (0u8, 0u8);
        loop {
            let place = self.templates.get_mut(usize::from(self.count))?;
            *place = Template { spatial, temporal, indications: 0 };
            self.count += 1;
            match bits.take(2)? {
                0 => {}
                1 => temporal += 1,
                2 => (spatial, temporal) = (spatial + 1, 0),
                _ => return Some(spatial),
            }
        }
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        self.templates.iter().take(usize::from(self.count))
    }

    fn find_reach(&mut self) {
        let mut reach = [(0, 0); TARGETS_MAX];
        for (target, place) in (0..self.targets).zip(&mut reach) {
            for template in self.templates() {
                if indication(template.indications, target) != Indication::NotPresent {
                    *place = (place.0.max(template.spatial), place.1.max(template.temporal));
                }
            }
        }
        self.reach = reach;
    }

    /// To each cell the active target that reaches furthest without going beyond it.
    fn lay_on_grid(&mut self) {
        let mut of_cell = [None; CELLS];
        let mut cells = of_cell.iter_mut();
        let _all = Grid::where_(|cell| {
            let within = (0..self.targets).zip(self.reach).filter(|(target, (spatial, temporal))| {
                self.active >> target & 1 == 1 && *spatial <= cell.spatial() && *temporal <= cell.temporal()
            });
            if let Some(place) = cells.next() {
                *place = within.max_by_key(|(_, reach)| *reach).map(|(target, _)| target);
            }
            false
        });
        self.of_cell = of_cell;
    }

    fn activate(&mut self, active: u32) {
        if active != self.active {
            self.active = active;
            self.lay_on_grid();
        }
    }

    fn template(&self, id: u8) -> Option<Template> {
        let at = (id + 64 - self.offset) % 64;
        self.templates().nth(usize::from(at)).copied()
    }

    fn cells(&self, holds: impl Fn(u8) -> bool) -> Grid {
        let mut targets = self.of_cell.iter();
        Grid::where_(|_| targets.next().copied().flatten().is_some_and(&holds))
    }

    pub(crate) fn sizes(&self) -> Sizes {
        self.sizes
    }
}

fn indications(bits: &mut Bits<'_>, targets: u8) -> Option<u64> {
    let mut all = 0;
    for target in 0..targets {
        all |= u64::from(bits.take(2)?) << (2 * target);
    }
    Some(all)
}

fn indication(all: u64, target: u8) -> Indication {
    match all >> (2 * target) & 0x03 {
        0 => Indication::NotPresent,
        1 => Indication::Discardable,
        2 => Indication::Switch,
        _ => Indication::Required,
    }
}

/// The size in the sequence header a payload begins with, if it does (AV1 bitstream specification, section 5.5). For streams whose
/// descriptor does not tell it.
pub(crate) fn size_in(payload: &[u8]) -> Option<PictureSize> {
    let (&aggregation, mut rest) = payload.split_first()?;
    // The first element is continued from before, or is the only one and has no length.
    if aggregation & 0x80 != 0 {
        return None;
    }
    if aggregation & 0x30 != 0x10 {
        rest = after_length(rest)?;
    }
    let (&header, mut rest) = rest.split_first()?;
    if header >> 3 & 0x0F != 1 {
        return None;
    }
    if header & 0x04 != 0 {
        rest = rest.get(1..)?;
    }
    if header & 0x02 != 0 {
        rest = after_length(rest)?;
    }
    let mut bits = Bits::of(rest);
    bits.skip(4)?;
    if bits.flag()? {
        bits.skip(5)?;
    } else {
        // With timing information come fields no real-time encoder writes.
        if bits.flag()? {
            return None;
        }
        let delays = bits.flag()?;
        for _ in 0..=bits.take(5)? {
            bits.skip(12)?;
            if bits.take(5)? > 7 {
                bits.skip(1)?;
            }
            if delays && bits.flag()? {
                bits.skip(4)?;
            }
        }
    }
    let (width_bits, height_bits) = (bits.byte(4)? + 1, bits.byte(4)? + 1);
    let (width, height) = (bits.take(width_bits)? + 1, bits.take(height_bits)? + 1);
    Some(PictureSize { width: u16::try_from(width).ok()?, height: u16::try_from(height).ok()? })
}

/// What stands behind a LEB128 number of at most two bytes: more than a packet holds is no length of one.
fn after_length(bytes: &[u8]) -> Option<&[u8]> {
    let (&first, rest) = bytes.split_first()?;
    if first & 0x80 == 0 { Some(rest) } else { rest.get(1..) }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::packet::bits::tests::Writer;

    /// A descriptor as an encoder writes it.
    pub(crate) struct Written {
        pub(crate) starts: bool,
        pub(crate) ends: bool,
        pub(crate) template: u8,
        pub(crate) frame_number: u16,
        pub(crate) structure: Option<fn(&mut Writer)>,
        /// Mask and number of targets.
        pub(crate) active: Option<(u32, u8)>,
    }

    impl Written {
        pub(crate) fn frame(template: u8, frame_number: u16) -> Self {
            Self { starts: true, ends: true, template, frame_number, structure: None, active: None }
        }

        pub(crate) fn bytes(&self) -> Vec<u8> {
            let mut bits = Writer::default();
            bits.put(u32::from(self.starts), 1).put(u32::from(self.ends), 1).put(u32::from(self.template), 6);
            bits.put(u32::from(self.frame_number), 16);
            if self.structure.is_some() || self.active.is_some() {
                bits.put(u32::from(self.structure.is_some()), 1).put(u32::from(self.active.is_some()), 1).put(0, 3);
                if let Some(structure) = self.structure {
                    structure(&mut bits);
                }
                if let Some((mask, targets)) = self.active {
                    bits.put(mask, targets);
                }
            }
            bits.bytes()
        }
    }

    fn write_indications(bits: &mut Writer, rows: &[&str]) {
        for sign in rows.iter().flat_map(|row| row.chars()) {
            bits.put(
                match sign {
                    '-' => 0,
                    'D' => 1,
                    'S' => 2,
                    _ => 3,
                },
                2,
            );
        }
    }

    /// L1T3 as libwebrtc describes it: templates key, base, middle, two upper ones; three targets, one chain.
    pub(crate) fn l1t3(bits: &mut Writer) {
        bits.put(0, 6).put(2, 5);
        for layer in [0, 1, 1, 0, 3] {
            bits.put(layer, 2);
        }
        write_indications(bits, &["SSS", "SSS", "-DS", "--D", "--D"]);
        for differences in [&[][..], &[4], &[2], &[1], &[1]] {
            for difference in differences {
                bits.put(1, 1).put(difference - 1, 4);
            }
            bits.put(0, 1);
        }
        bits.below(1, 4);
        for _ in 0..3 {
            bits.below(0, 1);
        }
        bits.put(0, 4).put(4, 4).put(2, 4).put(1, 4).put(3, 4);
        bits.put(1, 1).put(1_279, 16).put(719, 16);
    }

    /// L2T1 with inter-layer prediction on key pictures only: template 0 key below, 1 delta below, 2 key above, 3 delta above.
    pub(crate) fn l2t1_key(bits: &mut Writer) {
        bits.put(0, 6).put(1, 5);
        for layer in [0, 2, 0, 3] {
            bits.put(layer, 2);
        }
        write_indications(bits, &["SS", "S-", "-S", "-S"]);
        for differences in [&[][..], &[2], &[1], &[2]] {
            for difference in differences {
                bits.put(1, 1).put(difference - 1, 4);
            }
            bits.put(0, 1);
        }
        bits.below(0, 3);
        bits.put(1, 1).put(639, 16).put(359, 16).put(1_279, 16).put(719, 16);
    }

    #[test]
    fn the_temporal_layers_of_a_picture_are_told_by_their_templates() {
        let mut structure = None;
        let key = Written { structure: Some(l1t3), ..Written::frame(0, 7) }.bytes();
        assert!(key.len() > 16, "it needs the two-byte form: {}", key.len());
        let read = Av1Packet::read(&key, &mut structure);
        assert!(read.starts_key_frame && read.frame.present.has(Cell::at(0, 0)));
        assert_eq!(Av1Descriptor::parse(&key).unwrap().frame_number, 7);
        assert_eq!(structure.as_ref().unwrap().sizes(), Sizes::one(PictureSize { width: 1280, height: 720 }));

        let base = Av1Packet::read(&Written::frame(1, 8).bytes(), &mut structure);
        assert!(!base.starts_key_frame);
        let Switch::To(cells) = base.frame.switch else { panic!("{base:?}") };
        assert!(cells.has(Cell::at(0, 2)), "every base frame is a way up");
        let upper = Av1Packet::read(&Written::frame(3, 9).bytes(), &mut structure).frame;
        assert_eq!(upper.cell, Cell::at(0, 2));
        assert!(
            upper.present.has(Cell::at(0, 2))
                && upper.present.has(Cell::at(3, 3))
                && !upper.present.has(Cell::at(3, 1))
        );
    }

    #[test]
    fn the_lower_picture_is_not_needed_above_it_except_on_key_pictures() {
        let mut structure = None;
        let key = Written { structure: Some(l2t1_key), ..Written::frame(0, 1) }.bytes();
        let key = Av1Packet::read(&key, &mut structure);
        assert!(key.frame.present.has(Cell::at(0, 0)) && key.frame.present.has(Cell::at(1, 0)));
        let below = Av1Packet::read(&Written::frame(1, 3).bytes(), &mut structure);
        assert!(below.frame.present.has(Cell::at(0, 0)) && !below.frame.present.has(Cell::at(1, 0)));
        let above = Av1Packet::read(&Written::frame(3, 4).bytes(), &mut structure);
        assert!(!above.frame.present.has(Cell::at(0, 3)) && above.frame.present.has(Cell::at(2, 0)));
        assert!(!above.starts_key_frame);
    }

    #[test]
    fn when_the_encoder_gives_a_picture_up_its_viewers_get_the_one_below() {
        let mut structure = None;
        let key = Written { structure: Some(l2t1_key), ..Written::frame(0, 1) }.bytes();
        Av1Packet::read(&key, &mut structure);
        let alone = Written { active: Some((0b01, 2)), ..Written::frame(1, 3) }.bytes();
        assert!(Av1Packet::read(&alone, &mut structure).frame.present.has(Cell::at(1, 0)));
    }

    #[test]
    fn a_packet_from_before_the_first_templates_belongs_to_everybody_and_opens_nothing() {
        let read = Av1Packet::read(&Written::frame(1, 3).bytes(), &mut None);
        assert_eq!((read.frame, read.starts_key_frame), (Frame::UNDIVIDED, false));
        assert!(Av1Packet::plain(&[0x18, 0x0A]).unwrap().starts_key_frame);
        assert!(!Av1Packet::plain(&[0x10, 0x32]).unwrap().starts_key_frame);
    }

    #[test]
    fn the_size_is_read_from_a_sequence_header_too() {
        // Of a stream of libaom.
        let header = [0x00, 0x00, 0x00, 0x0C, 0xC4, 0xFF, 0x67, 0x36, 0xBE, 0x40, 0x10];
        let size = Some(PictureSize { width: 640, height: 360 });
        assert_eq!(size_in(&[&[0x18, 0x08][..], &header].concat()), size);
        assert_eq!(size_in(&[&[0x28, 12, 0x08][..], &header].concat()), size);
        assert_eq!(size_in(&[&[0x28, 13, 0x0A, 11][..], &header].concat()), size);
        assert_eq!(size_in(&[0x10, 0x30, 1, 2]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(
            packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..120), 1..8),
            flags in 0u8..8,
        ) {
            let mut structure = None;
            Av1Packet::read(&Written { structure: Some(l1t3), ..Written::frame(0, 7) }.bytes(), &mut structure);
            for mut packet in packets {
                let _ = (Av1Descriptor::parse(&packet), Av1Packet::plain(&packet), size_in(&packet));
                if let Some(byte) = packet.get_mut(3) {
                    *byte = (*byte & 0x1F) | flags << 5;
                }
                let _ = Av1Packet::read(&packet, &mut structure);
            }
        }

        #[test]
        fn a_cut_descriptor_changes_nothing(cut in 0usize..40) {
            let key = Written { structure: Some(l1t3), ..Written::frame(0, 7) }.bytes();
            let mut structure = None;
            let cut = cut.min(key.len() - 1);
            let read = Av1Packet::read(&key[..cut], &mut structure);
            prop_assert!(!read.starts_key_frame || cut + 1 == key.len());
        }
    }
}

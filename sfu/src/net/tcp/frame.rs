//! Datagrams on a byte stream: each behind its length in two bytes (RFC 4571 section 2).

use crate::transport::DATAGRAM_MAX;

/// Length of the length.
pub(super) const HEADER: usize = 2;

/// Cuts what was read into datagrams. It keeps no more than the beginning of one.
#[derive(Default)]
pub(super) struct Deframer {
    /// Length and beginning of a datagram whose end has not come.
    partial: Vec<u8>,
    /// The last datagram handed out lies in `partial`.
    is_spent: bool,
}

/// A frame longer than any datagram we read. What follows cannot be trusted to be a frame's beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Oversize;

impl Deframer {
    /// The next datagram of `input`, from which it is taken. `None`: all of it has been read. Empty frames are handed out too.
    pub(super) fn next<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8]) -> Result<Option<&'a [u8]>, Oversize> {
        if std::mem::take(&mut self.is_spent) {
            self.partial.clear();
        }
        if self.partial.is_empty() {
            // Nearly always: nothing is copied.
            if let Some(len) = length(input)?
                && let Some((datagram, rest)) = input.get(HEADER..).and_then(|body| body.split_at_checked(len))
            {
                *input = rest;
                return Ok(Some(datagram));
            }
        }
        self.take(input, HEADER);
        let Some(len) = length(&self.partial)? else { return Ok(None) };
        self.take(input, HEADER + len);
        self.is_spent = self.partial.len() == HEADER + len;
        Ok(if self.is_spent { self.partial.get(HEADER..) } else { None })
    }

    /// Fills the partial frame up to `len` bytes, as far as there are any.
    fn take(&mut self, input: &mut &[u8], len: usize) {
        let missing = len.saturating_sub(self.partial.len()).min(input.len());
        let (taken, rest) = input.split_at_checked(missing).unwrap_or((input, &[]));
        self.partial.extend_from_slice(taken);
        *input = rest;
    }
}

/// What the first two bytes say, when they are there.
fn length(bytes: &[u8]) -> Result<Option<usize>, Oversize> {
    let Some(header) = bytes.first_chunk::<HEADER>() else { return Ok(None) };
    let len = usize::from(u16::from_be_bytes(*header));
    if len > DATAGRAM_MAX { Err(Oversize) } else { Ok(Some(len)) }
}

/// The bytes before a datagram. Ours are made from packets that fit into UDP.
pub(super) fn header(datagram: &[u8]) -> Option<[u8; HEADER]> {
    u16::try_from(datagram.len()).ok().map(u16::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framed(datagrams: &[Vec<u8>]) -> Vec<u8> {
        datagrams.iter().flat_map(|datagram| [&header(datagram).unwrap()[..], datagram].concat()).collect()
    }

    fn read(deframer: &mut Deframer, mut input: &[u8]) -> Result<Vec<Vec<u8>>, Oversize> {
        let mut datagrams = Vec::new();
        while let Some(datagram) = deframer.next(&mut input)? {
            datagrams.push(datagram.to_vec());
        }
        assert!(input.is_empty());
        Ok(datagrams)
    }

    #[test]
    fn frames_are_cut_apart_and_an_empty_one_is_one_too() {
        let datagrams = [b"check".to_vec(), vec![], vec![7; DATAGRAM_MAX]];
        assert_eq!(read(&mut Deframer::default(), &framed(&datagrams)).unwrap(), datagrams);
    }

    #[test]
    fn a_frame_longer_than_any_datagram_ends_the_reading() {
        let mut input = &[8, 1, 0, 0, 0][..];
        assert_eq!(Deframer::default().next(&mut input), Err(Oversize));
        let mut deframer = Deframer::default();
        assert_eq!(read(&mut deframer, &[0xff]), Ok(vec![]));
        assert_eq!(read(&mut deframer, &[0xff]), Err(Oversize));
    }

    proptest! {
        #[test]
        fn any_way_of_cutting_the_stream_gives_the_same_datagrams(
            datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..=300), 0..12),
            cuts in proptest::collection::vec(1usize..400, 1..40),
        ) {
            let stream = framed(&datagrams);
            let mut deframer = Deframer::default();
            let mut read_so_far = Vec::new();
            let mut rest = stream.as_slice();
            for cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at(*cut.min(&rest.len()));
                read_so_far.extend(read(&mut deframer, piece).unwrap());
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(read_so_far, datagrams);
        }

        #[test]
        fn any_bytes_are_read_without_keeping_more_than_one_datagram(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..600), 0..20),
        ) {
            let mut deframer = Deframer::default();
            for piece in pieces {
                let mut input = piece.as_slice();
                while let Ok(Some(_)) = deframer.next(&mut input) {}
                prop_assert!(deframer.partial.len() <= HEADER + DATAGRAM_MAX);
            }
        }
    }
}

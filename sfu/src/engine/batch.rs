//! Datagrams on their way out, sealed next to each other into one buffer that is reused. Hot path: no allocation once it has grown.

use crate::egress::BATCH_BYTES;
use crate::transport::Path;

/// Datagrams of one size to one path, to be sent with one call where the kernel can cut them apart (GSO).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transmit<'a> {
    pub path: Path,
    pub bytes: &'a [u8],
    /// Length of each datagram in `bytes`; the last may be shorter. `None`: it is one datagram.
    pub segment_size: Option<usize>,
}

#[derive(Default)]
pub(super) struct Batch {
    /// Always initialised up to its length; `used` says how much of it is filled.
    bytes: Vec<u8>,
    used: usize,
    datagrams: Vec<Datagram>,
    /// Datagrams already handed out.
    taken: usize,
}

#[derive(Clone, Copy)]
struct Datagram {
    path: Path,
    start: usize,
    len: usize,
}

/// More does not fit into one UDP message, whatever is cut from it.
const BURST_MAX: usize = 65_000;

impl Batch {
    /// Gives `fill` exactly `len` bytes to write a datagram into. Nothing is sent when it fails.
    pub(super) fn push<E>(
        &mut self,
        path: Path,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (start, end) = (self.used, self.used + len);
        if self.bytes.len() < end {
            self.bytes.resize(end.next_power_of_two(), 0);
        }
        fill(self.bytes.get_mut(start..end).unwrap_or_default())?;
        self.used = end;
        self.datagrams.push(Datagram { path, start, len });
        Ok(())
    }

    pub(super) fn push_bytes(&mut self, path: Path, datagram: &[u8]) {
        let copied: Result<(), std::convert::Infallible> = self.push(path, datagram.len(), |out| {
            out.copy_from_slice(datagram);
            Ok(())
        });
        let Ok(()) = copied;
    }

    /// The next datagram; when there is none, the buffer is ready for what comes next.
    pub(super) fn poll(&mut self) -> Option<Transmit<'_>> {
        if self.taken >= self.datagrams.len() {
            self.clear();
            return None;
        }
        let at = self.taken;
        self.taken += 1;
        self.run(at, 1).map(|(transmit, _)| transmit)
    }

    /// Everything that has not been taken, in runs of up to `segments_max` datagrams of one size to one path.
    pub(super) fn runs(&self, segments_max: usize) -> impl Iterator<Item = Transmit<'_>> {
        let mut at = self.taken;
        std::iter::from_fn(move || {
            let (transmit, count) = self.run(at, segments_max)?;
            at += count;
            Some(transmit)
        })
    }

    fn run(&self, at: usize, segments_max: usize) -> Option<(Transmit<'_>, usize)> {
        let first = self.datagrams.get(at)?;
        let mut len = 0;
        let mut count = 0;
        for datagram in self.datagrams.iter().skip(at).take(segments_max.max(1)) {
            let fits = datagram.path == first.path && datagram.len <= first.len && len + datagram.len <= BURST_MAX;
            if count > 0 && !fits {
                break;
            }
            count += 1;
            len += datagram.len;
            if datagram.len < first.len {
                break;
            }
        }
        let bytes = self.bytes.get(first.start..first.start + len)?;
        Some((Transmit { path: first.path, bytes, segment_size: (count > 1).then_some(first.len) }, count))
    }

    pub(super) fn is_full(&self) -> bool {
        self.used >= BATCH_BYTES
    }

    pub(super) fn clear(&mut self) {
        self.used = 0;
        self.taken = 0;
        self.datagrams.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn path(port: u16) -> Path {
        Path::udp(SocketAddr::from(([192, 0, 2, 1], port)), None)
    }

    fn runs(batch: &mut Batch, segments_max: usize) -> Vec<(u16, Vec<u8>, Option<usize>)> {
        let told =
            |transmit: Transmit<'_>| (transmit.path.remote.port(), transmit.bytes.to_vec(), transmit.segment_size);
        let runs = batch.runs(segments_max).map(told).collect();
        batch.clear();
        runs
    }

    #[test]
    fn equal_sizes_to_one_path_leave_together_and_a_shorter_one_ends_the_run() {
        let mut batch = Batch::default();
        for (port, datagram) in [(1, &b"aaaa"[..]), (1, b"bbbb"), (1, b"cc"), (1, b"dd"), (2, b"ee"), (1, b"ffff")] {
            batch.push_bytes(path(port), datagram);
        }
        let expected = [
            (1, b"aaaabbbbcc".to_vec(), Some(4)),
            (1, b"dd".to_vec(), None),
            (2, b"ee".to_vec(), None),
            (1, b"ffff".to_vec(), None),
        ];
        assert_eq!(runs(&mut batch, 64), expected);
        assert_eq!(runs(&mut batch, 64), []);
    }

    #[test]
    fn a_run_is_no_longer_than_the_socket_can_cut() {
        let mut batch = Batch::default();
        (0..5).for_each(|_| batch.push_bytes(path(1), b"xx"));
        let sizes: Vec<usize> = runs(&mut batch, 2).iter().map(|(_, bytes, _)| bytes.len()).collect();
        assert_eq!(sizes, [4, 4, 2]);
        (0..100).for_each(|_| batch.push_bytes(path(1), &[0; 1200]));
        assert!(runs(&mut batch, 64).iter().all(|(_, bytes, _)| bytes.len() <= BURST_MAX));
    }

    #[test]
    fn a_datagram_that_could_not_be_filled_is_not_sent() {
        let mut batch = Batch::default();
        batch.push_bytes(path(1), b"before");
        assert_eq!(batch.push(path(1), 6, |_| Err("no")), Err("no"));
        batch.push_bytes(path(1), b"behind");
        assert_eq!(runs(&mut batch, 1).len(), 2);
    }

    #[test]
    fn the_buffer_is_reused() {
        let mut batch = Batch::default();
        for _ in 0..1000 {
            (0..100).for_each(|_| batch.push_bytes(path(1), &[1; 1000]));
            while batch.poll().is_some() {}
        }
        assert!(batch.bytes.len() <= 131_072);
    }
}

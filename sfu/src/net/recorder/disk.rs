//! The two files of a recording.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;

use super::RecordingSummary;
use crate::tap::RecordingIndex;

/// Recordings are for the server alone; people get them through it.
const MODE: u32 = 0o600;

/// A ledger of a day with a change every second is 2 MB.
const LEDGER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What a recording needs of a disk. A trait, so that tests can make the n-th call fail.
pub(super) trait Disk: Send {
    /// Replaces the first bytes.
    fn write_head(&mut self, head: &[u8]) -> io::Result<()>;
    /// Adds to the end, in one write.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Adds lines to the ledger.
    fn note(&mut self, lines: &str) -> io::Result<()>;
    /// Returns when everything so far is on the disk.
    fn sync(&mut self) -> io::Result<()>;
    /// Removes what a failed [`Self::append`] left behind.
    fn cut_tail(&mut self) -> io::Result<()>;
    fn summary(&self, index: RecordingIndex) -> io::Result<RecordingSummary>;
}

/// The ledger's place beside a recording's.
#[must_use]
pub fn ledger_path(recording: &Path) -> PathBuf {
    recording.with_extension("ledger")
}

pub(super) struct Reel {
    film: File,
    ledger: File,
    /// Where the next cluster goes.
    length: u64,
    noted: Noted,
}

/// Whether the ledger has lines that are not yet on the disk.
#[derive(PartialEq, Eq)]
enum Noted {
    Nothing,
    Lines,
}

impl Reel {
    /// Makes both files; neither may exist.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        if path.extension().is_none_or(|extension| extension != "webm") {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a recording's name ends in .webm"));
        }
        let film = OpenOptions::new().read(true).write(true).create_new(true).mode(MODE).open(path)?;
        let ledger = OpenOptions::new().read(true).append(true).create_new(true).mode(MODE).open(ledger_path(path))?;
        film.try_lock().map_err(io::Error::from)?;
        // The files' names are on the disk too, or a loss of power would take the files with them.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
        Ok(Self { film, ledger, length: 0, noted: Noted::Nothing })
    }

    /// Opens what a recorder left. `None`: one is still writing it.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let film = OpenOptions::new().read(true).write(true).open(path)?;
        match film.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // The ledger may have been lost; the recording is worth keeping without it.
        let ledger = OpenOptions::new().read(true).append(true).create(true).mode(MODE).open(ledger_path(path))?;
        let length = film.metadata()?.len();
        Ok(Some(Self { film, ledger, length, noted: Noted::Nothing }))
    }

    pub(super) fn reader(&self) -> BufReader<&File> {
        BufReader::new(&self.film)
    }

    pub(super) fn cut_to(&mut self, length: u64) -> io::Result<()> {
        self.length = length;
        self.cut_tail()
    }

    #[cfg(test)]
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// As if the last write had failed half-way.
    #[cfg(test)]
    pub(super) fn forget_after(&mut self, length: u64) {
        self.length = length;
    }

    pub(super) fn read_ledger(&self) -> io::Result<String> {
        let mut bytes = Vec::new();
        (&self.ledger).take(LEDGER_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn sha256(&self) -> io::Result<[u8; 32]> {
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut piece = vec![0; 1 << 20];
        let mut at = 0;
        loop {
            let read = match self.film.read_at(&mut piece, at) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hash.update(piece.get(..read).unwrap_or_default());
            at += read as u64;
        }
        hash.finish().as_ref().try_into().map_err(|_| io::Error::other("SHA-256 is 32 bytes"))
    }
}

impl Disk for Reel {
    fn write_head(&mut self, head: &[u8]) -> io::Result<()> {
        self.film.write_all_at(head, 0)?;
        self.length = self.length.max(head.len() as u64);
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.film.write_all_at(bytes, self.length)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn note(&mut self, lines: &str) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.noted = Noted::Lines;
        self.ledger.write_all(lines.as_bytes())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.film.sync_data()?;
        if std::mem::replace(&mut self.noted, Noted::Nothing) == Noted::Lines {
            self.ledger.sync_data()?;
        }
        Ok(())
    }

    fn cut_tail(&mut self) -> io::Result<()> {
        self.film.set_len(self.length)
    }

    fn summary(&self, index: RecordingIndex) -> io::Result<RecordingSummary> {
        Ok(RecordingSummary { index, bytes: self.length, sha256: self.sha256()? })
    }
}

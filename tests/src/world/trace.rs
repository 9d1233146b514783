//! Everything that comes out of a run, folded into one number: two runs of a seed are the same run when their numbers are.

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::time::Duration;

/// Lines kept to be printed when a run fails.
const KEPT: usize = 60;

#[derive(Debug)]
pub struct Trace {
    hasher: DefaultHasher,
    noted: u64,
    last: VecDeque<String>,
    told: Telling,
}

/// Whether lines are written out as they come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Telling {
    Aloud,
    Silent,
}

impl Trace {
    #[must_use]
    pub fn new(told: Telling) -> Self {
        // The standard hasher with its fixed keys: the same in every run of one build, which is all that is asked.
        Self { hasher: DefaultHasher::new(), noted: 0, last: VecDeque::new(), told }
    }

    /// Bytes that left the bridge, for whom.
    pub fn bytes(&mut self, at: Duration, to: u64, bytes: &[u8]) {
        self.noted += 1;
        self.hasher.write_u64(at.as_micros() as u64);
        self.hasher.write_u64(to);
        self.hasher.write(bytes);
    }

    /// Something worth a line.
    pub fn line(&mut self, at: Duration, line: impl FnOnce() -> String) {
        let line = format!("{:>9.3} {}", at.as_secs_f64(), line());
        self.noted += 1;
        self.hasher.write(line.as_bytes());
        if self.told == Telling::Aloud {
            println!("{line}");
        }
        self.last.push_back(line);
        if self.last.len() > KEPT {
            self.last.pop_front();
        }
    }

    #[must_use]
    pub fn number(&self) -> (u64, u64) {
        (self.noted, self.hasher.finish())
    }

    #[must_use]
    pub fn last(&self) -> String {
        self.last.iter().map(|line| format!("  {line}\n")).collect()
    }
}

//! What the shell counts, for `/metrics`. Names follow Prometheus; `web` exports them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::wire::{ByeReason, CloseCode, Fault, RefusalCode};

#[derive(Debug, Default)]
pub struct Counters {
    pub(super) connections_opened: AtomicU64,
    pub(super) connections_closed: AtomicU64,
    pub(super) welcomes: AtomicU64,
    pub(super) messages_rx: AtomicU64,
    pub(super) messages_tx: AtomicU64,
    pub(super) marks_stored: AtomicU64,
    pub(super) store_failures: AtomicU64,
    pub(super) facts_dropped: AtomicU64,
    refusals: Mutex<BTreeMap<RefusalCode, u64>>,
    faults: Mutex<BTreeMap<Fault, u64>>,
    byes: Mutex<BTreeMap<ByeReason, u64>>,
    closes: Mutex<BTreeMap<CloseCode, u64>>,
    forgeries: AtomicU64,
}

/// One figure: its name, its label if it has one, its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Count {
    pub name: &'static str,
    pub label: Option<(&'static str, String)>,
    pub value: u64,
}

impl Counters {
    /// All figures, each growing for ever.
    #[must_use]
    pub fn read(&self) -> Vec<Count> {
        let plain = [
            ("signaling_connections_opened_total", &self.connections_opened),
            ("signaling_connections_closed_total", &self.connections_closed),
            ("signaling_welcomes_total", &self.welcomes),
            ("signaling_messages_received_total", &self.messages_rx),
            ("signaling_messages_sent_total", &self.messages_tx),
            ("signaling_marks_stored_total", &self.marks_stored),
            ("signaling_store_failures_total", &self.store_failures),
            ("signaling_facts_dropped_total", &self.facts_dropped),
            ("signaling_forged_tokens_total", &self.forgeries),
        ];
        let mut counts: Vec<Count> =
            plain.into_iter().map(|(name, value)| Count { name, label: None, value: value.load(Relaxed) }).collect();
        counts.extend(labelled("signaling_refusals_total", "code", &self.refusals, |code| word(&code)));
        counts.extend(labelled("signaling_faults_total", "fault", &self.faults, |fault| fault.name().to_owned()));
        counts.extend(labelled("signaling_byes_total", "why", &self.byes, |why| word(&why)));
        counts.extend(labelled("signaling_closes_total", "code", &self.closes, |code| code.name().to_owned()));
        counts
    }

    pub(super) fn refused(&self, code: RefusalCode) {
        count(&self.refusals, code);
    }

    pub(super) fn faulted(&self, fault: Fault) {
        count(&self.faults, fault);
    }

    pub(super) fn said_bye(&self, why: ByeReason) {
        count(&self.byes, why);
    }

    pub(super) fn closed(&self, code: CloseCode) {
        count(&self.closes, code);
    }

    pub(super) fn forged(&self) {
        self.forgeries.fetch_add(1, Relaxed);
    }
}

fn count<K: Ord>(counts: &Mutex<BTreeMap<K, u64>>, key: K) {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    *counts.entry(key).or_default() += 1;
}

fn labelled<K: Ord + Copy>(
    name: &'static str,
    label: &'static str,
    counts: &Mutex<BTreeMap<K, u64>>,
    word: impl Fn(K) -> String,
) -> Vec<Count> {
    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    counts.iter().map(|(key, value)| Count { name, label: Some((label, word(*key))), value: *value }).collect()
}

/// The word the wire uses.
fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::from("other"),
    }
}

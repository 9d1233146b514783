//! What every handler can reach.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use scheduler::store::Office;

use crate::account::attempts::{Attempts, Wait};
use crate::account::password::Hasher;
use crate::config::{Occasion, Settings};
use crate::telemetry::Metrics;
use crate::wiring::live::Live;

/// A handle; clones share everything.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// What an application is made of.
pub struct Parts {
    pub settings: Settings,
    pub store: Office,
    pub hasher: Hasher,
    pub live: Live,
    pub metrics: Metrics,
}

struct Shared {
    parts: Parts,
    attempts: Mutex<Attempts>,
}

impl App {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared { parts, attempts: Mutex::new(Attempts::default()) }))
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    #[must_use]
    pub fn store(&self) -> &Office {
        &self.0.parts.store
    }

    #[must_use]
    pub fn hasher(&self) -> &Hasher {
        &self.0.parts.hasher
    }

    #[must_use]
    pub fn live(&self) -> &Live {
        &self.0.parts.live
    }

    #[must_use]
    pub fn figures(&self) -> &Metrics {
        &self.0.parts.metrics
    }

    /// In Prometheus' text format.
    pub async fn metrics(&self) -> String {
        self.0.parts.live.measure().await;
        self.0.parts.metrics.text()
    }

    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.0.parts.settings.occasion == Occasion::Demo
    }

    /// Counts an attempt to sign in.
    #[allow(clippy::disallowed_methods, reason = "this is the shell's clock")]
    pub fn try_sign_in(&self, name: &str, address: Option<IpAddr>) -> Result<(), Wait> {
        self.attempts(|attempts| attempts.take(name, address, Instant::now()))
    }

    /// After a success.
    pub fn forgive(&self, name: &str) {
        self.attempts(|attempts| attempts.forgive(name));
    }

    /// Where a recording of the catalogue lies. The name is the catalogue's, never a request's.
    #[must_use]
    pub fn recording_path(&self, file: &str) -> PathBuf {
        recordings(&self.0.parts.settings).join(file)
    }

    fn attempts<T>(&self, with: impl FnOnce(&mut Attempts) -> T) -> T {
        // The table is plain data: a panic elsewhere leaves it usable.
        with(&mut self.0.attempts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The directory of the recordings.
#[must_use]
pub fn recordings(settings: &Settings) -> PathBuf {
    settings.data.join("recordings")
}

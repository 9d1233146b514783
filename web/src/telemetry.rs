//! Logs and figures.

mod sparse;

use std::io::IsTerminal as _;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use sparse::Sparse;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, Settings};

/// Lines on stderr. Stdout is for what a person asked for: addresses, accounts, tokens.
pub fn log(settings: &Settings) {
    let filter = EnvFilter::try_new(filter(&settings.log)).unwrap_or_else(|_| EnvFilter::new("info"));
    // Colours are for people: a journal or a file gets plain text.
    let ansi = std::io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi);
    // A second call (several servers in one test process) keeps the first one's choice.
    let _already_set = match settings.log_format {
        LogFormat::Human => subscriber.with_target(false).finish().with(Sparse::default()).try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).finish().with(Sparse::default()).try_init(),
    };
}

/// Anybody can send a handshake, and the library warns of each unknown extension in it without saying whose: nothing a technician
/// could act on. Whoever names the library in the filter hears it again.
fn filter(wanted: &str) -> String {
    format!("rtc_dtls=error,{wanted}")
}

/// What `/metrics` prints.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

/// Seconds; a page should answer within the first three.
const BUCKETS: [f64; 8] = [0.005, 0.02, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

impl Metrics {
    /// Makes the process's figures known. A second call in one process gets a page of its own that stays empty.
    #[must_use]
    pub fn install() -> Self {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::debug!("figures are already counted by another server of this process");
        }
        Self(handle)
    }

    #[must_use]
    pub fn text(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }
}

/// Histograms are emptied into their buckets this often when nobody reads them.
const UPKEEP: Duration = Duration::from_secs(10);

/// Until the process ends.
pub async fn keep_up(metrics: Metrics) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        metrics.0.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_of_handshakes_is_quiet_unless_it_is_asked_for() {
        let has = |wanted: &str, directive: &str| {
            EnvFilter::new(filter(wanted)).to_string().split(',').any(|found| found == directive)
        };
        assert!(has("info", "rtc_dtls=error") && has("info", "info"));
        assert!(has("warn,rtc_dtls=debug", "rtc_dtls=debug") && !has("warn,rtc_dtls=debug", "rtc_dtls=error"));
    }
}

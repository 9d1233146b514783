//! The certificate, its age, and taking a new one without a restart.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use axum_server::tls_rustls::RustlsConfig;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use scheduler::time::UtcTime;
use x509_parser::parse_x509_certificate;

use crate::clock;

/// How often the files are looked at: a renewed certificate is in use within a minute.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// The log reminds of an expiring certificate when so many days are left, and at each start within the first of them.
const REMIND_DAYS: [i64; 5] = [30, 14, 7, 1, 0];
const DAY_S: i64 = 24 * 3600;

#[derive(Debug, thiserror::Error)]
pub enum CertificateRefused {
    #[error("The certificate {} and the key {} cannot be used ({why}): check that both are PEM files and belong together.", .cert.display(), .key.display())]
    Unusable { cert: PathBuf, key: PathBuf, why: std::io::Error },
    #[error("The file {} holds no certificate: give the PEM file of the certificate and its chain with --tls-cert.", .cert.display())]
    NoCertificate { cert: PathBuf },
    #[error("The certificate {} is not valid yet: check this machine's clock, or give another with --tls-cert.", .cert.display())]
    NotYet { cert: PathBuf },
    #[error("The certificate {} has expired, so browsers refuse it: give a new one with --tls-cert and --tls-key.", .cert.display())]
    Expired { cert: PathBuf },
}

/// When a certificate may be used, in Unix seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Validity {
    from_s: i64,
    to_s: i64,
}

impl Validity {
    /// Of the first certificate, which is the server's own.
    fn of(cert: &Path) -> Option<Self> {
        let first = CertificateDer::pem_file_iter(cert).ok()?.next()?.ok()?;
        let (_, parsed) = parse_x509_certificate(&first).ok()?;
        let validity = parsed.validity();
        Some(Self { from_s: validity.not_before.timestamp(), to_s: validity.not_after.timestamp() })
    }

    fn days_left(self, now_s: i64) -> i64 {
        (self.to_s - now_s).div_euclid(DAY_S)
    }
}

/// The step of [`REMIND_DAYS`] that has been reached.
fn reminder(days_left: i64) -> Option<i64> {
    REMIND_DAYS.iter().copied().rev().find(|step| days_left < *step)
}

pub async fn load(cert: &Path, key: &Path) -> Result<RustlsConfig, CertificateRefused> {
    let unusable = |why| CertificateRefused::Unusable { cert: cert.to_owned(), key: key.to_owned(), why };
    std::fs::File::open(cert).map_err(unusable)?;
    let validity = Validity::of(cert).ok_or_else(|| CertificateRefused::NoCertificate { cert: cert.to_owned() })?;
    let config = RustlsConfig::from_pem_file(cert, key).await.map_err(unusable)?;
    check(cert, validity, now_s(clock::now()))?;
    Ok(config)
}

fn check(cert: &Path, validity: Validity, now_s: i64) -> Result<(), CertificateRefused> {
    let cert = || cert.to_owned();
    if now_s < validity.from_s {
        return Err(CertificateRefused::NotYet { cert: cert() });
    }
    if now_s >= validity.to_s {
        return Err(CertificateRefused::Expired { cert: cert() });
    }
    Ok(())
}

/// Until the process ends. A certificate that expires meanwhile stays in use: meetings that run are not cut for it.
pub async fn reload(config: RustlsConfig, cert: PathBuf, key: PathBuf) {
    let mut known = changed(&cert, &key);
    let mut reminded = None;
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    loop {
        ticks.tick().await;
        let now = changed(&cert, &key);
        if now != known {
            known = now;
            match config.reload_from_pem_file(&cert, &key).await {
                Ok(()) => tracing::info!("a new certificate is in use"),
                Err(why) => {
                    tracing::error!(%why, "the new certificate cannot be used; the old one stays until it expires");
                }
            }
        }
        reminded = remind(&cert, reminded);
    }
}

/// Once at each step.
fn remind(cert: &Path, reminded: Option<i64>) -> Option<i64> {
    let days = Validity::of(cert)?.days_left(now_s(clock::now()));
    let step = reminder(days);
    if step != reminded {
        match step {
            Some(0) => tracing::error!("the certificate has expired: browsers refuse this server"),
            Some(_) => tracing::warn!(days, "the certificate expires soon: renew it, the new one is taken by itself"),
            None => {}
        }
    }
    step
}

fn now_s(now: UtcTime) -> i64 {
    now.millis() / 1000
}

fn changed(cert: &Path, key: &Path) -> [Option<SystemTime>; 2] {
    [cert, key].map(|path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    /// A certificate and its key, as files.
    fn issued(dir: &Path, from_year: i32, to_year: i32) -> (PathBuf, PathBuf) {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from_year, 1, 1), date_time_ymd(to_year, 1, 1));
        let own = KeyPair::generate().unwrap();
        let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
        std::fs::write(&cert, params.self_signed(&own).unwrap().pem()).unwrap();
        std::fs::write(&key, own.serialize_pem()).unwrap();
        (cert, key)
    }

    #[tokio::test]
    async fn a_certificate_that_browsers_would_refuse_ends_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = issued(dir.path(), 2000, 4000);
        load(&cert, &key).await.unwrap();
        issued(dir.path(), 2000, 2001);
        assert!(matches!(load(&cert, &key).await, Err(CertificateRefused::Expired { .. })));
        issued(dir.path(), 3999, 4000);
        assert!(matches!(load(&cert, &key).await, Err(CertificateRefused::NotYet { .. })));
    }

    #[test]
    fn it_holds_from_its_first_second_to_before_its_last() {
        let cert = Path::new("cert.pem");
        let validity = Validity { from_s: 100, to_s: 200 };
        assert!(matches!(check(cert, validity, 99), Err(CertificateRefused::NotYet { .. })));
        assert!(check(cert, validity, 100).is_ok() && check(cert, validity, 199).is_ok());
        assert!(matches!(check(cert, validity, 200), Err(CertificateRefused::Expired { .. })));
    }

    #[test]
    fn the_reminders_come_thirty_fourteen_seven_and_one_day_before_the_end_and_after_it() {
        let steps: Vec<Option<i64>> = [31, 30, 29, 14, 13, 7, 6, 1, 0, -1].map(reminder).to_vec();
        let expected = [None, None, Some(30), Some(30), Some(14), Some(14), Some(7), Some(7), Some(1), Some(0)];
        assert_eq!(steps, expected);
        let validity = Validity { from_s: 0, to_s: 10 * DAY_S };
        assert_eq!(
            [validity.days_left(0), validity.days_left(10 * DAY_S - 1), validity.days_left(10 * DAY_S + 1)],
            [10, 0, -1]
        );
    }

    #[tokio::test]
    async fn a_bad_certificate_says_which_files_to_look_at() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        std::fs::write(&cert, "no certificate").unwrap();
        std::fs::write(&key, "no key").unwrap();
        let sentence = load(&cert, &key).await.unwrap_err().to_string();
        assert!(sentence.starts_with(&format!("The file {} holds no certificate", cert.display())), "{sentence}");

        let (cert, _) = issued(dir.path(), 2000, 4000);
        std::fs::write(&key, "no key").unwrap();
        let sentence = load(&cert, &key).await.unwrap_err().to_string();
        assert!(
            sentence.starts_with(&format!(
                "The certificate {} and the key {} cannot be used (",
                cert.display(),
                key.display()
            )),
            "{sentence}"
        );
        assert!(
            sentence.ends_with("check that both are PEM files and belong together.") && !sentence.contains('\n'),
            "{sentence}"
        );
        let missing = load(&dir.path().join("nowhere.pem"), &key).await.unwrap_err().to_string();
        assert!(missing.contains("nowhere.pem"), "{missing}");
    }
}

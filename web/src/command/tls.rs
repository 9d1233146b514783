//! The certificate, and taking a new one without a restart.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use axum_server::tls_rustls::RustlsConfig;

/// How often the files are looked at: a renewed certificate is in use within a minute.
const LOOK_EVERY: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
pub enum CertificateRefused {
    #[error("The certificate {} and the key {} cannot be used ({why}): check that both are PEM files and belong together.", .cert.display(), .key.display())]
    Unusable { cert: PathBuf, key: PathBuf, why: std::io::Error },
}

pub async fn load(cert: &Path, key: &Path) -> Result<RustlsConfig, CertificateRefused> {
    RustlsConfig::from_pem_file(cert, key).await.map_err(|why| CertificateRefused::Unusable {
        cert: cert.to_owned(),
        key: key.to_owned(),
        why,
    })
}

/// Until the process ends.
pub async fn reload(config: RustlsConfig, cert: PathBuf, key: PathBuf) {
    let mut known = changed(&cert, &key);
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    loop {
        ticks.tick().await;
        let now = changed(&cert, &key);
        if now == known {
            continue;
        }
        known = now;
        match config.reload_from_pem_file(&cert, &key).await {
            Ok(()) => tracing::info!("a new certificate is in use"),
            Err(why) => tracing::error!(%why, "the new certificate cannot be used; the old one stays until it expires"),
        }
    }
}

fn changed(cert: &Path, key: &Path) -> [Option<SystemTime>; 2] {
    [cert, key].map(|path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_bad_certificate_says_which_files_to_look_at() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        std::fs::write(&cert, "no certificate").unwrap();
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

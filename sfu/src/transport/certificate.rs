//! The bridge's DTLS identity and the peers' (RFC 8122): certificates are self-signed and known by their fingerprints.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use rtc_dtls::crypto_provider::RTCCryptoProvider;
use rtc_dtls::crypto_provider::providers::AwsLcRsProvider;

/// The one cryptography in the process, as the protocol crates want to be handed it.
pub(crate) type Crypto = Arc<dyn RTCCryptoProvider>;

pub(crate) fn provider() -> Crypto {
    Arc::new(AwsLcRsProvider::new())
}

/// What the bridge shows to every peer: one ECDSA P-256 certificate a process, so that a stolen key is worth one run.
#[derive(Clone)]
pub struct Certificate {
    pub(crate) inner: rtc_dtls::crypto::Certificate,
    fingerprint: Fingerprint,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no certificate could be made: {0}")]
pub struct NoCertificate(String);

impl Certificate {
    /// Draws on the operating system's randomness, so only the shell and tests call it.
    pub fn generate() -> Result<Self, NoCertificate> {
        let no = |error: rtc_shared::error::Error| NoCertificate(error.to_string());
        let inner = rtc_dtls::crypto::Certificate::generate_self_signed(["bridge".to_owned()], provider().crypto())
            .map_err(no)?;
        let der = inner.certificate.first().ok_or_else(|| NoCertificate("it is empty".to_owned()))?;
        let fingerprint = Fingerprint::of(Hash::Sha256, der.as_ref());
        Ok(Self { inner, fingerprint })
    }

    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.fingerprint)
    }
}

/// Hash functions a fingerprint may be made with. Weaker ones are not believed (RFC 8122 section 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

/// `a=fingerprint`. Printed as in SDP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fingerprint {
    hash: Hash,
    bytes: Vec<u8>,
}

impl Fingerprint {
    fn of(hash: Hash, der: &[u8]) -> Self {
        Self { hash, bytes: digest::digest(hash.algorithm(), der).as_ref().to_vec() }
    }

    /// Reads the value of an `a=fingerprint` line: `sha-256 AB:CD:…`.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let (name, digits) = value.trim().split_once(' ')?;
        let hash = Hash::ALL.into_iter().find(|hash| hash.name().eq_ignore_ascii_case(name))?;
        let bytes = hex::decode(digits.trim().replace(':', "")).ok()?;
        (bytes.len() == hash.algorithm().output_len()).then_some(Self { hash, bytes })
    }

    /// Whether it is `der`'s.
    pub(super) fn fits(&self, der: &[u8]) -> bool {
        *self == Self::of(self.hash, der)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hash.name())?;
        for (at, byte) in self.bytes.iter().enumerate() {
            write!(f, "{}{byte:02X}", if at == 0 { ' ' } else { ':' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_back_as_it_is_written() {
        let certificate = Certificate::generate().unwrap();
        let text = certificate.fingerprint().to_string();
        assert!(text.starts_with("sha-256 "));
        let parsed = Fingerprint::parse(&text.to_lowercase()).unwrap();
        assert_eq!(&parsed, certificate.fingerprint());
        assert!(parsed.fits(certificate.inner.certificate[0].as_ref()));
        assert!(!parsed.fits(b"another"));
    }

    #[test]
    fn weak_short_and_garbled_fingerprints_are_not_read() {
        for value in ["sha-1 AB:CD", "sha-256 AB:CD", "sha-256", "", "md5 00", "sha-256 zz:zz"] {
            assert_eq!(Fingerprint::parse(value), None, "{value}");
        }
    }
}

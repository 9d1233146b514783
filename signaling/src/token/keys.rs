//! The server's signing key.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{TOKEN_MAX, TokenRefused};

/// Has no `Debug`: the key must not reach a log.
#[derive(Clone)]
pub struct Keys {
    signing: EncodingKey,
    verifying: DecodingKey,
    /// A fingerprint of the public key. A token of another key is told apart from a broken one, and nothing else is read from it.
    kid: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyUnusable {
    #[error("the signing key is not an Ed25519 key in PKCS#8")]
    NotEd25519,
    #[error("the system gave no randomness for a new signing key")]
    NoRandomness,
}

impl Keys {
    /// # Errors
    /// [`KeyUnusable::NotEd25519`] for bytes that [`Keys::generate`] did not make.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyUnusable> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyUnusable::NotEd25519)?;
        let public = pair.public_key().as_ref();
        let fingerprint = digest::digest(&digest::SHA256, public);
        let short = fingerprint.as_ref().get(..9).unwrap_or_default();
        Ok(Self {
            signing: EncodingKey::from_ed_der(pkcs8),
            verifying: DecodingKey::from_ed_der(public),
            kid: URL_SAFE_NO_PAD.encode(short),
        })
    }

    /// A new key and the bytes to keep it by, readable for nobody but the server. The one function here that is not pure: it is
    /// called once in the life of an installation.
    ///
    /// # Errors
    /// [`KeyUnusable::NoRandomness`].
    pub fn generate() -> Result<(Self, Vec<u8>), KeyUnusable> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyUnusable::NoRandomness)?;
        let pkcs8 = pair.to_pkcs8().map_err(|_| KeyUnusable::NoRandomness)?;
        let bytes = pkcs8.as_ref().to_vec();
        Ok((Self::from_pkcs8(&bytes)?, bytes))
    }

    pub(super) fn sign<T: Serialize>(&self, typ: &str, claims: &T) -> String {
        // An Ed25519 key that was parsed signs everything, and our claims are plain structs; should either ever fail, an empty
        // token opens no door.
        jsonwebtoken::encode(&self.header(typ), claims, &self.signing).unwrap_or_default()
    }

    /// The signature, the header and the shape of the claims. What the claims *say* is the caller's to judge, with his clock.
    pub(super) fn verify<T: DeserializeOwned>(&self, typ: &str, token: &str) -> Result<T, TokenRefused> {
        if token.len() > TOKEN_MAX {
            return Err(TokenRefused::TooLarge);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenRefused::Malformed)?;
        if header != self.header(typ) {
            return Err(TokenRefused::ForeignHeader);
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        // The library would read the system's clock and its leeway; both are ours to choose.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        match jsonwebtoken::decode::<T>(token, &self.verifying, &validation) {
            Ok(decoded) => Ok(decoded.claims),
            Err(error) => Err(match error.kind() {
                ErrorKind::Json(_) | ErrorKind::Utf8(_) => TokenRefused::ForeignClaims,
                ErrorKind::Base64(_) | ErrorKind::InvalidToken => TokenRefused::Malformed,
                _ => TokenRefused::Forged,
            }),
        }
    }

    fn header(&self, typ: &str) -> Header {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.kid.clone());
        header
    }
}

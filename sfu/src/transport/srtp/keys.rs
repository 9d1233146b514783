//! From the DTLS exporter to session keys (RFC 5764 section 4.2, RFC 3711 section 4.3, RFC 7714 section 11).

use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

/// Label of the exporter (RFC 5764, section 4.2).
pub(crate) const EXPORTER_LABEL: &str = "EXTRACTOR-dtls_srtp";

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Profile {
    /// AEAD_AES_128_GCM of RFC 7714.
    Gcm,
    /// AES_CM_128_HMAC_SHA1_80 of RFC 3711, for clients that lack the other.
    Cm,
}

const KEY: usize = 16;

impl Profile {
    /// Bytes the exporter must give: two keys and two salts.
    pub(in crate::transport) fn exported_len(self) -> usize {
        2 * (KEY + self.salt_len())
    }

    fn salt_len(self) -> usize {
        match self {
            Self::Gcm => 12,
            Self::Cm => 14,
        }
    }
}

/// No usable keys could be derived. The crypto library refuses, or the exporter gave too little.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the SRTP keys could not be derived")]
pub(crate) struct NoKeys;

/// One direction's master key and salt.
pub(super) struct Master {
    key: [u8; KEY],
    /// RFC 7714 section 11: the 96-bit salt of GCM is padded on the right.
    salt: [u8; 14],
}

/// What a derived key is for (RFC 3711 section 4.3.2).
#[derive(Clone, Copy)]
pub(super) enum Label {
    RtpKey = 0,
    RtpAuth = 1,
    RtpSalt = 2,
    RtcpKey = 3,
    RtcpAuth = 4,
    RtcpSalt = 5,
}

impl Master {
    /// (client's, server's) out of the exported block: client key, server key, client salt, server salt.
    pub(super) fn split(profile: Profile, exported: &[u8]) -> Result<(Self, Self), NoKeys> {
        let (client_key, rest) = exported.split_first_chunk::<KEY>().ok_or(NoKeys)?;
        let (server_key, salts) = rest.split_first_chunk::<KEY>().ok_or(NoKeys)?;
        let (client_salt, server_salt) = salts.split_at_checked(profile.salt_len()).ok_or(NoKeys)?;
        if server_salt.len() != profile.salt_len() {
            return Err(NoKeys);
        }
        Ok((Self::new(*client_key, client_salt), Self::new(*server_key, server_salt)))
    }

    fn new(key: [u8; KEY], salt: &[u8]) -> Self {
        let mut padded = [0; 14];
        padded.iter_mut().zip(salt).for_each(|(to, from)| *to = *from);
        Self { key, salt: padded }
    }

    /// AES in counter mode over zeros, with the label folded into the salt at its 7th byte (key derivation rate 0).
    pub(super) fn derive<const N: usize>(&self, label: Label) -> Result<[u8; N], NoKeys> {
        let mut iv = [0; 16];
        iv.iter_mut().zip(self.salt).for_each(|(to, from)| *to = from);
        if let Some(byte) = iv.get_mut(7) {
            *byte ^= label as u8;
        }
        let mut stream = [0; N];
        counter_mode(&self.key)?
            .less_safe_encrypt(&mut stream, EncryptionContext::Iv128(FixedLength::from(iv)))
            .map_err(|_| NoKeys)?;
        Ok(stream)
    }
}

pub(super) fn counter_mode(key: &[u8; KEY]) -> Result<EncryptingKey, NoKeys> {
    UnboundCipherKey::new(&AES_128, key).and_then(EncryptingKey::ctr).map_err(|_| NoKeys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_keys_are_those_of_rfc_3711_appendix_b3() {
        let key = hex::decode("E1F97A0D3E018BE0D64FA32C06DE4139").unwrap();
        let salt = hex::decode("0EC675AD498AFEEBB6960B3AABE6").unwrap();
        let master = Master::new(key.try_into().unwrap(), &salt);
        let derived = |label| hex::encode_upper(master.derive::<16>(label).unwrap());
        assert_eq!(derived(Label::RtpKey), "C61E7A93744F39EE10734AFE3FF7A087");
        assert_eq!(hex::encode_upper(master.derive::<14>(Label::RtpSalt).unwrap()), "30CBBC08863D8C85D49DB34A9AE1");
        assert_eq!(
            hex::encode_upper(master.derive::<20>(Label::RtpAuth).unwrap()),
            "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"
        );
    }

    #[test]
    fn the_exported_block_is_taken_apart_only_when_it_is_whole() {
        for profile in [Profile::Gcm, Profile::Cm] {
            let whole = vec![7; profile.exported_len()];
            assert!(Master::split(profile, &whole).is_ok());
            assert!(Master::split(profile, whole.get(1..).unwrap()).is_err());
            assert!(Master::split(profile, &[]).is_err());
        }
    }
}

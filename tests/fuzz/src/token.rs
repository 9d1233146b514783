//! Join and resume tokens. An odd first byte: the rest is the token as it comes. An even one: the rest is the claims, signed with the
//! server's key, because what lies behind the signature has to be read as carefully.

use std::sync::OnceLock;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use signaling::clock::UtcMs;
use signaling::id::{ParticipantId, SessionId};
use signaling::token::{Grant, Keys, Lineage, LoadTest, Resume};
use uuid::Uuid;

/// An Ed25519 key in PKCS#8 for these tests alone, always the same: tokens of the corpus stay genuine.
const PKCS8: [u8; 48] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20, 1, 2, 3, 4, 5, 6,
    7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
];

/// 2026-11-28, when the corpus was begun.
const NOW: UtcMs = UtcMs(1_795_824_000_000);

struct Server {
    keys: Keys,
    signing: Ed25519KeyPair,
    /// Header segments as the server writes them, taken from genuine tokens.
    join_header: String,
    resume_header: String,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let keys = Keys::from_pkcs8(&PKCS8).expect("the key is in order");
        let (session, participant) = (SessionId(Uuid::from_u128(1)), ParticipantId(Uuid::from_u128(2)));
        let resume = Resume { session, participant, lineage: Lineage(7), expires: NOW };
        let resume_header = segments(&resume.sign(&keys)).0.to_owned();
        // The header's words differ in the kind alone.
        let decoded = URL_SAFE_NO_PAD.decode(&resume_header).expect("we wrote it");
        let join = String::from_utf8(decoded).expect("JSON").replace("nhipcau-resume+jwt", "nhipcau-join+jwt");
        let signing = Ed25519KeyPair::from_pkcs8(&PKCS8).expect("the key is in order");
        Server { keys, signing, join_header: URL_SAFE_NO_PAD.encode(join), resume_header }
    })
}

fn segments(token: &str) -> (&str, &str) {
    token.split_once('.').expect("a token has three segments")
}

fn signed(server: &Server, header: &str, claims: &[u8]) -> String {
    let text = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(server.signing.sign(text.as_bytes()));
    format!("{text}.{signature}")
}

fn judge(server: &Server, token: &str) {
    if let Ok(grant) = Grant::verify(&server.keys, token) {
        let _ = grant.check_time(NOW);
        for name in [None, Some(""), Some("Xã Đầm Hà"), Some("\u{202e}")] {
            let _ = grant.clone().identity(name, LoadTest::Allowed);
        }
    }
    if let Ok(resume) = Resume::verify(&server.keys, token, NOW) {
        assert!(resume.expires > NOW);
    }
}

pub(crate) fn token(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let server = server();
    if first & 1 == 1 {
        return judge(server, &String::from_utf8_lossy(rest));
    }
    for header in [&server.join_header, &server.resume_header] {
        judge(server, &signed(server, header, rest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_signed_here_are_read_as_the_servers_own() {
        let server = server();
        let resume = Resume {
            session: SessionId(Uuid::from_u128(1)),
            participant: ParticipantId(Uuid::from_u128(2)),
            lineage: Lineage(7),
            expires: NOW.plus(std::time::Duration::from_secs(60)),
        };
        let genuine = resume.sign(&server.keys);
        let (header, rest) = segments(&genuine);
        let claims = URL_SAFE_NO_PAD.decode(segments(rest).0).unwrap();
        assert_eq!(Resume::verify(&server.keys, &signed(server, header, &claims), NOW), Ok(resume));
        let (_, join_payload) = (header, br#"{"aud":"nhipcau:join"}"#);
        let refused = Grant::verify(&server.keys, &signed(server, &server.join_header, join_payload)).unwrap_err();
        assert_eq!(refused, signaling::token::TokenRefused::ForeignClaims, "the header is not what was refused");
    }
}

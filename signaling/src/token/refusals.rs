//! Forged, borrowed, stale and twisted tokens, each with the reason it is refused for.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::clock::UtcMs;
use crate::id::{ParticipantId, SessionId};
use crate::wire::Role;

const NOON: UtcMs = UtcMs(1_795_348_800_000);

struct Bench {
    keys: Keys,
    pkcs8: Vec<u8>,
    good: String,
}

impl Bench {
    fn new() -> Self {
        let (keys, pkcs8) = Keys::generate().unwrap();
        let grant = Grant {
            session: SessionId(Uuid::from_u128(1)),
            seat: Seat::One(ParticipantId(Uuid::from_u128(2))),
            role: Role::Delegate,
            media: MediaRights::ALL,
            name: "Xã Đầm Hà".into(),
            short_name: "X Đầm Hà".into(),
            detail: None,
            group: None,
            occupant: Occupant::Site,
            expires: NOON.plus(Duration::from_secs(3600)),
        };
        let good = grant.sign(&keys, NOON);
        Self { keys, pkcs8, good }
    }

    fn part(&self, index: usize) -> Value {
        serde_json::from_slice(&B64.decode(self.good.split('.').nth(index).unwrap()).unwrap()).unwrap()
    }

    fn signature(&self) -> &str {
        self.good.rsplit('.').next().unwrap()
    }

    /// Any header and claims, truly signed with the server's own key: what only a mistake of ours could produce.
    fn signed(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", B64.encode(header), B64.encode(claims));
        let pair = aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8(&self.pkcs8).unwrap();
        let signature = B64.encode(pair.sign(message.as_bytes()).as_ref());
        format!("{message}.{signature}")
    }

    fn with_header(&self, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> String {
        let mut header = self.part(0);
        change(header.as_object_mut().unwrap());
        self.signed(&header.to_string(), &self.part(1).to_string())
    }

    fn with_claims(&self, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> String {
        let mut claims = self.part(1);
        change(claims.as_object_mut().unwrap());
        self.signed(&self.part(0).to_string(), &claims.to_string())
    }

    fn with_header_field(&self, field: &str, value: Value) -> String {
        self.with_header(|header| drop(header.insert(field.into(), value)))
    }

    fn with_claim(&self, field: &str, value: Value) -> String {
        self.with_claims(|claims| drop(claims.insert(field.into(), value)))
    }

    fn hmac(&self, algorithm: Algorithm, secret: &[u8]) -> String {
        let mut header: Header = serde_json::from_value(self.part(0)).unwrap();
        header.alg = algorithm;
        jsonwebtoken::encode(&header, &self.part(1), &EncodingKey::from_secret(secret)).unwrap()
    }

    fn verdict(&self, token: &str) -> Result<(), TokenRefused> {
        let grant = Grant::verify(&self.keys, token)?;
        grant.check_time(NOON)?;
        if grant.session == SessionId(Uuid::from_u128(1)) { Ok(()) } else { Err(TokenRefused::OtherSession) }
    }
}

fn flip(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

fn header_cases(b: &Bench) -> Vec<(&'static str, String, TokenRefused)> {
    use TokenRefused::{ForeignHeader, Forged, Malformed};
    let claims = b.part(1).to_string();
    let public = aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8(&b.pkcs8).unwrap();
    let public = aws_lc_rs::signature::KeyPair::public_key(&public).as_ref().to_vec();
    let none =
        |alg: &str| format!("{}.{}.", B64.encode(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#)), B64.encode(&claims));
    let (_, stranger) = Keys::generate().unwrap();
    let stranger = Bench { keys: Keys::from_pkcs8(&stranger).unwrap(), pkcs8: stranger, good: b.good.clone() };
    vec![
        ("alg none", none("none"), Malformed),
        ("alg None", none("None"), Malformed),
        ("alg nOnE", none("nOnE"), Malformed),
        ("alg none, old signature kept", none("none") + b.signature(), Malformed),
        ("alg missing", b.with_header(|h| drop(h.remove("alg"))), Malformed),
        ("alg a number", b.with_header_field("alg", json!(1)), Malformed),
        ("alg of another curve", b.with_header_field("alg", json!("ES256")), ForeignHeader),
        ("alg RS256", b.with_header_field("alg", json!("RS256")), ForeignHeader),
        ("HMAC with the public key as its secret", b.hmac(Algorithm::HS256, &public), ForeignHeader),
        ("HMAC 512 with an empty secret", b.hmac(Algorithm::HS512, b""), ForeignHeader),
        ("kid of a path", b.with_header_field("kid", json!("../../dev/null")), ForeignHeader),
        ("kid of a query", b.with_header_field("kid", json!("x' UNION SELECT 'k'--")), ForeignHeader),
        ("kid of an address", b.with_header_field("kid", json!("http://127.0.0.1/k")), ForeignHeader),
        ("kid empty", b.with_header_field("kid", json!("")), ForeignHeader),
        ("kid missing", b.with_header(|h| drop(h.remove("kid"))), ForeignHeader),
        ("jku", b.with_header_field("jku", json!("https://evil.example/jwks")), ForeignHeader),
        ("x5u", b.with_header_field("x5u", json!("https://evil.example/c")), ForeignHeader),
        (
            "jwk",
            b.with_header_field("jwk", json!({"kty":"OKP","crv":"Ed25519","x":B64.encode(&public)})),
            ForeignHeader,
        ),
        ("crit", b.with_header_field("crit", json!(["exp"])), ForeignHeader),
        ("zip", b.with_header_field("zip", json!("DEF")), ForeignHeader),
        ("an unknown field", b.with_header_field("b64", json!(false)), ForeignHeader),
        ("typ JWT", b.with_header_field("typ", json!("JWT")), ForeignHeader),
        ("typ missing", b.with_header(|h| drop(h.remove("typ"))), ForeignHeader),
        ("alg twice", b.signed(r#"{"alg":"EdDSA","alg":"none"}"#, &claims), Malformed),
        ("signed by another server", stranger.signed(&b.part(0).to_string(), &claims), Forged),
    ]
}

fn claim_cases(b: &Bench) -> Vec<(&'static str, String, TokenRefused)> {
    use TokenRefused::{Expired, ForeignClaims, OtherSession, TooLongLived};
    let header = b.part(0).to_string();
    let claims = b.part(1).to_string();
    let noon_s = NOON.0 / 1000;
    let resume = Resume {
        session: SessionId(Uuid::from_u128(1)),
        participant: ParticipantId(Uuid::from_u128(2)),
        lineage: Lineage(1),
        expires: NOON.plus(Duration::from_secs(60)),
    };
    vec![
        ("aud of another service", b.with_claim("aud", json!("nhipcau:resume")), ForeignClaims),
        ("aud a list with ours in it", b.with_claim("aud", json!(["nhipcau:join"])), ForeignClaims),
        ("aud missing", b.with_claims(|c| drop(c.remove("aud"))), ForeignClaims),
        ("a resume token as a join token", resume.sign(&b.keys), TokenRefused::ForeignHeader),
        ("expired", b.with_claim("exp", json!(noon_s)), Expired),
        ("expired before it was issued", b.with_claim("exp", json!(noon_s - 90_000)), Expired),
        ("exp in eighty years", b.with_claim("exp", json!(noon_s + 2_500_000_000i64)), TooLongLived),
        ("exp out of range", b.with_claim("exp", json!(i64::MAX)), TooLongLived),
        ("exp negative beyond range", b.with_claim("exp", json!(i64::MIN)), ForeignClaims),
        ("exp a fraction", b.with_claim("exp", json!(1.5)), ForeignClaims),
        ("exp a text", b.with_claim("exp", json!("never")), ForeignClaims),
        ("exp missing", b.with_claims(|c| drop(c.remove("exp"))), ForeignClaims),
        (
            "issued and expiring far ahead",
            b.with_claims(|c| {
                c.insert("iat".into(), json!(noon_s + 80_000_000));
                c.insert("exp".into(), json!(noon_s + 80_000_600));
            }),
            TooLongLived,
        ),
        ("another session", b.with_claim("session", json!(Uuid::from_u128(9))), OtherSession),
        ("session not an id", b.with_claim("session", json!("demo' or 1=1")), ForeignClaims),
        ("role unknown", b.with_claim("role", json!("root")), ForeignClaims),
        ("role twice", b.signed(&header, &claims.replacen('{', r#"{"role":"chair","#, 1)), ForeignClaims),
        (
            "participant twice",
            b.signed(&header, &claims.replacen('{', &format!(r#"{{"participant":"{}","#, Uuid::from_u128(3)), 1)),
            ForeignClaims,
        ),
        ("participant and pool", b.with_claim("pool", json!({"id": Uuid::from_u128(4), "admits": 9})), ForeignClaims),
        ("neither participant nor pool", b.with_claims(|c| drop(c.remove("participant"))), ForeignClaims),
        ("an unknown claim", b.with_claim("admin", json!(true)), ForeignClaims),
        ("claims a list", b.signed(&header, "[]"), ForeignClaims),
        ("claims nested deep", b.signed(&header, &"[".repeat(900)), ForeignClaims),
    ]
}

fn shape_cases(b: &Bench) -> Vec<(&'static str, String, TokenRefused)> {
    use TokenRefused::{Forged, Malformed, TooLarge};
    let (head, rest) = b.good.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    vec![
        ("empty", String::new(), Malformed),
        ("one part", head.into(), Malformed),
        ("two parts", format!("{head}.{body}"), Malformed),
        ("signature of zeros", format!("{head}.{body}.{}", B64.encode([0; 64])), Forged),
        ("signature cut", format!("{head}.{body}.{}", &signature[..40]), Forged),
        ("no signature", format!("{head}.{body}."), Forged),
        ("signature with a bit flipped", format!("{head}.{body}.{}", flip(signature, 10)), Forged),
        ("a claim changed", format!("{head}.{}.{signature}", flip(body, 30)), Forged),
        ("padding added", format!("{head}.{body}.{signature}=="), Malformed),
        ("four parts", format!("{head}.{body}.{signature}.{signature}"), Malformed),
        ("not ASCII", "ế.ế.ế".into(), Malformed),
        ("five kilobytes", "a".repeat(5000), TooLarge),
    ]
}

#[test]
fn sixty_twisted_tokens_are_refused_each_for_its_own_reason() {
    let bench = Bench::new();
    assert_eq!(bench.verdict(&bench.good), Ok(()), "the table proves nothing if the untwisted token is refused too");
    let cases = [header_cases(&bench), claim_cases(&bench), shape_cases(&bench)].concat();
    assert_eq!(cases.len(), 60);
    for (name, token, expected) in cases {
        assert_eq!(bench.verdict(&token), Err(expected), "{name}");
    }
}

#[test]
fn a_resume_token_is_not_honoured_past_its_time_nor_under_another_key() {
    let bench = Bench::new();
    let resume = Resume {
        session: SessionId(Uuid::from_u128(1)),
        participant: ParticipantId(Uuid::from_u128(2)),
        lineage: Lineage(5),
        expires: NOON.plus(Duration::from_secs(60)),
    };
    let token = resume.sign(&bench.keys);
    assert_eq!(Resume::verify(&bench.keys, &token, NOON), Ok(resume));
    assert_eq!(Resume::verify(&bench.keys, &token, NOON.plus(Duration::from_secs(60))), Err(TokenRefused::Expired));
    assert_eq!(Resume::verify(&bench.keys, &bench.good, NOON), Err(TokenRefused::ForeignHeader));
    let (stranger, _) = Keys::generate().unwrap();
    assert_eq!(Resume::verify(&stranger, &token, NOON), Err(TokenRefused::ForeignHeader));
}

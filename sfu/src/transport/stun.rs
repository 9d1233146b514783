//! STUN Binding (RFC 8489) as an ICE-lite agent needs it: requests in, answers out.
//!
//! A request is read in two steps. [`peek`] borrows what is needed to find whose it may be and allocates nothing, because anybody
//! can send it; [`verify`] then checks MESSAGE-INTEGRITY and FINGERPRINT with the password of the one it names. Until that has
//! succeeded nothing is answered and nothing remembered.

use std::net::SocketAddr;

use rtc_stun::attributes::AttrType;
use rtc_stun::crypto::RTCCrypto;
use rtc_stun::error_code::CODE_ROLE_CONFLICT;
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_ERROR, BINDING_SUCCESS, MAGIC_COOKIE, Message, Setter, TransactionId};
use rtc_stun::xoraddr::XorMappedAddress;

const HEADER: usize = 20;
const BINDING_REQUEST: u16 = 0x0001;

/// Attributes of RFC 8489 section 18.3 and RFC 8445 section 20.2.
mod attr {
    pub(super) const USERNAME: u16 = 0x0006;
    pub(super) const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub(super) const PRIORITY: u16 = 0x0024;
    pub(super) const USE_CANDIDATE: u16 = 0x0025;
    pub(super) const FINGERPRINT: u16 = 0x8028;
    pub(super) const ICE_CONTROLLED: u16 = 0x8029;
    pub(super) const ICE_CONTROLLING: u16 = 0x802a;
    /// Below it a receiver must understand an attribute or refuse the message.
    pub(super) const OPTIONAL_FROM: u16 = 0x8000;
    pub(super) const ERROR_CODE: u16 = 0x0009;
}

/// An answer must not be a lever for floods to third parties: at most 1.6 times its request.
const AMPLIFICATION_TENTHS: usize = 16;

/// A Binding request whose sender is not yet known to be who the USERNAME says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Request<'a> {
    /// First half of the USERNAME: the fragment we chose.
    pub(crate) local_ufrag: &'a str,
    /// Second half: the fragment of the offer.
    pub(crate) remote_ufrag: &'a str,
    pub(crate) role: ClaimedRole,
    pub(crate) nomination: Nomination,
    transaction: [u8; 12],
    len: usize,
}

/// What the sender believes to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ClaimedRole {
    Controlling,
    Controlled,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Nomination {
    Check,
    UseCandidate,
}

/// Reads a Binding request without believing it. `None` is everything else: other methods and classes, wrong lengths, a request
/// without USERNAME, PRIORITY, role, MESSAGE-INTEGRITY or FINGERPRINT, with attributes we would have to understand, or with
/// anything behind the FINGERPRINT.
pub(crate) fn peek(datagram: &[u8]) -> Option<Request<'_>> {
    let (header, body) = datagram.split_first_chunk::<HEADER>()?;
    let [t0, t1, l0, l1, c0, c1, c2, c3, transaction @ ..] = *header;
    let is_ours = u16::from_be_bytes([t0, t1]) == BINDING_REQUEST
        && usize::from(u16::from_be_bytes([l0, l1])) == body.len()
        && u32::from_be_bytes([c0, c1, c2, c3]) == MAGIC_COOKIE;
    if !is_ours {
        return None;
    }
    let mut read = Attributes::default();
    let mut rest = body;
    while !rest.is_empty() {
        let (tag, value, after) = attribute(rest)?;
        read.take(tag, value)?;
        rest = after;
    }
    if read.stage != Stage::Fingerprint || !read.has_priority {
        return None;
    }
    let (local_ufrag, remote_ufrag) = read.username?.split_once(':')?;
    Some(Request {
        local_ufrag,
        remote_ufrag,
        role: read.role?,
        nomination: read.nomination.unwrap_or(Nomination::Check),
        transaction,
        len: datagram.len(),
    })
}

/// What has been read so far. Attributes behind the MESSAGE-INTEGRITY are not authenticated, and only the FINGERPRINT may follow.
#[derive(Default)]
struct Attributes<'a> {
    stage: Stage,
    username: Option<&'a str>,
    has_priority: bool,
    role: Option<ClaimedRole>,
    nomination: Option<Nomination>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    #[default]
    Open,
    Integrity,
    Fingerprint,
}

impl<'a> Attributes<'a> {
    fn take(&mut self, tag: u16, value: &'a [u8]) -> Option<()> {
        match (self.stage, tag, value.len()) {
            (Stage::Open, attr::USERNAME, _) => self.username = Some(str::from_utf8(value).ok()?),
            (Stage::Open, attr::PRIORITY, 4) => self.has_priority = true,
            (Stage::Open, attr::USE_CANDIDATE, 0) => self.nomination = Some(Nomination::UseCandidate),
            (Stage::Open, attr::ICE_CONTROLLING, 8) => self.role = Some(ClaimedRole::Controlling),
            (Stage::Open, attr::ICE_CONTROLLED, 8) => self.role = Some(ClaimedRole::Controlled),
            (Stage::Open, attr::MESSAGE_INTEGRITY, 20) => self.stage = Stage::Integrity,
            (Stage::Integrity, attr::FINGERPRINT, 4) => self.stage = Stage::Fingerprint,
            (Stage::Open, attr::FINGERPRINT, _) => return None,
            (Stage::Open, other, _) if other >= attr::OPTIONAL_FROM => {}
            _ => return None,
        }
        Some(())
    }
}

/// (type, value, rest) of the first attribute; values are padded to four bytes.
fn attribute(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let ([t0, t1, l0, l1], rest) = bytes.split_first_chunk::<4>()?;
    let len = usize::from(u16::from_be_bytes([*l0, *l1]));
    let (value, _) = rest.split_at_checked(len)?;
    let (_, after) = rest.split_at_checked(len.next_multiple_of(4))?;
    Some((u16::from_be_bytes([*t0, *t1]), value, after))
}

/// Whether whoever built the request knows `password`.
pub(crate) fn verify(datagram: &[u8], password: &str, crypto: &dyn RTCCrypto) -> bool {
    let mut message = Message::new();
    message.unmarshal_binary(datagram).is_ok()
        && FINGERPRINT.check(&message).is_ok()
        && MessageIntegrity::check(&mut message, password.as_bytes(), crypto).is_ok()
}

/// The answer "this is the address I saw". `None` when it would be larger than the request allows.
pub(crate) fn success(
    request: &Request<'_>,
    seen: SocketAddr,
    password: &str,
    crypto: &dyn RTCCrypto,
) -> Option<Vec<u8>> {
    let mapped = XorMappedAddress { ip: seen.ip(), port: seen.port() };
    build(
        request,
        password,
        crypto,
        &[Box::new(BINDING_SUCCESS), Box::new(TransactionId(request.transaction)), Box::new(mapped)],
    )
}

/// 487 (RFC 8445 section 7.3.1.1): the sender believes to be controlled, but beside a lite agent the full one always controls.
pub(crate) fn role_conflict(request: &Request<'_>, password: &str, crypto: &dyn RTCCrypto) -> Option<Vec<u8>> {
    let [high, low] = [(CODE_ROLE_CONFLICT.0 / 100) as u8, (CODE_ROLE_CONFLICT.0 % 100) as u8];
    let code =
        rtc_stun::attributes::RawAttribute { typ: AttrType(attr::ERROR_CODE), length: 4, value: vec![0, 0, high, low] };
    build(
        request,
        password,
        crypto,
        &[Box::new(BINDING_ERROR), Box::new(TransactionId(request.transaction)), Box::new(code)],
    )
}

fn build(
    request: &Request<'_>,
    password: &str,
    crypto: &dyn RTCCrypto,
    body: &[Box<dyn Setter>; 3],
) -> Option<Vec<u8>> {
    let mut message = Message::new();
    message.build(body).ok()?;
    MessageIntegrity::new_short_term_integrity_with_provider(password.to_owned(), crypto).add_to(&mut message).ok()?;
    FINGERPRINT.add_to(&mut message).ok()?;
    (10 * message.raw.len() <= AMPLIFICATION_TENTHS * request.len).then_some(message.raw)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use rtc_stun::attributes::{ATTR_USERNAME, RawAttribute};
    use rtc_stun::crypto::{RTCCryptoProvider, providers::AwsLcRsProvider};
    use rtc_stun::message::Getter;

    use super::*;

    const PASSWORD: &str = "0123456789abcdefghijklmn";

    pub(crate) struct Builder {
        attributes: Vec<(u16, Vec<u8>)>,
    }

    /// What a browser sends.
    pub(crate) fn check(username: &str) -> Builder {
        Builder {
            attributes: vec![
                (attr::USERNAME, username.as_bytes().to_vec()),
                (attr::ICE_CONTROLLING, vec![1; 8]),
                (attr::PRIORITY, vec![0x6e, 0, 1, 0xff]),
            ],
        }
    }

    impl Builder {
        pub(crate) fn nominating(mut self) -> Self {
            self.attributes.push((attr::USE_CANDIDATE, vec![]));
            self
        }

        pub(crate) fn controlled(mut self) -> Self {
            self.attributes.retain(|(tag, _)| *tag != attr::ICE_CONTROLLING);
            self.attributes.push((attr::ICE_CONTROLLED, vec![1; 8]));
            self
        }

        fn with(mut self, tag: u16, value: &[u8]) -> Self {
            self.attributes.push((tag, value.to_vec()));
            self
        }

        pub(crate) fn signed(self, password: &str) -> Vec<u8> {
            let mut message = Message::new();
            message.build(&[Box::new(rtc_stun::message::BINDING_REQUEST), Box::new(TransactionId([9; 12]))]).unwrap();
            for (tag, value) in self.attributes {
                message.add(AttrType(tag), &value);
            }
            let provider = AwsLcRsProvider::new();
            MessageIntegrity::new_short_term_integrity_with_provider(password.to_owned(), provider.crypto())
                .add_to(&mut message)
                .unwrap();
            FINGERPRINT.add_to(&mut message).unwrap();
            message.raw
        }
    }

    fn crypto_says(datagram: &[u8], password: &str) -> bool {
        verify(datagram, password, AwsLcRsProvider::new().crypto())
    }

    #[test]
    fn a_browsers_check_is_read_and_verified() {
        let datagram = check("ours:theirs").nominating().signed(PASSWORD);
        let request = peek(&datagram).unwrap();
        assert_eq!((request.local_ufrag, request.remote_ufrag), ("ours", "theirs"));
        assert_eq!((request.role, request.nomination), (ClaimedRole::Controlling, Nomination::UseCandidate));
        assert!(crypto_says(&datagram, PASSWORD));
        assert!(!crypto_says(&datagram, "another password entirely"));
    }

    #[test]
    fn the_answer_carries_the_seen_address_and_is_signed() {
        let datagram = check("ours:theirs").signed(PASSWORD);
        let seen: SocketAddr = "[2001:db8::7]:50000".parse().unwrap();
        let provider = AwsLcRsProvider::new();
        let answer = success(&peek(&datagram).unwrap(), seen, PASSWORD, provider.crypto()).unwrap();
        assert!(answer.len() * 10 <= datagram.len() * 16);
        assert!(verify(&answer, PASSWORD, provider.crypto()));
        let mut message = Message::new();
        message.unmarshal_binary(&answer).unwrap();
        assert_eq!(message.transaction_id, TransactionId([9; 12]));
        let mut mapped = XorMappedAddress::default();
        mapped.get_from(&message).unwrap();
        assert_eq!(SocketAddr::new(mapped.ip, mapped.port), seen);
    }

    #[test]
    fn a_conflict_of_roles_is_answered_with_487() {
        let datagram = check("ours:theirs").controlled().signed(PASSWORD);
        let request = peek(&datagram).unwrap();
        assert_eq!(request.role, ClaimedRole::Controlled);
        let provider = AwsLcRsProvider::new();
        let answer = role_conflict(&request, PASSWORD, provider.crypto()).unwrap();
        let mut message = Message::new();
        message.unmarshal_binary(&answer).unwrap();
        let mut code = rtc_stun::error_code::ErrorCodeAttribute::default();
        code.get_from(&message).unwrap();
        assert!(code.code == CODE_ROLE_CONFLICT);
    }

    #[test]
    fn what_stands_behind_the_integrity_is_not_believed() {
        let mut datagram = check("ours:theirs").signed(PASSWORD);
        let fingerprint = datagram.split_off(datagram.len() - 8);
        datagram.extend([0x00, 0x25, 0, 0]);
        datagram.extend(fingerprint);
        let len = (datagram.len() - HEADER) as u16;
        datagram[2..4].copy_from_slice(&len.to_be_bytes());
        assert_eq!(peek(&datagram), None);
    }

    #[test]
    fn a_request_that_lacks_something_or_asks_for_the_unknown_is_not_read() {
        assert_eq!(peek(&check("without colon").signed(PASSWORD)), None);
        assert_eq!(peek(&check("ours:theirs").with(0x7777, &[1, 2]).signed(PASSWORD)), None);
        assert!(peek(&check("ours:theirs").with(0xc057, &[1, 2, 3, 4]).signed(PASSWORD)).is_some());
        let mut trailing = check("ours:theirs").signed(PASSWORD);
        trailing.push(0);
        assert_eq!(peek(&trailing), None);
        let mut bare = Message::new();
        bare.build(&[Box::new(rtc_stun::message::BINDING_REQUEST)]).unwrap();
        let username = RawAttribute { typ: ATTR_USERNAME, length: 4, value: b"a:bc".to_vec() };
        username.add_to(&mut bare).unwrap();
        assert_eq!(peek(&bare.raw), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = peek(&bytes);
            let _ = crypto_says(&bytes, PASSWORD);
        }

        #[test]
        fn no_answer_is_more_than_one_and_six_tenths_of_its_request(
            ours in "[a-z]{1,32}", theirs in "[a-z]{1,32}", seen in any::<bool>(),
        ) {
            let provider = AwsLcRsProvider::new();
            let ip = if seen { "192.0.2.7:9" } else { "[2001:db8::7]:9" };
            let datagram = check(&format!("{ours}:{theirs}")).signed(PASSWORD);
            let request = peek(&datagram).unwrap();
            let answers = [
                success(&request, ip.parse().unwrap(), PASSWORD, provider.crypto()),
                role_conflict(&request, PASSWORD, provider.crypto()),
            ];
            for answer in answers {
                prop_assert!(answer.is_some_and(|answer| 10 * answer.len() <= 16 * datagram.len()));
            }
        }

        #[test]
        fn a_mangled_request_is_never_verified(at in 0usize..92, flip in 1u8..=255) {
            let mut datagram = check("ours:theirs").signed(PASSWORD);
            let at = at % datagram.len();
            datagram[at] ^= flip;
            prop_assert!(peek(&datagram).is_none() || !crypto_says(&datagram, PASSWORD));
        }
    }
}

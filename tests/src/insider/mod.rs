//! A client made by hand. It is let in like any other: it negotiates, proves its address, shakes hands and has its own keys. After
//! that it sends exactly the bytes it is told to, which no library for honest clients does.
//!
//! Bytes written to its socket come from the address that a participant has proven: to the server they are the same as those of
//! somebody who forges that participant's address, and no raw sockets are needed.

pub mod media;
pub mod negotiate;
pub mod srtp;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use aws_lc_rs::digest;
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::crypto_provider::RTCCryptoProvider;
use rtc_dtls::crypto_provider::providers::AwsLcRsProvider;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_stun::attributes::AttrType;
use rtc_stun::crypto::providers::AwsLcRsProvider as StunCrypto;
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, Message, Setter, TransactionId};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::app::{App, Visitor};
use negotiate::{Answered, Credentials, Line, offer, read_answer, read_credentials};
use srtp::Keys;

/// For each step of getting in.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server takes a path for lost after six seconds of silence.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// What came, opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    Rtp(Vec<u8>),
    Rtcp(Vec<u8>),
    /// An answer to a check.
    Stun(Vec<u8>),
    /// The server said goodbye.
    Closed,
    /// DTLS, or what could not be opened.
    Other,
}

pub struct Insider {
    socket: Arc<UdpSocket>,
    server: SocketAddr,
    visitor: Visitor,
    token: String,
    /// Of the WHIP or WHEP resource.
    location: String,
    ufrag: String,
    remote: Credentials,
    pub lines: Vec<Answered>,
    dtls: Endpoint,
    keys: Option<Keys>,
    checked: Instant,
}

/// A certificate and its fingerprint as SDP writes it.
fn identity() -> anyhow::Result<(Certificate, String)> {
    let certificate = Certificate::generate_self_signed(["insider".to_owned()], AwsLcRsProvider::new().crypto())?;
    let der = certificate.certificate.first().context("an empty certificate")?;
    let hash = digest::digest(&digest::SHA256, der.as_ref());
    let words: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    Ok((certificate, words.join(":")))
}

fn client_config(certificate: Certificate) -> anyhow::Result<Arc<HandshakeConfig>> {
    let config = ConfigBuilder::default()
        .with_crypto_provider(Arc::new(AwsLcRsProvider::new()))
        .with_certificates(vec![certificate])
        .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_insecure_skip_verify(true)
        .build(true, None)?;
    Ok(Arc::new(config))
}

/// What a genuine client says first.
pub fn client_hello() -> anyhow::Result<Vec<u8>> {
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let mut dtls = Endpoint::new(nobody, TransportProtocol::UDP, None);
    dtls.connect(Instant::now(), nobody, client_config(identity()?.0)?, None)?;
    Ok(dtls.poll_transmit().context("a client speaks first")?.message.to_vec())
}

/// A Binding request for `username`, signed with `pwd`, with attributes in front of the signature.
pub fn check(username: &str, pwd: &str, attributes: &[(u16, &[u8])]) -> anyhow::Result<Vec<u8>> {
    let mut message = Message::new();
    message.build(&[Box::new(BINDING_REQUEST), Box::new(TransactionId(rand::random()))])?;
    message.add(AttrType(0x0006), username.as_bytes());
    for (tag, value) in attributes {
        message.add(AttrType(*tag), value);
    }
    let provider = StunCrypto::new();
    MessageIntegrity::new_short_term_integrity_with_provider(pwd.to_owned(), provider.crypto()).add_to(&mut message)?;
    FINGERPRINT.add_to(&mut message)?;
    Ok(message.raw)
}

/// PRIORITY, ICE-CONTROLLING and USE-CANDIDATE, as a browser's nominating check has them.
pub const NOMINATING: [(u16, &[u8]); 3] = [(0x0024, &[0x6e, 0, 1, 0xff]), (0x802a, &[1; 8]), (0x0025, &[])];

impl Insider {
    /// Negotiates, and has not sent a single datagram yet.
    pub async fn negotiate(app: &App, path: &str, token: &str, lines: &[Line]) -> anyhow::Result<Self> {
        let (certificate, fingerprint) = identity()?;
        let ufrag = format!("in{:06x}", rand::random::<u32>() & 0xff_ffff);
        let visitor = app.visitor()?;
        // Who is told apart by his name says it in every call.
        let query = path.find('?').map_or("", |at| &path[at..]);
        let answer = visitor.post_sdp(path, token, offer(lines, &ufrag, &fingerprint)).await?;
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status == 201, "{path}: {status} {text}");
        let (remote, lines) = read_answer(lines, &text).context("an answer without credentials")?;
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, app.media));
        let mut dtls = Endpoint::new(server, TransportProtocol::UDP, None);
        dtls.connect(Instant::now(), server, client_config(certificate)?, None)?;
        Ok(Self {
            socket: Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?),
            server,
            visitor,
            token: token.to_owned(),
            location: location.context("201 comes with a Location")? + query,
            ufrag,
            remote,
            lines,
            dtls,
            keys: None,
            checked: Instant::now(),
        })
    }

    pub async fn join(app: &App, path: &str, token: &str, lines: &[Line]) -> anyhow::Result<Self> {
        let mut insider = Self::negotiate(app, path, token, lines).await?;
        insider.prove().await?;
        insider.shake_hands().await?;
        Ok(insider)
    }

    /// Checks until it is answered.
    pub async fn prove(&mut self) -> anyhow::Result<()> {
        let proving = async {
            loop {
                self.write(&self.check()?).await?;
                if let Some(Heard::Stun(_)) = self.hear(Duration::from_millis(500)).await? {
                    return anyhow::Ok(());
                }
            }
        };
        timeout(PATIENCE, proving).await.context("no check was answered")?
    }

    pub async fn shake_hands(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.keys.is_none() {
            ensure!(Instant::now() < deadline, "hands could not be shaken");
            self.flush_dtls().await?;
            match self.hear(Duration::from_millis(200)).await? {
                Some(Heard::Closed) => bail!("the server closed the handshake"),
                Some(_) => {}
                None => self.dtls.handle_timeout(self.server, Instant::now())?,
            }
        }
        self.flush_dtls().await
    }

    #[must_use]
    pub fn username(&self) -> String {
        format!("{}:{}", self.remote.ufrag, self.ufrag)
    }

    #[must_use]
    pub fn password(&self) -> &str {
        &self.remote.pwd
    }

    pub fn check(&self) -> anyhow::Result<Vec<u8>> {
        check(&self.username(), self.password(), &NOMINATING)
    }

    /// The socket that the server knows as this participant's, for whoever forges his address.
    #[must_use]
    pub fn address(&self) -> Arc<UdpSocket> {
        Arc::clone(&self.socket)
    }

    /// Exactly these bytes.
    pub async fn write(&self, datagram: &[u8]) -> anyhow::Result<()> {
        self.socket.send_to(datagram, self.server).await?;
        Ok(())
    }

    /// # Panics
    /// Before hands were shaken.
    pub fn keys(&mut self) -> &mut Keys {
        self.keys.as_mut().expect("hands are shaken")
    }

    pub async fn rtp(&mut self, plain: &[u8]) -> anyhow::Result<()> {
        let sealed = self.keys().seal_rtp(plain);
        self.write(&sealed).await
    }

    pub async fn rtcp(&mut self, plain: &[u8]) -> anyhow::Result<()> {
        let sealed = self.keys().seal_rtcp(plain);
        self.write(&sealed).await
    }

    /// Application data over DTLS, where SCTP would be.
    pub async fn data(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.dtls.write(Instant::now(), self.server, bytes)?;
        self.flush_dtls().await
    }

    async fn flush_dtls(&mut self) -> anyhow::Result<()> {
        while let Some(transmit) = self.dtls.poll_transmit() {
            self.socket.send_to(&transmit.message, self.server).await?;
        }
        Ok(())
    }

    /// The next datagram, if one comes in time; keeps the path alive meanwhile.
    pub async fn hear(&mut self, within: Duration) -> anyhow::Result<Option<Heard>> {
        if self.keys.is_some() && self.checked.elapsed() >= CHECK_EVERY {
            self.checked = Instant::now();
            self.write(&self.check()?).await?;
        }
        let mut datagram = [0; 2048];
        let Ok(read) = timeout(within, self.socket.recv(&mut datagram)).await else { return Ok(None) };
        let datagram = &datagram[..read?];
        Ok(Some(match (datagram.first(), datagram.get(1)) {
            (Some(0..=3), _) => Heard::Stun(datagram.to_vec()),
            (Some(20..=63), _) => self.hear_dtls(datagram).await?,
            (Some(128..=191), Some(192..=223)) => {
                self.keys.as_mut().and_then(|keys| keys.open_rtcp(datagram)).map_or(Heard::Other, Heard::Rtcp)
            }
            (Some(128..=191), _) => {
                self.keys.as_mut().and_then(|keys| keys.open_rtp(datagram)).map_or(Heard::Other, Heard::Rtp)
            }
            _ => Heard::Other,
        }))
    }

    async fn hear_dtls(&mut self, datagram: &[u8]) -> anyhow::Result<Heard> {
        let mut heard = Heard::Other;
        for event in self.dtls.read(Instant::now(), self.server, None, datagram.into()).unwrap_or_default() {
            match event {
                EndpointEvent::HandshakeComplete => {
                    let state = self.dtls.get_connection_state(self.server).context("an association without state")?;
                    let exported = state.export_keying_material("EXTRACTOR-dtls_srtp", &[], 56)?;
                    self.keys = Some(Keys::new(exported.as_ref()));
                }
                EndpointEvent::PeerClosed => heard = Heard::Closed,
                _ => {}
            }
        }
        self.flush_dtls().await?;
        Ok(heard)
    }

    /// Everything that has come by now.
    pub async fn drain(&mut self) -> anyhow::Result<Vec<Heard>> {
        let mut heard = Vec::new();
        while let Some(one) = self.hear(Duration::ZERO).await? {
            heard.push(one);
        }
        Ok(heard)
    }

    /// Everything that comes for a while.
    pub async fn listen(&mut self, during: Duration) -> anyhow::Result<Vec<Heard>> {
        let (end, mut heard) = (Instant::now() + during, Vec::new());
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            heard.extend(self.hear(left.min(Duration::from_millis(100))).await?);
        }
        Ok(heard)
    }

    /// New credentials on both sides (RFC 9725, section 4.3.3).
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.ufrag = format!("re{:06x}", rand::random::<u32>() & 0xff_ffff);
        let fragment = format!("a=ice-ufrag:{}\r\na=ice-pwd:0123456789abcdefghijkl\r\n", self.ufrag);
        let (status, answer) = self.visitor.patch_fragment(&self.location, &self.token, fragment).await?;
        ensure!(status == 200, "restart: {status} {answer}");
        self.remote = read_credentials(&answer).context("a fragment without credentials")?;
        Ok(())
    }

    pub async fn leave(&self) -> anyhow::Result<()> {
        let status = self.visitor.delete(&self.location, &self.token).await?;
        ensure!(status == 200, "leaving: {status}");
        Ok(())
    }

    /// The SSRC of the first slot of a kind, and of its repair stream.
    #[must_use]
    pub fn slot(&self, line: Line) -> Option<(u32, Option<u32>)> {
        let answered = self.lines.iter().find(|answered| answered.line == line)?;
        Some((answered.ssrc?, answered.repair_ssrc))
    }
}

//! One setting, three places: a flag, an environment variable, a key of the TOML file. This struct is all three, and the table in
//! `web/README.md` is printed from it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use serde::Deserialize;

/// What was said in one place. Absent: not said there.
#[derive(Args, Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layer {
    /// Directory of the database, the keys and the recordings; made when it does not exist
    ///
    /// Default: `./data`, with `--demo` `./data/demo`.
    #[arg(long, env = "NHIPCAU_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address of the web server
    ///
    /// Default: `127.0.0.1:8080`; with a certificate `0.0.0.0:8443`.
    #[arg(long, env = "NHIPCAU_HTTP", value_name = "ADDR:PORT")]
    pub http: Option<SocketAddr>,
    /// The one UDP address through which all media goes
    ///
    /// Default: `0.0.0.0:3478`.
    #[arg(long, env = "NHIPCAU_MEDIA_UDP", value_name = "ADDR:PORT")]
    pub media_udp: Option<SocketAddr>,
    /// The TCP address for participants whose line lets no UDP through, or `off`
    ///
    /// Default: the address of `--media-udp`.
    #[arg(long, env = "NHIPCAU_MEDIA_TCP", value_name = "ADDR:PORT")]
    pub media_tcp: Option<MediaTcp>,
    /// Address under which participants reach the media port; may be given several times
    ///
    /// Default: the address of `--media-udp`, or when that is unspecified the addresses of this machine.
    #[arg(long, env = "NHIPCAU_PUBLIC_IP", value_name = "IP", value_delimiter = ',')]
    #[serde(default)]
    pub public_ip: Vec<IpAddr>,
    /// How people write this server's address, for invitation links: `https://hop.tinh.gov.vn`
    ///
    /// Default: links are paths, and the page puts its own address before them.
    #[arg(long, env = "NHIPCAU_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// PEM file of the TLS certificate and its chain
    #[arg(long, env = "NHIPCAU_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the certificate's private key
    #[arg(long, env = "NHIPCAU_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// A proxy on this network ends TLS and forwards plain HTTP: plain HTTP is then served on any address, and `X-Forwarded-For` is believed
    ///
    /// Default: `false`.
    #[arg(long, env = "NHIPCAU_BEHIND_PROXY", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub behind_proxy: Option<bool>,
    /// The demo province with known passwords and an always open session; never for real meetings
    ///
    /// Default: `false`.
    #[arg(long, env = "NHIPCAU_DEMO", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub demo: Option<bool>,
    /// Honour pool tokens (`nhipcau token --pool`), with which one token admits many, for load tests
    ///
    /// Default: `false`, with `--demo` `true`.
    #[arg(long, env = "NHIPCAU_ALLOW_LOAD", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    pub allow_load: Option<bool>,
    /// What is logged, as `tracing` filters: `info`, `warn,signaling=debug`
    ///
    /// Default: `info`.
    #[arg(long, env = "NHIPCAU_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// How it is logged
    ///
    /// Default: `human`.
    #[arg(long, env = "NHIPCAU_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// Whether and where media is taken by TCP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub enum MediaTcp {
    Off,
    At(SocketAddr),
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("neither ADDR:PORT nor `off`")]
pub struct NoMediaTcp;

impl FromStr for MediaTcp {
    type Err = NoMediaTcp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" { Ok(Self::Off) } else { text.parse().map(Self::At).map_err(|_| NoMediaTcp) }
    }
}

impl TryFrom<String> for MediaTcp {
    type Error = NoMediaTcp;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for a terminal
    #[default]
    Human,
    /// One JSON object a line
    Json,
}

impl Layer {
    /// What is said here, else what is said below.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            data: self.data.or(below.data),
            http: self.http.or(below.http),
            media_udp: self.media_udp.or(below.media_udp),
            media_tcp: self.media_tcp.or(below.media_tcp),
            public_ip: if self.public_ip.is_empty() { below.public_ip } else { self.public_ip },
            public_url: self.public_url.or(below.public_url),
            tls_cert: self.tls_cert.or(below.tls_cert),
            tls_key: self.tls_key.or(below.tls_key),
            behind_proxy: self.behind_proxy.or(below.behind_proxy),
            demo: self.demo.or(below.demo),
            allow_load: self.allow_load.or(below.allow_load),
            log: self.log.or(below.log),
            log_format: self.log_format.or(below.log_format),
        }
    }
}

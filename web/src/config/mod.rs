//! Configuration: flags over environment over the TOML file over defaults, and every mistake in it as one sentence that says what to do.

mod layer;
mod page;

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

pub use layer::{Layer, LogFormat, MediaTcp, NoMediaTcp};
pub use page::{table, variables};

/// Where the environment names the TOML file.
pub const FILE_VARIABLE: &str = "NHIPCAU_CONFIG";
const PREFIX: &str = "NHIPCAU_";
/// Clients behind strict lines know the port of STUN; one port serves everybody.
const MEDIA_PORT: u16 = 3478;

/// What the server runs with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    pub data: PathBuf,
    pub http: SocketAddr,
    pub media_udp: SocketAddr,
    /// `None`: no media by TCP.
    pub media_tcp: Option<SocketAddr>,
    /// Empty: what the media socket is bound to.
    pub public_ips: Vec<IpAddr>,
    pub public_url: Option<String>,
    pub front: Front,
    pub occasion: Occasion,
    pub load: Load,
    pub log: String,
    pub log_format: LogFormat,
}

/// What stands between the browsers and us. Camera and microphone work only in a secure context: TLS, or this very machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Front {
    Loopback,
    Tls { cert: PathBuf, key: PathBuf },
    Proxy,
}

impl Front {
    /// Whether browsers see `https`: then cookies are `Secure` and the strict transport header is sent.
    #[must_use]
    pub fn is_https(&self) -> bool {
        match self {
            Self::Loopback => false,
            Self::Tls { .. } | Self::Proxy => true,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occasion {
    Real,
    /// Known passwords and an always open session.
    Demo,
}

impl Occasion {
    /// Where the data is when nothing else was said: a demonstration and a real office never share a directory.
    #[must_use]
    pub fn data(self) -> PathBuf {
        PathBuf::from(match self {
            Self::Real => "data",
            Self::Demo => "data/demo",
        })
    }
}

/// Whether pool tokens are honoured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Load {
    Refused,
    Allowed,
}

/// Each variant is one sentence for the person at the terminal, and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigRefused {
    #[error("{flags}; see `{command} --help`.")]
    Flags { flags: String, command: String },
    #[error(
        "The environment variable {name} is not a setting of this program: unset it, or see `nhipcau serve --help` for the right name."
    )]
    UnknownVariable { name: String },
    #[error("The configuration file {} cannot be read ({why}): check its path and permissions.", .path.display())]
    FileUnreadable { path: PathBuf, why: std::io::Error },
    #[error("The configuration file {} is wrong in line {line} ({why}): correct that line.", .path.display())]
    FileWrong { path: PathBuf, line: usize, why: String },
    #[error("--tls-cert and --tls-key belong together: give both or neither.")]
    HalfTls,
    #[error("--behind-proxy and --tls-cert exclude each other: let either the proxy or this server end TLS.")]
    ProxyWithTls,
    #[error(
        "Plain HTTP on {http} would leave browsers without camera and microphone: give --tls-cert and --tls-key, add --behind-proxy if a \
         proxy ends TLS, or listen on 127.0.0.1."
    )]
    PlainHttpAbroad { http: SocketAddr },
    #[error("The public URL {url} is not of the form https://host or https://host:port: write it without a path.")]
    PublicUrl { url: String },
    #[error("Nobody can reach {ip}: give an address of this machine or of the router in front of it with --public-ip.")]
    PublicIp { ip: IpAddr },
    #[error("--public-ip names {ip} twice: give each address once.")]
    PublicIpTwice { ip: IpAddr },
    #[error(
        "{ip} cannot be reached through the media port {port}, which does not speak that version of IP: give another --public-ip, or \
         listen for both on [::] with --media-udp and --media-tcp."
    )]
    PublicIpForeign { ip: IpAddr, port: SocketAddr },
    #[error("The log filter {filter} is not understood: write for example `info` or `warn,signaling=debug`.")]
    LogFilter { filter: String },
}

/// Merges what was said in all places.
pub fn settle(flags: Layer, file: Option<&Path>) -> Result<Settings, ConfigRefused> {
    let layer = match file {
        Some(path) => flags.over(read(path)?),
        None => flags,
    };
    settings(layer)
}

/// Refuses variables that look like ours and mean nothing: a typing mistake must not silently become a default.
pub fn check_environment(variables: impl Iterator<Item = OsString>, known: &[String]) -> Result<(), ConfigRefused> {
    for name in variables {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with(PREFIX) && name != FILE_VARIABLE && !known.contains(&name) {
            return Err(ConfigRefused::UnknownVariable { name });
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Layer, ConfigRefused> {
    let text =
        std::fs::read_to_string(path).map_err(|why| ConfigRefused::FileUnreadable { path: path.to_owned(), why })?;
    parse(&text, path)
}

/// The text of the file at `path`, which is only named in a refusal.
pub fn parse(text: &str, path: &Path) -> Result<Layer, ConfigRefused> {
    toml::from_str(text).map_err(|wrong| {
        let start = wrong.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
        ConfigRefused::FileWrong { path: path.to_owned(), line, why: wrong.message().to_owned() }
    })
}

fn settings(layer: Layer) -> Result<Settings, ConfigRefused> {
    let occasion = if layer.demo == Some(true) { Occasion::Demo } else { Occasion::Real };
    let demo = occasion == Occasion::Demo;
    let tls = match (layer.tls_cert, layer.tls_key) {
        (Some(cert), Some(key)) => Some((cert, key)),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(ConfigRefused::HalfTls),
    };
    let default_http = if tls.is_some() { (Ipv4Addr::UNSPECIFIED, 8443) } else { (Ipv4Addr::LOCALHOST, 8080) };
    let http = layer.http.unwrap_or_else(|| default_http.into());
    let front = match (tls, layer.behind_proxy == Some(true)) {
        (Some(_), true) => return Err(ConfigRefused::ProxyWithTls),
        (Some((cert, key)), false) => Front::Tls { cert, key },
        (None, true) => Front::Proxy,
        (None, false) if http.ip().is_loopback() => Front::Loopback,
        (None, false) => return Err(ConfigRefused::PlainHttpAbroad { http }),
    };
    let log = layer.log.unwrap_or_else(|| "info".to_owned());
    if tracing_subscriber::EnvFilter::try_new(&log).is_err() {
        return Err(ConfigRefused::LogFilter { filter: log });
    }
    let media_udp = layer.media_udp.unwrap_or_else(|| (Ipv4Addr::UNSPECIFIED, MEDIA_PORT).into());
    let media_tcp = match layer.media_tcp.unwrap_or(MediaTcp::At(media_udp)) {
        MediaTcp::Off => None,
        MediaTcp::At(address) => Some(address),
    };
    Ok(Settings {
        data: layer.data.unwrap_or_else(|| occasion.data()),
        http,
        media_udp,
        media_tcp,
        public_ips: public_ips(layer.public_ip, &[Some(media_udp), media_tcp])?,
        public_url: layer.public_url.map(public_url).transpose()?,
        front,
        occasion,
        load: if layer.allow_load.unwrap_or(demo) { Load::Allowed } else { Load::Refused },
        log,
        log_format: layer.log_format.unwrap_or_default(),
    })
}

/// Only what cannot work is refused: a private address is what participants of a closed network reach.
fn public_ips(ips: Vec<IpAddr>, ports: &[Option<SocketAddr>]) -> Result<Vec<IpAddr>, ConfigRefused> {
    for (at, &ip) in ips.iter().enumerate() {
        if !can_be_reached(ip) {
            return Err(ConfigRefused::PublicIp { ip });
        }
        if ips.iter().take(at).any(|&before| before == ip) {
            return Err(ConfigRefused::PublicIpTwice { ip });
        }
        if let Some(port) = ports.iter().flatten().copied().find(|port| !speaks(*port, ip)) {
            return Err(ConfigRefused::PublicIpForeign { ip, port });
        }
    }
    Ok(ips)
}

/// A link-local IPv6 address means nothing without its interface, which an answer cannot name.
fn can_be_reached(ip: IpAddr) -> bool {
    let is_bound_to_a_link = match ip {
        IpAddr::V4(ip) => ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    !ip.is_unspecified() && !ip.is_multicast() && !is_bound_to_a_link
}

/// A socket on `[::]` serves both versions, any other its own.
fn speaks(port: SocketAddr, ip: IpAddr) -> bool {
    port.is_ipv4() == ip.is_ipv4() || (port.is_ipv6() && port.ip().is_unspecified())
}

/// `https://host[:port]` without a trailing slash.
fn public_url(url: String) -> Result<String, ConfigRefused> {
    let parsed = url.trim_end_matches('/').parse::<axum::http::Uri>();
    match parsed {
        Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.path() == "/" && uri.query().is_none() => {
            Ok(url.trim_end_matches('/').to_owned())
        }
        Ok(_) | Err(_) => Err(ConfigRefused::PublicUrl { url }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("nhipcau.toml");
        std::fs::write(&path, text).unwrap();
        (dir, path)
    }

    fn refusal(flags: Layer, text: &str) -> String {
        let (_dir, path) = file(text);
        let sentence = settle(flags, Some(&path)).unwrap_err().to_string();
        assert!(!sentence.contains('\n'), "not one sentence: {sentence}");
        sentence.replace(&path.display().to_string(), "FILE")
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let (_dir, path) =
            file("http = \"127.0.0.1:9000\"\nmedia-udp = \"127.0.0.1:9001\"\npublic-ip = [\"10.1.2.3\"]\n");
        let flags = Layer { http: Some("127.0.0.1:7000".parse().unwrap()), ..Layer::default() };
        let settings = settle(flags, Some(&path)).unwrap();
        assert_eq!(settings.http.port(), 7000);
        assert_eq!(settings.media_udp.port(), 9001);
        assert_eq!(settings.public_ips, ["10.1.2.3".parse::<IpAddr>().unwrap()]);
        assert_eq!(settings.data, PathBuf::from("data"));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let sentence = refusal(Layer::default(), "demo = true\nhtp = \"127.0.0.1:9000\"\n");
        assert!(
            sentence.starts_with("The configuration file FILE is wrong in line 2 (unknown field `htp`"),
            "{sentence}"
        );
        assert!(sentence.ends_with("correct that line."), "{sentence}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_with_its_line() {
        let sentence = refusal(Layer::default(), "\nhttp = \"everywhere\"\n");
        assert!(sentence.starts_with("The configuration file FILE is wrong in line 2"), "{sentence}");
    }

    #[test]
    fn a_missing_file_says_so() {
        let sentence = settle(Layer::default(), Some(Path::new("/nowhere/nhipcau.toml"))).unwrap_err().to_string();
        assert!(sentence.contains("/nowhere/nhipcau.toml cannot be read"), "{sentence}");
    }

    #[test]
    fn a_variable_with_our_prefix_that_is_no_setting_is_refused() {
        let known = vec!["NHIPCAU_HTTP".to_owned()];
        let names = |list: &[&str]| list.iter().map(OsString::from).collect::<Vec<_>>().into_iter();
        assert!(check_environment(names(&["HOME", "NHIPCAU_HTTP", "NHIPCAU_CONFIG"]), &known).is_ok());
        let sentence = check_environment(names(&["NHIPCAU_HTP"]), &known).unwrap_err().to_string();
        assert!(sentence.starts_with("The environment variable NHIPCAU_HTP is not a setting"), "{sentence}");
    }

    #[test]
    fn plain_http_leaves_the_machine_only_behind_a_proxy_or_with_tls() {
        let abroad = Layer { http: Some("0.0.0.0:80".parse().unwrap()), ..Layer::default() };
        assert!(matches!(settle(abroad.clone(), None), Err(ConfigRefused::PlainHttpAbroad { .. })));
        let proxied = Layer { behind_proxy: Some(true), ..abroad.clone() };
        assert_eq!(settle(proxied, None).unwrap().front, Front::Proxy);
        let half = Layer { tls_cert: Some("cert.pem".into()), ..abroad.clone() };
        assert!(matches!(settle(half.clone(), None), Err(ConfigRefused::HalfTls)));
        let whole = Layer { tls_key: Some("key.pem".into()), ..half };
        assert!(settle(whole, None).unwrap().front.is_https());
    }

    #[test]
    fn the_demo_has_its_own_directory_and_honours_pool_tokens() {
        let demo = settle(Layer { demo: Some(true), ..Layer::default() }, None).unwrap();
        assert_eq!((demo.occasion, demo.load, demo.data), (Occasion::Demo, Load::Allowed, PathBuf::from("data/demo")));
        let real = settle(Layer::default(), None).unwrap();
        assert_eq!((real.occasion, real.load), (Occasion::Real, Load::Refused));
    }

    #[test]
    fn a_public_url_is_a_scheme_and_a_host() {
        let with = |url: &str| settle(Layer { public_url: Some(url.to_owned()), ..Layer::default() }, None);
        assert_eq!(
            with("https://hop.quangninh.gov.vn/").unwrap().public_url.as_deref(),
            Some("https://hop.quangninh.gov.vn")
        );
        for wrong in ["hop.quangninh.gov.vn", "ftp://x", "https://x/y", "https://x/?q"] {
            assert!(matches!(with(wrong), Err(ConfigRefused::PublicUrl { .. })), "{wrong}");
        }
    }

    #[test]
    fn a_public_address_is_one_that_somebody_can_have() {
        let both = Some("[::]:3478".parse().unwrap());
        let with = |ip: &str| {
            settle(Layer { public_ip: vec![ip.parse().unwrap()], media_udp: both, ..Layer::default() }, None)
        };
        assert!(with("203.113.1.2").is_ok() && with("2001:db8::7").is_ok());
        for nobodys in ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "fe80::1"] {
            let sentence = with(nobodys).unwrap_err().to_string();
            assert_eq!(
                sentence,
                format!(
                    "Nobody can reach {nobodys}: give an address of this machine or of the router in front of it with --public-ip."
                )
            );
        }
    }

    #[test]
    fn media_by_tcp_has_the_port_of_udp_until_it_is_told_otherwise() {
        let with = |udp: Option<&str>, tcp: Option<&str>| {
            let layer = Layer {
                media_udp: udp.map(|address| address.parse().unwrap()),
                media_tcp: tcp.map(|address| address.parse().unwrap()),
                ..Layer::default()
            };
            settle(layer, None).unwrap().media_tcp.map(|address| address.to_string())
        };
        assert_eq!(with(None, None).as_deref(), Some("0.0.0.0:3478"));
        assert_eq!(with(Some("127.0.0.1:7000"), None).as_deref(), Some("127.0.0.1:7000"));
        assert_eq!(with(None, Some("[::]:443")).as_deref(), Some("[::]:443"));
        assert_eq!(with(None, Some("off")), None);
        let (_dir, path) = file("media-tcp = \"off\"\n");
        assert_eq!(settle(Layer::default(), Some(&path)).unwrap().media_tcp, None);
        let sentence = refusal(Layer::default(), "media-tcp = \"on\"\n");
        assert!(sentence.contains("line 1 (neither ADDR:PORT nor `off`)"), "{sentence}");
    }

    #[test]
    fn a_public_address_that_the_port_cannot_serve_or_that_is_there_already_is_refused() {
        let with = |udp: &str, tcp: &str, ips: &[&str]| {
            let layer = Layer {
                media_udp: Some(udp.parse().unwrap()),
                media_tcp: Some(tcp.parse().unwrap()),
                public_ip: ips.iter().map(|ip| ip.parse().unwrap()).collect(),
                ..Layer::default()
            };
            settle(layer, None).map(drop).map_err(|refused| refused.to_string())
        };
        assert_eq!(with("[::]:1", "[::]:1", &["10.1.2.3", "2001:db8::7"]), Ok(()));
        let twice = "--public-ip names 10.1.2.3 twice: give each address once.";
        assert_eq!(with("0.0.0.0:1", "off", &["10.1.2.3", "10.1.2.3"]), Err(twice.to_owned()));
        for (udp, tcp, ip) in [
            ("0.0.0.0:1", "off", "2001:db8::7"),
            ("[2001:db8::1]:1", "off", "10.1.2.3"),
            ("[::]:1", "0.0.0.0:1", "2001:db8::7"),
        ] {
            let sentence = with(udp, tcp, &[ip]).unwrap_err();
            assert!(sentence.contains("does not speak that version of IP"), "{sentence}");
        }
    }

    #[test]
    fn a_log_filter_that_means_nothing_is_refused() {
        let layer = Layer { log: Some("info,=,=".to_owned()), ..Layer::default() };
        assert!(matches!(settle(layer, None), Err(ConfigRefused::LogFilter { .. })));
    }
}

//! The address a request came from, for limits alone: it is never logged or stored.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::app::App;
use crate::config::Front;

/// Absent when nobody can say it: behind a proxy that does not.
pub struct Peer(pub Option<IpAddr>);

impl FromRequestParts<App> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self(match app.settings().front {
            Front::Proxy => forwarded(&parts.headers),
            Front::Loopback | Front::Tls { .. } => connected,
        }))
    }
}

/// The last entry is the one our own proxy wrote; those before it are the client's word.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_client_cannot_choose_the_address_it_is_counted_under() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("1.2.3.4"));
        headers.append("x-forwarded-for", HeaderValue::from_static("5.6.7.8, 10.0.0.9"));
        assert_eq!(forwarded(&headers), Some(IpAddr::from([10, 0, 0, 9])));
        assert_eq!(forwarded(&HeaderMap::new()), None);
    }
}

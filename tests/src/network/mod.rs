//! A province's network on one machine: the bridge in one namespace, the test and its clients in another, between them one line per site
//! that can be made bad, and where wanted a router that translates addresses.
//!
//! ```text
//!   here                                                    bridge
//!     desk 10.75.0.2 ─────────── veth, clear ────────────── desk
//!     site1 10.77.1.2 ────────── line 1 ─────────────────── line1     10.76.0.1 (the server)
//!     site2 10.77.2.2 ── line 2 ── line2  router  world ─── router
//!                                         10.78.0.2, .3     10.78.0.1
//! ```
//! A socket that is bound to a site's address uses that site's line; one that is bound to nothing uses the desk's.

mod enter;
pub mod ip;
mod line;
pub mod site;

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};

use anyhow::Context;

pub use line::Line;

use crate::app::Place;
use ip::{at, ip};

const BRIDGE: &str = "bridge";
const ROUTER: &str = "router";
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 76, 0, 1);
const DESK: Ipv4Addr = Ipv4Addr::new(10, 75, 0, 2);

/// Nothing but what the story sends shall pass the lines: IPv6 announces itself on every new interface. A kernel without it has no switch.
const ONE_PROTOCOL: &str =
    "cd /proc/sys/net/ipv6/conf 2>/dev/null || exit 0; echo 1 > all/disable_ipv6; echo 1 > default/disable_ipv6";

/// Runs a story in a network of its own; where that cannot be, says why and runs nothing. `tools` are programs that this story needs
/// besides.
///
/// # Errors
/// What the story says, or that it failed inside.
pub fn within<F, Fut>(tools: &[&str], story: F) -> anyhow::Result<()>
where
    F: FnOnce(Network) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    if enter::is_inside() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(Box::pin(async { story(Network::lay()?).await }));
    }
    if let Some(why) = enter::missing(tools) {
        eprintln!("SKIPPED, nothing was tested: {why}");
        return Ok(());
    }
    enter::again()
}

pub struct Network {
    lines: u8,
    has_router: bool,
}

/// Where a line ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Bridge,
    Router,
}

impl Network {
    fn lay() -> anyhow::Result<Self> {
        // `ip netns` keeps its names here; ours are seen by nobody else.
        ip::run("mount", &["-t", "tmpfs", "tmpfs", "/run"]).context("a /run of our own")?;
        ip::run("sh", &["-c", ONE_PROTOCOL])?;
        ip(&["link", "set", "lo", "up"])?;
        ip(&["netns", "add", BRIDGE])?;
        at(BRIDGE, "sh", &["-c", ONE_PROTOCOL])?;
        ip(&["-n", BRIDGE, "link", "set", "lo", "up"])?;
        ip(&["-n", BRIDGE, "address", "add", "10.76.0.1/32", "dev", "lo"])?;
        ip(&["link", "add", "desk", "type", "veth", "peer", "name", "desk", "netns", BRIDGE])?;
        ip(&["address", "add", "10.75.0.2/30", "dev", "desk"])?;
        ip(&["link", "set", "desk", "up"])?;
        ip(&["-n", BRIDGE, "address", "add", "10.75.0.1/30", "dev", "desk"])?;
        ip(&["-n", BRIDGE, "link", "set", "desk", "up"])?;
        ip(&["route", "add", "10.76.0.1", "via", "10.75.0.1"])?;
        Ok(Self { lines: 0, has_router: false })
    }

    /// Where the server runs, and from where a test speaks to it when it does not care how.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { namespace: Some(BRIDGE), host: IpAddr::V4(SERVER), from: IpAddr::V4(DESK) }
    }

    /// A site's line to the bridge.
    pub async fn line(&mut self, settings: &str) -> anyhow::Result<Line> {
        self.lay_line(End::Bridge, settings).await
    }

    /// A site's line to a router that translates its address, see [`Self::translate`].
    pub async fn line_behind_router(&mut self, settings: &str) -> anyhow::Result<Line> {
        if !self.has_router {
            self.lay_router()?;
        }
        self.lay_line(End::Router, settings).await
    }

    async fn lay_line(&mut self, end: End, settings: &str) -> anyhow::Result<Line> {
        self.lines += 1;
        let n = self.lines;
        let (near, far) = (format!("site{n}"), format!("line{n}"));
        let addresses = [2, 3].map(|host| IpAddr::V4(Ipv4Addr::new(10, 77, n, host)));
        let line = Line::open(u64::from(n), [near.clone(), far.clone()], addresses).await?;
        line.set(settings).await?;
        let end = match end {
            End::Bridge => BRIDGE,
            End::Router => ROUTER,
        };
        let (net, table) = (format!("10.77.{n}.0/24"), (100 + u32::from(n)).to_string());
        ip(&["link", "set", &far, "netns", end])?;
        ip(&["-n", end, "link", "set", &far, "up"])?;
        ip(&["-n", end, "route", "add", &net, "dev", &far])?;
        ip(&["address", "add", &format!("{}/32", line.address), "dev", &near])?;
        ip(&["link", "set", &near, "up"])?;
        ip(&["route", "add", "default", "dev", &near, "table", &table])?;
        ip(&["rule", "add", "from", &net, "lookup", &table])?;
        Ok(line)
    }

    fn lay_router(&mut self) -> anyhow::Result<()> {
        self.has_router = true;
        ip(&["netns", "add", ROUTER])?;
        ip(&["-n", ROUTER, "link", "set", "lo", "up"])?;
        ip(&["-n", BRIDGE, "link", "add", "router", "type", "veth", "peer", "name", "world", "netns", ROUTER])?;
        ip(&["-n", BRIDGE, "address", "add", "10.78.0.1/24", "dev", "router"])?;
        ip(&["-n", BRIDGE, "link", "set", "router", "up"])?;
        for address in ["10.78.0.2/24", "10.78.0.3/24"] {
            ip(&["-n", ROUTER, "address", "add", address, "dev", "world"])?;
        }
        ip(&["-n", ROUTER, "link", "set", "world", "up"])?;
        ip(&["-n", ROUTER, "route", "add", "default", "via", "10.78.0.1"])?;
        at(ROUTER, "sysctl", &["-q", "-w", "net.ipv4.ip_forward=1"])?;
        at(ROUTER, "nft", &["add table ip nat; add chain ip nat out { type nat hook postrouting priority srcnat; }"])?;
        self.translate("10.78.0.2:40000-40999")
    }

    /// From now on datagrams of everybody behind the router leave it as this address and one of these ports; what it remembered of
    /// earlier ones is forgotten. Connections stay.
    pub fn translate(&self, datagrams_as: &str) -> anyhow::Result<()> {
        let rules = format!(
            "flush chain ip nat out; add rule ip nat out oifname world ip protocol udp snat to {datagrams_as}; \
             add rule ip nat out oifname world snat to 10.78.0.2"
        );
        at(ROUTER, "nft", &[&rules])?;
        // Exit code 1 says that there was none to forget.
        let _ = at(ROUTER, "conntrack", &["-D", "-p", "udp"]);
        Ok(())
    }

    /// A site's address is taken from its interface, and the other one given to it.
    pub fn move_site(&self, line: &mut Line) -> anyhow::Result<()> {
        ip(&["address", "del", &format!("{}/32", line.address), "dev", &line.device])?;
        ip(&["address", "add", &format!("{}/32", line.other), "dev", &line.device])?;
        std::mem::swap(&mut line.address, &mut line.other);
        Ok(())
    }
}

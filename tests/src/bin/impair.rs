//! A line that can be made bad, by hand: `impair SITE BRIDGE [SETTINGS]` lays it between two network namespaces, as 10.99.0.2 (site) and
//! 10.99.0.1 (bridge), and reads further settings from the standard input, a line each. See tests/README.md.

use std::process::ExitCode;

use anyhow::{Context, ensure};
use tests::impair::change::Change;
use tests::impair::forward::{Counts, Impaired};
use tests::impair::tunnel::{Order, Tunnel};
use tests::network::ip::ip;
use tokio::sync::{mpsc, oneshot};

const USAGE: &str = "impair SITE BRIDGE [SETTINGS]
  SITE, BRIDGE   network namespaces, as `ip netns add` makes them
  SETTINGS       such as: delay=300ms jitter=60ms order=kept loss=2% burst=4 up rate=256k down rate=512k/300ms
                 also: repeat=1% overtaken=1% stop=tcp|udp|all|none clear; both|up|down say for which way
  Reads further settings from the standard input, a line each; `counts` tells what became of the packets.
  SEED in the environment makes another run of the same dice.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("impair: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [site, bridge, settings @ ..] = words.as_slice() else { anyhow::bail!("two namespaces are needed\n{USAGE}") };
    ensure!(!site.starts_with('-'), "{USAGE}");
    let seed = std::env::var("SEED").map_or(Ok(1), |seed| seed.parse()).context("SEED is a number")?;
    let change: Change = settings.join(" ").parse().with_context(|| USAGE)?;

    let tunnel = Tunnel::open("nc-site", "nc-bridge").context("a TUN device (root, or CAP_NET_ADMIN, is needed)")?;
    for (namespace, device, address) in [(site, "nc-site", "10.99.0.2/30"), (bridge, "nc-bridge", "10.99.0.1/30")] {
        ip(&["link", "set", device, "netns", namespace])?;
        ip(&["-n", namespace, "address", "add", address, "dev", device])?;
        ip(&["-n", namespace, "link", "set", device, "up"])?;
    }
    let mut impaired = Impaired::seeded(seed);
    impaired.handle_change(std::time::Duration::ZERO, &change);
    let (orders, taken) = mpsc::channel(8);
    let forwarding = tokio::spawn(tunnel.run(impaired, taken));
    eprintln!("the line is up: 10.99.0.2 in {site}, 10.99.0.1 in {bridge}; settings or `counts` on the standard input");

    let (typed_tx, mut typed) = mpsc::channel(8);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if typed_tx.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = typed.recv().await {
        if line.trim() == "counts" {
            let (told, counts) = oneshot::channel();
            orders.send(Order::Count(told)).await.context("the line is gone")?;
            let [up, down] = counts.await.context("the line is gone")?;
            println!("up   {}\ndown {}", sentence(up), sentence(down));
            continue;
        }
        match line.parse::<Change>() {
            Ok(change) => {
                let (done, holds) = oneshot::channel();
                orders.send(Order::Change(change, done)).await.context("the line is gone")?;
                holds.await.context("the line is gone")?;
            }
            Err(refused) => eprintln!("{refused}"),
        }
    }
    // Without a standard input the line lies until the process is ended.
    let forwarded = forwarding.await?;
    drop(orders);
    Ok(forwarded?)
}

fn sentence(counts: Counts) -> String {
    let Counts { came, left, lost, stopped, overrun } = counts;
    format!("came {came}, left {left}, lost {lost}, stopped {stopped}, overrun {overrun}")
}

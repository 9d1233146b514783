//! One bad line as a test holds it: the forwarding runs on a thread of its own, so that a busy test does not become part of the line.

use std::net::IpAddr;

use anyhow::Context;
use tokio::sync::{mpsc, oneshot};

use crate::impair::forward::{Counts, Impaired};
use crate::impair::tunnel::{Order, Tunnel};

/// Orders waiting for the forwarding, which takes them between two packets.
const ORDERS_MAX: usize = 8;

pub struct Line {
    /// Where the site at its end lives.
    pub address: IpAddr,
    /// Another address that is routed over this line, for a site that moves.
    pub other: IpAddr,
    /// The interface at the site's end.
    pub device: String,
    orders: mpsc::Sender<Order>,
}

impl Line {
    pub(super) async fn open(
        seed: u64,
        [device, far]: [String; 2],
        [address, other]: [IpAddr; 2],
    ) -> anyhow::Result<Self> {
        let (orders, taken) = mpsc::channel(ORDERS_MAX);
        let (opened_tx, opened) = oneshot::channel();
        let near = device.clone();
        std::thread::Builder::new().name(format!("line {device}")).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime starts");
            runtime.block_on(async {
                match Tunnel::open(&near, &far) {
                    Ok(tunnel) => {
                        // Who laid the line waits for this.
                        let _ = opened_tx.send(Ok(()));
                        if let Err(error) = Box::pin(tunnel.run(Impaired::seeded(seed), taken)).await {
                            eprintln!("the line {near} broke: {error}");
                        }
                    }
                    Err(error) => drop(opened_tx.send(Err(error))),
                }
            });
        })?;
        opened.await?.context("a TUN device")?;
        Ok(Self { address, other, device, orders })
    }

    /// Changes the line, see [`crate::impair::change`]; it holds when this returns.
    pub async fn set(&self, settings: &str) -> anyhow::Result<()> {
        let (done, holds) = oneshot::channel();
        self.orders.send(Order::Change(settings.parse()?, done)).await.context("the line is there")?;
        holds.await.context("the line is there")
    }

    /// What became of the packets, up and down.
    pub async fn counts(&self) -> anyhow::Result<[Counts; 2]> {
        let (told, counts) = oneshot::channel();
        self.orders.send(Order::Count(told)).await.context("the line is there")?;
        counts.await.context("the line is there")
    }
}

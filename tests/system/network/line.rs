//! The impairment tool itself, by the kernel's own answers at the other end.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use tests::network::{Line, Network, within};
use tests::probe::percentile;
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use super::{figure, ms};

/// How long a closed port on the other side takes to refuse: one round trip, and no program there. `None` where nothing comes back.
async fn round_trip(line_address: IpAddr, to: IpAddr) -> anyhow::Result<Option<Duration>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((line_address, 0).into())?;
    let started = Instant::now();
    match tokio::time::timeout(Duration::from_millis(900), socket.connect((to, 9).into())).await {
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => Ok(Some(started.elapsed())),
        Ok(other) => anyhow::bail!("a closed port answered {other:?}"),
        Err(_) => Ok(None),
    }
}

/// Many at once, ascending; those that got no answer are left out.
async fn round_trips(network: &Network, line: &Line, count: usize) -> anyhow::Result<Vec<Duration>> {
    let (from, to) = (line.address, network.place().host);
    let mut asked = JoinSet::new();
    for _ in 0..count {
        asked.spawn(round_trip(from, to));
    }
    let mut answered = Vec::new();
    while let Some(trip) = asked.join_next().await {
        answered.extend(trip??);
    }
    answered.sort_unstable();
    Ok(answered)
}

#[test]
fn a_line_has_the_round_trip_and_the_losses_that_were_asked_for_and_takes_new_ones_while_it_runs() -> anyhow::Result<()>
{
    within(&[], |mut network| async move {
        let line = network.line("delay=300ms").await?;
        let trips = round_trips(&network, &line, 40).await?;
        let median = percentile(&trips, 0.5).unwrap_or_default();
        figure("round trip at 600 ms", ms(median), "600 to 615 ms");
        assert_eq!(trips.len(), 40, "nothing is lost");
        assert!(trips.iter().all(|trip| *trip >= Duration::from_millis(600)), "{trips:?}");
        assert!(median <= Duration::from_millis(615), "{trips:?}");

        line.set("delay=10ms loss=20%").await?;
        let answered = round_trips(&network, &line, 400).await?.len();
        // 0.8 x 0.8; four standard deviations.
        figure("answered at 20 % loss each way", format!("{answered} of 400"), "256 +- 38");
        assert!((218..=294).contains(&answered), "{answered}");
        let [up, down] = line.counts().await?;
        assert_eq!(up.came, 440, "each attempt is one packet: {up:?}");
        assert_eq!(down.came, up.left, "everybody who was asked answered: {up:?} {down:?}");

        line.set("loss=0% stop=tcp").await?;
        assert_eq!(round_trips(&network, &line, 5).await?.len(), 0);
        line.set("clear").await?;
        assert_eq!(round_trips(&network, &line, 5).await?.len(), 5);
        Ok(())
    })
}

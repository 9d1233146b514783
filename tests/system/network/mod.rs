//! Bad lines between real sites and the real server, in network namespaces. Where a machine gives no rights to make them, each test says so
//! and passes without having tested anything.

mod cut;
mod line;

use std::time::Duration;

use tests::app::App;

/// Prints a figure beside its goal; figures are read from the output of a run with `--no-capture`.
fn figure(what: &str, measured: impl std::fmt::Display, goal: &str) {
    println!("{what}: {measured} (goal: {goal})");
}

fn ms(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

/// Names in the attendance, and how many intervals each was there.
async fn intervals(app: &App) -> anyhow::Result<Vec<(String, usize)>> {
    let attendance = app.signed_in("secretary").await?.get("/api/v1/sessions/demo/attendance").await?;
    let rows = attendance["rows"].as_array().cloned().unwrap_or_default();
    let there = rows.iter().filter_map(|row| {
        let count = row["intervals"].as_array().map_or(0, Vec::len);
        Some((row["participant_name"].as_str()?.to_owned(), count))
    });
    Ok(there.filter(|(_, count)| *count > 0).collect())
}

//! How much of a line is used, how soon a line that narrows is left alone, and how lines are shared: the cases of RFC 8867, section 5.
//!
//! A flow here is everything one subscriber gets: six cameras on a wall, of which the bridge chooses layers that fit, and a voice. What
//! the RFC does to an encoder's rate it does to that choice, so use comes in steps of a layer.

use std::time::Duration;

use sfu::command::{SlotSize, View};
use tests::lab::bench::{Bench, LineAt, Seat};
use tests::lab::camera::{CameraProfile, LayerProfile};
use tests::lab::figures::{Section, Verdict};
use tests::lab::flow::fairness;
use tests::lab::microphone::Sends;
use tests::link::{Bottleneck, Order, Queue, Weather};

const DELAY: Duration = Duration::from_millis(50);
const JITTER: Duration = Duration::from_millis(30);
const QUEUE: Duration = Duration::from_millis(300);

const USE_MIN: f64 = 0.8;
const GIVES_WAY_WITHIN: Duration = Duration::from_secs(2);
const WAIT_MAX: Duration = Duration::from_millis(200);
const SOUND_MIN: f64 = 99.0;
const FAIR_MIN: f64 = 0.9;

const CAMERAS: u32 = 6;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn kbps(kbps: u64) -> Weather {
    line_of(kbps, QUEUE)
}

fn line_of(kbps: u64, queue: Duration) -> Weather {
    Weather {
        delay: DELAY,
        jitter: JITTER,
        order: Order::Kept,
        bottleneck: Some(Bottleneck { bps: kbps * 1_000, queue: Queue::Time(queue) }),
        ..Weather::NONE
    }
}

/// A bench with six cameras and one voice beside the bridge; the number of the voice.
fn wall(seed: u64) -> (Bench, u16) {
    let layers = [("q", 180, 80_000), ("h", 360, 250_000), ("f", 720, 900_000)];
    let layers = layers.map(|(rid, height, bps)| LayerProfile { rid, height, bps }).to_vec();
    let camera = CameraProfile { layers, frames_per_s: 20 };
    let mut bench = Bench::seeded(seed);
    let mut speaker = 0;
    for n in 0..CAMERAS {
        let microphone = (n == 0).then_some(Sends::Redundant);
        let seat = Seat { microphone, camera: Some(camera.clone()), ..Seat::viewer(0, 0) };
        let (up, down) = (bench.line(Weather::NONE), bench.line(Weather::NONE));
        let number = bench.join(&seat, up, down);
        if n == 0 {
            speaker = number;
        }
    }
    (bench, speaker)
}

fn subscriber(bench: &mut Bench, down: LineAt) -> u16 {
    let up = bench.line(Weather { delay: DELAY, ..Weather::NONE });
    bench.join(&Seat::viewer(1, CAMERAS), up, down)
}

fn share(value: f64) -> String {
    format!("{value:.2}")
}

fn used(value: f64) -> String {
    Verdict::of(value >= USE_MIN).mark(&share(value))
}

fn sound(bench: &Bench, by: u16, of: u16, from: Duration, to: Duration) -> String {
    let heard = bench.client(by).ear(of).map_or(0.0, |ear| ear.heard(from, to).percent());
    Verdict::of(heard >= SOUND_MIN).mark(&format!("{heard:.2}"))
}

fn within(measured: Option<Duration>, goal: Duration) -> String {
    let words = measured.map_or_else(|| "never".to_owned(), |after| format!("{:.2}", after.as_secs_f64()));
    Verdict::of(measured.is_some_and(|after| after <= goal)).mark(&words)
}

fn wait(value: Duration) -> String {
    Verdict::of(value <= WAIT_MAX).mark(&value.as_millis().to_string())
}

/// Capacities in kbit/s, and from which second each holds.
type Plan = &'static [(u64, u64)];

/// Runs through the capacities; the section gets a row for each.
fn follow(section: &mut Section, bench: &mut Bench, line: LineAt, flows: &[u16], voice: u16, plan: Plan, end: u64) {
    for (at, (from, capacity)) in plan.iter().enumerate() {
        let until = plan.get(at + 1).map_or(end, |(next, _)| *next);
        bench.run(secs(*from));
        bench.weather(line, kbps(*capacity));
        bench.run(secs(until));
        let bps = *capacity as f64 * 1_000.0;
        let narrows = at > 0 && plan[at - 1].1 > *capacity;
        let (start, stop) = (secs(*from), secs(until));
        let settled = secs(*from + (until - from) / 2);
        let rates: Vec<f64> = flows.iter().map(|flow| bench.flow(*flow).rate_bps(settled, stop)).collect();
        let gives_way = if narrows {
            let fair = bps / flows.len() as f64;
            let alone = flows.len() == 1;
            let last = |flow: &u16| bench.flow(*flow).gives_way(start, if alone { bps } else { fair * 1.1 }, stop);
            let worst = flows.iter().map(last).try_fold(Duration::ZERO, |worst, one| Some(worst.max(one?)));
            within(worst, GIVES_WAY_WITHIN)
        } else {
            "-".to_owned()
        };
        let waited = flows.iter().map(|flow| bench.flow(*flow).wait(DELAY, start + secs(5), stop, 95)).max();
        section.row(&[
            format!("{from}-{until}"),
            capacity.to_string(),
            used(rates.iter().sum::<f64>() / bps),
            if flows.len() == 1 {
                "-".to_owned()
            } else {
                Verdict::of(fairness(&rates) >= FAIR_MIN).mark(&share(fairness(&rates)))
            },
            gives_way,
            wait(waited.unwrap_or_default()),
            sound(bench, flows[0], voice, start, stop),
        ]);
    }
}

const COLUMNS: [&str; 7] =
    ["seconds", "kbit/s", "use", "fairness", "gives way after s", "queue p95 ms", "sound in time %"];

#[test]
fn rates_5_1_one_flow_on_a_line_that_changes() {
    let words =
        "One subscriber. Use and fairness of the second half of each stretch, the queue from its fifth second on.";
    let mut section = Section::new("RFC 8867, 5.1", words, &COLUMNS);
    let (mut bench, voice) = wall(51);
    let line = bench.line(kbps(1_000));
    let flow = subscriber(&mut bench, line);
    follow(&mut section, &mut bench, line, &[flow], voice, &[(0, 1_000), (40, 2_500), (60, 600), (80, 1_000)], 100);
    section.settle();
}

#[test]
fn rates_5_2_two_flows_on_a_line_that_changes() {
    let words = "Two subscribers behind one line.";
    let mut section = Section::new("RFC 8867, 5.2", words, &COLUMNS);
    let (mut bench, voice) = wall(52);
    let line = bench.line(kbps(4_000));
    let flows = [subscriber(&mut bench, line), subscriber(&mut bench, line)];
    let plan: Plan = &[(0, 4_000), (25, 2_000), (50, 3_500), (75, 1_000), (100, 2_000)];
    follow(&mut section, &mut bench, line, &flows, voice, plan, 125);
    section.settle();
}

#[test]
fn rates_5_3_feedback_over_a_congested_line() {
    let words = "One subscriber whose own camera fills the line its reports go over: 2,000 kbit/s, 800 from second 35, 2,000 from second \
                 70; its encoder follows two seconds later.";
    let mut section = Section::new("RFC 8867, 5.3", words, &COLUMNS);
    let (mut bench, voice) = wall(53);
    let line = bench.line(kbps(2_000));
    let up = bench.line(kbps(2_000));
    let own = CameraProfile { layers: vec![LayerProfile { rid: "f", height: 720, bps: 1_700_000 }], frames_per_s: 20 };
    let flow = bench.join(&Seat { camera: Some(own), ..Seat::viewer(1, CAMERAS) }, up, line);
    let words_of = |bench: &mut Bench, section: &mut Section, plan: Plan, end| {
        follow(section, bench, line, &[flow], voice, plan, end);
    };
    words_of(&mut bench, &mut section, &[(0, 2_000), (20, 1_000)], 35);
    bench.weather(up, kbps(800));
    bench.run(secs(37));
    bench.camera_rate(flow, 650_000);
    words_of(&mut bench, &mut section, &[(40, 500), (60, 2_000)], 70);
    bench.weather(up, kbps(2_000));
    bench.run(secs(72));
    bench.camera_rate(flow, 1_700_000);
    words_of(&mut bench, &mut section, &[(75, 2_000)], 100);
    section.settle();
}

/// Rates, use and fairness of some flows from one second to another.
fn shared(section: &mut Section, bench: &Bench, flows: &[u16], capacity: u64, (from, to): (u64, u64)) {
    let rates: Vec<f64> = flows.iter().map(|flow| bench.flow(*flow).rate_bps(secs(from), secs(to))).collect();
    let waited = flows.iter().map(|flow| bench.flow(*flow).wait(DELAY, secs(from), secs(to), 95)).max();
    let each: Vec<String> = rates.iter().map(|bps| format!("{:.0}", bps / 1_000.0)).collect();
    section.row(&[
        format!("{from}-{to}"),
        each.join(", "),
        used(rates.iter().sum::<f64>() / (capacity as f64 * 1_000.0)),
        Verdict::of(fairness(&rates) >= FAIR_MIN).mark(&share(fairness(&rates))),
        wait(waited.unwrap_or_default()),
    ]);
}

const SHARED: [&str; 5] = ["seconds", "kbit/s of each", "use", "fairness", "queue p95 ms"];

#[test]
fn rates_5_4_flows_that_come_one_after_another() {
    let mut section =
        Section::new("RFC 8867, 5.4", "Three subscribers behind 3,500 kbit/s come at 0, 20 and 40 s.", &SHARED);
    let (mut bench, _) = wall(54);
    let line = bench.line(kbps(3_500));
    let mut flows = Vec::new();
    for at in [0, 20, 40] {
        bench.run(secs(at));
        flows.push(subscriber(&mut bench, line));
    }
    bench.run(secs(120));
    shared(&mut section, &bench, &flows[..1], 3_500, (10, 20));
    shared(&mut section, &bench, &flows[..2], 3_500, (30, 40));
    shared(&mut section, &bench, &flows, 3_500, (60, 90));
    shared(&mut section, &bench, &flows, 3_500, (90, 120));
    section.settle();
}

#[test]
fn rates_5_5_flows_from_near_and_far() {
    let words = "Five subscribers behind 4,000 kbit/s, at one-way delays of 10, 25, 50, 100 and 150 ms, come ten seconds apart.";
    let mut section = Section::new("RFC 8867, 5.5", words, &SHARED);
    let (mut bench, _) = wall(55);
    let line = bench.line(Weather { delay: Duration::ZERO, ..kbps(4_000) });
    let mut flows = Vec::new();
    for (at, delay_ms) in [(0, 10), (10, 25), (20, 50), (30, 100), (40, 150)] {
        bench.run(secs(at));
        let far = Duration::from_millis(delay_ms);
        let up = bench.line(Weather { delay: far, ..Weather::NONE });
        let flow = bench.join(&Seat::viewer(1, CAMERAS), up, line);
        bench.farther(flow, far);
        flows.push(flow);
    }
    bench.run(secs(120));
    let rates =
        |from, to| flows.iter().map(|flow| bench.flow(*flow).rate_bps(secs(from), secs(to))).collect::<Vec<f64>>();
    for (from, to) in [(60, 90), (90, 120)] {
        let rates = rates(from, to);
        let delays = [10, 25, 50, 100, 150].map(Duration::from_millis);
        let waits = flows.iter().zip(delays).map(|(flow, base)| bench.flow(*flow).wait(base, secs(from), secs(to), 95));
        let each: Vec<String> = rates.iter().map(|bps| format!("{:.0}", bps / 1_000.0)).collect();
        section.row(&[
            format!("{from}-{to}"),
            each.join(", "),
            used(rates.iter().sum::<f64>() / 4_000_000.0),
            Verdict::of(fairness(&rates) >= FAIR_MIN).mark(&share(fairness(&rates))),
            wait(waits.max().unwrap_or_default()),
        ]);
    }
    section.settle();
}

#[test]
fn rates_5_6_a_flow_beside_tcp() {
    const SHARE_MIN: f64 = 0.25;
    let words = "One subscriber behind 2,000 kbit/s; a TCP download (Reno) from 20 to 90 s. Its share of the line from 35 s on, and again \
                 alone from 100 s.";
    let columns = ["queue ms", "share beside TCP", "TCP's share", "use alone after", "sound in time beside TCP %"];
    let mut section = Section::new("RFC 8867, 5.6", words, &columns);
    for queue_ms in [300, 1_000] {
        let (mut bench, voice) = wall(56 + queue_ms);
        let line = bench.line(line_of(2_000, Duration::from_millis(queue_ms)));
        let flow = subscriber(&mut bench, line);
        bench.run(secs(20));
        let rival = bench.compete(line, DELAY);
        bench.run(secs(90));
        bench.rival(rival).switch(false);
        bench.run(secs(120));
        let capacity = 2_000_000.0;
        let media = bench.flow(flow).rate_bps(secs(35), secs(90)) / capacity;
        let tcp = bench.rival(rival).rate_bps(secs(35), secs(90)) / capacity;
        let alone = bench.flow(flow).rate_bps(secs(100), secs(120)) / capacity;
        // A queue of a second is beyond the sound's budget by itself: then it is only told.
        let heard = sound(&bench, flow, voice, secs(35), secs(90));
        section.row(&[
            queue_ms.to_string(),
            Verdict::of(media >= SHARE_MIN).mark(&share(media)),
            share(tcp),
            used(alone),
            heard,
        ]);
    }
    section.settle();
}

#[test]
fn rates_5_8_a_flow_that_pauses() {
    let words = "Three subscribers behind 3,500 kbit/s; the first draws nothing from 40 to 60 s.";
    let mut section = Section::new("RFC 8867, 5.8", words, &SHARED);
    let (mut bench, _) = wall(58);
    let line = bench.line(kbps(3_500));
    let flows: Vec<u16> = (0..3).map(|_| subscriber(&mut bench, line)).collect();
    let draw = |bench: &mut Bench, height| {
        let slot_sizes = vec![SlotSize { height }; CAMERAS as usize];
        bench.view(flows[0], View { slot_sizes, ..View::default() });
    };
    bench.run(secs(40));
    draw(&mut bench, 0);
    bench.run(secs(60));
    draw(&mut bench, 720);
    bench.run(secs(120));
    shared(&mut section, &bench, &flows, 3_500, (20, 40));
    shared(&mut section, &bench, &flows[1..], 3_500, (48, 60));
    shared(&mut section, &bench, &flows, 3_500, (75, 120));
    section.settle();
}

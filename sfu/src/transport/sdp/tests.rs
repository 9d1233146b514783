use std::net::SocketAddr;

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rtc_sdp::description::session::SessionDescription;

use super::answer::Local;
use super::fragment::Fragment;
use super::offer::Offer;
use super::plan::Plan;
use super::samples::{application, audio, chromium, offer, video};
use crate::command::Purpose;
use crate::id::{MediaKind, PayloadType, Rid, Source, Ssrc};
use crate::negotiated::{Codec, ExtensionIds, Feedback, H264Profile, Streams};
use crate::transport::certificate::Fingerprint;
use crate::transport::ice::Credentials;
use crate::transport::{MEDIA_MAX, OFFER_MAX, OfferRefused};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([7; 32])
}

fn plan(text: &str) -> Result<Plan, OfferRefused> {
    plan_for(Purpose::Conversation, text)
}

fn plan_for(purpose: Purpose, text: &str) -> Result<Plan, OfferRefused> {
    Plan::of(&Offer::parse(text)?, purpose, &mut rng())
}

fn answer(plan: &Plan) -> String {
    let credentials = Credentials { ufrag: "bridge01".into(), pwd: "0123456789abcdefghijklmn".into() };
    let fingerprint = Fingerprint::parse(&format!("sha-256 {}", super::samples::FINGERPRINT)).unwrap();
    let candidates: Vec<SocketAddr> = vec!["192.0.2.1:7000".parse().unwrap(), "[2001:db8::1]:7000".parse().unwrap()];
    let local =
        Local { credentials: &credentials, fingerprint: &fingerprint, candidates: &candidates, session: 5, version: 1 };
    plan.answer(&local)
}

/// The answer's m-sections.
fn sections(answer: &str) -> Vec<&str> {
    answer.split("m=").skip(1).collect()
}

#[test]
fn a_browsers_offer_becomes_three_publications_and_its_slots() {
    let media = plan(&chromium(3, 4)).unwrap().media();
    let sources: Vec<Source> = media.publications.iter().map(|publication| publication.source).collect();
    assert_eq!(sources, [Source::Microphone, Source::Camera, Source::Screen]);
    let kinds: Vec<MediaKind> = media.slots.iter().map(|slot| slot.kind).collect();
    assert_eq!(kinds, [vec![MediaKind::Audio; 3], vec![MediaKind::Video; 4]].concat());

    let [microphone, camera, screen] = media.publications.as_slice() else { panic!("not three") };
    assert_eq!((microphone.codec.codec, microphone.codec.payload_type), (Codec::Opus, PayloadType(111)));
    assert_eq!(microphone.extensions.audio_level, Some(1));
    assert_eq!(microphone.streams, Streams::BySsrc { media: Some(Ssrc(1001)), repair: None });
    assert_eq!(camera.streams, Streams::ByRid(["q", "h", "f"].map(|rid| Rid(rid.into())).to_vec()));
    assert_eq!((camera.extensions.rid, camera.extensions.repaired_rid), (Some(10), Some(11)));
    assert_eq!(camera.codec.repair_payload_type, Some(PayloadType(97)));
    assert_eq!(camera.codec.feedback, Feedback { nack: true, pli: true, fir: true, transport_cc: true });
    assert_eq!(screen.streams, Streams::BySsrc { media: Some(Ssrc(2001)), repair: Some(Ssrc(2002)) });
}

#[test]
fn slots_have_distinct_ssrcs_of_ours_and_promise_only_what_is_kept() {
    let media = plan(&chromium(3, 49)).unwrap().media();
    let mut ssrcs: Vec<Ssrc> =
        media.slots.iter().flat_map(|slot| [Some(slot.ssrc), slot.repair_ssrc]).flatten().collect();
    assert_eq!(ssrcs.len(), 3 + 2 * 49);
    ssrcs.sort_unstable();
    ssrcs.dedup();
    assert_eq!(ssrcs.len(), 3 + 2 * 49);
    for slot in &media.slots {
        assert!(slot.codecs.iter().all(|codec| !codec.feedback.transport_cc));
        assert_eq!(slot.extensions, ExtensionIds { mid: Some(4), ..ExtensionIds::default() });
    }
}

#[test]
fn the_answer_is_complete_at_once() {
    let text = answer(&plan(&chromium(3, 2)).unwrap());
    let parsed = SessionDescription::unmarshal(&mut std::io::Cursor::new(text.as_str())).unwrap();
    assert_eq!(parsed.media_descriptions.len(), 8);
    assert!(text.contains("a=ice-lite\r\n"));
    assert!(text.contains("a=group:BUNDLE 0 1 2 3 4 5 6 7\r\n"));
    let sections = sections(&text);
    assert!(sections[0].contains("a=candidate:1 1 udp 2130706431 192.0.2.1 7000 typ host\r\n"));
    assert!(sections[0].contains("a=candidate:2 1 udp 2130706175 2001:db8::1 7000 typ host\r\n"));
    assert!(sections[0].contains("a=end-of-candidates\r\n"));
    assert!(
        sections[0].contains("a=recvonly\r\n") && sections[0].contains("a=fmtp:111 minptime=10;useinbandfec=1\r\n")
    );
    assert!(sections[1].contains("a=simulcast:recv q;h;f\r\n") && sections[1].contains("a=rid:h recv\r\n"));
    assert!(sections[3].contains("a=sendonly\r\n") && sections[3].contains("a=msid:slot-"));
    assert!(sections[7].contains("a=ssrc-group:FID ") && sections[7].contains("a=fmtp:97 apt=96\r\n"));
    for section in &sections {
        assert!(section.contains("a=setup:passive\r\n") && section.contains("a=rtcp-mux\r\n"));
    }
    assert!(sections[1].contains("transport-cc") && !sections[7].contains("transport-cc"));
}

#[test]
fn sound_with_redundancy_is_answered_where_it_is_offered_and_in_its_place() {
    let media = plan(&chromium(1, 1)).unwrap().media();
    let red = Some(PayloadType(63));
    assert_eq!((media.publications[0].codec.red_payload_type, media.slots[0].codecs[0].red_payload_type), (red, red));
    assert!(media.publications[1].codec.red_payload_type.is_none());
    let text = answer(&plan(&chromium(1, 1)).unwrap());
    for section in [sections(&text)[0], sections(&text)[3]] {
        assert!(section.starts_with("audio 9 UDP/TLS/RTP/SAVPF 111 63\r\n"));
        assert!(section.contains("a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"));
    }
    // Chromium sends it only where it stands first.
    let preferred = audio(0, "sendonly").replace(" 111 63 ", " 63 111 ");
    let text = answer(&plan(&offer(std::slice::from_ref(&preferred))).unwrap());
    assert!(sections(&text)[0].starts_with("audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n"));

    for foreign in [preferred.replace("111/111", "0/0"), preferred.replace("a=fmtp:63 111/111\r\n", "")] {
        let plan = plan(&offer(&[foreign])).unwrap();
        assert_eq!(plan.media().publications[0].codec.red_payload_type, None);
        assert!(sections(&answer(&plan))[0].starts_with("audio 9 UDP/TLS/RTP/SAVPF 111\r\n"));
    }
}

#[test]
fn a_slot_takes_every_codec_and_a_publication_the_one_everybody_has() {
    let plan = plan(&chromium(1, 1)).unwrap();
    let media = plan.media();
    assert!(media.publications[1..].iter().all(|publication| publication.codec.codec == Codec::Vp8));
    let codecs: Vec<(Codec, u8, Option<u8>)> = media.slots[1]
        .codecs
        .iter()
        .map(|codec| (codec.codec, codec.payload_type.0, codec.repair_payload_type.map(|repair| repair.0)))
        .collect();
    let h264 = Codec::H264(H264Profile::Baseline);
    assert_eq!(codecs, [(Codec::Vp8, 96, Some(97)), (h264, 102, Some(103)), (Codec::Vp9, 98, Some(99))]);
    let text = answer(&plan);
    let slot = sections(&text)[4];
    assert!(slot.starts_with("video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 98 99\r\n"), "{slot}");
    for line in ["a=rtpmap:102 H264/90000", "a=fmtp:103 apt=102", "a=fmtp:98 profile-id=0", "a=fmtp:99 apt=98"] {
        assert_eq!(slot.matches(line).count(), 1, "{line}");
    }
    assert_eq!(slot.matches("a=rtcp-rsize").count(), 1);
    assert!(sections(&text)[1].starts_with("video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"));
    assert!(SessionDescription::unmarshal(&mut std::io::Cursor::new(text.as_str())).is_ok());
}

/// One video line with these formats only, written as (payload type, encoding, parameters).
fn only(direction: &str, formats: &[(u8, &str, &str)]) -> String {
    let list: Vec<String> = formats.iter().map(|(number, ..)| number.to_string()).collect();
    let lines: String = formats
        .iter()
        .map(|(number, encoding, parameters)| {
            format!("a=rtpmap:{number} {encoding}/90000\r\na=fmtp:{number} {parameters}\r\n")
        })
        .collect();
    let video = video(0, direction);
    let head = video.split("a=rtpmap:").next().unwrap();
    offer(&[head.replace("96 97 102 103 98 99", &list.join(" ")) + &lines])
}

fn published(formats: &[(u8, &str, &str)]) -> Option<(Codec, u8)> {
    let media = plan(&only("sendonly", formats)).ok()?.media();
    let codec = &media.publications.first()?.codec;
    Some((codec.codec, codec.payload_type.0))
}

#[test]
fn another_codec_is_taken_where_vp8_is_not_offered() {
    let h264 = |profile: &str| format!("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}");
    let (high, baseline) = (h264("640c1f"), h264("42e01f"));
    assert_eq!(
        published(&[(98, "VP9", "profile-id=2"), (45, "AV1", "profile=0"), (100, "VP9", "profile-id=0")]),
        Some((Codec::Av1, 45))
    );
    assert_eq!(
        published(&[(98, "VP9", "profile-id=0"), (45, "AV1", ""), (96, "VP8", "max-fs=12288")]),
        Some((Codec::Vp8, 96))
    );
    let constrained = Codec::H264(H264Profile::ConstrainedBaseline);
    assert_eq!(
        published(&[(104, "H264", &high), (102, "H264", &baseline)]),
        Some((constrained, 102)),
        "what most can decode"
    );
    assert_eq!(published(&[(104, "H264", &high)]), Some((Codec::H264(H264Profile::ConstrainedHigh), 104)));
    assert_eq!(
        published(&[(127, "H264", "packetization-mode=0;profile-level-id=42e01f"), (102, "H264", &baseline)]),
        Some((constrained, 102))
    );
    for refused in [
        ("H264", "packetization-mode=0;profile-level-id=42e01f"),
        ("H265", ""),
        ("VP9", "profile-id=2"),
        ("H264", "packetization-mode=1;profile-level-id=xyz"),
    ] {
        assert_eq!(published(&[(99, refused.0, refused.1)]), None, "{refused:?}");
    }
}

#[test]
fn a_viewer_of_one_profile_plays_what_its_decoder_can() {
    use H264Profile::{Baseline, ConstrainedBaseline, High, Main};
    let plays = |own, other| Codec::H264(own).plays(Codec::H264(other));
    assert!(plays(ConstrainedBaseline, Baseline) && plays(High, Main) && plays(Main, ConstrainedBaseline));
    assert!(!plays(Main, High) && !plays(Baseline, Main));
    assert!(!Codec::Vp8.plays(Codec::Vp9));
}

#[test]
fn the_descriptor_of_av1_is_agreed_on_where_its_length_is_allowed() {
    let extension =
        "a=extmap:12 https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension\r\n";
    let line = |direction: &str| only(direction, &[(45, "AV1", "profile=0")]) + extension;
    let mixed = |text: String| text.replace("a=group:BUNDLE", "a=extmap-allow-mixed\r\na=group:BUNDLE");
    for direction in ["sendonly", "recvonly"] {
        let agreed = plan(&mixed(line(direction))).unwrap();
        let text = answer(&agreed);
        assert!(text.contains("a=extmap-allow-mixed\r\n") && text.contains(extension), "{text}");
        let text = answer(&plan(&line(direction)).unwrap());
        assert!(!text.contains("allow-mixed") && !text.contains(extension));
    }
    let vp8 = offer(&[video(0, "sendonly") + extension]);
    assert_eq!(plan(&mixed(vp8)).unwrap().media().publications[0].extensions.dependency_descriptor, None);
}

#[test]
fn a_data_channel_is_refused_with_port_zero_and_the_rest_goes_on() {
    let text = answer(&plan(&offer(&[application(0), audio(1, "sendonly")])).unwrap());
    let sections = sections(&text);
    assert!(sections[0].starts_with("application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
    assert!(sections[1].starts_with("audio 9 ") && sections[1].contains("a=candidate:1 "));
    assert!(text.contains("a=group:BUNDLE 1\r\n"));
}

#[test]
fn a_third_camera_and_a_second_microphone_stay_idle() {
    let lines: Vec<String> =
        [audio(0, "sendonly"), video(1, "sendonly"), video(2, "sendonly"), video(3, "sendonly"), audio(4, "sendonly")]
            .into();
    let plan = plan(&offer(&lines)).unwrap();
    assert_eq!(plan.media().publications.len(), 3);
    let text = answer(&plan);
    assert!(sections(&text)[3].contains("a=inactive\r\n") && sections(&text)[4].contains("a=inactive\r\n"));
}

#[test]
fn a_line_that_would_do_both_is_taken_as_sending() {
    let plan = plan(&offer(&[audio(0, "sendrecv"), video(1, "sendrecv")])).unwrap();
    let media = plan.media();
    assert_eq!((media.publications.len(), media.slots.len()), (2, 0));
    assert!(sections(&answer(&plan)).iter().all(|section| section.contains("a=recvonly\r\n")));
}

#[test]
fn who_came_to_publish_is_never_sent_to_and_who_came_to_receive_is_never_heard() {
    let both = offer(&[audio(0, "sendrecv"), video(1, "sendrecv")]);
    let published = plan_for(Purpose::Publish, &both).unwrap();
    assert_eq!((published.media().publications.len(), published.media().slots.len()), (2, 0));
    let received = plan_for(Purpose::Receive, &both).unwrap();
    assert_eq!((received.media().publications.len(), received.media().slots.len()), (0, 2));
    assert!(sections(&answer(&received)).iter().all(|section| section.contains("a=sendonly\r\n")));

    for (purpose, wrong) in [(Purpose::Publish, "recvonly"), (Purpose::Receive, "sendonly")] {
        let refused = plan_for(purpose, &offer(&[audio(0, wrong), video(1, "sendrecv")])).unwrap_err();
        assert_eq!(refused, OfferRefused::WrongWay { mid: "0".into() });
    }
}

#[test]
fn a_restart_is_read_for_the_purpose_of_the_first_offer() {
    let both = Offer::parse(&offer(&[video(0, "sendrecv")])).unwrap();
    let first = Plan::of(&both, Purpose::Receive, &mut rng()).unwrap();
    assert!(first.is_the_same_as(&first.again(&both, &mut rng()).unwrap()));
    assert!(!first.is_the_same_as(&Plan::of(&both, Purpose::Publish, &mut rng()).unwrap()));
}

#[test]
fn layers_listed_largest_first_are_put_in_order() {
    for (list, lowest_first) in [("f;h;q", ["q", "h", "f"]), ("h;m;l", ["l", "m", "h"]), ("a;b;c", ["a", "b", "c"])] {
        let text = chromium(0, 0).replace("send q;h;f", &format!("send {list}"));
        let streams = plan(&text).unwrap().media().publications[1].streams.clone();
        assert_eq!(streams, Streams::ByRid(lowest_first.map(|rid| Rid(rid.into())).to_vec()));
    }
}

#[test]
fn a_bundle_only_line_with_port_zero_is_meant_and_another_is_not() {
    let bundled =
        video(1, "sendonly").replace("m=video 9", "m=video 0").replace("a=rtcp-mux", "a=bundle-only\r\na=rtcp-mux");
    assert_eq!(plan(&offer(&[audio(0, "sendonly"), bundled])).unwrap().media().publications.len(), 2);
    let off = video(1, "sendonly").replace("m=video 9", "m=video 0");
    let plan = plan(&offer(&[audio(0, "sendonly"), off])).unwrap();
    assert_eq!(plan.media().publications.len(), 1);
    assert!(sections(&answer(&plan))[1].starts_with("video 0 "));
}

#[test]
fn what_cannot_be_answered_is_refused_with_its_reason() {
    let good = offer(&[audio(0, "sendonly")]);
    let without = |part: &str| good.replace(part, "a=x-removed");
    for (text, refused) in [
        ("x".repeat(OFFER_MAX + 1), OfferRefused::TooLarge),
        ("hello".into(), OfferRefused::Malformed),
        (String::new(), OfferRefused::Malformed),
        (without("a=group:BUNDLE 0"), OfferRefused::Missing("a BUNDLE group")),
        (without("a=rtcp-mux"), OfferRefused::Missing("a=rtcp-mux")),
        (without("a=ice-ufrag:HSPk"), OfferRefused::Missing("a=ice-ufrag")),
        (without("a=mid:0"), OfferRefused::Missing("a=mid")),
        (good.replace("sha-256", "sha-1"), OfferRefused::Missing("a=fingerprint")),
        (good.replace("actpass", "passive"), OfferRefused::Missing("a=setup:actpass or a=setup:active")),
        (good.replace("RTP/SAVPF", "RTP/AVP"), OfferRefused::Missing("audio or video")),
        (offer(&[application(0)]), OfferRefused::Missing("audio or video")),
        (good.replace("a=ice-ufrag:HSPk", "a=ice-ufrag:a b"), OfferRefused::Malformed),
        (offer(&[audio(0, "sendonly"), audio(0, "sendonly")]), OfferRefused::Malformed),
        (good.replace("opus", "opux"), OfferRefused::UnsupportedCodec { mid: "0".into() }),
        (offer(&vec![audio(0, "recvonly"); MEDIA_MAX + 1]), OfferRefused::TooManyMedia),
    ] {
        assert_eq!(plan(&text).unwrap_err(), refused, "{}", text.get(..200).unwrap_or(&text));
    }
    let unknown = only("sendonly", &[(96, "AV2", "")]);
    assert_eq!(plan(&unknown).unwrap_err(), OfferRefused::UnsupportedCodec { mid: "0".into() });
}

#[test]
fn the_largest_offers_cost_no_more_than_their_length() {
    let fill = |line: &dyn Fn(usize) -> String| {
        let mut text = offer(&[audio(0, "sendonly"), video(1, "sendonly")]);
        for at in 0.. {
            let line = line(at);
            if text.len() + line.len() > OFFER_MAX {
                return text;
            }
            text += &line;
        }
        text
    };
    let numbers: Vec<String> = (0..40_000).map(|number| format!("{number:06}")).collect();
    let started = std::time::Instant::now();
    for text in [
        fill(&|at| format!("a=rtpmap:{at} VP8/90000\r\n")),
        fill(&|at| format!("a=rtcp-fb:* nack {at}\r\n")),
        fill(&|at| format!("a=fmtp:96 x={at}\r\n")),
        fill(&|at| format!("a=ssrc:{at} cname:x\r\n")),
        fill(&|at| format!("a=extmap:{} urn:x:{at}\r\n", at % 20)),
        fill(&|at| format!("a=candidate:{at} 1 udp 1 192.0.2.1 9 typ host\r\n")),
        fill(&|at| {
            format!(
                "a=fingerprint:sha-256 {}\r\n",
                super::samples::FINGERPRINT.replace("0A", &format!("{:02X}", at % 256))
            )
        }),
        offer(&[
            video(0, "sendonly").replace("VP8/90000", &format!("VP8/90000\r\na=simulcast:send {}", numbers.join(";")))
        ]),
        offer(&[video(0, "sendonly").replace(" 96 97 ", &format!(" 96 97 {} ", numbers.join(" ")))]),
    ] {
        let _ = plan(text.get(..OFFER_MAX).unwrap_or(&text));
    }
    // Quadratic work on any of them would take minutes here.
    assert!(started.elapsed() < std::time::Duration::from_secs(20));
}

#[test]
fn a_restart_must_be_about_the_same_lines() {
    let first = plan(&chromium(3, 2)).unwrap();
    let again =
        Plan::of(&Offer::parse(&chromium(3, 2)).unwrap(), Purpose::Conversation, &mut ChaCha20Rng::from_seed([9; 32]))
            .unwrap();
    assert!(first.is_the_same_as(&again));
    for other in
        [chromium(3, 3), chromium(2, 3), chromium(3, 2).replace("VP8", "VP9"), chromium(3, 2).replace("mid:7", "mid:9")]
    {
        assert!(!plan(&other).is_ok_and(|other| first.is_the_same_as(&other)));
    }
}

#[test]
fn a_fragment_names_the_session_and_is_answered_with_ours() {
    let fragment = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n\
                    a=candidate:1 1 UDP 2130706431 198.51.100.1 39132 typ host\r\na=end-of-candidates\r\n";
    assert_eq!(Fragment::parse(fragment), Ok(Fragment { ufrag: "EsAw".into() }));
    assert_eq!(Fragment::parse("a=candidate:1"), Err(OfferRefused::Missing("a=ice-ufrag")));
    assert_eq!(Fragment::parse("a=ice-ufrag:x"), Err(OfferRefused::Malformed));
    assert_eq!(Fragment::parse(&"x".repeat(OFFER_MAX + 1)), Err(OfferRefused::TooLarge));
}

proptest! {
    #[test]
    fn any_text_is_answered_or_refused_without_a_panic(text in ".{0,400}") {
        let _ = plan(&text);
        let _ = Fragment::parse(&text);
    }

    #[test]
    fn a_mangled_offer_is_answered_or_refused_without_a_panic(
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0u8..4), 1..8),
    ) {
        let mut lines: Vec<String> = chromium(1, 1).lines().map(str::to_owned).collect();
        for (at, other, how) in cuts {
            let (at, other) = (at.index(lines.len()), other.index(lines.len()));
            match how {
                0 => drop(lines.remove(at)),
                1 => lines.swap(at, other),
                2 => lines[at] = lines[at].chars().take(other).collect(),
                _ => lines.insert(at, lines[other].clone()),
            }
        }
        if let Ok(plan) = plan(&lines.join("\r\n")) {
            let text = answer(&plan);
            prop_assert!(SessionDescription::unmarshal(&mut std::io::Cursor::new(text.as_str())).is_ok());
        }
    }
}

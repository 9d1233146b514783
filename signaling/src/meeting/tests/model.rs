//! A meeting under random inputs: after each of them what must always hold does hold.

use proptest::prelude::*;

use super::*;
use crate::role;
use crate::wire::{Action, Staged};

const EVERYBODY: [ParticipantId; 7] = [HALL, DAM_HA, VINH_THUC, CO_TO, SECRETARY, TECHNICIAN, GUEST];
const GUEST: ParticipantId = ParticipantId(Uuid::from_u128(41));

#[derive(Clone, Debug)]
enum Step {
    Join(usize),
    Resume(usize),
    /// Silent from now on.
    Cut(usize),
    SocketBreaks(usize),
    Wait(u64),
    Ask(usize, Box<ClientMessage>),
    EngineAnswers(usize, Path, u8),
    Publish(usize, Path),
    Unpublish(usize, Path),
    Heard(usize),
    PathEnds(usize, Path),
    Speaker(Option<usize>),
    Recorder(RecordingNews),
    WokeLate,
}

fn who() -> impl Strategy<Value = usize> {
    0..EVERYBODY.len()
}

fn target() -> impl Strategy<Value = Uuid> {
    prop_oneof![9 => who().prop_map(|who| EVERYBODY[who].0), 1 => Just(Uuid::from_u128(999))]
}

fn source() -> impl Strategy<Value = SourceName> {
    prop::sample::select(SOURCES.to_vec())
}

fn path() -> impl Strategy<Value = Path> {
    prop::sample::select(vec![Path::Browser, Path::Whip, Path::Whep])
}

fn request() -> impl Strategy<Value = ClientMessage> {
    let switch = prop::sample::select(vec![SwitchState::On, SwitchState::On, SwitchState::Off]);
    let mode = prop::sample::select(vec![Mode::Discussion, Mode::Training, Mode::Conference]);
    prop_oneof![
        6 => Just(ClientMessage::Offer { sdp: "v=0".into() }),
        8 => (source(), switch).prop_map(|(source, state)| ClientMessage::SwitchSource { source, state }),
        4 => Just(ClientMessage::AskToSpeak { note: None }),
        2 => Just(ClientMessage::WithdrawRequest {}),
        3 => Just(ClientMessage::FinishSpeaking {}),
        8 => target().prop_map(|participant| ClientMessage::GiveFloor { participant }),
        3 => target().prop_map(|participant| ClientMessage::WithdrawFloor { participant }),
        2 => (target(), 0..400u16).prop_map(|(participant, seconds)| ClientMessage::ExtendFloor { participant, seconds }),
        2 => (target(), 0..4u16).prop_map(|(participant, place)| ClientMessage::MoveInQueue { participant, place }),
        3 => (target(), source()).prop_map(|(participant, source)| ClientMessage::Mute { participant, source }),
        1 => Just(ClientMessage::MuteAll {}),
        3 => prop::option::of((target(), source())).prop_map(|stage| ClientMessage::SetStage {
            stage: stage.map(|(participant, source)| Staged { participant, source }),
        }),
        3 => mode.prop_map(|mode| ClientMessage::SetMode { mode }),
        1 => (0..4u16).prop_map(|index| ClientMessage::SetAgendaItem { index }),
        1 => Just(ClientMessage::StartRecording {}),
        1 => Just(ClientMessage::StopRecording {}),
        1 => Just(ClientMessage::StartSession {}),
        1 => (0..9u16).prop_map(|count| ClientMessage::DeclareHeadcount { count }),
        1 => target().prop_map(|participant| ClientMessage::RemoveParticipant { participant, reason: "x".into() }),
        1 => Just(ClientMessage::Leave {}),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let recorder =
        prop::sample::select(vec![RecordingNews::Started { at: EIGHT }, RecordingNews::Stopped, RecordingNews::Failed]);
    prop_oneof![
        6 => who().prop_map(Step::Join),
        4 => who().prop_map(Step::Resume),
        2 => who().prop_map(Step::Cut),
        2 => who().prop_map(Step::SocketBreaks),
        4 => (1..10_000u64).prop_map(Step::Wait),
        1 => (100_000..400_000u64).prop_map(Step::Wait),
        30 => (who(), request()).prop_map(|(who, request)| Step::Ask(who, Box::new(request))),
        12 => (who(), path(), 0..8u8).prop_map(|(who, path, bits)| Step::EngineAnswers(who, path, bits)),
        3 => (who(), path()).prop_map(|(who, path)| Step::Publish(who, path)),
        1 => (who(), path()).prop_map(|(who, path)| Step::Unpublish(who, path)),
        3 => who().prop_map(Step::Heard),
        1 => (who(), path()).prop_map(|(who, path)| Step::PathEnds(who, path)),
        2 => prop::option::of(who()).prop_map(Step::Speaker),
        1 => recorder.prop_map(Step::Recorder),
        1 => Just(Step::WokeLate),
    ]
}

fn set_of(bits: u8) -> SourceSet {
    let chosen = SOURCES.into_iter().enumerate().filter(|(place, _)| bits & (1 << place) != 0);
    chosen.fold(SourceSet::NONE, |set, (_, source)| set.with(source))
}

/// Tickets the engine was given and has not answered, as the desk would keep them: a dropped one is never answered.
fn open_ticket(world: &World, who: ParticipantId, on: Path) -> Option<Ticket> {
    let mut open = None;
    for order in &world.orders {
        match order {
            MediaOrder::Negotiate { participant, path, ticket, .. } if *participant == who && *path == on => {
                open = Some(*ticket);
            }
            MediaOrder::Drop { participant, path } if *participant == who && *path == on => open = None,
            _ => {}
        }
    }
    open
}

fn take(world: &mut World, answered: &mut Vec<Ticket>, step: Step) {
    match step {
        Step::Join(who) => drop(world.join(EVERYBODY[who])),
        Step::Resume(who) if world.pages.contains_key(&EVERYBODY[who]) => drop(world.resume(EVERYBODY[who])),
        Step::Resume(_) => {}
        Step::Cut(who) => world.cut(EVERYBODY[who]),
        Step::SocketBreaks(who) => {
            if let Some(page) = world.pages.get(&EVERYBODY[who]) {
                let connection = page.connection;
                world.give(Input::ConnectionLost { connection });
            }
        }
        Step::Wait(ms) => world.run(Duration::from_millis(ms)),
        Step::Ask(who, request) => {
            if world.pages.contains_key(&EVERYBODY[who]) {
                world.ask(EVERYBODY[who], *request);
            }
        }
        Step::EngineAnswers(who, path, bits) => {
            let participant = EVERYBODY[who];
            let Some(ticket) = open_ticket(world, participant, path).filter(|ticket| !answered.contains(ticket)) else {
                return;
            };
            answered.push(ticket);
            let sources = if path == Path::Whep { SourceSet::NONE } else { set_of(bits) };
            let news = if bits == 0 {
                MediaNews::NegotiationFailed { participant, path, ticket, code: RefusalCode::OfferInvalid }
            } else {
                MediaNews::Negotiated { participant, path, ticket, answer: "v=0".into(), sources }
            };
            world.give(Input::Media(news));
        }
        Step::Publish(_, Path::Browser) | Step::Unpublish(_, Path::Browser) => {}
        Step::Publish(who, path) => drop(world.publish(identity_of(&brief(Mode::Conference), EVERYBODY[who]), path)),
        Step::Unpublish(who, path) => world.give(Input::Unpublish { participant: EVERYBODY[who], path }),
        Step::Heard(who) => world.give(Input::Media(MediaNews::Heard { participant: EVERYBODY[who] })),
        Step::PathEnds(who, path) => {
            world.give(Input::Media(MediaNews::Ended { participant: EVERYBODY[who], path }));
        }
        Step::Speaker(who) => {
            let participant = who.map(|who| EVERYBODY[who]);
            world.give(Input::Media(MediaNews::Speaker { participant }));
        }
        Step::Recorder(news) => world.give(Input::Recording(news)),
        Step::WokeLate => world.give(Input::WokeLate),
    }
}

/// A page as the protocol describes it: what `welcome` said, and every piece of news in its place.
fn replica(said: &[ServerMessage]) -> Option<MeetingView> {
    let mut view: Option<MeetingView> = None;
    for message in said {
        if let ServerMessage::Welcome { meeting, .. } = message {
            view = Some((**meeting).clone());
            continue;
        }
        let Some(view) = view.as_mut() else { continue };
        match message.clone() {
            ServerMessage::Phase { phase } => view.phase = phase,
            ServerMessage::Mode { mode } => view.mode = mode,
            ServerMessage::Agenda { agenda } => view.agenda = agenda,
            ServerMessage::Floor { floor } => view.floor = floor,
            ServerMessage::Stage { stage } => view.stage = stage,
            ServerMessage::Speaker { participant } => view.speaker = participant,
            ServerMessage::Recording { recording } => view.recording = recording,
            ServerMessage::Participants { participants } => {
                for participant in participants {
                    match view.participants.iter_mut().find(|known| known.id == participant.id) {
                        Some(known) => *known = participant,
                        None => view.participants.push(participant),
                    }
                }
            }
            _ => {}
        }
    }
    view
}

fn check(world: &World) -> Result<(), TestCaseError> {
    let view = world.view();
    let seen = |who: Uuid| view.participants.iter().find(|one| one.id == who).unwrap();
    let seated = |who: Uuid| matches!(seen(who).presence, PresenceView::Here { .. } | PresenceView::Away { .. });

    // Nobody is heard who may not be.
    for (who, sources) in &world.forwarded {
        let one = seen(who.0);
        let here = matches!(one.presence, PresenceView::Here { .. });
        let states = [one.microphone, one.camera, one.screen];
        for (source, state) in SOURCES.into_iter().zip(states) {
            let expected = here && state == SourceState::On;
            prop_assert_eq!(sources.has(source), expected, "{:?} of {:?} is {:?}", source, who, state);
        }
        if sources.has(SourceName::Microphone) && view.mode != Mode::Discussion {
            let holds = view.floor.holders.iter().any(|holder| holder.participant == who.0);
            prop_assert!(holds || role::allows(one.role, Action::SpeakFreely), "{:?} is heard uncalled", who);
        }
    }
    let screens = world.forwarded.values().filter(|sources| sources.has(SourceName::Screen)).count();
    prop_assert!(screens <= 1);

    // The floor.
    let holders: Vec<Uuid> = view.floor.holders.iter().map(|holder| holder.participant).collect();
    let queue: Vec<Uuid> = view.floor.queue.iter().map(|entry| entry.participant).collect();
    prop_assert!(holders.iter().chain(&queue).all(|who| seated(*who)));
    let mut distinct: Vec<Uuid> = holders.iter().chain(&queue).copied().collect();
    distinct.sort_unstable();
    distinct.dedup();
    prop_assert_eq!(distinct.len(), holders.len() + queue.len());
    let at_most = if view.mode == Mode::Training { 1 } else { 2 };
    prop_assert!(holders.len() <= at_most);

    // The stage.
    if let Some(stage) = view.stage {
        prop_assert!(seated(stage.participant));
    }
    let first = view.stage.map(|stage| (ParticipantId(stage.participant), stage.source));
    prop_assert!(first.is_none() || world.stage.first().copied() == first);

    // Attendance: in, out, in, out.
    for who in EVERYBODY {
        let facts = world.facts_of(who);
        for pair in facts.windows(2) {
            let comes_or_goes = (pair[0] == "joined") != (pair[1] == "joined");
            // Whose line was lost may still be turned out, or say that he will not come back.
            let settled = pair[0] == "lost" && ["left", "removed"].contains(&pair[1]);
            prop_assert!(comes_or_goes || settled, "{:?}: {:?}", who, facts);
        }
        let is_here =
            view.participants.iter().any(|one| one.id == who.0 && matches!(one.presence, PresenceView::Here { .. }));
        prop_assert_eq!(facts.last() == Some(&"joined"), is_here, "{:?}: {:?}", who, facts);
    }

    // What everybody was told is what is true.
    for page in world.pages.values() {
        let heard = world.meeting.connections.contains_key(&page.connection);
        if let Some(known) = heard.then(|| replica(&world.said[&page.connection])).flatten() {
            prop_assert_eq!(MeetingView { now: view.now, ..known }, view.clone());
        }
    }
    Ok(())
}

/// What the marks say is what stands after the server died now.
fn check_taking_up(world: &World) -> Result<(), TestCaseError> {
    let mut again = brief(Mode::Conference);
    again.past.clone_from(&world.marks);
    let after = World::of(again).view();
    let before = world.view();
    prop_assert_eq!(
        (after.phase, after.mode, after.agenda.current),
        (before.phase, before.mode, before.agenda.current)
    );
    let holders = |view: &MeetingView| view.floor.holders.iter().map(|holder| holder.participant).collect::<Vec<_>>();
    prop_assert_eq!(holders(&after), holders(&before));
    let queue = |view: &MeetingView| {
        let mut queue: Vec<Uuid> = view.floor.queue.iter().map(|entry| entry.participant).collect();
        queue.sort_unstable();
        queue
    };
    prop_assert_eq!(queue(&after), queue(&before));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_the_rules_of_the_meeting_hold(
        steps in prop::collection::vec(prop::collection::vec(step(), 1..4), 1..80),
    ) {
        let mut world = World::new(Mode::Conference);
        let mut answered = Vec::new();
        for batch in steps {
            world.together(|world| batch.into_iter().for_each(|step| take(world, &mut answered, step)));
            check(&world)?;
        }
        check_taking_up(&world)?;
    }
}

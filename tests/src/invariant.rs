//! What is always true of a meeting, whatever happened: at every moment, and from one moment to the next.

use std::collections::BTreeSet;

use signaling::meeting::{Input, Limits};
use signaling::role;
use signaling::wire::{
    Action, MeetingView, Mode, ParticipantView, Phase, PresenceView, SourceName, SourceState, StageReason,
};
use uuid::Uuid;

/// What a step was the answer to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    Join,
    Request,
    /// A connection was lost.
    Lost,
    Media,
    Recording,
    Clock,
    /// The end or a stop, ordered from outside.
    Order,
}

impl Cause {
    #[must_use]
    pub fn of(input: &Input) -> Self {
        match input {
            Input::Join(_) => Self::Join,
            Input::Request { .. } => Self::Request,
            Input::ConnectionLost { .. } => Self::Lost,
            Input::Publish { .. } | Input::Trickle { .. } | Input::Unpublish { .. } | Input::Media(_) => Self::Media,
            Input::Recording(_) => Self::Recording,
            Input::End | Input::Stop { .. } | Input::WokeLate => Self::Order,
        }
    }
}

macro_rules! rule {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err(format!($($what)+));
        }
    };
}

fn is_seated(participant: &ParticipantView) -> bool {
    matches!(participant.presence, PresenceView::Here { .. } | PresenceView::Away { .. })
}

fn is_gone(participant: &ParticipantView) -> bool {
    matches!(participant.presence, PresenceView::Gone { .. } | PresenceView::Expected)
}

/// # Errors
/// The rule that is broken.
pub fn meeting(view: &MeetingView) -> Result<(), String> {
    let ids: BTreeSet<Uuid> = view.participants.iter().map(|participant| participant.id).collect();
    rule!(ids.len() == view.participants.len(), "somebody has two places on the list");
    floor(view)?;
    sources(view)?;
    stage(view)?;
    let speaker = view.speaker.and_then(|speaker| find(view, speaker));
    rule!(speaker.is_none_or(is_seated), "the speaker has no seat: {speaker:?}");
    rule!(speaker.is_some() == view.speaker.is_some(), "the speaker is nobody: {:?}", view.speaker);
    Ok(())
}

fn find(view: &MeetingView, id: Uuid) -> Option<&ParticipantView> {
    view.participants.iter().find(|participant| participant.id == id)
}

fn floor(view: &MeetingView) -> Result<(), String> {
    let queue: BTreeSet<Uuid> = view.floor.queue.iter().map(|entry| entry.participant).collect();
    let holders: BTreeSet<Uuid> = view.floor.holders.iter().map(|holder| holder.participant).collect();
    rule!(queue.len() == view.floor.queue.len(), "somebody stands twice in the queue: {:?}", view.floor.queue);
    rule!(holders.len() == view.floor.holders.len(), "somebody holds the floor twice: {:?}", view.floor.holders);
    rule!(queue.is_disjoint(&holders), "somebody holds the floor and waits for it: {:?}", view.floor);
    for who in queue.iter().chain(&holders) {
        let known = find(view, *who);
        rule!(known.is_some_and(is_seated), "without a seat, but with floor or hand: {known:?}");
    }
    let most = match view.mode {
        Mode::Training => 1,
        Mode::Discussion | Mode::Conference => usize::from(Limits::default().holders_max),
    };
    rule!(holders.len() <= most, "{} hold the floor in {:?}", holders.len(), view.mode);
    Ok(())
}

fn sources(view: &MeetingView) -> Result<(), String> {
    let mut screens = 0;
    for who in &view.participants {
        let states = [who.microphone, who.camera, who.screen];
        let none_on = states.iter().all(|state| *state != SourceState::On);
        rule!(is_seated(who) || none_on, "without a seat, and something is on: {who:?}");
        if who.screen == SourceState::On {
            screens += 1;
        }
        let free = view.mode == Mode::Discussion
            || role::allows(who.role, Action::SpeakFreely)
            || view.floor.holders.iter().any(|holder| holder.participant == who.id);
        rule!(free || who.microphone != SourceState::On, "speaks out of turn: {who:?}");
    }
    rule!(screens <= 1, "{screens} screens are shown at once");
    Ok(())
}

fn stage(view: &MeetingView) -> Result<(), String> {
    let Some(stage) = view.stage else { return Ok(()) };
    let who = find(view, stage.participant);
    rule!(who.is_some_and(is_seated), "on stage without a seat: {who:?}");
    rule!(stage.source != SourceName::Microphone, "a microphone is no picture");
    match stage.why {
        StageReason::Chosen => {}
        StageReason::Screen => {
            rule!(who.is_some_and(|who| who.screen == SourceState::On), "a dark screen is on stage: {who:?}");
        }
        StageReason::Floor => {
            let holds = view.floor.holders.iter().any(|holder| holder.participant == stage.participant);
            rule!(holds, "on stage for a floor he does not hold: {who:?}");
        }
    }
    Ok(())
}

/// # Errors
/// What must not happen by such a cause.
pub fn step(before: &MeetingView, after: &MeetingView, cause: &Cause) -> Result<(), String> {
    for (place, was) in before.participants.iter().enumerate() {
        let Some(is) = after.participants.get(place).filter(|is| is.id == was.id) else {
            return Err(format!("{was:?} lost his place on the list by {cause:?}"));
        };
        presence(was, is, *cause)?;
        rule!(is.role == was.role, "{:?} became {:?} by {cause:?}", was.role, is.role);
        rule!(is.spoken_seconds >= was.spoken_seconds, "{was:?} has spoken less by {cause:?}");
        let may_count = matches!(cause, Cause::Join | Cause::Request);
        rule!(may_count || is.headcount == was.headcount, "a headcount changed by {cause:?}: {is:?}");
    }
    kept_floor(before, after, *cause)?;
    match (before.phase, after.phase) {
        (Phase::Gathering, _) | (Phase::InSession { .. }, Phase::Ended { .. }) => Ok(()),
        (was, is) if was == is => Ok(()),
        (was, is) => Err(format!("{was:?} became {is:?}")),
    }
}

fn presence(was: &ParticipantView, is: &ParticipantView, cause: Cause) -> Result<(), String> {
    use PresenceView::{Away, Expected, Gone, Here};
    let fine = match (was.presence, is.presence) {
        (Here { since: was }, Here { since: is }) => was == is,
        (Away { since: was, until: old }, Away { since: is, until: new }) => was == is && old == new,
        (Gone { at: was }, Gone { at: is }) => was == is,
        (Expected, Expected) => true,
        (Expected | Gone { .. }, Here { .. }) => matches!(cause, Cause::Join | Cause::Media),
        (Away { .. }, Here { .. }) => matches!(cause, Cause::Join | Cause::Media),
        (Here { .. }, Away { .. }) => matches!(cause, Cause::Clock | Cause::Order),
        (Here { .. }, Gone { .. }) => matches!(cause, Cause::Request | Cause::Order | Cause::Media),
        (Away { until, .. }, Gone { at }) => at >= until || matches!(cause, Cause::Request | Cause::Order),
        (_, Expected) | (Expected | Gone { .. }, Away { .. }) | (Expected, Gone { .. }) => false,
    };
    rule!(fine, "{:?} became {:?} by {cause:?}: {}", was.presence, is.presence, was.name);
    Ok(())
}

/// Hand and floor outlive lost lines and come back with the seat: only somebody's decision or the end of the seat takes them.
fn kept_floor(before: &MeetingView, after: &MeetingView, cause: Cause) -> Result<(), String> {
    if matches!(cause, Cause::Request | Cause::Order) || before.floor == after.floor {
        return Ok(());
    }
    let stays = |who: Uuid| find(after, who).is_some_and(|who| !is_gone(who));
    let mut expected = before.floor.clone();
    expected.queue.retain(|entry| stays(entry.participant));
    expected.holders.retain(|holder| stays(holder.participant));
    rule!(
        expected == after.floor && cause == Cause::Clock,
        "the floor changed by {cause:?}: {:?} became {:?}",
        before.floor,
        after.floor
    );
    Ok(())
}

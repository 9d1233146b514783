//! Words both sides use.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Chair,
    Secretary,
    Delegate,
    Technician,
    Leader,
}

/// Everything a participant can do; the table Role x Action lives in [`crate::role`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Publish,
    ShareScreen,
    AskToSpeak,
    /// Speaks in every mode without asking.
    SpeakFreely,
    GiveFloor,
    Mute,
    SetStage,
    SetMode,
    SetAgenda,
    Record,
    StartSession,
    EndSession,
    Remove,
    WatchLines,
    DeclareHeadcount,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SourceName {
    Microphone,
    Camera,
    Screen,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SwitchState {
    On,
    Off,
}

/// The three modes of a public meeting: thảo luận, đào tạo, hội nghị truyền hình.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Everybody may switch on his microphone.
    Discussion,
    /// One holds the floor; giving it to the next takes it from the last.
    Training,
    /// The chair lets several speak at once.
    Conference,
}

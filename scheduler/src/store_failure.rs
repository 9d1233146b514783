//! Why the store could not do its work, apart from any refusal of its own.

/// Nothing was changed. Who can act: the technician on duty, not the person who asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreFailure {
    /// Another process holds the database, or too much waits for it; trying again later may help.
    #[error("the store is busy")]
    Busy,
    #[error("the disk is full")]
    DiskFull,
    /// A write or flush failed. It is never retried silently: what the disk holds is then unknown.
    #[error("the disk failed: {detail}")]
    Disk { detail: String },
    /// The store is being closed.
    #[error("the store is closed")]
    Closed,
    /// What was read is not what was ever written.
    #[error("the store holds what cannot be understood: {detail}")]
    Corrupt { detail: String },
    /// The database refused a statement of ours.
    #[error("the database refused: {detail}")]
    Refused { detail: String },
}

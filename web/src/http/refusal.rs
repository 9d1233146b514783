//! What the office, the hasher and the meeting refuse, as problems. A failure of the store is logged here, once, and told in general words.

use scheduler::admission::{AdmitRefused, JoinRefused};
use scheduler::attendance::{EditFault, EditRefused};
use scheduler::booking::{BookRefused, CancelRefused, EndRefused, RescheduleRefused};
use scheduler::clash::ClashReport;
use scheduler::field;
use scheduler::invitation::ReissueRefused;
use scheduler::store::{AccountRefused, DirectoryRefused};
use scheduler::store_failure::StoreFailure;

use super::problem::{FieldCode, FieldProblem, Problem, ProblemCode};
use crate::account::password::HashFailed;
use crate::secret::NoRandomness;

/// Seconds after which a busy server is worth asking again.
const BUSY_RETRY_S: u32 = 2;

impl From<StoreFailure> for Problem {
    fn from(failure: StoreFailure) -> Self {
        match &failure {
            StoreFailure::Busy => {
                tracing::warn!("the database is busy; a request was turned away");
                Self::new(ProblemCode::Unavailable).with_retry_after(BUSY_RETRY_S)
            }
            StoreFailure::Closed => Self::new(ProblemCode::Stopping).with_retry_after(BUSY_RETRY_S),
            StoreFailure::DiskFull => {
                tracing::error!("the disk is full: nothing can be saved until there is room");
                ProblemCode::StorageFull.into()
            }
            StoreFailure::Disk { .. } | StoreFailure::Corrupt { .. } | StoreFailure::Refused { .. } => {
                tracing::error!(%failure, "the database failed");
                ProblemCode::Internal.into()
            }
        }
    }
}

impl From<Vec<field::FieldProblem>> for Problem {
    fn from(problems: Vec<field::FieldProblem>) -> Self {
        let fields: Vec<FieldProblem> = problems.into_iter().map(Into::into).collect();
        Self::new(ProblemCode::Invalid).with_fields(fields)
    }
}

impl From<DirectoryRefused> for Problem {
    fn from(refused: DirectoryRefused) -> Self {
        match refused {
            DirectoryRefused::Unknown => ProblemCode::NotFound.into(),
            DirectoryRefused::Invalid(fields) => fields.into(),
            DirectoryRefused::Failed(failure) => failure.into(),
        }
    }
}

impl From<AccountRefused> for Problem {
    fn from(refused: AccountRefused) -> Self {
        match refused {
            AccountRefused::Unknown => ProblemCode::NotFound.into(),
            AccountRefused::NameTaken => ProblemCode::UsernameTaken.into(),
            AccountRefused::HasAccount => ProblemCode::AlreadyExists.into(),
            AccountRefused::LastAdmin => ProblemCode::LastAdmin.into(),
            AccountRefused::Failed(failure) => failure.into(),
        }
    }
}

impl From<HashFailed> for Problem {
    fn from(failed: HashFailed) -> Self {
        match failed {
            HashFailed::Busy => Self::new(ProblemCode::Unavailable).with_retry_after(BUSY_RETRY_S),
            HashFailed::Broken => {
                tracing::error!("a password could not be hashed or checked");
                ProblemCode::Internal.into()
            }
        }
    }
}

impl From<NoRandomness> for Problem {
    fn from(failed: NoRandomness) -> Self {
        tracing::error!(%failed, "no secret can be made");
        ProblemCode::Internal.into()
    }
}

fn clash(report: ClashReport) -> Problem {
    let clashes = report.clashes.into_iter().map(Into::into).collect();
    Problem::new(ProblemCode::Clash).with_clashes(clashes, report.free_slot.map(Into::into))
}

impl From<BookRefused> for Problem {
    fn from(refused: BookRefused) -> Self {
        match refused {
            BookRefused::Clash(report) => clash(*report),
            BookRefused::Invalid(fields) => fields.into(),
            BookRefused::KeyReused => ProblemCode::IdempotencyKeyReused.into(),
            BookRefused::Failed(failure) => failure.into(),
        }
    }
}

impl From<RescheduleRefused> for Problem {
    fn from(refused: RescheduleRefused) -> Self {
        match refused {
            RescheduleRefused::Unknown => ProblemCode::NotFound.into(),
            RescheduleRefused::NotPlanned => ProblemCode::SessionStarted.into(),
            RescheduleRefused::Clash(report) => clash(*report),
            RescheduleRefused::Failed(failure) => failure.into(),
        }
    }
}

impl From<CancelRefused> for Problem {
    fn from(refused: CancelRefused) -> Self {
        match refused {
            CancelRefused::Unknown => ProblemCode::NotFound.into(),
            CancelRefused::NotPlanned => ProblemCode::SessionStarted.into(),
            CancelRefused::Failed(failure) => failure.into(),
        }
    }
}

impl From<EndRefused> for Problem {
    fn from(refused: EndRefused) -> Self {
        match refused {
            EndRefused::Unknown => ProblemCode::NotFound.into(),
            EndRefused::Over => ProblemCode::SessionEnded.into(),
            EndRefused::Failed(failure) => failure.into(),
        }
    }
}

impl From<ReissueRefused> for Problem {
    fn from(refused: ReissueRefused) -> Self {
        match refused {
            ReissueRefused::Unknown => ProblemCode::NotFound.into(),
            ReissueRefused::Over => ProblemCode::SessionEnded.into(),
            ReissueRefused::NotInvited { .. } => Self::field("site_ids", FieldCode::Unknown),
            ReissueRefused::Failed(failure) => failure.into(),
        }
    }
}

impl From<AdmitRefused> for Problem {
    fn from(refused: AdmitRefused) -> Self {
        match refused {
            AdmitRefused::Refused(refused) => refused.into(),
            AdmitRefused::Failed(failure) => failure.into(),
        }
    }
}

impl From<JoinRefused> for Problem {
    fn from(refused: JoinRefused) -> Self {
        match refused {
            JoinRefused::NotOpenYet { opens_at } => Self::new(ProblemCode::NotOpenYet).with_opens_at(opens_at.millis()),
            JoinRefused::Ended => ProblemCode::SessionEnded.into(),
            JoinRefused::Cancelled => ProblemCode::SessionCancelled.into(),
            JoinRefused::NotInvited => ProblemCode::NotFound.into(),
        }
    }
}

impl From<EditRefused> for Problem {
    fn from(refused: EditRefused) -> Self {
        match refused {
            EditRefused::Unknown => ProblemCode::NotFound.into(),
            EditRefused::Invalid(EditFault::ReasonRequired) => ProblemCode::ReasonRequired.into(),
            EditRefused::Invalid(EditFault::ReasonInvalid) => Self::field("reason", FieldCode::Unshowable),
            EditRefused::Invalid(EditFault::ConfirmedOutOfRange { max }) => {
                let field = FieldProblem {
                    field: "confirmed".to_owned(),
                    code: FieldCode::NumberOutOfRange,
                    min: Some(0),
                    max: Some(i64::from(max)),
                };
                Self::new(ProblemCode::Invalid).with_fields(vec![field])
            }
            EditRefused::Invalid(EditFault::Nothing) => ProblemCode::Invalid.into(),
            EditRefused::Failed(failure) => failure.into(),
        }
    }
}

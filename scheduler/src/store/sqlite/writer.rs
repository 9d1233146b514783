//! The task that stores marks. A flush to the disk takes milliseconds, a mark microseconds: so all marks that come while one flush runs
//! share the next one. Nobody waits for a timer; the flush itself is the wait.

use sqlx::sqlite::SqlitePool;
use tokio::sync::{mpsc, oneshot};

use super::mark;
use crate::id::SessionId;
use crate::mark::Mark;
use crate::store::MarkRefused;
use crate::store_failure::StoreFailure;

/// Calls waiting for the writer. A meeting of 300 sites makes a few marks a second; this many waiting means that the disk has stopped, and
/// then callers must wait rather than the memory grow.
const WAITING_MAX: usize = 1_024;
/// Calls in one transaction, so that the first of them does not wait for an endless one.
const BATCH_MAX: usize = 256;

enum Order {
    Store(Call),
    /// Store what came before, then end.
    Drain(oneshot::Sender<()>),
}

struct Call {
    marks: Vec<Mark>,
    answer: oneshot::Sender<Result<(), MarkRefused>>,
}

#[derive(Clone, Debug)]
pub(super) struct MarkWriter {
    orders: mpsc::Sender<Order>,
}

impl MarkWriter {
    pub(super) fn start(pool: SqlitePool) -> Self {
        let (orders, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(run(pool, waiting));
        Self { orders }
    }

    pub(super) async fn store(&self, marks: Vec<Mark>) -> Result<(), MarkRefused> {
        let (answer, stored) = oneshot::channel();
        let call = Call { marks, answer };
        self.orders.send(Order::Store(call)).await.map_err(|_| StoreFailure::Closed)?;
        // The call is carried out even if its caller goes away; only then does nobody hear of it.
        stored.await.map_err(|_| StoreFailure::Closed)?
    }

    pub(super) async fn drain(&self) {
        let (drained, done) = oneshot::channel();
        if self.orders.send(Order::Drain(drained)).await.is_ok() {
            // An error means that the task has ended already, which is what was asked for.
            let _ended = done.await;
        }
    }

    /// Resolves when nothing will be stored any more: after [`Self::drain`], or when the disk has failed.
    pub(super) async fn ended(&self) {
        self.orders.closed().await;
    }
}

async fn run(pool: SqlitePool, mut waiting: mpsc::Receiver<Order>) {
    let mut orders = Vec::with_capacity(BATCH_MAX);
    while waiting.recv_many(&mut orders, BATCH_MAX).await > 0 {
        let mut calls = Vec::with_capacity(orders.len());
        let mut drained = None;
        for order in orders.drain(..) {
            match order {
                Order::Store(call) => calls.push(call),
                Order::Drain(done) => drained = Some(done),
            }
        }
        let end = commit(&pool, calls).await;
        if let Some(done) = drained {
            // Whoever asked may have gone; the writer ends all the same.
            let _unheard = done.send(());
            return;
        }
        if end == Health::Lost {
            tracing::error!("the disk failed under the attendance marks; nothing more is stored");
            return;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Sound,
    /// After a failed flush nobody knows what the disk holds; going on would acknowledge what may be lost.
    Lost,
}

/// One transaction for all calls. A call for an unknown session is refused by itself and does not hold up the others.
async fn commit(pool: &SqlitePool, calls: Vec<Call>) -> Health {
    let (all_marks, answers): (Vec<_>, Vec<_>) = calls.into_iter().map(|call| (call.marks, call.answer)).unzip();
    let stored = append(pool, &all_marks).await;
    let health = match &stored {
        Err(StoreFailure::Disk { .. }) => Health::Lost,
        Ok(_)
        | Err(
            StoreFailure::Busy
            | StoreFailure::DiskFull
            | StoreFailure::Closed
            | StoreFailure::Corrupt { .. }
            | StoreFailure::Refused { .. },
        ) => Health::Sound,
    };
    let verdicts = match stored {
        Ok(verdicts) => verdicts,
        Err(failure) => answers.iter().map(|_| Err(MarkRefused::Failed(failure.clone()))).collect(),
    };
    for (answer, verdict) in answers.into_iter().zip(verdicts) {
        // A caller that has gone will send its marks again; their ids make that harmless.
        let _unheard = answer.send(verdict);
    }
    health
}

/// The answer to each call once all of them are on the disk, or why none is.
async fn append(pool: &SqlitePool, calls: &[Vec<Mark>]) -> Result<Vec<Result<(), MarkRefused>>, StoreFailure> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let mut verdicts = Vec::with_capacity(calls.len());
    for marks in calls {
        let verdict = match unknown_session(&mut tx, marks).await? {
            Some(session) => Err(MarkRefused::UnknownSession { session }),
            None => {
                mark::append(&mut tx, marks).await?;
                Ok(())
            }
        };
        verdicts.push(verdict);
    }
    tx.commit().await?;
    Ok(verdicts)
}

async fn unknown_session(conn: &mut super::Conn, marks: &[Mark]) -> Result<Option<SessionId>, StoreFailure> {
    for mark in marks {
        if !mark::session_exists(conn, mark.session).await? {
            return Ok(Some(mark.session));
        }
    }
    Ok(None)
}

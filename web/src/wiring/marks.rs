//! Where the live meetings' marks become durable: the office's store.

use scheduler::store::{Attendances as _, Office};
use signaling::mark::Mark;
use signaling::serve::{MarkSink, NotStored, PortFuture};

use super::facts;

pub struct StoredMarks {
    pub store: Office,
}

impl MarkSink for StoredMarks {
    fn store(&self, marks: Vec<Mark>) -> PortFuture<Result<(), NotStored>> {
        let store = self.store.clone();
        Box::pin(async move {
            let marks = marks.into_iter().map(facts::to_office).collect();
            store.store_marks(marks).await.map_err(|refused| {
                tracing::error!(%refused, "marks of a meeting could not be stored");
                NotStored
            })
        })
    }
}

//! How many files the process may have open. Every participant holds one for the meeting's WebSocket and for some seconds a few more,
//! because browsers open TCP connections for media until they know that UDP works.

use rustix::process::{Resource, getrlimit, setrlimit};

/// What a thousand participants and the server's own files need, with room. Not all the system allows: each open file is memory of the
/// kernel's, and the limits of ours are below it.
const WANTED: u64 = 16_384;

/// Raises the soft limit, which is 1,024 by custom, as far as the administrator allows. Starting with fewer is no mistake.
pub(super) fn allow_many() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(WANTED, |maximum| maximum.min(WANTED));
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    if let Err(why) = setrlimit(Resource::Nofile, rustix::process::Rlimit { current: Some(wanted), ..limit }) {
        let current = limit.current.unwrap_or(0);
        tracing::warn!(%why, current, "the limit of open files stays as it is: a large meeting needs more (LimitNOFILE)");
    }
}

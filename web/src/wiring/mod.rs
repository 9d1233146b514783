//! The composition root: the office, the live meetings and the media bridge know nothing of each other; here they are put together.
//! Between office and meeting pass two values: a grant one way, marks the other.

pub mod facts;
pub mod grant;
pub mod key;
pub mod live;
pub mod marks;
pub mod media;
pub mod recordings;
pub mod sessions;
pub mod upkeep;

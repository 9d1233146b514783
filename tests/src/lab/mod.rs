//! The laboratory: how a meeting sounds and looks over every kind of line, in virtual time and by seed. The production room between
//! honest clients; between them lines that lose, delay, queue and are shared with others.
//!
//! | file | question |
//! |---|---|
//! | `bench` | who is on which line, and what happens next |
//! | `client` | what one client does: it sends, reports, asks |
//! | `microphone`, `camera` | what encoders make |
//! | `ear`, `eye` | what a listener hears in time, and a viewer sees without a freeze |
//! | `flow` | rates, waits and shares of what goes over a line |
//! | `control` | RTCP as clients write and read it |
//! | `rival` | others on the same line: TCP |
//! | `figures` | the table of what was measured |

pub mod bench;
pub mod camera;
pub mod client;
pub mod control;
pub mod ear;
pub mod eye;
pub mod figures;
pub mod flow;
pub mod microphone;
pub mod rival;

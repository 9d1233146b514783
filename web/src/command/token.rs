//! `nhipcau token`: the right to join, printed for whoever has no page of ours.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use scheduler::id::{SessionId, derived};
use signaling::clock::UtcMs;
use signaling::id::{ParticipantId, PoolId};
use signaling::text::{Line, NAME_MAX};
use signaling::token::{GRANT_LIFE_MAX, Grant, MediaRights, Occupant, Seat};
use signaling::wire::Role;

use crate::clock;
use crate::config::Occasion;
use crate::wiring::key::{self, KeyRefused};

#[derive(Args)]
pub struct TokenArgs {
    /// The server's data directory, for its key [default: `data`, with `--session demo` `data/demo`]
    #[arg(long, env = "NHIPCAU_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// The session: a UUID, or `demo`
    #[arg(long, value_name = "ID")]
    session: SessionId,
    #[arg(long, value_name = "ROLE")]
    role: RoleName,
    /// As everybody will see it; the same name in the same role is the same participant
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Admit up to N participants, told apart by the query `?as=NAME`; honoured only by a server with --allow-load
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pool: Option<u32>,
    /// How long it can be used
    #[arg(long, value_name = "HOURS", default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=168))]
    hours: u64,
    /// The participant is a site with people in it, not one person
    #[arg(long)]
    site: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleName {
    Chair,
    Secretary,
    Delegate,
    Technician,
    Leader,
}

#[derive(Debug, thiserror::Error)]
pub enum TokenFailed {
    #[error(transparent)]
    Key(#[from] KeyRefused),
    #[error("The name cannot be shown: give 1 to {NAME_MAX} characters without control characters with --name.")]
    Name,
}

/// Prints the token.
pub fn run(arguments: &TokenArgs) -> Result<(), TokenFailed> {
    let keys = key::load(&data(arguments))?;
    let now = UtcMs(clock::now().millis());
    println!("{}", grant(arguments, now)?.sign(&keys, now));
    Ok(())
}

/// Where `serve` keeps its data when it is told nothing else.
fn data(arguments: &TokenArgs) -> PathBuf {
    let occasion = if arguments.session == SessionId::DEMO { Occasion::Demo } else { Occasion::Real };
    arguments.data.clone().unwrap_or_else(|| occasion.data())
}

fn grant(arguments: &TokenArgs, now: UtcMs) -> Result<Grant, TokenFailed> {
    let name = Line::parse(&arguments.name, NAME_MAX).map_err(|_| TokenFailed::Name)?.into_string();
    let role = arguments.role.into();
    let life = Duration::from_secs(arguments.hours * 3600).min(GRANT_LIFE_MAX);
    let id = derived("token", &[arguments.session.uuid().as_bytes(), format!("{role:?}").as_bytes(), name.as_bytes()]);
    Ok(Grant {
        session: signaling::id::SessionId(arguments.session.uuid()),
        seat: match arguments.pool {
            Some(admits) => Seat::Pool { id: PoolId(id), admits },
            None => Seat::One(ParticipantId(id)),
        },
        role,
        media: MediaRights::ALL,
        short_name: name.chars().take(14).collect(),
        name,
        detail: None,
        group: None,
        occupant: if arguments.site { Occupant::Site } else { Occupant::Person },
        expires: now.plus(life),
    })
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Chair => Self::Chair,
            RoleName::Secretary => Self::Secretary,
            RoleName::Delegate => Self::Delegate,
            RoleName::Technician => Self::Technician,
            RoleName::Leader => Self::Leader,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        token: TokenArgs,
    }

    #[test]
    fn a_token_is_signed_with_the_key_of_the_server_that_holds_the_session() {
        let directory = |more: &[&str]| {
            let line = ["token", "--role", "delegate", "--name", "Xã Đầm Hà", "--session"];
            data(&Line::try_parse_from(line.iter().chain(more)).unwrap().token)
        };
        assert_eq!(directory(&["demo"]), PathBuf::from("data/demo"));
        assert_eq!(directory(&["0192f1a0-0000-7000-8000-000000000001"]), PathBuf::from("data"));
        assert_eq!(directory(&["demo", "--data", "elsewhere"]), PathBuf::from("elsewhere"));
    }
}

//! ICE-lite (RFC 8445 section 2.5) for one peer: whose checks are genuine, and what they are answered.

use std::time::Instant;

use rand::{Rng, RngExt};
use rtc_stun::crypto::RTCCrypto;

use super::Path;
use super::route::Route;
use super::stun::{self, ClaimedRole, Request};

/// 6 bits a character: 48 bits for the name, 144 for the password (RFC 8445 section 5.3 asks for 24 and 128).
const UFRAG_LEN: usize = 8;
const PWD_LEN: usize = 24;
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// One side's short-term credentials. No `Debug`: the password is a secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
}

impl Credentials {
    pub(crate) fn random(rng: &mut impl Rng) -> Self {
        Self { ufrag: ice_chars(rng, UFRAG_LEN), pwd: ice_chars(rng, PWD_LEN) }
    }
}

fn ice_chars(rng: &mut impl Rng, len: usize) -> String {
    let mut bytes = vec![0u8; len];
    rng.fill(bytes.as_mut_slice());
    bytes.iter().filter_map(|byte| ICE_CHARS.get(usize::from(byte % 64))).map(|&char| char::from(char)).collect()
}

/// One peer's ICE session.
pub(crate) struct IceLite {
    local: Credentials,
    remote_ufrag: String,
    pub(crate) route: Route,
}

/// Why a request got no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CheckRefused {
    /// Not signed with our password, or for another session.
    Forged,
    /// The answer would be too large for the request.
    Amplifying,
}

pub(crate) enum Checked {
    /// The sender is at the address; the answer goes back there. `forgotten` made room for it.
    Proven { answer: Vec<u8>, forgotten: Option<Path> },
    /// The sender is genuine but thinks to be controlled. It will ask again.
    RoleConflict { answer: Vec<u8> },
}

impl IceLite {
    pub(crate) fn new(local: Credentials, remote_ufrag: String) -> Self {
        Self { local, remote_ufrag, route: Route::default() }
    }

    pub(crate) fn local(&self) -> &Credentials {
        &self.local
    }

    pub(crate) fn remote_ufrag(&self) -> &str {
        &self.remote_ufrag
    }

    /// New credentials on both sides (RFC 8445 section 2.4). The old ones are dead at once; media stays on the chosen path until
    /// another is nominated.
    pub(crate) fn restart(&mut self, local: Credentials, remote_ufrag: String) {
        self.local = local;
        self.remote_ufrag = remote_ufrag;
        self.route.restart();
    }

    pub(crate) fn check(
        &mut self,
        now: Instant,
        from: Path,
        request: &Request<'_>,
        datagram: &[u8],
        crypto: &dyn RTCCrypto,
    ) -> Result<Checked, CheckRefused> {
        let ours = request.local_ufrag == self.local.ufrag && request.remote_ufrag == self.remote_ufrag;
        if !ours || !stun::verify(datagram, &self.local.pwd, crypto) {
            return Err(CheckRefused::Forged);
        }
        if request.role == ClaimedRole::Controlled {
            let answer = stun::role_conflict(request, &self.local.pwd, crypto).ok_or(CheckRefused::Amplifying)?;
            return Ok(Checked::RoleConflict { answer });
        }
        let answer = stun::success(request, from.remote, &self.local.pwd, crypto).ok_or(CheckRefused::Amplifying)?;
        let forgotten = self.route.prove(now, from, request.nomination);
        Ok(Checked::Proven { answer, forgotten })
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use rand::SeedableRng;
    use rtc_stun::crypto::{RTCCryptoProvider, providers::AwsLcRsProvider};

    use super::super::stun::tests::check;
    use super::*;

    fn session() -> IceLite {
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([3; 32]);
        IceLite::new(Credentials::random(&mut rng), "them".to_owned())
    }

    fn path(port: u16) -> Path {
        Path::udp(SocketAddr::from(([192, 0, 2, 1], port)), None)
    }

    fn receive(ice: &mut IceLite, from: Path, datagram: &[u8]) -> Result<Checked, CheckRefused> {
        receive_at(ice, Instant::now(), from, datagram)
    }

    fn receive_at(ice: &mut IceLite, now: Instant, from: Path, datagram: &[u8]) -> Result<Checked, CheckRefused> {
        ice.check(now, from, &stun::peek(datagram).unwrap(), datagram, AwsLcRsProvider::new().crypto())
    }

    fn username(ice: &IceLite) -> String {
        format!("{}:them", ice.local.ufrag)
    }

    #[test]
    fn credentials_are_long_enough_and_never_the_same() {
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([3; 32]);
        let (first, second) = (Credentials::random(&mut rng), Credentials::random(&mut rng));
        assert_eq!((first.ufrag.len(), first.pwd.len()), (8, 24));
        assert!(first.ufrag != second.ufrag && first.pwd != second.pwd);
    }

    #[test]
    fn a_path_is_proven_by_a_signed_check_and_chosen_by_nomination() {
        let mut ice = session();
        let (user, pwd) = (username(&ice), ice.local.pwd.clone());
        assert!(ice.route.chosen().is_none());
        assert!(matches!(
            receive(&mut ice, path(1), &check(&user).nominating().signed(&pwd)),
            Ok(Checked::Proven { .. })
        ));
        assert!(matches!(receive(&mut ice, path(2), &check(&user).signed(&pwd)), Ok(Checked::Proven { .. })));
        assert_eq!(ice.route.chosen(), Some(path(1)));
        assert!(receive(&mut ice, path(2), &check(&user).nominating().signed(&pwd)).is_ok());
        assert_eq!(ice.route.chosen(), Some(path(2)));
    }

    #[test]
    fn a_check_signed_with_a_guess_or_for_another_session_proves_nothing() {
        let mut ice = session();
        let (user, pwd) = (username(&ice), ice.local.pwd.clone());
        assert!(receive(&mut ice, path(1), &check(&user).signed("a guess")).is_err());
        assert!(receive(&mut ice, path(1), &check("other:them").signed(&pwd)).is_err());
        let stranger = format!("{}:stranger", ice.local.ufrag);
        assert!(receive(&mut ice, path(1), &check(&stranger).signed(&pwd)).is_err());
        assert!(ice.route.chosen().is_none() && ice.route.proven().next().is_none());
    }

    #[test]
    fn a_controlled_peer_is_told_of_the_conflict_and_proves_nothing() {
        let mut ice = session();
        let datagram = check(&username(&ice)).controlled().signed(&ice.local.pwd.clone());
        assert!(matches!(receive(&mut ice, path(1), &datagram), Ok(Checked::RoleConflict { .. })));
        assert!(ice.route.chosen().is_none());
    }

    #[test]
    fn after_a_restart_the_old_credentials_are_dead_and_media_stays_where_it_was() {
        let mut ice = session();
        let (user, pwd) = (username(&ice), ice.local.pwd.clone());
        assert!(receive(&mut ice, path(1), &check(&user).nominating().signed(&pwd)).is_ok());
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([4; 32]);
        ice.restart(Credentials::random(&mut rng), "them2".to_owned());
        assert_eq!(ice.route.chosen(), Some(path(1)));
        assert!(receive(&mut ice, path(1), &check(&user).signed(&pwd)).is_err());
        let (user, pwd) = (format!("{}:them2", ice.local.ufrag), ice.local.pwd.clone());
        assert!(receive(&mut ice, path(3), &check(&user).nominating().signed(&pwd)).is_ok());
        assert_eq!(ice.route.chosen(), Some(path(3)));
    }
}

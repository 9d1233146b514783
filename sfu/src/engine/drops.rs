//! What was thrown away, by reason. Each is counted and none is answered: whoever sends such datagrams learns nothing.

use crate::room::{RtcpDropped, RtpDropped};
use crate::transport::srtp::Refused;

macro_rules! dropped {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Dropped {
            $($(#[$doc])* $variant,)*
        }

        impl Dropped {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// For a metric's label.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }

        const KINDS: usize = [$(stringify!($variant)),*].len();
    };
}

dropped! {
    /// Neither STUN, DTLS, RTP nor RTCP, or too short for it.
    NotOurs => "not_ours",
    /// No complete, signed Binding request.
    StunMalformed => "stun_malformed",
    /// A session we do not have (any more).
    StunUnknown => "stun_unknown",
    /// Not signed with the session's password.
    StunForged => "stun_forged",
    /// Signed by one peer, from an address another one is using.
    StunAddressTaken => "stun_address_taken",
    /// The answer would be larger than its request allows.
    StunAmplifying => "stun_amplifying",
    /// Genuine, but more often than any client asks: acted on, not answered.
    StunTooOften => "stun_too_often",
    /// Media or handshake from an address that ICE has not validated.
    NotValidated => "not_validated",
    /// No DTLS records, or more of them than a handshake needs.
    DtlsUnreadable => "dtls_unreadable",
    /// Data over DTLS itself, such as SCTP: nobody reads it.
    DtlsUnread => "dtls_unread",
    /// A peer that could not finish its handshake.
    DtlsFailed => "dtls_failed",
    /// A peer whose certificate was not the one of its offer.
    DtlsWrongCertificate => "dtls_wrong_certificate",
    /// Media before the keys.
    SrtpEarly => "srtp_early",
    SrtpMalformed => "srtp_malformed",
    SrtpForged => "srtp_forged",
    SrtpReplayed => "srtp_replayed",
    SrtpTooManyStreams => "srtp_too_many_streams",
    RtpMalformed => "rtp_malformed",
    RtpUnknownPeer => "rtp_unknown_peer",
    RtpUnknownSsrc => "rtp_unknown_ssrc",
    RtpUnknownPayloadType => "rtp_unknown_payload_type",
    RtpNotAllowed => "rtp_not_allowed",
    RtpDuplicate => "rtp_duplicate",
    RtpOutOfWindow => "rtp_out_of_window",
    RtcpMalformed => "rtcp_malformed",
    RtcpUnknownPeer => "rtcp_unknown_peer",
    /// Ours, not sent: a sequence number that had been used, or a broken packet.
    TxNotSealed => "tx_not_sealed",
    /// Ours, not sent: the peer has no path.
    TxNoPath => "tx_no_path",
    /// Ours, refused by the socket.
    TxSocket => "tx_socket",
    /// A connection turned away: too many, or too many from one address.
    TcpRefused => "tcp_refused",
    /// A connection that began with something else than a genuine check.
    TcpStranger => "tcp_stranger",
    /// A connection that proved nothing in time.
    TcpLate => "tcp_late",
    /// A connection with a frame longer than any datagram.
    TcpOversize => "tcp_oversize",
    /// A frame without bytes.
    TcpEmpty => "tcp_empty",
    /// A proven connection by which nothing came for a long time.
    TcpSilent => "tcp_silent",
    /// A connection that took nothing for some seconds.
    TcpStalled => "tcp_stalled",
    /// Ours, not sent: the connection's line is slower than what it should carry.
    TxTcpFull => "tx_tcp_full",
    /// Ours, not sent: the connection has ended.
    TxTcpClosed => "tx_tcp_closed",
    /// Parts of a programme that its recorder did not take in time.
    TapOverrun => "tap_overrun",
    /// Reports nobody read in time.
    FactOverrun => "fact_overrun",
}

/// One counter for each [`Dropped`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drops([u64; KINDS]);

impl Default for Drops {
    fn default() -> Self {
        Self([0; KINDS])
    }
}

impl Drops {
    pub fn count(&mut self, dropped: Dropped) {
        self.add(dropped, 1);
    }

    pub fn add(&mut self, dropped: Dropped, more: u64) {
        if let Some(counter) = self.0.get_mut(dropped as usize) {
            *counter += more;
        }
    }

    #[must_use]
    pub fn of(&self, dropped: Dropped) -> u64 {
        self.0.get(dropped as usize).copied().unwrap_or(0)
    }

    pub fn iter(&self) -> impl Iterator<Item = (Dropped, u64)> + '_ {
        Dropped::ALL.iter().map(|&dropped| (dropped, self.of(dropped)))
    }
}

impl From<Refused> for Dropped {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Malformed => Self::SrtpMalformed,
            Refused::Forged => Self::SrtpForged,
            Refused::Spent => Self::SrtpReplayed,
            Refused::TooManyStreams => Self::SrtpTooManyStreams,
        }
    }
}

impl From<RtpDropped> for Dropped {
    fn from(dropped: RtpDropped) -> Self {
        match dropped {
            RtpDropped::Malformed => Self::RtpMalformed,
            RtpDropped::UnknownPeer => Self::RtpUnknownPeer,
            RtpDropped::UnknownSsrc => Self::RtpUnknownSsrc,
            RtpDropped::UnknownPayloadType => Self::RtpUnknownPayloadType,
            RtpDropped::NotAllowed => Self::RtpNotAllowed,
            RtpDropped::Duplicate => Self::RtpDuplicate,
            RtpDropped::OutOfWindow => Self::RtpOutOfWindow,
        }
    }
}

impl From<RtcpDropped> for Dropped {
    fn from(dropped: RtcpDropped) -> Self {
        match dropped {
            RtcpDropped::Malformed => Self::RtcpMalformed,
            RtcpDropped::UnknownPeer => Self::RtcpUnknownPeer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_counter_and_name() {
        let mut drops = Drops::default();
        for (at, &dropped) in Dropped::ALL.iter().enumerate() {
            drops.add(dropped, at as u64);
        }
        let counted: Vec<u64> = drops.iter().map(|(_, count)| count).collect();
        assert_eq!(counted, (0..Dropped::ALL.len() as u64).collect::<Vec<_>>());
        let mut names: Vec<&str> = Dropped::ALL.iter().map(|dropped| dropped.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Dropped::ALL.len());
    }
}

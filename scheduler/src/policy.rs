//! Policy settings: what rules differ on from province to province is a setting with an owner and a default, never a constant.

use std::time::Duration;

use chrono::NaiveTime;

use crate::clash::WorkingHours;
use crate::id::PersonId;
use crate::role::{Role, words};
use crate::time::{UtcTime, minutes};

words! {
    PolicyKey {
        /// Doors open this long before the beginning (technicians are to be present 60 minutes before).
        OpenLeadMinutes = "open_lead_minutes",
        /// How long after its planned end a session may still be joined, and is not ended by the clock while somebody is in it.
        OverrunMinutes = "overrun_minutes",
        /// Sites the bridge carries at once, over all sessions.
        CapacitySites = "capacity_sites",
        /// Free slots are proposed from here, in minutes after midnight …
        WorkingDayStartMinute = "working_day_start_minute",
        /// … to here.
        WorkingDayEndMinute = "working_day_end_minute",
        /// Enough have come when present × denominator ≥ invited × numerator.
        QuorumNumerator = "quorum_numerator",
        QuorumDenominator = "quorum_denominator",
        /// How long a repeated booking request is recognised.
        IdempotencyHours = "idempotency_hours",
        /// How long a signed-in browser stays so without signing in again.
        WebSessionHours = "web_session_hours",
        /// How long a site's seat is kept when its line drops.
        SiteGraceSeconds = "site_grace_seconds",
    }
}

/// Who answers for a setting, what it is at first, and between what it may lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PolicyRule {
    pub owner: Role,
    pub default: i64,
    pub min: i64,
    pub max: i64,
}

impl PolicyKey {
    pub const fn rule(self) -> PolicyRule {
        let (owner, default, min, max) = match self {
            PolicyKey::OpenLeadMinutes => (Role::Secretary, 60, 0, 24 * 60),
            PolicyKey::OverrunMinutes => (Role::Secretary, 240, 0, 24 * 60),
            PolicyKey::CapacitySites => (Role::Technician, 300, 1, 100_000),
            PolicyKey::WorkingDayStartMinute => (Role::Secretary, 7 * 60 + 30, 0, 24 * 60 - 1),
            PolicyKey::WorkingDayEndMinute => (Role::Secretary, 17 * 60, 0, 24 * 60 - 1),
            PolicyKey::QuorumNumerator => (Role::Secretary, 2, 0, 100),
            PolicyKey::QuorumDenominator => (Role::Secretary, 3, 1, 100),
            PolicyKey::IdempotencyHours => (Role::Admin, 24, 1, 24 * 30),
            PolicyKey::WebSessionHours => (Role::Admin, 12, 1, 24 * 30),
            PolicyKey::SiteGraceSeconds => (Role::Technician, 300, 10, 3_600),
        };
        PolicyRule { owner, default, min, max }
    }
}

/// One setting with its history's last line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicySetting {
    pub key: PolicyKey,
    pub rule: PolicyRule,
    pub value: i64,
    pub changed_by: Option<PersonId>,
    pub changed_at: Option<UtcTime>,
}

/// All settings at one moment, as what they mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policies {
    pub open_lead: Duration,
    pub overrun: Duration,
    pub capacity_sites: u32,
    pub working_hours: WorkingHours,
    pub quorum: QuorumRule,
    pub idempotency: Duration,
    pub web_session: Duration,
    pub site_grace: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuorumRule {
    pub numerator: u32,
    pub denominator: u32,
}

impl QuorumRule {
    /// The fewest sites that are enough.
    pub fn needed(self, invited: u32) -> u32 {
        (invited * self.numerator).div_ceil(self.denominator.max(1)).min(invited)
    }
}

impl Policies {
    /// From stored values; a key that is missing or out of its range has its default.
    pub fn new(stored: impl Fn(PolicyKey) -> Option<i64>) -> Self {
        let value = |key: PolicyKey| {
            let rule = key.rule();
            let kept = stored(key).filter(|value| (rule.min..=rule.max).contains(value)).unwrap_or(rule.default);
            // Every range above lies within u32.
            u32::try_from(kept).unwrap_or(0)
        };
        let in_minutes = |key| minutes(u64::from(value(key)));
        let in_hours = |key| minutes(60 * u64::from(value(key)));
        let time_of_day = |key| NaiveTime::from_num_seconds_from_midnight_opt(value(key) * 60, 0).unwrap_or_default();
        Self {
            open_lead: in_minutes(PolicyKey::OpenLeadMinutes),
            overrun: in_minutes(PolicyKey::OverrunMinutes),
            capacity_sites: value(PolicyKey::CapacitySites),
            working_hours: WorkingHours {
                start: time_of_day(PolicyKey::WorkingDayStartMinute),
                end: time_of_day(PolicyKey::WorkingDayEndMinute),
            },
            quorum: QuorumRule {
                numerator: value(PolicyKey::QuorumNumerator),
                denominator: value(PolicyKey::QuorumDenominator),
            },
            idempotency: in_hours(PolicyKey::IdempotencyHours),
            web_session: in_hours(PolicyKey::WebSessionHours),
            site_grace: Duration::from_secs(u64::from(value(PolicyKey::SiteGraceSeconds))),
        }
    }
}

impl Default for Policies {
    fn default() -> Self {
        Self::new(|_| None)
    }
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum PolicyRefused {
    #[error("must lie between {min} and {max}")]
    OutOfRange { min: i64, max: i64 },
    #[error(transparent)]
    Failed(#[from] crate::store_failure::StoreFailure),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_thirds_of_sixty_six_sites_are_forty_four() {
        let rule = Policies::default().quorum;
        assert_eq!([rule.needed(66), rule.needed(1), rule.needed(0), rule.needed(4)], [44, 1, 0, 3]);
    }

    #[test]
    fn a_value_out_of_its_range_counts_as_the_default() {
        assert_eq!(Policies::new(|_| Some(-5)), Policies::default());
        assert_eq!(Policies::new(|key| (key == PolicyKey::CapacitySites).then_some(40)).capacity_sites, 40);
    }

    #[test]
    fn every_default_lies_within_its_range() {
        for key in PolicyKey::ALL {
            let rule = key.rule();
            assert!((rule.min..=rule.max).contains(&rule.default), "{key}");
            assert!(u32::try_from(rule.max).is_ok() && rule.min >= 0, "{key}");
        }
    }
}

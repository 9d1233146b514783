//! What the sign-in page asks before anybody has signed in.

use serde::Serialize;
use utoipa::ToSchema;

use super::account::OfficeRole;

#[derive(Serialize, ToSchema)]
pub struct System {
    pub version: &'static str,
    pub demo: bool,
    /// The known accounts of the demo province; absent on a real server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<DemoAccount>>,
    /// The session that is always open in the demo province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demo_session: Option<String>,
}

#[derive(Clone, Serialize, ToSchema)]
pub struct DemoAccount {
    pub username: String,
    pub password: String,
    pub name: String,
    pub role: OfficeRole,
}

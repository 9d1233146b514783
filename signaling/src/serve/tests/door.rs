//! Tokens at the door.

use super::*;
use crate::id::PoolId;
use crate::token::Seat;

#[tokio::test]
async fn each_refusal_is_said_counted_and_closed() {
    let server = Server::start().await;
    let (stranger, _) = Keys::generate().unwrap();
    let other_session = Grant { session: SessionId(Uuid::from_u128(404)), ..server.grant(DAM_HA) };
    let expired = Grant { expires: utc(), ..server.grant(DAM_HA) };
    for (token, expected) in [
        ("nonsense".into(), RefusalCode::TokenInvalid),
        (server.grant(DAM_HA).sign(&stranger, utc()), RefusalCode::TokenInvalid),
        (expired.sign(&server.keys, utc()), RefusalCode::TokenExpired),
        (other_session.sign(&server.keys, utc()), RefusalCode::SessionUnknown),
    ] {
        let mut client = server.knock().await;
        assert_eq!(client.hello(&token, None).await, Err(expected));
        assert_eq!(client.closed().await, (4403, "refused".into()));
    }
    let counts = server.host.counters().read();
    let forged = counts.iter().find(|count| count.name == "signaling_forged_tokens_total").unwrap();
    assert_eq!(forged.value, 2, "late is not forged");
}

#[tokio::test]
async fn a_page_of_another_version_is_told_so() {
    let server = Server::start().await;
    let mut client = server.knock().await;
    let token = server.token(DAM_HA);
    client.send(ClientMessage::Hello { version: VERSION + 1, token, resume: None, headcount: None }).await;
    client.until(|message| matches!(message, ServerMessage::Refused { code: RefusalCode::Version, .. })).await;
}

#[tokio::test]
async fn whoever_sat_here_comes_back_although_his_join_token_has_expired_meanwhile() {
    let server = Server::start().await;
    let joined = server.join(DAM_HA).await;
    let resume = joined.resume.clone();
    let expired = Grant { expires: utc(), ..server.grant(DAM_HA) }.sign(&server.keys, utc());
    let mut back = server.knock().await;
    assert_eq!(back.hello(&expired, Some(resume.clone())).await, Ok(()));
    let other = Grant { expires: utc(), ..server.grant(CO_TO) }.sign(&server.keys, utc());
    let mut thief = server.knock().await;
    assert_eq!(thief.hello(&other, Some(resume)).await, Err(RefusalCode::TokenExpired), "not with another's seat");
}

#[tokio::test]
async fn a_pool_token_admits_by_name() {
    let server = Server::start().await;
    let pool = Seat::Pool { id: PoolId(Uuid::from_u128(8)), admits: 1 };
    let token = Grant { seat: pool, ..server.grant(DAM_HA) }.sign(&server.keys, utc());
    let mut nameless = server.knock().await;
    assert_eq!(nameless.hello(&token, None).await, Err(RefusalCode::TokenInvalid));
    let mut first = server.knock_at("/ws?as=load-1").await;
    assert_eq!(first.hello(&token, None).await, Ok(()));
    assert!(first.view.unwrap().participants.iter().any(|one| one.name == "load-1"));
    let mut second = server.knock_at("/ws?as=load-2").await;
    assert_eq!(second.hello(&token, None).await, Err(RefusalCode::SessionFull));
}

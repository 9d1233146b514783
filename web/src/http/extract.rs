//! What handlers take out of a request. Every refusal here is a [`Problem`].

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::{Problem, ProblemCode};

/// A JSON body. Unknown fields are refused by the types themselves.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(ProblemCode::UnsupportedMediaType.into()),
            Err(JsonRejection::JsonDataError(_)) => Err(ProblemCode::Invalid.into()),
            Err(JsonRejection::BytesRejection(refused)) if refused.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(ProblemCode::TooLarge.into())
            }
            Err(_) => Err(ProblemCode::Malformed.into()),
        }
    }
}

/// A body that may be absent: then the default is meant.
pub struct OptionalBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes =
            axum::body::Bytes::from_request(request, state).await.map_err(|refused| match refused.status() {
                StatusCode::PAYLOAD_TOO_LARGE => ProblemCode::TooLarge,
                _ => ProblemCode::Malformed,
            })?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self(value)),
            Err(wrong) if wrong.is_data() => Err(ProblemCode::Invalid.into()),
            Err(_) => Err(ProblemCode::Malformed.into()),
        }
    }
}

/// Ids in the path. One that cannot be an id does not exist: 404, like any other unknown one.
pub struct Ids<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Ids<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Path::<T>::from_request_parts(parts, state)
            .await
            .map(|Path(value)| Self(value))
            .map_err(|_| ProblemCode::NotFound.into())
    }
}

pub struct Filter<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Filter<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Query::<T>::from_request_parts(parts, state)
            .await
            .map(|Query(value)| Self(value))
            .map_err(|_| ProblemCode::Invalid.into())
    }
}

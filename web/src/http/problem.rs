//! Refusals as `application/problem+json` (RFC 9457), in the reader's language.
//!
//! A handler returns a [`Problem`]; the language is only known to the outermost layer ([`in_the_readers_language`]), which also
//! turns the bare refusals of the framework (no such route, wrong method, body too large) into the same form.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::booking::{Clash, TimeSpan};

/// Stable words; the user interface has its own sentence for each. The table of status and sentences is [`ProblemCode::meaning`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    Malformed,
    NotSignedIn,
    SignInFailed,
    PasswordMustChange,
    NotAllowed,
    CrossOrigin,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    Timeout,
    Clash,
    NotOpenYet,
    SessionEnded,
    SessionCancelled,
    SessionFull,
    SessionStarted,
    IdempotencyKeyReused,
    UsernameTaken,
    AlreadyExists,
    LastAdmin,
    Changed,
    TooLarge,
    UnsupportedMediaType,
    RangeNotSatisfiable,
    Invalid,
    IdempotencyKeyMissing,
    PasswordWeak,
    PasswordWrong,
    ReasonRequired,
    OfferInvalid,
    OfferUnsupported,
    TokenInvalid,
    PreconditionFailed,
    PreconditionRequired,
    TooManyAttempts,
    Internal,
    Stopping,
    StorageFull,
    Unavailable,
}

/// Status, then title in Vietnamese and English.
struct Meaning(StatusCode, &'static str, &'static str);

impl ProblemCode {
    fn meaning(self) -> Meaning {
        use StatusCode as S;
        match self {
            Self::Malformed => Meaning(S::BAD_REQUEST, "Yêu cầu không đọc được", "The request could not be read"),
            Self::NotSignedIn => Meaning(
                S::UNAUTHORIZED,
                "Bạn chưa đăng nhập hoặc phiên đăng nhập đã hết",
                "You are not signed in, or your sign-in has expired",
            ),
            Self::SignInFailed => Meaning(
                S::UNAUTHORIZED,
                "Tên đăng nhập hoặc mật khẩu không đúng",
                "The user name or the password is wrong",
            ),
            Self::PasswordMustChange => {
                Meaning(S::FORBIDDEN, "Hãy đổi mật khẩu trước khi tiếp tục", "Change your password before you go on")
            }
            Self::NotAllowed => {
                Meaning(S::FORBIDDEN, "Tài khoản của bạn không có quyền làm việc này", "Your account may not do this")
            }
            Self::CrossOrigin => Meaning(
                S::FORBIDDEN,
                "Yêu cầu đến từ một trang khác và đã bị từ chối",
                "The request came from another site and was refused",
            ),
            Self::NotFound => Meaning(S::NOT_FOUND, "Không tìm thấy", "Not found"),
            Self::MethodNotAllowed => Meaning(
                S::METHOD_NOT_ALLOWED,
                "Địa chỉ này không nhận cách gọi đó",
                "This address does not take that method",
            ),
            Self::NotAcceptable => Meaning(
                S::NOT_ACCEPTABLE,
                "Máy chủ không có định dạng bạn yêu cầu",
                "The server has no representation of the kind you asked for",
            ),
            Self::Timeout => Meaning(S::REQUEST_TIMEOUT, "Yêu cầu đến quá chậm", "The request arrived too slowly"),
            Self::Clash => Meaning(S::CONFLICT, "Trùng lịch", "The time clashes with another meeting"),
            Self::NotOpenYet => Meaning(S::CONFLICT, "Phiên họp chưa mở cửa", "The session has not opened yet"),
            Self::SessionEnded => Meaning(S::CONFLICT, "Phiên họp đã kết thúc", "The session has ended"),
            Self::SessionCancelled => Meaning(S::CONFLICT, "Phiên họp đã bị hủy", "The session was cancelled"),
            Self::SessionFull => {
                Meaning(S::SERVICE_UNAVAILABLE, "Vượt quá số điểm cầu cho phép", "The session is full")
            }
            Self::SessionStarted => Meaning(
                S::CONFLICT,
                "Phiên họp đã bắt đầu nên không đổi được nữa",
                "The session has begun and can no longer be changed",
            ),
            Self::IdempotencyKeyReused => Meaning(
                S::CONFLICT,
                "Mã chống gửi lặp đã được dùng cho một yêu cầu khác",
                "The idempotency key was used for a different request",
            ),
            Self::UsernameTaken => Meaning(S::CONFLICT, "Tên đăng nhập đã có người dùng", "The user name is taken"),
            Self::AlreadyExists => Meaning(S::CONFLICT, "Đã có một mục như vậy", "There is one like this already"),
            Self::LastAdmin => Meaning(S::CONFLICT, "Đây là quản trị viên cuối cùng", "This is the last administrator"),
            Self::Changed => Meaning(
                S::CONFLICT,
                "Dữ liệu vừa được người khác thay đổi, hãy tải lại",
                "Somebody else has just changed this; load it again",
            ),
            Self::TooLarge => Meaning(S::PAYLOAD_TOO_LARGE, "Nội dung gửi lên quá lớn", "The body is too large"),
            Self::UnsupportedMediaType => Meaning(
                S::UNSUPPORTED_MEDIA_TYPE,
                "Kiểu nội dung không được hỗ trợ",
                "The content type is not supported",
            ),
            Self::RangeNotSatisfiable => Meaning(
                S::RANGE_NOT_SATISFIABLE,
                "Đoạn yêu cầu nằm ngoài tệp",
                "The requested range lies outside the file",
            ),
            Self::Invalid => Meaning(S::UNPROCESSABLE_ENTITY, "Có mục chưa đúng", "Some fields are not right"),
            Self::IdempotencyKeyMissing => Meaning(
                S::UNPROCESSABLE_ENTITY,
                "Thiếu mã chống gửi lặp (Idempotency-Key)",
                "The Idempotency-Key header is missing",
            ),
            Self::PasswordWeak => Meaning(
                S::UNPROCESSABLE_ENTITY,
                "Mật khẩu cần ít nhất 8 ký tự, có chữ hoa, chữ thường, chữ số và ký tự đặc biệt",
                "A password needs at least 8 characters with an upper-case and a lower-case letter, a digit and another sign",
            ),
            Self::PasswordWrong => {
                Meaning(S::UNPROCESSABLE_ENTITY, "Mật khẩu hiện tại không đúng", "The current password is wrong")
            }
            Self::ReasonRequired => {
                Meaning(S::UNPROCESSABLE_ENTITY, "Hãy nêu lý do vắng mặt", "State the reason of the absence")
            }
            Self::OfferInvalid => Meaning(S::BAD_REQUEST, "Lời mời SDP không đúng chuẩn", "The SDP offer is not valid"),
            Self::OfferUnsupported => Meaning(
                S::UNPROCESSABLE_ENTITY,
                "Lời mời SDP không có bộ mã hóa nào được hỗ trợ",
                "The SDP offer has no codec that is supported here",
            ),
            Self::TokenInvalid => Meaning(
                S::UNAUTHORIZED,
                "Mã vào họp không đúng hoặc đã hết hạn",
                "The join token is wrong or has expired",
            ),
            Self::PreconditionFailed => {
                Meaning(S::PRECONDITION_FAILED, "Phiên ICE đã thay đổi", "The ICE session has changed")
            }
            Self::PreconditionRequired => {
                Meaning(S::PRECONDITION_REQUIRED, "Thiếu tiêu đề If-Match", "The If-Match header is missing")
            }
            Self::TooManyAttempts => {
                Meaning(S::TOO_MANY_REQUESTS, "Thử quá nhiều lần, hãy chờ một lát", "Too many attempts; wait a moment")
            }
            Self::Internal => Meaning(
                S::INTERNAL_SERVER_ERROR,
                "Máy chủ gặp lỗi; dữ liệu đã lưu vẫn an toàn",
                "The server failed; what was saved is safe",
            ),
            Self::Stopping => Meaning(
                S::SERVICE_UNAVAILABLE,
                "Máy chủ đang dừng, hãy thử lại sau ít giây",
                "The server is stopping; try again in a few seconds",
            ),
            Self::StorageFull => {
                Meaning(S::INSUFFICIENT_STORAGE, "Máy chủ hết chỗ lưu trữ", "The server has no storage left")
            }
            Self::Unavailable => Meaning(
                S::SERVICE_UNAVAILABLE,
                "Máy chủ đang bận, hãy thử lại sau ít giây",
                "The server is busy; try again in a few seconds",
            ),
        }
    }

    #[must_use]
    pub fn status(self) -> StatusCode {
        self.meaning().0
    }

    /// For statuses that the framework answers without a code of ours.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::NotSignedIn,
            StatusCode::FORBIDDEN => Self::NotAllowed,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::NOT_ACCEPTABLE => Self::NotAcceptable,
            StatusCode::REQUEST_TIMEOUT => Self::Timeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::UNPROCESSABLE_ENTITY => Self::Invalid,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyAttempts,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_server_error() => Self::Internal,
            _ => Self::Malformed,
        }
    }
}

/// A refusal that a handler returns. Extras are set by the `with_*` functions.
#[derive(Clone, Debug)]
pub struct Problem(Box<Body>);

#[derive(Clone, Debug)]
struct Body {
    code: ProblemCode,
    extras: Extras,
}

/// What a particular refusal says besides its sentence.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Extras {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clashes: Option<Vec<Clash>>,
    /// The next time at which everything asked for is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_slot: Option<TimeSpan>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<FieldProblem>>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Its name in the request, as a path: `agenda[2].title`.
    pub field: String,
    pub code: FieldCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldCode {
    Required,
    TooLong,
    /// Control characters, or signs that may not stand there.
    Unshowable,
    EndsBeforeStart,
    InThePast,
    /// Longer or further away than the office books; `max` in minutes or days as the field goes.
    TooFar,
    TooMany,
    NumberOutOfRange,
    /// No such unit, site, person or group.
    Unknown,
    /// A person who lacks the role asked for here.
    LacksRole,
    /// Two duties that must be two people.
    SamePerson,
    /// Somebody else has it: a username, a code.
    Taken,
    /// A unit under itself, or another knot in the tree.
    Circular,
}

/// The document as it leaves the server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: &'static str,
    pub status: u16,
    pub code: ProblemCode,
    #[serde(flatten)]
    pub extras: Extras,
}

impl Problem {
    #[must_use]
    pub fn new(code: ProblemCode) -> Self {
        Self(Box::new(Body { code, extras: Extras::default() }))
    }

    #[must_use]
    pub fn code(&self) -> ProblemCode {
        self.0.code
    }

    #[must_use]
    pub fn with_retry_after(mut self, seconds: u32) -> Self {
        self.0.extras.retry_after_s = Some(seconds);
        self
    }

    #[must_use]
    pub fn with_opens_at(mut self, at: i64) -> Self {
        self.0.extras.opens_at = Some(at);
        self
    }

    #[must_use]
    pub fn with_clashes(mut self, clashes: Vec<Clash>, free_slot: Option<TimeSpan>) -> Self {
        self.0.extras.clashes = Some(clashes);
        self.0.extras.free_slot = free_slot;
        self
    }

    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldProblem>) -> Self {
        self.0.extras.fields = Some(fields);
        self
    }

    /// One field is wrong.
    #[must_use]
    pub fn field(field: &str, code: FieldCode) -> Self {
        Self::new(ProblemCode::Invalid).with_fields(vec![FieldProblem {
            field: field.to_owned(),
            code,
            min: None,
            max: None,
        }])
    }

    fn written(&self, language: Language) -> Response {
        let Meaning(status, vi, en) = self.0.code.meaning();
        let document = ProblemDocument {
            kind: format!("/problems/{}", word(self.0.code)),
            title: match language {
                Language::Vietnamese => vi,
                Language::English => en,
            },
            status: status.as_u16(),
            code: self.0.code,
            extras: self.0.extras.clone(),
        };
        let mut response = (status, axum::Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.0.code == ProblemCode::TokenInvalid {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""));
        }
        if let Some(seconds) = self.0.extras.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<ProblemCode> for Problem {
    fn from(code: ProblemCode) -> Self {
        Self::new(code)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The code's word, as serde writes it.
fn word(code: ProblemCode) -> String {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    Vietnamese,
    English,
}

impl Language {
    /// Vietnamese unless English stands before it (or alone) in `Accept-Language`.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
        for range in wanted.split(',') {
            let tag = range.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
            match tag.split('-').next() {
                Some("vi") => return Self::Vietnamese,
                Some("en") => return Self::English,
                _ => {}
            }
        }
        Self::Vietnamese
    }

    fn tag(self) -> &'static str {
        match self {
            Self::Vietnamese => "vi",
            Self::English => "en",
        }
    }
}

/// The outermost layer of the application: every refusal leaves as a problem document.
pub async fn in_the_readers_language(request: Request, next: Next) -> Response {
    let language = Language::of(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone(),
        None if is_bare(&response) => Problem::new(ProblemCode::of_status(status)),
        None => return response,
    };
    metrics::counter!("nhipcau_refusals_total", "code" => word(problem.code())).increment(1);
    let (parts, _) = response.into_parts();
    let mut written = problem.written(language);
    // A refusal by the framework keeps its own status: 405 also names the allowed methods.
    *written.status_mut() = status;
    for name in [header::ALLOW, header::LOCATION, header::SET_COOKIE, header::WWW_AUTHENTICATE, header::CONTENT_RANGE] {
        if let Some(value) = parts.headers.get(&name) {
            written.headers_mut().insert(name, value.clone());
        }
    }
    for (name, value) in &parts.headers {
        if name.as_str().starts_with("access-control-") {
            written.headers_mut().insert(name.clone(), value.clone());
        }
    }
    written
}

/// Plain text or nothing: what axum and tower-http answer by themselves.
fn is_bare(response: &Response) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_none_or(|kind| kind.starts_with("text/plain"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(wanted: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(wanted).unwrap());
        headers
    }

    #[test]
    fn a_refusal_is_vietnamese_unless_the_reader_prefers_english() {
        assert_eq!(Language::of(&HeaderMap::new()), Language::Vietnamese);
        assert_eq!(Language::of(&headers("fr-FR, de;q=0.5")), Language::Vietnamese);
        assert_eq!(Language::of(&headers("vi-VN,vi;q=0.9,en;q=0.8")), Language::Vietnamese);
        assert_eq!(Language::of(&headers("en-GB,en;q=0.9,vi;q=0.1")), Language::English);
    }

    #[test]
    fn the_type_of_a_problem_is_its_code() {
        assert_eq!(word(ProblemCode::NotOpenYet), "not_open_yet");
    }
}

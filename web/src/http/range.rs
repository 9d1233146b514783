//! A file, whole or one range of it (RFC 9110, section 14). A request for several ranges gets the whole, as the RFC allows.

use std::io::SeekFrom;
use std::path::Path;
use std::time::UNIX_EPOCH;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::problem::{Problem, ProblemCode};

/// Bytes read at once: some hundred milliseconds of a recording.
const CHUNK: usize = 64 * 1024;

/// Never cached: whoever may read it is asked every time.
pub async fn file(path: &Path, media_type: &'static str, headers: &HeaderMap) -> Result<Response, Problem> {
    let missing = |failure: std::io::Error| {
        tracing::error!(%failure, "a recording of the catalogue cannot be read");
        Problem::new(ProblemCode::NotFound)
    };
    let mut file = File::open(path).await.map_err(missing)?;
    let metadata = file.metadata().await.map_err(missing)?;
    let size = metadata.len();
    let written =
        metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |age| age.as_millis());
    let etag = format!("\"{size:x}-{written:x}\"");
    let (status, span) = match asked(headers, &etag, size) {
        Asked::Whole => (StatusCode::OK, Span { first: 0, length: size }),
        Asked::Part(span) => (StatusCode::PARTIAL_CONTENT, span),
        Asked::Outside => return Ok(outside(size)),
    };
    if span.first > 0 {
        file.seek(SeekFrom::Start(span.first)).await.map_err(missing)?;
    }
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(span.length), CHUNK));
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let put = response.headers_mut();
    put.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    put.insert(header::CONTENT_LENGTH, HeaderValue::from(span.length));
    put.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    put.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    put.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        put.insert(header::ETAG, value);
    }
    if status == StatusCode::PARTIAL_CONTENT {
        let last = span.first + span.length - 1;
        if let Ok(value) = HeaderValue::from_str(&format!("bytes {}-{last}/{size}", span.first)) {
            put.insert(header::CONTENT_RANGE, value);
        }
    }
    Ok(response)
}

fn outside(size: u64) -> Response {
    use axum::response::IntoResponse as _;
    let mut response = Problem::new(ProblemCode::RangeNotSatisfiable).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Span {
    first: u64,
    length: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Whole,
    Part(Span),
    Outside,
}

fn asked(headers: &HeaderMap, etag: &str, size: u64) -> Asked {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // The part is only wanted if the file is still the one the client has the rest of.
    if text(header::IF_RANGE).is_some_and(|condition| condition != etag) {
        return Asked::Whole;
    }
    text(header::RANGE).map_or(Asked::Whole, |range| parse(range, size))
}

fn parse(range: &str, size: u64) -> Asked {
    let Some(spec) = range.trim().strip_prefix("bytes=") else { return Asked::Whole };
    let Some((first, last)) = spec.split_once('-').map(|(first, last)| (first.trim(), last.trim())) else {
        return Asked::Whole;
    };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let (first, last) = match (first, last) {
        ("", suffix) => match number(suffix) {
            Some(0) => return Asked::Outside,
            Some(length) => (size.saturating_sub(length), size.saturating_sub(1)),
            None => return Asked::Whole,
        },
        (first, "") => match number(first) {
            Some(first) => (first, size.saturating_sub(1)),
            None => return Asked::Whole,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => (first, last.min(size.saturating_sub(1))),
            _ => return Asked::Whole,
        },
    };
    if first >= size { Asked::Outside } else { Asked::Part(Span { first, length: last - first + 1 }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(first: u64, length: u64) -> Asked {
        Asked::Part(Span { first, length })
    }

    #[test]
    fn ranges_of_a_file_of_a_thousand_bytes() {
        let table = [
            ("bytes=0-99", part(0, 100)),
            ("bytes=500-", part(500, 500)),
            ("bytes=-100", part(900, 100)),
            ("bytes=-5000", part(0, 1000)),
            ("bytes=990-5000", part(990, 10)),
            ("bytes=999-999", part(999, 1)),
            ("bytes=1000-", Asked::Outside),
            ("bytes=-0", Asked::Outside),
            ("bytes=0-1,5-6", Asked::Whole),
            ("bytes=9-5", Asked::Whole),
            ("bytes=+1-5", Asked::Whole),
            ("bytes=99999999999999999999-", Asked::Whole),
            ("lines=0-5", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
        ];
        for (range, expected) in table {
            assert_eq!(parse(range, 1000), expected, "{range}");
        }
        assert_eq!(parse("bytes=0-", 0), Asked::Outside);
    }

    #[tokio::test]
    async fn a_part_is_served_with_its_place_and_an_old_part_is_not_mixed_with_a_new_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.webm");
        std::fs::write(&path, (0..=255).collect::<Vec<u8>>()).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=10-19"));
        let response = file(&path, "video/webm", &headers).await.unwrap();
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(response.headers()[header::CONTENT_RANGE], "bytes 10-19/256");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "private, no-store");
        let bytes = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(&bytes[..], (10..20).collect::<Vec<u8>>());
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"another\""));
        let response = file(&path, "video/webm", &headers).await.unwrap();
        assert_eq!(
            (response.status(), response.headers()[header::CONTENT_LENGTH].to_str().unwrap()),
            (StatusCode::OK, "256")
        );
    }
}

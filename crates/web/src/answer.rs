use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use diskprint::{Hex, results};
use serde_json::json;

/// Why there is no answer, as JSON: `{"error": "…"}`.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// What only who runs the server is told.
    pub(crate) detail: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), headers: Vec::new(), detail: None }
    }

    pub(crate) fn not_found(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    pub(crate) fn bad_request(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// The database fails; `detail` says how, down to its address.
    pub(crate) fn of_database(detail: String) -> Self {
        let text = "the database does not answer, or not in time; try again";
        Self { detail: Some(detail), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, text) }
    }

    pub(crate) fn response(self) -> Response<Body> {
        let body = Body::from(json!({ "error": self.text }).to_string());
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        set(&mut response, CONTENT_TYPE, "application/json");
        response.headers_mut().extend(self.headers.into_iter().map(|(name, it)| (Some(name), it)));
        response
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// What the database says, without what only its administrator should know.
impl From<diskprint_store::Error> for Problem {
    fn from(error: diskprint_store::Error) -> Self {
        use diskprint_store::Error;
        match error {
            Error::UnknownSequence { .. }
            | Error::UnknownSlice(_)
            | Error::NoTarball(_)
            | Error::NotAnEnd(_) => Self::not_found(error.to_string()),
            Error::SequenceName(_) | Error::SeveralEnds { .. } => {
                Self::bad_request(error.to_string())
            }
            Error::Database { .. } => Self::of_database(chain(&error)),
            Error::Slice { slice, source } => {
                let problem = Self::from(*source);
                let detail = problem.detail.map(|detail| format!("slice {slice}: {detail}"));
                Self { detail, ..problem }
            }
            error => Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

/// A whole answer, with an entity tag; without its body where the browser has it.
pub(crate) fn whole(
    asked: &HeaderMap,
    content_type: &'static str,
    body: Vec<u8>,
) -> Response<Body> {
    let tag = format!("\"{}\"", Hex(results::sha256(&body).get(..16).unwrap_or_default()));
    let known = asked.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    // Source: RFC 9110, section 13.1.2: tags are compared without regard to their weakness.
    let is_known = known
        .split(',')
        .map(str::trim)
        .any(|it| it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag);
    let mut response = Response::new(if is_known { Body::empty() } else { Body::from(body) });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    set(&mut response, CONTENT_TYPE, content_type);
    set(&mut response, ETAG, &tag);
    response
}

pub(crate) fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// What every answer says: pages run our script alone, nobody else embeds or reads them, and what
/// is kept is asked for again before it is used.
pub(crate) fn protect(response: &mut Response<Body>) {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    if !response.headers().contains_key(CONTENT_SECURITY_POLICY) {
        set(response, CONTENT_SECURITY_POLICY, POLICY);
    }
    set(response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(response, REFERRER_POLICY, "no-referrer");
    set(response, CACHE_CONTROL, "private, no-cache");
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    set(response, policy, "same-origin");
}

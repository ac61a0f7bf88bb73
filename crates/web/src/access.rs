use axum::http::header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diskprint::results::sha256;

use crate::answer::Problem;

/// Who may ask.
#[derive(Clone, Debug)]
pub struct Access {
    /// Names and addresses by which browsers may call this server; what other names lead here is
    /// refused, so that no other site can read answers by pointing its own name at this machine.
    pub hosts: Vec<String>,
    /// What else is asked for.
    pub guard: Guard,
}

/// What a request must show.
#[derive(Clone)]
pub enum Guard {
    /// Nothing: only programs of this machine can connect.
    Loopback,
    /// A secret, as a bearer token or as the password of any user.
    Token(String),
    /// A header that a reverse proxy sets when it has let somebody in, and takes away from what
    /// comes from outside.
    Header(String),
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Loopback => "Loopback",
            Self::Token(_) => "Token",
            Self::Header(_) => "Header",
        })
    }
}

impl Access {
    /// Says whether a request with these headers is answered.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).map(without_port);
        if !host.is_some_and(|host| self.hosts.iter().any(|it| it.eq_ignore_ascii_case(host))) {
            let text =
                "this server is not known by that name; diskprint serve --host says which are";
            return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, text));
        }
        let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
        match &self.guard {
            Guard::Loopback => Ok(()),
            Guard::Header(name) => match headers.get(name).and_then(text) {
                Some(user) if !user.trim().is_empty() => Ok(()),
                _ => Err(Problem::new(StatusCode::FORBIDDEN, "the proxy has let nobody in")),
            },
            Guard::Token(token) => {
                let shown = headers.get(AUTHORIZATION).and_then(text).and_then(|it| secret(&it));
                match shown {
                    // Digests are compared, so that the time taken says nothing of the token.
                    Some(shown) if sha256(shown.as_bytes()) == sha256(token.as_bytes()) => Ok(()),
                    _ => Err(unauthorized()),
                }
            }
        }
    }
}

fn unauthorized() -> Problem {
    let mut problem = Problem::new(StatusCode::UNAUTHORIZED, "the token is needed");
    let asks =
        HeaderValue::from_static("Basic realm=\"diskprint: any user, the token as password\"");
    problem.headers.push((WWW_AUTHENTICATE, asks));
    problem
}

/// The secret of an `Authorization` header.
// Source: RFC 6750, section 2.1; RFC 7617, section 2
fn secret(header: &str) -> Option<String> {
    let (scheme, value) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().to_owned());
    }
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(value.trim()))?;
    let text = String::from_utf8(decoded.ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(guard: Guard, headers: &[(&'static str, &str)]) -> u16 {
        let access = Access { hosts: vec!["localhost".into(), "[::1]".into()], guard };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        access.check(&map).err().map_or(200, |problem| problem.status.as_u16())
    }

    #[test]
    fn only_names_of_this_server_are_answered() {
        for (host, status) in [
            ("localhost", 200),
            ("LOCALHOST:8087", 200),
            ("[::1]", 200),
            ("[::1]:8087", 200),
            ("evil.example", 421),
            ("localhost.evil.example", 421),
            ("localhost:80:80", 421),
            ("", 421),
        ] {
            assert_eq!(asked(Guard::Loopback, &[("host", host)]), status, "{host}");
        }
        assert_eq!(asked(Guard::Loopback, &[]), 421);
    }

    #[test]
    fn the_token_is_a_bearers_or_a_password() {
        let token = || Guard::Token("se:cret".into());
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        for (value, status) in [
            ("Bearer se:cret".to_owned(), 200),
            ("bearer  se:cret".to_owned(), 200),
            (basic("anybody:se:cret"), 200),
            ("Bearer se:cre".to_owned(), 401),
            ("Bearer ".to_owned(), 401),
            ("se:cret".to_owned(), 401),
            (basic("se:cret"), 401),
            ("Basic ???".to_owned(), 401),
        ] {
            let headers = [("host", "localhost"), ("authorization", &*value)];
            assert_eq!(asked(token(), &headers), status, "{value}");
        }
        assert_eq!(asked(token(), &[("host", "localhost")]), 401);
        let headers = [("host", "evil.example"), ("authorization", "Bearer se:cret")];
        assert_eq!(asked(token(), &headers), 421);
    }

    #[test]
    fn the_proxy_says_who_it_is() {
        let guard = || Guard::Header("x-remote-user".into());
        assert_eq!(asked(guard(), &[("host", "localhost"), ("x-remote-user", "alice")]), 200);
        assert_eq!(asked(guard(), &[("host", "localhost"), ("x-remote-user", " ")]), 403);
        assert_eq!(asked(guard(), &[("host", "localhost")]), 403);
    }
}

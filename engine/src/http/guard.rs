//! Which hosts and origins are answered: the defence against DNS rebinding and against pages that
//! call a server behind their reader's back.

use axum::http::{HeaderMap, StatusCode, header, uri::Authority};

use super::problem::Problem;

/// Host names and origins that are answered.
#[derive(Debug)]
pub struct Guard {
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Guard {
    /// A guard that lets these hosts and origins pass.
    pub fn new(hosts: &[String], origins: &[String]) -> Self {
        let lower = |names: &[String]| names.iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { hosts: lower(hosts), origins: lower(origins) }
    }

    /// Looks at `Host` and, where there is one, at `Origin`. `X-Forwarded-Host` is not looked at.
    ///
    /// # Errors
    /// 403 for any other.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let refuse =
            |message: &str| Err(Problem::new(StatusCode::FORBIDDEN, -32600, "forbidden", message));
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        if !host.is_some_and(|host| self.answers_to(host)) {
            return refuse("This server does not answer to that host name. See ALLOWED_HOSTS.");
        }
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next().map(|origin| origin.to_str()), origins.next()) {
            (None, _) => Ok(()),
            (Some(Ok(origin)), None) if self.lets_in(origin) => Ok(()),
            _ => refuse("Pages of that origin may not call this server. See ALLOWED_ORIGINS."),
        }
    }

    fn answers_to(&self, host: &str) -> bool {
        // Nearly always it is one of them as it stands.
        if self.hosts.iter().any(|known| known == host) {
            return true;
        }
        let host = host.to_ascii_lowercase();
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let name = authority.host().trim_matches(['[', ']']);
        self.hosts.iter().any(|known| *known == host || known.trim_matches(['[', ']']) == name)
    }

    /// Whether pages of an origin may call and read the answer.
    pub fn lets_in(&self, origin: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        let with_port = match origin.split_once("://") {
            Some((_, authority)) if authority.trim_end_matches(']').contains(':') => origin,
            Some(("https", _)) => format!("{origin}:443"),
            Some(("http", _)) => format!("{origin}:80"),
            _ => return false,
        };
        self.origins.contains(&with_port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, origin: Option<&str>) -> bool {
        let guard = Guard::new(
            &["localhost".into(), "::1".into(), "shop.example.com".into()],
            &["https://app.example.com:443".into()],
        );
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        guard.check(&headers).is_ok()
    }

    #[test]
    fn known_hosts_pass_on_any_port_and_others_do_not() {
        for host in ["localhost", "localhost:3000", "LOCALHOST", "[::1]:3000", "shop.example.com"] {
            assert!(check(host, None), "{host}");
        }
        for host in ["evil.example.com", "localhost.evil.com", "", "localhost@evil.com"] {
            assert!(!check(host, None), "{host}");
        }
    }

    #[test]
    fn known_origins_pass_and_others_do_not() {
        assert!(check("localhost", Some("https://app.example.com")));
        assert!(check("localhost", Some("https://app.example.com:443")));
        for origin in ["null", "http://app.example.com", "https://app.example.com:8443", "x", ""] {
            assert!(!check("localhost", Some(origin)), "{origin}");
        }
    }
}

//! What a start says about settings that are in force but hardly meant.

use crate::config::{ListenConfig, TokenConfig};

/// Variables of other servers of this kind, and what this one does in their place.
const IGNORED: [(&str, &str); 4] = [
    ("LEGACY_SESSIONS", "each request stands alone, so that any replica answers it"),
    ("LEGACY_SSE", "event streams are answered on /mcp alone"),
    ("SIMPLE_RPC", "the endpoint is /mcp and speaks MCP"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "logs go to standard error and figures to METRICS_PORT"),
];

/// The names of variables that are ignored.
pub const IGNORED_VARIABLES: [&str; 4] = {
    let [(sessions, _), (sse, _), (rpc, _), (telemetry, _)] = IGNORED;
    [sessions, sse, rpc, telemetry]
};

/// Values that switch nothing on.
const OFF: [&str; 5] = ["", "0", "false", "no", "off"];

/// What is to be said about the environment and these settings, one sentence each.
pub(super) fn of(tokens: &TokenConfig, listen: &ListenConfig) -> Vec<String> {
    let mut warnings = ignored(|name| std::env::var(name).ok());
    if tokens.jwt_secret.is_some() && listen.is_public() {
        warnings.push(
            "HS256 tokens (JWT_SECRET) are accepted on a public address: whoever can verify them \
             can make them. JWT_JWKS_URL with JWT_ISSUER and JWT_AUDIENCE is safer"
                .to_owned(),
        );
    }
    let resource = format!("{}/mcp", listen.public_url());
    let issued = tokens.jwt_jwks_url.is_some() || tokens.jwt_jwks_file.is_some();
    if issued && tokens.jwt_audience.as_ref().is_some_and(|audience| *audience != resource) {
        warnings.push(format!(
            "clients ask the issuer for tokens for {resource} (RFC 8707), but JWT_AUDIENCE is another: \
             tokens of clients that find the issuer by themselves may be refused"
        ));
    }
    warnings
}

fn ignored(variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let set = |name: &str| {
        variable(name)
            .is_some_and(|value| !OFF.contains(&value.trim().to_ascii_lowercase().as_str()))
    };
    let said = IGNORED.iter().filter(|(name, _)| set(name));
    said.map(|(name, instead)| format!("{name} is set and is ignored: {instead}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_switched_off_is_not_warned_of() {
        for value in OFF {
            assert!(ignored(|_| Some(value.to_owned())).is_empty(), "{value}");
        }
        assert!(ignored(|_| Some("OFF ".to_owned())).is_empty());
        assert!(ignored(|_| None).is_empty());
        assert_eq!(ignored(|_| Some("memory".to_owned())).len(), IGNORED.len());
    }
}

//! Every setting: its variable, its default, its check.

use std::{ffi::OsStr, net::IpAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use chrono::TimeDelta;
use clap::{Args, builder::TypedValueParser, error::ErrorKind};

use crate::{
    auth::{AuthConfig, AuthConfigError, JwtSecret, KeySource, is_tenant_id},
    gate::policy::Policy,
    tool::Access,
};

/// Where the business's records are.
#[derive(Debug, Clone, Args)]
pub struct DatabaseConfig {
    /// `sqlite://PATH` or `postgres://USER@HOST/NAME`
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite://data/business.db",
        hide_env_values = true
    )]
    pub database_url: String,
}

/// How tokens are verified.
#[derive(Clone, Args)]
pub struct TokenConfig {
    /// Key of HS256 tokens, at least 32 bytes
    #[arg(long, env = "JWT_SECRET", hide_env_values = true, value_parser = SecretParser)]
    pub jwt_secret: Option<JwtSecret>,
    /// Where the issuer publishes its keys (RS256, ES256, EdDSA)
    #[arg(long, env = "JWT_JWKS_URL", conflicts_with = "jwt_jwks_file")]
    pub jwt_jwks_url: Option<String>,
    /// A file with the issuer's keys
    #[arg(long, env = "JWT_JWKS_FILE")]
    pub jwt_jwks_file: Option<PathBuf>,
    /// The `iss` that tokens must carry [default: business-mcp with `JWT_SECRET`]
    #[arg(long, env = "JWT_ISSUER")]
    pub jwt_issuer: Option<String>,
    /// The `aud` that tokens must carry [default: business-mcp with `JWT_SECRET`]
    #[arg(long, env = "JWT_AUDIENCE")]
    pub jwt_audience: Option<String>,
    /// The claim that names the tenant
    #[arg(long, env = "JWT_TENANT_CLAIM", default_value = "tenant")]
    pub jwt_tenant_claim: String,
}

/// Where the server listens, what it answers to, and how much of it.
#[derive(Debug, Clone, Args)]
pub struct ListenConfig {
    /// Port
    #[arg(long, env = "PORT", default_value_t = 3000)]
    pub port: u16,
    /// Address; 0.0.0.0 for every interface
    #[arg(long, env = "BIND", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// The address under which clients reach it [default: from the port]
    #[arg(long, env = "PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Host names it answers to, beside loopback and the public one
    #[arg(long, env = "ALLOWED_HOSTS", value_delimiter = ',')]
    pub allowed_hosts: Vec<String>,
    /// Origins of browsers that may call it, such as `https://app.example.com`
    #[arg(long, env = "ALLOWED_ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<String>,
    /// Set by Fly.io; NAME.fly.dev is answered to
    #[arg(long, env = "FLY_APP_NAME", hide = true)]
    pub fly_app_name: Option<String>,
    /// How long it still answers when it is told to stop, while `/readyz` says no: what a balancer needs
    /// to route elsewhere
    #[arg(long, env = "DRAIN_DELAY", default_value = "0s", value_parser = humantime::parse_duration)]
    pub drain_delay: Duration,
    /// Port of the Prometheus metrics; 0 for none
    #[arg(long, env = "METRICS_PORT", default_value_t = 9091)]
    pub metrics_port: u16,
    /// Requests a minute of one caller
    #[arg(long, env = "RATE_LIMIT_PER_MINUTE", default_value = "60")]
    pub rate_limit_per_minute: NonZeroU32,
    /// Requests of one caller at once
    #[arg(long, env = "RATE_LIMIT_BURST", default_value = "10")]
    pub rate_limit_burst: NonZeroU32,
    /// Requests that are worked on at once; more are told to come again
    #[arg(long, env = "MAX_IN_FLIGHT", default_value = "1024")]
    pub max_in_flight: NonZeroU32,
    /// Headers that name one conversation; the first one that is filled in counts
    #[arg(
        long,
        env = "CONVERSATION_HEADERS",
        value_delimiter = ',',
        default_value = "X-Conversation-Id,X-Call-Id,X-Chat-Id,X-Session-Id"
    )]
    pub conversation_headers: Vec<String>,
}

/// How calls are carried out and decided, however they come.
#[derive(Debug, Clone, Args)]
pub struct CallConfig {
    /// Deadline of one tool call
    #[arg(long, env = "TOOL_TIMEOUT", default_value = "4s", value_parser = some_time)]
    pub tool_timeout: Duration,
    /// How long a request waits before no answer is a no
    #[arg(long, env = "APPROVAL_TTL", default_value = "15m", value_parser = some_time)]
    pub approval_ttl: Duration,
    /// The facts of the business: name, hours, prices, tax, places (TOML) [default: the shipped ones]
    #[arg(long, env = "BUSINESS_FILE")]
    pub business_file: Option<PathBuf>,
    /// Stricter approvals and rules (TOML)
    #[arg(long, env = "POLICY_FILE")]
    pub policy_file: Option<PathBuf>,
    /// Arguments that platforms inject into every call; dropped before validation
    #[arg(
        long,
        env = "IGNORED_ARGUMENTS",
        value_delimiter = ',',
        default_value = "tenant,tenant_id,session_id,conversation_id,call_id,channel,locale,assistant_id"
    )]
    pub ignored_arguments: Vec<String>,
}

/// Reads a duration that is not nothing.
///
/// # Errors
/// How durations are written.
pub fn some_time(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("it must be longer than nothing, such as 5s or 10m".to_owned()),
        Ok(duration) => Ok(duration),
        Err(why) => Err(format!("{why}; write it such as 5s or 10m")),
    }
}

/// Reads the name of a tenant.
///
/// # Errors
/// What a name may hold.
pub fn tenant(name: &str) -> Result<String, String> {
    if is_tenant_id(name) {
        return Ok(name.to_owned());
    }
    Err("a tenant's name has 1 to 64 letters, digits, dots, underscores and hyphens".to_owned())
}

/// Reads the address of a server, without a slash at its end.
///
/// # Errors
/// How it is written.
pub fn web_address(text: &str) -> Result<String, String> {
    let url = text.trim().trim_end_matches('/');
    match scheme_and_host(url) {
        Some(_) => Ok(url.to_owned()),
        None => Err("write it with its scheme, such as https://shop.example.com".to_owned()),
    }
}

/// Reads a secret; a refusal says why without repeating it, which clap itself would do.
#[derive(Clone)]
struct SecretParser;

impl TypedValueParser for SecretParser {
    type Value = JwtSecret;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<JwtSecret, clap::Error> {
        JwtSecret::parse(&value.to_string_lossy()).map_err(|why| {
            let message = format!("JWT_SECRET {why}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

impl TokenConfig {
    /// The settings as the authenticator takes them, for a business with these scopes and roles.
    ///
    /// # Errors
    /// The setting that is unsafe or missing.
    pub fn auth(&self, access: &'static Access) -> Result<AuthConfig, AuthConfigError> {
        let url = self.jwt_jwks_url.clone().filter(|url| !url.trim().is_empty());
        let file = self.jwt_jwks_file.clone().map(KeySource::File);
        let auth = AuthConfig {
            secret: self.jwt_secret.clone(),
            key_source: url.map(KeySource::Url).or(file),
            issuer: self.jwt_issuer.clone(),
            audience: self.jwt_audience.clone(),
            tenant_claim: self.jwt_tenant_claim.clone(),
            ..AuthConfig::new(access)
        };
        auth.check()?;
        Ok(auth)
    }
}

impl ListenConfig {
    /// Whether others than this machine reach it, so that development's shortcuts are dangers.
    pub fn is_public(&self) -> bool {
        !self.bind.is_loopback() || self.fly_app_name.is_some()
    }

    /// The address under which clients reach the server, without a slash at its end.
    pub fn public_url(&self) -> String {
        if let Some(url) = self.public_url.as_ref().filter(|url| !url.trim().is_empty()) {
            let url = url.trim();
            return url.trim_end_matches('/').to_owned();
        }
        match &self.fly_app_name {
            Some(app) => format!("https://{app}.fly.dev"),
            None => format!("http://localhost:{}", self.port),
        }
    }

    /// Whether the addresses are such that clients can reach the server, and safely.
    ///
    /// # Errors
    /// A sentence that names the setting and says how it is written.
    pub fn check(&self) -> Result<(), String> {
        let url = self.public_url();
        let Some((scheme, host)) = scheme_and_host(&url) else {
            return Err(format!(
                "PUBLIC_URL {url} is not an address such as https://shop.example.com"
            ));
        };
        // Names without a dot and addresses are of one's own network.
        let local = !host.contains('.') || host.split(':').next().is_some_and(is_ip);
        if scheme == "http" && !local {
            return Err(format!(
                "PUBLIC_URL {url} would let tokens travel unencrypted: put TLS in front and name it \
                 with https://"
            ));
        }
        let hosts = self.allowed_hosts.iter().map(|host| host.trim());
        if let Some(host) = hosts.clone().find(|host| host.contains('/') || host.contains(' ')) {
            return Err(format!(
                "ALLOWED_HOSTS {host} is not a host name such as shop.example.com"
            ));
        }
        let mut origins = self.allowed_origins.iter().map(|origin| origin.trim());
        let is_origin =
            |origin: &str| scheme_and_host(origin).is_some_and(|(_, host)| !host.contains('/'));
        match origins.find(|origin| !origin.is_empty() && !is_origin(origin.trim_end_matches('/')))
        {
            None => Ok(()),
            Some(origin) => Err(format!(
                "ALLOWED_ORIGINS {origin} is not an origin such as https://app.example.com"
            )),
        }
    }

    /// Every host name the server answers to.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> =
            ["localhost", "127.0.0.1", "::1"].into_iter().map(str::to_owned).collect();
        let public = self.public_url();
        let authority = public.split("://").nth(1).and_then(|rest| rest.split('/').next());
        hosts.extend(authority.map(str::to_owned));
        hosts.extend(self.fly_app_name.as_ref().map(|app| format!("{app}.fly.dev")));
        hosts.extend(self.allowed_hosts.iter().map(|host| host.trim().to_owned()));
        hosts.retain(|host| !host.is_empty());
        hosts
    }

    /// Every origin that may call it, each with its port.
    pub fn origins(&self) -> Vec<String> {
        let own = self.public_url();
        let given = self.allowed_origins.iter().map(|origin| origin.trim().to_owned());
        given.chain([own]).filter(|o| !o.is_empty()).map(|origin| with_port(&origin)).collect()
    }
}

/// The two parts of a web address, where it has both.
fn scheme_and_host(url: &str) -> Option<(&str, &str)> {
    let (scheme, host) = url.split_once("://")?;
    let plain = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '@');
    (matches!(scheme, "http" | "https") && plain).then_some((scheme, host))
}

fn is_ip(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// An origin with its scheme's own port where it names none.
fn with_port(origin: &str) -> String {
    let origin = origin.trim_end_matches('/');
    let Some((scheme, authority)) = origin.split_once("://") else { return origin.to_owned() };
    let host_end = authority.rfind(']').unwrap_or(0);
    let has_port = authority.get(host_end..).is_some_and(|rest| rest.contains(':'));
    match (has_port, scheme) {
        (true, _) => origin.to_owned(),
        (false, "https") => format!("{origin}:443"),
        (false, _) => format!("{origin}:80"),
    }
}

impl CallConfig {
    /// The policy in force.
    ///
    /// # Errors
    /// A sentence that names the file, and what is wrong in it.
    pub fn policy(&self) -> Result<Policy, String> {
        let Some(path) = &self.policy_file else { return Ok(Policy::default()) };
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("POLICY_FILE {} cannot be read: {error}", path.display()))?;
        Policy::parse(&text).map_err(|why| format!("POLICY_FILE {}: {why}", path.display()))
    }

    /// How long a request waits.
    pub fn approval_ttl(&self) -> TimeDelta {
        TimeDelta::from_std(self.approval_ttl).unwrap_or(TimeDelta::minutes(15))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_the_port_of_its_scheme() {
        assert_eq!(with_port("https://app.example.com/"), "https://app.example.com:443");
        assert_eq!(with_port("http://localhost:3000"), "http://localhost:3000");
        assert_eq!(with_port("http://[::1]"), "http://[::1]:80");
    }
}

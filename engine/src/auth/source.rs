//! Where a key set comes from: an address or a file.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use reqwest::{Client, StatusCode, Url, redirect};
use tokio::io::AsyncReadExt;

/// The largest key set that is read, in bytes.
const LARGEST: usize = 256 * 1024;

/// What the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// `JWT_JWKS_URL`: https, or http on the same machine.
    Url(String),
    /// `JWT_JWKS_FILE`: read again whenever its content changes.
    File(PathBuf),
}

/// Why a key set could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The address is not one that is fetched from.
    #[error(
        "the key set's address must be https (http only on this machine), without user or password"
    )]
    Address,
    /// There is no HTTP client.
    #[error("the HTTP client for the key set could not be made")]
    Client(#[source] reqwest::Error),
    /// The issuer did not answer, or not in time.
    #[error("the issuer could not be reached")]
    Fetch(#[source] reqwest::Error),
    /// The issuer answered something else; redirects are not followed.
    #[error("the issuer answered {0}")]
    Status(StatusCode),
    /// The file could not be read.
    #[error("the key set's file could not be read")]
    File(#[source] std::io::Error),
    /// Longer than 256 KiB.
    #[error("the key set is longer than 256 KiB")]
    TooLarge,
    /// Not `{"keys": […]}`.
    #[error("the key set is not a JSON Web Key Set")]
    NotAKeySet,
}

/// A source that is ready to be read.
pub(super) enum Source {
    /// Fetches.
    Url { client: Client, url: Url },
    /// Reads.
    File(PathBuf),
}

impl Source {
    /// Checks an address and prepares to fetch from it.
    pub fn open(source: &KeySource, timeout: Duration) -> Result<Self, SourceError> {
        let url = match source {
            KeySource::File(path) => return Ok(Self::File(path.clone())),
            KeySource::Url(url) => Url::parse(url).map_err(|_| SourceError::Address)?,
        };
        let local = is_loopback(&url);
        let safe = url.scheme() == "https" || (url.scheme() == "http" && local);
        if !safe || !url.username().is_empty() || url.password().is_some() {
            return Err(SourceError::Address);
        }
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(timeout);
        let client = if local { client.no_proxy() } else { client };
        let client = client.build().map_err(SourceError::Client)?;
        Ok(Self::Url { client, url })
    }

    /// Reads the key set as it is now.
    pub async fn read(&self) -> Result<Vec<u8>, SourceError> {
        match self {
            Self::Url { client, url } => fetch(client, url.clone()).await,
            Self::File(path) => {
                let file = tokio::fs::File::open(path).await.map_err(SourceError::File)?;
                let mut content = Vec::new();
                let mut file = file.take(LARGEST as u64 + 1);
                file.read_to_end(&mut content).await.map_err(SourceError::File)?;
                within_limit(content)
            }
        }
    }
}

async fn fetch(client: &Client, url: Url) -> Result<Vec<u8>, SourceError> {
    let mut response = client.get(url).send().await.map_err(SourceError::Fetch)?;
    if response.status() != StatusCode::OK {
        return Err(SourceError::Status(response.status()));
    }
    let mut content = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(SourceError::Fetch)? {
        content.extend_from_slice(&chunk);
        content = within_limit(content)?;
    }
    Ok(content)
}

fn within_limit(content: Vec<u8>) -> Result<Vec<u8>, SourceError> {
    if content.len() > LARGEST { Err(SourceError::TooLarge) } else { Ok(content) }
}

/// Whether the host is this machine by its address, or by the one name that always is.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_this_machine() {
        let opens = |url: &str| {
            Source::open(&KeySource::Url(url.to_owned()), Duration::from_secs(1)).is_ok()
        };
        assert!(opens("https://issuer.example/jwks.json"));
        assert!(opens("http://127.0.0.1:9000/jwks.json"));
        assert!(opens("http://[::1]:9000/jwks.json"));
        for url in [
            "http://issuer.example/jwks.json",
            "http://127.0.0.1.issuer.example/jwks.json",
            "http://169.254.169.254/latest",
            "https://user:word@issuer.example/jwks.json",
            "file:///etc/passwd",
            "ftp://127.0.0.1/jwks.json",
            "not an address",
        ] {
            assert!(!opens(url), "{url}");
        }
    }
}

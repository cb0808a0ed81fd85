//! The HS256 secret, which is for development: who can check a token can also make one.

use std::fmt;

use jsonwebtoken::{DecodingKey, EncodingKey};

/// The fewest bytes of a secret: as many as the digest that it keys (RFC 7518 section 3.2).
const SHORTEST: usize = 32;
/// The fewest different bytes: 32 random ones have more than twice as many.
const FEWEST_DIFFERENT: usize = 8;
/// Secrets from examples, reduced to letters and digits. A secret that holds one was copied.
const FROM_EXAMPLES: [&str; 8] = [
    "changeme",
    "replaceme",
    "placeholder",
    "your256bitsecret",
    "yoursecret",
    "yourjwtsecret",
    "yoursupersecret",
    "astringsecretatleast256bitslong",
];

/// A secret that is long enough and is not known from an example.
#[derive(Clone, PartialEq, Eq)]
pub struct JwtSecret(String);

/// Why a secret is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecret {
    /// Under 32 bytes.
    #[error("is shorter than 32 bytes; `openssl rand -base64 32` makes a good one")]
    Short,
    /// Repeats a few characters.
    #[error("repeats itself; `openssl rand -base64 32` makes a good one")]
    Repetitive,
    /// A placeholder from documentation.
    #[error("is a placeholder from an example; `openssl rand -base64 32` makes a good one")]
    WellKnown,
}

impl JwtSecret {
    /// Accepts a secret that nobody guesses.
    ///
    /// # Errors
    /// [`WeakSecret`] says what is wrong without repeating the secret.
    pub fn parse(secret: &str) -> Result<Self, WeakSecret> {
        if secret.trim().len() < SHORTEST {
            return Err(WeakSecret::Short);
        }
        if is_repetitive(secret.trim().as_bytes()) {
            return Err(WeakSecret::Repetitive);
        }
        let letters = secret.chars().filter(char::is_ascii_alphanumeric);
        let reduced: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        if FROM_EXAMPLES.iter().any(|example| reduced.contains(example)) {
            return Err(WeakSecret::WellKnown);
        }
        Ok(Self(secret.to_owned()))
    }

    /// A fresh random secret of 256 bits, for a process that nobody gave one.
    pub fn generate() -> Self {
        Self(super::api_key::hex(&rand::random::<[u8; 32]>()))
    }

    /// The secret itself, for a child process or a configuration file.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn decoding(&self) -> DecodingKey {
        DecodingKey::from_secret(self.0.as_bytes())
    }

    pub(super) fn encoding(&self) -> EncodingKey {
        EncodingKey::from_secret(self.0.as_bytes())
    }
}

impl fmt::Debug for JwtSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtSecret(…)")
    }
}

/// Few different bytes, or one piece over and over.
fn is_repetitive(secret: &[u8]) -> bool {
    let mut different = secret.to_vec();
    different.sort_unstable();
    different.dedup();
    let repeats =
        |period: usize| secret.iter().zip(secret.iter().skip(period)).all(|(a, b)| a == b);
    different.len() < FEWEST_DIFFERENT || (1..=secret.len() / 2).any(repeats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_can_be_guessed() {
        for (secret, weakness) in [
            ("secret", WeakSecret::Short),
            ("", WeakSecret::Short),
            ("                                        ", WeakSecret::Short),
            (&"a".repeat(64), WeakSecret::Repetitive),
            (&"secret".repeat(8), WeakSecret::Repetitive),
            ("0123456789abcdef0123456789abcdef", WeakSecret::Repetitive),
            ("a-string-secret-at-least-256-bits-long", WeakSecret::WellKnown),
            ("CHANGE_ME to 32 random bytes, please!", WeakSecret::WellKnown),
        ] {
            assert_eq!(JwtSecret::parse(secret), Err(weakness), "{secret}");
        }
    }

    #[test]
    fn accepts_random_ones_and_never_prints_them() {
        let secret = JwtSecret::generate();
        assert_eq!(JwtSecret::parse(secret.expose()).as_ref(), Ok(&secret));
        assert!(!format!("{secret:?}").contains(secret.expose()));
    }
}

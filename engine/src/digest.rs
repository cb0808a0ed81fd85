//! The fingerprint of a text, by which texts are compared and secrets are kept.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// SHA-256 in hexadecimal.
pub fn sha256(text: &str) -> String {
    sha256_of_bytes(text.as_bytes())
}

/// The same of bytes that need not be text.
pub fn sha256_of_bytes(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

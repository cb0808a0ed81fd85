//! The first part of a token, which its sender writes: nothing in it is trusted.

use jsonwebtoken::Algorithm;

use super::{Rejected, object::Object};

/// Parameters that carry a key, point to one, or demand to be understood. A token with one of
/// them is refused, so that nothing is ever fetched or trusted because a token says so.
const REFUSED: [&str; 5] = ["crit", "jwk", "jku", "x5c", "x5u"];

/// What a header says: which algorithm, and which key.
pub(super) struct Header {
    /// One of the four that are offered.
    pub algorithm: Algorithm,
    /// The name of the key.
    pub kid: Option<String>,
}

impl Header {
    /// Reads the header of a token.
    pub fn from_part(part: &str) -> Result<Self, Rejected> {
        let header = Object::from_part(part)?;
        if header.has_any(&REFUSED) {
            return Err(Rejected::Header);
        }
        let typ = header.text("typ", Rejected::Header)?.unwrap_or("JWT");
        let typ = typ.to_ascii_lowercase();
        if !matches!(typ.as_str(), "jwt" | "at+jwt" | "application/at+jwt") {
            return Err(Rejected::Header);
        }
        let algorithm = match header.text("alg", Rejected::Algorithm)? {
            Some("HS256") => Algorithm::HS256,
            Some("RS256") => Algorithm::RS256,
            Some("ES256") => Algorithm::ES256,
            Some("EdDSA") => Algorithm::EdDSA,
            _ => return Err(Rejected::Algorithm),
        };
        let kid = header.text("kid", Rejected::Header)?.map(str::to_owned);
        Ok(Self { algorithm, kid })
    }
}

/// Whether a text could be the name of a key. Names are only ever compared, but one that looks
/// like a path or a query is not worth asking the issuer about.
pub(super) fn is_plausible_kid(kid: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:~@=+/".contains(&b);
    (1..=128).contains(&kid.len())
        && kid.bytes().all(plain)
        && !kid.starts_with(['/', '.'])
        && !kid.contains("..")
}

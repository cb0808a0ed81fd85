//! An issuer's published keys (RFC 7517), and which of them verify tokens here.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// More keys than any issuer has at once; the rest of a longer set is not read.
const MOST_KEYS: usize = 100;
/// The shortest RSA modulus, in bytes: 2048 bits (RFC 7518 section 3.3).
const SHORTEST_MODULUS: usize = 256;
/// The length of an Ed25519 key and of a P-256 coordinate, in bytes.
const COORDINATE: usize = 32;

/// A key as it is published; what this server has no use for is left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// A public key, for one algorithm.
pub(super) struct PublicKey {
    /// The only algorithm that the key is used with.
    pub algorithm: Algorithm,
    /// The key in the form that checks signatures.
    pub decoding: DecodingKey,
    published: Jwk,
}

/// The keys of an issuer at one time.
#[derive(Default)]
pub(super) struct PublicKeys(Vec<Arc<PublicKey>>);

/// What a look-up in a set of keys can say.
pub(super) enum Lookup {
    /// This key.
    Found(Arc<PublicKey>),
    /// There is a key of that name, for another algorithm.
    OtherAlgorithm,
    /// There is none of that name.
    Unknown,
}

impl PublicKeys {
    /// Reads a key set; `None` if it is not one. Keys that cannot verify a token are passed over,
    /// symmetric ones (`oct`) and ones for encryption among them.
    pub fn parse(json: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct JwkSet {
            keys: Vec<Value>,
        }

        let set: JwkSet = serde_json::from_slice(json).ok()?;
        let keys = set.keys.into_iter().take(MOST_KEYS);
        Some(Self(keys.filter_map(PublicKey::read).map(Arc::new).collect()))
    }

    /// Finds the key of a token. Names match exactly; a token without one is only clear where
    /// there is only one key that it can mean.
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Lookup {
        let named = |key: &&Arc<PublicKey>| kid.is_none() || key.published.kid.as_deref() == kid;
        let mut fitting = self.0.iter().filter(named).filter(|key| key.algorithm == algorithm);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Lookup::Found(Arc::clone(key)),
            (Some(key), Some(_)) if kid.is_some() => Lookup::Found(Arc::clone(key)),
            (None, _) if kid.is_some() && self.0.iter().any(|key| named(&key)) => {
                Lookup::OtherAlgorithm
            }
            _ => Lookup::Unknown,
        }
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether both sets hold the same keys in the same order.
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.iter().map(|key| &key.published).eq(other.0.iter().map(|key| &key.published))
    }
}

impl PublicKey {
    /// Reads a key; the algorithm follows from its kind and must not contradict its `alg`.
    fn read(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let for_signatures = jwk.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let verifies = jwk.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !for_signatures || !verifies {
            return None;
        }
        let (algorithm, name, decoding) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", None) => {
                let (n, e) = (bytes(jwk.n.as_ref())?, bytes(jwk.e.as_ref())?);
                let significant = n.iter().skip_while(|byte| **byte == 0).count();
                let key = DecodingKey::from_rsa_raw_components(&n, &e);
                (significant >= SHORTEST_MODULUS).then_some((Algorithm::RS256, "RS256", key))?
            }
            ("EC", Some("P-256")) => {
                let (x, y) = (coordinate(jwk.x.as_ref())?, coordinate(jwk.y.as_ref())?);
                let key = DecodingKey::from_ec_components(x, y).ok()?;
                (Algorithm::ES256, "ES256", key)
            }
            ("OKP", Some("Ed25519")) => {
                let key = DecodingKey::from_ed_components(coordinate(jwk.x.as_ref())?).ok()?;
                (Algorithm::EdDSA, "EdDSA", key)
            }
            _ => return None,
        };
        let agrees = jwk.alg.as_deref().is_none_or(|alg| alg == name);
        agrees.then_some(Self { algorithm, decoding, published: jwk })
    }
}

fn bytes(text: Option<&String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}

/// A text that stands for exactly 32 bytes.
fn coordinate(text: Option<&String>) -> Option<&str> {
    (bytes(text)?.len() == COORDINATE).then_some(text?)
}

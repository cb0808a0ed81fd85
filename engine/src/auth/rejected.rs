//! Why a token was not accepted: one word for the outside, the cause for the log.

/// A bearer token that was not accepted.
///
/// Its text is the same for every cause, because a caller who learns which check failed learns
/// how to pass it. The cause is for the log; it never holds a part of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid_token")]
pub enum Rejected {
    /// Not three base64url parts of JSON, too long, or a claim that is written twice.
    Malformed,
    /// A header parameter that would bring a key along or that must be understood (`crit`).
    Header,
    /// `none`, an algorithm that is not offered, or one that the named key is not for.
    Algorithm,
    /// No key of that name.
    UnknownKey,
    /// The signature is not the key's.
    Signature,
    /// Without an end, or with one that is not a whole number of seconds.
    Expiry,
    /// Past its end.
    Expired,
    /// Before its beginning, or with one that is not a whole number of seconds.
    NotYetValid,
    /// From another issuer.
    Issuer,
    /// Meant for another server.
    Audience,
    /// Without a usable subject.
    Subject,
    /// Without a usable tenant.
    Tenant,
    /// A `scope` or `role` that cannot be read, or a role that does not exist.
    Scope,
    /// A `jti` that is not a short string.
    TokenId,
    /// An API key that is not known, or whose secret is another.
    ApiKey,
    /// An API key that was revoked.
    ApiKeyRevoked,
    /// An API key past its end.
    ApiKeyExpired,
    /// The key set was never fetched, so that the token could not be judged.
    KeySetUnavailable,
    /// The API keys could not be read, so that the key could not be judged.
    ApiKeysUnavailable,
}

impl Rejected {
    /// The cause, for the log alone.
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Malformed => "the token is malformed",
            Self::Header => "the token's header holds a parameter that is not accepted",
            Self::Algorithm => "the token's algorithm is not the one its key is for",
            Self::UnknownKey => "the token's key is not known",
            Self::Signature => "the token's signature is wrong",
            Self::Expiry => "the token's exp is missing or not a whole number",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::Issuer => "the token's iss is not the expected issuer",
            Self::Audience => "the token's aud does not hold this server",
            Self::Subject => "the token's sub is missing or not a short text",
            Self::Tenant => "the token's tenant is missing or not a tenant's id",
            Self::Scope => "the token's scope or role cannot be read",
            Self::TokenId => "the token's jti is not a short text",
            Self::ApiKey => "the API key is not known",
            Self::ApiKeyRevoked => "the API key was revoked",
            Self::ApiKeyExpired => "the API key has expired",
            Self::KeySetUnavailable => "the key set has never been fetched",
            Self::ApiKeysUnavailable => "the API keys could not be read",
        }
    }

    /// Whether the server, not the token, is at fault, so that the same token may pass later.
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::KeySetUnavailable | Self::ApiKeysUnavailable)
    }
}

//! What a token with a good signature claims, read strictly.
//!
//! jsonwebtoken's own validation lets a missing or misshapen `aud` and `iss` pass, so every claim
//! is checked here: it has exactly the expected kind of value, or the token is refused.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{Rejected, object::Object};
use crate::tool::{
    access::{Access, Role, Scopes},
    caller::Caller,
};

/// The longest subject and token id, in characters.
const LONGEST_TEXT: usize = 128;
/// The longest id of a tenant.
const LONGEST_TENANT: usize = 64;

/// What every token must say.
#[derive(Debug)]
pub(super) struct Expected {
    /// The one issuer.
    pub issuer: String,
    /// This server, among the token's audiences.
    pub audience: String,
    /// The claim that names the tenant.
    pub tenant_claim: String,
    /// How far the issuer's clock may be off.
    pub leeway: TimeDelta,
    /// What its scopes and roles mean.
    pub access: &'static Access,
}

/// A caller, and the moment from which the token no longer counts: its end plus the leeway.
pub(super) struct Accepted {
    /// Who calls.
    pub caller: Caller,
    /// The first moment at which the token is refused.
    pub until: DateTime<Utc>,
}

impl Expected {
    /// Checks the claims of a token whose signature is good.
    pub fn check(&self, claims: &Object, now: DateTime<Utc>) -> Result<Accepted, Rejected> {
        let exp = claims.get("exp").and_then(time).ok_or(Rejected::Expiry)?;
        let until = exp.checked_add_signed(self.leeway).ok_or(Rejected::Expiry)?;
        if now >= until {
            return Err(Rejected::Expired);
        }
        if let Some(nbf) = claims.get("nbf") {
            let nbf = time(nbf).ok_or(Rejected::NotYetValid)?;
            if nbf.signed_duration_since(now) > self.leeway {
                return Err(Rejected::NotYetValid);
            }
        }
        if claims.text("iss", Rejected::Issuer)? != Some(self.issuer.as_str()) {
            return Err(Rejected::Issuer);
        }
        if !claims.get("aud").is_some_and(|aud| self.is_meant_for_us(aud)) {
            return Err(Rejected::Audience);
        }
        let (scopes, role) = grant(claims, self.access)?;
        let caller = Caller {
            tenant: self.tenant(claims)?.into(),
            subject: subject(claims)?.into(),
            token_id: token_id(claims)?,
            scopes,
            role,
            expires_at: Some(exp),
            access: self.access,
        };
        Ok(Accepted { caller, until })
    }

    /// `aud` is one text or a list of texts, and one of them is exactly this server.
    fn is_meant_for_us(&self, aud: &Value) -> bool {
        match aud {
            Value::String(audience) => *audience == self.audience,
            Value::Array(audiences) => {
                audiences.iter().all(Value::is_string)
                    && audiences.iter().any(|audience| audience == self.audience.as_str())
            }
            _ => false,
        }
    }

    fn tenant<'a>(&self, claims: &'a Object) -> Result<&'a str, Rejected> {
        let tenant = claims.text(&self.tenant_claim, Rejected::Tenant)?;
        tenant.filter(|tenant| is_tenant_id(tenant)).ok_or(Rejected::Tenant)
    }
}

/// Whether a text can be the id of a tenant: 1 to 64 letters, digits, `_`, `.` and `-`.
pub fn is_tenant_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    text.len() <= LONGEST_TENANT
        && text.bytes().all(plain)
        && text.bytes().any(|b| b.is_ascii_alphanumeric())
}

/// Whole seconds since 1970; fractions, texts and numbers beyond every calendar are none.
fn time(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(value.as_i64()?, 0)
}

/// The principal. API keys are principals of their own, and no token may speak as one.
fn subject(claims: &Object) -> Result<&str, Rejected> {
    let subject = claims.text("sub", Rejected::Subject)?.ok_or(Rejected::Subject)?;
    let usable = is_short_text(subject) && !subject.starts_with("key:");
    usable.then_some(subject).ok_or(Rejected::Subject)
}

fn token_id(claims: &Object) -> Result<Option<Arc<str>>, Rejected> {
    match claims.text("jti", Rejected::TokenId)? {
        Some(id) if is_short_text(id) => Ok(Some(id.into())),
        Some(_) => Err(Rejected::TokenId),
        None => Ok(None),
    }
}

/// `scope`, or `role` as a bundle of scopes and toolsets; with both, what both allow. A token with neither
/// is valid and allows nothing.
fn grant(
    claims: &Object,
    access: &'static Access,
) -> Result<(Scopes, Option<&'static Role>), Rejected> {
    let scope = claims.text("scope", Rejected::Scope)?.map(|claim| access.scopes(claim));
    let role = match claims.text("role", Rejected::Scope)? {
        Some(name) => Some(access.role(name).ok_or(Rejected::Scope)?),
        None => None,
    };
    let scopes = match (scope, role.map(Role::scopes)) {
        (Some(scope), Some(role)) => scope.and(&role),
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => Scopes::NONE,
    };
    Ok((scopes, role))
}

/// Not blank, without spaces around it, not long, and without control characters.
fn is_short_text(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && text.chars().count() <= LONGEST_TEXT
        && !text.chars().any(char::is_control)
}

//! What a tool may use while it runs.

use std::{any::Any, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::json;

use super::{
    caller::Caller,
    conversation::ConversationId,
    error::{ErrorCode, ToolError},
};
use crate::{
    business::{Facts, Reservations, SharedFacts},
    db::{
        StoreResult, TENANT, Tx,
        erasure::{self, Erased},
        params,
    },
    money::{Currency, Money},
    period,
    speech::words::Language,
    text,
};

/// The facts in force for a tenant: one value for the whole of a call.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The tenant's id, as in the token.
    pub id: Arc<str>,
    /// What its amounts are recorded in.
    pub currency: Currency,
    /// What its prices are in now. Where that differs, no money is written.
    pub configured_currency: Currency,
    /// Where its days begin and end.
    pub time_zone: Tz,
    /// What its callers hear.
    pub language: Language,
    /// What the business knows of itself.
    pub facts: SharedFacts,
}

impl Tenant {
    /// A tenant with whom all is as these facts say.
    pub fn new(id: Arc<str>, facts: SharedFacts) -> Self {
        Self {
            id,
            currency: facts.currency(),
            configured_currency: facts.currency(),
            time_zone: facts.time_zone(),
            language: Language::of(facts.language()).unwrap_or_default(),
            facts,
        }
    }

    /// Whether amounts may be written: they are in one currency, on record and in the facts.
    ///
    /// # Errors
    /// `invalid_state` with both currencies.
    pub fn check_currency(&self) -> Result<(), ToolError> {
        let (recorded, configured) = (self.currency, self.configured_currency);
        if recorded == configured {
            return Ok(());
        }
        let sentence = text!(
            "Amounts are on record in {recorded}, but the business is set up for {configured} now, so nothing that \
             has a price can be changed. Please offer the caller a person.",
            recorded,
            configured
        );
        let details = json!({ "recorded": recorded.code(), "configured": configured.code() });
        Err(ToolError::invalid_state(sentence).with_details(details))
    }

    /// The facts in the business's own type; `None` where they are of another one.
    pub fn facts<F: Facts>(&self) -> Option<&F> {
        let facts: &dyn Any = &*self.facts;
        facts.downcast_ref()
    }
}

/// Who calls, the open transaction, and the time. The gate commits the transaction when the tool
/// succeeds and rolls it back when it fails; a tool can do neither.
pub struct CallContext {
    /// Who calls.
    pub caller: Arc<Caller>,
    /// The conversation the call belongs to, as a header names it.
    pub conversation: Option<ConversationId>,
    /// Whom the caller has shown to be in this conversation, such as a customer's id.
    pub verified: Option<Arc<str>>,
    /// Whose business this is.
    pub tenant: Arc<Tenant>,
    /// The open transaction.
    pub tx: Tx,
    /// When the call began.
    pub now: DateTime<Utc>,
    /// The approval that this call executes, if it is one.
    pub approval_id: Option<Arc<str>>,
    /// What is reserved for approvals.
    pub(crate) reservations: Option<Arc<dyn Reservations>>,
    /// What erases a person, of every module.
    pub erasures: Arc<[&'static str]>,
    /// Whom the call is about; empty where that is more than one.
    subject: Option<String>,
    /// Which record the audit log says was touched.
    audit_subject: Option<String>,
}

impl CallContext {
    /// A context around an open transaction.
    pub fn new(caller: Arc<Caller>, tenant: Arc<Tenant>, tx: Tx, now: DateTime<Utc>) -> Self {
        Self {
            caller,
            conversation: None,
            verified: None,
            tenant,
            tx,
            now,
            approval_id: None,
            reservations: None,
            erasures: Arc::default(),
            subject: None,
            audit_subject: None,
        }
    }

    /// Checks that this call can access what belongs to a person, and notes that it is about them.
    ///
    /// # Errors
    /// `forbidden`, where the caller is verified as somebody else.
    pub(crate) fn authorize(&mut self, subject: &str) -> Result<(), ToolError> {
        if !self.can_access(subject) {
            return Err(self.verified_as_another());
        }
        // What is about two people is about neither alone.
        let only = self.subject.as_deref().is_none_or(|known| known == subject);
        self.subject = Some(if only { subject.to_owned() } else { String::new() });
        Ok(())
    }

    /// Checks that this call can create someone new: a verified caller acts only for themselves.
    ///
    /// # Errors
    /// `forbidden`, where the caller is verified.
    pub fn authorize_new(&mut self) -> Result<(), ToolError> {
        self.authorize("")
    }

    /// The refusal where a record belongs to somebody else than the verified caller.
    pub fn verified_as_another(&self) -> ToolError {
        ToolError::new(ErrorCode::Forbidden, self.tenant.facts.verified_as_another())
    }

    /// Whether this call can access what belongs to a person: anybody's, or that of the verified caller.
    pub fn can_access(&self, subject: &str) -> bool {
        self.verified.as_deref().is_none_or(|verified| verified == subject)
    }

    /// Whom the call is about, as far as it has come.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.subject.as_deref().or(self.verified.as_deref())
    }

    /// Whether the caller sees this person's data unmasked: because of a scope, or because they are that person.
    pub fn sees_personal(&self, subject: &str) -> bool {
        self.caller.sees_personal_data() || self.verified.as_deref() == Some(subject)
    }

    /// Erases a person from what every module and the engine keep: texts, requests, stored answers.
    ///
    /// # Errors
    /// The database's.
    pub async fn erase(&mut self, person: Erased<'_>) -> StoreResult<()> {
        for statement in self.erasures.clone().iter() {
            self.tx.execute(statement, params![TENANT, person.id]).await?;
        }
        erasure::erase(&mut self.tx, person, self.now).await
    }

    /// The day it is for the tenant.
    pub fn today(&self) -> NaiveDate {
        period::day_of(self.now, self.tenant.time_zone)
    }

    /// The tenant's day of a moment.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        period::day_of(at, self.tenant.time_zone)
    }

    /// Minor units as the tenant's money.
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.tenant.currency)
    }

    /// Reads an amount from an argument.
    ///
    /// # Errors
    /// `invalid_parameters` with the argument's name.
    pub fn amount(&self, argument: &str, text: &str) -> Result<Money, ToolError> {
        Money::parse(text, self.tenant.currency)
            .map_err(|why| ToolError::invalid(text!("The {argument} {why}.", argument, why)))
    }

    /// Sets which record the audit log says was touched.
    pub fn set_audit_subject(&mut self, id: &str) {
        self.audit_subject = Some(id.to_owned());
    }

    /// Which record was touched.
    pub(crate) fn take_audit_subject(&mut self) -> Option<String> {
        self.audit_subject.take()
    }
}

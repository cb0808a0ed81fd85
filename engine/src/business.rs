//! What the engine asks of the business behind it.

use std::{any::Any, fmt::Debug, sync::Arc};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::future::BoxFuture;

use crate::{
    db::{StoreResult, Tx},
    money::Currency,
    text,
    tool::{Hold, ToolError},
};

/// What is known of the business without asking the database: the engine reads these few facts, and carries the
/// business's own type to its tools ([`Tenant::facts`](crate::tool::context::Tenant::facts)).
pub trait Facts: Any + Debug + Send + Sync {
    /// The name that customers know.
    fn name(&self) -> &str;
    /// What prices are in.
    fn currency(&self) -> Currency;
    /// Whose days count.
    fn time_zone(&self) -> Tz;
    /// The language of what is said, such as `en-US` (BCP 47).
    fn language(&self) -> &str;
    /// What an unverified caller is told before a tool that only a verified one may use.
    fn verify_first(&self) -> String {
        text!("First I need to verify you.")
    }
    /// What a caller is told whose verification has expired.
    fn verify_again(&self) -> String {
        text!("Your verification has ended. Please verify again.")
    }
    /// The error for an agent that asks for a record of someone other than the verified caller.
    fn verified_as_another(&self) -> String {
        text!("This conversation is verified for someone else, and can only be about them.")
    }
}

/// The facts of a business that needs no type of its own for them.
#[derive(Debug, Clone, Copy)]
pub struct PlainFacts {
    /// The name that customers know.
    pub name: &'static str,
    /// What prices are in.
    pub currency: Currency,
    /// Whose days count.
    pub time_zone: Tz,
    /// The language that callers hear, such as `en-US` (BCP 47).
    pub language: &'static str,
}

impl Facts for PlainFacts {
    fn name(&self) -> &str {
        self.name
    }
    fn currency(&self) -> Currency {
        self.currency
    }
    fn time_zone(&self) -> Tz {
        self.time_zone
    }
    fn language(&self) -> &str {
        self.language
    }
}

/// Facts that are shared by every call.
pub type SharedFacts = Arc<dyn Facts>;

/// What is reserved for an approval while it is pending. All of it happens in the transaction of the approval. What has
/// expired is free again, and a module that wants it released has a job for that.
pub trait Reservations: Send + Sync {
    /// Reserves one thing for a holder until a moment.
    ///
    /// # Errors
    /// A sentence for the agent where there is not enough; the transaction is then rolled back.
    fn reserve<'a>(
        &'a self,
        tx: &'a mut Tx,
        hold: &'a Hold,
        reserved: Reserved<'a>,
    ) -> BoxFuture<'a, Result<(), ToolError>>;

    /// Releases everything that a holder has reserved.
    fn release<'a>(&'a self, tx: &'a mut Tx, holder: &'a str) -> BoxFuture<'a, StoreResult<()>>;
}

/// For whom something is reserved, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Reserved<'a> {
    /// Whose it is: an approval.
    pub holder: &'a str,
    /// When the reservation begins.
    pub now: DateTime<Utc>,
    /// When it expires.
    pub until: DateTime<Utc>,
}

/// The reservations of a business that reserves nothing: a plan that asks for one is refused.
#[derive(Debug, Clone, Copy)]
pub struct NoReservations;

impl Reservations for NoReservations {
    fn reserve<'a>(
        &'a self,
        _tx: &'a mut Tx,
        hold: &'a Hold,
        _reserved: Reserved<'a>,
    ) -> BoxFuture<'a, Result<(), ToolError>> {
        let cause = format!("{} cannot be reserved: no module reserves anything", hold.item);
        Box::pin(async { Err(ToolError::internal(cause)) })
    }

    fn release<'a>(&'a self, _tx: &'a mut Tx, _holder: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async { Ok(()) })
    }
}

//! The records that an import brings: what they say, and what makes one wrong.
//!
//! A record is read field by field from a JSON object, so that a complaint can name its field:
//! `payment_methods[0].balance: is not a plain decimal amount such as 59.98`. Written, it is the
//! import format again.
//!
//! * [`customer`], [`product`], [`order`], [`interaction`]: one file a kind;
//! * [`fields`]: taking an object apart without leaving anything unread;
//! * [`merge`]: what a file says of a record that is on file;
//! * [`csv_rows`]: rows of a table as the objects that JSON Lines would have had.

use std::fmt;

use serde_json::Value;

use crate::business::Business;
use business_mcp_engine::money::Currency;

pub mod address;
pub mod csv_rows;
pub mod customer;
pub mod fields;
pub mod interaction;
pub mod merge;
pub mod order;
pub mod product;

pub use address::Address;
pub use customer::{CustomerRecord, MethodKind, MethodRecord};
pub use fields::{FieldError, Fields};
pub use interaction::InteractionRecord;
pub use order::{ItemRecord, OrderRecord, PaymentKind, PaymentRecord, ShipmentRecord};
pub use product::{ProductRecord, VariantRecord};

/// What a file's records are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Who buys, and what they pay with.
    Customers,
    /// What is sold, and how much of it there is.
    Products,
    /// What was bought.
    Orders,
    /// What was said.
    Interactions,
}

impl Kind {
    /// Every kind, in the order in which files refer to each other.
    pub const ALL: [Self; 4] = [Self::Customers, Self::Products, Self::Orders, Self::Interactions];

    /// The name of its file, without the extension.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Products => "products",
            Self::Orders => "orders",
            Self::Interactions => "interactions",
        }
    }

    /// The kind of a file of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What reading a record depends on.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What amounts are in.
    pub currency: Currency,
    /// The country of phone numbers without a country code.
    pub phone_region: String,
    /// Where stock is that names no place.
    pub location: String,
}

impl Rules {
    /// The rules of a business.
    pub fn of(business: &Business) -> Self {
        let location = business.main_location().map_or("main", |location| location.id.as_str());
        Self {
            currency: business.currency,
            phone_region: business.phone_region.clone(),
            location: location.to_owned(),
        }
    }
}

/// A record of an import.
pub trait Record: Sized + Send + Sync {
    /// What it is about.
    const KIND: Kind;

    /// Reads it from the fields of an object.
    ///
    /// # Errors
    /// The first field that is wrong, and why.
    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError>;

    /// The id by which a file names it once only; `None` where records have none.
    fn id(&self) -> Option<&str>;
}

/// Reads one record and leaves none of its fields unread.
///
/// # Errors
/// The first field that is wrong or unknown, and why.
pub fn read<T: Record>(value: Value, rules: &Rules) -> Result<T, FieldError> {
    let mut fields = Fields::new(value, String::new(), rules)?;
    let record = T::read(&mut fields)?;
    fields.finish()?;
    Ok(record)
}

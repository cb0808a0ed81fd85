//! Customers written down and changed, with everything by which they are found.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{customers::import::Address, sales};
use business_mcp_engine::{
    db::{StoreError, StoreResult, TENANT, Tx, params, record, search_terms},
    speech::{misheard, name, phone, reference},
    tool::Unauthorized,
};

record! {
    /// A customer as they are kept.
    #[derive(Debug, Clone)]
    pub struct Stored {
        /// The full name.
        pub name: String,
        /// The e-mail address.
        pub email: Option<String>,
        /// The phone number, in E.164.
        pub phone: Option<String>,
        /// The firm they buy for.
        pub company: Option<String>,
        /// How they are valued.
        pub tier: Option<String>,
        /// The address, as JSON.
        pub address: Option<String>,
        /// Since when they are a customer.
        pub created_at: DateTime<Utc>,
        /// Raised by each change.
        pub version: i64,
    }
}

/// What is written down of a customer.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// The full name.
    pub name: &'a str,
    /// The e-mail address, in lower case.
    pub email: Option<&'a str>,
    /// The phone number, in E.164.
    pub phone: Option<&'a str>,
    /// The firm they buy for.
    pub company: Option<&'a str>,
    /// How they are valued.
    pub tier: Option<&'a str>,
    /// The address.
    pub address: Option<&'a Address>,
}

/// What is worked out from what is written down.
pub(super) struct Keys {
    pub(super) name: String,
    pub(super) phone: Option<String>,
    pub(super) address: Option<String>,
    pub(super) postal: Option<String>,
}

impl Keys {
    pub(super) fn of(written: Written<'_>) -> StoreResult<Self> {
        let json = written.address.map(serde_json::to_string).transpose();
        Ok(Self {
            name: name::fold(written.name),
            phone: written.phone.map(phone::digits),
            address: json.map_err(|error| StoreError::Other(error.into()))?,
            postal: written.address.map(Address::postal_key),
        })
    }
}

/// The customer with this id, unless they were erased.
pub async fn find(tx: &mut Tx, id: &str) -> StoreResult<Option<Unauthorized<Stored>>> {
    let found: Option<Stored> = tx
        .fetch_optional(
            "select name, email, phone, company, tier, address, created_at, version
         from customers
         where tenant_id = $1 and id = $2 and erased_at is null",
            params![TENANT, id],
        )
        .await?;
    Ok(found.map(|row| Unauthorized::new(id, row)))
}

/// Writes a new customer down. `on` is the tenant's day.
pub async fn insert(
    tx: &mut Tx,
    id: &str,
    new: Written<'_>,
    at: DateTime<Utc>,
    on: &str,
) -> StoreResult<()> {
    let keys = Keys::of(new)?;
    tx.execute(
        "insert into customers
             (tenant_id, id, name, email, phone, company, tier, address, postal_code, name_key,
              email_key, phone_key, postal_key, version, created_at, created_on, id_number)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $4, $11, $12, 1, $13, $14, $15)",
        params![
            TENANT,
            id,
            new.name,
            new.email,
            new.phone,
            new.company,
            new.tier,
            &keys.address,
            new.address.map(|address| address.postal_code.as_str()),
            &keys.name,
            &keys.phone,
            &keys.postal,
            at,
            on,
            &reference::number(id)
        ],
    )
    .await?;
    search_terms::replace(tx, "customer", id, &terms(id, new)).await
}

/// Changes a customer who is in this version; false where they are in another one, or not there.
/// Without an address, the one on file stays.
pub async fn update(tx: &mut Tx, id: &str, version: i64, new: Written<'_>) -> StoreResult<bool> {
    let keys = Keys::of(new)?;
    sales::tier_changes(tx, id, new.tier).await?;
    let changed = tx
        .execute(
            "update customers
             set name = $4, email = $5, phone = $6, company = $7, tier = $8,
                 address = coalesce($9, address), postal_code = coalesce($10, postal_code),
                 postal_key = coalesce($11, postal_key), name_key = $12, email_key = $5,
                 phone_key = $13, version = version + 1
             where tenant_id = $1 and id = $2 and version = $3 and erased_at is null",
            params![
                TENANT,
                id,
                version,
                new.name,
                new.email,
                new.phone,
                new.company,
                new.tier,
                &keys.address,
                new.address.map(|address| address.postal_code.as_str()),
                &keys.postal,
                &keys.name,
                &keys.phone
            ],
        )
        .await?;
    if changed == 0 {
        return Ok(false);
    }
    search_terms::replace(tx, "customer", id, &terms(id, new)).await?;
    Ok(true)
}

/// The terms by which a customer is found: the words and sounds of the name, the words of the company
/// and of the id, what the e-mail address may be heard as, and the end of the phone number.
pub(crate) fn terms(id: &str, of: Written<'_>) -> BTreeSet<String> {
    let texts = [id, of.name, of.company.unwrap_or_default()];
    let words = texts.into_iter().flat_map(name::words).map(|word| format!("w:{word}"));
    let sounds = name::sound_keys(of.name).into_iter().map(|key| format!("s:{key}"));
    let addresses = of.email.into_iter().flat_map(misheard::terms);
    let digits = of.phone.map(phone::digits).into_iter();
    let numbers = digits.map(|digits| format!("p:{}:{digits}", phone::last4(&digits)));
    words.chain(sounds).chain(addresses).chain(numbers).collect()
}

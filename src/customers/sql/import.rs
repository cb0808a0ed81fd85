//! Customers as an import writes them.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};

use super::customer_changes::{self, Keys, Written};
use crate::customers::import::CustomerRecord;
use business_mcp_engine::{
    db::{StoreResult, TENANT, Tx, bulk::Insert, imports, params, record, search_terms},
    speech::reference,
};

static CUSTOMERS: Insert = Insert::new(
    "insert into customers (tenant_id, id, name, email, phone, company, tier, address, postal_code,
       name_key, email_key, phone_key, postal_key, version, created_at, created_on, id_number)",
    17,
);

record! {
    /// A customer on the server.
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
        /// When they were erased.
        pub erased_at: Option<DateTime<Utc>>,
    }
}

/// A record with what is worked out from it.
pub struct Row<'r> {
    record: &'r CustomerRecord,
    keys: Keys,
    id_number: Option<String>,
    created_at: DateTime<Utc>,
    created_on: String,
}

impl<'r> Row<'r> {
    /// `created_on` is the tenant's day of `created_at`.
    pub fn new(
        record: &'r CustomerRecord,
        created_at: DateTime<Utc>,
        created_on: String,
    ) -> StoreResult<Self> {
        let keys = Keys::of(written(record))?;
        let id_number = reference::number(&record.id);
        Ok(Self { record, keys, id_number, created_at, created_on })
    }

    fn terms(&self) -> BTreeSet<String> {
        customer_changes::terms(&self.record.id, written(self.record))
    }
}

fn written(record: &CustomerRecord) -> Written<'_> {
    Written {
        name: &record.name,
        email: record.email.as_deref(),
        phone: record.phone.as_deref(),
        company: record.company.as_deref(),
        tier: record.tier.map(crate::business::tier::Tier::as_str),
        address: record.address.as_ref(),
    }
}

/// Everybody's id.
pub async fn ids(tx: &mut Tx) -> StoreResult<HashSet<String>> {
    let sql = "select id
               from customers
               where tenant_id = $1";
    imports::column(tx, sql).await
}

/// The ids of those who were erased.
pub async fn erased_ids(tx: &mut Tx) -> StoreResult<HashSet<String>> {
    let sql = "select id
               from customers
               where tenant_id = $1 and erased_at is not null";
    imports::column(tx, sql).await
}

/// Inserts customers with all by which they are found.
pub async fn insert(tx: &mut Tx, rows: &[Row<'_>]) -> StoreResult<()> {
    let mut values = Vec::with_capacity(rows.len() * 17);
    for row in rows {
        let of = written(row.record);
        values.extend_from_slice(params![
            TENANT,
            &row.record.id,
            of.name,
            of.email,
            of.phone,
            of.company,
            of.tier,
            &row.keys.address,
            of.address.map(|address| address.postal_code.as_str()),
            &row.keys.name,
            of.email,
            &row.keys.phone,
            &row.keys.postal,
            1_i64,
            row.created_at,
            &row.created_on,
            &row.id_number,
        ]);
    }
    CUSTOMERS.run(tx, &values).await?;
    let terms: Vec<_> = rows.iter().map(|row| (row.record.id.as_str(), row.terms())).collect();
    search_terms::insert(tx, "customer", &terms).await
}

/// A customer who is on file.
pub async fn stored(tx: &mut Tx, id: &str) -> StoreResult<Stored> {
    tx.fetch_one(
        "select name, email, phone, company, tier, address, created_at, erased_at
         from customers
         where tenant_id = $1 and id = $2",
        params![TENANT, id],
    )
    .await
}

/// Puts a record in the place of what was there, with all by which they are found.
pub async fn update(tx: &mut Tx, row: &Row<'_>) -> StoreResult<()> {
    let of = written(row.record);
    tx.execute(
        "update customers
         set name = $3, email = $4, phone = $5, company = $6, tier = $7, address = $8,
           postal_code = $9, name_key = $10, email_key = $4, phone_key = $11, postal_key = $12,
           created_at = $13, created_on = $14, version = version + 1
         where tenant_id = $1 and id = $2",
        params![
            TENANT,
            &row.record.id,
            of.name,
            of.email,
            of.phone,
            of.company,
            of.tier,
            &row.keys.address,
            of.address.map(|address| address.postal_code.as_str()),
            &row.keys.name,
            &row.keys.phone,
            &row.keys.postal,
            row.created_at,
            &row.created_on,
        ],
    )
    .await?;
    search_terms::replace(tx, "customer", &row.record.id, &row.terms()).await
}

//! Customers and what was said, as files bring them.
//!
//! * `record`, `address`: what a line of `customers.jsonl` says;
//! * [`Customers`]: how it becomes a customer, or changes one;
//! * `methods`: what they pay with;
//! * `interactions`: a line of `interactions.jsonl`.

use std::collections::HashSet;

use serde_json::{Value as Json, json};

use super::sql::{
    import::{self as sql, Row, Stored},
    import_methods::StoredMethod,
};
use crate::sales;
use business_mcp_engine::{
    db::{StoreError, StoreResult, tenants},
    import::{
        Counts, FieldError, Fields, ImportContext, Importer, Merge, Object, Part, present, read,
    },
};

pub mod address;
mod interactions;
mod methods;
mod record;

pub use address::Address;
pub use interactions::{InteractionRecord, Interactions};
pub use record::{CustomerRecord, MethodKind, MethodRecord};

/// The columns of an address in a CSV file.
pub const ADDRESS: &[&str] = &["line1", "line2", "city", "region", "postal_code", "country"];

/// Who buys, and what they pay with.
#[derive(Debug, Clone, Copy)]
pub struct Customers;

impl Importer for Customers {
    type Record = CustomerRecord;
    type References = ();
    type Stored = (Stored, Vec<StoredMethod>);
    const KIND: &'static str = "customers";
    const PARTS: &'static [Part] =
        &[Part::object("address").in_columns(ADDRESS), Part::named_list("payment_methods", "id")];

    fn read(fields: &mut Fields<'_>) -> Result<CustomerRecord, FieldError> {
        CustomerRecord::read(fields)
    }

    fn id(record: &CustomerRecord) -> Option<&str> {
        Some(&record.id)
    }

    async fn references(_ctx: &mut ImportContext) -> StoreResult<()> {
        Ok(())
    }

    async fn ids(ctx: &mut ImportContext) -> StoreResult<HashSet<String>> {
        sql::ids(&mut ctx.tx).await
    }

    async fn insert(
        ctx: &mut ImportContext,
        records: &[(&str, &CustomerRecord)],
    ) -> StoreResult<()> {
        let rows = records.iter().map(|(_, record)| row(ctx, record));
        let rows: Vec<Row<'_>> = rows.collect::<StoreResult<_>>()?;
        sql::insert(&mut ctx.tx, &rows).await?;
        let owned = records.iter().flat_map(|(id, record)| {
            record.payment_methods.iter().map(move |method| (*id, method))
        });
        methods::insert(ctx, &owned.collect::<Vec<_>>()).await
    }

    /// Who was erased stays erased.
    async fn stored(
        ctx: &mut ImportContext,
        (): &(),
        id: &str,
        _named: &Object,
    ) -> StoreResult<Option<(Object, Self::Stored)>> {
        let stored = sql::stored(&mut ctx.tx, id).await?;
        if stored.erased_at.is_some() {
            return Ok(None);
        }
        let methods = methods::stored(ctx, id).await?;
        let record = on_server(ctx, id, &stored, &methods)?;
        Ok(Some((record, (stored, methods))))
    }

    async fn update(
        ctx: &mut ImportContext,
        record: &CustomerRecord,
        merge: &Merge,
        (stored, methods): Self::Stored,
    ) -> StoreResult<Result<bool, FieldError>> {
        if !merge.is_settled() {
            match read::<Self>(Json::Object(merge.target()), &ctx.tenant) {
                Ok(target) => {
                    let created_at = target.created_at.or(Some(stored.created_at));
                    let target = CustomerRecord { created_at, ..target };
                    let row = row(ctx, &target)?;
                    sql::update(&mut ctx.tx, &row).await?;
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        let changed = methods::update(ctx, record, merge, &methods).await?;
        Ok(changed.map(|changed| changed || !merge.is_settled()))
    }

    async fn finish(ctx: &mut ImportContext, ids: &[&str], counts: Counts) -> StoreResult<()> {
        tenants::count_on(&mut ctx.tx, "customer", "CUST-", ids).await?;
        if counts.changed > 0 {
            // Somebody may be in another tier.
            sales::all_changed(&mut ctx.tx).await?;
        }
        Ok(())
    }
}

/// A record as a row.
fn row<'r>(ctx: &ImportContext, record: &'r CustomerRecord) -> StoreResult<Row<'r>> {
    let created_at = record.created_at.unwrap_or(ctx.now);
    Row::new(record, created_at, ctx.day(created_at))
}

/// A customer on the server as a record has them.
fn on_server(
    ctx: &ImportContext,
    id: &str,
    stored: &Stored,
    methods: &[StoredMethod],
) -> StoreResult<Object> {
    let address = stored.address.as_deref().map(serde_json::from_str::<Json>).transpose();
    let methods: Vec<Json> =
        methods.iter().map(|method| Json::Object(methods::on_server(ctx, method))).collect();
    Ok(present(json!({
        "id": id,
        "name": stored.name,
        "email": stored.email,
        "phone": stored.phone,
        "company": stored.company,
        "tier": stored.tier,
        "address": address.map_err(|error| StoreError::Other(error.into()))?,
        "payment_methods": methods,
        "created_at": stored.created_at,
    })))
}

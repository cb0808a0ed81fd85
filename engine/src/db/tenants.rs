//! Tenants, and the business numbers that each of them counts.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

use super::{StoreResult, TENANT, Tx, params, record};
use crate::speech::reference;

/// Where a tenant's numbers begin: the first one is the next.
const FIRST_NUMBERS: i64 = 10_000;
/// A number beyond this is somebody else's, and not counted on from.
const LARGEST_NUMBER: i64 = 1_000_000_000_000;

record! {
    /// A tenant.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct TenantRow {
        /// Its name.
        pub name: String,
        /// ISO 4217 code of what its amounts are recorded in.
        pub currency: String,
        /// Whether that was chosen for this tenant, whatever its business file says.
        pub own_currency: bool,
        /// IANA name of its time zone; none is the business file's.
        pub time_zone: Option<String>,
        /// BCP 47 tag of what is said; none is the business file's.
        pub language: Option<String>,
        /// The text of its own business file; none is the server's file.
        pub business_file: Option<String>,
    }
}

/// The tenant with this id.
pub async fn find(tx: &mut Tx, id: &str) -> StoreResult<Option<TenantRow>> {
    tx.fetch_optional(
        "select name, currency, own_currency, time_zone, language, business_file
         from tenants
         where id = $1",
        params![id],
    )
    .await
}

/// The tenant with this id, which nobody else changes until the end of the transaction.
pub async fn lock(tx: &mut Tx, id: &str) -> StoreResult<Option<TenantRow>> {
    tx.fetch_optional(
        "update tenants
         set name = name
         where id = $1
         returning name, currency, own_currency, time_zone, language, business_file",
        params![id],
    )
    .await
}

/// Every tenant's id.
pub async fn ids(tx: &mut Tx) -> StoreResult<Vec<String>> {
    let rows: Vec<(String,)> = tx
        .fetch_all(
            "select id
             from tenants
             order by id",
            &[],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Creates a tenant; one that exists stays as it is.
pub async fn create(
    tx: &mut Tx,
    id: &str,
    tenant: &TenantRow,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    tx.execute(
        "insert into tenants
             (id, name, currency, own_currency, time_zone, language, business_file, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (id) do nothing",
        params![
            id,
            &tenant.name,
            &tenant.currency,
            tenant.own_currency,
            &tenant.time_zone,
            &tenant.language,
            &tenant.business_file,
            now
        ],
    )
    .await?;
    Ok(())
}

/// Creates a tenant, or makes the one that exists like this.
pub async fn save(
    tx: &mut Tx,
    id: &str,
    tenant: &TenantRow,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    create(tx, id, tenant, now).await?;
    tx.execute(
        "update tenants
         set name = $2,
             currency = $3,
             own_currency = $4,
             time_zone = $5,
             language = $6,
             business_file = $7
         where id = $1",
        params![
            id,
            &tenant.name,
            &tenant.currency,
            tenant.own_currency,
            &tenant.time_zone,
            &tenant.language,
            &tenant.business_file
        ],
    )
    .await?;
    Ok(())
}

/// Waits until no other transaction of the tenant holds this name, and holds it until the end of
/// this one: what is counted after it stays true until the commit.
pub async fn one_at_a_time(tx: &mut Tx, name: &str) -> StoreResult<()> {
    tx.execute(
        "insert into counters (tenant_id, name, value)
         values ($1, $2, 0)
         on conflict (tenant_id, name) do update
         set value = counters.value",
        params![TENANT, name],
    )
    .await?;
    Ok(())
}

/// Whether a tenant has something on file that sounds like a number.
pub type SoundsLike = for<'a> fn(&'a mut Tx, number: &'a str) -> BoxFuture<'a, StoreResult<bool>>;

/// The next business number of a kind, such as `order`, that sounds like none on file, whatever letters
/// that one has. The first one is 10001. Taken late in a transaction, because others of the same tenant
/// wait for it until the commit.
pub async fn next_number(tx: &mut Tx, kind: &str, on_file: SoundsLike) -> StoreResult<i64> {
    let mut step = 1;
    loop {
        let number = count(tx, kind, step).await?;
        if !on_file(tx, &number.to_string()).await? {
            return Ok(number);
        }
        // Numbers on file often stand in one row, and longer steps soon come to its end.
        step *= 2;
    }
}

async fn count(tx: &mut Tx, kind: &str, step: i64) -> StoreResult<i64> {
    let (number,): (i64,) = tx
        .fetch_one(
            "insert into counters (tenant_id, name, value)
             values ($1, $2, 10001)
             on conflict (tenant_id, name) do update
             set value = counters.value + $3
             returning value",
            params![TENANT, kind, step],
        )
        .await?;
    Ok(number)
}

/// Makes sure that the next number of a kind is none of these ids', which came from elsewhere. With the prefix `ORD-`,
/// `ORD-10042` raises the counter to 10042, and `#10043` beside it to 10043.
pub async fn count_on(tx: &mut Tx, kind: &str, prefix: &str, ids: &[&str]) -> StoreResult<()> {
    let mut highest = FIRST_NUMBERS;
    let mut numbers = HashSet::new();
    for id in ids {
        let number = reference::number(id).and_then(|number| number.parse::<i64>().ok());
        let Some(number) = number.filter(|number| *number < LARGEST_NUMBER) else { continue };
        if id.starts_with(prefix) {
            highest = highest.max(number);
        }
        numbers.insert(number);
    }
    raise(tx, kind, highest).await?;
    let (mut counted,): (i64,) = tx
        .fetch_one(
            "select value
             from counters
             where tenant_id = $1 and name = $2",
            params![TENANT, kind],
        )
        .await?;
    // With other letters in front they sound like the numbers that would come next.
    while numbers.contains(&(counted + 1)) {
        counted += 1;
    }
    raise(tx, kind, counted).await
}

async fn raise(tx: &mut Tx, kind: &str, to: i64) -> StoreResult<()> {
    tx.execute(
        "insert into counters (tenant_id, name, value)
         values ($1, $2, $3)
         on conflict (tenant_id, name) do update
         set value = excluded.value
         where counters.value < excluded.value",
        params![TENANT, kind, to],
    )
    .await?;
    Ok(())
}

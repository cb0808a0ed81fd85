//! What every file of one import shares: the tenant, its money and days, what is known already,
//! and the marks that an import leaves.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::report::{ImportError, Progress, Step};
use crate::{business::Business, import::records::Rules};
use business_mcp_engine::{
    db::{Db, StoreResult, Tx, params, tenants, tenants::TenantRow},
    period,
    speech::reference,
};

/// Where a tenant's numbers begin: the first customer that the server makes is `CUST-10001`.
const FIRST_NUMBERS: i64 = 10_000;
/// A number beyond this is somebody else's, and not counted on from.
const LARGEST_NUMBER: i64 = 1_000_000_000_000;

/// What every file of one import shares.
pub(super) struct Run<'a> {
    pub(super) tenant: &'a str,
    pub(super) zone: Tz,
    pub(super) now: DateTime<Utc>,
    pub(super) rules: Rules,
    pub(super) is_sqlite: bool,
}

impl<'a> Run<'a> {
    /// Reads the tenant, or makes it after the business.
    pub(super) async fn begin(
        db: &Db,
        tenant: &'a str,
        business: &Business,
        now: DateTime<Utc>,
    ) -> Result<Self, ImportError> {
        let mut tx = db.write().await?;
        tenants::create(&mut tx, tenant, &TenantRow::of(business), now).await?;
        let row = tenants::find(&mut tx, tenant).await?.ok_or(ImportError::Tenant("name"))?;
        for name in ["customer", "order"] {
            raise_counter(&mut tx, tenant, name, FIRST_NUMBERS).await?;
        }
        tx.commit().await?;
        if row.currency != business.currency.code() {
            let (recorded, configured) = (row.currency, business.currency);
            return Err(ImportError::Currency { recorded, configured });
        }
        let zone = match row.time_zone {
            Some(name) => name.parse().map_err(|_| ImportError::Tenant("time zone"))?,
            None => business.time_zone,
        };
        let rules = Rules::of(business);
        Ok(Self { tenant, zone, now, rules, is_sqlite: db.kind() == "sqlite" })
    }

    /// The day of a time in the tenant's zone, as the database keeps it.
    pub(super) fn day(&self, at: DateTime<Utc>) -> String {
        period::day_of(at, self.zone).to_string()
    }

    /// A new id for a row of a ledger, which sorts by its time.
    pub(super) fn ledger_id(&self) -> String {
        let seconds = u64::try_from(self.now.timestamp()).unwrap_or_default();
        let nanos = self.now.timestamp_subsec_nanos();
        uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos)).to_string()
    }

    /// Whether these very bytes were the last that were imported under this name: then whatever
    /// was done since stays done.
    pub(super) async fn was_last(
        &self,
        tx: &mut Tx,
        file: &str,
        digest: &str,
    ) -> StoreResult<bool> {
        let last: Option<(String,)> = tx
            .fetch_optional(
                "select digest
                 from imported_files
                 where tenant_id = $1 and name = $2
                 order by at desc
                 limit 1",
                params![self.tenant, file],
            )
            .await?;
        Ok(last.is_some_and(|(last,)| last == digest))
    }

    /// Remembers what was imported.
    pub(super) async fn remember(
        &self,
        tx: &mut Tx,
        file: &str,
        digest: &str,
        records: usize,
    ) -> StoreResult<()> {
        let records = i64::try_from(records).unwrap_or(i64::MAX);
        tx.execute(
            "insert into imported_files (tenant_id, name, digest, records, at)
             values ($1, $2, $3, $4, $5)
             on conflict (tenant_id, name, digest) do update
             set at = excluded.at",
            params![self.tenant, file, digest, records, self.now],
        )
        .await?;
        Ok(())
    }

    /// Makes sure that the next number of a kind is none of these ids': `ORD-10042` raises the
    /// counter of orders to 10042, and `#10043` beside it to 10043.
    pub(super) async fn count_on<'i>(
        &self,
        tx: &mut Tx,
        name: &str,
        prefix: &str,
        ids: impl Iterator<Item = &'i str>,
    ) -> StoreResult<()> {
        let mut highest = 0;
        let mut numbers = HashSet::new();
        for id in ids {
            let number = reference::number(id).and_then(|number| number.parse::<i64>().ok());
            let Some(number) = number.filter(|number| *number < LARGEST_NUMBER) else { continue };
            if id.starts_with(prefix) {
                highest = highest.max(number);
            }
            numbers.insert(number);
        }
        raise_counter(tx, self.tenant, name, highest).await?;
        let (mut counted,): (i64,) = tx
            .fetch_one(
                "select value
                 from counters
                 where tenant_id = $1 and name = $2",
                params![self.tenant, name],
            )
            .await?;
        // With other letters in front they sound like the numbers that would come next.
        while numbers.contains(&(counted + 1)) {
            counted += 1;
        }
        raise_counter(tx, self.tenant, name, counted).await
    }

    /// The one column of every row of a statement about the tenant.
    pub(super) async fn known(
        &self,
        tx: &mut Tx,
        sql: &'static str,
    ) -> StoreResult<HashSet<String>> {
        let rows: Vec<(String,)> = tx.fetch_all(sql, params![self.tenant]).await?;
        Ok(rows.into_iter().map(|(column,)| column).collect())
    }
}

async fn raise_counter(tx: &mut Tx, tenant: &str, name: &str, to: i64) -> StoreResult<()> {
    tx.execute(
        "insert into counters (tenant_id, name, value)
         values ($1, $2, $3)
         on conflict (tenant_id, name) do update
         set value = excluded.value
         where counters.value < excluded.value",
        params![tenant, name, to],
    )
    .await?;
    Ok(())
}

/// Says how far the writing of a file is.
pub(super) struct Meter<'m, 'p> {
    pub(super) file: &'m str,
    pub(super) of: usize,
    pub(super) done: usize,
    pub(super) progress: &'m mut Progress<'p>,
}

impl Meter<'_, '_> {
    pub(super) fn advance(&mut self, by: usize) {
        self.done += by;
        (self.progress)(Step::Writing { file: self.file, done: self.done, of: self.of });
    }
}

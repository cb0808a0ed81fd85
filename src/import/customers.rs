//! Customers: inserted in bulk where they are new, compared one by one where they are not.

use chrono::{DateTime, Utc};

use super::{
    Table,
    bulk::Insert,
    files::Line,
    methods,
    report::{Counts, Problems},
    run::{Meter, Run},
    terms::{self, Terms},
};
use crate::{
    customers::sql::customer_changes,
    import::records::{Address, CustomerRecord},
};
use business_mcp_engine::{
    db::{StoreError, StoreResult, Tx, params, record},
    speech::{name, phone},
};

static CUSTOMERS: Insert = Insert::new(
    "insert into customers (tenant_id, id, name, email, phone, company, tier, address, postal_code,
       name_key, email_key, phone_key, postal_key, version, created_at, created_on)",
    16,
);

record! {
    struct Stored {
        name: String,
        email: Option<String>,
        phone: Option<String>,
        company: Option<String>,
        tier: Option<String>,
        address: Option<String>,
        created_at: DateTime<Utc>,
        erased_at: Option<DateTime<Utc>>,
    }
}

/// A record with what is worked out from it.
struct Ready<'r> {
    record: &'r CustomerRecord,
    address: Option<String>,
    name_key: String,
    phone_key: Option<String>,
    postal_key: Option<String>,
}

impl<'r> Ready<'r> {
    fn new(record: &'r CustomerRecord) -> StoreResult<Self> {
        let address = record.address.as_ref().map(serde_json::to_string).transpose();
        Ok(Self {
            record,
            address: address.map_err(|error| StoreError::Other(error.into()))?,
            name_key: name::fold(&record.name),
            phone_key: record.phone.as_deref().map(phone::digits),
            postal_key: record.address.as_ref().map(Address::postal_key),
        })
    }

    fn tier(&self) -> Option<&'static str> {
        self.record.tier.map(crate::business::tier::Tier::as_str)
    }

    fn postal_code(&self) -> Option<&'r str> {
        self.record.address.as_ref().map(|address| address.postal_code.as_str())
    }

    fn terms(&self) -> Terms<'r> {
        let CustomerRecord { id, name, email, phone, company, .. } = self.record;
        let written = customer_changes::Written {
            name,
            email: email.as_deref(),
            phone: phone.as_deref(),
            company: company.as_deref(),
            tier: None,
            address: None,
        };
        Terms::given(id, customer_changes::terms(id, written))
    }
}

impl Table for CustomerRecord {
    fn changes_sales(counts: Counts) -> bool {
        // Another tier.
        counts.changed > 0
    }

    async fn write(
        tx: &mut Tx,
        run: &Run<'_>,
        lines: &[Line<Self>],
        problems: &mut Problems,
        meter: &mut Meter<'_, '_>,
    ) -> StoreResult<Counts> {
        let sql = "select id
                   from customers
                   where tenant_id = $1";
        let known = run.known(tx, sql).await?;
        let mut counts = Counts::default();
        for chunk in lines.chunks(super::CHUNK) {
            let mut new = Vec::new();
            for line in chunk {
                if !known.contains(&line.record.id) {
                    new.push(&line.record);
                } else if compare(tx, run, line, problems).await? {
                    counts.changed += 1;
                } else {
                    counts.unchanged += 1;
                }
            }
            insert(tx, run, &new).await?;
            counts.new += new.len();
            meter.advance(chunk.len());
        }
        let ids = lines.iter().map(|line| line.record.id.as_str());
        run.count_on(tx, "customer", "CUST-", ids).await?;
        Ok(counts)
    }
}

async fn insert(tx: &mut Tx, run: &Run<'_>, records: &[&CustomerRecord]) -> StoreResult<()> {
    let ready: Vec<Ready<'_>> =
        records.iter().map(|record| Ready::new(record)).collect::<StoreResult<_>>()?;
    let days: Vec<(DateTime<Utc>, String)> = records
        .iter()
        .map(|record| record.created_at.unwrap_or(run.now))
        .map(|at| (at, run.day(at)))
        .collect();
    let mut values = Vec::with_capacity(ready.len() * 16);
    for (customer, (at, day)) in ready.iter().zip(&days) {
        let record = customer.record;
        values.extend_from_slice(params![
            run.tenant,
            &record.id,
            &record.name,
            &record.email,
            &record.phone,
            &record.company,
            customer.tier(),
            &customer.address,
            customer.postal_code(),
            &customer.name_key,
            &record.email,
            &customer.phone_key,
            &customer.postal_key,
            1_i64,
            *at,
            day,
        ]);
    }
    CUSTOMERS.run(tx, &values).await?;
    let found: Vec<Terms<'_>> = ready.iter().map(Ready::terms).collect();
    terms::insert(tx, run, "customer", &found).await?;
    let owned = records.iter().flat_map(|record| {
        record.payment_methods.iter().map(|method| (record.id.as_str(), method))
    });
    methods::insert(tx, run, &owned.collect::<Vec<_>>()).await
}

/// Brings a customer who is known up to date; says whether anything changed. Who was erased stays
/// erased.
async fn compare(
    tx: &mut Tx,
    run: &Run<'_>,
    line: &Line<CustomerRecord>,
    problems: &mut Problems,
) -> StoreResult<bool> {
    let record = &line.record;
    let stored: Stored = tx
        .fetch_one(
            "select name, email, phone, company, tier, address, created_at, erased_at
             from customers
             where tenant_id = $1 and id = $2",
            params![run.tenant, &record.id],
        )
        .await?;
    if stored.erased_at.is_some() {
        return Ok(false);
    }
    let ready = Ready::new(record)?;
    let created_at = record.created_at.unwrap_or(stored.created_at);
    let same = stored.name == record.name
        && stored.email == record.email
        && stored.phone == record.phone
        && stored.company == record.company
        && stored.tier.as_deref() == ready.tier()
        && stored.address == ready.address
        && stored.created_at == created_at;
    if !same {
        update(tx, run, &ready, created_at).await?;
        terms::replace(tx, run, "customer", ready.terms()).await?;
    }
    let methods_changed = methods::compare(tx, run, line, problems).await?;
    Ok(!same || methods_changed)
}

async fn update(
    tx: &mut Tx,
    run: &Run<'_>,
    ready: &Ready<'_>,
    created_at: DateTime<Utc>,
) -> StoreResult<()> {
    let record = ready.record;
    tx.execute(
        "update customers
         set name = $3, email = $4, phone = $5, company = $6, tier = $7, address = $8,
           postal_code = $9, name_key = $10, email_key = $4, phone_key = $11, postal_key = $12,
           created_at = $13, created_on = $14, version = version + 1
         where tenant_id = $1 and id = $2",
        params![
            run.tenant,
            &record.id,
            &record.name,
            &record.email,
            &record.phone,
            &record.company,
            ready.tier(),
            &ready.address,
            ready.postal_code(),
            &ready.name_key,
            &ready.phone_key,
            &ready.postal_key,
            created_at,
            &run.day(created_at),
        ],
    )
    .await?;
    Ok(())
}

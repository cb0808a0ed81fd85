//! Customers: inserted in bulk where they are new, merged one by one where they are not.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::{
    Table,
    bulk::Insert,
    files::Line,
    imported::{self, Outcome},
    methods,
    report::{Counts, Problems},
    run::{Meter, Run},
    terms::{self, Terms},
};
use crate::{
    customers::sql::customer_changes,
    import::records::{Address, CustomerRecord, FieldError, Kind, merge::Object},
};
use business_mcp_engine::{
    db::{StoreError, StoreResult, Tx, params, record},
    speech::{name, phone, reference},
};

static CUSTOMERS: Insert = Insert::new(
    "insert into customers (tenant_id, id, name, email, phone, company, tier, address, postal_code,
       name_key, email_key, phone_key, postal_key, version, created_at, created_on, id_number)",
    17,
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
    id_number: Option<String>,
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
            id_number: reference::number(&record.id),
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
    const IDS: &str = "select id
                       from customers
                       where tenant_id = $1";

    fn changes_sales(counts: Counts) -> bool {
        // Another tier.
        counts.changed > 0
    }

    async fn write(
        tx: &mut Tx,
        run: &Run<'_>,
        lines: &[Line<'_, Self>],
        problems: &mut Problems,
        meter: &mut Meter<'_, '_>,
    ) -> StoreResult<Counts> {
        let known = run.known(tx, Self::IDS).await?;
        let mut counts = Counts::default();
        for chunk in lines.chunks(super::CHUNK) {
            let last = imported::last_of(tx, run, chunk, |id| known.contains(id)).await?;
            let (mut new, mut kept) = (Vec::new(), Vec::new());
            for line in chunk {
                let last = last.get(line.id());
                match &line.record {
                    Ok(record) if !known.contains(line.id()) => {
                        kept.push((line.id(), imported::json(record)?));
                        new.push(record);
                    }
                    Err(partial) if !known.contains(line.id()) => {
                        problems.push(line.number, partial.missing.clone());
                    }
                    _ if imported::repeats(line, last)? => counts.known(false),
                    _ => match update(tx, run, line, last).await? {
                        Ok(outcome) => {
                            counts.known(outcome.changed);
                            kept.extend(outcome.kept.map(|record| (line.id(), record)));
                        }
                        Err(error) => problems.push(line.number, error),
                    },
                }
            }
            insert(tx, run, &new).await?;
            imported::keep(tx, run, Kind::Customers, kept).await?;
            counts.new += new.len();
            meter.advance(chunk.len());
        }
        let ids = lines.iter().map(Line::id);
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
    let mut values = Vec::with_capacity(ready.len() * 17);
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
            &customer.id_number,
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

/// Applies what a line changes of a customer who is known. Who was erased stays erased.
async fn update(
    tx: &mut Tx,
    run: &Run<'_>,
    line: &Line<'_, CustomerRecord>,
    last: Option<&String>,
) -> StoreResult<Result<Outcome, FieldError>> {
    let stored: Stored = tx
        .fetch_one(
            "select name, email, phone, company, tier, address, created_at, erased_at
             from customers
             where tenant_id = $1 and id = $2",
            params![run.tenant, line.id()],
        )
        .await?;
    if stored.erased_at.is_some() {
        return Ok(Ok(Outcome::default()));
    }
    let methods = methods::stored(tx, run, line.id()).await?;
    let server = stored.record(run, line.id(), &methods)?;
    let (record, merge) = match imported::merge(run, line, last, server)? {
        Ok(merged) => merged,
        Err(error) => return Ok(Err(error)),
    };
    if !merge.is_settled() {
        match imported::target::<CustomerRecord>(run, &merge) {
            Ok(target) => {
                let ready = Ready::new(&target)?;
                let created_at = target.created_at.unwrap_or(stored.created_at);
                write(tx, run, &ready, created_at).await?;
                terms::replace(tx, run, "customer", ready.terms()).await?;
            }
            Err(error) => return Ok(Err(error)),
        }
    }
    let changed = methods::update(tx, run, &record, &merge, &methods).await?;
    Ok(changed.map(|changed| Outcome::of(&merge, changed || !merge.is_settled())))
}

impl Stored {
    /// The customer as a record has them.
    fn record(&self, run: &Run<'_>, id: &str, methods: &[methods::Stored]) -> StoreResult<Object> {
        let address = self.address.as_deref().map(serde_json::from_str::<Json>).transpose();
        let methods: Vec<Json> =
            methods.iter().map(|method| Json::Object(method.record(run))).collect();
        Ok(imported::present(json!({
            "id": id,
            "name": self.name,
            "email": self.email,
            "phone": self.phone,
            "company": self.company,
            "tier": self.tier,
            "address": address.map_err(imported::other)?,
            "payment_methods": methods,
            "created_at": self.created_at,
        })))
    }
}

async fn write(
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

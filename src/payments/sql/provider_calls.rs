//! The queue of what the provider behind cards is asked to do, and of refunds to gift cards that wait
//! for its answer about the charges that they are made of.
//!
//! A row is open while it has a `next_attempt_at`. A worker takes it by a conditional update that
//! moves that time to the end of its lease, so nobody else takes it before, and somebody else takes
//! it after a worker that has died.

use chrono::{DateTime, Utc};

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

/// A charge or a refund that the provider is to be asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewCall<'a> {
    /// The payment that it carries out; also the key at the provider.
    pub payment_id: &'a str,
    /// What for.
    pub order_id: &'a str,
    /// Whose method it is.
    pub customer_id: &'a str,
    /// `charge` or `refund`.
    pub kind: &'a str,
    /// How much.
    pub amount_minor: i64,
    /// The card or wallet; a gift card for a refund that waits.
    pub payment_method_id: &'a str,
    /// When it may be asked for.
    pub at: DateTime<Utc>,
}

record! {
    /// A call that a worker has taken.
    #[derive(Debug, Clone)]
    pub struct LeasedCall {
        /// Whose business.
        pub tenant_id: String,
        /// The payment's id, and the key at the provider.
        pub id: String,
        /// What for.
        pub order_id: String,
        /// Whose method it is.
        pub customer_id: String,
        /// `charge` or `refund`.
        pub kind: String,
        /// How much.
        pub amount_minor: i64,
        /// The tenant's currency.
        pub currency: String,
        /// The card or wallet, or the gift card that a refund goes to.
        pub payment_method_id: String,
        /// Whether that is a gift card, so that nobody is asked and it is booked here.
        pub to_gift_card: bool,
        /// Why, as the ledgers note it.
        pub reason: String,
        /// How often it was taken, this time included.
        pub attempts: i64,
    }
}

/// Puts a call into the queue.
pub async fn ask(tx: &mut Tx, call: NewCall<'_>) -> StoreResult<()> {
    let c = call;
    tx.execute(
        "insert into provider_calls
             (tenant_id, id, order_id, customer_id, kind, amount_minor, payment_method_id, state,
              attempts, next_attempt_at)
         values ($1, $2, $3, $4, $5, $6, $7, 'queued', 0, $8)",
        params![
            TENANT,
            c.payment_id,
            c.order_id,
            c.customer_id,
            c.kind,
            c.amount_minor,
            c.payment_method_id,
            c.at
        ],
    )
    .await?;
    Ok(())
}

/// Tenants and ids of calls that may be taken now, of every tenant, those that wait longest first.
///
/// A refund waits for the order's charges, because nobody knows before what there is to pay back,
/// and for the refunds before it.
pub async fn due(
    tx: &mut Tx,
    now: DateTime<Utc>,
    at_most: i64,
) -> StoreResult<Vec<(String, String)>> {
    tx.fetch_all(
        "select p.tenant_id, p.id
         from provider_calls p
         where p.next_attempt_at <= $1
           and (p.kind = 'charge'
                or not exists (select 1
                               from payments o
                               join provider_calls c on c.tenant_id = o.tenant_id and c.id = o.id
                               where o.tenant_id = p.tenant_id and o.order_id = p.order_id
                                 and c.next_attempt_at is not null
                                 and (c.kind = 'charge' or c.id < p.id)))
         order by p.next_attempt_at, p.id
         limit $2",
        params![now, at_most],
    )
    .await
}

/// Takes a call until a time, under a name of whoever takes it; `None` where somebody else has.
pub async fn lease(
    tx: &mut Tx,
    id: &str,
    lease: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> StoreResult<Option<LeasedCall>> {
    tx.fetch_optional(
        "update provider_calls
         set state = 'leased', lease = $3, attempts = attempts + 1, next_attempt_at = $5
         where tenant_id = $1 and id = $2 and next_attempt_at <= $4
         returning tenant_id, id, order_id, customer_id, kind, amount_minor,
                   coalesce((select t.currency from tenants t where t.id = tenant_id), '')
                       as currency,
                   payment_method_id,
                   exists (select 1
                           from payment_methods m
                           where m.tenant_id = provider_calls.tenant_id
                             and m.customer_id = provider_calls.customer_id
                             and m.id = provider_calls.payment_method_id
                             and m.kind = 'gift_card') as to_gift_card,
                   coalesce((select r.reason
                             from payments r
                             where r.tenant_id = provider_calls.tenant_id
                               and r.id = provider_calls.id), '') as reason,
                   attempts",
        params![TENANT, id, lease, now, until],
    )
    .await
}

record! {
    /// What is known to have moved about an order, before a refund of it: charges less refunds. A
    /// charge of which nobody knows counts as nothing, and a refund of which nobody knows counts.
    /// What was charged after the refund was promised pays for something else. Ids say what came
    /// first among rows of this server, because whoever waited for the order may have begun before;
    /// what was imported was there long ago.
    #[derive(Debug, Clone, Copy)]
    pub struct Brought {
        /// Over all methods.
        pub of_order: i64,
        /// By the method that the refund goes to.
        pub of_method: i64,
        /// How many charges of that method have failed since the refund was promised.
        pub failed_since: i64,
    }
}

impl Brought {
    /// The most that a refund may pay back. Who promised it took open charges for paid; where one
    /// of the same method has failed since, what the method has really brought is all there is.
    pub fn most(self) -> i64 {
        let of_method = if self.failed_since > 0 { self.of_method } else { i64::MAX };
        self.of_order.min(of_method).max(0)
    }
}

/// What there is to pay back by a refund that somebody has taken.
pub async fn brought(tx: &mut Tx, refund: &LeasedCall) -> StoreResult<Brought> {
    tx.fetch_one(
        "select cast(coalesce(sum(moved), 0) as bigint) as of_order,
                cast(coalesce(sum(case when payment_method_id = $3 then moved else 0 end), 0)
                    as bigint) as of_method,
                count(case when payment_method_id = $3 and failed_at >= promised_at then 1 end)
                    as failed_since
         from (select p.payment_method_id,
                      case when p.kind = 'charge' and c.id is null then p.amount_minor
                           when p.kind = 'charge' and c.state = 'done' then c.amount_minor
                           when p.kind = 'refund' and c.id is null then -p.amount_minor
                           when p.kind = 'refund' and c.state in ('done', 'failed')
                               then -c.amount_minor
                           else 0 end as moved,
                      case when p.kind = 'charge' and c.state in ('declined', 'failed')
                           then c.ended_at end as failed_at,
                      r.at as promised_at
               from payments p
               left join provider_calls c on c.tenant_id = p.tenant_id and c.id = p.id
               join payments r on r.tenant_id = $1 and r.id = $4
               where p.tenant_id = $1 and p.order_id = $2
                 and (p.kind = 'refund' or p.at < r.at or p.id < r.id)) as movements",
        params![TENANT, &refund.order_id, &refund.payment_method_id, &refund.id],
    )
    .await
}

/// Lowers what a call asks for. Whoever does so has taken it, for the first time.
pub async fn lower(tx: &mut Tx, id: &str, amount_minor: i64) -> StoreResult<()> {
    tx.execute(
        "update provider_calls
         set amount_minor = $3
         where tenant_id = $1 and id = $2 and amount_minor > $3",
        params![TENANT, id, amount_minor],
    )
    .await?;
    Ok(())
}

/// What the charges of an order on a method are called at the provider, oldest first.
pub async fn charges(tx: &mut Tx, order_id: &str, method_id: &str) -> StoreResult<Vec<String>> {
    let rows: Vec<(String,)> = tx
        .fetch_all(
            "select c.provider_reference
             from payments p
             cross join provider_calls c
             where p.tenant_id = $1 and p.order_id = $2 and p.payment_method_id = $3
               and c.tenant_id = p.tenant_id and c.id = p.id and c.kind = 'charge' and c.state = 'done' and c.provider_reference is not null
             order by c.id",
            params![TENANT, order_id, method_id],
        )
        .await?;
    Ok(rows.into_iter().map(|(reference,)| reference).collect())
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// `done`, `declined` or `failed`.
    pub state: &'a str,
    /// What it is called at the provider.
    pub reference: Option<&'a str>,
    /// Why it is not done.
    pub error: Option<&'a str>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Ends a call. False where the lease is over and somebody else has taken it: it is theirs to end.
pub async fn end(tx: &mut Tx, call: &LeasedCall, lease: &str, end: End<'_>) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update provider_calls
             set state = $4, provider_reference = $5, last_error = $6, ended_at = $7,
                 next_attempt_at = null, lease = null
             where tenant_id = $1 and id = $2 and lease = $3",
            params![TENANT, &call.id, lease, end.state, end.reference, end.error, end.at],
        )
        .await?;
    Ok(changed == 1)
}

/// Puts a call back until a time. False where somebody else has taken it.
pub async fn put_back(
    tx: &mut Tx,
    call: &LeasedCall,
    lease: &str,
    until: DateTime<Utc>,
    error: &str,
) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update provider_calls
             set state = 'queued', next_attempt_at = $4, last_error = $5, lease = null
             where tenant_id = $1 and id = $2 and lease = $3",
            params![TENANT, &call.id, lease, until, error],
        )
        .await?;
    Ok(changed == 1)
}

//! The ledger of what was charged and refunded.

use chrono::{DateTime, Utc};

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

record! {
    /// Money that came or went back.
    #[derive(Debug, Clone)]
    pub struct PaymentRow {
        /// `charge` or `refund`.
        pub kind: String,
        /// How much: of a refund that is settled, what went back in the end.
        pub amount_minor: i64,
        /// One of the customer's payment methods.
        pub payment_method_id: String,
        /// When.
        pub at: DateTime<Utc>,
        /// How far the provider is with it, as `provider_calls` says; `done` where none is asked.
        pub state: String,
    }
}

record! {
    /// What of an order is paid by one method, or given back to it beyond that.
    #[derive(Debug, Clone)]
    pub struct PaidRow {
        /// The method.
        pub payment_method_id: String,
        /// `card`, `wallet` or `gift_card`, if the customer still has it.
        pub kind: Option<String>,
        /// Charges less refunds; below zero where more came back to it than it paid. What the
        /// provider has declined counts as nothing, and so does a charge of which nobody knows.
        pub paid_minor: i64,
        /// How many of its charges the provider has yet to answer, and may still decline. It is read
        /// together with the sum, because a worker may write the answer down at any time.
        pub open_charges: i64,
    }
}

/// A new row of the ledger.
#[derive(Debug, Clone, Copy)]
pub struct NewPayment<'a> {
    /// What for.
    pub order_id: &'a str,
    /// `charge` or `refund`.
    pub kind: &'a str,
    /// How much.
    pub amount_minor: i64,
    /// One of the customer's payment methods.
    pub payment_method_id: &'a str,
    /// Why, such as `sale`; only `return` and `refund` take from what was earned.
    pub reason: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// The tenant's day of that.
    pub at_day: &'a str,
}

/// Adds a row to the ledger and answers its id.
pub async fn insert(tx: &mut Tx, payment: NewPayment<'_>) -> StoreResult<String> {
    let id = uuid::Uuid::now_v7().to_string();
    let p = payment;
    tx.execute(
        "insert into payments
             (tenant_id, id, order_id, kind, amount_minor, payment_method_id, at, at_day, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            TENANT,
            &id,
            p.order_id,
            p.kind,
            p.amount_minor,
            p.payment_method_id,
            p.at,
            p.at_day,
            p.reason
        ],
    )
    .await?;
    Ok(id)
}

/// The ledger of an order, oldest first.
pub async fn of_order(tx: &mut Tx, order_id: &str) -> StoreResult<Vec<PaymentRow>> {
    tx.fetch_all(
        "select p.kind,
                case when c.state = 'done' then c.amount_minor else p.amount_minor end
                    as amount_minor,
                p.payment_method_id, p.at, coalesce(c.state, 'done') as state
         from payments p
         left join provider_calls c on c.tenant_id = p.tenant_id and c.id = p.id
         where p.tenant_id = $1 and p.order_id = $2
         order by p.at, p.id",
        params![TENANT, order_id],
    )
    .await
}

/// What of an order is paid, by method.
pub async fn paid(tx: &mut Tx, order_id: &str, customer_id: &str) -> StoreResult<Vec<PaidRow>> {
    tx.fetch_all(
        "select p.payment_method_id, m.kind,
                cast(sum(case when c.state = 'declined' or (c.state = 'failed' and c.kind = 'charge')
                                  then 0
                              when p.kind = 'charge' then coalesce(c.amount_minor, p.amount_minor)
                              else -coalesce(c.amount_minor, p.amount_minor) end) as bigint)
                    as paid_minor,
                count(case when c.kind = 'charge' and c.next_attempt_at is not null then 1 end)
                    as open_charges
         from payments p
         left join provider_calls c on c.tenant_id = p.tenant_id and c.id = p.id
         left join payment_methods m
           on m.tenant_id = p.tenant_id and m.customer_id = $3 and m.id = p.payment_method_id
         where p.tenant_id = $1 and p.order_id = $2
         group by p.payment_method_id, m.kind
         order by p.payment_method_id",
        params![TENANT, order_id, customer_id],
    )
    .await
}

//! Customers as callers are found: by an id, a phone number, an e-mail address, an order, a name.
//!
//! Who was erased is never found. Matches come in the order of `created_at`, not of `id`: SQLite
//! would walk through all customers of a tenant for an order that its primary key has already.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record, text_range::TextRange};
use business_mcp_engine::tool::Unauthorized;

record! {
    /// A customer, once for each of their recent orders, or once without one.
    #[derive(Debug, Clone)]
    pub struct CardRow {
        /// The customer's id.
        pub id: String,
        /// The full name.
        pub name: String,
        /// The firm they buy for.
        pub company: Option<String>,
        /// How they are valued.
        pub tier: Option<String>,
        /// The e-mail address.
        pub email: Option<String>,
        /// The phone number, in E.164.
        pub phone: Option<String>,
        /// An order's number.
        pub order_id: Option<String>,
        /// Where it stands.
        pub status: Option<String>,
        /// When it was placed.
        pub placed_at: Option<DateTime<Utc>>,
        /// What it costs.
        pub total_minor: Option<i64>,
        /// Whether a return or an exchange of it is settled.
        pub settled: bool,
    }
}

/// The customer with exactly this id and their last three orders, the newest first.
pub async fn with_recent_orders(
    tx: &mut Tx,
    id: &str,
) -> StoreResult<Option<Unauthorized<Vec<CardRow>>>> {
    let rows: Vec<CardRow> = tx
        .fetch_all(
            "select c.id, c.name, c.company, c.tier, c.email, c.phone,
                o.id as order_id, o.status, o.placed_at, o.total_minor,
                exists (select 1
                        from order_requests r
                        where r.tenant_id = o.tenant_id and r.order_id = o.id
                          and r.status = 'settled') as settled
         from customers c
         left join orders o on o.tenant_id = c.tenant_id and o.customer_id = c.id
         where c.tenant_id = $1 and c.id = $2 and c.erased_at is null
         order by o.placed_at desc, o.id desc
         limit 3",
            params![TENANT, id],
        )
        .await?;
    Ok((!rows.is_empty()).then(|| Unauthorized::new(id, rows)))
}

record! {
    /// A customer's id and name.
    #[derive(Debug, Clone)]
    pub struct Named {
        /// The customer's id.
        pub id: String,
        /// The full name.
        pub name: String,
    }
}

/// The customer with exactly this id.
pub async fn find(tx: &mut Tx, id: &str) -> StoreResult<Option<Unauthorized<Named>>> {
    let found: Option<Named> = tx
        .fetch_optional(
            "select id, name
         from customers
         where tenant_id = $1 and id = $2 and erased_at is null",
            params![TENANT, id],
        )
        .await?;
    Ok(found.map(|row| Unauthorized::new(id, row)))
}

/// The ids of erased customers that are among these, in the order of these.
pub async fn erased(tx: &mut Tx, ids: &[String; 5]) -> StoreResult<Vec<String>> {
    let [first, second, third, fourth, fifth] = ids;
    let erased: Vec<(String,)> = tx
        .fetch_all(
            "select id
             from customers
             where tenant_id = $1 and id in ($2, $3, $4, $5, $6) and erased_at is not null",
            params![TENANT, first, second, third, fourth, fifth],
        )
        .await?;
    let mut erased: Vec<String> = erased.into_iter().map(|(id,)| id).collect();
    erased.sort_by_key(|id| ids.iter().position(|known| known == id));
    Ok(erased)
}

record! {
    /// One of perhaps several customers who match, with what tells them apart.
    #[derive(Debug, Clone)]
    pub struct Match {
        /// The customer's id.
        pub id: String,
        /// The full name.
        pub name: String,
        /// The firm they buy for.
        pub company: Option<String>,
        /// How they are valued.
        pub tier: Option<String>,
        /// The address, as JSON.
        pub address: Option<String>,
        /// Since when they are a customer.
        pub created_at: DateTime<Utc>,
        /// The e-mail address, as it is compared.
        pub email_key: Option<String>,
        /// The digits of the phone number.
        pub phone_key: Option<String>,
        /// The postal code, as it is compared.
        pub postal_key: Option<String>,
        /// The number of the order that matched, where one was asked for.
        pub order_id: Option<String>,
    }
}

/// Up to twelve customers who have one of these ids, or this number with whatever letters in front; whoever has
/// the first id comes first.
pub async fn by_number(
    tx: &mut Tx,
    ids: &[String; 5],
    number: Option<&str>,
) -> StoreResult<Vec<Match>> {
    let [first, second, third, fourth, fifth] = ids;
    // Two searches, because SQLite reads every customer of the tenant for an `or` of the two.
    tx.fetch_all(
        "select id, name, company, tier, address, created_at, email_key, phone_key, postal_key,
                cast(null as text) as order_id
         from customers
         where tenant_id = $1
           and id in (select id
                      from customers
                      where tenant_id = $1 and id in ($2, $3, $4, $5, $6)
                      union
                      select id
                      from customers
                      where tenant_id = $1 and id_number = $7)
           and erased_at is null
         order by id <> $2, created_at, id
         limit 12",
        params![TENANT, first, second, third, fourth, fifth, number],
    )
    .await
}

/// Up to ten customers with this e-mail address.
pub async fn by_email(tx: &mut Tx, email_key: &str) -> StoreResult<Vec<Match>> {
    tx.fetch_all(
        "select id, name, company, tier, address, created_at, email_key, phone_key, postal_key,
                cast(null as text) as order_id
         from customers
         where tenant_id = $1 and email_key = $2 and erased_at is null
         order by created_at, id
         limit 10",
        params![TENANT, email_key],
    )
    .await
}

/// Up to ten customers with this phone number.
pub async fn by_phone(tx: &mut Tx, phone_key: &str) -> StoreResult<Vec<Match>> {
    tx.fetch_all(
        "select id, name, company, tier, address, created_at, email_key, phone_key, postal_key,
                cast(null as text) as order_id
         from customers
         where tenant_id = $1 and phone_key = $2 and erased_at is null
         order by created_at, id
         limit 10",
        params![TENANT, phone_key],
    )
    .await
}

/// Up to ten customers with exactly this name in this place.
pub async fn by_name(tx: &mut Tx, name_key: &str, postal_key: &str) -> StoreResult<Vec<Match>> {
    tx.fetch_all(
        "select id, name, company, tier, address, created_at, email_key, phone_key, postal_key,
                cast(null as text) as order_id
         from customers
         where tenant_id = $1 and name_key = $2 and replace(postal_key, '-', '') = $3
           and erased_at is null
         order by created_at, id
         limit 10",
        params![TENANT, name_key, postal_key],
    )
    .await
}

/// Up to fifty customers in this place one of whose names sounds like one of these keys, out of the
/// thousand who share most of the keys.
pub async fn by_sound(
    tx: &mut Tx,
    sounds: &[String; 4],
    postal_key: &str,
) -> StoreResult<Vec<Match>> {
    let [first, second, third, fourth] = sounds;
    tx.fetch_all(
        "select id, name, company, tier, address, created_at, email_key, phone_key, postal_key,
                cast(null as text) as order_id
         from customers
         where tenant_id = $1
           and id in (
               select h.ref_id
               from (select ref_id
                     from search_terms
                     where tenant_id = $1 and kind = 'customer' and term in ($2, $3, $4, $5)
                     limit 20000) h
               group by h.ref_id
               order by count(*) desc, h.ref_id
               limit 1000)
           and replace(postal_key, '-', '') = $6
           and erased_at is null
         order by created_at, id
         limit 50",
        params![TENANT, first, second, third, fourth, postal_key],
    )
    .await
}

/// Customers by up to twelve of their orders whose tail is in a range: those of which the least is
/// left unsaid first, and of them the newest.
pub async fn by_order(tx: &mut Tx, tails: &TextRange) -> StoreResult<Vec<Match>> {
    tx.fetch_all(
        "select c.id, c.name, c.company, c.tier, c.address, c.created_at, c.email_key,
                c.phone_key, c.postal_key, o.id as order_id
         from orders o
         join customers c on c.tenant_id = o.tenant_id and c.id = o.customer_id
         where o.tenant_id = $1 and o.id_tail >= $2 and o.id_tail <= $3 and c.erased_at is null
         order by length(o.id_tail), o.placed_at desc, o.id
         limit 12",
        params![TENANT, &tails.low, &tails.high],
    )
    .await
}

/// Whether a customer on file has an id that sounds like this number.
pub fn sounds_like<'a>(tx: &'a mut Tx, number: &'a str) -> BoxFuture<'a, StoreResult<bool>> {
    Box::pin(async move {
        let found: Option<(String,)> = tx
            .fetch_optional(
                "select id
                 from customers
                 where tenant_id = $1 and id_number = $2
                 limit 1",
                params![TENANT, number],
            )
            .await?;
        Ok(found.is_some())
    })
}

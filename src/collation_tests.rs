//! What is found on a Postgres whose database sorts text by the rules of a language, as most do. SQLite
//! sorts by bytes, and each answer has to be the same.

use serde_json::{Value, json};

use super::{
    customers::{CrmSearchCustomers, CustomerLookup, CustomerVerify},
    orders::{GetOrderStatus, OrderGet},
};
use crate::{
    access::role,
    catalog::{InventoryAdjust, ProductSearch},
};
use crate::{
    customers::sql::customer_changes::{self, Written},
    testing::{self, Shop, TestDb, collated_shops},
};
use business_mcp_engine::{
    db::{collation, params},
    speech::{name, reference},
    tool::catalogue::AnyKind,
};

/// Names that begin alike in several alphabets, and what they begin with.
const ALPHABETS: [(&str, &str); 8] = [
    ("Rosenqvist", "rose"),
    ("Ångström", "Ang"),
    ("Żółkiewski", "żół"),
    ("Παπαδόπουλος", "Παπα"),
    ("Иванченко", "Иван"),
    ("כהנוביץ", "כהנ"),
    ("김민준", "김민"),
    ("欧阳娜娜", "欧阳娜"),
];

/// Calls a tool on each database and says what it answered there; each has to answer the same.
async fn same<K, T: AnyKind<K>>(shops: &[Shop], tool: impl Fn() -> T, arguments: Value) -> Value {
    let mut answers = Vec::new();
    for shop in shops {
        answers.push(shop.call(tool(), arguments.clone()).await.unwrap());
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0], "{arguments}");
    }
    answers.swap_remove(0)
}

/// Every page of a search, one after the other: the ids that it found.
async fn pages<K, T: AnyKind<K>>(
    shops: &[Shop],
    tool: impl Fn() -> T,
    query: Option<&str>,
    (list, id, cursor): (&str, &str, &str),
) -> Vec<String> {
    let mut found = Vec::new();
    let mut arguments = json!({ "limit": 4 });
    if let Some(query) = query {
        arguments["query"] = json!(query);
    }
    loop {
        let answer = same(shops, &tool, arguments.clone()).await;
        let page = answer["data"][list].as_array().unwrap_or_else(|| panic!("{query:?}: {answer}"));
        found.extend(page.iter().map(|row| row[id].as_str().unwrap().to_owned()));
        let Some(next) = answer["data"][cursor].as_str() else { return found };
        arguments["cursor"] = json!(next);
    }
}

/// Ids that a language sorts otherwise than their bytes.
fn ids(n: usize) -> [String; 5] {
    [format!("a-{n}"), format!("B-{n}"), format!("a_{n}"), format!("Ä-{n}"), format!("{n}a")]
}

#[tokio::test]
async fn a_caller_is_verified_by_an_order_number() {
    for shop in collated_shops().await {
        for order_id in ["ORD-10001", "10001", "ord 1 0 0 0 1", "one double oh oh one"] {
            let arguments =
                json!({ "customer_id": "CUST-1", "postal_code": "10001", "order_id": order_id });
            let answer = shop.call(CustomerVerify, arguments).await.unwrap();
            assert_eq!(answer["data"]["verified"], true, "{order_id}: {answer}");
        }
        let wrong =
            json!({ "customer_id": "CUST-1", "postal_code": "10001", "order_id": "ORD-10003" });
        let answer = shop.call(CustomerVerify, wrong).await.unwrap();
        assert_eq!(answer["data"]["verified"], false, "{answer}");
    }
}

#[tokio::test]
async fn a_customer_is_found_by_a_beginning_or_an_end() {
    let shops = collated_shops().await;
    for arguments in [
        json!({ "phone": "0101" }),
        json!({ "phone": "555 0101" }),
        json!({ "order_id": "002" }),
        json!({ "order_id": "it ends in one oh oh oh two" }),
        json!({ "email": "anna.lopez@example.com" }),
        json!({ "name": "Ana Lopes", "postal_code": "10001" }),
    ] {
        let answer = same(&shops, || CustomerLookup, arguments.clone()).await;
        let found =
            answer["data"]["customer_id"] == "CUST-1" || answer["candidates"][0]["id"] == "CUST-1";
        assert!(found, "{arguments}: {answer}");
    }
    for query in ["Lop", "ana.lopez@", "121255501", "0101"] {
        let answer = same(&shops, || CrmSearchCustomers, json!({ "query": query })).await;
        let found = answer["data"]["customers"].as_array().into_iter().flatten();
        let found: Vec<&Value> = found.map(|customer| &customer["customer_id"]).collect();
        assert!(found.contains(&&json!("CUST-1")), "{query}: {answer}");
    }
    for said in ["002", "0 0 0 2"] {
        let answer = same(&shops, || GetOrderStatus, json!({ "order_id": said })).await;
        assert_eq!(answer["status"], "ok", "{said}: {answer}");
        let answer = same(&shops, || OrderGet, json!({ "order_id": said })).await;
        assert_eq!(answer["status"], "ok", "{said}: {answer}");
    }
}

#[tokio::test]
async fn customers_are_paged_alike_in_every_alphabet() {
    let shops = collated_shops().await;
    for shop in &shops {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        for (n, (family, _)) in ALPHABETS.iter().enumerate() {
            for (id, first) in ids(n).into_iter().zip(["Ana", "ana", "Zoë", "Éva", "Ole"]) {
                let name = format!("{first} {family}");
                let (email, phone, company, tier, address) = (None, None, None, None, None);
                let new = Written { name: &name, email, phone, company, tier, address };
                let (at, day) = (testing::long_ago(), "2026-01-05");
                customer_changes::insert(&mut tx, &id, new, at, day).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
    }
    let shape = ("customers", "customer_id", "next_cursor");
    for (n, (family, begins)) in ALPHABETS.into_iter().enumerate() {
        for query in [family, begins] {
            let mut found = pages(&shops, || CrmSearchCustomers, Some(query), shape).await;
            found.sort();
            let mut all = ids(n);
            all.sort();
            assert_eq!(found, all, "{query}");
        }
    }
}

#[tokio::test]
async fn products_are_found_and_paged_alike_in_every_alphabet() {
    let shops = collated_shops().await;
    for shop in &shops {
        let mut ctx = shop.context(true).await;
        for (n, (word, _)) in ALPHABETS.iter().enumerate() {
            for (id, more) in ids(n).into_iter().zip(["a b", "ab", "A-C", "Äb", ""]) {
                let name = format!("{word} {more}");
                let key = name::fold(&name);
                let product =
                    "insert into products (tenant_id, id, name, category, name_key, category_key)
                               values ('demo', $1, $2, $2, $3, $3)";
                ctx.tx.execute(product, params![&id, &name, &key]).await.unwrap();
                let variant = "insert into variants (tenant_id, sku, product_id, sku_key, options,
                                   price_minor, reorder_point, active, version)
                               values ('demo', $1, $1, $2, '{}', 500, 0, true, 1)";
                ctx.tx.execute(variant, params![&id, &reference::key(&id)]).await.unwrap();
                for word in name::words(&name) {
                    let term = "insert into search_terms (tenant_id, kind, term, ref_id)
                                values ('demo', 'product', $1, $2)";
                    ctx.tx.execute(term, params![&format!("w:{word}"), &id]).await.unwrap();
                }
            }
        }
        ctx.tx.commit().await.unwrap();
    }
    let shape = ("products", "product_id", "cursor");
    for (n, (word, begins)) in ALPHABETS.into_iter().enumerate() {
        for query in [word, begins] {
            let mut found = pages(&shops, || ProductSearch, Some(query), shape).await;
            found.sort();
            let mut all = ids(n);
            all.sort();
            assert_eq!(found, all, "{query}");
        }
        // The words and categories that there are are read in steps of an index.
        let category = name::fold(&format!("{word} ab"));
        let answer = same(&shops, || ProductSearch, json!({ "category": category })).await;
        assert_eq!(answer["data"]["products"].as_array().unwrap().len(), 2, "{category}: {answer}");
    }
    let answer = same(&shops, || ProductSearch, json!({ "query": "rosenkvist" })).await;
    assert_eq!(answer["data"]["searched_for"], "rosenqvist");
    let mut found = pages(&shops, || ProductSearch, None, shape).await;
    assert_eq!(found.len(), 5 * ALPHABETS.len() + 2);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 5 * ALPHABETS.len() + 2);
}

#[tokio::test]
async fn a_location_is_named_in_any_case_of_any_alphabet() {
    for mut shop in collated_shops().await {
        shop.role = role::ADMIN;
        shop.run(
            "update stock set location = 'ÉTAGE' where sku = 'TEE-BLUE-M' and location = 'store'",
        )
        .await;
        let arguments = json!({ "sku": "TEE-BLUE-M", "location": "étage", "mode": "delta", "quantity": 1, "reason": "recount" });
        let answer = shop.call(InventoryAdjust, arguments).await.unwrap();
        assert_eq!(answer["status"], "ok", "{answer}");
    }
}

/// What people read, and JSON. Nothing is looked for by how it begins, and nothing sorted by it.
const PROSE: &str = "
    api_keys: name role scopes
    approvals: arguments decision_reason preview requester_scopes result summary
    customers: address company email name phone postal_code tier
    gift_card_entries: reason
    idempotency_keys: response scopes
    imported_records: record
    interactions: text
    orders: address cancel_reason note
    payment_methods: brand last4
    payments: reason
    products: category description image_url name
    provider_calls: last_error
    quotes: items priced
    sales_days: categories products tiers
    shipments: carrier skus
    stock_movements: reason
    tenants: business_file currency language name time_zone
    tickets: reason summary
    variants: options";

#[tokio::test]
async fn every_text_column_but_prose_is_compared_by_its_bytes() {
    for TestDb { db, .. } in &testing::databases().await {
        assert_eq!(collation::unsuited(db).await.unwrap(), []);
        if db.kind() == "sqlite" {
            continue;
        }
        let mut tx = db.read().await.unwrap().of("demo");
        let tables: Vec<(String,)> = tx
            .fetch_all(
                "select table_name || ': ' || string_agg(column_name, ' ' order by column_name)
                 from information_schema.columns
                 where table_schema = current_schema() and data_type = 'text'
                   and table_name <> 'applied_migrations'
                   and collation_name is distinct from 'C'
                 group by table_name
                 order by table_name",
                &[],
            )
            .await
            .unwrap();
        let tables: Vec<String> = tables.into_iter().map(|(table,)| table).collect();
        let prose: Vec<&str> = PROSE.trim().lines().map(str::trim).collect();
        assert_eq!(tables, prose, "a column is `text collate \"C\"`, or prose that is named here");
    }
}

use serde_json::{Value, json};

use super::*;
use crate::{
    access::role,
    customers::{CustomerDelete, CustomerLookup},
    testing::{self, Shop, shops, wordings},
};
use business_mcp_engine::db::params;

fn elm_street() -> Value {
    json!({
        "line1": "4 Elm Street", "city": "Albany", "region": "NY", "postal_code": "12 207",
        "country": "USA",
    })
}

async fn stored(shop: &Shop, id: &str) -> (String, String, i64) {
    let mut tx = shop.db.db.read().await.unwrap().of("demo");
    let sql = "select coalesce(email_key, '') || '/' || coalesce(phone_key, '') || '/'
                   || coalesce(postal_key, '') || '/' || name_key, coalesce(address, ''), version
               from customers
               where id = $1";
    tx.fetch_one(sql, params![id]).await.unwrap()
}

#[tokio::test]
async fn whoever_decides_sees_what_was_and_what_will_be_whoever_asked() {
    for mut shop in shops().await {
        for role in [role::AGENT, role::DESK] {
            shop.role = role;
            let arguments = json!({
                "customer_id": "cust 1", "name": "Ana Pérez",
                "email": "ana at perez dot example dot com", "phone": "+12125550101",
                "tier": "premium", "company": "Harbor Tiles", "address": elm_street(),
            });
            let preview = shop.preview(CrmUpdateCustomer, arguments).await.unwrap();
            assert_eq!(
                preview.summary,
                "Change Ana López (CUST-1): name to Ana Pérez, e-mail address, company to Harbor \
                 Tiles and address",
                "whoever asks hears no old value"
            );
            let old = json!({
                "line1": "1 Main Street", "city": "New York", "region": "NY",
                "postal_code": "10001", "country": "USA",
            });
            let details = json!({
                "customer_id": "CUST-1",
                "changes": [
                    { "field": "name", "old": "Ana López", "new": "Ana Pérez" },
                    {
                        "field": "email", "old": "ana.lopez@example.com",
                        "new": "ana@perez.example.com",
                    },
                    { "field": "company", "old": null, "new": "Harbor Tiles" },
                    { "field": "address", "old": old, "new": elm_street() },
                ],
            });
            assert_eq!(preview.details, details);
            assert_eq!(stored(&shop, "CUST-1").await.2, 1, "nothing is changed yet");
        }
    }
}

#[tokio::test]
async fn the_changed_card_is_masked_for_whoever_may_not_see_it() {
    for shop in shops().await {
        let arguments =
            json!({ "customer_id": "CUST-3", "phone": "212 555 0199", "address": elm_street() });
        let answer = shop.call(CrmUpdateCustomer, arguments).await.unwrap();
        let card = &answer["data"]["customer"];
        let town = json!({ "city": "Albany", "region": "NY", "country": "USA" });
        assert_eq!((&card["phone"], &card["address"]), (&json!("***99"), &town));
        assert_eq!(card["email"], "j***@example.com");
    }
}

#[tokio::test]
async fn what_is_given_changes_and_the_rest_stays() {
    for mut shop in shops().await {
        shop.role = role::DESK;
        let arguments = json!({ "customer_id": "CUST-1", "email": "ana@perez.example.com" });
        let answer = shop.call(CrmUpdateCustomer, arguments).await.unwrap();
        assert_eq!(
            answer["say"],
            "I have changed for Ana López: e-mail address to ana at perez dot example dot com."
        );
        let card = &answer["data"]["customer"];
        assert_eq!(
            (&card["email"], &card["version"]),
            (&json!("ana@perez.example.com"), &json!(2))
        );
        assert_eq!((&card["tier"], &card["phone"]), (&json!("premium"), &json!("+12125550101")));
        assert_eq!(card["address"]["line1"], "1 Main Street");
        let (keys, _, version) = stored(&shop, "CUST-1").await;
        assert_eq!(keys, "ana@perez.example.com/12125550101/10001/ana lopez");
        assert_eq!(version, 2);
    }
}

#[tokio::test]
async fn an_address_replaces_the_whole_address() {
    for shop in shops().await {
        let mut address = elm_street();
        address.as_object_mut().unwrap().remove("region");
        let arguments = json!({ "customer_id": "CUST-1", "address": address });
        shop.call(CrmUpdateCustomer, arguments).await.unwrap();
        let (keys, kept, _) = stored(&shop, "CUST-1").await;
        assert_eq!(keys, "ana.lopez@example.com/12125550101/12207/ana lopez");
        let expected =
            r#"{"line1":"4 Elm Street","city":"Albany","postal_code":"12 207","country":"USA"}"#;
        assert_eq!(kept, expected, "the old region is gone");
        let half = json!({ "customer_id": "CUST-1", "address": { "city": "Troy" } });
        let (code, words) = shop.refusal(CrmUpdateCustomer, half).await;
        assert_eq!(code, "invalid_parameters");
        assert!(words.contains("address."), "{words}");
    }
}

#[tokio::test]
async fn who_is_renamed_is_found_by_the_new_name_only() {
    for shop in shops().await {
        let arguments = json!({ "customer_id": "CUST-1", "name": "Beatriz Novak" });
        shop.call(CrmUpdateCustomer, arguments).await.unwrap();
        let by = |name: &str| json!({ "name": name, "postal_code": "10001" });
        let found = shop.call(CustomerLookup, by("Beatris Novack")).await.unwrap();
        assert_eq!(found["candidates"][0]["id"], "CUST-1");
        let gone = shop.call(CustomerLookup, by("Ana Lopez")).await.unwrap();
        assert_eq!(gone.get("data"), None);
    }
}

#[tokio::test]
async fn another_version_than_was_seen_is_a_conflict() {
    for shop in shops().await {
        let with = |version: i64, company: &str| json!({ "customer_id": "CUST-2", "company": company, "expected_version": version });
        shop.call(CrmUpdateCustomer, with(1, "Harbor Tiles")).await.unwrap();
        let stale = shop.call(CrmUpdateCustomer, with(1, "Acme")).await.unwrap_err();
        assert_eq!(stale.code().as_str(), "conflict");
        assert_eq!(stale.details(), Some(&json!({ "version": 2 })));
        let early = shop.preview(CrmUpdateCustomer, with(3, "Acme")).await.unwrap_err();
        assert_eq!(early.code().as_str(), "conflict", "it is refused before anyone is asked");
        shop.call(CrmUpdateCustomer, with(2, "Acme")).await.unwrap();
        assert_eq!(stored(&shop, "CUST-2").await.2, 3);
    }
}

#[tokio::test]
async fn who_was_changed_in_between_is_not_written_over() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        let wanted = json!({ "customer_id": "CUST-2", "name": "Jon" });
        let wanted = serde_json::from_value(wanted).unwrap();
        let change = Change::plan(&mut ctx, wanted).await.unwrap();
        let raise = "update customers set version = version + 1 where id = 'CUST-2'";
        ctx.tx.execute(raise, &[]).await.unwrap();
        assert_eq!(change.make(&mut ctx).await.unwrap_err().code().as_str(), "conflict");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anyone_is_asked() {
    for shop in shops().await {
        let erase = json!({ "customer_id": "CUST-3", "reason": "Asked for it." });
        shop.call(CustomerDelete, erase).await.unwrap();
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        testing::move_to_another_tenant(&mut tx, "CUST-2").await;
        tx.commit().await.unwrap();
        let for_ana = |name: &str, value: Value| json!({ "customer_id": "CUST-1", name: value });
        for (arguments, code, word) in [
            (json!({ "customer_id": "CUST-1" }), "invalid_parameters", "at least one"),
            (for_ana("email", json!("ana at home")), "invalid_parameters", "email"),
            (for_ana("phone", json!("12345")), "invalid_parameters", "phone"),
            (for_ana("name", json!("…")), "invalid_parameters", "name"),
            (for_ana("name", json!("12345")), "invalid_parameters", "name"),
            (for_ana("tier", json!("gold")), "invalid_parameters", "tier"),
            (for_ana("expected_version", json!(0)), "invalid_parameters", "expected_version"),
            (for_ana("phone", json!("(212) 555-0101")), "invalid_state", "on file already"),
            (json!({ "customer_id": "CUST-9", "company": "A" }), "not_found", "CUST-9"),
            (json!({ "customer_id": "CUST-2", "company": "A" }), "not_found", "CUST-2"),
            (json!({ "customer_id": "CUST-3", "company": "A" }), "not_found", "CUST-3"),
        ] {
            let refused = shop.preview(CrmUpdateCustomer, arguments.clone()).await.unwrap_err();
            assert_eq!(refused.code().as_str(), code, "{refused}");
            assert!(refused.to_string().contains(word), "{refused}");
            assert_eq!(shop.refusal(CrmUpdateCustomer, arguments).await.0, code);
        }
    }
}

#[tokio::test]
async fn whoever_is_verified_changes_nobody_else() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        ctx.verified = Some("CUST-2".into());
        let args =
            |id: &str| serde_json::from_value::<Args>(json!({ "customer_id": id, "company": "A" }));
        let foreign = args("CUST-1").unwrap();
        let refused = testing::run(&CrmUpdateCustomer, &mut ctx, foreign).await.unwrap_err();
        assert_eq!(refused.code().as_str(), "forbidden");
        // A request that was stored is looked at again, too.
        let stored = serde_json::from_value(json!({ "customer_id": "CUST-1", "company": "A" }));
        let refused = CrmUpdateCustomer.plan(&mut ctx, stored.unwrap()).await.unwrap_err();
        assert_eq!(refused.code().as_str(), "forbidden");
        testing::run(&CrmUpdateCustomer, &mut ctx, args("CUST-2").unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn the_same_change_in_other_words_is_the_same_wish() {
    for shop in shops().await {
        let same = [
            json!({
                "customer_id": "CUST-1", "email": "ana@perez.example.com", "phone": "+12125550199",
                "tier": "basic",
            }),
            json!({
                "customerId": "cust 1", "email": "ana at perez dot example dot com",
                "phone": "two one two, five five five, oh one nine nine", "tier": "Basic",
            }),
            json!({
                "customer_id": "one", "email": "Ana@Perez.Example.com", "phone": "(212) 555-0199",
                "tier": " BASIC ", "expected_version": 1,
            }),
        ];
        let other = [
            json!({ "customer_id": "CUST-1", "email": "ana@perez.example.com", "tier": "basic" }),
            json!({
                "customer_id": "CUST-2", "email": "ana@perez.example.com", "phone": "+12125550199",
                "tier": "basic",
            }),
        ];
        wordings(&shop, CrmUpdateCustomer, &same, &other).await;
        let lines = [
            json!({ "customer_id": "CUST-1", "address": elm_street() }),
            json!({ "customer_id": "CUST-1", "address": elm_street().to_string() }),
        ];
        wordings(&shop, CrmUpdateCustomer, &lines, &same).await;
        shop.call(CrmUpdateCustomer, same[0].clone()).await.unwrap();
        wordings(&shop, CrmUpdateCustomer, &same, &other).await;
    }
}

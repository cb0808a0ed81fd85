use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::*;
use crate::{
    customers::{
        CrmCreateNote, CustomerDelete,
        sql::interactions::{self, NewInteraction},
    },
    testing::{self, Shop, shops},
};

/// Writes something down about a customer.
async fn said(shop: &Shop, customer_id: &str, id: &str, kind: &str, at: DateTime<Utc>, text: &str) {
    let mut tx = shop.db.db.write().await.unwrap().of("demo");
    let new = NewInteraction { id, customer_id, kind, text, at, author: "Dana", order_id: None };
    interactions::insert(&mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
}

/// Twenty-five of them about `CUST-2`, two at each time, every fifth a call.
async fn history(shop: &Shop) {
    for n in 0..25_i32 {
        let at = testing::long_ago() + TimeDelta::hours(i64::from(n / 2));
        let kind = if n % 5 == 0 { "call" } else { "note" };
        said(shop, "CUST-2", &format!("I-{n:02}"), kind, at, &format!("Said {n}.")).await;
    }
}

fn ids(answer: &Value) -> Vec<String> {
    let found = answer["data"]["interactions"].as_array().unwrap();
    found.iter().map(|one| one["interaction_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    for shop in shops().await {
        history(&shop).await;
        said(&shop, "CUST-1", "OTHER", "note", testing::long_ago(), "Somebody else.").await;
        let (mut seen, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let arguments = json!({ "customer_id": "CUST-2", "limit": 7, "cursor": cursor });
            let answer = shop.call(CrmGetInteractions, arguments).await.unwrap();
            seen.extend(ids(&answer));
            assert_eq!(answer["data"]["more"], 25 - seen.len());
            cursor = answer["data"]["cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        let newest_first: Vec<String> = (0..25).rev().map(|n| format!("I-{n:02}")).collect();
        assert_eq!(seen, newest_first);
    }
}

#[tokio::test]
async fn what_was_written_is_read_and_not_said() {
    for shop in shops().await {
        let note = json!({
            "customer_id": "CUST-1", "text": "Prefers mornings.", "kind": "call",
            "order_id": "ORD-10001",
        });
        let note = shop.call(CrmCreateNote, note).await.unwrap();
        let arguments = json!({ "customer_id": "cust 1" });
        let answer = shop.call(CrmGetInteractions, arguments).await.unwrap();
        assert_eq!(answer["say"], "Here is 1 entry about Ana López. The newest is from today.");
        let expected = json!({
            "customer_id": "CUST-1",
            "interactions": [{
                "interaction_id": note["data"]["note_id"], "kind": "call",
                "at": "2026-01-10T17:00:00Z", "text": "Prefers mornings.", "author": "tester",
                "order_id": "ORD-10001",
            }],
            "more": 0,
        });
        assert_eq!(answer["data"], expected);
    }
}

#[tokio::test]
async fn one_kind_is_chosen_however_it_is_called() {
    for shop in shops().await {
        history(&shop).await;
        said(&shop, "CUST-2", "M-1", "e-mail", testing::long_ago(), "Imported.").await;
        said(&shop, "CUST-2", "M-2", "email", testing::long_ago(), "Written here.").await;
        for (kind, found) in [
            ("Call", vec!["I-20", "I-15", "I-10", "I-05", "I-00"]),
            ("E-Mails", vec!["M-2", "M-1"]),
            ("letter", vec![]),
        ] {
            let arguments = json!({ "customer_id": "CUST-2", "kind": kind });
            let answer = shop.call(CrmGetInteractions, arguments).await.unwrap();
            assert_eq!(ids(&answer), found, "{kind}");
            assert_eq!(answer["data"]["more"], 0);
        }
        let page = json!({ "customer_id": "CUST-2", "kind": "calls", "limit": 2 });
        let answer = shop.call(CrmGetInteractions, page).await.unwrap();
        assert_eq!(answer["data"]["more"], 3, "those of other kinds are not counted");
        let say = "Here are 2 entries about John Smith, and there are 3 more. The newest is from \
                   Monday.";
        assert_eq!(answer["say"], say);
        let none = shop.call(CrmGetInteractions, json!({ "customer_id": "CUST-3" })).await.unwrap();
        assert_eq!(none["say"], "Nothing like that is written down about John Smith.");
    }
}

#[tokio::test]
async fn long_texts_make_a_short_page_and_nothing_is_skipped() {
    for shop in shops().await {
        for n in 0..5_i32 {
            let at = testing::long_ago() + TimeDelta::hours(i64::from(n));
            let text = format!("{n}\n{}", "é".repeat(3_000));
            said(&shop, "CUST-1", &format!("I-{n}"), "email", at, &text).await;
        }
        // That it fits into 8 KB is looked at for every call.
        let first = json!({ "customer_id": "CUST-1", "limit": 50 });
        let first = shop.call(CrmGetInteractions, first).await.unwrap();
        let shown = ids(&first).len();
        assert!((1..5).contains(&shown), "{shown}");
        assert_eq!(first["data"]["more"], 5 - shown);
        let text = first["data"]["interactions"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("4 é") && text.ends_with('…') && text.chars().count() == 1_000);
        let next = json!({ "customer_id": "CUST-1", "cursor": first["data"]["cursor"] });
        let next = shop.call(CrmGetInteractions, next).await.unwrap();
        assert_eq!([ids(&first), ids(&next)].concat(), ["I-4", "I-3", "I-2", "I-1", "I-0"]);
    }
}

#[tokio::test]
async fn nobody_else_is_read_about() {
    for shop in shops().await {
        history(&shop).await;
        let erase = json!({ "customer_id": "CUST-3", "reason": "Asked for it." });
        shop.call(CustomerDelete, erase).await.unwrap();
        let mut ctx = shop.context(false).await;
        ctx.verified = Some("CUST-1".into());
        let args = serde_json::from_value(json!({ "customer_id": "CUST-2" })).unwrap();
        let refused = CrmGetInteractions.call(&mut ctx, args).await.unwrap_err();
        assert_eq!(refused.code().as_str(), "forbidden");
        drop(ctx);
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        testing::move_to_another_tenant(&mut tx, "CUST-2").await;
        tx.commit().await.unwrap();
        for (arguments, code, word) in [
            (json!({ "customer_id": "CUST-2" }), "not_found", "CUST-2"),
            (json!({ "customer_id": "CUST-3" }), "not_found", "CUST-3"),
            (json!({ "customer_id": "CUST-9" }), "not_found", "CUST-9"),
            (json!({ "customer_id": "CUST-1", "limit": 51 }), "invalid_parameters", "limit"),
            (json!({ "customer_id": "CUST-1", "cursor": "x" }), "invalid_parameters", "cursor"),
        ] {
            let (given, words) = shop.refusal(CrmGetInteractions, arguments).await;
            assert_eq!(given, code, "{words}");
            assert!(words.contains(word), "{words}");
        }
    }
}

use serde_json::{Value, json};

use super::*;
use crate::testing::{Shop, shops};
use business_mcp_engine::db::params;

async fn found(shop: &Shop, arguments: Value) -> Vec<String> {
    let answer = shop.call(ProductSearch, arguments).await.unwrap();
    let products = answer["data"]["products"].as_array().unwrap();
    products.iter().map(|product| product["product_id"].as_str().unwrap().to_owned()).collect()
}

/// Products of the category Tools, named as given.
async fn stocked(shop: &Shop, names: &[String]) {
    let mut ctx = shop.context(true).await;
    for (n, name) in names.iter().enumerate() {
        let (id, key) = (format!("P-{n:02}"), name::fold(name));
        let product = "insert into products (tenant_id, id, name, category, name_key, category_key)
                       values ('demo', $1, $2, 'Tools', $3, 'tools')";
        ctx.tx.execute(product, params![&id, name, &key]).await.unwrap();
        let variant = "insert into variants (tenant_id, sku, product_id, sku_key, options,
                           price_minor, reorder_point, active, version)
                       values ('demo', $1, $1, $2, '{}', 500, 0, true, 1)";
        ctx.tx.execute(variant, params![&id, &reference::key(&id)]).await.unwrap();
        for word in name::words(name).into_iter().chain(["tools".to_owned()]) {
            let term = "insert into search_terms (tenant_id, kind, term, ref_id)
                        values ('demo', 'product', $1, $2) on conflict do nothing";
            ctx.tx.execute(term, params![&format!("w:{word}"), &id]).await.unwrap();
        }
    }
    ctx.tx.commit().await.unwrap();
}

#[tokio::test]
async fn products_are_found_by_words_and_misspelt_words() {
    for shop in shops().await {
        for query in ["mug", "Coffee mug", "mugs", "cofee", "do you have a kitchen mug", "mug-1"] {
            assert_eq!(found(&shop, json!({ "query": query })).await, ["MUG"], "{query}");
        }
        assert_eq!(found(&shop, json!({ "query": "shrit" })).await, ["TEE"]);
        let answer = shop.call(ProductSearch, json!({ "query": "cofee" })).await.unwrap();
        assert_eq!(answer["data"]["searched_for"], "coffee");
        let answer = shop.call(ProductSearch, json!({ "query": "submarine" })).await.unwrap();
        assert_eq!(answer["status"], "ok");
        assert_eq!(answer["say"], "I found nothing for submarine. Is there another word for it?");
    }
}

#[tokio::test]
async fn a_product_comes_with_its_price_and_stock() {
    for shop in shops().await {
        let answer = shop.call(ProductSearch, json!({ "query": "shirt" })).await.unwrap();
        let product = &answer["data"]["products"][0];
        assert_eq!(product["name"], "T-Shirt");
        assert_eq!(product["category"], "Clothing");
        assert_eq!(product["price"]["amount"], "10.00");
        assert_eq!(product["variants"][0]["sku"], "TEE-BLUE-M");
        assert_eq!(product["variants"][0]["available"], 5);
        assert_eq!(answer["data"]["more"], 0);
        assert_eq!(answer["say"], "I found T-Shirt for 10 dollars, in stock.");
    }
}

#[tokio::test]
async fn options_stock_and_category_narrow_the_search() {
    for shop in shops().await {
        let args = json!({ "options": { "Color": "RED" } });
        let answer = shop.call(ProductSearch, args).await.unwrap();
        let products = answer["data"]["products"].as_array().unwrap();
        assert_eq!(products.len(), 1);
        assert_eq!(products[0]["variants"].as_array().unwrap().len(), 1);
        assert_eq!(products[0]["variants"][0]["sku"], "TEE-RED-M");
        let both = json!({ "options": "{\"color\":\"blue\",\"size\":\"m\"}" });
        assert_eq!(found(&shop, both).await, ["TEE"]);
        let listed = json!({ "options": ["color=blue", "size = m"] });
        assert_eq!(found(&shop, listed).await, ["TEE"]);
        assert!(found(&shop, json!({ "options": ["color=green"] })).await.is_empty());
        assert!(found(&shop, json!({ "options": { "size": "%" } })).await.is_empty());
        assert_eq!(found(&shop, json!({ "in_stock": true })).await, ["TEE"]);
        assert_eq!(found(&shop, json!({ "category": "kitchens" })).await, ["MUG"]);
        assert!(found(&shop, json!({ "query": "mug", "category": "clothing" })).await.is_empty());
        let answer = shop.call(ProductSearch, json!({ "category": "Boats" })).await.unwrap();
        assert!(answer["say"].as_str().unwrap().contains("clothing and kitchen"), "{answer}");
        let four = json!({ "options": { "a": "1", "b": "1", "c": "1", "d": "1" } });
        assert_eq!(shop.refusal(ProductSearch, four).await.0, "invalid_parameters");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps_or_repeats() {
    for shop in shops().await {
        let names: Vec<String> = (0..25).map(|n| format!("Hammer {}", n % 5)).collect();
        stocked(&shop, &names).await;
        for query in [json!({}), json!({ "query": "hammer" }), json!({ "query": "hamer" })] {
            let mut seen = Vec::new();
            let mut args = query.clone();
            args["limit"] = json!(7);
            loop {
                let answer = shop.call(ProductSearch, args.clone()).await.unwrap();
                let data = &answer["data"];
                for product in data["products"].as_array().unwrap() {
                    seen.push(product["product_id"].as_str().unwrap().to_owned());
                }
                let all = if query == json!({}) { 27 } else { 25 };
                assert_eq!(data["more"], all - seen.len(), "{query}");
                if data["more"] == 0 {
                    assert!(data.get("cursor").is_none());
                    assert_eq!(seen.len(), all);
                    break;
                }
                args["cursor"] = data["cursor"].clone();
            }
            seen.sort();
            seen.dedup();
            assert!(seen.len() >= 25, "{query}: {seen:?}");
        }
        let wrong = json!({ "cursor": "nonsense" });
        assert_eq!(shop.refusal(ProductSearch, wrong).await.0, "invalid_parameters");
    }
}

#[tokio::test]
async fn the_best_match_comes_first() {
    for shop in shops().await {
        let names = ["Big Saw Stand", "Saw", "Saw Blade", "Chain"].map(str::to_owned);
        stocked(&shop, &names).await;
        assert_eq!(found(&shop, json!({ "query": "saw" })).await, ["P-01", "P-02", "P-00"]);
    }
}

#[tokio::test]
async fn what_is_not_sold_and_what_others_sell_is_not_found() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        let sql = "update variants set active = false where sku = $1";
        ctx.tx.execute(sql, params!["MUG-1"]).await.unwrap();
        ctx.tx
            .execute("update products set tenant_id = 'other' where id = $1", params!["TEE"])
            .await
            .unwrap();
        ctx.tx.commit().await.unwrap();
        assert!(found(&shop, json!({})).await.is_empty());
        assert!(found(&shop, json!({ "query": "mug" })).await.is_empty());
        assert!(found(&shop, json!({ "query": "shirt" })).await.is_empty());
    }
}

#[tokio::test]
async fn a_long_page_is_cut_and_goes_on_at_the_cut() {
    for shop in shops().await {
        let names: Vec<String> = (0..50)
            .map(|n| format!("Tool {n:02} {}", "with a very long name ".repeat(8)))
            .collect();
        stocked(&shop, &names).await;
        let args = json!({ "query": "tool", "limit": 50 });
        let answer = shop.call(ProductSearch, args).await.unwrap();
        let shown = answer["data"]["products"].as_array().unwrap().len();
        assert!((10..50).contains(&shown), "{shown}");
        assert_eq!(answer["data"]["more"], 50 - shown);
        let cursor = &answer["data"]["cursor"];
        let next = found(&shop, json!({ "query": "tool", "limit": 1, "cursor": cursor })).await;
        assert_eq!(next, [format!("P-{shown:02}")]);
    }
}

#[tokio::test]
async fn an_unknown_category_names_three_of_those_there_are() {
    for shop in shops().await {
        for more in [
            "insert into products (tenant_id, id, name, category, name_key, category_key)
             values ('demo', 'SAW', 'Saw', 'Tools', 'saw', 'tools')",
            "insert into products (tenant_id, id, name, category, name_key, category_key)
             values ('demo', 'PEN', 'Pen', 'Office', 'pen', 'office')",
            "insert into products (tenant_id, id, name, category, name_key, category_key)
             values ('demo', 'BALL', 'Ball', 'Sports', 'ball', 'sports')",
        ] {
            shop.run(more).await;
        }
        let answer = shop.call(ProductSearch, json!({ "category": "groceries" })).await.unwrap();
        assert_eq!(
            answer["say"],
            "There is no category called groceries. There are clothing, kitchen, office and 2 more."
        );
    }
}

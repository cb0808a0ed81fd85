use serde_json::json;

use super::*;
use crate::testing::shops;
use business_mcp_engine::db::params;

#[tokio::test]
async fn a_sku_is_a_variant_however_it_is_said() {
    for shop in shops().await {
        for sku in ["TEE-RED-M", "tee red m", "tee dash red dash mike"] {
            let answer = shop.call(GetProductInfo, json!({ "sku": sku })).await.unwrap();
            let data = &answer["data"];
            assert_eq!(data["sku"], "TEE-RED-M", "{sku}");
            assert_eq!(data["product_id"], "TEE");
            assert_eq!(data["options"], json!({ "color": "red", "size": "M" }));
            assert_eq!(data["price"], json!({ "amount": "10.00", "currency": "USD" }));
            assert_eq!(data["stock"], 10);
            assert_eq!(data["description"], "A good one.");
            assert_eq!(
                answer["say"],
                "T-Shirt red M costs 10 dollars, and 10 pieces are in stock."
            );
        }
    }
}

#[tokio::test]
async fn a_product_has_all_of_its_variants() {
    for shop in shops().await {
        for args in [json!({ "sku": "TEE" }), json!({ "product_id": "TEE" })] {
            let answer = shop.call(GetProductInfo, args).await.unwrap();
            let data = &answer["data"];
            assert!(data.get("sku").is_none(), "{data}");
            assert_eq!(data["stock"], 15);
            assert_eq!(data["category"], "Clothing");
            let skus: Vec<_> = data["variants"].as_array().unwrap().iter().collect();
            assert_eq!(skus.len(), 2);
            assert_eq!(skus[0]["sku"], "TEE-BLUE-M");
            assert_eq!(skus[0]["stock"], 5);
        }
    }
}

#[tokio::test]
async fn many_variants_are_cut_and_counted() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        for n in 0..150 {
            let sku = format!("TEE-COLOUR-NUMBER-{n:03}");
            ctx.tx
                .execute(
                    "insert into variants
                         (tenant_id, sku, product_id, sku_key, options, price_minor,
                          reorder_point, active, version)
                     values ('demo', $1, 'TEE', $1, '{\"color\":\"any\"}', 2000, 0, false, 1)",
                    params![&sku],
                )
                .await
                .unwrap();
        }
        ctx.tx.commit().await.unwrap();
        let answer = shop.call(GetProductInfo, json!({ "product_id": "TEE" })).await.unwrap();
        let data = &answer["data"];
        let listed = data["variants"].as_array().unwrap().len();
        assert!(listed > 30, "{listed}");
        assert_eq!(data["more_variants"], 152 - listed);
        assert!(data.get("price_to").is_none(), "what is not sold has no price: {data}");
        assert_eq!(data["stock"], 15);
    }
}

#[tokio::test]
async fn what_is_unknown_is_not_found() {
    for shop in shops().await {
        let (code, sentence) = shop.refusal(GetProductInfo, json!({ "sku": "TEE-9" })).await;
        assert_eq!(code, "not_found");
        assert!(sentence.contains("TEE-9"), "{sentence}");
        assert_eq!(shop.refusal(GetProductInfo, json!({})).await.0, "invalid_parameters");
        let other = json!({ "sku": "TEE-RED-M", "product_id": "MUG" });
        assert_eq!(shop.refusal(GetProductInfo, other).await.0, "invalid_parameters");
        let symbols = json!({ "sku": "---" });
        assert_eq!(shop.refusal(GetProductInfo, symbols).await.0, "not_found");
        let mut ctx = shop.context(true).await;
        let sql = "update variants set tenant_id = 'other' where sku = $1";
        ctx.tx.execute(sql, params!["MUG-1"]).await.unwrap();
        ctx.tx.commit().await.unwrap();
        let foreign = shop.refusal(GetProductInfo, json!({ "sku": "MUG-1" })).await;
        assert_eq!(foreign, (code, sentence.replace("TEE-9", "MUG-1")));
    }
}

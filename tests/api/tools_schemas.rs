//! Schemas that every client takes, and answers that keep to them.

use std::collections::BTreeSet;

use business_mcp::{access::role, application};
use business_mcp_engine::auth::Grant;
use serde_json::{Map, Value, json};

use crate::{
    books::{two, unpaid},
    enforcement::samples,
    support::{Reply, TENANT, TestServer, servers},
};

/// The keywords that every platform reads; one more makes some of them drop the whole list.
const PORTABLE: [&str; 6] = ["type", "description", "properties", "required", "items", "enum"];
const TYPES: [&str; 6] = ["object", "array", "string", "integer", "number", "boolean"];

/// Looks at a schema and at everything in it.
fn check_schema(at: &str, schema: &Value, described: bool) {
    let object = schema.as_object().unwrap_or_else(|| panic!("{at} is {schema}"));
    for keyword in object.keys() {
        assert!(PORTABLE.contains(&keyword.as_str()), "{at} says {keyword}");
    }
    let kind = object.get("type").and_then(Value::as_str);
    let kind = kind.unwrap_or_else(|| panic!("{at} has no single type: {schema}"));
    assert!(TYPES.contains(&kind), "{at} is of type {kind}");
    assert_eq!(object.contains_key("items"), kind == "array", "{at}: an array has items");
    assert_eq!(object.contains_key("properties"), kind == "object", "{at}");
    if let Some(words) = object.get("enum") {
        let words = words.as_array().unwrap();
        assert!(
            kind == "string" && !words.is_empty() && words.iter().all(Value::is_string),
            "{at}"
        );
    }
    if let Some(items) = object.get("items") {
        check_schema(&format!("{at}[]"), items, false);
    }
    let nothing = Map::new();
    let properties = object.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    for (name, property) in properties {
        check_schema(&format!("{at}.{name}"), property, true);
    }
    for name in object.get("required").and_then(Value::as_array).into_iter().flatten() {
        assert!(properties.contains_key(name.as_str().unwrap()), "{at} requires {name}");
    }
    if described {
        let says = object.get("description").and_then(Value::as_str).unwrap_or_default();
        assert!(!says.trim().is_empty(), "{at} has no description");
    }
}

#[test]
fn every_schema_is_portable_and_every_argument_described() {
    for entry in application().tools(Vec::new()).iter() {
        let name = entry.spec.name;
        let input = Value::Object((*entry.input_schema).clone());
        check_schema(name, &input, false);
        let properties = input["properties"].as_object().unwrap();
        assert_eq!(
            properties.contains_key("idempotency_key"),
            entry.spec.effect.writes(),
            "{name}"
        );
        for argument in properties.keys() {
            let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(argument.chars().all(snake), "{name}.{argument}");
            assert!(!argument.contains("tenant"), "a tenant comes from the token alone: {name}");
        }
        let output = Value::Object((*entry.output_schema).clone());
        check_schema(&format!("{name} ->"), &output, false);
        assert_eq!(output["required"], json!(["say", "status"]), "{name}");
        let envelope: Vec<&String> = output["properties"].as_object().unwrap().keys().collect();
        let envelope: Vec<&str> = envelope.into_iter().map(String::as_str).collect();
        let expected = ["say", "status", "data", "approval", "candidates", "replayed"];
        assert_eq!(envelope, expected, "{name}");
    }
}

/// What is wrong with a value, if it does not keep to a schema. Stricter than JSON Schema is: what
/// the schema does not name must not be there.
fn wrong(at: &str, value: &Value, schema: &Value) -> Option<String> {
    let kind = schema["type"].as_str().unwrap();
    let fits = match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => value.is_boolean(),
    };
    if !fits {
        return Some(format!("{at} is no {kind}: {value}"));
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.contains(value)
    {
        return Some(format!("{at} is none of its words: {value}"));
    }
    if let Some(values) = value.as_array() {
        let items = &schema["items"];
        return values.iter().find_map(|value| wrong(&format!("{at}[]"), value, items));
    }
    let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object())
    else {
        return None;
    };
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let missing = required.filter_map(Value::as_str).find(|name| !fields.contains_key(*name));
    if let Some(name) = missing {
        return Some(format!("{at}.{name} is missing"));
    }
    // An object without named properties is free.
    let mut fields = fields.iter().filter(|_| !properties.is_empty());
    fields.find_map(|(name, value)| match properties.get(name) {
        Some(schema) => wrong(&format!("{at}.{name}"), value, schema),
        None => Some(format!("{at}.{name} is not in the schema")),
    })
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let schema = json!({ "type": "object", "required": ["a"], "properties": {
        "a": { "type": "integer" },
        "b": { "type": "array", "items": { "type": "string", "enum": ["x"] } },
    }});
    assert_eq!(wrong("", &json!({ "a": 1, "b": ["x"] }), &schema), None);
    for bad in [
        json!({}),
        json!({ "a": 1.5 }),
        json!({ "a": 1, "b": ["y"] }),
        json!({ "a": 1, "b": null }),
        json!({ "a": 1, "c": 1 }),
        json!([]),
    ] {
        assert!(wrong("", &bad, &schema).is_some(), "{bad}");
    }
}

/// A call of each tool, more than one where it can answer in more than one way.
fn samples() -> Vec<(&'static str, Value)> {
    let items = json!([{ "sku": "SKU-001", "quantity": 1 }]);
    vec![
        ("customer_lookup", json!({ "customer_id": "CUST-12345" })),
        ("customer_lookup", json!({ "name": "Maria Garcia", "postal_code": "97214" })),
        ("customer_lookup", json!({ "phone": "+13035550109" })),
        ("customer_lookup", json!({ "email": "nobody@example.com" })),
        ("crm_search_customers", json!({ "query": "garcia" })),
        ("crm_get_customer", json!({ "customer_id": "CUST-12345" })),
        ("crm_get_customer", json!({ "customer_id": "CUST-10005" })),
        ("crm_get_interactions", json!({ "customer_id": "CUST-12345" })),
        ("product_search", json!({ "query": "hammer" })),
        ("product_search", json!({ "category": "Power tools", "limit": 2 })),
        ("get_product_info", json!({ "sku": "SKU-001" })),
        ("get_product_info", json!({ "product_id": "PROD-002" })),
        ("inventory_check_stock", json!({ "sku": "TAPE-25FT", "quantity": 3 })),
        ("inventory_low_stock", json!({ "limit": 5 })),
        ("calculate_discount", json!({ "amount": "100", "tier": "premium" })),
        ("get_order_status", json!({ "order_id": "ORD-12345" })),
        ("order_get", json!({ "order_id": "12347" })),
        ("order_get", json!({ "order_id": "ORD-12346" })),
        ("order_list", json!({ "customer_id": "CUST-12345", "limit": 2 })),
        ("order_list", json!({ "status": "delivered" })),
        ("analytics_kpis", json!({ "period": "last 90 days" })),
        (
            "analytics_sales",
            json!({ "from": "2026-01-01", "to": "2026-03-31", "group_by": "month" }),
        ),
        ("analytics_top_products", json!({ "period": "last 90 days" })),
        ("analytics_customers", json!({})),
        ("dw_list_tables", json!({})),
        ("approval_status", json!({})),
        (
            "support_escalate",
            json!({ "reason": "Asked for a person.", "summary": "A saw is late." }),
        ),
        ("order_quote", json!({ "customer_id": "CUST-12345", "items": items })),
        ("crm_create_note", json!({ "customer_id": "CUST-12345", "text": "Called about a saw." })),
        (
            "crm_create_customer",
            json!({ "name": "Maria Garcia", "email": "mg at example dot com" }),
        ),
        (
            "crm_update_customer",
            json!({ "customer_id": "CUST-12345", "company": "Smith and Daughter" }),
        ),
        ("order_create", two()),
        ("order_cancel", json!({ "order_id": "ORD-12346", "reason": "ordered by mistake" })),
        (
            "inventory_adjust",
            json!({ "sku": "SKU-001", "mode": "delta", "quantity": 3, "reason": "counted" }),
        ),
    ]
}

/// The answer of a call keeps to the tool's schema; what it is.
fn conforms<'a>(server: &TestServer, tool: &str, reply: &'a Reply) -> &'a Value {
    let catalogue = application().tools(Vec::new());
    let schema = Value::Object((*catalogue.find(tool).unwrap().output_schema).clone());
    let answer = reply.answer();
    let found = wrong(tool, answer, &schema);
    assert_eq!(found, None, "on {}: {answer}", server.database_url);
    let say = answer["say"].as_str().unwrap();
    assert!(!say.is_empty() && say.chars().count() <= 240, "{tool} says {say:?}");
    assert!(answer.to_string().len() <= 8 * 1024, "{tool} answers at length");
    answer
}

#[tokio::test]
async fn what_is_answered_keeps_to_the_output_schema() {
    let catalogue = application().tools(Vec::new());
    let mut calls = samples();
    let sampled: BTreeSet<&str> = calls.iter().map(|(tool, _)| *tool).collect();
    for entry in catalogue.iter().filter(|entry| !entry.spec.effect.writes()) {
        let tool = entry.spec.name;
        if !sampled.contains(tool) {
            calls.push((tool, samples::of(tool).arguments("")));
        }
    }
    for server in servers().await {
        let admin = server.client(server.token(TENANT, "admin", Grant::Role(role::ADMIN)));
        for (tool, arguments) in &calls {
            if catalogue.find(tool).is_none() {
                continue;
            }
            let reply = admin.call(tool, arguments.clone()).await;
            let answer = conforms(&server, tool, &reply);
            if answer["status"] != "approval_pending" {
                continue;
            }
            // The waiting one, its status, the executed one and the replayed one.
            let id = reply.pending();
            let status = admin.call("approval_status", json!({})).await;
            conforms(&server, "approval_status", &status);
            let decided = server.approver().approve(&id).await;
            assert_eq!(decided.body["status"], "executed", "{}", decided.body);
            conforms(&server, tool, &admin.call(tool, arguments.clone()).await);
            let status = admin.call("approval_status", json!({ "approval_id": id })).await;
            let status = conforms(&server, "approval_status", &status);
            assert_eq!(status["data"]["status"], "executed");
        }
        let failing = admin.call("order_create", unpaid("will fail")).await.pending();
        let raised = "update variants set price_minor = price_minor + 1 where sku = 'SKU-001'";
        crate::books::change(&server.db, raised, &[]).await;
        assert_eq!(server.approver().approve(&failing).await.body["status"], "failed");
        let status = admin.call("approval_status", json!({})).await;
        assert_eq!(conforms(&server, "approval_status", &status)["data"]["status"], "failed");
    }
}

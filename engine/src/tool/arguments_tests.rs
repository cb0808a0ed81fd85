use serde_json::json;

use super::*;

fn schema() -> Map<String, Value> {
    let schema = json!({
        "type": "object",
        "properties": {
            "customer_id": { "type": "string" },
            "total": { "type": "string" },
            "note": { "type": "string" },
            "kind": { "type": "string", "enum": ["call", "e_mail"] },
            "options": { "type": "object", "properties": {} },
            "items": { "type": "array", "items": {
                "type": "object",
                "properties": { "sku": { "type": "string" }, "quantity": { "type": "integer" } },
                "required": ["sku", "quantity"],
            } },
        },
        "required": ["customer_id"],
    });
    schema.as_object().unwrap().clone()
}

fn run(arguments: Value) -> Result<Value, String> {
    let ignored = Ignored::new(vec!["tenant_id".to_owned()]);
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    normalise(arguments, &schema(), &ignored).map(Value::Object).map_err(|error| error.to_string())
}

#[test]
fn takes_what_voice_platforms_send() {
    let given = json!({
        "customerId": " CUST-1 ", "total": 59.98, "note": "", "kind": "E mail",
        "tenant_id": "other", "items": "[{\"sku\":\"A\",\"quantity\":\"five\"}]",
    });
    let normal = json!({
        "customer_id": "CUST-1", "total": "59.98", "kind": "e_mail",
        "items": [{ "sku": "A", "quantity": 5 }],
    });
    assert_eq!(run(given), Ok(normal));
}

#[test]
fn names_and_values_come_in_any_form() {
    for options in [
        json!({ "color": "red", "size": 5 }),
        json!(["color=red", "size = 5"]),
        json!("color: red, size=5"),
        json!("{\"color\":\"red\",\"size\":\"5\"}"),
        json!("[\"color=red\",\"size=5\"]"),
    ] {
        let normal = run(json!({ "customer_id": "C", "options": options })).unwrap();
        assert_eq!(normal["options"], json!({ "color": "red", "size": "5" }));
    }
    for options in [json!(["red"]), json!("red"), json!(["a=1", "a=2"]), json!([1]), json!(5)] {
        let error = run(json!({ "customer_id": "C", "options": options })).unwrap_err();
        assert!(error.starts_with("The argument options must be "), "{error}");
    }
}

#[test]
fn refuses_by_name_what_it_does_not_know() {
    let unknown = run(json!({ "customer_id": "C", "discount": "50" })).unwrap_err();
    assert!(unknown.contains("discount"), "{unknown}");
    let near = run(json!({ "custmer_id": "C" })).unwrap_err();
    assert!(near.contains("did you mean customer_id"), "{near}");
    let nested =
        json!({ "customer_id": "C", "items": [{ "sku": "A", "quantity": 1, "price": 0 }] });
    assert!(run(nested).unwrap_err().contains("price inside items[0]"));
}

#[test]
fn refuses_other_kinds_without_repeating_the_value() {
    for quantity in [json!(1.5), json!(true), json!("1e0"), json!({}), json!([])] {
        let given = json!({ "customer_id": "C", "items": [{ "sku": "A", "quantity": quantity }] });
        let error = run(given).unwrap_err();
        assert_eq!(error, "The argument items[0].quantity must be a whole number.");
    }
    assert_eq!(
        run(json!({})).unwrap_err().split(" is missing").next(),
        Some("The argument customer_id")
    );
    let both = json!({ "customer_id": "C", "customerId": "D" });
    assert!(run(both).unwrap_err().contains("given twice"));
}

#[test]
fn equal_arguments_have_one_text() {
    let a = json!({ "b": 1, "a": { "d": [1, { "z": 1, "y": 2 }], "c": "x" } });
    let b = json!({ "a": { "c": "x", "d": [1, { "y": 2, "z": 1 }] }, "b": 1 });
    assert_eq!(canonical(a.as_object().unwrap()), canonical(b.as_object().unwrap()));
}

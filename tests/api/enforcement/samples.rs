//! A call of each tool that does what the tool is for, on the demo shop, and the tables that it changes.
//!
//! A tool without a line here is called with the example that its own file gives, and then nothing is said of the
//! tables that it changes. A line is for a call that others come before, or whose tables are to be held against it. A
//! line of a tool that is not there is passed over.

use std::collections::BTreeSet;

use business_mcp::application;
use serde_json::Value;

/// A call, and what is true of it.
#[derive(Clone, Copy)]
pub struct Sample {
    pub tool: &'static str,
    arguments: &'static str,
    /// The tables of the business whose rows a call that has taken effect changes; nobody knows them of a call that the
    /// tool's own file gives.
    changes: Option<&'static str>,
    /// Calls that come before it, and are approved where they wait.
    pub first: &'static [Step],
}

/// A call that comes first: the tool, its arguments as JSON, and the place in its answer that `$1` stands
/// for from then on.
pub type Step = (&'static str, &'static str, &'static str);

impl Sample {
    const fn of(tool: &'static str, arguments: &'static str) -> Self {
        Self { tool, arguments, changes: Some(""), first: &[] }
    }

    const fn changes(self, tables: &'static str) -> Self {
        Self { changes: Some(tables), ..self }
    }

    const fn after(self, first: &'static [Step]) -> Self {
        Self { first, ..self }
    }

    /// The tables that it changes, where that is known.
    pub fn tables(&self) -> Option<BTreeSet<&'static str>> {
        self.changes.map(|tables| tables.split_whitespace().collect())
    }

    /// The arguments, with what the call before it gave.
    pub fn arguments(&self, given: &str) -> Value {
        arguments(self.arguments, given)
    }
}

/// The sample of a tool: its line here, or else the example that its file gives.
pub fn of(tool: &'static str) -> Sample {
    if let Some(sample) = SAMPLES.iter().find(|sample| sample.tool == tool) {
        return *sample;
    }
    let tools = application().tools(Vec::new());
    let example = tools.find(tool).and_then(|entry| entry.example.clone());
    let example = example.unwrap_or_else(|| {
        panic!("{tool} shows no call of itself: give its arguments `#[schemars(example = &\"…\")]`")
    });
    let arguments = Value::Object(example).to_string().leak();
    Sample { changes: None, ..Sample::of(tool, arguments) }
}

/// Arguments with what the call before them gave.
pub fn arguments(json: &str, given: &str) -> Value {
    let text = json.replace("$1", given);
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

const ADDRESS: &str = r#"{"order_id":"ORD-12346","address":{"line1":"7 Elm Street","city":"Washington",
    "region":"DC","postal_code":"20002","country":"USA"}}"#;
const ORDER: &str = r#"{"customer_id":"CUST-12345","items":[{"sku":"SKU-001","quantity":1}],"total":"26.99",
    "payment_method_id":"card_12345"}"#;
const ASKED: &str = r#"{"customer_id":"CUST-12345","items":[{"sku":"SKU-001","quantity":1}],"total":"26.99",
    "note":"asked first"}"#;
const TAPE: &str = r#"{"customer_id":"CUST-12345","items":[{"sku":"TAPE-25FT","quantity":1}],"total":"19.79",
    "payment_method_id":"card_12345"}"#;
const GLOVES: &str = r#"{"customer_id":"CUST-12345","items":[{"sku":"GLOV-M","quantity":1}],"total":"17.99",
    "payment_method_id":"card_12345"}"#;
const PARCEL: &str = r#"{"order_id":"$1","carrier":"Northline","tracking_number":"NL1"}"#;
const SWAP: &str = r#"{"order_id":"$1","changes":[{"sku":"TAPE-25FT","new_sku":"TAPE-35FT"}],
    "payment_method_id":"card_12345"}"#;
const EXCHANGE: &str = r#"{"order_id":"$1","changes":[{"sku":"GLOV-M","new_sku":"GLOV-L"}],
    "payment_method_id":"card_12345"}"#;
const RETURN: &str = r#"{"order_id":"ORD-12348","items":[{"sku":"GLOV-L","quantity":1}]}"#;

/// A new order of one tape measure.
const ORDERED: &[Step] = &[("order_create", TAPE, "/data/order_id")];
/// Gloves that are with the customer.
const DELIVERED: &[Step] = &[
    ("order_create", GLOVES, "/data/order_id"),
    ("order_ship", PARCEL, "/data/order_id"),
    ("order_deliver", r#"{"order_id":"$1"}"#, "/data/order_id"),
];

/// In the order of the catalogue.
const SAMPLES: &[Sample] = &[
    // Customers
    Sample::of("customer_lookup", r#"{"customer_id":"CUST-12345"}"#),
    Sample::of(
        "customer_verify",
        r#"{"customer_id":"CUST-12345","postal_code":"20001","phone_last4":"0123"}"#,
    )
    .changes("verifications"),
    Sample::of("crm_search_customers", r#"{"query":"smith"}"#),
    Sample::of("crm_get_customer", r#"{"customer_id":"CUST-12345"}"#),
    Sample::of("crm_create_customer", r#"{"name":"Vera Novak","email":"vera.novak@example.com"}"#)
        .changes("counters customers search_terms"),
    Sample::of("crm_update_customer", r#"{"customer_id":"CUST-12345","company":"Acme Tools"}"#)
        .changes("customers search_terms"),
    Sample::of("crm_get_interactions", r#"{"customer_id":"CUST-12345"}"#),
    Sample::of("crm_create_note", r#"{"customer_id":"CUST-12345","text":"Asked about a saw."}"#)
        .changes("interactions"),
    Sample::of(
        "customer_delete",
        r#"{"customer_id":"CUST-10005","reason":"asked to be forgotten"}"#,
    )
    .changes("customers imported_records interactions orders payment_methods search_terms"),
    // Products and stock
    Sample::of("product_search", r#"{"query":"hammer"}"#),
    Sample::of("get_product_info", r#"{"sku":"SKU-001"}"#),
    Sample::of("inventory_check_stock", r#"{"sku":"TAPE-25FT","quantity":3}"#),
    Sample::of("inventory_reserve", r#"{"sku":"SKU-001","quantity":1}"#)
        .changes("reservations stock"),
    Sample::of("inventory_release", r#"{"reservation_id":"$1"}"#)
        .changes("reservations stock")
        .after(&[("inventory_reserve", r#"{"sku":"BITS","quantity":1}"#, "/data/reservation_id")]),
    Sample::of(
        "inventory_adjust",
        r#"{"sku":"SKU-001","mode":"delta","quantity":3,"reason":"counted"}"#,
    )
    .changes("stock stock_movements"),
    Sample::of(
        "inventory_transfer",
        r#"{"sku":"SKU-001","from":"main","to":"store","quantity":1}"#,
    )
    .changes("stock stock_movements"),
    Sample::of("inventory_low_stock", r#"{"limit":5}"#),
    Sample::of("product_update", r#"{"sku":"GLAS-CLE","reorder_point":4}"#).changes("variants"),
    // Orders
    Sample::of("calculate_discount", r#"{"amount":"100","tier":"premium"}"#),
    Sample::of(
        "order_quote",
        r#"{"customer_id":"CUST-12345","items":[{"sku":"SKU-001","quantity":1}]}"#,
    )
    .changes("quotes"),
    Sample::of("order_create", ORDER)
        .changes("counters order_items orders payments provider_calls stock stock_movements"),
    Sample::of("get_order_status", r#"{"order_id":"ORD-12345"}"#),
    Sample::of("order_get", r#"{"order_id":"ORD-12345"}"#),
    Sample::of("order_list", r#"{"customer_id":"CUST-12345"}"#),
    Sample::of("order_update_address", ADDRESS).changes("orders"),
    Sample::of("order_update_items", SWAP)
        .changes("order_items orders payments provider_calls stock stock_movements")
        .after(ORDERED),
    Sample::of(
        "order_update_payment",
        r#"{"order_id":"ORD-12346","payment_method_id":"gift_12345"}"#,
    )
    .changes("gift_card_entries orders payment_methods payments provider_calls"),
    Sample::of("order_cancel", r#"{"order_id":"ORD-12346","reason":"no longer needed"}"#)
        .changes("gift_card_entries orders payment_methods payments stock stock_movements"),
    Sample::of(
        "order_return",
        r#"{"order_id":"ORD-12347","items":[{"sku":"SKU-001","quantity":1}]}"#,
    )
    .changes("counters order_request_items order_requests orders"),
    Sample::of("order_exchange", EXCHANGE)
        .changes("counters order_request_items order_requests orders")
        .after(DELIVERED),
    Sample::of("order_settle_request", r#"{"order_id":"ORD-12348","request_id":"$1"}"#)
        .changes(
            "order_request_items order_requests orders payments provider_calls stock stock_movements",
        )
        .after(&[("order_return", RETURN, "/data/request_id")]),
    Sample::of("order_refund", r#"{"order_id":"ORD-12345","amount":"1.00","reason":"a scratch"}"#)
        .changes("interactions orders payments provider_calls"),
    Sample::of("order_ship", PARCEL).changes("orders shipments").after(ORDERED),
    Sample::of("order_deliver", r#"{"order_id":"ORD-12345"}"#).changes("orders"),
    // Support
    Sample::of(
        "support_escalate",
        r#"{"reason":"asks for a manager","summary":"The order came late twice."}"#,
    )
    .changes("counters tickets"),
    // Analytics
    Sample::of("analytics_kpis", r#"{"period":"last 90 days"}"#),
    Sample::of("analytics_sales", r#"{"from":"2026-01-01","to":"2026-03-31","group_by":"month"}"#),
    Sample::of("analytics_top_products", r#"{"period":"last 90 days"}"#),
    Sample::of("analytics_customers", "{}"),
    Sample::of("dw_list_tables", "{}"),
    Sample::of("workflow_list_templates", "{}"),
    // Approvals
    Sample::of("approval_status", "{}"),
    Sample::of("approval_withdraw", r#"{"approval_id":"$1"}"#)
        .changes("reservations stock")
        .after(&[("order_create", ASKED, "/approval/approval_id")]),
];

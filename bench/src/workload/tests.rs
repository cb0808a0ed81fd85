use clap::Parser;
use rand::SeedableRng as _;
use serde_json::Value;

use super::*;

#[derive(Parser)]
struct Only {
    #[command(flatten)]
    subjects: Subjects,
}

fn script(workload: Workload, flags: &[&str]) -> anyhow::Result<Script> {
    let subjects = Only::parse_from(std::iter::once(&"x").chain(flags)).subjects;
    let target = Target::parse("http://127.0.0.1:3000/mcp")?;
    Script::new(workload, target, vec!["first".into(), "second".into()], subjects)
}

fn body(request: &[u8]) -> Value {
    let text = std::str::from_utf8(request).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())));
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_lookup_names_a_customer_of_the_range() {
    let script = script(Workload::Lookup, &["--last-customer", "10002"]).unwrap();
    let mut buffer = Vec::new();
    let (ask, id) = script.next(&mut StdRng::seed_from_u64(1));
    script.write(&ask, id, 0, &mut buffer).unwrap();
    let body = body(&buffer);
    let customer = body["params"]["arguments"]["customer_id"].as_str().unwrap();
    assert!(["CUST-10001", "CUST-10002"].contains(&customer));
    assert_eq!(ask, Ask::Lookup(customer.to_owned()));
    assert_eq!(body["id"], id);
}

#[test]
fn a_request_of_2026_07_28_says_so_in_its_headers_and_its_body() {
    let mut buffer = Vec::new();
    for (workload, ask, named) in [
        (Workload::ToolsListModern, Ask::ToolsList, "mcp-method: tools/list\r\n"),
        (Workload::LookupModern, Ask::Lookup("C-1".into()), "mcp-name: customer_lookup\r\n"),
    ] {
        script(workload, &[]).unwrap().write(&ask, 1, 0, &mut buffer).unwrap();
        let head = String::from_utf8(buffer.clone()).unwrap();
        assert!(head.contains("mcp-protocol-version: 2026-07-28\r\n") && head.contains(named));
        let said = &body(&buffer)["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
        assert_eq!(said, "2026-07-28");
    }
}

#[test]
fn tokens_go_round_the_connections() {
    let script = script(Workload::ToolsList, &[]).unwrap();
    let mut buffer = Vec::new();
    script.write(&Ask::ToolsList, 1, 3, &mut buffer).unwrap();
    assert!(std::str::from_utf8(&buffer).unwrap().contains("Bearer second\r\n"));
}

#[test]
fn equal_orders_have_keys_of_their_own() {
    let flags = ["--sku", "SKU-1", "--total", "9.50", "--payment-method", "card_1"];
    let script = script(Workload::OrderCreate, &flags).unwrap();
    let mut keys = Vec::new();
    for id in 1..=2 {
        let mut buffer = Vec::new();
        script.write(&Ask::OrderCreate, id, 0, &mut buffer).unwrap();
        let arguments = body(&buffer)["params"]["arguments"].clone();
        assert_eq!(arguments["items"][0]["sku"], "SKU-1");
        assert_eq!(arguments["payment_method_id"], "card_1");
        keys.push(arguments["idempotency_key"].as_str().unwrap().to_owned());
    }
    assert_ne!(keys[0], keys[1]);
    assert!(keys.iter().all(|key| key.len() <= 64));
}

#[test]
fn an_order_without_a_product_is_refused_at_once() {
    assert!(script(Workload::OrderCreate, &[]).is_err());
    assert!(script(Workload::Mixed, &["--sku", "SKU-1"]).is_err());
}

#[test]
fn the_calls_of_a_file_are_made_by_whom_it_says() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let line = r#"{"name":"order_get","arguments":{"order_id":"ORD-1"},"caller":1}"#;
    std::fs::write(file.path(), format!("{line}\n")).unwrap();
    let path = file.path().to_str().unwrap();
    let script = script(Workload::Calls, &["--calls", path]).unwrap();
    let mut buffer = Vec::new();
    let (ask, id) = script.next(&mut StdRng::seed_from_u64(1));
    script.write(&ask, id, 0, &mut buffer).unwrap();
    assert!(std::str::from_utf8(&buffer).unwrap().contains("Bearer second\r\n"));
    assert_eq!(body(&buffer)["params"]["arguments"]["order_id"], "ORD-1");
    std::fs::write(file.path(), "no call").unwrap();
    assert!(script_of(path).unwrap_err().to_string().contains("line 1"));
}

fn script_of(path: &str) -> anyhow::Result<()> {
    script(Workload::Calls, &["--calls", path]).map(|_| ())
}

use super::*;

fn lookup(customer: &str) -> Ask {
    Ask::Lookup(customer.to_owned())
}

fn answered(id: u64, envelope: &str) -> Vec<u8> {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[],"structuredContent":{envelope}}}}}"#
    )
    .into_bytes()
}

fn listed(id: u64, tools: &str) -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"tools":[{tools}]}}}}"#).into_bytes()
}

#[test]
fn the_asked_customer_is_right() {
    let envelope = r#"{"say":"Ana.","status":"ok","data":{"customer_id":"CUST-10042"}}"#;
    let checked = Checker::default().check(&lookup("CUST-10042"), 7, 200, &answered(7, envelope));
    assert_eq!(checked, Ok(()));
}

#[test]
fn another_customer_is_wrong() {
    let envelope = r#"{"say":"Ben.","status":"ok","data":{"customer_id":"CUST-10043"}}"#;
    let checked = Checker::default().check(&lookup("CUST-10042"), 7, 200, &answered(7, envelope));
    assert!(checked.unwrap_err().contains("CUST-10043"));
}

#[test]
fn no_customer_is_wrong() {
    let envelope = r#"{"say":"I found nobody.","status":"ok"}"#;
    let checker = Checker::default();
    assert!(checker.check(&lookup("CUST-10042"), 7, 200, &answered(7, envelope)).is_err());
}

#[test]
fn the_answer_to_another_request_is_wrong() {
    let envelope = r#"{"say":"Ana.","status":"ok","data":{"customer_id":"CUST-10042"}}"#;
    let checker = Checker::default();
    assert!(checker.check(&lookup("CUST-10042"), 8, 200, &answered(7, envelope)).is_err());
}

#[test]
fn errors_of_every_layer_are_wrong() {
    let checker = Checker::default();
    let ask = lookup("CUST-10042");
    let refused = br#"{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"no"}}"#;
    let failed = br#"{"jsonrpc":"2.0","id":7,"result":{"isError":true,"content":[]}}"#;
    assert!(checker.check(&ask, 7, 429, b"slow down").unwrap_err().contains("429"));
    assert!(checker.check(&ask, 7, 200, refused).unwrap_err().contains("-32602"));
    assert!(checker.check(&ask, 7, 200, failed).unwrap_err().contains("failed"));
    assert!(checker.check(&ask, 7, 200, b"<html>").is_err());
}

#[test]
fn an_order_is_right_once() {
    let checker = Checker::default();
    let envelope = r#"{"say":"Done.","status":"ok","data":{"order_id":"ORD-1"}}"#;
    assert_eq!(checker.check(&Ask::OrderCreate, 1, 200, &answered(1, envelope)), Ok(()));
    let again = checker.check(&Ask::OrderCreate, 2, 200, &answered(2, envelope));
    assert!(again.unwrap_err().contains("twice"));
}

#[test]
fn an_order_that_waits_or_was_there_before_is_wrong() {
    let checker = Checker::default();
    let pending = r#"{"say":"Soon.","status":"approval_pending"}"#;
    let replayed = r#"{"say":"Done.","status":"ok","data":{"id":"ORD-1"},"replayed":true}"#;
    assert!(checker.check(&Ask::OrderCreate, 1, 200, &answered(1, pending)).is_err());
    assert!(checker.check(&Ask::OrderCreate, 1, 200, &answered(1, replayed)).is_err());
}

#[test]
fn a_list_is_compared_with_the_first_one() {
    let checker = Checker::new(Some(2));
    let check = |id, tools| checker.check(&Ask::ToolsList, id, 200, &listed(id, tools));
    assert_eq!(check(9, r#"{"name":"a","v":9},{"name":"b"}"#), Ok(()));
    assert_eq!(check(10, r#"{"name":"a","v":9},{"name":"b"}"#), Ok(()));
    assert!(check(11, r#"{"name":"a","v":8},{"name":"b"}"#).unwrap_err().contains("differs"));
    assert!(check(12, r#"{"name":"a"}"#).unwrap_err().contains("instead of 2"));
    let other_id = listed(13, r#"{"name":"a","v":9},{"name":"b"}"#);
    assert!(checker.check(&Ask::ToolsList, 14, 200, &other_id).is_err());
}

#[test]
fn the_baseline_is_checked_as_well() {
    let checker = Checker::default();
    let ask = Ask::RawLookup("CUST-10042".to_owned());
    let (right, other) = (br#"{"customer_id":"CUST-10042"}"#, br#"{"customer_id":"CUST-1"}"#);
    assert_eq!(checker.check(&ask, 1, 200, right), Ok(()));
    assert!(checker.check(&ask, 1, 200, other).is_err());
    assert_eq!(checker.check(&Ask::RawHello, 1, 200, b"hello"), Ok(()));
    assert!(checker.check(&Ask::RawHello, 1, 200, b"hullo").is_err());
    let list = listed(1, r#"{"name":"a"}"#);
    assert_eq!(checker.check(&Ask::RawToolsList, 1, 200, &list), Ok(()));
    assert_eq!(checker.check(&Ask::RawToolsList, 2, 200, &list), Ok(()));
    assert!(checker.check(&Ask::RawToolsList, 3, 200, b"{}").is_err());
}

fn any(id: u64, text: &str) -> Vec<u8> {
    let text_block = serde_json::to_string(text).unwrap();
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":{text_block}}}],"structuredContent":{text}}}}}"#
    )
    .into_bytes()
}

#[test]
fn the_text_of_any_tool_says_everything_and_is_measured() {
    let checker = Checker::default();
    let check = |body: &[u8]| checker.check(&Ask::Call(0), 1, 200, body);
    let done = r#"{"say":"Done.","status":"ok"}"#;
    let waits = r#"{"say":"Somebody has to approve.","status":"approval_pending"}"#;
    assert_eq!(check(&any(1, done)), Ok(()));
    assert_eq!(check(&any(1, waits)), Ok(()));
    let seen = checker.seen();
    assert_eq!((seen.waiting, seen.longest_text), (1, u64::try_from(waits.len()).unwrap()));
    let replayed = r#"{"say":"Done.","status":"ok","replayed":true}"#;
    assert!(check(&any(1, replayed)).is_err());
    assert!(check(&any(1, r#"{"status":"ok"}"#)).unwrap_err().contains("says nothing"));
    let unclear = r#"{"say":"Which one?","status":"ambiguous"}"#;
    assert!(check(&any(1, unclear)).unwrap_err().contains("ambiguous"));
    let other = String::from_utf8(any(1, done)).unwrap().replace("Done.\",", "Not.\",");
    let other = other.replacen("Done.", "Gone.", 1);
    assert!(check(other.as_bytes()).is_err());
}

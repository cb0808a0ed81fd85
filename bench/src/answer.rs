//! Whether an answer is right. An answer that came, and came fast, may still be the wrong one.

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, de::DeserializeOwned};

use crate::workload::Ask;

/// Why an answer is wrong, in one sentence.
pub type Wrong = String;

/// Checks answers, and remembers what only a whole run can show.
#[derive(Default)]
pub struct Checker {
    expected_tools: Option<usize>,
    list: Mutex<Option<Surroundings>>,
    orders: Mutex<HashSet<String>>,
}

/// The bytes before and behind the request's number in a `tools/list` answer that was read in full.
///
/// The lists of one caller are equal but for that number, so the following ones are compared
/// byte by byte: reading each would cost the generator several times what it costs the server.
struct Surroundings {
    before: Vec<u8>,
    behind: Vec<u8>,
}

#[derive(Deserialize)]
struct Reply<T> {
    id: Option<u64>,
    result: Option<T>,
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct ToolList {
    tools: Vec<ListedTool>,
}

#[derive(Deserialize)]
struct ListedTool {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallResult {
    #[serde(default)]
    is_error: bool,
    structured_content: Option<Envelope>,
    content: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Envelope {
    status: String,
    data: Option<Data>,
    #[serde(default)]
    replayed: bool,
}

#[derive(Deserialize)]
struct Data {
    id: Option<String>,
    customer_id: Option<String>,
    order_id: Option<String>,
}

impl Checker {
    /// A checker that has seen nothing; `expected_tools` is how many `tools/list` must have, where
    /// that is known.
    pub fn new(expected_tools: Option<usize>) -> Self {
        Self { expected_tools, ..Self::default() }
    }

    /// Compares the answer with what was asked.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, ask: &Ask, id: u64, status: u16, body: &[u8]) -> Result<(), Wrong> {
        if status != 200 {
            return Err(format!("HTTP {status}: {}", excerpt(body)));
        }
        match ask {
            Ask::ToolsList => self.check_list(id, body),
            Ask::Lookup(customer) => same_customer(customer, &read_call(id, body)?),
            Ask::OrderCreate => self.check_order(read_call(id, body)?),
            Ask::RawHello if body == b"hello" => Ok(()),
            Ask::RawHello => Err(format!("not the greeting: {}", excerpt(body))),
            Ask::RawToolsList => self.check_stored_list(body),
            Ask::RawLookup(customer) => same_customer(customer, &read(body)?),
            Ask::RawOrderCreate => self.check_order(read(body)?),
        }
    }

    fn check_list(&self, id: u64, body: &[u8]) -> Result<(), Wrong> {
        let mut known = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let number = id.to_string();
        if let Some(Surroundings { before, behind }) = known.as_ref()
            && let Some(rest) = body.strip_prefix(before.as_slice())
            && rest.strip_prefix(number.as_bytes()) == Some(behind.as_slice())
        {
            return Ok(());
        }
        let list: ToolList = read_result(id, body)?;
        let names: HashSet<_> = list.tools.iter().map(|tool| tool.name.as_str()).collect();
        if names.is_empty() || names.len() != list.tools.len() || names.contains("") {
            return Err("the tools have no names of their own".to_owned());
        }
        let expected = self.expected_tools.unwrap_or(names.len());
        if names.len() != expected {
            return Err(format!("{} tools are listed instead of {expected}", names.len()));
        }
        if known.is_some() {
            return Err("the list of tools differs from the one before".to_owned());
        }
        *known = Surroundings::find(&number, body);
        Ok(())
    }

    fn check_stored_list(&self, body: &[u8]) -> Result<(), Wrong> {
        let mut known = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        match known.as_ref() {
            Some(list) if list.before == body => Ok(()),
            Some(_) => Err("the stored list differs from the one before".to_owned()),
            None => {
                read::<Reply<ToolList>>(body)?;
                *known = Some(Surroundings { before: body.to_vec(), behind: Vec::new() });
                Ok(())
            }
        }
    }

    fn check_order(&self, data: Data) -> Result<(), Wrong> {
        let order = data.order_id.or(data.id).ok_or("the answer names no order")?;
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if orders.contains(&order) {
            return Err(format!("the order {order} was answered twice"));
        }
        orders.insert(order);
        Ok(())
    }
}

impl Surroundings {
    fn find(number: &str, body: &[u8]) -> Option<Self> {
        let mark = format!("\"id\":{number}");
        let at = body.windows(mark.len()).position(|window| window == mark.as_bytes())?;
        let (before, rest) = body.split_at_checked(at + mark.len() - number.len())?;
        let behind = rest.get(number.len()..)?;
        Some(Self { before: before.to_vec(), behind: behind.to_vec() })
    }
}

fn same_customer(asked: &str, data: &Data) -> Result<(), Wrong> {
    match data.customer_id.as_deref().or(data.id.as_deref()) {
        Some(answered) if answered == asked => Ok(()),
        Some(answered) => Err(format!("{asked} was asked for and {answered} answered")),
        None => Err(format!("{asked} was asked for and no customer answered")),
    }
}

/// The data of a tool's answer that is neither an error, nor pending, nor a stored one.
fn read_call(id: u64, body: &[u8]) -> Result<Data, Wrong> {
    let result: CallResult = read_result(id, body)?;
    if result.is_error {
        let said = result.content.map(|content| content.to_string()).unwrap_or_default();
        return Err(format!("the tool failed: {}", excerpt(said.as_bytes())));
    }
    let envelope = result.structured_content.ok_or("the result has no structured content")?;
    if envelope.status != "ok" {
        return Err(format!("the status is {} instead of ok", envelope.status));
    }
    if envelope.replayed {
        return Err("the answer is the stored one of another call".to_owned());
    }
    envelope.data.ok_or_else(|| "the answer has no data".to_owned())
}

fn read_result<T: DeserializeOwned>(id: u64, body: &[u8]) -> Result<T, Wrong> {
    let reply: Reply<T> = read(body)?;
    if let Some(error) = reply.error {
        return Err(format!("JSON-RPC error: {error}"));
    }
    if reply.id != Some(id) {
        return Err(format!("{id} was asked and {:?} answered", reply.id));
    }
    reply.result.ok_or_else(|| "the answer has neither result nor error".to_owned())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Wrong> {
    serde_json::from_slice(body).map_err(|error| format!("{error} in {}", excerpt(body)))
}

fn excerpt(body: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(body.get(..300).unwrap_or(body))
}

#[cfg(test)]
mod tests {
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
        let checked =
            Checker::default().check(&lookup("CUST-10042"), 7, 200, &answered(7, envelope));
        assert_eq!(checked, Ok(()));
    }

    #[test]
    fn another_customer_is_wrong() {
        let envelope = r#"{"say":"Ben.","status":"ok","data":{"customer_id":"CUST-10043"}}"#;
        let checked =
            Checker::default().check(&lookup("CUST-10042"), 7, 200, &answered(7, envelope));
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
}

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
    seen: Mutex<Seen>,
}

/// What the answers of any tools were like.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// How many bytes the longest text block had.
    pub longest_text: u64,
    /// How many calls now wait for somebody's decision.
    pub waiting: u64,
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

/// An answer of which everything is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnyResult {
    #[serde(default)]
    is_error: bool,
    structured_content: Option<serde_json::Value>,
    #[serde(default)]
    content: Vec<Block>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    say: String,
    status: String,
    #[serde(default)]
    replayed: bool,
}

#[derive(Deserialize)]
struct Block {
    text: String,
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
            Ask::Call(_) => self.check_call(&read_result(id, body)?),
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

    /// Any tool's answer: it went well or waits, is no stored one, and its text block alone says
    /// everything.
    fn check_call(&self, result: &AnyResult) -> Result<(), Wrong> {
        let text = match result.content.as_slice() {
            [only] => only.text.as_str(),
            blocks => return Err(format!("there are {} text blocks", blocks.len())),
        };
        if result.is_error {
            return Err(format!("the tool failed: {}", excerpt(text.as_bytes())));
        }
        let whole: serde_json::Value = read(text.as_bytes())?;
        if result.structured_content.as_ref() != Some(&whole) {
            return Err("the text block and the structured content differ".to_owned());
        }
        let said: Said = read(text.as_bytes())?;
        if said.say.is_empty() {
            return Err("the answer says nothing".to_owned());
        }
        if said.replayed {
            return Err("the answer is the stored one of another call".to_owned());
        }
        let waiting = said.status == "approval_pending";
        if said.status != "ok" && !waiting {
            let text = excerpt(text.as_bytes());
            return Err(format!("the status is {} instead of ok: {text}", said.status));
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.longest_text = seen.longest_text.max(text.len().try_into().unwrap_or(u64::MAX));
        seen.waiting += u64::from(waiting);
        Ok(())
    }

    /// What the answers of any tools were like so far.
    pub fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
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
mod tests;

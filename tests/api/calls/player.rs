//! Plays a call: one POST a tool call, with curl's default headers and without a handshake, as the platforms'
//! examples do, and a conversation header that is new with each ring.

use std::collections::BTreeMap;

use business_mcp::{access::role, payments::ledgers};
use business_mcp_engine::speech::phrases;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::script::{Call, Check, Heard, Script, Step, What};
use crate::support::{Reply, TestServer};

/// The longest answer, in bytes of its text.
const LONGEST_ANSWER: usize = 8 * 1024;

/// What a call was like.
#[derive(Default)]
pub struct Played {
    /// What was heard, by the line of the tool call.
    pub heard: Vec<(usize, Heard)>,
    /// What is not as it is written, each with file and line.
    pub faults: Vec<String>,
}

/// Plays a call to its end. With `update` another wording is no fault; everything else still is.
pub async fn play(server: &TestServer, script: &Script, update: bool) -> Played {
    let mut line =
        Line { server, script, rings: 1, kept: BTreeMap::new(), played: Played::default() };
    for step in &script.steps {
        match step {
            Step::Call(call) => {
                let reply = line.dial(call).await;
                line.listen(call, &reply, update);
            }
            Step::Decide { line: number, denial } => line.decide(*number, denial.as_deref()).await,
            Step::HangUp => line.rings += 1,
            Step::Pass { minutes } => server.advance(*minutes),
        }
    }
    for call in &script.afterwards {
        let desk = server.as_role(role::DESK);
        let reply = desk.call(&call.tool, line.filled(&call.arguments)).await;
        line.compare(call, &reply, false);
    }
    let mut tx = server.db.read().await.unwrap().of("demo");
    let differences = ledgers::differences(&mut tx).await.unwrap();
    if !differences.none() {
        line.fault(0, &format!("the books do not add up: {differences:?}"));
    }
    line.played
}

/// The line, the caller on it and what the agent remembers.
struct Line<'a> {
    server: &'a TestServer,
    script: &'a Script,
    /// How often it rang; each ring is a conversation.
    rings: usize,
    kept: BTreeMap<String, Value>,
    played: Played,
}

impl Line<'_> {
    fn fault(&mut self, line: usize, what: &str) {
        self.played.faults.push(format!("{}:{line}: {what}", self.script.file));
    }

    /// A tool call as a platform makes it: a connection of its own.
    async fn dial(&self, call: &Call) -> Reply {
        let agent = self.server.as_subject(role::AGENT, "phone");
        let params = json!({ "name": call.tool, "arguments": self.filled(&call.arguments) });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let request = agent
            .http
            .post(format!("{}/mcp?toolset=voice", self.server.url))
            .bearer_auth(&agent.token)
            .header("user-agent", "curl/8.14.1")
            .header("accept", "*/*")
            .header("content-type", "application/json")
            .header("x-conversation-id", format!("{}-{}", self.script.file, self.rings));
        let answer = request.body(body.to_string()).send().await.unwrap();
        let http = answer.status();
        Reply { http, body: answer.json().await.unwrap() }
    }

    /// Hears an answer, and holds it against what every answer has to be.
    fn listen(&mut self, call: &Call, reply: &Reply, update: bool) {
        self.compare(call, reply, update);
        if let Some(heard) = heard(reply) {
            if call.answer.is_none() && !update {
                self.fault(call.line, &format!("nothing answers this; it is `<- {heard}`"));
            }
            if let Heard::Say(say) = &heard
                && !(phrases::is_speakable(say) && phrases::sentences(say) <= 2)
            {
                self.fault(call.line, &format!("this cannot be spoken: {say}"));
            }
            self.played.heard.push((call.line, heard));
        }
        let text = reply.body.pointer("/result/content/0/text").and_then(Value::as_str);
        let length = text.map_or(0, str::len);
        if length > LONGEST_ANSWER {
            self.fault(call.line, &format!("the answer has {length} bytes"));
        }
    }

    fn compare(&mut self, call: &Call, reply: &Reply, update: bool) {
        let Some(heard) = heard(reply) else {
            return self
                .fault(call.line, &format!("no answer of a tool: {} {}", reply.http, reply.body));
        };
        if let Some((line, expected)) = &call.answer
            && *expected != heard
            && !update
        {
            self.fault(*line, &format!("expected  {expected}\n  but heard {heard}"));
        }
        let found = match &heard {
            Heard::Say(_) => reply.answer().clone(),
            Heard::Error { .. } => reply.body["result"]["_meta"].clone(),
        };
        for check in &call.checks {
            if let Err(why) = self.check(check, &found) {
                self.fault(check.line, &why);
            }
        }
    }

    fn check(&mut self, check: &Check, found: &Value) -> Result<(), String> {
        let path = &check.path;
        let value = found.pointer(&format!("/{}", path.replace('.', "/")));
        match &check.what {
            What::Is(expected) => {
                let expected = self.filled(expected);
                let is_so = value == Some(&expected);
                let value = value.unwrap_or(&Value::Null);
                is_so.then_some(()).ok_or_else(|| format!("{path} is {value} and not {expected}"))
            }
            What::Absent => value.map_or(Ok(()), |value| Err(format!("{path} is there: {value}"))),
            What::Has(count) => {
                let list = value.and_then(Value::as_array);
                let length =
                    list.ok_or_else(|| format!("there is no list {path} in {found}"))?.len();
                (length == *count)
                    .then_some(())
                    .ok_or_else(|| format!("{path} has {length} and not {count}"))
            }
            What::Keep(name) => {
                let value =
                    value.ok_or_else(|| format!("there is no {path} to keep in {found}"))?;
                self.kept.insert(name.clone(), value.clone());
                Ok(())
            }
        }
    }

    /// The value with what was kept in place of its name.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let kept = text.strip_prefix('$').and_then(|name| self.kept.get(name));
                kept.unwrap_or(value).clone()
            }
            Value::Array(values) => values.iter().map(|value| self.filled(value)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (name.clone(), self.filled(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// A colleague decides about the one request that waits.
    async fn decide(&mut self, line: usize, denial: Option<&str>) {
        let approver = self.server.approver();
        let waiting = approver.api("GET", "?status=pending", None).await;
        let mut waiting = waiting.body["approvals"].as_array().cloned().unwrap_or_default();
        // One whose time is over may stand there until the server has swept it up.
        let now = self.server.clock.now();
        waiting.retain(|request| {
            let ends =
                request["expires_at"].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok());
            ends.is_some_and(|ends| ends > now)
        });
        let [request] = waiting.as_slice() else {
            return self.fault(line, &format!("{} requests wait, and not one", waiting.len()));
        };
        let id = request["approval_id"].as_str().unwrap_or_default();
        let (reply, expected) = match denial {
            None => (approver.approve(id).await, "executed"),
            Some(reason) => {
                let body = json!({ "reason": reason });
                (approver.api("POST", &format!("/{id}/deny"), Some(body)).await, "denied")
            }
        };
        if reply.body["status"] != expected {
            self.fault(line, &format!("the decision ends otherwise: {}", reply.body));
        }
    }
}

/// What an answer says; none where it is the answer of no tool.
fn heard(reply: &Reply) -> Option<Heard> {
    let result = reply.body.get("result")?;
    if reply.is_error() {
        let (code, sentence) = (reply.error().to_owned(), reply.sentence().to_owned());
        return Some(Heard::Error { code, sentence });
    }
    let say = result.pointer("/structuredContent/say")?.as_str()?;
    Some(Heard::Say(say.to_owned()))
}

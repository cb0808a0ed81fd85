//! Reads the transcript of a phone call.
//!
//! A transcript is for people first: what the caller and the agent say, what the agent's model calls and what
//! it hears. Its lines:
//!
//! ```text
//! # 1. The title, and in the lines below what the call is about.
//! Caller: What is said. It goes on
//!   in lines that are indented.
//! Agent: The same.
//! -> tool {"argument": "what was heard"}
//! <- The answer's `say`, exactly.
//!    data.total.amount is "53.98"
//!    data.email is absent
//!    candidates has 2
//!    keep data.order_id as $order
//! -> tool {"order_id": "$order"}
//! <- error not_found: The sentence, exactly.
//! Approver: approves
//! Approver: denies (with this reason)
//! Hangs up.
//! 15 minutes pass.
//! Afterwards:
//! -> tool {"order_id": "$order"}
//!    data.status is "pending"
//! ```
//!
//! Of a failed call the lines below `<-` look into `_meta`. Below `Afterwards:` the desk looks what has become of it.

use std::fmt;

use serde_json::Value;

use super::reader::Reader;

/// A transcript that can be played.
#[derive(Debug)]
pub struct Script {
    pub file: String,
    pub title: String,
    /// The calls, from the first ring to the last hang-up.
    pub steps: Vec<Step>,
    /// What is looked at in the end.
    pub afterwards: Vec<Call>,
    source: String,
}

/// Something that happens.
#[derive(Debug)]
pub enum Step {
    Call(Call),
    /// A person decides about the request that waits: none approves, a reason denies.
    Decide {
        line: usize,
        denial: Option<String>,
    },
    /// What comes next is another conversation.
    HangUp,
    Pass {
        minutes: i64,
    },
}

/// A tool call and what is expected of its answer.
#[derive(Debug)]
pub struct Call {
    pub line: usize,
    pub tool: String,
    pub arguments: Value,
    /// The line of `<-`, and what stands there.
    pub answer: Option<(usize, Heard)>,
    pub checks: Vec<Check>,
    /// The last line of the call itself, below which an answer is written.
    pub last_line: usize,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Say(String),
    Error { code: String, sentence: String },
}

/// One thing about an answer's data.
#[derive(Debug)]
pub struct Check {
    pub line: usize,
    /// Names and places, such as `data.items.0.sku`.
    pub path: String,
    pub what: What,
}

#[derive(Debug, PartialEq)]
pub enum What {
    Is(Value),
    Absent,
    Has(usize),
    /// Its value has this name from here on.
    Keep(String),
}

/// What is wrong with a transcript, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    pub file: String,
    pub line: usize,
    pub why: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.why)
    }
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Say(say) => f.write_str(say),
            Self::Error { code, sentence } => write!(f, "error {code}: {sentence}"),
        }
    }
}

impl Script {
    /// Reads a transcript; `file` is what faults name.
    pub fn parse(file: &str, source: &str) -> Result<Self, Broken> {
        let mut reader = Reader::default();
        let mut number = 0;
        let broken = |line, why: String| Broken { file: file.to_owned(), line, why };
        for line in source.lines() {
            number += 1;
            reader.line(number, line).map_err(|why| broken(number, why))?;
        }
        reader.end_of_call().map_err(|why| broken(number, why))?;
        let Some(title) = reader.title else {
            return Err(broken(1, "the first line is no title, such as `# 1. Who calls`".into()));
        };
        if !reader.is_spoken {
            return Err(broken(number, "nobody calls: there is no `Caller:`".into()));
        }
        let afterwards = reader.afterwards.unwrap_or_default();
        let is_looked_at = |call: &Call| call.answer.is_some() || !call.checks.is_empty();
        if !afterwards.iter().any(is_looked_at) {
            return Err(broken(number, "nothing is looked at under `Afterwards:`".into()));
        }
        if let Some(call) = afterwards.iter().find(|call| !is_looked_at(call)) {
            return Err(broken(call.line, "nothing is said of what this answers".into()));
        }
        let (file, source) = (file.to_owned(), source.to_owned());
        Ok(Self { file, title, steps: reader.steps, afterwards, source })
    }

    /// The transcript with what was really heard; what stands under `Afterwards:` stays. Each answer is
    /// named by the line of its call.
    pub fn rewritten(&self, heard: &[(usize, Heard)]) -> String {
        let mut lines: Vec<String> = self.source.lines().map(str::to_owned).collect();
        let calls = self.steps.iter().filter_map(|step| match step {
            Step::Call(call) => Some(call),
            _ => None,
        });
        // From the end, so that the numbers of the lines before stay right.
        for call in calls.collect::<Vec<_>>().into_iter().rev() {
            let Some((_, heard)) = heard.iter().find(|(line, _)| *line == call.line) else {
                continue;
            };
            let written = format!("<- {heard}");
            match &call.answer {
                Some((line, _)) => lines[line - 1] = written,
                None => lines.insert(call.last_line, written),
            }
        }
        lines.join("\n") + "\n"
    }
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;

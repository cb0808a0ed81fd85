//! Reads a transcript line by line; `script.rs` says what the lines are.

use std::collections::BTreeSet;

use business_mcp_engine::tool::ErrorCode;
use serde_json::{Value, json};

use super::script::{Call, Check, Heard, Step, What};

/// Which lines may be indented below the last one.
#[derive(Default, PartialEq)]
enum Below {
    #[default]
    Nothing,
    Speech,
    /// A call whose arguments are not complete yet.
    Arguments,
    Checks,
}

/// What was read so far.
#[derive(Default)]
pub struct Reader {
    pub title: Option<String>,
    pub steps: Vec<Step>,
    pub afterwards: Option<Vec<Call>>,
    below: Below,
    /// What is written of the last call's arguments.
    written: String,
    names: BTreeSet<String>,
    pub is_spoken: bool,
}

impl Reader {
    /// Reads one line, counted from one.
    pub fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        let text = line.trim();
        if self.title.is_none() {
            let title = text
                .strip_prefix("# ")
                .ok_or("the first line is no title, such as `# 1. Who calls`")?;
            self.title = Some(title.to_owned());
        } else if text.is_empty() || text.starts_with('#') {
            self.end_of_call()?;
            self.below = Below::Nothing;
        } else if line.starts_with(char::is_whitespace) {
            self.indented(number, text)?;
        } else {
            self.end_of_call()?;
            self.statement(number, text)?;
        }
        Ok(())
    }

    fn statement(&mut self, number: usize, text: &str) -> Result<(), String> {
        if let Some(rest) = text.strip_prefix("-> ") {
            return self.call(number, rest);
        }
        if let Some(heard) = text.strip_prefix("<- ") {
            return self.heard(number, heard.trim());
        }
        self.below = Below::Nothing;
        if self.afterwards.is_some() {
            return Err("under `Afterwards:` are only `->`, `<-` and what is looked at".into());
        }
        for speaker in ["Caller: ", "Agent: "] {
            if text.starts_with(speaker) {
                self.is_spoken |= speaker == "Caller: ";
                self.below = Below::Speech;
                return Ok(());
            }
        }
        let step = match text {
            "Afterwards:" => {
                self.afterwards = Some(Vec::new());
                return Ok(());
            }
            "Hangs up." => Step::HangUp,
            "Approver: approves" => Step::Decide { line: number, denial: None },
            _ if text.starts_with("Approver: ") => {
                let reason =
                    text.strip_prefix("Approver: denies (").and_then(|of| of.strip_suffix(')'));
                let reason = reason.ok_or("an approver `approves` or `denies (reason)`")?;
                Step::Decide { line: number, denial: Some(reason.to_owned()) }
            }
            _ => {
                let minutes = text.strip_suffix(" minutes pass.").and_then(|n| n.parse().ok());
                let minutes =
                    minutes.ok_or_else(|| format!("`{text}` is nothing that happens in a call"))?;
                Step::Pass { minutes }
            }
        };
        self.steps.push(step);
        Ok(())
    }

    fn indented(&mut self, number: usize, text: &str) -> Result<(), String> {
        match self.below {
            Below::Nothing => Err("nothing stands above this that could go on here".into()),
            Below::Speech => Ok(()),
            Below::Arguments => {
                self.written = format!("{} {text}", self.written);
                self.arguments(number)
            }
            Below::Checks => {
                let check = check(number, text)?;
                match &check.what {
                    What::Is(value) => self.known(value)?,
                    What::Keep(name) => {
                        self.names.insert(name.clone());
                    }
                    What::Absent | What::Has(_) => {}
                }
                self.last_call().ok_or("this belongs to no call")?.checks.push(check);
                Ok(())
            }
        }
    }

    fn call(&mut self, number: usize, text: &str) -> Result<(), String> {
        let (tool, arguments) = text.split_once(' ').unwrap_or((text, "{}"));
        if !tool.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            return Err(format!("`{tool}` is no name of a tool"));
        }
        let call = Call {
            line: number,
            tool: tool.to_owned(),
            arguments: json!({}),
            answer: None,
            checks: Vec::new(),
            last_line: number,
        };
        match &mut self.afterwards {
            Some(calls) => calls.push(call),
            None => self.steps.push(Step::Call(call)),
        }
        arguments.clone_into(&mut self.written);
        self.arguments(number)
    }

    /// Reads what is written of the arguments so far; they may go on in the next line.
    fn arguments(&mut self, number: usize) -> Result<(), String> {
        let arguments: Value = match serde_json::from_str(&self.written) {
            Ok(arguments) => arguments,
            Err(error) if error.is_eof() => {
                self.below = Below::Arguments;
                return Ok(());
            }
            Err(error) => return Err(format!("the arguments are no JSON: {error}")),
        };
        if !arguments.is_object() {
            return Err("the arguments are no JSON object".into());
        }
        self.known(&arguments)?;
        self.below = Below::Checks;
        let call = self.last_call().ok_or("this belongs to no call")?;
        (call.arguments, call.last_line) = (arguments, number);
        Ok(())
    }

    fn heard(&mut self, number: usize, text: &str) -> Result<(), String> {
        let heard = match text.strip_prefix("error ") {
            None => Heard::Say(text.to_owned()),
            Some(rest) => {
                let (code, sentence) =
                    rest.split_once(": ").ok_or("an error is `error code: sentence`")?;
                if ErrorCode::parse(code).is_none() {
                    return Err(format!("`{code}` is no code of an error"));
                }
                Heard::Error { code: code.to_owned(), sentence: sentence.to_owned() }
            }
        };
        let call = self.last_call().filter(|call| call.answer.is_none() && call.checks.is_empty());
        let call = call.filter(|call| call.last_line + 1 == number);
        call.ok_or("nothing was called in the line above that this could answer")?.answer =
            Some((number, heard));
        self.below = Below::Checks;
        Ok(())
    }

    fn last_call(&mut self) -> Option<&mut Call> {
        match (&mut self.afterwards, self.steps.last_mut()) {
            (Some(calls), _) => calls.last_mut(),
            (None, Some(Step::Call(call))) => Some(call),
            _ => None,
        }
    }

    /// Whether the last call's arguments are complete.
    pub fn end_of_call(&self) -> Result<(), String> {
        if self.below == Below::Arguments {
            return Err("the arguments above are not complete".into());
        }
        Ok(())
    }

    /// Refuses a name that nothing was kept under.
    fn known(&self, value: &Value) -> Result<(), String> {
        match value {
            Value::String(text) => match text.strip_prefix('$') {
                Some(name) if !self.names.contains(name) => {
                    Err(format!("nothing was kept as ${name} above"))
                }
                _ => Ok(()),
            },
            Value::Array(values) => values.iter().try_for_each(|value| self.known(value)),
            Value::Object(fields) => fields.values().try_for_each(|value| self.known(value)),
            _ => Ok(()),
        }
    }
}

/// `path is JSON`, `path is absent`, `path has 2` or `keep path as $name`.
fn check(line: usize, text: &str) -> Result<Check, String> {
    let words: Vec<&str> = text.splitn(3, ' ').collect();
    let (path, what) = match words.as_slice() {
        ["keep", path, rest] => {
            let name = rest.strip_prefix("as $").filter(|name| !name.is_empty());
            (*path, What::Keep(name.ok_or("a value is kept `as $name`")?.to_owned()))
        }
        [path, "is", "absent"] => (*path, What::Absent),
        [path, "is", value] => {
            let value = serde_json::from_str(value).map_err(|_| format!("`{value}` is no JSON"))?;
            (*path, What::Is(value))
        }
        [path, "has", count] => {
            (*path, What::Has(count.parse().map_err(|_| format!("`{count}` is no count"))?))
        }
        _ => return Err(
            "this is not `path is value`, `path is absent`, `path has 2` or `keep path as $name`"
                .into(),
        ),
    };
    Ok(Check { line, path: path.to_owned(), what })
}

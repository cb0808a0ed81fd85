//! What waits for a person: each tool's own declaration, made stricter by a policy file.
//!
//! ```toml
//! version = "2026-11"
//!
//! [tools.order_create]
//! auto_approve_below = "100.00"   # smaller orders take effect at once
//! max_per_hour = 20               # what one caller does beyond this waits for a person
//!
//! [tools.crm_create_note]
//! approval = "requires_approval"
//! toolsets = ["desk"]             # no longer in those that are not named
//! ```
//!
//! A file can make a tool stricter, and can let small amounts pass where the tool's risk is low or
//! medium. It can never let a high risk pass without another person.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::claims::digest;
use crate::{
    money::{Currency, Money},
    text,
    tool::{Approval, Caller, Catalogue, ErrorCode, Risk, Spec, ToolError, Toolset},
};

/// More tools than this cost a voice model time and mistakes.
pub const MOST_VOICE_TOOLS: usize = 18;

/// The policy in force.
#[derive(Debug, Clone)]
pub struct Policy {
    version: String,
    tools: BTreeMap<String, Rule>,
}

/// What a file says of one tool.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    approval: Option<String>,
    risk: Option<String>,
    auto_approve_below: Option<String>,
    max_per_hour: Option<i64>,
    verified_caller: Option<bool>,
    toolsets: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Option<String>,
    #[serde(default)]
    tools: BTreeMap<String, Rule>,
}

/// What the policy says of one tool.
#[derive(Debug, Clone, Copy)]
pub struct Ruling<'a> {
    /// Whether a person decides.
    pub approval: Approval,
    /// How much harm a wrong call does here.
    pub risk: Risk,
    /// Calls worth less than this decimal amount take effect at once.
    pub auto_approve_below: Option<&'a str>,
    /// More of one caller's calls in an hour than this wait for a person.
    pub max_per_hour: Option<i64>,
    /// Whether the caller must be verified, unless the token holds `crm:pii`.
    pub verified_caller: bool,
    /// The only toolsets that the tool is left in; all of its own where it is not said.
    only_in: Option<&'a [String]>,
}

impl Ruling<'_> {
    /// Whether the tool is in a toolset.
    pub fn is_in(&self, spec: &Spec, toolset: Toolset) -> bool {
        let left = self.only_in.is_none_or(|only| only.iter().any(|set| set == toolset.as_str()));
        left && spec.is_in(toolset)
    }

    /// Whether a caller may call the tool at all.
    ///
    /// # Errors
    /// `disabled`, and `forbidden` where the token lacks the scope or its role has no such tool.
    pub fn admit(&self, spec: &Spec, caller: &Caller) -> Result<(), ToolError> {
        if self.approval == Approval::Disabled {
            let title = spec.title;
            let off = text!(
                "That is switched off here: {title}. Offer the caller a person instead.",
                title
            );
            return Err(ToolError::new(ErrorCode::Disabled, off));
        }
        match spec.scope {
            Some(scope) if !caller.may(spec.scope) => {
                let name = spec.name;
                let lacks = text!(
                    "This token may not use {name}: it lacks the scope {scope}.",
                    name,
                    scope
                );
                Err(ToolError::new(ErrorCode::Forbidden, lacks))
            }
            _ if !caller.reaches(|toolset| self.is_in(spec, toolset)) => {
                let (name, role) = (spec.name, caller.role.map_or("", |role| role.name));
                let outside = text!(
                    "This token may not use {name}: its role {role} does not have that tool.",
                    name,
                    role
                );
                Err(ToolError::new(ErrorCode::Forbidden, outside))
            }
            _ => Ok(()),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self { version: "built-in".to_owned(), tools: BTreeMap::new() }
    }
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// A sentence that names the line or the tool.
    pub fn parse(toml: &str) -> Result<Self, String> {
        let file: File = toml::from_str(toml).map_err(|error| {
            // One sentence: the library would draw the line as well.
            let before = error.span().and_then(|span| toml.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            let why = error.message().lines().collect::<Vec<_>>().join(", ");
            format!("the policy file cannot be read: line {line}: {why}")
        })?;
        // The text's own digest, so that a forgotten version cannot hide a change.
        let digest: String = digest(toml).chars().take(12).collect();
        let version = file.version.map_or(digest.clone(), |name| format!("{name}+{digest}"));
        Ok(Self { version, tools: file.tools })
    }

    /// The version, as it is stored with each request.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the policy says of a tool.
    pub fn ruling(&self, spec: &Spec) -> Ruling<'_> {
        let rule = self.tools.get(spec.name);
        let word = |word: fn(&Rule) -> Option<&str>| rule.and_then(word);
        Ruling {
            approval: word(|rule| rule.approval.as_deref())
                .and_then(Approval::parse)
                .unwrap_or(spec.approval),
            risk: word(|rule| rule.risk.as_deref()).and_then(Risk::parse).unwrap_or(spec.risk),
            auto_approve_below: rule.and_then(|rule| rule.auto_approve_below.as_deref()),
            max_per_hour: rule.and_then(|rule| rule.max_per_hour),
            verified_caller: rule.and_then(|rule| rule.verified_caller).unwrap_or(false),
            only_in: rule.and_then(|rule| rule.toolsets.as_deref()),
        }
    }

    /// What to do where the voice toolset has more tools than voice models choose well from; `None` where it has not.
    pub fn crowded_voice(&self, catalogue: &Catalogue) -> Option<String> {
        let in_voice = |spec: &&Spec| {
            let ruling = self.ruling(spec);
            ruling.approval != Approval::Disabled && ruling.is_in(spec, Toolset::VOICE)
        };
        let tools: Vec<&Spec> = catalogue.iter().map(|entry| entry.spec).filter(in_voice).collect();
        let last = tools.last().filter(|_| tools.len() > MOST_VOICE_TOOLS)?.name;
        Some(format!(
            "the voice toolset has {} tools, and voice models choose well from {MOST_VOICE_TOOLS}: leave some \
             out of it in POLICY_FILE, such as [tools.{last}] with toolsets = [] or the other sets",
            tools.len()
        ))
    }

    /// Whether the policy fits the tools and makes none of them laxer than it may be.
    ///
    /// # Errors
    /// A sentence that names the tool and the setting.
    pub fn check(&self, catalogue: &Catalogue) -> Result<(), String> {
        let toolsets = catalogue.toolsets();
        for (name, rule) in &self.tools {
            let Some(entry) = catalogue.find(name).filter(|entry| entry.spec.name == name) else {
                return Err(format!("the policy names {name}, which is not a tool"));
            };
            rule.check(entry.spec, &toolsets)
                .map_err(|why| format!("in the policy, {name}: {why}"))?;
        }
        Ok(())
    }
}

impl Rule {
    fn check(&self, spec: &Spec, toolsets: &[Toolset]) -> Result<(), String> {
        let risk = match self.risk.as_deref().map(|word| (word, Risk::parse(word))) {
            None => spec.risk,
            Some((_, Some(risk))) if risk >= spec.risk => risk,
            Some((word, Some(_))) => {
                return Err(format!("risk {word} is lower than the tool's own"));
            }
            Some((word, None)) => {
                return Err(format!("risk {word} is none of low, medium, high, critical"));
            }
        };
        let approval = match self.approval.as_deref().map(|word| (word, Approval::parse(word))) {
            None => spec.approval,
            Some((word, None)) => {
                return Err(format!(
                    "approval {word} is none of auto_approved, requires_approval, disabled"
                ));
            }
            Some((_, Some(Approval::AutoApproved))) if spec.approval != Approval::AutoApproved => {
                return Err(
                    "it cannot be auto_approved; let small amounts pass with auto_approve_below"
                        .to_owned(),
                );
            }
            Some((_, Some(approval))) => approval,
        };
        if risk >= Risk::High && approval == Approval::AutoApproved && spec.risk < Risk::High {
            return Err("a risk raised to high needs approval = \"requires_approval\"".to_owned());
        }
        if let Some(amount) = &self.auto_approve_below {
            if risk >= Risk::High {
                return Err("auto_approve_below is not for high or critical risk".to_owned());
            }
            let amount = Money::parse(amount, Currency::USD)
                .map_err(|why| format!("auto_approve_below {why}"))?;
            if amount.minor < 0 {
                return Err("auto_approve_below cannot be negative".to_owned());
            }
        }
        for name in self.toolsets.iter().flatten() {
            let own = toolsets.iter().filter(|toolset| spec.is_in(**toolset));
            let own: Vec<&str> = own.map(|toolset| toolset.as_str()).collect();
            if !own.contains(&name.as_str()) {
                let own = own.join(", ");
                return Err(format!("it is not in the toolset {name}, and can be left in: {own}"));
            }
        }
        if self.max_per_hour.is_some() && !spec.effect.writes() {
            return Err("max_per_hour counts what is changed, and this tool only reads".to_owned());
        }
        if self.max_per_hour.is_some_and(|most| most < 0) {
            return Err("max_per_hour cannot be negative".to_owned());
        }
        Ok(())
    }
}

impl Ruling<'_> {
    /// Whether an amount is small enough to pass without a person.
    pub(super) fn lets_pass(&self, amount: Option<Money>) -> bool {
        let (Some(below), Some(amount)) = (self.auto_approve_below, amount) else {
            return false;
        };
        // A threshold with cents says nothing about a currency without them: then a person decides.
        Money::parse(below, amount.currency).is_ok_and(|below| amount.minor < below.minor)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{approvals::ApprovalStatus, tool::catalogue::Entry};

    fn tools(many: usize) -> Catalogue {
        let tool = Arc::new(Entry::of(ApprovalStatus));
        (0..many).fold(Catalogue::default(), |tools, _| tools.with_entry(tool.clone()))
    }

    #[test]
    fn a_crowded_voice_toolset_is_named_with_what_to_do() {
        let policy = Policy::default();
        assert_eq!(policy.crowded_voice(&tools(MOST_VOICE_TOOLS)), None);
        let crowded = policy.crowded_voice(&tools(MOST_VOICE_TOOLS + 1)).unwrap();
        assert!(crowded.contains("19 tools"), "{crowded}");
        assert!(crowded.contains("[tools.approval_status] with toolsets = []"), "{crowded}");
        let less = Policy::parse("[tools.approval_status]\ntoolsets = [\"desk\"]").unwrap();
        assert_eq!(less.crowded_voice(&tools(MOST_VOICE_TOOLS + 1)), None);
    }

    #[test]
    fn a_policy_adds_no_tool_to_a_toolset() {
        let policy = Policy::parse("[tools.approval_status]\ntoolsets = [\"kitchen\"]").unwrap();
        let why = policy.check(&tools(1)).unwrap_err();
        assert!(
            why.starts_with("in the policy, approval_status: it is not in the toolset kitchen")
        );
    }
}

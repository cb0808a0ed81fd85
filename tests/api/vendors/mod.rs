//! What each vendor takes of a tool: its rules, one file a vendor, held against every tool.
//!
//! One tool that breaks a rule makes some clients drop the whole list. A rule is a pure function over
//! a tool as it is listed, and comes with a tool that breaks it, so that no rule passes because it
//! finds nothing. What is missing from a vendor's file is what nobody has seen it refuse.

mod anthropic;
mod elevenlabs;
mod gemini;
mod livekit;
mod nova_sonic;
mod openai;
mod openai_strict;
mod pipecat;
mod schema;
mod vapi;
mod voice;

use std::collections::BTreeSet;

use business_mcp::application;
use serde_json::{Value, json};

/// What a vendor refuses, or does badly with.
struct Rule {
    name: &'static str,
    /// Where a tool breaks it, if it does.
    finds: fn(&Value) -> Option<String>,
    /// A place in [`sound`], and what stands there in a tool that breaks the rule.
    broken: (&'static str, fn() -> Value),
}

const VENDORS: [(&str, &[Rule]); 9] = [
    ("OpenAI", &openai::RULES),
    ("OpenAI, strict", &openai_strict::RULES),
    ("Anthropic", &anthropic::RULES),
    ("Gemini", &gemini::RULES),
    ("ElevenLabs", &elevenlabs::RULES),
    ("Pipecat", &pipecat::RULES),
    ("LiveKit", &livekit::RULES),
    ("Vapi", &vapi::RULES),
    ("Nova Sonic", &nova_sonic::RULES),
];

/// A tool that every vendor takes.
fn sound() -> Value {
    json!({
        "name": "order_place",
        "description": "Place an order.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "customer": { "type": "string", "description": "Who orders." },
                "items": {
                    "type": "array",
                    "description": "What is ordered.",
                    "items": {
                        "type": "object",
                        "properties": {
                            "sku": { "type": "string", "description": "Which." },
                            "quantity": { "type": "integer", "description": "How many." },
                        },
                        "required": ["sku"],
                    },
                },
                "speed": { "type": "string", "enum": ["slow", "fast"], "description": "How." },
                "gift": { "type": "boolean", "description": "Whether it is wrapped." },
            },
            "required": ["customer", "items"],
        },
    })
}

/// [`sound`] with one place changed.
fn broken((place, value): (&str, fn() -> Value)) -> Value {
    let mut tool = sound();
    let (parent, key) = place.rsplit_once('/').unwrap();
    let parent = tool.pointer_mut(parent).unwrap_or_else(|| panic!("{place} is nowhere"));
    parent.as_object_mut().unwrap().insert(key.to_owned(), value());
    tool
}

/// Every tool of the server, as it is listed.
fn listed() -> Vec<Value> {
    let tool = |entry: &std::sync::Arc<business_mcp_engine::tool::catalogue::Entry>| {
        json!({
            "name": entry.spec.name,
            "description": entry.spec.description,
            "inputSchema": &*entry.input_schema,
        })
    };
    application().tools(Vec::new()).iter().map(tool).collect()
}

#[test]
fn every_tool_keeps_every_vendors_rules() {
    let mut found = Vec::new();
    for tool in listed() {
        for (vendor, rules) in VENDORS {
            let broken = rules.iter().filter_map(|rule| Some((rule.name, (rule.finds)(&tool)?)));
            found.extend(broken.map(|(rule, at)| {
                format!("{} at {at}, for {vendor}: {rule}", tool["name"].as_str().unwrap())
            }));
        }
    }
    assert!(found.is_empty(), "\n{}\nMend src/toolkit/schema.rs.", found.join("\n"));
}

#[test]
fn every_rule_finds_what_breaks_it_and_nothing_else() {
    for (vendor, rules) in VENDORS {
        let names: BTreeSet<&str> = rules.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), rules.len(), "{vendor}: a rule has a name of its own");
        for rule in rules {
            let wrongly = (rule.finds)(&sound());
            assert_eq!(wrongly, None, "{vendor}, {}: a sound tool", rule.name);
            let found = (rule.finds)(&broken(rule.broken));
            assert!(found.is_some(), "{vendor}, {}: {}", rule.name, broken(rule.broken));
        }
    }
}

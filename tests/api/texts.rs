//! Everything that is said passes through `text!`, and `docs/texts.toml` has it all for whoever adds a
//! language.
//!
//! `UPDATE=1 scripts/test texts` writes the file anew.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use business_mcp::access::role;
use business_mcp_engine::{auth::Grant, speech::words};
use serde_json::json;

use crate::{
    books::{change, open_other_shop},
    module_boundaries::sources,
    support::{TENANT, servers},
};

const FILE: &str = "docs/texts.toml";

/// Where sentences for agents are made.
const SPEAKING: [&str; 8] = [
    "src/analytics",
    "src/catalog",
    "src/customers",
    "src/orders",
    "src/support",
    "engine/src/approvals",
    "engine/src/gate",
    "engine/src/tool",
];

/// What looks like a sentence in the midst of code and is none.
const NO_SENTENCES: [(&str, &str); 7] = [
    ("engine/src/tool/conversation.rs", "what is wrong with a header is for the log"),
    ("engine/src/tool/incident.rs", "what went wrong inside is for the log"),
    ("engine/src/testing/mod.rs", "for tests"),
    ("engine/src/gate/policy.rs", "the policy file's faults are for the operator"),
    ("engine/src/tool/scope.rs", "scopes as a token has them"),
    ("engine/src/tool/fit.rs", "no sentences"),
    ("engine/src/tool/schema.rs", "faults of a tool's author"),
];

/// A string literal, and the code in front of it.
struct Literal<'a> {
    before: &'a str,
    text: String,
}

/// The string literals of a file, those of tests, attributes, comments and constants left out.
fn literals(source: &str) -> Vec<Literal<'_>> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = code[at..].find(['"', '/', '#', '\'']) {
        let here = at + next;
        let rest = &code[here..];
        at = here
            + if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("#[") {
                rest.find("]\n").unwrap_or(rest.len())
            } else if rest.starts_with("'\"'") || rest.starts_with("'\\'") {
                3
            } else if rest.starts_with('"') {
                let end = end_of(rest);
                let text = unescaped(&rest[1..end]);
                found.push(Literal { before: code[..here].trim_end(), text });
                end + 1
            } else {
                1
            };
    }
    found
}

fn end_of(literal: &str) -> usize {
    let mut escaped = false;
    let end = literal.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(literal.len() - 1, |(at, _)| at)
}

/// The text of a literal whose lines are joined with a backslash.
fn unescaped(literal: &str) -> String {
    let mut lines = literal.split("\\\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let joined = lines.fold(first, |text, line| text + line.trim_start());
    joined.replace("\\\"", "\"")
}

impl Literal<'_> {
    fn is_translated(&self) -> bool {
        self.before.ends_with("text!(")
    }

    /// A sentence, or something with values and words that is put into one.
    fn is_said(&self) -> bool {
        let (first, last) = (self.text.chars().next(), self.text.chars().last());
        let sentence = first.is_some_and(char::is_uppercase)
            && last.is_some_and(|c| ".?!".contains(c))
            && self.text.contains(' ');
        let plain: String = without_names(&self.text);
        let words = plain.split_whitespace().filter(|word| word.chars().all(char::is_alphabetic));
        let formatted = self.before.ends_with("format!(") && words.count() > 1;
        // Words that are put into a sentence somewhere else.
        let fragment = self.text.starts_with(|c: char| c.is_lowercase() || c == ' ')
            && words_of(&self.text) > 1;
        // What a model reads in a schema is no sentence of an answer, nor is what goes to the log.
        let elsewhere = [
            "description:",
            "\"description\":",
            "title:",
            "reason =",
            "internal(",
            "word(",
            "not_found(",
            "Busy(",
            // A pattern that is compared with.
            " |",
            ".format(",
        ];
        let line = self.before.rsplit([';', '{', '}']).next().unwrap_or_default();
        let unheard = ["tracing::", "assert", "panic", "const ", "count(", "replacen("];
        (sentence || formatted || fragment)
            && !unheard.iter().any(|place| line.contains(place))
            && !elsewhere.iter().any(|place| self.before.ends_with(place))
    }
}

/// How many words of letters a text has.
fn words_of(text: &str) -> usize {
    let plain = without_names(text);
    let words = plain.split_whitespace();
    words.filter(|word| word.chars().all(|c| c.is_alphabetic() || ",.'-".contains(c))).count()
}

fn without_names(text: &str) -> String {
    let mut inside = false;
    let outside = text.chars().filter(|c| {
        inside = (inside || *c == '{') && *c != '}';
        !inside && *c != '}'
    });
    outside.collect()
}

#[test]
fn every_sentence_passes_where_another_language_has_its_own() {
    let rooms = SPEAKING.iter().flat_map(|room| sources(room));
    let mut passed_by = Vec::new();
    for (path, source) in rooms {
        let excused = NO_SENTENCES.iter().any(|(excused, _)| *excused == path);
        if excused
            || path.contains("/sql/")
            // What is wrong with a file is told to whoever imports it, in English.
            || path.contains("/import/")
            || path.ends_with("_tests.rs")
            || path.contains("_tests/")
            || path.contains("/tests/")
        {
            continue;
        }
        for literal in literals(&source) {
            if literal.is_said() && !literal.is_translated() {
                passed_by.push(format!("{path}: \"{}\"", literal.text));
            }
        }
    }
    assert!(passed_by.is_empty(), "not through text!:\n{}", passed_by.join("\n"));
}

#[test]
fn a_sentence_that_does_not_pass_is_found() {
    let said = |source: &str| {
        let found = literals(source);
        found.iter().filter(|literal| literal.is_said() && !literal.is_translated()).count()
    };
    assert_eq!(said("ToolError::invalid(\"Please ask again.\")"), 1);
    assert_eq!(said("format!(\"{count} are left of {name}\")"), 1);
    assert_eq!(said("text!(\"Please ask \\\n    again.\")"), 0);
    assert_eq!(said("// \"Please ask again.\"\nformat!(\"ORD-{number}\")"), 0);
    assert_eq!(said("#[validate(message = \"Please ask again.\")]\nx"), 0);
    assert_eq!(said("description: \"Ask again.\",\n#[cfg(test)]\n\"Please ask again.\""), 0);
    assert_eq!(said("None => \" to be paid later\""), 1);
    assert_eq!(said("tracing::warn!(tool, \"it was not written down\")"), 0);
}

/// Words that find their way into sentences: those that a count is said with, as in
/// `count(n, "piece", "pieces")`, what was not found, what money is called, and what is wrong with an
/// argument.
fn nouns(source: &str) -> Vec<String> {
    let found = literals(source);
    let named = found.iter().filter(|l| l.before.ends_with("not_found("));
    let named: Vec<String> = named.map(|literal| literal.text.clone()).collect();
    let coins = source.split("fn coins(").nth(1).and_then(|after| after.split("\n}\n").next());
    let coins = literals(coins.unwrap_or_default()).into_iter().map(|literal| literal.text);
    let coins = coins.filter(|word| word.chars().all(char::is_lowercase));
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let rules = code.split("message = \"").skip(1).filter_map(|rest| rest.split('"').next());
    let rules = rules.map(str::to_owned);
    let mut words: Vec<String> = named.into_iter().chain(coins).chain(rules).collect();
    let pairs = found.windows(2).filter(|pair| {
        let between = pair[1].before.get(pair[0].before.len()..).unwrap_or_default();
        let call = pair[0].before.rsplit(['\n', ';']).next().unwrap_or_default();
        let one_call = !between.contains(['(', ')', ';']);
        pair[0].before.ends_with(',') && call.contains("count(") && one_call
    });
    words.extend(pairs.flat_map(|pair| [pair[0].text.clone(), pair[1].text.clone()]));
    words
}

#[test]
fn every_text_is_in_the_file_for_translators() {
    let mut texts = BTreeSet::new();
    for (path, source) in sources("src").into_iter().chain(sources("engine/src")) {
        if path.ends_with("_tests.rs") || path == "engine/src/speech/words.rs" {
            continue;
        }
        let passed = literals(&source);
        texts.extend(
            passed.iter().filter(|literal| literal.is_translated()).map(|l| l.text.clone()),
        );
        texts.extend(nouns(&source));
    }
    for word in ["today", "pieces", "dollars", "order", "must be at least 1"] {
        assert!(texts.contains(word), "{word} is not in {texts:?}");
    }

    let mut file = String::from(
        "# Everything that is said, for a language of your own. Written by `UPDATE=1 scripts/test texts`.\n\
         #\n\
         # Copy this file, write your words beside the English ones, keep the names in braces, and add the\n\
         # copy to LANGUAGES in engine/src/speech/words.rs. What is left empty is said in English.\n\n",
    );
    for text in &texts {
        let key = toml::Value::String(text.clone());
        writeln!(file, "{key} = \"\"").unwrap();
    }
    let read: std::collections::BTreeMap<String, String> = toml::from_str(&file).unwrap();
    assert_eq!(read.len(), texts.len(), "it is a file that `words::learn` takes");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if fs::read_to_string(&path).unwrap_or_default() == file {
        return;
    }
    assert!(
        std::env::var("UPDATE").is_ok_and(|update| update == "1"),
        "{FILE} is out of date; run `UPDATE=1 scripts/test texts`"
    );
    fs::write(path, file).unwrap();
}

#[tokio::test]
async fn a_tenant_hears_its_own_language_and_others_theirs() {
    let german = r#"
        "order" = "die Bestellung"
        "I found no {what} {id}. Please check it and try again." = "Ich finde {what} {id} nicht."
    "#;
    words::learn("de", german).unwrap();
    for server in servers().await {
        open_other_shop(&server).await;
        let sql = "update tenants set language = 'de-AT' where id = 'other'";
        assert_eq!(change(&server.db, sql, &[]).await, 1);
        let unknown = json!({ "order_id": "ORD-99999" });
        let heard = async |tenant: &str| {
            let token = server.token(tenant, "agent", Grant::Role(role::AGENT));
            let reply = server.client(token).call("get_order_status", unknown.clone()).await;
            assert_eq!(reply.error(), "not_found");
            reply.body["result"]["content"][0]["text"].as_str().unwrap().to_owned()
        };
        assert_eq!(heard("other").await, "Ich finde die Bestellung 9 9 9 9 9 nicht.");
        let english = "I found no order 9 9 9 9 9. Please check it and try again.";
        assert_eq!(heard(TENANT).await, english);
    }
}

//! What a voice model is given is small: it reads the tools before every answer, and each token of them
//! costs time.

use business_mcp::{access::toolset, application};
use business_mcp_engine::gate::policy::{MOST_VOICE_TOOLS, Policy};
use serde_json::{Value, json};

use crate::{support::server_with, tools_list::listed_in};

const MOST_TOKENS: usize = 4_000;

/// How many tokens a text is to OpenAI's models since GPT-4o; others count much the same.
fn tokens(text: &str) -> usize {
    tiktoken_rs::o200k_base_singleton().encode_ordinary(text).len()
}

/// What a platform gives of a tool to its model: the name, the description and the arguments.
fn given(tool: &Value) -> Value {
    let [name, says, takes] = ["name", "description", "inputSchema"].map(|key| &tool[key]);
    json!({ "name": name, "description": says, "parameters": takes })
}

#[tokio::test]
async fn the_voice_set_is_small_enough_for_a_voice_model() {
    let server = server_with(&[]).await;
    let list = listed_in(&server.agent(), toolset::VOICE).await;
    let mut largest = Vec::new();
    for tool in &list {
        let text = given(tool).to_string();
        largest.push((tokens(&text), tool["name"].as_str().unwrap()));
    }
    largest.sort_by(|a, b| b.cmp(a));
    let all: Vec<Value> = list.iter().map(given).collect();
    let given = tokens(&serde_json::to_string(&all).unwrap());
    let whole = tokens(&serde_json::to_string(&list).unwrap());
    println!(
        "the voice set: {} tools of {MOST_VOICE_TOOLS}, {given} tokens of {MOST_TOKENS}",
        list.len()
    );
    println!("with results and hints {whole} tokens; the largest tools: {largest:?}");
    if let Some(crowded) = Policy::default().crowded_voice(&application().tools(Vec::new())) {
        // Whoever adds a tool decides which others go; a start and `doctor` say so until then.
        return println!("{crowded}");
    }
    assert!(list.len() <= MOST_VOICE_TOOLS, "{} tools", list.len());
    assert!(given <= MOST_TOKENS, "{given} tokens; the largest tools: {largest:?}");
}

#[test]
fn tokens_are_counted_and_not_guessed() {
    assert_eq!(tokens(""), 0);
    assert_eq!(tokens("hello world"), 2);
    // A fourth of its letters would be 6.
    assert!(tokens("customer_id, customer_id") < 9 && tokens("{\"}],[{\"}],[{\"}],[{") > 6);
}

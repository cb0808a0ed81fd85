//! What the README gives to the voice platforms: each snippet names the conversation, without which nobody is
//! verified, and reaches the voice tools and no other.

use business_mcp::access::{role, toolset};
use serde_json::{Value, json};

use crate::{readme::file, support::server_with, tools_list::listed_in};

/// The platforms on which an agent answers strangers, as the README calls them.
const PLATFORMS: [&str; 4] = ["ElevenLabs Agents", "Vapi", "LiveKit Agents", "OpenAI Realtime"];
/// Those whose calls name the conversation by themselves, and the header with which they do.
const BY_THEMSELVES: [(&str, &str); 1] = [("Vapi", "X-Call-Id")];
/// The default of `CONVERSATION_HEADERS`.
const HEADERS: [&str; 4] = ["X-Conversation-Id", "X-Call-Id", "X-Chat-Id", "X-Session-Id"];

/// What is said of a platform, and its code.
fn snippet<'a>(readme: &'a str, platform: &str) -> (&'a str, &'a str) {
    let section = readme.split_once(&format!("\n**{platform}**")).unwrap().1;
    let (said, rest) = section.split_once("\n```").unwrap();
    (said, rest.split_once("\n```").unwrap().0)
}

#[test]
fn each_snippet_of_a_voice_platform_names_the_conversation() {
    let readme = file("README.md");
    let variables = readme.lines().find(|line| line.starts_with("| `CONVERSATION_HEADERS` |"));
    assert!(HEADERS.iter().all(|header| variables.unwrap().contains(header)));
    for platform in PLATFORMS {
        let (said, code) = snippet(&readme, platform);
        match BY_THEMSELVES.iter().find(|(name, _)| *name == platform) {
            Some((_, header)) => assert!(said.contains(header), "{platform}: {said}"),
            None => assert!(HEADERS.iter().any(|header| code.contains(header)), "{platform}"),
        }
    }
}

#[tokio::test]
async fn each_snippet_of_a_voice_platform_reaches_the_voice_tools() {
    let readme = file("README.md");
    let server = server_with(&[]).await;
    let voice = listed_in(&server.agent(), toolset::VOICE).await;
    // A token with scopes has no toolset of its own, so that the address alone narrows it.
    let open = server.with_scopes_of(role::AGENT, "open");
    for platform in PLATFORMS {
        let code = snippet(&readme, platform).1;
        let address = code.split_once("https://YOUR-HOST").unwrap().1;
        let path = address.split('"').next().unwrap();
        for client in [&open, &server.agent()] {
            let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
            let request = client.http.post(format!("{}{path}", server.url)).json(&list);
            let answer = request.bearer_auth(&client.token).send().await.unwrap();
            let answer: Value = answer.json().await.unwrap();
            assert_eq!(answer["result"]["tools"], json!(voice), "{platform}: {path}");
        }
    }
}

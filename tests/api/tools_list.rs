//! The tools' public face: what `tools/list` shows, held against `tests/api/snapshots`.
//!
//! Clients pin names, descriptions and schemas, so they change on purpose only:
//! `UPDATE=1 scripts/test tools_list` writes the snapshots anew, and the change is then reviewed.

use std::{collections::BTreeSet, fs, path::Path};

use business_mcp::{
    access::{ACCESS, role},
    application,
};
use business_mcp_engine::tool::{Effect, Toolset};
use serde_json::{Value, json};

use crate::support::{Client, servers};

/// Holds a list against its snapshot, or writes it where `UPDATE=1` says so.
fn keep(name: &str, list: &[Value]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/snapshots");
    let path = folder.join(format!("{name}.json"));
    let text = format!("{}\n", serde_json::to_string_pretty(list).unwrap());
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if text == kept {
        return;
    }
    if std::env::var("UPDATE").is_ok_and(|update| update == "1") {
        fs::create_dir_all(&folder).unwrap();
        return fs::write(&path, text).unwrap();
    }
    let line = text.lines().zip(kept.lines()).position(|(new, old)| new != old);
    panic!(
        "tools/list for {name} differs from {} at line {}. Clients pin what is listed; if the \
         change is meant, run `UPDATE=1 scripts/test tools_list` and review the difference.",
        path.display(),
        line.unwrap_or_else(|| text.lines().count().min(kept.lines().count())) + 1,
    );
}

/// What a client is shown under a toolset.
pub async fn listed_in(client: &Client, toolset: Toolset) -> Vec<Value> {
    let url = format!("{}/mcp?toolset={}", client.url, toolset.as_str());
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let answer = client.http.post(url).bearer_auth(&client.token).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer.pointer("/result/nextCursor"), None, "the list is one page");
    answer.pointer("/result/tools").unwrap().as_array().unwrap().clone()
}

/// The names in a list.
fn names(list: &[Value]) -> BTreeSet<&str> {
    list.iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_is_listed_is_what_was_reviewed() {
    let [server, other] = &servers().await[..] else { panic!("two databases") };
    let admin = server.as_role(role::ADMIN);
    let all = admin.tools().await;
    assert_eq!(other.as_role(role::ADMIN).tools().await, all, "the database makes no difference");
    keep("admin", &all);
    for toolset in ACCESS.toolsets.iter().copied() {
        let list = listed_in(&admin, toolset).await;
        assert!(list.iter().all(|tool| all.contains(tool)), "a toolset only chooses");
        keep(&format!("toolset_{}", toolset.as_str()), &list);
    }
}

#[tokio::test]
async fn a_role_is_shown_what_it_may_call_and_nothing_else() {
    let [server, ..] = &servers().await[..] else { panic!("two databases") };
    let catalogue = application().tools(Vec::new());
    for role in ACCESS.roles.iter().copied() {
        let client = server.as_role(role);
        let shown = client.tools().await;
        for entry in catalogue.iter() {
            let at = format!("{} for {}", entry.spec.name, role.name);
            let may = entry.spec.scope.is_none_or(|scope| role.scopes().contains(scope));
            let mut sets = ACCESS.toolsets_of(entry.spec).into_iter();
            let reaches = role == role::ADMIN || sets.any(|set| role.has(set));
            let on = entry.spec.approval.as_str() != "disabled";
            let listed = names(&shown).contains(entry.spec.name);
            assert_eq!(listed, may && reaches && on, "{at}");
            if listed {
                continue;
            }
            let called = client.call(entry.spec.name, json!({})).await;
            match (may, on) {
                (false, _) => assert_eq!(called.http, 403, "{at}"),
                (true, false) => assert_eq!(called.error(), "disabled", "{at}"),
                (true, true) => assert_eq!(called.error(), "forbidden", "{at}"),
            }
        }
        // A toolset of the role never shows more than the role, and another one is refused.
        for toolset in ACCESS.toolsets.iter().copied().filter(|set| role.has(*set)) {
            let chosen = listed_in(&client, toolset).await;
            assert!(names(&chosen).is_subset(&names(&shown)));
        }
    }
}

#[tokio::test]
async fn each_tool_says_honestly_what_it_does() {
    let [server, ..] = &servers().await[..] else { panic!("two databases") };
    let list = server.as_role(role::ADMIN).tools().await;
    let catalogue = application().tools(Vec::new());
    assert_eq!(names(&list).len(), list.len(), "no name twice");
    for tool in &list {
        let name = tool["name"].as_str().unwrap();
        let spec = catalogue.find(name).unwrap().spec;
        let snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(name.len() <= 48 && name.chars().all(snake), "{name}");
        let description = tool["description"].as_str().unwrap();
        assert!((20..=400).contains(&description.len()), "{name}: {description}");
        assert!(description.ends_with('.') && !description.contains("  "), "{name}: {description}");
        let expected = json!({
            "title": spec.title,
            "readOnlyHint": spec.effect == Effect::Read,
            "destructiveHint": spec.effect == Effect::Change,
            "idempotentHint": spec.effect == Effect::Read,
            "openWorldHint": false,
        });
        assert_eq!(tool["annotations"], expected, "{name}");
        assert_eq!(tool["_meta"]["riskLevel"], spec.risk.as_str(), "{name}");
        assert_eq!(tool["_meta"]["approval"], spec.approval.as_str(), "{name}");
        assert_eq!(tool["title"], spec.title);
    }
}

/// Effect, risk and approval of the tools that ship, as they are promised: `R` reads and `W` writes, then
/// low, medium, high or critical, then auto, requires approval or off.
const PROMISED: &str = "
    customer_lookup R l a    customer_verify W l a    crm_search_customers R l a
    crm_get_customer R l a   crm_create_customer W m a    crm_update_customer W m r
    crm_get_interactions R l a    crm_create_note W l a    customer_delete W c o
    product_search R l a    get_product_info R l a    inventory_check_stock R l a
    inventory_reserve W m a    inventory_release W m a    inventory_adjust W h r
    inventory_transfer W m r    inventory_low_stock R l a    product_update W h r
    calculate_discount R l a    order_quote W l a    order_create W m r
    get_order_status R l a    order_get R l a    order_list R l a
    order_update_address W m r    order_update_items W m r    order_update_payment W m r
    order_cancel W m r    order_return W m r    order_exchange W m r
    order_settle_request W m r    order_refund W h r    order_ship W m a    order_deliver W m a
    analytics_kpis R l a    analytics_sales R l a    analytics_top_products R l a
    analytics_customers R l a    dw_list_tables R l a    dw_get_schema R l a
    dw_execute_query R h r    dw_export_results R h r
    workflow_list_templates R l a    workflow_status R l a
    workflow_start W m a    workflow_cancel W m a
    send_catalog R l a    send_product_image R l a    send_audio_guide R l a
    support_escalate W l a    approval_status R l a    approval_withdraw W l a
    approval_list R h a    approval_decide W h a
";

#[test]
fn effect_risk_and_approval_are_the_promised_ones() {
    let words: Vec<&str> = PROMISED.split_whitespace().collect();
    let catalogue = application().tools(Vec::new());
    for entry in catalogue.iter() {
        let spec = entry.spec;
        // Of a tool that was added since, its own declaration says it all.
        let Some(promised) = words.chunks(4).find(|line| line[0] == spec.name) else { continue };
        let approval = match spec.approval.as_str() {
            "auto_approved" => "a",
            "requires_approval" => "r",
            _ => "o",
        };
        let effect = if spec.effect.writes() { "W" } else { "R" };
        let said = [spec.name, effect, &spec.risk.as_str()[..1], approval];
        assert_eq!(said, promised);
    }
}

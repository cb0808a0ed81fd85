//! Every tool called by every role: what is seen, refused, read and written.

use std::{collections::BTreeSet, fmt::Write as _, sync::Arc};

use business_mcp::access::{ACCESS, role};
use business_mcp::application;
use business_mcp_engine::{
    auth::Grant,
    tool::{Approval, Role, Scopes, catalogue::Entry},
};
use serde_json::{Value, json};

use super::{
    dump::{Changes, Dump},
    samples::{self, Sample},
};
use crate::{
    books::{PolicyFile, open_other_shop},
    support::{Client, Reply, TENANT, TestServer, servers},
};

/// A tool and its sample.
pub(super) type Tool = (Arc<Entry>, Sample);

/// Every tool of the server.
pub(super) fn every_tool() -> Vec<Tool> {
    let catalogue = application().tools(Vec::new());
    let sample = |entry: &Arc<Entry>| {
        let (name, sample) = (entry.spec.name, samples::of(entry.spec.name));
        let changes = sample.tables().is_some_and(|tables| !tables.is_empty());
        assert!(
            entry.spec.effect.writes() || !changes,
            "{name} reads, and a sample says it changes"
        );
        (entry.clone(), sample)
    };
    catalogue.iter().map(sample).collect()
}

/// Who calls, what they may, and a name for what they are.
pub(super) struct Caller {
    pub(super) name: &'static str,
    pub(super) scopes: Scopes,
    pub(super) role: Option<&'static Role>,
    pub(super) client: Client,
}

impl Caller {
    fn may(&self, tool: &Tool) -> bool {
        self.holds_scope(&tool.0) && self.reaches(&tool.0)
    }

    fn holds_scope(&self, entry: &Entry) -> bool {
        entry.spec.scope.is_none_or(|scope| self.scopes.contains(scope))
    }

    /// Whether the role has a toolset with the tool in it.
    fn reaches(&self, entry: &Entry) -> bool {
        let mut sets = ACCESS.toolsets_of(entry.spec).into_iter();
        self.role.is_none_or(|role| role == role::ADMIN || sets.any(|set| role.has(set)))
    }

    /// Whether the caller may call every tool that has to be called first.
    fn prepares(&self, tool: &Tool) -> bool {
        let catalogue = application().tools(Vec::new());
        let mut first = tool.1.first.iter().map(|(name, ..)| catalogue.find(name).unwrap());
        first.all(|entry| self.holds_scope(entry) && self.reaches(entry))
    }
}

/// A server with two businesses on it, and who calls in the first.
pub(super) struct Shop {
    pub(super) server: TestServer,
    /// One of each role, and one whose token allows nothing.
    callers: Vec<Caller>,
    /// Someone else, who decides.
    pub(super) approver: Client,
}

impl Shop {
    pub(super) async fn open(server: TestServer) -> Self {
        open_other_shop(&server).await;
        let role = |role: &'static Role| {
            let client = server.as_subject(role, &format!("a-{}", role.name));
            Caller { name: role.name, scopes: role.scopes(), role: Some(role), client }
        };
        let nothing = server.client(server.token(TENANT, "nobody", Grant::Scopes(Scopes::NONE)));
        let nothing =
            Caller { name: "no scope", scopes: Scopes::NONE, role: None, client: nothing };
        let callers = ACCESS.roles.iter().copied().map(role).chain([nothing]).collect();
        Self { callers, approver: server.approver(), server }
    }

    /// Who may call a tool; first those who can make the calls that come before it.
    pub(super) fn who_may(&self, tool: &Tool) -> Vec<&Caller> {
        let mut may: Vec<_> = self.callers.iter().filter(|caller| caller.may(tool)).collect();
        may.sort_by_key(|caller| !caller.prepares(tool));
        may
    }

    pub(super) async fn dump(&self) -> Dump {
        self.server.written_down().await;
        Dump::of(&self.server.db).await
    }

    /// What changed since, and only of the tenant whose call it was.
    pub(super) async fn since(&self, before: &Dump, at: &str) -> Changes {
        let changes = before.changes(&self.dump().await);
        assert!(
            changes.tenants().is_subset(&BTreeSet::from([TENANT])),
            "{at} changes others' rows"
        );
        changes
    }

    /// Someone else says no.
    pub(super) async fn deny(&self, id: &str, at: &str) {
        let no = json!({ "reason": "no" });
        let denied = self.approver.api("POST", &format!("/{id}/deny"), Some(no)).await;
        assert_eq!(denied.body["status"], "denied", "{at}: {}", denied.body);
    }
}

/// A policy that says one word of every tool but a few.
pub(super) fn everywhere(approval: Approval, but: &[&str]) -> PolicyFile {
    let mut policy = String::new();
    let names = every_tool().into_iter().map(|(entry, _)| entry.spec.name);
    for name in names.filter(|name| !but.contains(name)) {
        writeln!(policy, "[tools.{name}]\napproval = \"{}\"", approval.as_str()).unwrap();
    }
    PolicyFile::new(&policy)
}

/// The sample's arguments, after the calls that have to come first; what waits of them is approved. A call
/// that fails gives nothing, and then the sample fails too.
pub async fn arguments(approver: &Client, caller: &Client, sample: &Sample) -> Value {
    let mut given = "none".to_owned();
    for (tool, json, place) in sample.first {
        let reply = caller.call(tool, samples::arguments(json, &given)).await;
        let mut answer = reply.body["result"]["structuredContent"].clone();
        if answer["status"] == "approval_pending" && place.starts_with("/data") {
            let decided = approver.approve(&reply.pending()).await;
            answer = decided.body["result"].clone();
        }
        given = answer.pointer(place).and_then(Value::as_str).unwrap_or("none").to_owned();
        if given == "none" {
            println!("{tool} before {}: {}", sample.tool, reply.body);
        }
    }
    sample.arguments(&given)
}

/// Only the trail grew, by so many lines.
#[track_caller]
pub(super) fn only_noted(changes: &Changes, lines: usize, at: &str) {
    let tables = if lines > 0 { BTreeSet::from(["audit"]) } else { BTreeSet::new() };
    assert_eq!(changes.tables(), tables, "{at}: {changes:?}");
    assert_eq!(changes.rows("audit"), lines, "{at}");
}

/// Everyone sees what they may call and what is on. What they may not call is refused, noted, and changes
/// nothing.
pub(super) async fn refusals(shop: &Shop, approval: impl Fn(&Tool) -> Approval) {
    let all = every_tool();
    for caller in &shop.callers {
        let shown = caller.client.tools().await;
        let shown: BTreeSet<&str> = shown.iter().filter_map(|tool| tool["name"].as_str()).collect();
        let on = |tool: &&Tool| caller.may(tool) && approval(tool) != Approval::Disabled;
        let expected: BTreeSet<&str> = all.iter().filter(on).map(|tool| tool.1.tool).collect();
        assert_eq!(shown, expected, "tools/list for {}", caller.name);

        let before = shop.dump().await;
        let refused: Vec<&Tool> = all.iter().filter(|tool| !on(tool)).collect();
        for tool in &refused {
            let at = format!("{} by {}", tool.1.tool, caller.name);
            let reply = caller.client.call(tool.1.tool, tool.1.arguments("none")).await;
            if !caller.holds_scope(&tool.0) {
                assert_eq!(reply.http.as_u16(), 403, "{at}: {}", reply.body);
            } else if approval(tool) == Approval::Disabled {
                assert_eq!(reply.error(), "disabled", "{at}");
            } else {
                assert_eq!(reply.error(), "forbidden", "{at}");
            }
        }
        let changes = shop.since(&before, caller.name).await;
        only_noted(&changes, refused.len(), caller.name);
    }
}

/// A read answers whoever may call it, and changes nothing at all.
async fn reads(shop: &Shop) {
    for caller in &shop.callers {
        let before = shop.dump().await;
        for tool in every_tool() {
            let spec = tool.0.spec;
            let auto = spec.approval == Approval::AutoApproved;
            if auto && !spec.effect.writes() && caller.may(&tool) {
                let reply = caller.client.call(spec.name, tool.1.arguments("none")).await;
                assert!(!reply.is_error(), "{} by {}: {}", spec.name, caller.name, reply.body);
                assert_ne!(reply.answer()["status"], "approval_pending", "{}", spec.name);
            }
        }
        let changes = shop.since(&before, caller.name).await;
        assert_eq!(changes.tables(), BTreeSet::new(), "reads by {}: {changes:?}", caller.name);
    }
}

/// A write changes what its sample says; where a person decides, only after that.
async fn write(shop: &Shop, tool: &Tool, caller: &Caller, is_first: bool) {
    let (spec, sample) = (tool.0.spec, &tool.1);
    let at = format!("{} by {} on {}", spec.name, caller.name, shop.server.db.kind());
    let arguments = arguments(&shop.approver, &caller.client, sample).await;
    let before = shop.dump().await;
    let reply = caller.client.call(spec.name, arguments).await;
    assert_eq!(reply.http.as_u16(), 200, "{at}: {}", reply.body);
    if reply.is_error() {
        // Someone before has done it, or only one of those who may call it can do it.
        assert!(!is_first, "{at}: the sample fails: {}", reply.body);
        assert!(!["forbidden", "disabled"].contains(&reply.error()), "{at}: {}", reply.body);
        let changes = shop.since(&before, &at).await;
        return only_noted(&changes, 1, &at);
    }
    if spec.approval == Approval::RequiresApproval {
        pending(shop, caller, &reply, &before, &at).await;
        let id = reply.pending();
        if !is_first {
            shop.deny(&id, &at).await;
            let changes = shop.since(&before, &at).await;
            assert_eq!(changes.of_the_business(), BTreeSet::new(), "{at}, denied: {changes:?}");
            return;
        }
        let decided = shop.approver.approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{at}: {}", decided.body);
    }
    let changes = shop.since(&before, &at).await;
    if let Some(tables) = sample.tables() {
        assert_eq!(changes.of_the_business(), tables, "{at} changes other tables than it says");
    }
    // Outside of a conversation, a call that is about no record on file has no key of its own.
    let without =
        ["customer_verify", "crm_create_customer", "support_escalate", "inventory_reserve"];
    let has_key = !without.contains(&spec.name);
    assert!(changes.rows("audit") > 0, "{at}");
    assert!(!has_key || changes.rows("idempotency_keys") > 0, "{at}");
}

/// What waits has changed nothing but itself and the stock that it holds, and who asked cannot decide.
pub(super) async fn pending(shop: &Shop, caller: &Caller, reply: &Reply, before: &Dump, at: &str) {
    let id = reply.pending();
    let waiting = shop.dump().await;
    let changes = before.changes(&waiting);
    let held = BTreeSet::from(["reservations", "stock"]);
    assert!(changes.of_the_business().is_subset(&held), "{at}, waiting: {changes:?}");
    assert_eq!(changes.rows("approvals"), 1, "{at}");
    let own = caller.client.approve(&id).await;
    assert_eq!(own.http.as_u16(), 403, "{at}, decided by who asked: {}", own.body);
    let changes = shop.since(&waiting, at).await;
    let tables = changes.tables();
    assert!(tables.is_subset(&BTreeSet::from(["audit"])), "{at}, own decision: {changes:?}");
}

#[tokio::test]
async fn each_role_sees_calls_and_changes_what_it_may_and_nothing_else() {
    for server in servers().await {
        let shop = Shop::open(server).await;
        refusals(&shop, |tool| tool.0.spec.approval).await;
        reads(&shop).await;
        for tool in every_tool() {
            let spec = tool.0.spec;
            if !spec.effect.writes() || spec.approval == Approval::Disabled {
                continue;
            }
            let mut is_first = true;
            for caller in shop.who_may(&tool) {
                write(&shop, &tool, caller, is_first).await;
                is_first = false;
            }
        }
    }
}

#[tokio::test]
async fn what_is_switched_off_is_shown_to_nobody_and_changes_nothing() {
    for server in everywhere(Approval::Disabled, &[]).servers().await {
        let shop = Shop::open(server).await;
        refusals(&shop, |_| Approval::Disabled).await;
    }
}

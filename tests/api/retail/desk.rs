//! Someone at the service desk: takes a job's actions one by one to the tools that do them, and
//! compares every field of every answer with the shop.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{answers, records::Records, shop::Shop};
use crate::support::{Client, Reply, TestServer};

/// A service job.
#[derive(Deserialize)]
pub struct Job {
    pub id: String,
    pub actions: Vec<Action>,
}

/// What a correct agent does in it, in the words of the shop.
#[derive(Deserialize)]
pub struct Action {
    pub name: String,
    pub arguments: Value,
}

impl Action {
    fn text(&self, name: &str) -> &str {
        self.arguments[name].as_str().unwrap_or_else(|| panic!("{}: no {name}", self.name))
    }

    /// Whether it changes the shop, with the tools that there are.
    pub fn writes(&self) -> bool {
        self.name == "cancel_pending_order"
    }
}

/// The desk, a server with the shop in it, and the shop as it should be by now.
pub struct Desk<'a> {
    server: &'a TestServer,
    client: Client,
    shop: Shop,
    /// The tools that were called.
    pub used: BTreeSet<&'static str>,
    /// The tools that actions would have needed and that are not there.
    pub missing: BTreeSet<&'static str>,
    pub actions_done: usize,
    pub sums: usize,
    pub orders_cancelled: usize,
}

impl<'a> Desk<'a> {
    /// A desk at this server, which holds this shop.
    pub fn at(server: &'a TestServer, shop: &Shop) -> Self {
        Self {
            server,
            client: server.as_role(business_mcp::toolkit::Role::Desk),
            shop: shop.clone(),
            used: BTreeSet::new(),
            missing: BTreeSet::new(),
            actions_done: 0,
            sums: 0,
            orders_cancelled: 0,
        }
    }

    /// Does a job as far as the tools go, and looks at the whole shop afterwards.
    pub async fn work(&mut self, job: &Job) {
        for action in &job.actions {
            match self.act(action).await {
                None if action.name == "calculate" => self.sums += 1,
                None => self.actions_done += 1,
                Some(tool) => _ = self.missing.insert(tool),
            }
        }
        self.check_shop(&format!("after job {}", job.id)).await;
    }

    /// Does an action, or names the tool that it lacks.
    async fn act(&mut self, action: &Action) -> Option<&'static str> {
        match action.name.as_str() {
            "find_user_id_by_name_zip" => self.find_by_name(action).await,
            "find_user_id_by_email" => self.find_by_email(action.text("email")).await,
            "get_user_details" => self.look_at_customer(action.text("user_id")).await,
            "get_order_details" => self.look_at_order(action.text("order_id")).await,
            "get_product_details" => self.look_at_product(action.text("product_id")).await,
            "get_item_details" => self.look_at_item(action.text("item_id")).await,
            "calculate" => add_up(action.text("expression")),
            "cancel_pending_order" => {
                self.cancel(action.text("order_id"), action.text("reason")).await;
            }
            "return_delivered_order_items" => return Some("order_return"),
            "exchange_delivered_order_items" => return Some("order_exchange"),
            "modify_pending_order_items" => return Some("order_update_items"),
            "modify_pending_order_address" => return Some("order_update_address"),
            "modify_user_address" => return Some("crm_update_customer"),
            "transfer_to_human_agents" => return Some("support_escalate"),
            other => panic!("nobody knows the action {other}"),
        }
        None
    }

    async fn call(&mut self, tool: &'static str, arguments: Value) -> Reply {
        self.used.insert(tool);
        self.client.call(tool, arguments).await
    }

    async fn find_by_name(&mut self, action: &Action) {
        let (first, last) = (action.text("first_name"), action.text("last_name"));
        let zip = action.text("zip");
        let arguments = json!({ "name": format!("{first} {last}"), "postal_code": zip });
        let reply = self.call("customer_lookup", arguments).await;
        let found = self.shop.named(first, last, zip);
        answers::is_lookup(&self.shop, reply.data(), &found);
    }

    async fn find_by_email(&mut self, email: &str) {
        let reply = self.call("customer_lookup", json!({ "email": email })).await;
        let found = self.shop.with_email(email);
        if found.is_empty() && reply.answer()["status"] == "ambiguous" {
            // Nobody has this address; those with a similar one are asked for, and none is taken.
            assert_eq!(reply.answer().get("data"), None, "a question gives nothing away");
        } else {
            answers::is_lookup(&self.shop, reply.data(), &found);
        }
    }

    async fn look_at_customer(&mut self, id: &str) {
        let reply = self.call("crm_get_customer", json!({ "customer_id": id })).await;
        answers::is_customer(&self.shop, reply.data(), id);
    }

    async fn look_at_order(&mut self, id: &str) {
        let reply = self.call("order_get", json!({ "order_id": id })).await;
        match self.shop.meant(id) {
            Some(id) => answers::is_order(&self.shop, reply.data(), id),
            None => assert_eq!(reply.error(), "not_found", "some jobs guess a number"),
        }
    }

    async fn look_at_product(&mut self, id: &str) {
        let reply = self.call("get_product_info", json!({ "product_id": id })).await;
        if self.shop.products.contains_key(id) {
            answers::is_product(&self.shop, reply.data(), id);
        } else {
            assert_eq!(reply.error(), "not_found", "some jobs guess a product");
        }
    }

    async fn look_at_item(&mut self, id: &str) {
        let reply = self.call("get_product_info", json!({ "sku": id })).await;
        answers::is_item(&self.shop, reply.data(), id);
    }

    /// Asks for a cancellation, which changes nothing until somebody else approves it, and then
    /// everything that the rules say and nothing else.
    async fn cancel(&mut self, order_id: &str, reason: &str) {
        let arguments = json!({ "order_id": order_id, "reason": reason });
        let approval_id = self.call("order_cancel", arguments.clone()).await.pending();
        self.check_shop(&format!("while {order_id} waits")).await;

        let decided = self.server.approver().approve(&approval_id).await;
        assert_eq!(decided.http, 200, "{}", decided.body);
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        assert_eq!(decided.body["arguments"], arguments);
        assert_eq!(
            (&decided.body["requester"], &decided.body["decided_by"]),
            (&json!("desk"), &json!("approver"))
        );
        self.shop.cancel(order_id, reason);
        self.orders_cancelled += 1;
        self.check_shop(&format!("after {order_id} was cancelled")).await;

        let arguments = json!({ "approval_id": approval_id });
        let reply = self.call("approval_status", arguments).await;
        assert_eq!(reply.data()["status"], "executed");
        answers::is_cancellation(&self.shop, &reply.data()["result"], order_id);
        self.look_at_order(order_id).await;
        let customer = self.shop.orders[order_id].user_id.clone();
        self.look_at_customer(&customer).await;
    }

    async fn check_shop(&self, when: &str) {
        Records::stored(&self.server.db).await.must_be(&Records::of(&self.shop), when);
    }
}

/// A sum needs no tool: whoever reads the amounts adds them up.
fn add_up(expression: &str) {
    let parts = expression.split_whitespace();
    let is_sum = |part: &str| matches!(part, "+" | "-") || part.parse::<f64>().is_ok();
    assert!(parts.into_iter().all(is_sum), "{expression} is more than a sum");
}

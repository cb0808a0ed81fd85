//! Someone at the service desk: takes a job's actions one by one to the tools that do them, and
//! compares every field of every answer with the shop.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{answers, records::Records, shop::Shop};
use crate::support::{Client, Reply, TestServer};
use business_mcp::access::role;

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
    pub fn text(&self, name: &str) -> &str {
        self.arguments[name].as_str().unwrap_or_else(|| panic!("{}: no {name}", self.name))
    }

    /// The texts of a list.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let list = self.arguments[name].as_array().unwrap_or_else(|| panic!("no {name}"));
        list.iter().map(|text| text.as_str().unwrap()).collect()
    }

    /// Whether it changes the shop.
    pub fn writes(&self) -> bool {
        let verbs = ["cancel", "modify", "return", "exchange", "transfer"];
        verbs.iter().any(|verb| self.name.starts_with(verb))
    }
}

/// The desk, a server with the shop in it, and the shop as it should be by now.
pub struct Desk<'a> {
    pub server: &'a TestServer,
    client: Client,
    pub shop: Shop,
    /// The tools that were called.
    pub used: BTreeSet<&'static str>,
    pub actions_done: usize,
    pub sums: usize,
    /// Requests that somebody else approved.
    pub approved: usize,
    /// Changes that the rules do not allow, or that change nothing.
    pub refused: usize,
}

impl<'a> Desk<'a> {
    /// A desk at this server, which holds this shop.
    pub fn at(server: &'a TestServer, shop: &Shop) -> Self {
        Self {
            server,
            client: server.as_role(role::DESK),
            shop: shop.clone(),
            used: BTreeSet::new(),
            actions_done: 0,
            sums: 0,
            approved: 0,
            refused: 0,
        }
    }

    /// Does a job, and looks at the whole shop afterwards.
    pub async fn work(&mut self, job: &Job) {
        for action in &job.actions {
            self.act(action).await;
            match action.name.as_str() {
                "calculate" => self.sums += 1,
                _ => self.actions_done += 1,
            }
        }
        self.check_shop(&format!("after job {}", job.id)).await;
    }

    async fn act(&mut self, action: &Action) {
        match action.name.as_str() {
            "find_user_id_by_name_zip" => self.find_by_name(action).await,
            "find_user_id_by_email" => self.find_by_email(action.text("email")).await,
            "get_user_details" => self.look_at_customer(action.text("user_id")).await,
            "get_order_details" => self.look_at_order(action.text("order_id")).await,
            "get_product_details" => self.look_at_product(action.text("product_id")).await,
            "get_item_details" => self.look_at_item(action.text("item_id")).await,
            "calculate" => add_up(action.text("expression")),
            "cancel_pending_order" => self.cancel(action).await,
            "return_delivered_order_items" => self.send_back(action).await,
            "exchange_delivered_order_items" => self.exchange(action).await,
            "modify_pending_order_items" => self.change_items(action).await,
            "modify_pending_order_address" => self.readdress(action).await,
            "modify_user_address" => self.move_user(action).await,
            "transfer_to_human_agents" => self.escalate(action.text("summary")).await,
            other => panic!("nobody knows the action {other}"),
        }
    }

    pub async fn call(&mut self, tool: &'static str, arguments: Value) -> Reply {
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

    pub async fn look_at_customer(&mut self, id: &str) {
        let reply = self.call("crm_get_customer", json!({ "customer_id": id })).await;
        answers::is_customer(&self.shop, reply.data(), id);
    }

    pub async fn look_at_order(&mut self, id: &str) {
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

    pub async fn check_shop(&self, when: &str) {
        Records::stored(&self.server.db).await.must_be(&Records::of(&self.shop), when);
    }
}

/// A sum needs no tool: whoever reads the amounts adds them up.
fn add_up(expression: &str) {
    let parts = expression.split_whitespace();
    let is_sum = |part: &str| matches!(part, "+" | "-") || part.parse::<f64>().is_ok();
    assert!(parts.into_iter().all(is_sum), "{expression} is more than a sum");
}

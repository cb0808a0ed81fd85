//! The actions that change the shop: each is asked for, changes nothing while it waits, is approved by
//! somebody else, and then does everything that the rules say and nothing else.

use serde_json::{Value, json};

use super::{
    answers,
    desk::{Action, Desk},
    shop::{Address, Shop},
};

impl Desk<'_> {
    /// Asks for a change, has it approved, and answers its result.
    async fn change(
        &mut self,
        tool: &'static str,
        arguments: Value,
        holds: &[&str],
        change: impl FnOnce(&mut Shop),
    ) -> Value {
        let approval_id = self.call(tool, arguments.clone()).await.pending();
        for sku in holds {
            *self.shop.held.entry((*sku).to_owned()).or_default() += 1;
        }
        self.check_shop(&format!("while {tool} {arguments} waits")).await;

        let decided = self.server.approver().approve(&approval_id).await;
        assert_eq!(decided.http, 200, "{}", decided.body);
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        // What was understood is about the same record.
        for name in ["order_id", "customer_id"] {
            assert_eq!(decided.body["arguments"].get(name), arguments.get(name), "{tool}");
        }
        assert_eq!(
            (&decided.body["requester"], &decided.body["decided_by"]),
            (&json!("desk"), &json!("approver"))
        );
        self.shop.held.clear();
        change(&mut self.shop);
        self.approved += 1;
        self.check_shop(&format!("after {tool} {arguments}")).await;

        let reply = self.call("approval_status", json!({ "approval_id": approval_id })).await;
        assert_eq!(reply.data()["status"], "executed");
        reply.data()["result"].clone()
    }

    /// Looks at an order and its customer, as whoever changed them would.
    async fn look_again(&mut self, order_id: &str) {
        self.look_at_order(order_id).await;
        let customer = self.shop.orders[order_id].user_id.clone();
        self.look_at_customer(&customer).await;
    }

    pub async fn cancel(&mut self, action: &Action) {
        let (id, reason) = (action.text("order_id"), action.text("reason"));
        let arguments = json!({ "order_id": id, "reason": reason });
        let result =
            self.change("order_cancel", arguments, &[], |shop| shop.cancel(id, reason)).await;
        answers::is_cancellation(&self.shop, &result, id);
        self.look_again(id).await;
    }

    pub async fn send_back(&mut self, action: &Action) {
        let (id, method) = (action.text("order_id"), action.text("payment_method_id"));
        // An answer lists them by SKU, in whatever order they were asked for.
        let mut items = action.list("item_ids");
        items.sort_unstable();
        let mut after = self.shop.clone();
        after.note_return(id, &items, method);
        let request = after.orders[id].requests.last().unwrap();
        let listed = answers::items_of(request);
        let arguments = json!({ "order_id": id, "items": listed, "refund_to": method });
        let result = self
            .change("order_return", arguments, &[], |shop| shop.note_return(id, &items, method))
            .await;
        answers::is_request(&self.shop, &result, id);
        self.look_again(id).await;
    }

    pub async fn exchange(&mut self, action: &Action) {
        let (id, method) = (action.text("order_id"), action.text("payment_method_id"));
        let swaps = swaps(action);
        let arguments = changes(id, &swaps, method);
        let holds = action.list("new_item_ids");
        if !self.shop.can_pay(id, method, self.shop.difference(&swaps)) {
            // One job names a gift card that does not hold the difference: it changes nothing.
            let refused = self.call("order_exchange", arguments).await;
            assert_eq!(refused.error(), "insufficient_balance");
            self.refused += 1;
            return self.check_shop(&format!("after {id} was refused")).await;
        }
        let result = self
            .change("order_exchange", arguments, &holds, |shop| {
                shop.note_exchange(id, &swaps, method);
            })
            .await;
        answers::is_request(&self.shop, &result, id);
        self.look_again(id).await;
    }

    pub async fn change_items(&mut self, action: &Action) {
        let (id, method) = (action.text("order_id"), action.text("payment_method_id"));
        let swaps = swaps(action);
        let arguments = changes(id, &swaps, method);
        let holds = action.list("new_item_ids");
        let before = Shop::total(&self.shop.orders[id]);
        let result = self
            .change("order_update_items", arguments, &holds, |shop| {
                shop.change_items(id, &swaps, method);
            })
            .await;
        let difference = super::shop::Cents(Shop::total(&self.shop.orders[id]) - before);
        assert_eq!(result["price_difference"], difference.json());
        answers::is_change(&self.shop, &result, id, &swaps);
        self.look_again(id).await;
    }

    pub async fn readdress(&mut self, action: &Action) {
        let (id, address) = (action.text("order_id"), address(action));
        let arguments = json!({ "order_id": id, "address": address.json() });
        let expected = json!({ "order_id": id, "status": "pending", "address": address.json() });
        let result = self
            .change("order_update_address", arguments, &[], |shop| shop.readdress(id, address))
            .await;
        assert_eq!(result, expected);
        self.look_again(id).await;
    }

    pub async fn move_user(&mut self, action: &Action) {
        let (id, address) = (action.text("user_id"), address(action));
        let arguments = json!({ "customer_id": id, "address": address.json() });
        let lives = address.json();
        if self.shop.users[id].address.json() == lives {
            // Some callers give the address that is on file.
            let refused = self.call("crm_update_customer", arguments).await;
            assert_eq!(refused.error(), "invalid_state");
            self.refused += 1;
            return self.check_shop(&format!("after {id} moved nowhere")).await;
        }
        let result = self
            .change("crm_update_customer", arguments, &[], |shop| shop.move_user(id, address))
            .await;
        let card = &result["customer"];
        assert_eq!((&card["customer_id"], &card["address"]), (&json!(id), &lives));
        self.look_at_customer(id).await;
    }

    /// Gives a caller to a person, which nobody has to approve.
    pub async fn escalate(&mut self, summary: &str) {
        let reason = "asks for a person";
        let arguments = json!({ "reason": reason, "summary": summary });
        let reply = self.call("support_escalate", arguments).await;
        assert_eq!(reply.data()["ticket_id"], "TIC-10001");
        self.shop.tickets.push(format!("{reason}: {summary}"));
    }
}

fn swaps(action: &Action) -> Vec<(&str, &str)> {
    let mut swaps: Vec<_> =
        action.list("item_ids").into_iter().zip(action.list("new_item_ids")).collect();
    // By SKU, as an answer lists them.
    swaps.sort_unstable();
    swaps
}

fn changes(order_id: &str, swaps: &[(&str, &str)], method_id: &str) -> Value {
    let change = |(sku, new): &(&str, &str)| json!({ "sku": sku, "new_sku": new });
    let changes: Vec<Value> = swaps.iter().map(change).collect();
    json!({ "order_id": order_id, "changes": changes, "payment_method_id": method_id })
}

fn address(action: &Action) -> Address {
    serde_json::from_value(action.arguments.clone()).unwrap()
}

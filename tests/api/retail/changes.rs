//! What the shop's own rules make of a change: the right state afterwards, worked out without the
//! server.

use super::shop::{Address, Cents, Order, Payment, Request, Shop};

impl Shop {
    /// Cancels a pending order: each payment goes back to where it came from, on a gift card at
    /// once, and each piece goes back to the shelf.
    pub fn cancel(&mut self, order_id: &str, reason: &str) {
        let order = self.order_in("pending", order_id);
        order.status = "cancelled".to_owned();
        order.cancel_reason = Some(reason.to_owned());
        let order = order.clone();
        for paid in &order.payment_history {
            assert_eq!(paid.transaction_type, "payment", "{order_id}");
            self.pay(order_id, &paid.payment_method_id, -paid.amount.0);
        }
        for item in &order.items {
            *self.restocked.entry(item.item_id.clone()).or_default() += 1;
        }
    }

    /// Sends a pending order elsewhere.
    pub fn readdress(&mut self, order_id: &str, address: Address) {
        self.order_in("pending", order_id).address = address;
    }

    /// Moves a customer.
    pub fn move_user(&mut self, id: &str, address: Address) {
        let user = self.users.get_mut(id).unwrap();
        user.address = address;
        user.changes += 1;
    }

    /// Swaps items of a pending order, on the shelf too, and settles the difference at once.
    pub fn change_items(&mut self, order_id: &str, swaps: &[(&str, &str)], method_id: &str) {
        let difference = self.difference(swaps);
        let news: Vec<_> = swaps.iter().map(|(_, new)| self.item(new).1.clone()).collect();
        let order = self.order_in("pending", order_id);
        order.status = "pending_modified".to_owned();
        let mut changed = Vec::new();
        for ((old, _), new) in swaps.iter().zip(&news) {
            let is_meant = |n: &usize| order.items[*n].item_id == *old && !changed.contains(n);
            let place = (0..order.items.len()).find(is_meant).unwrap();
            changed.push(place);
            let item = &mut order.items[place];
            item.item_id.clone_from(&new.item_id);
            item.price = new.price;
            item.options.clone_from(&new.options);
        }
        for (old, new) in swaps {
            *self.restocked.entry((*old).to_owned()).or_default() += 1;
            *self.restocked.entry((*new).to_owned()).or_default() -= 1;
        }
        if difference != 0 {
            self.pay(order_id, method_id, difference);
        }
    }

    /// The next number of a kind of request. It sounds like none that is there, whatever letters that one has.
    fn next_number(&self, prefix: &str) -> i64 {
        let requests = || self.orders.values().flat_map(|order| &order.requests);
        let own = requests().filter_map(|request| request.id.strip_prefix(prefix)?.parse().ok());
        let mut number = own.max().map_or(10_001, |last: i64| last + 1);
        let is_taken =
            |number: i64| requests().any(|other| other.id.ends_with(&number.to_string()));
        let mut step = 1;
        while is_taken(number) {
            step *= 2;
            number += step;
        }
        number
    }

    /// Notes a return: nothing moves until the goods have arrived.
    pub fn note_return(&mut self, order_id: &str, items: &[&str], method_id: &str) {
        let worth: i64 = items.iter().map(|id| self.ordered_price(order_id, id)).sum();
        let number = self.next_number("RET-");
        let order = self.order_in("delivered", order_id);
        order.status = "return_requested".to_owned();
        order.requests.push(Request {
            id: format!("RET-{number}"),
            pieces: items.iter().map(|id| ((*id).to_owned(), None)).collect(),
            payment_method_id: method_id.to_owned(),
            amount: Cents(worth),
        });
    }

    /// Notes an exchange: nothing moves until the goods have arrived.
    pub fn note_exchange(&mut self, order_id: &str, swaps: &[(&str, &str)], method_id: &str) {
        let difference = self.difference(swaps);
        let number = self.next_number("EXC-");
        let order = self.order_in("delivered", order_id);
        order.status = "exchange_requested".to_owned();
        let piece = |(old, new): &(&str, &str)| ((*old).to_owned(), Some((*new).to_owned()));
        order.requests.push(Request {
            id: format!("EXC-{number}"),
            pieces: swaps.iter().map(piece).collect(),
            payment_method_id: method_id.to_owned(),
            amount: Cents(difference),
        });
    }

    /// Whether a method of whoever ordered holds this much, if it is one that holds money.
    pub fn can_pay(&self, order_id: &str, method_id: &str, cents: i64) -> bool {
        let user = &self.users[&self.orders[order_id].user_id];
        user.payment_methods[method_id].balance.is_none_or(|balance| balance.0 >= cents)
    }

    /// What new items cost more than old ones. An item of an order costs what it costs today in this
    /// shop, which is checked.
    pub fn difference(&self, swaps: &[(&str, &str)]) -> i64 {
        swaps.iter().map(|(old, new)| self.item(new).1.price.0 - self.item(old).1.price.0).sum()
    }

    fn ordered_price(&self, order_id: &str, item_id: &str) -> i64 {
        let ordered = self.orders[order_id].items.iter().find(|item| item.item_id == item_id);
        let price = ordered.unwrap().price;
        assert_eq!(price, self.item(item_id).1.price, "{item_id} in {order_id}");
        price.0
    }

    /// The order, in the state in which it may be changed.
    fn order_in(&mut self, state: &str, id: &str) -> &mut Order {
        let order = self.orders.get_mut(id).unwrap();
        assert_eq!(order.status, state, "{id}");
        order.changes += 1;
        order
    }

    /// Charges an amount, or refunds it where it is below zero; on a gift card at once.
    fn pay(&mut self, order_id: &str, method_id: &str, cents: i64) {
        let order = self.orders.get_mut(order_id).unwrap();
        let kind = if cents > 0 { "payment" } else { "refund" };
        order.payment_history.push(Payment {
            transaction_type: kind.to_owned(),
            amount: Cents(cents.abs()),
            payment_method_id: method_id.to_owned(),
        });
        let methods = &mut self.users.get_mut(&order.user_id).unwrap().payment_methods;
        if let Some(Cents(balance)) = &mut methods.get_mut(method_id).unwrap().balance {
            *balance -= cents;
            assert!(*balance >= 0, "{method_id} cannot pay");
        }
    }
}

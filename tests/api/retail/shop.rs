//! The shop as its own file tells it, and what its rules make of it: the other side of every
//! comparison, worked out without the server.

#![expect(clippy::struct_field_names, reason = "these are the names in the shop's file")]

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

use super::import_format::AVAILABLE;

/// Everything in `db.json`, and what has happened since.
#[derive(Clone, Deserialize)]
pub struct Shop {
    pub users: BTreeMap<String, User>,
    pub products: BTreeMap<String, Product>,
    pub orders: BTreeMap<String, Order>,
    /// What went back to the shelf, less what was taken from it.
    #[serde(skip)]
    pub restocked: BTreeMap<String, i64>,
    /// What waits on the shelf for whoever decides.
    #[serde(skip)]
    pub held: BTreeMap<String, i64>,
    /// Why callers were given to a person.
    #[serde(skip)]
    pub tickets: Vec<String>,
}

#[derive(Clone, Deserialize)]
pub struct User {
    pub user_id: String,
    pub name: Name,
    pub address: Address,
    pub email: String,
    pub payment_methods: BTreeMap<String, Method>,
    pub orders: Vec<String>,
    /// How often the record was changed.
    #[serde(skip)]
    pub changes: i64,
}

#[derive(Clone, Deserialize)]
pub struct Name {
    pub first_name: String,
    pub last_name: String,
}

#[derive(Clone, Deserialize)]
pub struct Address {
    pub address1: String,
    pub address2: String,
    pub city: String,
    pub state: String,
    pub zip: String,
    pub country: String,
}

#[derive(Clone, Deserialize)]
pub struct Method {
    pub source: String,
    pub brand: Option<String>,
    pub last_four: Option<String>,
    #[serde(default)]
    pub balance: Option<Cents>,
}

#[derive(Clone, Deserialize)]
pub struct Product {
    pub product_id: String,
    pub name: String,
    pub variants: BTreeMap<String, Variant>,
}

#[derive(Clone, Deserialize)]
pub struct Variant {
    pub item_id: String,
    pub options: Map<String, Value>,
    pub available: bool,
    pub price: Cents,
}

#[derive(Clone, Deserialize)]
pub struct Order {
    pub order_id: String,
    pub user_id: String,
    pub address: Address,
    pub items: Vec<Item>,
    pub status: String,
    pub fulfillments: Vec<Parcel>,
    pub payment_history: Vec<Payment>,
    pub cancel_reason: Option<String>,
    /// How often the order was changed.
    #[serde(skip)]
    pub changes: i64,
    /// What is to come back.
    #[serde(skip)]
    pub requests: Vec<Request>,
}

/// A return, or an exchange.
#[derive(Clone)]
pub struct Request {
    pub id: String,
    /// What comes back, and what is sent instead.
    pub pieces: Vec<(String, Option<String>)>,
    pub payment_method_id: String,
    /// What is refunded, or what an exchange costs more.
    pub amount: Cents,
}

#[derive(Clone, Deserialize)]
pub struct Item {
    pub name: String,
    pub item_id: String,
    pub price: Cents,
    pub options: Map<String, Value>,
}

#[derive(Clone, Deserialize)]
pub struct Parcel {
    pub tracking_id: Vec<String>,
    pub item_ids: Vec<String>,
}

#[derive(Clone, Deserialize)]
pub struct Payment {
    pub transaction_type: String,
    pub amount: Cents,
    pub payment_method_id: String,
}

/// An amount in cents, read from its digits as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cents(pub i64);

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Number::deserialize(deserializer)?.to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        assert!(fraction.len() <= 2, "{text} is not an amount");
        Ok(Self(format!("{whole}{fraction:0<2}").parse().unwrap()))
    }
}

impl Cents {
    /// The amount as every tool writes it.
    pub fn json(self) -> Value {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = format!("{sign}{}.{:02}", self.0.abs() / 100, self.0.abs() % 100);
        serde_json::json!({ "amount": amount, "currency": "USD" })
    }
}

impl Shop {
    /// Reads `db.json` in this folder.
    pub fn read(folder: &Path) -> Self {
        serde_json::from_slice(&std::fs::read(folder.join("db.json")).unwrap()).unwrap()
    }

    /// Everyone of this name with this postal code.
    pub fn named(&self, first: &str, last: &str, zip: &str) -> Vec<&User> {
        let is = |user: &&User| {
            user.name.first_name.eq_ignore_ascii_case(first)
                && user.name.last_name.eq_ignore_ascii_case(last)
                && user.address.zip == zip
        };
        self.users.values().filter(is).collect()
    }

    /// Everyone with this e-mail address.
    pub fn with_email(&self, email: &str) -> Vec<&User> {
        self.users.values().filter(|user| user.email.eq_ignore_ascii_case(email)).collect()
    }

    /// The id of the order that is meant: some jobs leave the letter of its number out.
    pub fn meant(&self, said: &str) -> Option<&str> {
        let end = said.trim_start_matches('#');
        let mut meant = self.orders.keys().filter(|id| id.ends_with(end));
        let (id, other) = (meant.next(), meant.next());
        assert_eq!(other, None, "{said} is ambiguous");
        id.map(String::as_str)
    }

    /// An item and the product that it belongs to.
    pub fn item(&self, id: &str) -> (&Product, &Variant) {
        let found = |product: &Product| product.variants.contains_key(id);
        let product = self.products.values().find(|product| found(product)).unwrap();
        (product, &product.variants[id])
    }

    /// How many of a variant there are.
    pub fn on_hand(&self, variant: &Variant) -> i64 {
        let first = if variant.available { AVAILABLE } else { 0 };
        first + self.restocked.get(&variant.item_id).unwrap_or(&0)
    }

    /// What an order is charged.
    pub fn total(order: &Order) -> i64 {
        order.items.iter().map(|item| item.price.0).sum()
    }
}

impl Request {
    /// What the tools call it.
    pub fn kind(&self) -> &'static str {
        if self.id.starts_with("RET") { "return" } else { "exchange" }
    }

    /// Its lines as they are stored: pieces of a return that are alike are one line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::<(&str, i64, &str)>::new();
        for (sku, new) in &self.pieces {
            let new = new.as_deref().unwrap_or("a refund");
            match lines.iter_mut().find(|line| line.0 == sku && new == "a refund") {
                Some(line) => line.1 += 1,
                None => lines.push((sku, 1, new)),
            }
        }
        let line = |(sku, pieces, new)| format!("{sku} x {pieces} for {new}");
        lines.into_iter().map(line).collect()
    }
}

impl User {
    /// First and last name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.name.first_name, self.name.last_name)
    }
}

impl Address {
    /// The address as the import format and every tool write it.
    pub fn json(&self) -> Value {
        let mut address = serde_json::json!({
            "line1": self.address1,
            "line2": self.address2,
            "city": self.city,
            "region": self.state,
            "postal_code": self.zip,
            "country": self.country,
        });
        // What is left blank is not there.
        address.as_object_mut().unwrap().retain(|_, part| part != "");
        address
    }
}

impl Method {
    /// What the import format and every tool call this kind of method.
    pub fn kind(&self) -> &'static str {
        match self.source.as_str() {
            "credit_card" => "card",
            "gift_card" => "gift_card",
            "paypal" => "wallet",
            other => panic!("{other} is no way to pay"),
        }
    }

    /// Who issued it: a wallet's brand is its name.
    pub fn brand(&self) -> Option<&str> {
        let wallet = (self.kind() == "wallet").then_some(self.source.as_str());
        self.brand.as_deref().or(wallet)
    }
}

impl Payment {
    /// What the import format and every tool call this kind of payment.
    pub fn kind(&self) -> &'static str {
        match self.transaction_type.as_str() {
            "payment" => "charge",
            "refund" => "refund",
            other => panic!("{other} is no payment"),
        }
    }
}

//! An order: what was bought at which prices, how it was paid for and sent.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{business::order_state::OrderStatus, customers::import::Address};
use business_mcp_engine::{
    import::fields::{FieldError, Fields, ID, SHORT, decimal},
    money::{LARGEST_MINOR, Money},
};

/// The most pieces of one thing in one order.
const MOST_ORDERED: i64 = 1_000_000;

/// One line of `orders.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderRecord {
    /// The business's own id.
    pub id: String,
    /// Who ordered.
    pub customer_id: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it was placed; the time of the import where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placed_at: Option<DateTime<Utc>>,
    /// Where it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// What was bought.
    pub items: Vec<ItemRecord>,
    /// What was paid and paid back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<PaymentRecord>,
    /// How it was sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<ShipmentRecord>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemRecord {
    /// What was bought.
    pub sku: String,
    /// How many.
    pub quantity: i64,
    /// What one of them cost then.
    #[serde(serialize_with = "decimal")]
    pub unit_price: Money,
}

/// Money that came or went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentRecord {
    /// Which way it went.
    pub kind: PaymentKind,
    /// How much.
    #[serde(serialize_with = "decimal")]
    pub amount: Money,
    /// One of the customer's payment methods.
    pub payment_method_id: String,
}

/// Which way money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// From the customer.
    Charge,
    /// Back to the customer.
    Refund,
}

impl PaymentKind {
    /// The name that records and the database use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Charge, Self::Refund].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShipmentRecord {
    /// The carrier's number.
    pub tracking_number: String,
    /// Who carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// What is in it.
    pub skus: Vec<String>,
}

impl OrderRecord {
    /// What the lines add up to, in minor units.
    pub fn total_minor(&self) -> i64 {
        self.items.iter().map(|item| item.unit_price.minor.saturating_mul(item.quantity)).sum()
    }

    /// What was charged less what was refunded, in minor units.
    pub fn paid_minor(&self) -> i64 {
        let signed = |payment: &PaymentRecord| match payment.kind {
            PaymentKind::Charge => payment.amount.minor,
            PaymentKind::Refund => -payment.amount.minor,
        };
        self.payments.iter().map(signed).sum()
    }
}

impl OrderRecord {
    /// Reads an order.
    ///
    /// # Errors
    /// The first field that is wrong, and why.
    pub fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let id = fields.required("id", ID)?;
        let customer_id = fields.required("customer_id", ID)?;
        let known = OrderStatus::ALL.map(OrderStatus::as_str).join(", ");
        let status = fields.one_of("status", OrderStatus::parse, &known)?;
        let record = Self {
            id,
            customer_id,
            status: fields.present("status", status)?,
            placed_at: fields.time("placed_at")?,
            address: Address::read(fields)?,
            items: fields.objects("items", item)?.unwrap_or_default(),
            payments: fields.objects("payments", payment)?.unwrap_or_default(),
            shipments: fields.objects("shipments", shipment)?.unwrap_or_default(),
        };
        record.check(fields)?;
        Ok(record)
    }

    /// What its parts must agree on.
    fn check(&self, fields: &Fields<'_>) -> Result<(), FieldError> {
        if self.items.is_empty() {
            return Err(fields.missing("items"));
        }
        let amounts = self.items.iter().map(|item| item.unit_price.checked_times(item.quantity));
        let total = amounts.into_iter().try_fold(0_i64, |sum, line| sum.checked_add(line?.minor));
        if total.is_none_or(|total| total > LARGEST_MINOR) {
            return Err(fields.error("items", "add up to more than any order of this business"));
        }
        if self.paid_minor() < 0 {
            return Err(fields.error("payments", "refund more than was charged"));
        }
        for (n, shipment) in self.shipments.iter().enumerate() {
            let number = &shipment.tracking_number;
            if self.shipments.iter().take(n).any(|other| other.tracking_number == *number) {
                let name = format!("shipments[{n}].tracking_number");
                return Err(fields.error(&name, "is the number of another shipment, too"));
            }
            let ordered = |sku: &&String| !self.items.iter().any(|item| item.sku == **sku);
            if let Some(sku) = shipment.skus.iter().find(ordered) {
                let name = format!("shipments[{n}].skus");
                return Err(fields.error(&name, format!("has {sku}, which was not ordered")));
            }
        }
        Ok(())
    }
}

fn item(fields: &mut Fields<'_>) -> Result<ItemRecord, FieldError> {
    let sku = fields.required("sku", ID)?;
    let quantity = fields.whole("quantity", 1, MOST_ORDERED)?;
    let unit_price = fields.money("unit_price")?;
    Ok(ItemRecord {
        sku,
        quantity: fields.present("quantity", quantity)?,
        unit_price: fields.present("unit_price", unit_price)?,
    })
}

fn payment(fields: &mut Fields<'_>) -> Result<PaymentRecord, FieldError> {
    let kind = fields.one_of("kind", PaymentKind::parse, "charge, refund")?;
    let amount = fields.money("amount")?;
    Ok(PaymentRecord {
        kind: fields.present("kind", kind)?,
        amount: fields.present("amount", amount)?,
        payment_method_id: fields.required("payment_method_id", ID)?,
    })
}

fn shipment(fields: &mut Fields<'_>) -> Result<ShipmentRecord, FieldError> {
    let tracking_number = fields.required("tracking_number", SHORT)?;
    let carrier = fields.optional("carrier", SHORT)?;
    let listed = fields.list("skus")?;
    let listed = fields.present("skus", listed)?;
    let skus = listed.into_iter().map(|(path, sku)| match sku {
        serde_json::Value::String(sku) => Ok(sku.trim().to_owned()),
        serde_json::Value::Number(sku) => Ok(sku.to_string()),
        _ => Err(FieldError::new(path, "is not text")),
    });
    Ok(ShipmentRecord { tracking_number, carrier, skus: skus.collect::<Result<_, _>>()? })
}

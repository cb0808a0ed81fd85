//! An order in full, as `order_get` shows it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::requests::{self, RequestView};
use crate::{
    orders::{
        order_state::OrderStatus,
        sql::{
            order_items::{self, ItemRow},
            orders::OrderRow,
            shipments::{self, ShipmentRow},
        },
    },
    payments::sql::payments::{self, PaymentRow},
};
use business_mcp_engine::{
    money::Money,
    speech::text,
    tool::{CallContext, ToolError, answer::rfc3339, fit},
};

/// An order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderView {
    /// Its number.
    order_id: String,
    /// Where it stands.
    status: OrderStatus,
    /// Whose it is.
    customer_id: String,
    /// When it was placed (RFC 3339, UTC).
    placed_at: String,
    /// The currency of every amount.
    currency: String,
    /// What was ordered.
    items: Vec<ItemView>,
    /// How many items are not shown because the answer would be too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_items: Option<usize>,
    /// What is taken off.
    discount: Money,
    /// Tax.
    tax: Money,
    /// What it costs.
    total: Money,
    /// Where it goes; street and postal code only for whoever may see personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<AddressView>,
    /// What was paid and refunded.
    payments: Vec<PaymentView>,
    /// How many payments are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_payments: Option<usize>,
    /// Its parcels.
    shipments: Vec<ShipmentView>,
    /// How many parcels are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_shipments: Option<usize>,
    /// Returns and exchanges.
    requests: Vec<RequestView>,
    /// What was noted when it was placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_reason: Option<String>,
    /// Raised by each change.
    version: i64,
    /// Whether the last charge was declined, so that it waits for another payment method.
    #[serde(skip)]
    pub charge_declined: bool,
}

/// A line of an order.
#[derive(Debug, Serialize, JsonSchema)]
struct ItemView {
    /// The SKU.
    sku: String,
    /// The product's name.
    name: String,
    /// Such as color and size.
    options: Map<String, Value>,
    /// How many.
    quantity: i64,
    /// What one cost at list price.
    unit_price: Money,
}

/// A postal address, as the import format names its parts.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct AddressView {
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    line1: Option<String>,
    /// Flat, suite, floor.
    #[serde(skip_serializing_if = "Option::is_none")]
    line2: Option<String>,
    /// The town.
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    /// State, province or county.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    /// ZIP or postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<String>,
    /// The country.
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
}

/// Money that came or went back.
#[derive(Debug, Serialize, JsonSchema)]
struct PaymentView {
    /// `charge` or `refund`.
    kind: String,
    /// How much.
    amount: Money,
    /// The customer's payment method.
    payment_method_id: String,
    /// When (RFC 3339, UTC).
    at: String,
    /// `pending` until the provider has answered, then `settled` or `declined`; `failed` where it never
    /// answered, and a person has to find out.
    state: &'static str,
}

/// A parcel.
#[derive(Debug, Serialize, JsonSchema)]
struct ShipmentView {
    /// The carrier's number.
    tracking_number: String,
    /// Who carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    carrier: Option<String>,
    /// What is in it.
    skus: Vec<String>,
    /// How many more SKUs are in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_skus: Option<usize>,
    /// The day on which it should arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_date: Option<String>,
}

/// Reads what belongs to an order and shows it, below 8 KB: items give way first.
pub async fn of(
    ctx: &mut CallContext,
    row: OrderRow,
    status: OrderStatus,
) -> Result<OrderView, ToolError> {
    let items = order_items::of_order(&mut ctx.tx, &row.id).await?;
    let payments = payments::of_order(&mut ctx.tx, &row.id).await?;
    let shipments = shipments::of_order(&mut ctx.tx, &row.id).await?;
    let requests = requests::of_order(ctx, &row.id).await?;
    let mut items: Vec<ItemView> = items.into_iter().map(|item| item_view(ctx, item)).collect();
    let last_charge = payments.iter().rfind(|payment| payment.kind == "charge");
    let charge_declined = last_charge.is_some_and(|charge| charge.state == "declined");
    let mut payments: Vec<PaymentView> =
        payments.into_iter().map(|payment| payment_view(ctx, payment)).collect();
    let mut shipments: Vec<ShipmentView> = shipments.into_iter().map(shipment_view).collect();
    let more_payments = fit::cut(&mut payments, 1_200);
    let more_shipments = fit::cut(&mut shipments, 1_200);
    let address = row.address.as_deref().and_then(|json| serde_json::from_str(json).ok());
    let mut view = OrderView {
        order_id: row.id,
        status,
        customer_id: row.customer_id.clone(),
        placed_at: rfc3339(row.placed_at),
        currency: ctx.tenant.currency.to_string(),
        items: Vec::new(),
        more_items: None,
        discount: ctx.money(row.discount_minor),
        tax: ctx.money(row.tax_minor),
        total: ctx.money(row.total_minor),
        address: address.map(|address| shown(address, ctx.sees_personal(&row.customer_id))),
        payments,
        more_payments,
        shipments,
        more_shipments,
        requests,
        note: row.note.map(|note| text::display(&note, 500)),
        cancel_reason: row.cancel_reason.map(|reason| text::display(&reason, 200)),
        version: row.version,
        charge_declined,
    };
    view.more_items = fit::cut(&mut items, fit::DATA.saturating_sub(fit::bytes(&view)));
    view.items = items;
    Ok(view)
}

fn item_view(ctx: &CallContext, item: ItemRow) -> ItemView {
    let options = item.options.and_then(|json| serde_json::from_str(&json).ok());
    ItemView {
        name: text::display(item.name.as_deref().unwrap_or(&item.sku), 80),
        sku: item.sku,
        options: options.unwrap_or_default(),
        quantity: item.quantity,
        unit_price: ctx.money(item.unit_price_minor),
    }
}

fn payment_view(ctx: &CallContext, payment: PaymentRow) -> PaymentView {
    PaymentView {
        kind: payment.kind,
        amount: ctx.money(payment.amount_minor),
        payment_method_id: payment.payment_method_id,
        at: rfc3339(payment.at),
        state: match payment.state.as_str() {
            "done" => "settled",
            "declined" => "declined",
            "failed" => "failed",
            _ => "pending",
        },
    }
}

fn shipment_view(parcel: ShipmentRow) -> ShipmentView {
    let mut skus: Vec<String> = serde_json::from_str(&parcel.skus).unwrap_or_default();
    let more_skus = fit::cut(&mut skus, 500);
    ShipmentView {
        tracking_number: parcel.tracking_number,
        carrier: parcel.carrier,
        skus,
        more_skus,
        expected_date: parcel.expected_on,
    }
}

/// The address for this caller. What a customer is verified by, and where they live, stays hidden
/// from whoever may not see personal data.
fn shown(address: AddressView, personal: bool) -> AddressView {
    let plain = |part: Option<String>| part.map(|part| text::display(&part, 120));
    let hidden = |part: Option<String>| plain(part.filter(|_| personal));
    AddressView {
        line1: hidden(address.line1),
        line2: hidden(address.line2),
        city: plain(address.city),
        region: plain(address.region),
        postal_code: hidden(address.postal_code),
        country: plain(address.country),
    }
}

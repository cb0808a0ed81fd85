//! An order written down: stock, gift card, number, ledger, order and lines.
//!
//! Rows that others wait for are locked in one order by everybody: stock by SKU, then the gift card,
//! then the counter of order numbers, then the day's row in `sales_days`, which is nearly always left
//! alone here. The counter comes so late because a whole tenant waits for it
//! on Postgres: whoever holds it only has rows of their own left to write. So stock is drawn
//! before the order has a number, and its movements are written as soon as it has one.

use super::{
    money::{self, Transfer},
    plan::Plan,
};
use crate::{
    catalog::{
        self,
        sql::{
            own_reservations,
            stock::{self, Cause},
        },
    },
    orders::sql::{
        order_items::{self, NewItem},
        orders::{self, NewOrder},
    },
};
use business_mcp_engine::{
    db::tenants,
    speech::reference,
    tool::{CallContext, ToolError},
};

/// Why stock and gift cards change.
const REASON: &str = "sale";

/// Places the order and answers its number.
///
/// # Errors
/// `out_of_stock` and `insufficient_balance`, where somebody else was quicker.
pub async fn place(ctx: &mut CallContext, plan: &Plan) -> Result<String, ToolError> {
    let drawn = draw(ctx, plan).await?;
    if let Some(method) = &plan.method {
        money::take(ctx, &plan.buyer.id, method, plan.bill.total_minor).await?;
    }
    let number = tenants::next_number(&mut ctx.tx, "order", orders::sounds_like).await?;
    let id = format!("ORD-{number}");
    let actor = ctx.caller.subject.clone();
    let cause = Cause { reason: REASON, id: Some(&id), actor: &actor, at: ctx.now };
    for (sku, location, pieces) in &drawn {
        stock::record_movement(&mut ctx.tx, sku, location, -pieces, cause).await?;
    }
    write_order(ctx, plan, &id).await?;
    if let Some(method) = plan.method.as_ref().filter(|_| plan.bill.total_minor > 0) {
        let charge = Transfer {
            order_id: &id,
            customer_id: &plan.buyer.id,
            method,
            minor: plan.bill.total_minor,
            reason: REASON,
            waits: false,
        };
        money::record(ctx, "charge", charge).await?;
    }
    Ok(id)
}

/// Takes the stock, in the order of the SKUs: SKU, location and how many from there. What the caller has reserved in
/// this conversation comes first.
async fn draw<'p>(
    ctx: &mut CallContext,
    plan: &'p Plan,
) -> Result<Vec<(&'p str, String, i64)>, ToolError> {
    let owner = catalog::reserver(ctx);
    let mut wanted: Vec<_> = plan.wanted.iter().collect();
    wanted.sort_by(|a, b| a.article.sku.cmp(&b.article.sku));
    let mut drawn = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let sku = wanted.article.sku.as_str();
        let (mut missing, now) = (wanted.quantity, ctx.now);
        let mut places = Vec::new();
        if let Some(owner) = &owner {
            let of = (owner.as_str(), now);
            places = own_reservations::draw(&mut ctx.tx, sku, missing, of).await?;
            missing -= places.iter().map(|(_, pieces)| pieces).sum::<i64>();
        }
        if missing > 0 {
            places.extend(stock::draw(&mut ctx.tx, sku, missing, now).await?);
        }
        let pieces: i64 = places.iter().map(|(_, pieces)| pieces).sum();
        if pieces < wanted.quantity {
            return Err(wanted.out_of_stock(pieces));
        }
        drawn.extend(places.into_iter().map(|(location, pieces)| (sku, location, pieces)));
    }
    Ok(drawn)
}

async fn write_order(ctx: &mut CallContext, plan: &Plan, id: &str) -> Result<(), ToolError> {
    let placed_on = ctx.today().to_string();
    let bill = &plan.bill;
    let order = NewOrder {
        id,
        id_tail: &reference::tail(id),
        customer_id: &plan.buyer.id,
        placed_at: ctx.now,
        placed_on: &placed_on,
        subtotal_minor: bill.subtotal_minor,
        discount_minor: bill.discount_minor,
        tax_minor: bill.tax_minor,
        total_minor: bill.total_minor,
        address: plan.buyer.address.as_deref(),
        note: plan.note.as_deref().map(String::as_str),
        quote_id: plan.quote_id.as_deref(),
    };
    orders::insert(&mut ctx.tx, order).await?;
    for (line, of_bill) in (1_i64..).zip(&bill.lines) {
        let item = NewItem {
            line,
            sku: &of_bill.sku,
            quantity: of_bill.quantity,
            unit_price_minor: of_bill.unit_price_minor,
            discount_minor: of_bill.discount_minor,
        };
        order_items::write(&mut ctx.tx, id, item).await?;
    }
    Ok(())
}

//! Pieces of an order on their way back to the shelf, and others on their way out.

use std::collections::{BTreeMap, BTreeSet};

use super::items::Wanted;
use crate::business::TenantFacts as _;
use crate::catalog::sql::stock::{self, Cause};
use business_mcp_engine::tool::{CallContext, ToolError};

/// Puts pieces back to where the order took them. Those that it took nowhere, because it was
/// imported, go to the usual place.
pub async fn put_back(
    ctx: &mut CallContext,
    order_id: &str,
    reason: &str,
    pieces: &BTreeMap<String, i64>,
) -> Result<(), ToolError> {
    swap(ctx, order_id, reason, pieces, &[]).await
}

/// Puts some pieces back and takes others, in the order of the SKUs, as every transaction does that
/// locks stock.
///
/// # Errors
/// `out_of_stock`, where somebody else was quicker.
pub async fn swap(
    ctx: &mut CallContext,
    order_id: &str,
    reason: &str,
    back: &BTreeMap<String, i64>,
    out: &[Wanted],
) -> Result<(), ToolError> {
    let taken = stock::taken_by(&mut ctx.tx, order_id).await?;
    let tenant_facts = ctx.tenant.clone();
    let business = tenant_facts.business();
    let usual = business.main_location().map_or("main", |location| location.id.as_str());
    let actor = ctx.caller.subject.clone();
    let cause = Cause { reason, id: Some(order_id), actor: &actor, at: ctx.now };
    let skus: BTreeSet<&str> = back
        .keys()
        .map(String::as_str)
        .chain(out.iter().map(|wanted| wanted.article.sku.as_str()))
        .collect();
    for sku in skus {
        let wanted = out.iter().find(|wanted| wanted.article.sku == sku);
        let mut left = back.get(sku).copied().unwrap_or(0);
        let missing = wanted.map_or(0, |wanted| wanted.quantity) - left;
        if let Some(wanted) = wanted.filter(|_| missing > 0) {
            if !stock::take(&mut ctx.tx, sku, missing, cause).await? {
                return Err(wanted.out_of_stock(0));
            }
            continue;
        }
        left = -missing;
        let places = taken.iter().filter(|(of, ..)| of == sku);
        let places = places.map(|(_, location, pieces)| (location.as_str(), *pieces));
        let mut put = Vec::new();
        for (location, most) in places.chain([(usual, i64::MAX)]) {
            let pieces = left.min(most);
            if pieces > 0 {
                put.push((location, pieces));
                left -= pieces;
            }
        }
        // The usual place may stand before those that the order took them from.
        put.sort_unstable();
        for (location, pieces) in put {
            stock::change(&mut ctx.tx, sku, location, pieces, cause).await?;
        }
    }
    Ok(())
}

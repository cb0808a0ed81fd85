//! Pieces of an order swapped for other variants of the same products, checked in every respect.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{
    find,
    items::{self, Wanted},
    lines::{self, Ordered, Piece},
    money, refunds,
    requests::ChangeView,
    said,
};
use crate::orders::{
    order_lines::{Lines, Sums, Swap},
    settlement,
    sql::{buyers::Method, orders::OrderRow},
};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{CallContext, ErrorCode, Hold, ToolError},
};

/// One swap, as it is asked for.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Change {
    /// The SKU that was ordered.
    #[validate(length(min = 1, max = 64, message = "must have 1 to 64 characters"))]
    sku: String,
    /// The SKU of another variant of the same product.
    #[validate(length(min = 1, max = 64, message = "must have 1 to 64 characters"))]
    new_sku: String,
    /// How many; 1 if left out.
    #[validate(range(min = 1, max = 10_000, message = "must be from 1 to 10000"))]
    quantity: Option<i64>,
}

/// Swaps that are to be made: each pair of articles once, in the order of the SKUs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    /// In which order.
    pub order_id: String,
    /// What for what, by the stored SKUs.
    pub changes: Vec<Change>,
    /// What pays for the difference, or gets it.
    pub payment_method_id: String,
}

impl Intent {
    /// Finds what is asked for.
    ///
    /// # Errors
    /// `invalid_parameters` for what takes the place of an article and is unknown, and `not_found`.
    pub async fn of(
        ctx: &mut CallContext,
        order_id: &str,
        changes: &[Change],
        payment_method_id: &str,
    ) -> Result<Self, ToolError> {
        let order = find::one(ctx, order_id).await?;
        let ordered = Ordered::of(ctx, &order).await?;
        let mut merged = BTreeMap::<(String, String), i64>::new();
        for change in changes {
            let sku = ordered.sku(ctx, &change.sku).await?;
            let new = items::on_file(ctx, &change.new_sku).await.map_err(unknown)?;
            let quantity = merged.entry((sku, new.sku)).or_default();
            *quantity = quantity.saturating_add(change.pieces());
        }
        let change = |((sku, new_sku), quantity)| Change { sku, new_sku, quantity: Some(quantity) };
        let changes = merged.into_iter().map(change).collect();
        let method = money::method(ctx, &order.customer_id, payment_method_id).await?;
        Ok(Self { order_id: order.id, changes, payment_method_id: method.id })
    }
}

/// Swaps that may be made, and what comes of them.
#[derive(Debug)]
pub struct Plan {
    /// The order as it is.
    pub order: OrderRow,
    /// What goes, and what comes instead.
    pub changes: Vec<Planned>,
    /// The order's lines afterwards.
    pub after: Lines,
    /// What the order costs afterwards.
    pub sums: Sums,
    /// What it costs more; below zero, less.
    pub difference_minor: i64,
    /// What is charged; below zero, refunded.
    pub owed_minor: i64,
    /// What pays for it, or gets the refund.
    pub method: Method,
    /// Whether a refund waits for charges of the order that are still open.
    pub waits: bool,
}

/// One swap.
#[derive(Debug)]
pub struct Planned {
    /// What goes.
    pub piece: Piece,
    /// What comes instead.
    pub new: Wanted,
}

impl Plan {
    /// Checks swaps that are asked for.
    ///
    /// # Errors
    /// The first thing that is wrong, named.
    pub async fn asked(
        ctx: &mut CallContext,
        order: OrderRow,
        intent: &Intent,
    ) -> Result<Self, ToolError> {
        let Intent { changes, payment_method_id, .. } = intent;
        let ordered = Ordered::of(ctx, &order).await?;
        let mut planned = Vec::with_capacity(changes.len());
        for change in changes {
            planned.push(change.check(ctx, &ordered).await?);
        }
        Self::of(ctx, order, &ordered, planned, payment_method_id).await
    }

    /// Works out what comes of swaps.
    ///
    /// # Errors
    /// `out_of_stock`, `insufficient_balance`, and what the rules for lines refuse.
    pub async fn of(
        ctx: &mut CallContext,
        order: OrderRow,
        ordered: &Ordered,
        changes: Vec<Planned>,
        method_id: &str,
    ) -> Result<Self, ToolError> {
        for planned in &changes {
            let of_it = changes.iter().filter(|other| other.piece.sku == planned.piece.sku);
            let quantity = of_it.map(|other| other.piece.quantity).sum();
            let piece = Piece { quantity, ..planned.piece.clone() };
            if quantity > ordered.lines.quantity(&piece.sku) {
                return Err(ordered.too_many(&piece));
            }
        }
        let swap = |planned: &Planned| Swap {
            sku: planned.piece.sku.clone(),
            new_sku: planned.new.article.sku.clone(),
            quantity: planned.piece.quantity,
            new_unit_price_minor: planned.new.article.price_minor,
        };
        let swaps: Vec<Swap> = changes.iter().map(swap).collect();
        let after = ordered.lines.swapped(&swaps).map_err(|error| lines::refused(&error))?;
        let before = ordered.lines.sums().map_err(|error| lines::refused(&error))?;
        let sums = after.sums().map_err(|error| lines::refused(&error))?;
        let difference_minor = sums.total_minor - before.total_minor;
        let paid = refunds::paid(ctx, &order).await?;
        let owed_minor = settlement::owed(difference_minor, refunds::net(&paid));
        let method = money::method_by_id(ctx, &order.customer_id, method_id).await?;
        money::check_balance(ctx, &method, owed_minor)?;
        let waits = refunds::is_open(&paid);
        let plan =
            Self { order, changes, after, sums, difference_minor, owed_minor, method, waits };
        items::check_stock(ctx, &plan.new_pieces()).await?;
        Ok(plan)
    }

    /// What comes, each article once.
    pub fn new_pieces(&self) -> Vec<Wanted> {
        let mut pieces: Vec<Wanted> = Vec::with_capacity(self.changes.len());
        for planned in &self.changes {
            let new = &planned.new;
            match pieces.iter_mut().find(|piece| piece.article.sku == new.article.sku) {
                Some(same) => same.quantity += new.quantity,
                None => pieces.push(new.clone()),
            }
        }
        pieces
    }

    /// The stock that a request for it holds.
    pub fn holds(&self) -> Vec<Hold> {
        let hold = |wanted: Wanted| Hold::anywhere(&wanted.article.sku, wanted.quantity);
        self.new_pieces().into_iter().map(hold).collect()
    }

    /// The swaps as answers show them.
    pub fn views(&self) -> Vec<ChangeView> {
        let view = |planned: &Planned| ChangeView {
            sku: planned.piece.sku.clone(),
            new_sku: planned.new.article.sku.clone(),
            quantity: planned.piece.quantity,
        };
        self.changes.iter().map(view).collect()
    }

    /// The swaps in words: `2 of the T-Shirt blue M instead of T-Shirt red M`.
    pub fn words(&self) -> String {
        let words = |planned: &Planned| {
            let new = said::some(planned.piece.quantity, &planned.new.title());
            let old = phrases::stored(&planned.piece.title, 40);
            text!("{new} instead of {old}", new, old)
        };
        let swaps: Vec<String> = self.changes.iter().map(words).collect();
        phrases::list_of_three(&swaps)
    }
}

/// An article that is unknown is a wrong argument of a call about an order that is known.
fn unknown(error: ToolError) -> ToolError {
    let unknown = error.code() == ErrorCode::NotFound;
    if unknown { error.with_code(ErrorCode::InvalidParameters) } else { error }
}

impl Change {
    /// How many.
    fn pieces(&self) -> i64 {
        self.quantity.unwrap_or(1)
    }

    async fn check(&self, ctx: &mut CallContext, ordered: &Ordered) -> Result<Planned, ToolError> {
        let quantity = self.pieces();
        let row = ordered.by_sku(&self.sku)?;
        let article = items::article(ctx, &self.new_sku).await.map_err(unknown)?;
        let piece = lines::piece(row, quantity);
        let new = said::title(&article.name, &article.options);
        if article.sku == row.sku {
            let sentence = text!("{new} is what was ordered. Please ask for the new one.", new);
            return Err(ToolError::invalid(sentence));
        }
        if row.product_id.as_ref() != Some(&article.product_id) {
            let old = &piece.title;
            let sentence = text!(
                "{new} is another product than {old}. Only another variant of the same product \
                 can take its place.",
                new,
                old
            );
            return Err(ToolError::invalid(sentence));
        }
        Ok(Planned { piece, new: Wanted { article, quantity } })
    }
}

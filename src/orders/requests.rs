//! Returns and exchanges: written down when they are asked for, and shown with their order.

use schemars::JsonSchema;
use serde::Serialize;

use crate::orders::sql::order_requests::{
    self, NewRequest, NewRequestItem, RequestItemRow, RequestRow,
};
use business_mcp_engine::{
    db::tenants,
    money::Money,
    speech::{reference, text},
    text,
    tool::{CallContext, ErrorCode, ToolError, fit},
};

/// How many bytes the pieces of one request may have in an answer.
const PIECES: usize = 1_000;

/// A return or an exchange that was asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RequestView {
    /// Its number.
    request_id: String,
    /// `return` or `exchange`.
    kind: String,
    /// `open` until the goods have arrived, then `settled`.
    status: String,
    /// What is sent back, of a return.
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<PieceView>>,
    /// What is sent back and what comes instead, of an exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<ChangeView>>,
    /// How many items or changes are not shown because the answer would be too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<usize>,
    /// Where the refund goes; absent where it goes to what paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_to: Option<String>,
    /// What a return refunds.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_amount: Option<Money>,
    /// What the difference of an exchange is settled with.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_method_id: Option<String>,
    /// What an exchange costs more; below zero it costs less.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_difference: Option<Money>,
}

/// Pieces of an article.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PieceView {
    /// The SKU.
    pub sku: String,
    /// How many.
    pub quantity: i64,
}

/// Pieces of an article for as many of another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeView {
    /// What goes.
    pub sku: String,
    /// What comes instead.
    pub new_sku: String,
    /// How many.
    pub quantity: i64,
}

/// A request in brief.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RequestBrief {
    /// Its number.
    request_id: String,
    /// `return` or `exchange`.
    kind: String,
    /// `open` until the goods have arrived, then `settled`.
    status: String,
}

/// Writes a request down and answers its number. `kind` is `return` or `exchange`, and the letters in
/// front of the number say which. The caller holds the order's row.
pub async fn record(
    ctx: &mut CallContext,
    (kind, letters): (&str, &str),
    order_id: &str,
    (method_id, amount_minor): (Option<&str>, i64),
    items: &[NewRequestItem<'_>],
) -> Result<String, ToolError> {
    let number = tenants::next_number(&mut ctx.tx, kind, order_requests::sounds_like).await?;
    let id = format!("{letters}-{number}");
    let request = NewRequest {
        id: &id,
        order_id,
        kind,
        payment_method_id: method_id,
        amount_minor,
        at: ctx.now,
    };
    order_requests::insert(&mut ctx.tx, request, items).await?;
    Ok(id)
}

/// The request of an order that is meant, however its number is said.
///
/// # Errors
/// `not_found`.
pub async fn one(ctx: &mut CallContext, order: &str, said: &str) -> Result<RequestRow, ToolError> {
    let rows = order_requests::of_order(&mut ctx.tx, order).await?;
    let readings = reference::readings(said);
    let is_meant = |row: &RequestRow| {
        let (key, digits) = (reference::key(&row.id), reference::digits(&row.id));
        readings.iter().any(|said| *said == key || *said == digits)
    };
    let found = rows.into_iter().find(is_meant);
    found.ok_or_else(|| no_request(order, said))
}

/// The request of an order with exactly this number, as an intent holds it.
///
/// # Errors
/// `not_found`.
pub async fn by_id(ctx: &mut CallContext, order: &str, id: &str) -> Result<RequestRow, ToolError> {
    let rows = order_requests::of_order(&mut ctx.tx, order).await?;
    rows.into_iter().find(|row| row.id == id).ok_or_else(|| no_request(order, id))
}

fn no_request(order: &str, said: &str) -> ToolError {
    let said = text::display(said, 40);
    let sentence = text!(
        "Order {order} has no return or exchange {said}. Please check the number.",
        order,
        said
    );
    ToolError::new(ErrorCode::NotFound, sentence)
}

/// The requests of an order, in full.
pub async fn of_order(ctx: &mut CallContext, order: &str) -> Result<Vec<RequestView>, ToolError> {
    let rows = order_requests::of_order(&mut ctx.tx, order).await?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let items = order_requests::items(&mut ctx.tx, &row.id).await?;
        views.push(view(ctx, row, items));
    }
    Ok(views)
}

/// The requests of an order, in brief.
pub async fn briefly(ctx: &mut CallContext, order: &str) -> Result<Vec<RequestBrief>, ToolError> {
    let rows = order_requests::of_order(&mut ctx.tx, order).await?;
    let brief =
        |row: RequestRow| RequestBrief { request_id: row.id, kind: row.kind, status: row.status };
    Ok(rows.into_iter().map(brief).collect())
}

impl RequestBrief {
    /// Whether the goods have arrived and the money is settled.
    pub fn is_settled(&self) -> bool {
        self.status == "settled"
    }
}

fn view(ctx: &CallContext, row: RequestRow, pieces: Vec<RequestItemRow>) -> RequestView {
    let amount = ctx.money(row.amount_minor);
    let mut view = RequestView {
        request_id: row.id,
        kind: row.kind,
        status: row.status,
        items: None,
        changes: None,
        more: None,
        refund_to: None,
        refund_amount: None,
        payment_method_id: None,
        price_difference: None,
    };
    if view.kind == "return" {
        let piece = |item: RequestItemRow| PieceView { sku: item.sku, quantity: item.quantity };
        let mut items: Vec<PieceView> = pieces.into_iter().map(piece).collect();
        view.more = fit::cut(&mut items, PIECES);
        view.items = Some(items);
        view.refund_to = row.payment_method_id;
        view.refund_amount = Some(amount);
    } else {
        let change = |item: RequestItemRow| ChangeView {
            sku: item.sku,
            new_sku: item.new_sku.unwrap_or_default(),
            quantity: item.quantity,
        };
        let mut changes: Vec<ChangeView> = pieces.into_iter().map(change).collect();
        view.more = fit::cut(&mut changes, PIECES);
        view.changes = Some(changes);
        view.payment_method_id = row.payment_method_id;
        view.price_difference = Some(amount);
    }
    view
}

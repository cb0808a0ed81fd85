//! What an order consists of, and pieces of it as callers name them.

use std::collections::BTreeMap;

use super::{
    items::{self, Item},
    said,
};
use crate::orders::{
    order_lines::{Line, Lines, LinesError},
    sql::{
        order_items::{self, ItemRow},
        orders::OrderRow,
    },
};
use business_mcp_engine::{
    speech::{phrases, reference},
    text,
    tool::{CallContext, ErrorCode, ToolError},
};

/// The lines of an order, with what their articles are called.
#[derive(Debug)]
pub struct Ordered {
    order_id: String,
    rows: Vec<ItemRow>,
    /// What the rules work with.
    pub lines: Lines,
}

/// Pieces of one article of an order.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The SKU.
    pub sku: String,
    /// What it is called.
    pub title: String,
    /// How many.
    pub quantity: i64,
}

impl Ordered {
    /// Reads the lines of an order.
    pub async fn of(ctx: &mut CallContext, order: &OrderRow) -> Result<Self, ToolError> {
        let rows = order_items::of_order(&mut ctx.tx, &order.id).await?;
        let line = |row: &ItemRow| Line {
            line: row.line,
            sku: row.sku.clone(),
            quantity: row.quantity,
            unit_price_minor: row.unit_price_minor,
            discount_minor: row.discount_minor,
        };
        let lines = Lines::new(rows.iter().map(line).collect(), order.tax_minor);
        Ok(Self { order_id: order.id.clone(), rows, lines })
    }

    /// The ordered article that is meant, exactly or as it is said.
    ///
    /// # Errors
    /// `invalid_parameters`, with what was ordered.
    pub fn find(&self, said: &str) -> Result<&ItemRow, ToolError> {
        meant(&self.rows, |row| &row.sku, said).ok_or_else(|| self.no_such_item())
    }

    /// The ordered article with exactly this SKU, as an intent or a request holds it.
    ///
    /// # Errors
    /// `invalid_parameters`, with what was ordered.
    pub fn by_sku(&self, sku: &str) -> Result<&ItemRow, ToolError> {
        self.rows.iter().find(|row| row.sku == sku).ok_or_else(|| self.no_such_item())
    }

    fn no_such_item(&self) -> ToolError {
        let mut skus: Vec<&str> = self.rows.iter().map(|row| row.sku.as_str()).collect();
        skus.dedup();
        let (order, skus) = (&self.order_id, phrases::list_of_three(&skus));
        let sentence = text!(
            "Order {order} has no such item. It has {skus}; please ask which one is meant.",
            order,
            skus
        );
        ToolError::invalid(sentence)
    }

    /// The SKU that is meant, as it is stored. The order may have had it before its items were changed, so the
    /// catalogue is asked next; what nobody knows stays as it was said.
    ///
    /// # Errors
    /// The question which one is meant.
    pub async fn sku(&self, ctx: &mut CallContext, said: &str) -> Result<String, ToolError> {
        if let Ok(row) = self.find(said) {
            return Ok(row.sku.clone());
        }
        match items::on_file(ctx, said).await {
            Ok(article) => Ok(article.sku),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(said.to_owned()),
            Err(error) => Err(error),
        }
    }

    /// What is named, by the stored SKUs and in their order, each article once.
    ///
    /// # Errors
    /// As [`Self::sku`].
    pub async fn resolve(
        &self,
        ctx: &mut CallContext,
        items: &[Item],
    ) -> Result<Vec<Item>, ToolError> {
        let mut merged = BTreeMap::<String, i64>::new();
        for item in items {
            let quantity = merged.entry(self.sku(ctx, &item.sku).await?).or_default();
            *quantity = quantity.saturating_add(item.quantity);
        }
        Ok(merged.into_iter().map(|(sku, quantity)| Item { sku, quantity }).collect())
    }

    /// Pieces that are named, each article once.
    ///
    /// # Errors
    /// `invalid_parameters`, where something was not ordered, or not as often.
    pub fn pieces(&self, items: &[Item]) -> Result<Vec<Piece>, ToolError> {
        let mut pieces: Vec<Piece> = Vec::with_capacity(items.len());
        for item in items {
            let row = self.by_sku(&item.sku)?;
            match pieces.iter_mut().find(|piece| piece.sku == row.sku) {
                Some(same) => same.quantity = same.quantity.saturating_add(item.quantity),
                None => pieces.push(piece(row, item.quantity)),
            }
        }
        match pieces.iter().find(|piece| piece.quantity > self.lines.quantity(&piece.sku)) {
            Some(much) => Err(self.too_many(much)),
            None => Ok(pieces),
        }
    }

    /// Everything that was ordered.
    pub fn all(&self) -> Vec<Piece> {
        self.rows.iter().map(|row| piece(row, row.quantity)).collect()
    }

    /// The refusal of more than was ordered.
    pub fn too_many(&self, piece: &Piece) -> ToolError {
        let (ordered, title) = (self.lines.quantity(&piece.sku), &piece.title);
        let order = &self.order_id;
        let sentence = text!(
            "Order {order} has only {ordered} of {title}. Please ask how many are meant.",
            order,
            ordered,
            title
        );
        ToolError::invalid(sentence)
    }
}

/// The row whose SKU is meant, exactly or as it is said, where no other SKU is said like that.
pub fn meant<'r, R>(rows: &'r [R], sku: impl Fn(&R) -> &String, said: &str) -> Option<&'r R> {
    let key = reference::key(said);
    let exact = rows.iter().find(|row| sku(row) == said);
    let mut like = rows.iter().filter(|row| reference::key(sku(row)) == key);
    exact.or_else(|| like.next().filter(|first| like.all(|other| sku(other) == sku(first))))
}

/// Pieces of an ordered article.
pub fn piece(row: &ItemRow, quantity: i64) -> Piece {
    let name = row.name.as_deref().unwrap_or(&row.sku);
    let title = said::title(name, row.options.as_deref().unwrap_or("{}"));
    Piece { sku: row.sku.clone(), title, quantity }
}

/// Pieces in words.
pub fn words(pieces: &[Piece]) -> String {
    said::pieces(pieces.iter().map(|piece| (piece.quantity, piece.title.as_str())))
}

/// A refusal of the rules for lines, which the checks before should have made.
pub fn refused(error: &LinesError) -> ToolError {
    ToolError::invalid(match error {
        LinesError::TooMany { sku, ordered } => {
            text!("The order has only {ordered} of {sku}.", ordered, sku)
        }
        LinesError::TooLarge => {
            text!("The total is larger than any amount this business handles.")
        }
    })
}

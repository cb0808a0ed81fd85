//! What is asked for: articles and how many of each, however their SKUs are said.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::said;
use crate::{
    catalog::{
        self,
        sql::{own_reservations, stock},
    },
    orders::sql::articles::{self, Article},
};
use business_mcp_engine::{
    speech::{phrases, reference},
    text,
    tool::{Answer, CallContext, Candidate, ErrorCode, ToolError},
};

/// The most pieces of one article.
const MOST_PIECES: i64 = 10_000;

/// One line of a quote or an order, as it is asked for.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Item {
    /// The SKU.
    #[validate(length(min = 1, max = 64, message = "must have 1 to 64 characters"))]
    pub sku: String,
    /// How many, 1 to 10000.
    #[validate(range(min = 1, max = 10_000, message = "must be from 1 to 10000"))]
    pub quantity: i64,
}

/// An article and how much of it, each article once.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What.
    pub article: Article,
    /// How many.
    pub quantity: i64,
}

impl Wanted {
    /// What it is called.
    pub fn title(&self) -> String {
        said::title(&self.article.name, &self.article.options)
    }

    fn check(&self, available: i64) -> Result<(), ToolError> {
        if available < self.quantity { Err(self.out_of_stock(available)) } else { Ok(()) }
    }

    /// The refusal where only so many are left.
    pub fn out_of_stock(&self, left: i64) -> ToolError {
        let title = self.title();
        let (sentence, next) = match left {
            0 => (text!("{title} is out of stock.", title), text!("Please offer something else.")),
            1 => {
                let next = text!("Please offer that one or something else.");
                (text!("Only one {title} is left.", title), next)
            }
            _ => {
                let next = text!("Please offer fewer or something else.");
                (text!("Only {left} of {title} are left.", left, title), next)
            }
        };
        let details = serde_json::json!({
            "sku": self.article.sku, "available": left, "requested": self.quantity,
        });
        ToolError::new(ErrorCode::OutOfStock, sentence).with_next(next).with_details(details)
    }
}

/// Finds what is asked for, by the SKUs on file and in their order. The same article on several lines becomes
/// one, so that neither stock nor a quantity's discount depends on how it was said.
///
/// # Errors
/// `not_found`, and `invalid_parameters` where it is more than fits in an order.
pub async fn resolve(ctx: &mut CallContext, items: &[Item]) -> Result<Vec<Item>, ToolError> {
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    for item in items {
        let article = on_file(ctx, &item.sku).await?;
        let sku = article.sku.clone();
        wanted.entry(sku).or_insert(Wanted { article, quantity: 0 }).quantity += item.quantity;
    }
    if let Some(much) = wanted.values().find(|wanted| wanted.quantity > MOST_PIECES) {
        let sentence = text!(
            "At most {most_pieces} of {title} fit in one order.",
            most_pieces = MOST_PIECES,
            title = much.title()
        );
        return Err(ToolError::invalid(sentence));
    }
    let item = |(sku, wanted): (String, Wanted)| Item { sku, quantity: wanted.quantity };
    Ok(wanted.into_iter().map(item).collect())
}

/// Looks up what was resolved, by the SKUs on file.
///
/// # Errors
/// As [`article`].
pub async fn find(ctx: &mut CallContext, items: &[Item]) -> Result<Vec<Wanted>, ToolError> {
    let mut wanted = Vec::with_capacity(items.len());
    for item in items {
        let article = article(ctx, &item.sku).await?;
        wanted.push(Wanted { article, quantity: item.quantity });
    }
    Ok(wanted)
}

/// The article with exactly this SKU, as an intent holds it, which is sold.
///
/// # Errors
/// `not_found`, and `invalid_state` where it is no longer sold.
pub async fn article(ctx: &mut CallContext, sku: &str) -> Result<Article, ToolError> {
    let article = articles::find(&mut ctx.tx, sku).await?;
    let article = article.ok_or_else(|| ToolError::not_found("product", sku))?;
    if !article.active {
        let title = said::title(&article.name, &article.options);
        let refused = ToolError::invalid_state(text!("{title} is no longer sold.", title));
        return Err(refused.with_next(text!("Please offer something else.")));
    }
    Ok(article)
}

/// The article that is meant, exactly or as it is said, whether or not it is still sold.
///
/// # Errors
/// `not_found`, and the question which one is meant where several are said like this.
pub async fn on_file(ctx: &mut CallContext, said: &str) -> Result<Article, ToolError> {
    if let Some(exact) = articles::find(&mut ctx.tx, said).await? {
        return Ok(exact);
    }
    for key in reference::readings(said) {
        let mut like = articles::find_by_key(&mut ctx.tx, &key).await?;
        match like.pop() {
            None => {}
            Some(only) if like.is_empty() => return Ok(only),
            Some(last) => {
                like.push(last);
                return Err(which(&like));
            }
        }
    }
    Err(ToolError::not_found("product", said))
}

/// The question which of several articles is meant.
fn which(articles: &[Article]) -> ToolError {
    let title = |article: &Article| said::title(&article.name, &article.options);
    let candidate = |article: &Article| Candidate { id: article.sku.clone(), hint: title(article) };
    let titles: Vec<String> = articles.iter().map(title).collect();
    let say = text!(
        "Several articles have an SKU like this one: {list}. Which one is it?",
        list = phrases::list_of_three(&titles)
    );
    ToolError::ambiguous(Answer::<()>::ambiguous(say, articles.iter().map(candidate).collect()))
}

/// Refuses what is not there, so that it is known before anything else is asked.
///
/// # Errors
/// `out_of_stock`.
pub async fn check_stock(ctx: &mut CallContext, wanted: &[Wanted]) -> Result<(), ToolError> {
    for wanted in wanted {
        wanted.check(available(ctx, &wanted.article.sku).await?)?;
    }
    Ok(())
}

/// As [`check_stock`], and what the caller has reserved in this conversation is there, too.
///
/// # Errors
/// `out_of_stock`.
pub async fn check_orderable(ctx: &mut CallContext, wanted: &[Wanted]) -> Result<(), ToolError> {
    for wanted in wanted {
        wanted.check(orderable(ctx, &wanted.article.sku).await?)?;
    }
    Ok(())
}

/// How many of an article the caller may order: those that are free, and those that they have reserved in this
/// conversation.
pub async fn orderable(ctx: &mut CallContext, sku: &str) -> Result<i64, ToolError> {
    let free = available(ctx, sku).await?;
    let Some(owner) = catalog::reserver(ctx) else { return Ok(free) };
    Ok(free + own_reservations::count(&mut ctx.tx, sku, &owner, ctx.now).await?)
}

/// How many of an article are free, wherever they are.
pub async fn available(ctx: &mut CallContext, sku: &str) -> Result<i64, ToolError> {
    let places = stock::of_sku(&mut ctx.tx, sku, ctx.now).await?;
    Ok(places.iter().map(|place| place.on_hand - place.reserved).sum())
}

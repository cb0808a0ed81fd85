//! `product_search`: what there is, by words, category and options.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use validator::Validate;

use super::{said, spelling};
use crate::{
    access::{scope, toolset},
    catalog::sql::{
        product_search::{self, Filter, ListedRow, MOST_OPTIONS, MOST_WORDS, option_pattern},
        products,
    },
};
use business_mcp_engine::{
    money::Money,
    speech::{name, phrases, reference, text},
    text,
    tool::{Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError, fit},
};

/// How many variants of a product are listed.
const MOST_VARIANTS: usize = 5;
/// How alike a category must be to what the caller calls it.
const ALIKE: f64 = 0.85;

/// Finds products.
pub struct ProductSearch;

/// Which products, and how many.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// Words of the name or category, or a sku. Without it, all products by name.
    #[validate(length(max = 200, message = "must be at most 200 characters"))]
    query: Option<String>,
    /// Only this category.
    #[validate(length(max = 100, message = "must be at most 100 characters"))]
    category: Option<String>,
    /// Only variants with these options, at most 3, such as color=red.
    options: Option<BTreeMap<String, String>>,
    /// True for what is in stock only.
    in_stock: Option<bool>,
    /// How many, 1 to 50; 10 if not given.
    #[validate(range(min = 1, max = 50, message = "must be from 1 to 50"))]
    limit: Option<i64>,
    /// The cursor of the page before.
    #[validate(length(max = 1000, message = "must be one that the page before gave"))]
    cursor: Option<String>,
}

/// A page of products.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The products, the best match first.
    products: Vec<Listed>,
    /// How many more there are; 1000 stands for that many or more.
    more: i64,
    /// What to call again with for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    /// What was searched for instead, where nothing has the words of the query.
    #[serde(skip_serializing_if = "Option::is_none")]
    searched_for: Option<String>,
}

/// A product and what of it matches.
#[derive(Debug, Serialize, JsonSchema)]
struct Listed {
    /// Its id.
    product_id: String,
    /// Its name.
    name: String,
    /// The category it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// What one piece costs, or the cheapest variant.
    price: Money,
    /// The dearest variant's price, where variants differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_to: Option<Money>,
    /// Its variants that match.
    variants: Vec<Variant>,
    /// How many more of its variants match.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_variants: Option<usize>,
}

/// A variant.
#[derive(Debug, Serialize, JsonSchema)]
struct Variant {
    /// Its SKU.
    sku: String,
    /// Its options.
    #[serde(skip_serializing_if = "Map::is_empty")]
    options: Map<String, Value>,
    /// How many can be sold.
    available: i64,
}

impl ReadTool for ProductSearch {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "product_search",
        aliases: &[],
        version: 1,
        title: "Search products",
        description: "Find products by words, category and options, with prices and stock. \
                      Spelling need not be exact.",
        scope: Some(scope::INVENTORY_READ),
        toolsets: &[toolset::VOICE, toolset::DESK, toolset::STOCK],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let options = patterns(args.options.as_ref())?;
        let category = match &args.category {
            Some(said) => match category(ctx, said).await? {
                Ok(category) => Some(category),
                Err(answer) => return Ok(answer),
            },
            None => None,
        };
        let after = args.cursor.as_deref().map(read_cursor).transpose()?;
        let limit = args.limit.unwrap_or(10);
        let filter = Filter {
            category: category.as_deref(),
            options: [0, 1, 2].map(|n| options.get(n).map(String::as_str)),
            in_stock: args.in_stock.unwrap_or(false),
            now: ctx.now,
            after: after.as_ref().map_or((-1, "", ""), |(rank, name, id)| (*rank, name, id)),
            limit,
        };
        let (rows, searched_for) = matches(ctx, args.query.as_deref(), filter).await?;
        let matches = rows.first().map_or(0, |row| row.matches);
        let mut products: Vec<Listed> =
            rows.chunk_by(|a, b| a.id == b.id).map(|rows| product(ctx, rows)).collect();
        // A page that would be too long is a shorter page.
        fit::cut(&mut products, fit::DATA - 1200);
        let shown = i64::try_from(products.len()).unwrap_or_default();
        let more = (matches - shown).clamp(0, 1000);
        let last = products.last().filter(|_| more > 0);
        let last = last.and_then(|last| rows.iter().find(|row| row.id == last.product_id));
        let cursor = last.map(|row| format!("{}~{}~{}", row.rank, row.id, row.name_key));
        let output = Output { products, more, cursor, searched_for };
        Ok(Answer::ok(say(&output, args.query.as_deref()), output))
    }
}

/// What matches, and what it was found by where that is not the query.
async fn matches(
    ctx: &mut CallContext,
    query: Option<&str>,
    filter: Filter<'_>,
) -> Result<(Vec<ListedRow>, Option<String>), ToolError> {
    let Some(query) = query else {
        return Ok((product_search::browse(&mut ctx.tx, filter).await?, None));
    };
    let words = spelling::words(query, MOST_WORDS);
    let key = reference::key(query);
    let found = product_search::search(&mut ctx.tx, &words, &key, filter).await?;
    if !found.is_empty() {
        return Ok((found, None));
    }
    let known = products::words(&mut ctx.tx).await?;
    let known: Vec<&str> = known.iter().filter_map(|(term,)| term.strip_prefix("w:")).collect();
    let Some(meant) = spelling::correct(&words, &known) else { return Ok((found, None)) };
    let found = product_search::search(&mut ctx.tx, &meant, "", filter).await?;
    Ok((found, Some(meant.join(" "))))
}

fn patterns(options: Option<&BTreeMap<String, String>>) -> Result<Vec<String>, ToolError> {
    let Some(options) = options else { return Ok(Vec::new()) };
    let long = |text: &String| text.chars().count() > 100;
    if options.len() > MOST_OPTIONS || options.iter().any(|(name, value)| long(name) || long(value))
    {
        let sentence =
            text!("The argument options must be at most 3 options of at most 100 characters.");
        return Err(ToolError::invalid(sentence));
    }
    Ok(options.iter().map(|(name, value)| option_pattern(name, value)).collect())
}

/// The category that is meant, or what there is.
async fn category(
    ctx: &mut CallContext,
    said: &str,
) -> Result<Result<String, Answer<Output>>, ToolError> {
    let known = products::categories(&mut ctx.tx).await?;
    let known: Vec<String> = known.into_iter().map(|(category,)| category).collect();
    let key = name::fold(said);
    if known.contains(&key) {
        return Ok(Ok(key));
    }
    let likeness = |category: &String| name::similarity(category, &key);
    let mut alike: Vec<&String> = known.iter().filter(|known| likeness(known) > ALIKE).collect();
    alike.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    if let [best, rest @ ..] = alike.as_slice()
        && rest.first().is_none_or(|second| likeness(second) < likeness(best))
    {
        return Ok(Ok((*best).clone()));
    }
    let there = if alike.is_empty() { known.iter().collect() } else { alike };
    let there: Vec<String> = there.into_iter().map(|name| phrases::stored(name, 25)).collect();
    let said = phrases::stored(said, 40);
    Ok(Err(Answer::nothing(if there.is_empty() {
        text!("There are no categories here. What are you looking for?")
    } else {
        text!(
            "There is no category called {said}. There are {list}.",
            said,
            list = phrases::list_of_three(&there)
        )
    })))
}

fn product(ctx: &CallContext, rows: &[ListedRow]) -> Listed {
    let prices = || rows.iter().map(|row| row.price_minor);
    let lowest = prices().min().unwrap_or_default();
    let highest = prices().max().unwrap_or_default();
    let variant = |row: &ListedRow| Variant {
        sku: row.sku.clone(),
        options: said::options(&row.options),
        available: row.available,
    };
    let first = rows.first();
    let of = |field: fn(&ListedRow) -> &str| first.map(field).unwrap_or_default();
    let mut variants: Vec<Variant> = rows.iter().take(MOST_VARIANTS).map(variant).collect();
    fit::cut(&mut variants, 3_000);
    Listed {
        product_id: of(|row| &row.id).to_owned(),
        name: text::display(of(|row| &row.name), 120),
        category: first.and_then(|row| Some(text::display(row.category.as_deref()?, 60))),
        price: ctx.money(lowest),
        price_to: (highest > lowest).then(|| ctx.money(highest)),
        more_variants: rows.len().checked_sub(variants.len()).filter(|more| *more > 0),
        variants,
    }
}

fn say(output: &Output, query: Option<&str>) -> String {
    let priced = |product: &Listed| {
        let (name, price) = (phrases::stored(&product.name, 40), phrases::money(product.price));
        match product.price_to {
            Some(_) => text!("{name} from {price}", name, price),
            None => text!("{name} for {price}", name, price),
        }
    };
    let there = output.products.len();
    match output.products.as_slice() {
        [] => match query {
            Some(query) => {
                let query = phrases::stored(query, 40);
                text!("I found nothing for {query}. Is there another word for it?", query)
            }
            None => text!("I found no such products."),
        },
        [only] if output.more == 0 => {
            let available: i64 = only.variants.iter().map(|variant| variant.available).sum();
            let stock = if available > 0 { text!("in stock") } else { text!("out of stock") };
            text!("I found {only}, {stock}.", stock, only = priced(only))
        }
        products => {
            let all = there + usize::try_from(output.more).unwrap_or_default();
            let names: Vec<String> = products.iter().take(3).map(priced).collect();
            let (count, list) = (said::count(all, "product", "products"), phrases::list(&names));
            match (output.more, all) {
                (1000, _) => text!("I found more than {count}, such as {list}.", count, list),
                (_, 4..) => text!("I found {count}, such as {list}.", count, list),
                _ => text!("I found {count}: {list}.", count, list),
            }
        }
    }
}

/// Reads what [`Output::cursor`] wrote: rank, name and id of the last product.
fn read_cursor(cursor: &str) -> Result<(i64, String, String), ToolError> {
    let wrong =
        || ToolError::invalid(text!("The argument cursor must be one that the page before gave."));
    let (rank, rest) = cursor.split_once('~').ok_or_else(wrong)?;
    // A name that is compared has no such sign, and an id may have one.
    let (id, name) = rest.rsplit_once('~').ok_or_else(wrong)?;
    // Arguments arrive in composed characters, and the syllables of Korean are compared apart.
    Ok((rank.parse().map_err(|_| wrong())?, name::fold(name), id.to_owned()))
}

#[cfg(test)]
#[path = "product_search_tests.rs"]
mod tests;

//! `order_quote`: what it would cost, for half an hour.

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use super::{
    bill::{self, Bill, BillView},
    items::{self, Item, Wanted},
    plan, said,
};
use crate::orders::sql::{
    buyers::Buyer,
    quotes::{self, Quote},
};
use crate::{
    access::{scope, toolset},
    business::TenantFacts as _,
};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError, WriteTool,
        answer::rfc3339,
    },
};

/// How long a price holds.
const HOLDS: TimeDelta = TimeDelta::minutes(30);

/// Prices items for a customer and says whether they are there.
pub struct OrderQuote;

/// What to quote, and for whom.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The customer's id.
    #[validate(length(min = 1, max = 64, message = "must be a customer's id"))]
    customer_id: String,
    /// What is wanted, 1 to 50 lines.
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 lines"), nested)]
    items: Vec<Item>,
    /// A discount code, if the caller has one.
    #[validate(length(max = 40, message = "must be at most 40 characters"))]
    code: Option<String>,
}

/// What is to be quoted: each article once, in the order of the SKUs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    customer_id: String,
    items: Vec<Item>,
    code: Option<String>,
}

/// What it costs, and for whom.
#[derive(Debug)]
pub struct Plan {
    buyer: Buyer,
    wanted: Vec<Wanted>,
    bill: Bill,
}

/// A quote.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The id for `order_create`.
    quote_id: String,
    /// Until when the price holds (RFC 3339, UTC).
    expires_at: String,
    #[serde(flatten)]
    bill: BillView,
    /// What is there of each article, in the order of the lines.
    availability: Vec<Availability>,
}

/// What is there of an article.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Availability {
    /// The SKU.
    sku: String,
    /// How many are free.
    available: i64,
    /// Whether that is enough.
    enough: bool,
}

impl WriteTool for OrderQuote {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_quote",
        aliases: &[],
        version: 1,
        title: "Quote an order",
        description: "Price items for a customer: discount, tax, total and whether they are in \
                      stock. Use it before order_create and read the total back; the price holds \
                      for 30 minutes.",
        scope: Some(scope::ORDERS_WRITE),
        toolsets: &[toolset::VOICE, toolset::DESK],
        effect: Effect::Add,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let customer_id = bill::buyer(ctx, &args.customer_id).await?.id;
        let items = items::resolve(ctx, &args.items).await?;
        let pricing = &ctx.tenant.business().pricing;
        // One that is unknown is refused when it is priced.
        let known = |code: String| match pricing.code(&code) {
            Some((name, _)) => name.to_owned(),
            None => code,
        };
        Ok(Intent { customer_id, items, code: args.code.map(known) })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let buyer = bill::buyer_by_id(ctx, &intent.customer_id).await?;
        let wanted = items::find(ctx, &intent.items).await?;
        let bill = bill::price(ctx, &buyer, intent.code.as_deref(), &wanted)?;
        let summary = text!(
            "Quote for {name}: {what}, for {amount}",
            name = buyer.name,
            what = said::pieces(bill.pieces()),
            amount = phrases::money(ctx.money(bill.total_minor))
        );
        let preview = Preview {
            details: json!({ "customer_id": buyer.id, "order": bill.view(ctx) }),
            ..Preview::new(phrases::stored(&summary, 400))
        };
        Ok(Planned { preview, plan: Plan { buyer, wanted, bill } })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let Plan { buyer, wanted, bill } = plan;
        let mut availability = Vec::with_capacity(wanted.len());
        let mut short = None;
        for wanted in &wanted {
            let available = items::orderable(ctx, &wanted.article.sku).await?;
            let enough = available >= wanted.quantity;
            if !enough && short.is_none() {
                short = Some((wanted.title(), available));
            }
            availability.push(Availability { sku: wanted.article.sku.clone(), available, enough });
        }
        let quote = Quote {
            id: format!("QUO-{:016X}", rand::random::<u64>()),
            customer_id: buyer.id,
            items: plan::asked(&wanted),
            priced: serde_json::to_string(&bill).map_err(ToolError::internal)?,
            total_minor: bill.total_minor,
            expires_at: ctx.now + HOLDS,
            created_at: ctx.now,
        };
        quotes::insert(&mut ctx.tx, &quote).await?;
        ctx.set_audit_subject(&quote.id);
        let say = say(ctx, &bill, short);
        let bill = bill.view(ctx);
        availability.truncate(bill.lines.len());
        let expires_at = rfc3339(quote.expires_at);
        Ok(Answer::ok(say, Output { quote_id: quote.id, expires_at, bill, availability }))
    }

    /// A quote that was used or has expired is wanted anew.
    async fn still_holds(
        &self,
        ctx: &mut CallContext,
        _intent: &Intent,
        answer: &Value,
    ) -> Result<bool, ToolError> {
        let now = ctx.now;
        let id = answer.get("quote_id").and_then(Value::as_str).unwrap_or_default();
        let Some(quote) = quotes::find(&mut ctx.tx, id).await? else { return Ok(false) };
        Ok(now < quote.expires_at && !quotes::is_used(&mut ctx.tx, &quote).await?)
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

/// The total and what to agree to, or what is missing.
fn say(ctx: &CallContext, bill: &Bill, short: Option<(String, i64)>) -> String {
    match short {
        None => {
            let total = phrases::money(ctx.money(bill.total_minor));
            let what = said::pieces(bill.pieces());
            text!("That is {what} for {total} in all. Shall I place the order?", what, total)
        }
        Some((title, 0)) => {
            let title = phrases::stored(&title, 40);
            text!("{title} is out of stock. Shall I look for something else?", title)
        }
        Some((title, left)) => {
            let title = phrases::stored(&title, 40);
            text!(
                "Of {title} there are only {left} left. Shall I quote {left} instead?",
                title,
                left
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::shops;
    use business_mcp_engine::db::params;

    #[tokio::test]
    async fn a_quote_says_the_total_and_what_is_there() {
        for shop in shops().await {
            let items = json!([
                { "sku": "tee red m", "quantity": "two" },
                { "sku": "TEE-RED-M", "quantity": 1 },
                { "sku": "MUG-1", "quantity": 1 },
            ]);
            let args = json!({ "customer_id": "CUST-1", "items": items });
            let answer = shop.call(OrderQuote, args).await.unwrap();
            let data = &answer["data"];
            assert_eq!(data["subtotal"]["amount"], "37.50");
            assert_eq!(data["discount"]["amount"], "3.75");
            assert_eq!(data["total"]["amount"], "33.75");
            assert_eq!(data["lines"].as_array().unwrap().len(), 2);
            assert_eq!(data["lines"][1]["quantity"], 3);
            assert_eq!(data["lines"][1]["name"], "T-Shirt red M");
            assert_eq!(data["lines"][1]["discount_reason"], "premium customer");
            assert_eq!(data["availability"][1]["available"], 10);
            assert_eq!(data["availability"][0]["enough"], false);
            assert_eq!(data["expires_at"], "2026-01-10T17:30:00Z");
            let say = answer["say"].as_str().unwrap();
            assert!(say.contains("Coffee Mug is out of stock"), "{say}");
            let few = json!([{ "sku": "TEE-RED-M", "quantity": 12 }]);
            let args = json!({ "customer_id": "CUST-1", "items": few });
            let answer = shop.call(OrderQuote, args).await.unwrap();
            let say = "Of T-Shirt red M there are only 10 left. Shall I quote 10 instead?";
            assert_eq!(answer["say"], say);
            let two = json!([{ "sku": "TEE-RED-M", "quantity": 2 }]);
            let args = json!({ "customer_id": "CUST-1", "items": two });
            let say = shop.call(OrderQuote, args).await.unwrap()["say"].take();
            assert!(say.as_str().unwrap().contains("18 dollars in all"), "{say}");
        }
    }

    #[tokio::test]
    async fn the_best_discount_is_given_and_an_unknown_code_is_not_dropped() {
        for shop in shops().await {
            let items = json!([{ "sku": "TEE-RED-M", "quantity": 1 }]);
            let args =
                json!({ "customer_id": "CUST-1", "items": items, "code": "it's welcome fifteen" });
            let answer = shop.call(OrderQuote, args).await.unwrap();
            assert_eq!(answer["data"]["total"]["amount"], "8.50");
            let say = answer["say"].as_str().unwrap();
            assert!(say.ends_with("Shall I place the order?"), "{say}");
            let args = json!({ "customer_id": "CUST-1", "items": items, "code": "GUESS" });
            let (code, words) = shop.refusal(OrderQuote, args).await;
            assert_eq!(code, "invalid_parameters");
            assert!(words.contains("code does not exist"), "{words}");
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_named() {
        for shop in shops().await {
            let tee = json!([{ "sku": "TEE-RED-M", "quantity": 1 }]);
            let nobody = json!({ "customer_id": "CUST-9", "items": tee });
            let (code, words) = shop.refusal(OrderQuote, nobody).await;
            assert_eq!((code, words.contains("customer CUST-9")), ("not_found", true));
            for (sku, quantity, code) in
                [("HAT", 1, "not_found"), ("MUG-1", 0, "invalid_parameters")]
            {
                let items = json!([{ "sku": sku, "quantity": quantity }]);
                let args = json!({ "customer_id": "CUST-1", "items": items });
                assert_eq!(shop.refusal(OrderQuote, args).await.0, code);
            }
            let many = json!([
                { "sku": "MUG-1", "quantity": 9000 }, { "sku": "MUG-1", "quantity": 9000 },
            ]);
            let args = json!({ "customer_id": "CUST-1", "items": many });
            let (code, words) = shop.refusal(OrderQuote, args).await;
            assert_eq!(code, "invalid_parameters");
            assert!(words.contains("At most 10000 of Coffee Mug"), "{words}");
        }
    }

    #[tokio::test]
    async fn a_quote_of_fifty_lines_fits_into_an_answer() {
        for shop in shops().await {
            let mut tx = shop.db.db.write().await.unwrap().of("demo");
            for n in 1..=50 {
                let sku = format!("TEE-OF-A-LONG-NAME-{n}");
                tx.execute(
                    "insert into variants
                         (tenant_id, sku, product_id, sku_key, options, price_minor,
                          reorder_point, active, version)
                     values ('demo', $1, 'TEE', $1, '{\"pattern\":\"dots\"}', 100, 1, true, 1)",
                    params![&sku],
                )
                .await
                .unwrap();
            }
            tx.commit().await.unwrap();
            let item = |n| json!({ "sku": format!("TEE-OF-A-LONG-NAME-{n}"), "quantity": 1 });
            let items: Vec<_> = (1..=50).map(item).collect();
            let args = json!({ "customer_id": "CUST-2", "items": items });
            // The shop itself refuses answers beyond 8 KB.
            let data = shop.call(OrderQuote, args).await.unwrap()["data"].take();
            let shown = u64::try_from(data["lines"].as_array().unwrap().len()).unwrap();
            assert_eq!(shown + data["more_lines"].as_u64().unwrap(), 50);
            assert_eq!(data["total"]["amount"], "50.00");
        }
    }
}

//! `calculate_discount`: what an amount costs after the best single discount.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::business::{pricing::DiscountReason, tier::Tier};
use crate::{
    access::{scope, toolset},
    business::TenantFacts as _,
};
use business_mcp_engine::{
    money::Money,
    speech::phrases,
    text,
    tool::{Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError},
};

/// Calculates discounts.
pub struct CalculateDiscount;

/// What is discounted, for whom.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The amount before the discount, such as 59.98.
    #[validate(length(min = 1, max = 100, message = "must be an amount such as 59.98"))]
    amount: String,
    /// The customer's tier.
    tier: Option<Tier>,
    /// How many pieces the amount is for; 1 if not given.
    #[validate(range(min = 1, max = 1_000_000, message = "must be from 1 to 1000000"))]
    quantity: Option<i64>,
}

/// What it costs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The amount before the discount.
    amount: Money,
    /// The discount in percent, such as "10".
    rate: String,
    /// Why that much, such as "premium customer".
    reason: String,
    /// What is taken off.
    discount: Money,
    /// What is to be paid.
    r#final: Money,
}

impl ReadTool for CalculateDiscount {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "calculate_discount",
        aliases: &[],
        version: 1,
        title: "Calculate a discount",
        description: "Calculate the discount on an amount for a customer's tier and a quantity. \
                      The best single discount counts.",
        scope: Some(scope::ORDERS_READ),
        toolsets: &[toolset::VOICE, toolset::DESK],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let amount = ctx.amount("amount", &args.amount)?;
        if amount.minor < 0 {
            return Err(ToolError::invalid(text!("The argument amount must not be negative.")));
        }
        let discount = ctx.tenant.business().pricing.best_discount(
            args.tier,
            args.quantity.unwrap_or(1),
            None,
        );
        let taken_off = discount.percent.of(amount.minor).unwrap_or_default();
        let output = Output {
            amount,
            rate: discount.percent.to_string(),
            reason: discount.reason.to_string(),
            discount: ctx.money(taken_off),
            r#final: ctx.money(amount.minor - taken_off),
        };
        Ok(Answer::ok(say(&output, &discount.reason), output))
    }
}

fn say(output: &Output, reason: &DiscountReason) -> String {
    let amount = phrases::money(output.amount);
    let rest = phrases::money(output.r#final);
    let why = match reason {
        DiscountReason::None => {
            return text!("There is no discount on that; it stays {amount}.", amount);
        }
        DiscountReason::Tier(tier) => text!("for {tier} customers", tier),
        DiscountReason::Quantity(from) => text!("for {from} pieces or more", from),
        DiscountReason::Code(_) => text!("for the code"),
    };
    let (rate, off) = (&output.rate, phrases::money(output.discount));
    text!(
        "The discount {why} is {rate} percent, {off}. Instead of {amount} that is {rest}.",
        why,
        rate,
        off,
        amount,
        rest
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::shops;

    #[tokio::test]
    async fn the_best_single_discount_counts() {
        for shop in shops().await {
            for (tier, quantity, rate, discount, rest) in [
                (json!(null), 1, "0", "0.00", "59.98"),
                (json!("basic"), 1, "5", "3.00", "56.98"),
                (json!("Premium"), 1, "10", "6.00", "53.98"),
                (json!("basic"), 10, "10", "6.00", "53.98"),
                (json!("premium"), 50, "20", "12.00", "47.98"),
                (json!("enterprise"), 10, "20", "12.00", "47.98"),
            ] {
                let args = json!({ "amount": 59.98, "tier": tier, "quantity": quantity });
                let answer = shop.call(CalculateDiscount, args).await.unwrap();
                let data = &answer["data"];
                assert_eq!(data["rate"], rate);
                assert_eq!(data["discount"], json!({ "amount": discount, "currency": "USD" }));
                assert_eq!(data["final"]["amount"], rest);
            }
            let args = json!({ "amount": "100", "tier": "premium" });
            let answer = shop.call(CalculateDiscount, args).await.unwrap();
            assert_eq!(
                answer["say"],
                "The discount for premium customers is 10 percent, 10 dollars. \
                 Instead of 100 dollars that is 90 dollars."
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_amount_is_refused() {
        for shop in shops().await {
            for args in [
                json!({ "amount": "-5" }),
                json!({ "amount": "much" }),
                json!({ "amount": "5", "quantity": 0 }),
                json!({ "amount": "5", "tier": "gold" }),
                json!({ "tier": "basic" }),
            ] {
                let (code, _) = shop.refusal(CalculateDiscount, args).await;
                assert_eq!(code, "invalid_parameters");
            }
        }
    }
}

//! Changing what is on file of a customer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{
    card::Card,
    change::{Change, Field, Wanted},
    shown,
};
use crate::{business::tier::Tier, customers::address::Address};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Preview, Risk, Scope, Spec, Tool, ToolError, Toolset,
    },
};

/// Changes what is on file of a customer.
pub struct CrmUpdateCustomer;

/// Whose data, and what is new.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The customer's id.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    customer_id: String,
    /// The new full name.
    #[validate(length(max = 200, message = "must be at most 200 characters"))]
    name: Option<String>,
    /// The new e-mail address, typed or spoken.
    #[validate(length(max = 254, message = "must be at most 254 characters"))]
    email: Option<String>,
    /// The new phone number, in any form.
    #[validate(length(max = 120, message = "must be at most 120 characters"))]
    phone: Option<String>,
    /// The firm they buy for from now on.
    #[validate(length(max = 200, message = "must be at most 200 characters"))]
    company: Option<String>,
    /// The new tier.
    tier: Option<Tier>,
    /// The whole new address; nothing of the old one stays.
    #[validate(nested)]
    address: Option<Address>,
    /// The version you have seen; refused if it is another one by now.
    #[validate(range(min = 1, message = "must be at least 1"))]
    expected_version: Option<i64>,
}

/// The customer after the change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The customer as they are on file now.
    customer: Card,
}

impl Tool for CrmUpdateCustomer {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "crm_update_customer",
        aliases: &[],
        version: 1,
        title: "Change a customer's data",
        description: "Change a customer's name, e-mail, phone, company, tier or address. Needs the \
                      customer_id and only what changes; an address replaces the whole address.",
        scope: Some(Scope::CrmWrite),
        toolsets: &[Toolset::Desk],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    async fn preview(&self, ctx: &mut CallContext, args: &Args) -> Result<Preview, ToolError> {
        let change = args.plan(ctx).await?;
        let fields: Vec<String> = change.fields.iter().map(Field::with_value).collect();
        let (name, id) = (shown::said(&change.old_name), &change.customer_id);
        let summary =
            text!("Change {name} ({id}): {list}", name, id, list = phrases::list(&fields));
        let details = change.details();
        Ok(Preview { details, ..Preview::new(phrases::stored(&summary, 400)) })
    }

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let change = args.plan(ctx).await?;
        change.make(ctx).await?;
        ctx.concerns(&change.customer_id);
        let fields: Vec<String> = change.fields.iter().map(Field::read_back).collect();
        let (fields, name) = (phrases::list_of_three(&fields), shown::said(&change.old_name));
        let customer = Card::read(ctx, change.customer_id).await?;
        let say = text!("I have changed for {name}: {fields}.", fields, name);
        Ok(Answer::ok(say, Output { customer }))
    }
}

impl Args {
    /// The change that is asked for.
    async fn plan(&self, ctx: &mut CallContext) -> Result<Change, ToolError> {
        let Self { name, email, phone, company, tier, address, .. } = self;
        let texts = [name, email, phone, company];
        if texts.into_iter().all(Option::is_none) && tier.is_none() && address.is_none() {
            return Err(ToolError::invalid(text!(
                "Please give at least one of name, email, phone, company, tier and address."
            )));
        }
        let wanted = Wanted {
            name: name.as_deref(),
            email: email.as_deref(),
            phone: phone.as_deref(),
            company: company.as_deref(),
            tier: *tier,
            address: address.as_ref(),
            expected_version: self.expected_version,
        };
        Change::plan(ctx, &self.customer_id, wanted).await
    }
}

#[cfg(test)]
#[path = "crm_update_customer_tests.rs"]
mod tests;

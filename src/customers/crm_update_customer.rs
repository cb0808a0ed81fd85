//! Changing what is on file of a customer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use super::{
    card::Card,
    change::{Change, Field, Wanted},
    given, known, shown,
};
use crate::{
    access::{scope, toolset},
    business::tier::Tier,
    customers::address::Address,
};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError, WriteTool,
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

impl WriteTool for CrmUpdateCustomer {
    type Args = Args;
    type Intent = Wanted;
    type Plan = Change;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "crm_update_customer",
        aliases: &[],
        version: 1,
        title: "Change a customer's data",
        description: "Change a customer's name, e-mail, phone, company, tier or address. Needs the \
                      customer_id and only what changes; an address replaces the whole address.",
        scope: Some(scope::CRM_WRITE),
        toolsets: &[toolset::DESK],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Wanted, ToolError> {
        args.something()?;
        let name = args.name.as_deref().map(given::full_name).transpose()?;
        let email = args.email.as_deref().map(given::email).transpose()?;
        let phone = args.phone.as_deref().map(|said| given::phone(ctx, said)).transpose()?;
        let customer = known::one(ctx, &args.customer_id).await?;
        Ok(Wanted {
            customer_id: customer.id,
            name,
            email,
            phone,
            company: args.company,
            tier: args.tier,
            address: args.address,
            expected_version: args.expected_version.into(),
        })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        wanted: Wanted,
    ) -> Result<Planned<Change>, ToolError> {
        let change = Change::plan(ctx, wanted).await?;
        let fields: Vec<String> = change.fields.iter().map(Field::with_value).collect();
        let (name, id) = (shown::said(&change.old_name), &change.customer_id);
        let summary =
            text!("Change {name} ({id}): {list}", name, id, list = phrases::list(&fields));
        let details = change.details();
        let mut preview = Preview::new(phrases::stored(&summary, 400));
        preview.details = details;
        preview.context = json!({ "version": change.new.version });
        Ok(Planned { preview, plan: change })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        change: Change,
    ) -> Result<Answer<Output>, ToolError> {
        change.make(ctx).await?;
        ctx.set_audit_subject(&change.customer_id);
        let fields: Vec<String> = change.fields.iter().map(Field::read_back).collect();
        let (fields, name) = (phrases::list_of_three(&fields), shown::said(&change.old_name));
        let customer = Card::read(ctx, change.customer_id).await?;
        let say = text!("I have changed for {name}: {fields}.", fields, name);
        Ok(Answer::ok(say, Output { customer }))
    }

    async fn still_holds(
        &self,
        ctx: &mut CallContext,
        intent: &Wanted,
        _answer: &Value,
    ) -> Result<bool, ToolError> {
        Change::is_made(ctx, intent).await
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

impl Args {
    /// Refuses a call that asks for no change at all.
    fn something(&self) -> Result<(), ToolError> {
        let Self { name, email, phone, company, tier, address, .. } = self;
        let texts = [name, email, phone, company];
        if texts.into_iter().all(Option::is_none) && tier.is_none() && address.is_none() {
            return Err(ToolError::invalid(text!(
                "Please give at least one of name, email, phone, company, tier and address."
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "crm_update_customer_tests.rs"]
mod tests;

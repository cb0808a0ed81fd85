//! Writing a new customer down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use super::{
    card::Card,
    duplicates::{self, Duplicate},
    given, shown,
};
use crate::{
    access::{scope, toolset},
    customers::{
        address::Address,
        sql::{
            customer_changes::{self, Written},
            customers,
        },
    },
};
use business_mcp_engine::{
    db::tenants,
    speech::{email, name, phone, phrases},
    text,
    tool::{
        Answer, Approval, Aside, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError,
        WriteTool,
    },
};

/// Writes a new customer down.
pub struct CrmCreateCustomer;

/// Who it is.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The full name, 1 to 200 characters.
    #[validate(length(min = 1, max = 200, message = "must have 1 to 200 characters"))]
    name: String,
    /// E-mail address, typed or spoken.
    #[validate(length(max = 254, message = "must be at most 254 characters"))]
    email: Option<String>,
    /// Phone number, in any form.
    #[validate(length(max = 120, message = "must be at most 120 characters"))]
    phone: Option<String>,
    /// The firm they buy for.
    #[validate(length(max = 200, message = "must be at most 200 characters"))]
    company: Option<String>,
    /// The postal address.
    #[validate(nested)]
    address: Option<Address>,
}

/// Who it is, as it was understood: folded, so that one person is one wish however they were written, and as it is
/// written down.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    written: Aside<New>,
}

/// A new customer as they are written down.
#[derive(Debug, Serialize, Deserialize)]
pub struct New {
    name: String,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    address: Option<Address>,
}

/// Who will be added, and who may be the same person.
#[derive(Debug)]
pub struct Plan {
    new: New,
    possible_duplicates: Vec<Duplicate>,
}

/// The new customer, and who may be the same person.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The new customer.
    customer: Card,
    /// Up to five customers who may be the same person.
    possible_duplicates: Vec<Duplicate>,
}

impl WriteTool for CrmCreateCustomer {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "crm_create_customer",
        aliases: &[],
        version: 1,
        title: "Create a customer",
        description: "Create a customer who is not on file yet. Needs the name; search first. The \
                      answer names customers who may be the same person.",
        scope: Some(scope::CRM_WRITE),
        toolsets: &[toolset::DESK],
        effect: Effect::Add,
        risk: Risk::Medium,
        approval: Approval::AutoApproved,
    };

    fn names_a_record(_intent: &Intent) -> bool {
        false
    }

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        // Whoever is verified acts for one customer, and a new one is another.
        ctx.authorize_new()?;
        let new = New {
            name: given::full_name(&args.name)?,
            email: args.email.as_deref().map(given::email).transpose()?,
            phone: args.phone.as_deref().map(|said| given::phone(ctx, said)).transpose()?,
            company: args.company,
            address: args.address,
        };
        Ok(Intent {
            name: name::fold(&new.name),
            email: new.email.as_deref().map(str::to_lowercase),
            phone: new.phone.clone(),
            company: new.company.as_deref().map(name::fold),
            address: new.address.as_ref().map(Address::folded),
            written: new.into(),
        })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        ctx.authorize_new()?;
        let new = intent.written.aside;
        let (email, phone) = (new.email.as_deref(), new.phone.as_deref());
        let possible_duplicates = duplicates::of(ctx, &new.name, email, phone).await?;
        let preview = new.preview();
        Ok(Planned { preview, plan: Plan { new, possible_duplicates } })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let Plan { new: New { name, email, phone, company, address }, possible_duplicates } = plan;
        let address = address.as_ref().map(Address::kept);
        let today = ctx.today().to_string();
        let number = tenants::next_number(&mut ctx.tx, "customer", customers::sounds_like).await?;
        let id = format!("CUST-{number}");
        let new = Written {
            name: &name,
            email: email.as_deref(),
            phone: phone.as_deref(),
            company: company.as_deref(),
            tier: None,
            address: address.as_ref(),
        };
        customer_changes::insert(&mut ctx.tx, &id, new, ctx.now, &today).await?;
        ctx.set_audit_subject(&id);
        let contacts = [email.as_deref().map(email::spoken), phone.as_deref().map(phone::spoken)];
        let contacts: Vec<String> = contacts.into_iter().flatten().collect();
        let say = say((&name, &id), &contacts, &possible_duplicates);
        let customer = Card::read(ctx, id).await?;
        Ok(Answer::ok(say, Output { customer, possible_duplicates }))
    }

    /// Whoever was erased since may be added anew.
    async fn still_holds(
        &self,
        ctx: &mut CallContext,
        _intent: &Intent,
        answer: &Value,
    ) -> Result<bool, ToolError> {
        let id = answer.pointer("/customer/customer_id").and_then(Value::as_str);
        Ok(customers::find(&mut ctx.tx, id.unwrap_or_default()).await?.is_some())
    }
}

impl New {
    /// Who is added, for whoever decides about it.
    fn preview(&self) -> Preview {
        let parts = [
            self.company.as_deref().map(shown::said),
            self.email.as_deref().map(email::spoken),
            self.phone.as_deref().map(phone::spoken),
            self.address.as_ref().map(Address::spoken),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let name = shown::said(&self.name);
        let summary = if parts.is_empty() {
            text!("Add {name} as a new customer", name)
        } else {
            text!("Add {name} as a new customer: {list}", name, list = phrases::list(&parts))
        };
        Preview { details: json!(self), ..Preview::new(phrases::stored(&summary, 400)) }
    }
}

/// What was understood is read back, because it is easily misheard.
fn say((name, id): (&str, &str), contacts: &[String], duplicates: &[Duplicate]) -> String {
    let (name, number) = (shown::said(name), phrases::order_id(id));
    let added = if contacts.is_empty() {
        text!("I have added {name} as customer number {number}.", name, number)
    } else {
        let contacts = phrases::list(contacts);
        text!(
            "I have added {name} as customer number {number}, with {contacts}.",
            name,
            number,
            contacts
        )
    };
    let names: Vec<String> = duplicates.iter().map(Duplicate::said).collect();
    if names.is_empty() {
        return added;
    }
    let names = phrases::list_of_three(&names);
    let alike = text!("Please check who may be the same person: {names}.", names);
    format!("{added} {alike}")
}

#[cfg(test)]
#[path = "crm_create_customer_tests.rs"]
mod tests;

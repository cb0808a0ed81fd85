//! `customer_verify`: a caller shows to be a customer.
//!
//! From then on the conversation, or whoever holds the handle, acts for that customer only and sees
//! what is theirs. The gate looks it up; nothing of it has to pass through the model.

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{clues, known, method::Method, shown};
use crate::{
    access::{scope, toolset},
    customers::sql::{customer_profile, customers::Named, verification},
};
use business_mcp_engine::{
    db::verifications::{self, NewVerification},
    digest,
    speech::{email, reference},
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError, WriteTool,
        answer::rfc3339,
    },
};

/// How long a verification counts.
const COUNTS: TimeDelta = TimeDelta::minutes(15);
/// How often somebody may guess.
const TRIES: i64 = 3;
/// How long no guess counts after that.
const LOCKED: TimeDelta = TimeDelta::hours(1);
/// How many facts have to fit.
const FACTS: usize = 2;
/// How many ways to pay are told.
const MOST_METHODS: usize = 10;

/// Verifies a caller.
pub struct CustomerVerify;

/// Whom the caller says to be, and what they know.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The customer's id.
    #[validate(length(min = 1, max = 64, message = "must be a customer's id"))]
    customer_id: String,
    /// Postal code.
    #[validate(length(max = 120, message = "must be at most 120 characters"))]
    postal_code: Option<String>,
    /// E-mail address, typed or spoken.
    #[validate(length(max = 254, message = "must be at most 254 characters"))]
    email: Option<String>,
    /// The last 4 digits of the phone number.
    #[validate(length(max = 60, message = "must be four digits"))]
    phone_last4: Option<String>,
    /// The whole number of one of their orders.
    #[validate(length(max = 120, message = "must be at most 120 characters"))]
    order_id: Option<String>,
}

/// Whom the caller says to be, and what they know, as it was understood. What does not fit is kept as it was
/// said: another guess is another try.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    customer_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_last4: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
}

/// A try, and whether it will do.
#[derive(Debug)]
pub struct Plan {
    customer: Named,
    fits: bool,
}

/// How it ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// Whether the caller has shown to be the customer.
    verified: bool,
    /// Whether this conversation is bound to the customer now. If not, only the handle binds a call.
    bound: bool,
    /// The customer's id.
    customer_id: String,
    /// Binds other calls to the customer, where no header names the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_handle: Option<String>,
    /// Until when it counts, or no further try does (RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// How many tries are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries_left: Option<i64>,
    /// What they may pay with, once they are verified.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    payment_methods: Vec<Method>,
}

impl WriteTool for CustomerVerify {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "customer_verify",
        aliases: &[],
        version: 1,
        title: "Verify a caller",
        description: "Verify that the caller is the customer. Needs customer_id and at least two of \
                      postal_code, email, phone_last4, order_id, as the caller says them. Then it also \
                      tells how they may pay.",
        scope: Some(scope::CRM_READ),
        toolsets: &[toolset::VOICE, toolset::DESK],
        effect: Effect::Add,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };
    const VERIFIES_CALLER: Option<TimeDelta> = Some(COUNTS);

    /// The customer is on file, the caller is not: outside of a conversation nobody can say whether the same one
    /// is trying again, so that each call is a try and gets a handle of its own.
    fn names_a_record(_intent: &Intent) -> bool {
        false
    }

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        args.enough()?;
        let customer_id = known::one(ctx, &args.customer_id).await?.id;
        let facts = verification::keys_of(&mut ctx.tx, &customer_id).await?;
        let on_file = facts.and_then(|facts| facts.email);
        let known =
            |said: &String| on_file.clone().filter(|key| email::readings(said).contains(key));
        let order_id = match args.order_id {
            Some(said) => Some(their_order(ctx, &customer_id, &said).await?.unwrap_or(said)),
            None => None,
        };
        Ok(Intent {
            customer_id,
            postal_code: args.postal_code.as_deref().map(clues::postal),
            email: args.email.map(|said| known(&said).unwrap_or(said)),
            phone_last4: args.phone_last4.as_deref().map(reference::digits),
            order_id,
        })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let customer = known::by_id(ctx, &intent.customer_id).await?;
        let fits = intent.fits(ctx).await?;
        let (name, id) = (shown::said(&customer.name), &customer.id);
        let preview = Preview {
            details: json!({ "customer_id": id }),
            ..Preview::new(text!("Verify the caller as {name} ({id})", name, id))
        };
        Ok(Planned { preview, plan: Plan { customer, fits } })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let (principal, now) = (ctx.caller.subject.clone(), ctx.now);
        let Plan { customer, fits } = plan;
        ctx.set_audit_subject(&customer.id);
        let tried = verifications::take_try(&mut ctx.tx, &principal, &customer.id, now).await?;
        if let Some(until) = tried.locked_until {
            return Ok(locked(customer.id, rfc3339(until)));
        }
        if fits {
            let tx = &mut ctx.tx;
            verifications::forget_tries(tx, &principal, &customer.id).await?;
            let name = shown::said(&customer.name);
            let output = verified(ctx, customer.id).await?;
            return Ok(Answer::ok(text!("Thank you, {name}, you are verified.", name), output));
        }
        let left = TRIES - tried.failures;
        if left <= 0 {
            let until = now + LOCKED;
            verifications::lock(&mut ctx.tx, &principal, &customer.id, until).await?;
            return Ok(locked(customer.id, rfc3339(until)));
        }
        let say = text!(
            "That does not fit what is on file. Please tell me two of these once more: postal code, \
             e-mail address, the end of the phone number, or an order number."
        );
        let (customer_id, tries_left) = (customer.id, Some(left));
        let output = Output {
            verified: false,
            bound: false,
            customer_id,
            verification_handle: None,
            until: None,
            tries_left,
            payment_methods: Vec::new(),
        };
        Ok(Answer::unverified(say, output))
    }
}

impl Args {
    /// Refuses too few facts, and such that nobody could have, before they count as a try.
    fn enough(&self) -> Result<(), ToolError> {
        let given = [&self.postal_code, &self.email, &self.phone_last4, &self.order_id];
        if given.into_iter().flatten().count() < FACTS {
            return Err(ToolError::invalid(text!(
                "Please give at least two of postal_code, email, phone_last4 and order_id."
            )));
        }
        if self.phone_last4.as_deref().is_some_and(|said| reference::digits(said).len() != 4) {
            return Err(ToolError::invalid(text!(
                "The argument phone_last4 must be four digits. Please ask for them again."
            )));
        }
        Ok(())
    }
}

impl Intent {
    /// Whether everything that was said is so. Which of it is not is nobody's business.
    async fn fits(&self, ctx: &mut CallContext) -> Result<bool, ToolError> {
        let facts = verification::keys_of(&mut ctx.tx, &self.customer_id).await?;
        let Some(facts) = facts else { return Ok(false) };
        let postal = facts.postal_code.map(|key| key.replace('-', ""));
        let phone = facts.phone.unwrap_or_default();
        let fits = [
            self.postal_code.as_ref().map(|code| Some(code) == postal.as_ref()),
            self.email.as_ref().map(|email| Some(email) == facts.email.as_ref()),
            self.phone_last4.as_ref().map(|digits| phone.ends_with(digits)),
            match &self.order_id {
                Some(id) => {
                    let theirs = known::whole_orders_of(ctx, &self.customer_id, id).await?;
                    Some(theirs.iter().any(|order| order.id == *id))
                }
                None => None,
            },
        ];
        Ok(fits.into_iter().flatten().all(|fits| fits))
    }
}

/// The customer's order of that whole number, said with or without the letters in front.
async fn their_order(
    ctx: &mut CallContext,
    customer_id: &str,
    said: &str,
) -> Result<Option<String>, ToolError> {
    let found = known::whole_orders_of(ctx, customer_id, said).await?;
    Ok(found.into_iter().next().map(|order| order.id))
}

/// Writes the verification down, and answers its handle.
async fn verified(ctx: &mut CallContext, customer_id: String) -> Result<Output, ToolError> {
    let principal = ctx.caller.subject.clone();
    let conversation = ctx.conversation.clone();
    let handle = format!("VRF-{:032X}", rand::random::<u128>());
    let expires_at = ctx.now + COUNTS;
    let new = NewVerification {
        id: &digest::sha256(&handle),
        principal: &principal,
        conversation: conversation.as_deref(),
        subject_id: &customer_id,
        created_at: ctx.now,
        expires_at,
    };
    verifications::insert(&mut ctx.tx, new).await?;
    let methods = customer_profile::payment_methods(&mut ctx.tx, &customer_id).await?;
    let methods = methods.into_iter().take(MOST_METHODS).map(|method| Method::of(ctx, method));
    Ok(Output {
        verified: true,
        bound: conversation.is_some(),
        customer_id,
        verification_handle: Some(handle),
        until: Some(rfc3339(expires_at)),
        tries_left: None,
        payment_methods: methods.collect(),
    })
}

/// No further guess counts for a while.
fn locked(customer_id: String, until: String) -> Answer<Output> {
    let say = text!(
        "I cannot verify you any more for now. I can pass you on to a colleague, or you call again in \
         an hour."
    );
    let until = Some(until);
    let tries_left = Some(0);
    Answer::unverified(
        say,
        Output {
            verified: false,
            bound: false,
            customer_id,
            verification_handle: None,
            until,
            tries_left,
            payment_methods: Vec::new(),
        },
    )
}

#[cfg(test)]
#[path = "customer_verify_tests.rs"]
mod tests;

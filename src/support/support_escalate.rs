//! `support_escalate`: hands over to a person, and says when they call back.
//!
//! It needs no scope, so that no agent is left alone with a caller. That is why it says nothing of a
//! customer or an order that its caller did not say first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use crate::{
    access::{scope, toolset},
    business::TenantFacts as _,
};
use crate::{
    business::hours::Callback,
    customers::{
        known,
        sql::{
            customers::{self, Named},
            interactions::{self, NewInteraction},
        },
    },
    orders::find,
    support::sql::tickets::{self, NewTicket},
};
use business_mcp_engine::{
    db::tenants,
    speech::{name, phrases},
    text,
    tool::{
        Answer, Approval, Aside, CallContext, Effect, FreeText, Planned, Preview, Risk, Spec,
        ToolError, WriteTool, answer::rfc3339,
    },
};

/// Hands over to a person.
pub struct SupportEscalate;

/// Why, and about whom.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// Why a person is needed, such as "asked for a manager", 1 to 200 characters.
    #[validate(length(min = 1, max = 200, message = "must have 1 to 200 characters"))]
    reason: String,
    /// What the person has to know, 1 to 1000 characters.
    #[validate(length(min = 1, max = 1000, message = "must have 1 to 1000 characters"))]
    summary: String,
    /// The customer's id, if known.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    customer_id: Option<String>,
    /// The order it is about.
    #[validate(length(max = 120, message = "must be at most 120 characters"))]
    order_id: Option<String>,
}

/// Whom and what a ticket is about, as it was understood.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    /// The words of the reason, where nothing else tells one ticket from another.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    reason: FreeText,
    summary: FreeText,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    /// Whether the caller said who the customer is, or may look it up.
    may_be_told: Aside<bool>,
}

/// The ticket.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// Its number.
    ticket_id: String,
    /// `open`.
    status: &'static str,
    /// Why a person is needed.
    reason: String,
    /// When it was opened (RFC 3339, UTC).
    created_at: String,
    /// Whom it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    /// The order it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    /// When a colleague calls back; left out where that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    callback: Option<Window>,
}

/// From one time to another.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Window {
    /// The first minute (RFC 3339, UTC).
    from: String,
    /// The last one (RFC 3339, UTC).
    to: String,
    /// The zone of the business, in which the times are said.
    time_zone: String,
}

impl WriteTool for SupportEscalate {
    type Args = Args;
    type Intent = Intent;
    type Plan = Intent;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "support_escalate",
        aliases: &[],
        version: 1,
        title: "Hand over to a person",
        description: "Open a ticket for a colleague, who calls back, when the caller asks for a \
                      person or you cannot help. Needs reason and summary.",
        scope: None,
        toolsets: &[toolset::VOICE, toolset::DESK],
        effect: Effect::Add,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    fn names_a_record(intent: &Intent) -> bool {
        intent.customer_id.is_some() || intent.order_id.is_some()
    }

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let subject = Subject::of(ctx, &args).await?;
        let is_named = subject.customer.is_some() || subject.order_id.is_some();
        Ok(Intent {
            about: (!is_named).then(|| name::words(&args.reason).join(" ")),
            reason: args.reason.into(),
            summary: args.summary.into(),
            customer_id: subject.customer.map(|customer| customer.id),
            order_id: subject.order_id,
            may_be_told: subject.may_be_told.into(),
        })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Intent>, ToolError> {
        let customer = match &intent.customer_id {
            Some(customer_id) => Some(known::by_id(ctx, customer_id).await?),
            None => None,
        };
        let about = [
            customer.map(|customer| {
                format!("{} ({})", phrases::stored(&customer.name, 60), customer.id)
            }),
            intent.order_id.clone(),
        ];
        let about = about.into_iter().flatten().collect::<Vec<_>>();
        let reason = phrases::stored(&intent.reason, 200);
        let summary = if about.is_empty() {
            text!("Open a ticket: {reason}", reason)
        } else {
            text!("Open a ticket about {list}: {reason}", list = phrases::list(&about), reason)
        };
        let details = json!({
            "customer_id": intent.customer_id,
            "order_id": intent.order_id,
            "reason": *intent.reason,
            "summary": *intent.summary,
        });
        Ok(Planned { preview: Preview { details, ..Preview::new(summary) }, plan: intent })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Intent,
    ) -> Result<Answer<Output>, ToolError> {
        let customer = plan.customer_id.as_deref();
        let zone = ctx.tenant.time_zone;
        let callback = Callback::next(&ctx.tenant.business().hours, zone, ctx.now);
        let (by, conversation) = (ctx.caller.subject.clone(), ctx.conversation.clone());
        let ticket_id = format!(
            "TIC-{}",
            tenants::next_number(&mut ctx.tx, "ticket", tickets::sounds_like).await?
        );
        let new = NewTicket {
            id: &ticket_id,
            reason: &plan.reason,
            summary: &plan.summary,
            customer_id: customer,
            order_id: plan.order_id.as_deref(),
            at: ctx.now,
            by: &by,
            conversation: conversation.as_deref(),
            callback: callback.map(|window| (window.from, window.to)),
        };
        tickets::insert(&mut ctx.tx, new).await?;
        if let Some(customer_id) = customer {
            let reason = plan.reason.trim_end_matches('.');
            let said = format!("{ticket_id}, {reason}: {}", &*plan.summary);
            let interaction = NewInteraction {
                id: &uuid::Uuid::now_v7().to_string(),
                customer_id,
                kind: "escalation",
                text: &said,
                at: ctx.now,
                author: &by,
                order_id: plan.order_id.as_deref(),
            };
            interactions::insert(&mut ctx.tx, interaction).await?;
        }
        ctx.set_audit_subject(&ticket_id);
        let number = phrases::order_id(&ticket_id);
        let say = match callback.map(|window| window.spoken(zone, ctx.today())) {
            Some(when) => text!(
                "I have passed this on, and a colleague will call back {when}. The ticket number is \
                 {number}.",
                when,
                number
            ),
            None => text!(
                "I have passed this on, and a colleague will get in touch. The ticket number is \
                 {number}.",
                number
            ),
        };
        let window = |window: Callback| Window {
            from: rfc3339(window.from),
            to: rfc3339(window.to),
            time_zone: zone.name().to_owned(),
        };
        let told = plan.customer_id.filter(|_| *plan.may_be_told);
        Ok(Answer::ok(
            say,
            Output {
                ticket_id,
                status: "open",
                reason: plan.reason.aside,
                created_at: rfc3339(ctx.now),
                customer_id: told,
                order_id: plan.order_id,
                callback: callback.map(window),
            },
        ))
    }
}

/// Whom and what a ticket is about.
struct Subject {
    customer: Option<Named>,
    /// Whether the caller said who it is, or may look it up.
    may_be_told: bool,
    order_id: Option<String>,
}

impl Subject {
    /// The customer who was named, or as whom the conversation is verified, or whose order it is.
    async fn of(ctx: &mut CallContext, args: &Args) -> Result<Self, ToolError> {
        let verified = ctx.verified.clone();
        let named = match args.customer_id.as_deref().or(verified.as_deref()) {
            Some(said) => Some(known::one(ctx, said).await.map_err(|error| {
                let may_read = ctx.caller.scopes.contains(scope::CRM_READ);
                let which = text!("Several customers have that number. What is the whole number?");
                if may_read { error } else { without_details(&error, which) }
            })?),
            None => None,
        };
        let Some(said) = &args.order_id else {
            return Ok(Self { customer: named, may_be_told: true, order_id: None });
        };
        if let Some(customer) = named {
            let order_id = Some(known::order_of(ctx, &customer.id, said).await?);
            return Ok(Self { customer: Some(customer), may_be_told: true, order_id });
        }
        let order = find::one(ctx, said).await.map_err(|error| {
            // The numbers of other orders are for whoever may read orders.
            let may_read = ctx.caller.scopes.contains(scope::ORDERS_READ);
            if may_read { error } else { without_details(&error, find::several_end_like_this()) }
        })?;
        // Who was erased is not found, and the ticket is about the order only.
        let customer = customers::find(&mut ctx.tx, &order.customer_id).await?;
        let customer = customer.map(|customer| customer.authorize(ctx)).transpose()?;
        let may_be_told = ctx.caller.scopes.contains(scope::CRM_READ);
        Ok(Self { customer, may_be_told, order_id: Some(order.id) })
    }
}

/// The same failure without what it tells of others; a question is asked in general.
fn without_details(error: &ToolError, which: String) -> ToolError {
    if error.candidates().is_some() {
        return ToolError::ambiguous(Answer::<()>::ambiguous(which, Vec::new()));
    }
    ToolError::new(error.code(), error.to_string())
}

#[cfg(test)]
#[path = "support_escalate_tests.rs"]
mod tests;

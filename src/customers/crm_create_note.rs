//! Writing down what was said.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{known, shown};
use crate::{
    access::{scope, toolset},
    customers::sql::{
        customers::Named,
        interactions::{self, NewInteraction},
    },
};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError, WriteTool,
        answer::rfc3339,
    },
};

/// Writes a note about a customer.
pub struct CrmCreateNote;

/// What to write, and about whom.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The customer's id.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    customer_id: String,
    /// What to remember, 1 to 1000 characters.
    #[validate(length(min = 1, max = 1000, message = "must have 1 to 1000 characters"))]
    text: String,
    /// What it was; a note if left out.
    kind: Option<Kind>,
    /// The customer's order it is about.
    #[validate(length(max = 120, message = "must be at most 120 characters"))]
    order_id: Option<String>,
}

/// What is written down.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Kind {
    Note,
    Call,
    Email,
    Chat,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Call => "call",
            Self::Email => "email",
            Self::Chat => "chat",
        }
    }
}

/// What to write, as it was understood. The text is the wish, so another text is another note.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    customer_id: String,
    text: String,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
}

/// A note that can be written.
#[derive(Debug)]
pub struct Plan {
    customer: Named,
    text: String,
    kind: Kind,
    order_id: Option<String>,
}

/// The note as it is kept.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The note's id.
    note_id: String,
    /// About whom it is.
    customer_id: String,
    /// What it is.
    kind: Kind,
    /// What it says.
    text: String,
    /// When it was written (RFC 3339, UTC).
    at: String,
    /// Who wrote it.
    author: String,
    /// The order it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
}

impl WriteTool for CrmCreateNote {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "crm_create_note",
        aliases: &[],
        version: 1,
        title: "Write a note",
        description: "Write a note about a customer, for colleagues to read later. Needs the \
                      customer_id and the text.",
        scope: Some(scope::CRM_WRITE),
        toolsets: &[toolset::VOICE, toolset::DESK],
        effect: Effect::Add,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let customer = known::one(ctx, &args.customer_id).await?;
        let order_id = match &args.order_id {
            Some(said) => Some(known::order_of(ctx, &customer.id, said).await?),
            None => None,
        };
        let (text, kind) = (args.text.trim().to_owned(), args.kind.unwrap_or(Kind::Note));
        Ok(Intent { customer_id: customer.id, text, kind, order_id })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let Intent { customer_id, text, kind, order_id } = intent;
        let customer = known::by_id(ctx, &customer_id).await?;
        let summary = text!(
            "Write a note about {name} ({id}): {text}",
            name = shown::said(&customer.name),
            id = customer.id,
            text = phrases::stored(&text, 200)
        );
        let details = json!({
            "customer_id": customer.id, "kind": kind, "text": text, "order_id": order_id,
        });
        let preview = Preview { details, ..Preview::new(summary) };
        Ok(Planned { preview, plan: Plan { customer, text, kind, order_id } })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let Plan { customer, text, kind, order_id } = plan;
        let note_id = uuid::Uuid::now_v7().to_string();
        let author = ctx.caller.subject.to_string();
        let new = NewInteraction {
            id: &note_id,
            customer_id: &customer.id,
            kind: kind.as_str(),
            text: &text,
            at: ctx.now,
            author: &author,
            order_id: order_id.as_deref(),
        };
        interactions::insert(&mut ctx.tx, new).await?;
        ctx.set_audit_subject(&customer.id);
        let say = text!("I have noted that for {name}.", name = shown::said(&customer.name));
        let (customer_id, at) = (customer.id, rfc3339(ctx.now));
        Ok(Answer::ok(say, Output { note_id, customer_id, kind, text, at, author, order_id }))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::role;
    use crate::testing::{self, shops, wordings};

    #[tokio::test]
    async fn a_note_is_kept_with_its_order() {
        for shop in shops().await {
            let arguments = json!({
                "customer_id": "CUST-1", "text": "Prefers mornings.", "kind": "Call",
                "order_id": "one double oh oh one",
            });
            let answer = shop.call(CrmCreateNote, arguments).await.unwrap();
            assert_eq!(answer["say"], "I have noted that for Ana López.");
            let data = &answer["data"];
            assert_eq!(data["order_id"], "ORD-10001");
            assert_eq!((&data["kind"], &data["author"]), (&json!("call"), &json!("tester")));
            assert_eq!(data["at"], "2026-01-10T17:00:00Z");
            let mut tx = shop.db.db.read().await.unwrap().of("demo");
            let kept = testing::everything_about(&mut tx, "CUST-1").await;
            assert!(kept.contains("Prefers mornings."));
        }
    }

    #[tokio::test]
    async fn the_same_note_in_other_words_is_the_same_wish() {
        for shop in shops().await {
            let same = [
                json!({ "customer_id": "CUST-1", "text": "Prefers mornings.", "order_id": "ORD-10001" }),
                json!({
                    "customerId": "cust 1", "text": " Prefers mornings. ", "kind": "Note",
                    "order_id": "one double oh oh one",
                }),
                json!({ "customer_id": "one", "text": "Prefers mornings.", "order_id": "10001" }),
            ];
            let other = [
                json!({ "customer_id": "CUST-1", "text": "Prefers evenings.", "order_id": "ORD-10001" }),
                json!({ "customer_id": "CUST-1", "text": "Prefers mornings." }),
                json!({ "customer_id": "CUST-2", "text": "Prefers mornings." }),
            ];
            wordings(&shop, CrmCreateNote, &same, &other).await;
        }
    }

    #[tokio::test]
    async fn a_note_needs_a_customer_and_an_order_of_theirs() {
        for shop in shops().await {
            let nobody = json!({ "customer_id": "CUST-9", "text": "x" });
            assert_eq!(shop.refusal(CrmCreateNote, nobody).await.0, "not_found");
            let foreign = json!({ "customer_id": "CUST-2", "text": "x", "order_id": "ORD-10001" });
            assert_eq!(shop.refusal(CrmCreateNote, foreign).await.0, "not_found");
            let unclear = json!({ "customer_id": "CUST-1", "text": "x", "order_id": "1000" });
            assert_eq!(shop.refusal(CrmCreateNote, unclear).await.0, "not_found");
            let empty = json!({ "customer_id": "CUST-1", "text": " " });
            let (code, words) = shop.refusal(CrmCreateNote, empty).await;
            assert_eq!(code, "invalid_parameters");
            assert!(words.contains("text"), "{words}");
        }
    }

    #[tokio::test]
    async fn an_end_that_several_orders_share_is_asked_about() {
        for mut shop in shops().await {
            shop.role = role::DESK;
            let mut tx = shop.db.db.write().await.unwrap().of("demo");
            testing::another_order(&mut tx, "CUST-1", "ORD-20001", testing::long_ago()).await;
            tx.commit().await.unwrap();
            let arguments = json!({ "customer_id": "CUST-1", "text": "x", "order_id": "0001" });
            let (code, words) = shop.refusal(CrmCreateNote, arguments).await;
            assert_eq!(code, "invalid_parameters");
            assert!(words.contains("Which one is it?"), "{words}");
        }
    }

    #[tokio::test]
    async fn the_end_of_a_number_is_not_made_whole_for_a_stranger() {
        for mut shop in shops().await {
            let arguments =
                |said: &str| json!({ "customer_id": "CUST-1", "text": "x", "order_id": said });
            for said in ["1", "0001"] {
                let (code, words) = shop.refusal(CrmCreateNote, arguments(said)).await;
                assert_eq!(code, "not_found");
                assert!(!words.contains("10001") && words.contains("whole number"), "{words}");
            }
            shop.role = role::DESK;
            let answer = shop.call(CrmCreateNote, arguments("0001")).await.unwrap();
            assert_eq!(answer["data"]["order_id"], "ORD-10001");
        }
    }
}

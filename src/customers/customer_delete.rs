//! Forgetting a customer who asks for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{known, shown};
use crate::{
    access::{scope, toolset},
    customers::sql::{
        customers::Named,
        erasure::{self, Reach},
    },
};
use business_mcp_engine::{
    db::{approvals, erasure::Erased},
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, FreeText, Planned, Preview, Risk, Spec, ToolError,
        WriteTool, answer::rfc3339,
    },
};

/// Overwrites a customer's personal data for good; their orders stay.
pub struct CustomerDelete;

/// Whose data, and why.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The customer's id.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    customer_id: String,
    /// Why, 3 to 300 characters, without personal data.
    #[validate(length(min = 3, max = 300, message = "must have 3 to 300 characters"))]
    reason: String,
}

/// Whose data, as it was understood.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    customer_id: String,
    reason: FreeText,
}

/// An erasure that can be made as things stand.
#[derive(Debug)]
pub struct Plan {
    customer: Named,
    reach: Reach,
}

/// What was forgotten.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The customer's id, which stays.
    customer_id: String,
    /// When it was done (RFC 3339, UTC).
    erased_at: String,
    /// How many orders stay, without a name or an address.
    orders_kept: i64,
    /// How many notes, calls and e-mails lost their text.
    interactions_erased: i64,
}

impl WriteTool for CustomerDelete {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "customer_delete",
        aliases: &[],
        version: 1,
        title: "Erase a customer",
        description: "Erase a customer's personal data for good; the orders stay, nameless. Needs \
                      the customer_id and a reason. Not while an order is open.",
        scope: Some(scope::CRM_WRITE),
        toolsets: &[toolset::DESK],
        effect: Effect::Change,
        risk: Risk::Critical,
        approval: Approval::Disabled,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let customer_id = known::or_erased(ctx, &args.customer_id).await?;
        Ok(Intent { customer_id, reason: args.reason.into() })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let (customer, reach) = erasable(ctx, &intent.customer_id).await?;
        let count = |n: i64, one, many| phrases::count(u64::try_from(n).unwrap_or(0), one, many);
        let summary = text!(
            "Erase the personal data of {name} ({id}) for good, with the text of {notes}; {stay} without a name",
            name = shown::said(&customer.name),
            id = customer.id,
            notes = count(reach.interactions, "note", "notes"),
            stay = count(reach.orders, "order stays", "orders stay")
        );
        let mut preview = Preview::new(summary);
        preview.details = json!({ "customer_id": customer.id });
        preview.context = json!({
            "orders_kept": reach.orders,
            "interactions_erased": reach.interactions,
        });
        Ok(Planned { preview, plan: Plan { customer, reach } })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let Plan { customer, reach } = plan;
        if !erasure::erase(&mut ctx.tx, &customer.id, ctx.now).await? {
            return Err(open_order());
        }
        let (id, name) = (&*customer.id, &*customer.name);
        let erased = Erased { id, name, placeholder: erasure::ERASED_NAME };
        ctx.erase(erased).await?;
        if let Some(approval) = ctx.approval_id.clone() {
            // The request named the person, so that the approver knew whom it was about.
            let summary = text!("Erase the personal data of {id}", id = customer.id);
            approvals::retell(&mut ctx.tx, &approval, &summary).await?;
        }
        ctx.set_audit_subject(&customer.id);
        let kept = phrases::count(u64::try_from(reach.orders).unwrap_or(0), "order", "orders");
        let output = Output {
            customer_id: customer.id,
            erased_at: rfc3339(ctx.now),
            orders_kept: reach.orders,
            interactions_erased: reach.interactions,
        };
        let say = text!(
            "The customer's personal data are erased for good. {kept} remain on file without a name.",
            kept
        );
        Ok(Answer::ok(say, output))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

/// The customer, if nothing is under way that still needs to know them.
async fn erasable(ctx: &mut CallContext, id: &str) -> Result<(Named, Reach), ToolError> {
    let customer = known::by_id(ctx, id).await?;
    let reach = erasure::reach(&mut ctx.tx, &customer.id).await?;
    if reach.open_orders > 0 {
        return Err(open_order());
    }
    Ok((customer, reach))
}

fn open_order() -> ToolError {
    ToolError::invalid_state(text!(
        "This customer has an open order, so the data are still needed. Please finish or cancel it first."
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        customers::CrmCreateNote,
        testing::{self, shops, wordings},
    };
    use business_mcp_engine::tool::Catalogue;

    /// A denied request about a customer, with something personal in it.
    fn decided_request(id: &str, customer_id: &str) -> approvals::Approval {
        let arguments = json!({ "customer_id": customer_id, "note": "Call in the mornings." });
        approvals::Approval {
            id: id.to_owned(),
            status: "denied".to_owned(),
            tool: "order_create".to_owned(),
            tool_version: 1,
            policy_version: "built-in".to_owned(),
            risk: "medium".to_owned(),
            requester: "agent".to_owned(),
            requester_token: None,
            requester_scopes: String::new(),
            conversation: None,
            verified_subject: None,
            subject_id: None,
            arguments: arguments.to_string(),
            arguments_hash: String::new(),
            idempotency_key: id.to_owned(),
            summary: "Order, to be called about in the mornings".to_owned(),
            preview: "{}".to_owned(),
            created_at: testing::long_ago(),
            expires_at: testing::long_ago(),
            decided_by: None,
            decided_at: None,
            decision_reason: None,
            result: None,
        }
    }

    #[tokio::test]
    async fn nothing_personal_is_left_and_the_orders_stay() {
        for shop in shops().await {
            let mut tx = shop.db.db.write().await.unwrap().of("demo");
            testing::another_order(&mut tx, "CUST-2", "ORD-10003", testing::long_ago()).await;
            tx.commit().await.unwrap();
            let note = json!({ "customer_id": "CUST-2", "text": "John likes mornings." });
            shop.call(CrmCreateNote, note).await.unwrap();
            let mut tx = shop.db.db.write().await.unwrap().of("demo");
            approvals::insert(&mut tx, &decided_request("APR-1", "CUST-2")).await.unwrap();
            approvals::insert(&mut tx, &decided_request("APR-2", "CUST-1")).await.unwrap();
            let mut executed = decided_request("APR-3", "CUST-2");
            executed.status = "executed".to_owned();
            executed.arguments = "{}".to_owned();
            approvals::insert(&mut tx, &executed).await.unwrap();
            // One that names neither the id nor the name of today.
            let mut by_order = decided_request("APR-4", "CUST-2");
            by_order.subject_id = Some("CUST-2".to_owned());
            by_order.arguments = r#"{"order_id":"ORD-10003"}"#.to_owned();
            approvals::insert(&mut tx, &by_order).await.unwrap();
            let answer = r#"{"data":{"customer_id":"CUST-2","email":"mornings@b.c"}}"#;
            approvals::save_result(&mut tx, "APR-3", answer).await.unwrap();
            tx.commit().await.unwrap();
            let arguments = json!({ "customer_id": "CUST-2", "reason": "Asked for it." });
            let preview = shop.preview(CustomerDelete, arguments.clone()).await.unwrap();
            assert_eq!(
                preview.summary,
                "Erase the personal data of John Smith (CUST-2) for good, with the text of 1 note; \
                 1 order stays without a name"
            );
            let data = shop.call(CustomerDelete, arguments.clone()).await.unwrap()["data"].clone();
            assert_eq!(data["orders_kept"], 1);
            assert_eq!(data["interactions_erased"], 1);
            let mut tx = shop.db.db.read().await.unwrap().of("demo");
            for id in ["APR-1", "APR-3", "APR-4"] {
                let request = approvals::find(&mut tx, id).await.unwrap().unwrap();
                assert!(!format!("{request:?}").contains("mornings"), "{request:?}");
            }
            let other = approvals::find(&mut tx, "APR-2").await.unwrap().unwrap();
            assert!(other.arguments.contains("mornings"), "another customer's stays as it is");
            let left = testing::everything_about(&mut tx, "CUST-2").await;
            let left = left.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(left, "Erased customer Erased");
            // The namesake and everybody else are as they were.
            let other = testing::everything_about(&mut tx, "CUST-3").await;
            assert!(other.contains("john smith jsmith@example.com"), "{other}");
            assert!(testing::everything_about(&mut tx, "CUST-1").await.contains("4242"));
            drop(tx);
            assert_eq!(shop.refusal(CustomerDelete, arguments).await.0, "not_found");
        }
    }

    #[tokio::test]
    async fn the_same_erasure_in_other_words_is_the_same_wish() {
        for shop in shops().await {
            let wish = |said: &str, reason: &str| json!({ "customer_id": said, "reason": reason });
            let same = [
                wish("CUST-2", "Asked for it."),
                wish("cust 2", "Asked for it."),
                wish("two", "The customer wants it."),
            ];
            let other = [wish("CUST-3", "Asked for it.")];
            wordings(&shop, CustomerDelete, &same, &other).await;
            shop.call(CustomerDelete, same[0].clone()).await.unwrap();
            // The customer is found no more, and yet the wish is known again.
            wordings(&shop, CustomerDelete, &same, &other).await;
        }
    }

    #[tokio::test]
    async fn whoever_is_one_of_several_is_asked_about() {
        for shop in shops().await {
            let namesake = "insert into customers
                                (tenant_id, id, name, name_key, id_number, version, created_at,
                                 created_on)
                            select tenant_id, 'CUST2', 'Jane Roe', 'jane roe', '2', 1, created_at,
                                   created_on
                            from customers
                            where id = 'CUST-2'";
            shop.run(namesake).await;
            shop.run("update customers set id_number = '2' where id = 'CUST-2'").await;
            let wish = |said: &str| json!({ "customer_id": said, "reason": "Asked for it." });
            let (_, words) = shop.refusal(CustomerDelete, wish("two")).await;
            assert!(words.contains("Is it John Smith or Jane Roe?"), "{words}");
            let wishes = [wish("CUST-2"), wish(" CUST-2 ")];
            wordings(&shop, CustomerDelete, &wishes, &[wish("CUST2")]).await;
            shop.call(CustomerDelete, wish("CUST-2")).await.unwrap();
            // Said once more, it may be the one who was erased, and is no wish to erase the other.
            let error = shop.call(CustomerDelete, wish("two")).await.unwrap_err();
            assert_eq!(error.candidates().map(|all| all[0].id.as_str()), Some("CUST2"));
            wordings(&shop, CustomerDelete, &wishes, &[wish("CUST2")]).await;
            shop.call(CustomerDelete, wish("CUST2")).await.unwrap();
            // Nor is it known which of two erased customers is meant.
            assert_eq!(shop.refusal(CustomerDelete, wish("two")).await.0, "not_found");
            wordings(&shop, CustomerDelete, &wishes, &[wish("CUST2")]).await;
        }
    }

    #[tokio::test]
    async fn an_open_order_keeps_its_customer() {
        for shop in shops().await {
            let arguments = json!({ "customer_id": "CUST-1", "reason": "Asked for it." });
            let preview = shop.preview(CustomerDelete, arguments.clone()).await.unwrap_err();
            assert_eq!(preview.code().as_str(), "invalid_state");
            let (code, words) = shop.refusal(CustomerDelete, arguments).await;
            assert_eq!(code, "invalid_state");
            assert!(words.contains("open order"), "{words}");
            let mut tx = shop.db.db.read().await.unwrap().of("demo");
            assert!(testing::everything_about(&mut tx, "CUST-1").await.contains("López"));
        }
    }

    #[tokio::test]
    async fn the_request_forgets_the_name_as_well() {
        for shop in shops().await {
            let mut ctx = shop.context(true).await;
            let request = testing::request("APR-1", "tester");
            approvals::insert(&mut ctx.tx, &request).await.unwrap();
            ctx.approval_id = Some("APR-1".into());
            let args = Args { customer_id: "CUST-2".into(), reason: "Asked for it.".into() };
            testing::run(&CustomerDelete, &mut ctx, args).await.unwrap();
            let request = approvals::find(&mut ctx.tx, "APR-1").await.unwrap().unwrap();
            assert_eq!(request.summary, "Erase the personal data of CUST-2");
        }
    }

    #[test]
    fn it_is_switched_off_unless_a_policy_says_otherwise() {
        let catalogue = Catalogue::default().with(CustomerDelete);
        let spec = catalogue.find("customer_delete").unwrap().spec;
        assert_eq!((spec.approval, spec.risk), (Approval::Disabled, Risk::Critical));
    }
}

use serde_json::json;

use super::*;
use crate::{
    access::role,
    customers::CustomerDelete,
    testing::{self, Shop, shops, wordings},
};
use business_mcp_engine::{
    db::{params, record},
    tool::{Caller, Scopes},
};

record! {
    #[derive(Debug)]
    struct Kept {
        status: String,
        customer_id: Option<String>,
        order_id: Option<String>,
        created_by: String,
        said: Option<String>,
        callback_from: Option<chrono::DateTime<chrono::Utc>>,
    }
}

/// The ticket as it is kept, with what was written down about its customer.
async fn kept(shop: &Shop, ticket: &str) -> Kept {
    let mut tx = shop.db.db.read().await.unwrap().of("demo");
    tx.fetch_one(
        "select t.status, t.customer_id, t.order_id, t.created_by,
                (select i.text
                 from interactions i
                 where i.tenant_id = t.tenant_id and i.customer_id = t.customer_id
                   and i.kind = 'escalation') as said,
                t.callback_from
         from tickets t
         where t.tenant_id = 'demo' and t.id = $1",
        params![ticket],
    )
    .await
    .unwrap()
}

async fn tickets(shop: &Shop) -> i64 {
    let mut tx = shop.db.db.read().await.unwrap().of("demo");
    let (count,): (i64,) = tx.fetch_one("select count(*) from tickets", &[]).await.unwrap();
    count
}

#[tokio::test]
async fn a_ticket_is_opened_for_a_customer_and_their_order() {
    for shop in shops().await {
        let arguments = json!({
            "reason": "wants a refund", "summary": "The shirt is torn.", "customerId": "cust 1",
            "order_id": "one double oh oh one",
        });
        let answer = shop.call(SupportEscalate, arguments).await.unwrap();
        // It is noon on a Saturday.
        let say = "I have passed this on, and a colleague will call back today between 12 PM and \
                   2 PM. The ticket number is 1 0 0 0 1.";
        assert_eq!(answer["say"], say);
        let data = json!({
            "ticket_id": "TIC-10001", "status": "open", "reason": "wants a refund",
            "created_at": "2026-01-10T17:00:00Z", "customer_id": "CUST-1", "order_id": "ORD-10001",
            "callback": {
                "from": "2026-01-10T17:00:00Z", "to": "2026-01-10T19:00:00Z",
                "time_zone": "America/New_York",
            },
        });
        assert_eq!(answer["data"], data);
        let kept = kept(&shop, "TIC-10001").await;
        assert_eq!((kept.status.as_str(), kept.created_by.as_str()), ("open", "tester"));
        assert_eq!(kept.customer_id.as_deref(), Some("CUST-1"));
        assert_eq!(kept.order_id.as_deref(), Some("ORD-10001"));
        assert_eq!(kept.callback_from, Some(shop.now));
        let said = "TIC-10001, wants a refund: The shirt is torn.";
        assert_eq!(kept.said.as_deref(), Some(said));
    }
}

#[tokio::test]
async fn whoever_nobody_knows_gets_a_person_too() {
    for mut shop in shops().await {
        shop.now = "2026-01-10T19:00:00Z".parse().unwrap();
        let arguments = json!({ "reason": "asked for one", "summary": "Will not say why." });
        let answer = shop.call(SupportEscalate, arguments.clone()).await.unwrap();
        let say = answer["say"].as_str().unwrap();
        assert!(say.contains("on Monday between 8 AM and 10 AM"), "{say}");
        assert_eq!(answer["data"].get("customer_id"), None);
        assert_eq!(kept(&shop, "TIC-10001").await.said, None);
        let second = shop.call(SupportEscalate, arguments).await.unwrap();
        assert_eq!(second["data"]["ticket_id"], "TIC-10002", "each ticket has a number of its own");
    }
}

#[tokio::test]
async fn an_order_says_whose_it_is_to_whoever_may_know() {
    for shop in shops().await {
        let arguments = json!({ "reason": "late", "summary": "Where is it?", "order_id": "10001" });
        let preview = shop.preview(SupportEscalate, arguments.clone()).await.unwrap();
        assert_eq!(preview.summary, "Open a ticket about Ana López (CUST-1) and ORD-10001: late");
        let answer = shop.call(SupportEscalate, arguments.clone()).await.unwrap();
        assert_eq!(answer["data"]["customer_id"], "CUST-1");
        let mut ctx = without_scopes(&shop).await;
        let args: Args = serde_json::from_value(arguments).unwrap();
        let subject = Subject::of(&mut ctx, &args).await.unwrap();
        assert!(subject.customer.is_some() && !subject.may_be_told);
    }
}

#[tokio::test]
async fn who_may_not_read_orders_learns_no_numbers() {
    for mut shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        testing::another_order(&mut tx, "CUST-2", "ORD-20001", testing::long_ago()).await;
        tx.commit().await.unwrap();
        let arguments = json!({ "reason": "late", "summary": "Where is it?", "order_id": "0001" });
        let error = shop.call(SupportEscalate, arguments.clone()).await.unwrap_err();
        assert_eq!(error.candidates(), Some(&[][..]), "a caller is verified by them");
        shop.role = role::DESK;
        let error = shop.call(SupportEscalate, arguments.clone()).await.unwrap_err();
        assert_eq!(error.candidates().unwrap().len(), 2);
        let args: Args = serde_json::from_value(arguments).unwrap();
        let refused = Subject::of(&mut without_scopes(&shop).await, &args).await;
        let Err(error) = refused else { panic!("two orders end like that") };
        assert_eq!(error.code().as_str(), "invalid_parameters");
        assert_eq!(error.candidates(), Some(&[][..]));
    }
}

/// A context of a caller whose token allows nothing in particular.
async fn without_scopes(shop: &Shop) -> CallContext {
    let mut ctx = shop.context(false).await;
    ctx.caller = Caller { scopes: Scopes::NONE, ..(*ctx.caller).clone() }.into();
    ctx
}

#[tokio::test]
async fn what_does_not_fit_opens_no_ticket() {
    for shop in shops().await {
        let with = |customer: &str, order: &str| json!({ "reason": "r", "summary": "s", "customer_id": customer, "order_id": order });
        for (arguments, code, word) in [
            (with("CUST-9", ""), "not_found", "CUST-9"),
            (with("CUST-2", "ORD-10001"), "not_found", "ORD-10001"),
            (with("", "ORD-99999"), "not_found", "ORD-99999"),
            (json!({ "summary": "s" }), "invalid_parameters", "reason"),
            (json!({ "reason": "r", "summary": " " }), "invalid_parameters", "summary"),
            (
                json!({ "reason": "r", "summary": "x".repeat(1001) }),
                "invalid_parameters",
                "summary",
            ),
        ] {
            let (given, words) = shop.refusal(SupportEscalate, arguments).await;
            assert_eq!(given, code, "{words}");
            assert!(words.contains(word), "{words}");
        }
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        testing::move_to_another_tenant(&mut tx, "CUST-1").await;
        tx.commit().await.unwrap();
        assert_eq!(shop.refusal(SupportEscalate, with("CUST-1", "")).await.0, "not_found");
        assert_eq!(shop.refusal(SupportEscalate, with("", "ORD-10001")).await.0, "not_found");
        assert_eq!(tickets(&shop).await, 0);
    }
}

#[tokio::test]
async fn a_verified_conversation_is_about_its_customer_only() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        ctx.verified = Some("CUST-2".into());
        let args = |customer: Option<&str>, order: Option<&str>| Args {
            reason: "r".into(),
            summary: "s".into(),
            customer_id: customer.map(str::to_owned),
            order_id: order.map(str::to_owned),
        };
        let other =
            testing::run(&SupportEscalate, &mut ctx, args(Some("CUST-1"), None)).await.unwrap_err();
        assert_eq!(other.code().as_str(), "forbidden");
        let order = testing::run(&SupportEscalate, &mut ctx, args(None, Some("ORD-10001"))).await;
        assert_eq!(order.unwrap_err().code().as_str(), "not_found", "it is another customer's");
        testing::run(&SupportEscalate, &mut ctx, args(None, None)).await.unwrap();
        ctx.tx.commit().await.unwrap();
        assert_eq!(kept(&shop, "TIC-10001").await.customer_id.as_deref(), Some("CUST-2"));
    }
}

#[tokio::test]
async fn an_erasure_reaches_tickets_as_well() {
    for shop in shops().await {
        let arguments =
            json!({ "reason": "moved", "summary": "To Elm Street.", "customer_id": "CUST-2" });
        shop.call(SupportEscalate, arguments).await.unwrap();
        let erase = json!({ "customer_id": "CUST-2", "reason": "Asked for it." });
        shop.call(CustomerDelete, erase).await.unwrap();
        let mut tx = shop.db.db.read().await.unwrap().of("demo");
        let left = testing::everything_about(&mut tx, "CUST-2").await;
        assert!(!left.contains("Elm") && !left.contains("moved"), "{left}");
    }
}

#[tokio::test]
async fn the_same_ticket_in_other_words_is_the_same_wish() {
    for mut shop in shops().await {
        shop.role = role::DESK;
        let wish = |customer: &str, order: &str, summary: &str| {
            json!({
                "reason": summary, "summary": summary, "customer_id": customer, "order_id": order,
            })
        };
        let same = [
            wish("CUST-1", "ORD-10001", "The saw came twice."),
            wish("cust 1", "one double oh oh one", "Two saws came."),
            wish("one", "10001", "x"),
            // Whose order it is is known.
            wish("", "ORD-10001", "x"),
        ];
        let other = [
            wish("CUST-1", "", "The saw came twice."),
            wish("CUST-1", "ORD-10002", "The saw came twice."),
            wish("", "", "The saw came twice."),
        ];
        wordings(&shop, SupportEscalate, &same, &other).await;
        // Without a customer and an order, the reason is all that tells two apart.
        let same = [
            json!({ "reason": "Lost a parcel", "summary": "A brown one." }),
            json!({ "reason": "lost a parcel.", "summary": "It is brown." }),
        ];
        let other = [json!({ "reason": "Asked for a manager", "summary": "A brown one." })];
        wordings(&shop, SupportEscalate, &same, &other).await;
    }
}

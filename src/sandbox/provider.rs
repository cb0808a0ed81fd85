//! A provider that moves no money: it records what it was asked, and answers a key that it knows with
//! what it said first.

use super::sql::calls::{self, SandboxAnswer, SandboxCall};
use crate::payments::{Outcome, Provider, Request};
use business_mcp_engine::{
    db::{Db, StoreResult},
    tool::Clock,
};

/// Every charge of a method whose id begins so is declined, and so is every refund to it.
pub const DECLINED: &str = "declined";

/// The shipped provider. It accepts everything except methods whose id begins with [`DECLINED`]; its
/// answers stand in the table `sandbox_calls`.
#[derive(Clone)]
pub struct Sandbox {
    db: Db,
    clock: Clock,
}

impl Sandbox {
    /// A sandbox that records in this database.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Records and answers; a database that does not answer makes it a provider that does not.
    async fn answer(&self, kind: &'static str, request: &Request) -> Outcome {
        match self.record(kind, request).await {
            Ok(answer) if !fits(&answer, kind, request) => {
                let reason = "the same key was used for something else".to_owned();
                Outcome::Declined { reason }
            }
            Ok(SandboxAnswer { reference: Some(reference), .. }) => Outcome::Accepted { reference },
            Ok(SandboxAnswer { reason, .. }) => {
                Outcome::Declined { reason: reason.unwrap_or_default() }
            }
            Err(error) => Outcome::Unreachable { why: error.to_string() },
        }
    }

    async fn record(&self, kind: &'static str, request: &Request) -> StoreResult<SandboxAnswer> {
        let declines = request.method.starts_with(DECLINED);
        let reference = (!declines).then(|| format!("sandbox-{}", request.key));
        let call = SandboxCall {
            key: &request.key,
            order_id: &request.order_id,
            customer_id: &request.customer_id,
            payment_method_id: &request.method,
            kind,
            amount_minor: request.amount.minor,
            currency: request.amount.currency.code(),
            reference: reference.as_deref(),
            reason: declines.then_some("the sandbox declines this method"),
            at: self.clock.now(),
        };
        let mut tx = self.db.write().await?.of(request.tenant.as_str());
        let answer = calls::record(&mut tx, call).await?;
        tx.commit().await?;
        Ok(answer)
    }
}

/// Whether a recorded answer is one to this request.
fn fits(answer: &SandboxAnswer, kind: &str, request: &Request) -> bool {
    answer.kind == kind
        && answer.amount_minor == request.amount.minor
        && answer.payment_method_id == request.method
}

impl Provider for Sandbox {
    async fn charge(&self, request: &Request) -> Outcome {
        self.answer("charge", request).await
    }

    async fn refund(&self, request: &Request) -> Outcome {
        self.answer("refund", request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::shops;
    use business_mcp_engine::money::{Currency, Money};

    #[tokio::test]
    async fn the_sandbox_knows_its_keys() {
        for shop in shops().await {
            let sandbox = Sandbox::new(shop.db.db.clone(), Clock::movable());
            let request = |key: &str, minor, method: &str| Request {
                key: key.to_owned(),
                tenant: "demo".to_owned(),
                order_id: "ORD-10001".to_owned(),
                customer_id: "CUST-1".to_owned(),
                method: method.to_owned(),
                amount: Money::new(minor, Currency::parse("USD").unwrap()),
                charges: Vec::new(),
            };
            let five = request("a", 5, "card_1");
            let accepted = Outcome::Accepted { reference: "sandbox-a".to_owned() };
            assert_eq!(sandbox.charge(&five).await, accepted);
            assert_eq!(sandbox.charge(&five).await, accepted);
            for declined in [
                sandbox.charge(&request("a", 6, "card_1")).await,
                sandbox.refund(&five).await,
                sandbox.charge(&request("b", 5, "declined_1")).await,
            ] {
                assert!(matches!(declined, Outcome::Declined { .. }), "{declined:?}");
            }
            let recorded = "select count(*) from sandbox_calls where reference is not null";
            assert_eq!(shop.number(recorded).await, 1);
        }
    }
}

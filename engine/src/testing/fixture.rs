//! A business without customers or stock, for the engine's own tests.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    TestDb,
    access::{ACCESS, AGENT},
    databases,
};
use crate::{
    business::PlainFacts,
    db::{
        approvals::Approval,
        tenants::{self, TenantRow},
    },
    money::Currency,
    tenants::BusinessFile,
    tool::{
        CallContext, Caller, Role, ToolError,
        catalogue::{AnyKind, Catalogue, Entry},
        context::Tenant,
    },
};

/// The facts of the business of these tests.
pub const FIXTURE_FACTS: PlainFacts = PlainFacts {
    name: "Fixture",
    currency: Currency::USD,
    time_zone: chrono_tz::America::New_York,
    language: "en-US",
};

/// The same as the business file of a server, whatever its text.
pub fn business_file() -> BusinessFile {
    BusinessFile::shipped("", |_| Ok(Arc::new(FIXTURE_FACTS))).unwrap()
}

/// A database with the tenant `demo`, and a caller at noon of 2026-01-10 in New York.
pub struct Fixture {
    /// The database.
    pub db: TestDb,
    /// The time.
    pub now: DateTime<Utc>,
    /// The role of the caller.
    pub role: &'static Role,
}

/// A fixture on every database there is to test on.
pub async fn fixtures() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for db in databases().await {
        let now = "2026-01-10T17:00:00Z".parse().unwrap();
        let tenant = TenantRow::of(&FIXTURE_FACTS);
        let mut tx = db.db.write().await.unwrap().of("demo");
        tenants::create(&mut tx, "demo", &tenant, now).await.unwrap();
        tx.commit().await.unwrap();
        fixtures.push(Fixture { db, now, role: AGENT });
    }
    fixtures
}

impl Fixture {
    /// Calls a tool and commits what it did; the answer is the envelope as JSON.
    ///
    /// # Errors
    /// The tool's own.
    pub async fn call<K>(
        &self,
        tool: impl AnyKind<K>,
        arguments: Value,
    ) -> Result<Value, ToolError> {
        let entry = Arc::new(Entry::of(tool));
        let catalogue = Catalogue::default().with_entry(entry.clone());
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let call = catalogue.prepare(&entry, arguments)?;
        let mut ctx = self.context(entry.spec.effect.writes()).await;
        let rendered = call.run(&mut ctx).await?;
        ctx.tx.commit().await?;
        Ok(serde_json::from_str(&rendered.json).unwrap())
    }

    /// The code and the sentence of a refusal.
    pub async fn refusal<K>(
        &self,
        tool: impl AnyKind<K>,
        arguments: Value,
    ) -> (&'static str, String) {
        let error = self.call(tool, arguments).await.unwrap_err();
        (error.code().as_str(), error.to_string())
    }

    /// A context as the gate makes one.
    pub async fn context(&self, writes: bool) -> CallContext {
        let tx = if writes { self.db.db.write().await } else { self.db.db.read().await };
        let tenant = Tenant::new("demo".into(), Arc::new(FIXTURE_FACTS));
        let caller = Caller {
            tenant: "demo".into(),
            subject: "tester".into(),
            token_id: None,
            role: Some(self.role),
            scopes: self.role.scopes(),
            expires_at: None,
            access: &ACCESS,
        };
        CallContext::new(Arc::new(caller), Arc::new(tenant), tx.unwrap().of("demo"), self.now)
    }
}

/// An approval that is pending until ten past noon (New York) of 2026-01-10.
pub fn request(id: &str, requester: &str) -> Approval {
    Approval {
        id: id.into(),
        status: "pending".into(),
        tool: "order_create".into(),
        tool_version: 1,
        policy_version: "1".into(),
        risk: "medium".into(),
        requester: requester.into(),
        requester_token: None,
        requester_scopes: "notes:write".into(),
        conversation: None,
        verified_subject: None,
        subject_id: None,
        arguments: "{}".into(),
        arguments_hash: String::new(),
        idempotency_key: id.into(),
        summary: "An order of Ana López for 10.00 USD".into(),
        preview: "{}".into(),
        created_at: "2026-01-05T12:00:00Z".parse().unwrap(),
        expires_at: "2026-01-10T17:10:00Z".parse().unwrap(),
        decided_by: None,
        decided_at: None,
        decision_reason: None,
        result: None,
    }
}

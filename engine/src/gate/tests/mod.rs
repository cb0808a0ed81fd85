//! The gate in front of a theatre that has one tool: it takes seats.
//!
//! * `scopes`: equal calls with more scopes or fewer;
//! * `sweep`: what is swept although something else could not be;
//! * `undone`: equal calls after the effect of the first has been undone.

mod scopes;
mod sweep;
mod undone;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use validator::Validate;

use super::{CallRequest, Gate, GateOptions, policy::Policy};
use crate::{
    business::{NoReservations, Reservations},
    db::{Migration, Migrations, params, tenants},
    testing::{
        FIXTURE_FACTS, TestDb,
        access::{ACCESS, AGENT, VOICE},
        business_file, databases_with,
    },
    tool::{
        Answer, Approval, Aside, CallContext, Caller, Catalogue, Clock, ConversationId, Effect,
        Planned, Risk, Scopes, Spec, ToolError, WriteTool,
    },
};

const SEATS: Migration = Migration {
    module: "theatre",
    version: 1,
    name: "seats",
    sql: r#"create table seats (id text collate "C" not null primary key, row_id text not null);"#,
};

/// A gate in front of a database of its own.
struct Theatre {
    gate: Gate,
    db: TestDb,
}

/// A theatre on every database there is to test on.
async fn theatres() -> Vec<Theatre> {
    theatres_with(&Policy::default(), &(Arc::new(NoReservations) as Arc<dyn Reservations>)).await
}

/// The same with this policy, where requests reserve this.
async fn theatres_with(policy: &Policy, reservations: &Arc<dyn Reservations>) -> Vec<Theatre> {
    let mut theatres = Vec::new();
    for db in databases_with(&Migrations::new([SEATS]).unwrap()).await {
        let clock = Clock::movable();
        let tenant = tenants::TenantRow::of(&FIXTURE_FACTS);
        let mut tx = db.db.write().await.unwrap().of("demo");
        tenants::create(&mut tx, "theatre", &tenant, clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let options = GateOptions {
            deadline: Duration::from_secs(10),
            approval_ttl: TimeDelta::minutes(10),
            clock,
            policy: policy.clone(),
            business_file: business_file(),
            erasures: Arc::default(),
            reservations: reservations.clone(),
        };
        let gate = Gate::new(db.db.clone(), Catalogue::default().with(SeatTake), options).unwrap();
        theatres.push(Theatre { gate, db });
    }
    theatres
}

impl Theatre {
    /// Takes a seat in a conversation, and answers the envelope.
    async fn take(&self, arguments: Value) -> Value {
        self.take_with(&AGENT.scopes(), arguments).await.unwrap()
    }

    /// The same by a caller with these scopes.
    async fn take_with(&self, scopes: &Scopes, arguments: Value) -> Result<Value, ToolError> {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let caller = Caller {
            tenant: "theatre".into(),
            subject: "agent".into(),
            token_id: None,
            role: Some(AGENT),
            scopes: scopes.clone(),
            expires_at: None,
            access: &ACCESS,
        };
        let request = CallRequest {
            caller: Arc::new(caller),
            tool: SeatTake::SPEC.name.to_owned(),
            arguments,
            conversation: Some(ConversationId::parse("conversation-1").unwrap()),
            verification: None,
            toolset: None,
            request_id: None,
            cancelled: CancellationToken::new(),
        };
        let rendered = self.gate.call(request).await?;
        Ok(serde_json::from_str(&rendered.json).unwrap())
    }

    /// The seats that are taken.
    async fn taken(&self) -> Vec<(String,)> {
        let mut tx = self.db.db.read().await.unwrap().of("demo");
        tx.fetch_all("select id from seats order by id", &[]).await.unwrap()
    }

    /// Gives every seat back.
    async fn empty(&self) {
        let mut tx = self.db.db.write().await.unwrap().of("demo");
        tx.execute("delete from seats", &[]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Takes a seat that another call may give back.
struct SeatTake;

#[derive(Deserialize, JsonSchema, Validate)]
struct Args {
    /// The row.
    row: String,
    /// A note.
    note: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Intent {
    row: String,
    note: Aside<Option<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Seat {
    id: String,
}

impl WriteTool for SeatTake {
    type Args = Args;
    type Intent = Intent;
    type Plan = Intent;
    type Output = Seat;
    const SPEC: Spec = Spec {
        name: "seat_take",
        aliases: &[],
        version: 1,
        title: "Take a seat",
        description: "Take a seat in a row.",
        scope: None,
        toolsets: &[VOICE],
        effect: Effect::Add,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn resolve(&self, _: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        Ok(Intent { row: args.row.to_uppercase(), note: args.note.into() })
    }

    async fn plan(
        &self,
        _: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Intent>, ToolError> {
        Ok(Planned::new(Self::SPEC.title, intent))
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Intent,
    ) -> Result<Answer<Seat>, ToolError> {
        let seat = Seat { id: uuid::Uuid::now_v7().to_string() };
        let insert = "insert into seats (id, row_id) values ($1, $2)";
        ctx.tx.execute(insert, params![&seat.id, &plan.row]).await?;
        Ok(Answer::ok("Taken.", seat))
    }

    async fn still_holds(
        &self,
        ctx: &mut CallContext,
        intent: &Intent,
        answer: &Value,
    ) -> Result<bool, ToolError> {
        let id = answer.get("id").and_then(Value::as_str);
        let taken = "select id from seats where id = $1 and row_id = $2";
        let seat: Option<(String,)> =
            ctx.tx.fetch_optional(taken, params![id, &intent.row]).await?;
        Ok(seat.is_some())
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

//! The smallest complete server: a club with a guest list, and one tool whose calls a person approves.

use std::{process::ExitCode, sync::Arc};

use business_mcp_engine::{
    Application, approvals, business::PlainFacts, cli, money::Currency, prelude::*,
};

/// A guest, as the agent names one and as the list has them.
#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct Guest {
    /// The guest's name.
    #[validate(length(min = 1, max = 100, message = "must be a name"))]
    name: String,
    /// How many people come, the guest included.
    #[validate(range(min = 1, max = 12, message = "must be 1 to 12"))]
    people: i64,
}

/// Puts a guest on the list.
struct GuestAdd;

impl WriteTool for GuestAdd {
    type Args = Guest;
    type Intent = Guest;
    type Plan = Guest;
    type Output = Guest;
    const SPEC: Spec = Spec {
        name: "guest_add",
        aliases: &[],
        version: 1,
        title: "Add a guest",
        description: "Put a guest on tonight's list. Needs a name and how many people come.",
        scope: Some(Scope::TOOLS_USE),
        toolsets: &[Toolset::VOICE],
        effect: Effect::Add,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    /// What was understood. A retry that means the same finds the first answer.
    async fn resolve(&self, _: &mut CallContext, guest: Guest) -> Result<Guest, ToolError> {
        Ok(guest)
    }

    /// Every check, and the sentence that the approver reads.
    async fn plan(&self, ctx: &mut CallContext, guest: Guest) -> Result<Planned<Guest>, ToolError> {
        let sql = "select people from guests where tenant_id = $1 and name = $2";
        let guests: Vec<(i64,)> = ctx.tx.fetch_all(sql, params![TENANT, &guest.name]).await?;
        if !guests.is_empty() {
            return Err(ToolError::invalid_state("This guest is on the list already."));
        }
        Ok(Planned::new(format!("Put {} on the list, {} people", guest.name, guest.people), guest))
    }

    /// Two callers may want the same: only in a conversation is the same call again a retry.
    fn names_a_record(_: &Guest) -> bool {
        false
    }

    /// The change, in the transaction that marks the request as executed.
    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Guest,
    ) -> Result<Answer<Guest>, ToolError> {
        let sql = "insert into guests (tenant_id, name, people) values ($1, $2, $3)";
        ctx.tx.execute(sql, params![TENANT, &plan.name, plan.people]).await?;
        Ok(Answer::ok(format!("{} is on the list.", plan.name), plan))
    }
}

/// What the engine wants to know of the business.
const CLUB: PlainFacts = PlainFacts {
    name: "Corner Club",
    currency: Currency::USD,
    time_zone: chrono_tz::America::New_York,
    language: "en-US",
};

const GUESTS: &str = r#"create table guests (tenant_id text collate "C" not null,
    name text collate "C" not null, people bigint not null, primary key (tenant_id, name))"#;

/// The whole business.
pub fn application() -> Application {
    let club = Module::new("club").migration(1, "guests", GUESTS).tool(GuestAdd);
    let approvals = approvals::module();
    Application::new(Access::BASIC, "", |_| Ok(Arc::new(CLUB))).module(club).module(approvals)
}

fn main() -> ExitCode {
    cli::main(application())
}

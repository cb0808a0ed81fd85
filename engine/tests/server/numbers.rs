//! A business that keeps numbers. Its tools read, write, wait for a person, refuse, panic and hang.

use std::{sync::Arc, time::Duration};

use business_mcp_engine::{
    Application, approvals,
    prelude::*,
    testing::{
        FIXTURE_FACTS,
        access::{ACCESS, READ, VOICE, WRITE},
    },
};

const NUMBERS: &str = r#"create table numbers (
    tenant_id text collate "C" not null,
    name text collate "C" not null,
    value bigint not null,
    primary key (tenant_id, name)
);"#;

/// The business.
pub fn application() -> Application {
    let numbers = Module::new("numbers")
        .migration(1, "numbers", NUMBERS)
        .tool(NumberGet)
        .tool(NumberAdd)
        .tool(NumberSet)
        .tool(NumberBreak);
    Application::new(&ACCESS, "", |_| Ok(Arc::new(FIXTURE_FACTS)))
        .module(numbers)
        .module(approvals::module())
}

/// What most of these tools have in common.
const SPEC: Spec = Spec {
    name: "",
    aliases: &[],
    version: 1,
    title: "A number",
    description: "Does something with a number.",
    scope: Some(WRITE),
    toolsets: &[VOICE],
    effect: Effect::Change,
    risk: Risk::Low,
    approval: Approval::AutoApproved,
};

/// A number and what it is, or what is done to it.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Number {
    /// Its name.
    #[validate(length(min = 1, max = 20, message = "must be 1 to 20 letters"))]
    name: String,
    /// How much.
    #[serde(default)]
    value: i64,
}

async fn value_of(ctx: &mut CallContext, name: &str) -> Result<i64, ToolError> {
    let sql = "select value from numbers where tenant_id = $1 and name = $2";
    let found = ctx.tx.fetch_optional(sql, params![TENANT, name]).await?;
    Ok(found.map_or(0, |(value,): (i64,)| value))
}

/// Writes a number down.
async fn write(ctx: &mut CallContext, number: Number) -> Result<Answer<Number>, ToolError> {
    let sql = "insert into numbers (tenant_id, name, value)
               values ($1, $2, $3)
               on conflict (tenant_id, name) do update set value = excluded.value";
    ctx.tx.execute(sql, params![TENANT, &number.name, number.value]).await?;
    Ok(Answer::ok(format!("{} is {}.", number.name, number.value), number))
}

/// Reads a number.
struct NumberGet;

impl ReadTool for NumberGet {
    type Args = Number;
    type Output = Number;
    const SPEC: Spec = Spec {
        name: "number_get",
        aliases: &["get_number"],
        scope: Some(READ),
        effect: Effect::Read,
        ..SPEC
    };

    async fn call(&self, ctx: &mut CallContext, args: Number) -> Result<Answer<Number>, ToolError> {
        let value = value_of(ctx, &args.name).await?;
        Ok(Answer::ok(format!("{} is {value}.", args.name), Number { value, ..args }))
    }
}

/// A tool that writes and whose intent is its arguments.
macro_rules! write_tool {
    ($tool:ident, $spec:expr, $plan:expr, $execute:expr) => {
        impl WriteTool for $tool {
            type Args = Number;
            type Intent = Number;
            type Plan = Number;
            type Output = Number;
            const SPEC: Spec = $spec;

            async fn resolve(&self, _: &mut CallContext, it: Number) -> Result<Number, ToolError> {
                Ok(it)
            }

            async fn plan(
                &self,
                ctx: &mut CallContext,
                it: Number,
            ) -> Result<Planned<Number>, ToolError> {
                let plan: fn(&Number, i64) -> Result<i64, ToolError> = $plan;
                let value = plan(&it, value_of(ctx, &it.name).await?)?;
                let summary = format!("{} becomes {value}", it.name);
                Ok(Planned::new(summary, Number { value, ..it }))
            }

            async fn execute(
                &self,
                ctx: &mut CallContext,
                plan: Number,
            ) -> Result<Answer<Number>, ToolError> {
                let name = plan.name.clone();
                let answer = write(ctx, plan).await?;
                let end: fn(&str) -> Result<bool, ToolError> = $execute;
                if end(&name)? {
                    tokio::time::sleep(Duration::MAX).await;
                }
                Ok(answer)
            }

            fn names_a_record(_: &Number) -> bool {
                true
            }
        }
    };
}

/// Adds to a number at once.
struct NumberAdd;
write_tool!(
    NumberAdd,
    Spec { name: "number_add", ..SPEC },
    |it, before| Ok(before + it.value),
    |_| Ok(false)
);

/// Changes a number when a person has approved it.
struct NumberSet;
write_tool!(
    NumberSet,
    Spec { name: "number_set", approval: Approval::RequiresApproval, ..SPEC },
    |it, before| {
        let changes = it.value != before;
        changes.then_some(it.value).ok_or_else(|| ToolError::invalid_state("It is that already."))
    },
    |_| Ok(false)
);

/// Writes, and then does not end well: the name of the number says how.
struct NumberBreak;
write_tool!(NumberBreak, Spec { name: "number_break", ..SPEC }, |it, _| Ok(it.value), |name| {
    match name {
        "refuse" => Err(ToolError::invalid_state("Not this one.")),
        "panic" => panic!("the tool has a defect"),
        _ => Ok(true),
    }
});

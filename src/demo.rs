//! `demo`: a business to talk to, one command after the clone.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::seed::{self, Example, QUANTITY, Size};
use crate::{access::role, business::TenantFacts as _};
use business_mcp_engine::Application;
use business_mcp_engine::cli::{
    output,
    serve::{ToldToStop, serve_metrics},
    start::{self, Running, Settings},
    tenant,
};
use business_mcp_engine::{
    auth::{Grant, JwtSecret, MintRequest, mint},
    config::{CallConfig, ListenConfig, TokenConfig},
    period,
    telemetry::{self, LogConfig},
    tenants::TenantArgs,
    tool::Clock,
};
use serde_json::{Value, json};

/// How long the printed tokens count.
const TOKEN_TTL: Duration = Duration::from_hours(12);

/// Settings of the demo; it needs none.
#[derive(clap::Args)]
pub struct DemoArgs {
    #[command(flatten)]
    tokens: TokenConfig,
    #[command(flatten)]
    listen: ListenConfig,
    #[command(flatten)]
    calls: CallConfig,
    #[command(flatten)]
    log: LogConfig,
}

/// A folder that goes away with the demo.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, "the demo's folder stays");
        }
    }
}

/// What the command does.
pub const ABOUT: &str = "Serve a fresh SQLite database with demo data, and print what to try";

/// Runs the command.
///
/// # Errors
/// A setting that is wrong, or a port that is taken.
pub async fn run(mut args: DemoArgs, application: Arc<Application>) -> anyhow::Result<()> {
    telemetry::start_logging(args.log);
    let name = format!("business-mcp-demo-{}", uuid::Uuid::now_v7().simple());
    let folder = Folder(std::env::temp_dir().join(name));
    let file = application.business_file(args.calls.business_file.as_deref())?;
    let db = start::open(&format!("sqlite://{}", folder.0.join("demo.db").display()))?;
    start::migrate(&db, &application).await?;
    let clock = Clock::System;
    let tenant = tenant::set_up(&db, &application, &file, "demo", &TenantArgs::default()).await?;
    let business = tenant.business_in_force();
    seed::run(&db, tenant, Size::Demo, clock.now()).await?;
    let example = Example::of(&business, period::day_of(clock.now(), business.time_zone))?;
    let secret = args.tokens.jwt_secret.get_or_insert_with(JwtSecret::generate).clone();
    let config = args.tokens.auth(application.access())?;
    let now = clock.now();
    // A demo beside another server is still a demo.
    let _metrics = serve_metrics(&args.listen).await.ok();
    let settings = Settings {
        application: &application,
        tokens: &args.tokens,
        listen: &args.listen,
        calls: &args.calls,
        clock,
    };
    let told_to_stop = ToldToStop::listen()?;
    let running = Running::start(db, settings).await?;
    let token = |subject, role| {
        let grant = Grant::Role(role);
        mint(&secret, &config, &MintRequest { tenant: "demo", subject, grant, ttl: TOKEN_TTL, now })
    };
    let agent = token("demo-agent", role::AGENT)?;
    let approver = token("demo-approver", role::APPROVER)?;
    let url = format!("http://localhost:{}", running.address.port());
    print_what_to_try(&url, &agent, &approver, &example);
    told_to_stop.wait().await;
    running.stop().await?;
    drop(folder);
    Ok(())
}

/// Everything that is printed works as it is printed.
fn print_what_to_try(url: &str, agent: &str, approver: &str, example: &Example) {
    let Example { customer_id, sku, total } = example;
    let in_stock = json!({ "sku": sku });
    let items = json!([{ "sku": sku, "quantity": QUANTITY }]);
    let order = json!({ "customer_id": customer_id, "items": items, "total": total });
    // As it was called, because it may not be on the PATH.
    let program = std::env::args().next().unwrap_or_else(|| "business-mcp".to_owned());
    let call = |id: u8, name: &str, arguments: &Value| {
        format!(
            "curl -s {url}/mcp -H \"Authorization: Bearer $AGENT\" -H 'Content-Type: application/json' \\\n  \
             -d '{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":\
             {{\"name\":\"{name}\",\"arguments\":{arguments}}}}}'"
        )
    };
    output::line(format_args!(
        "\nA business to talk to:  {url}/mcp\n\n\
         export AGENT={agent}\n\n\
         export APPROVER={approver}\n\n\
         # What can an agent do?\n\
         curl -s {url}/mcp -H \"Authorization: Bearer $AGENT\" -H 'Content-Type: application/json' \\\n  \
         -d '{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}}'\n\n\
         # Who is calling?\n{}\n\n\
         # How many are there?\n{}\n\n\
         # Order two. A colleague has to approve it.\n{}\n\n\
         # Be that colleague: list what waits, then approve it.\n\
         BUSINESS_MCP_TOKEN=$APPROVER {program} approvals list --url {url}\n\
         ID=$(curl -s {url}/api/approvals -H \"Authorization: Bearer $APPROVER\" | grep -o 'APR-[0-9A-F]*' | head -1)\n\
         curl -s -X POST {url}/api/approvals/$ID/approve -H \"Authorization: Bearer $APPROVER\"\n\n\
         # How many are there now?\n{}\n\n\
         # What became of it?\n{}\n\n\
         Stop with ctrl-c; nothing is kept.\n",
        call(2, "customer_lookup", &json!({ "customer_id": customer_id })),
        call(3, "inventory_check_stock", &in_stock),
        call(4, "order_create", &order),
        call(5, "inventory_check_stock", &in_stock),
        call(6, "approval_status", &json!({})),
    ));
}

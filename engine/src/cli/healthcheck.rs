//! `healthcheck`: whether a running server is ready, for containers without curl.

use std::time::Duration;

use anyhow::{Context as _, bail};

use super::output;
use crate::config::web_address;

/// Which server.
#[derive(clap::Args)]
pub struct HealthcheckArgs {
    /// The port of the server on this machine
    #[arg(long, env = "PORT", default_value_t = 3000)]
    port: u16,
    /// The whole address, where it is not on this machine
    #[arg(long, value_parser = web_address)]
    url: Option<String>,
}

pub(super) async fn run(args: &HealthcheckArgs) -> anyhow::Result<()> {
    let here = || format!("http://127.0.0.1:{}", args.port);
    let base = args.url.clone().unwrap_or_else(here);
    let url = format!("{base}/readyz");
    let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).build()?;
    let answer = client.get(&url).send().await.with_context(|| format!("{url} does not answer"))?;
    let status = answer.status();
    if !status.is_success() {
        bail!("{url} answers {status}: {}", answer.text().await.unwrap_or_default());
    }
    output::line(format_args!("ready"));
    Ok(())
}

//! Logs to standard error, and the recorder behind `/metrics`.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use clap::{Args, ValueEnum};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// What is logged where `RUST_LOG` says nothing. rmcp logs whole arguments below warnings.
const DEFAULT_FILTER: &str = "info,rmcp=warn,sqlx=warn,hyper=warn";

/// How logs are written.
#[derive(Debug, Clone, Copy, Args)]
pub struct LogConfig {
    /// How logs are written [default: text on a terminal, else json]
    #[arg(long, env = "LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// A form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging; a second call changes nothing.
pub fn start_logging(config: LogConfig) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| DEFAULT_FILTER.into());
    let terminal = io::stderr().is_terminal();
    let usual = if terminal { LogFormat::Text } else { LogFormat::Json };
    let format = config.log_format.unwrap_or(usual);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match format {
        LogFormat::Text => builder.with_ansi(terminal).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging had been started before");
    }
}

/// Folds what was recorded into the histograms, so that memory does not grow while nobody reads them.
pub async fn keep_up(handle: PrometheusHandle) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

/// Starts recording metrics for the whole process.
///
/// # Errors
/// When something else records already.
pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];
    let name = Matcher::Full("tool_call_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(name, &seconds)?;
    let handle = builder.install_recorder()?;
    metrics::describe_counter!("tool_calls_total", "Tool calls by tool and outcome");
    metrics::describe_histogram!("tool_call_seconds", "Seconds from call to answer, by tool");
    metrics::describe_counter!("approvals_total", "Requests for approval by tool and outcome");
    metrics::describe_counter!("rate_limited_total", "Requests refused because of a budget");
    metrics::describe_counter!("overloaded_total", "Requests refused because too many ran");
    metrics::describe_counter!("authentication_failures_total", "Tokens that were refused");
    metrics::describe_counter!("business_mcp_sqlite_commits_total", "Commits of SQLite on disk");
    metrics::describe_counter!(
        "business_mcp_sqlite_transactions_total",
        "Write transactions that those commits held"
    );
    Ok(handle)
}

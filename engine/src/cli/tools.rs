//! `tools`: the catalogue as a table, or as JSON, or held against its lock. The table in the README is made by it.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value, json};

use super::{
    lock::{self, Lock},
    output,
};
use crate::{
    application::Application,
    tool::{Access, Catalogue, Toolset, catalogue::Entry},
};

/// How to print.
#[derive(clap::Args)]
pub struct ToolsArgs {
    /// As JSON, schemas and all
    #[arg(long)]
    json: bool,
    /// Only the tools of one toolset
    #[arg(long)]
    toolset: Option<String>,
    /// Write down what clients pin of each tool: its description and the hashes of its schemas
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = lock::FILE)]
    #[arg(conflicts_with_all = ["json", "toolset"])]
    lock: Option<String>,
    /// Exit 1 and name each tool that was added, removed or changed since the lock was written
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = lock::FILE)]
    #[arg(conflicts_with_all = ["json", "toolset", "lock"])]
    check: Option<String>,
}

pub(super) fn run(args: &ToolsArgs, application: &Application) -> anyhow::Result<()> {
    let catalogue = application.tools(Vec::new());
    if let Some(file) = &args.lock {
        return write_lock(Path::new(file), &catalogue);
    }
    if let Some(file) = &args.check {
        return check_lock(Path::new(file), &catalogue);
    }
    let access = application.access();
    let toolset = args.toolset.as_deref().and_then(|name| access.toolset(name));
    let listed =
        |entry: &&std::sync::Arc<Entry>| toolset.is_none_or(|toolset| entry.spec.is_in(toolset));
    if args.json {
        let tools: Vec<Value> =
            catalogue.iter().filter(listed).map(|entry| describe(access, entry)).collect();
        output::line(format_args!("{}", serde_json::to_string_pretty(&tools)?));
        return Ok(());
    }
    for entry in catalogue.iter().filter(listed) {
        let spec = entry.spec;
        output::line(format_args!(
            "{:<24} {:<6} {:<9} {:<18} {:<16} {}",
            spec.name,
            if spec.effect.writes() { "write" } else { "read" },
            spec.risk.as_str(),
            spec.approval.as_str(),
            spec.scope.map_or("any token", crate::tool::Scope::as_str),
            toolsets(access, entry).join(", "),
        ));
    }
    Ok(())
}

fn write_lock(file: &Path, catalogue: &Catalogue) -> anyhow::Result<()> {
    let text = Lock::of(catalogue).text()?;
    fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

fn check_lock(file: &Path, catalogue: &Catalogue) -> anyhow::Result<()> {
    let name = file.display();
    let text = fs::read_to_string(file)
        .with_context(|| format!("{name} cannot be read; `business-mcp tools --lock` writes it"))?;
    let lock = Lock::parse(&text).map_err(|why| anyhow!("{name} is not a lock of tools: {why}"))?;
    let differences = lock.differences(&Lock::of(catalogue));
    for difference in &differences {
        output::line(format_args!("{difference}"));
    }
    let mend = "if that is meant, run `business-mcp tools --lock` and name it in the changelog";
    match differences.len() {
        0 => Ok(()),
        1 => bail!("one tool is not as {name} says; {mend}"),
        more => bail!("{more} tools are not as {name} says; {mend}"),
    }
}

fn toolsets(access: &Access, entry: &Entry) -> Vec<&'static str> {
    access.toolsets_of(entry.spec).into_iter().map(Toolset::as_str).collect()
}

fn describe(access: &Access, entry: &Entry) -> Value {
    let spec = entry.spec;
    json!({
        "name": spec.name,
        "aliases": spec.aliases,
        "version": spec.version,
        "title": spec.title,
        "description": spec.description,
        "scope": spec.scope.map(crate::tool::Scope::as_str),
        "toolsets": toolsets(access, entry),
        "writes": spec.effect.writes(),
        "riskLevel": spec.risk,
        "approval": spec.approval,
        "inputSchema": &*entry.input_schema,
        "outputSchema": &*entry.output_schema,
        "example": &entry.example,
    })
}

/// The table of the README.
pub fn markdown(catalogue: &Catalogue) -> String {
    let mut table =
        String::from("| tool | does | risk | approval | scope |\n|---|---|---|---|---|\n");
    for entry in catalogue.iter() {
        let spec = entry.spec;
        let scope = spec.scope.map_or("any token", crate::tool::Scope::as_str);
        let first = spec.description.split_inclusive(". ").next().unwrap_or_default().trim();
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| `{}` | {first} | {} | {} | `{scope}` |",
            spec.name,
            spec.risk.as_str(),
            spec.approval.as_str(),
        );
    }
    table
}

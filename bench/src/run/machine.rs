//! On what, when and with which command the results were made.

use std::{fs, process::Command};

use super::Options;

/// The facts that stand above the results.
pub struct Machine {
    /// Names and values, in order.
    pub facts: Vec<(&'static str, String)>,
}

/// Collects the facts. What cannot be found out is said to be unknown.
pub fn describe(options: &Options) -> anyhow::Result<Machine> {
    let cores = std::thread::available_parallelism()?;
    let (server, load) = (options.server_core, options.load_core);
    let seconds = options.seconds;
    let folder = options.data.display().to_string();
    let facts = vec![
        ("Command", format!("`{}`", made_by(options))),
        ("Date", said("date", &["-u", "+%Y-%m-%d"])),
        ("Revision", revision()),
        ("Machine", format!("{}, {cores} cores, {}", model(), said("uname", &["-sr"]))),
        ("Cores used", format!("server and baseline on core {server}, generator on core {load}")),
        ("Data on", last_line(&said("df", &["--output=fstype", &folder]))),
        ("Method", format!("medians of {} rounds of {seconds} s each", options.rounds)),
    ];
    Ok(Machine { facts })
}

fn made_by(options: &Options) -> String {
    options.made_by.clone().unwrap_or_else(|| {
        let arguments = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
        format!("business-mcp-bench {arguments}")
    })
}

fn revision() -> String {
    let revision = said("git", &["rev-parse", "--short", "HEAD"]);
    let changed = said("git", &["status", "--porcelain", "--untracked-files=no"]);
    // The results themselves change with every run.
    let changed = changed.lines().any(|line| !line.ends_with("bench/RESULTS.md"));
    if changed { format!("{revision}, with changes") } else { revision }
}

fn model() -> String {
    fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| "unknown processor".to_owned())
}

fn said(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim().to_owned()
}

//! What the README shows is what the program has: its tables, its policy file, its variables.
//!
//! `UPDATE=1 scripts/test readme` writes the generated parts anew.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use business_mcp::application;
use business_mcp_engine::{
    cli::{self, Cli},
    gate::policy::Policy,
};
use clap::{Arg, Command, CommandFactory as _};

/// Holds the part of a file between `<!-- NAME:begin -->` and `<!-- NAME:end -->` against what it
/// should be, and writes it where `UPDATE=1` says so.
#[track_caller]
pub fn keep(file: &str, name: &str, expected: &str) {
    // Several tests write to one file.
    static WRITING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _writing = WRITING.lock().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let parts = text.split_once(&begin).and_then(|(before, rest)| {
        let (shown, after) = rest.split_once(&end)?;
        Some((before, shown, after))
    });
    let (before, shown, after) =
        parts.unwrap_or_else(|| panic!("{file} has no part called {name}"));
    let expected = format!("\n{}\n\n", expected.trim_end());
    if shown == expected {
        return;
    }
    assert!(
        std::env::var("UPDATE").is_ok_and(|update| update == "1"),
        "the part \"{name}\" of {file} is out of date; run `UPDATE=1 scripts/test readme`"
    );
    fs::write(&path, format!("{before}{begin}{expected}{end}{after}")).unwrap();
}

/// A file of the project.
pub fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn the_readme_lists_the_tools() {
    keep("README.md", "tools", &cli::tools::markdown(&application().tools(Vec::new())));
}

#[test]
fn the_readme_shows_a_policy_that_the_gate_takes() {
    let example = file("policy.example.toml");
    let policy = Policy::parse(&example).unwrap();
    policy.check(&application().tools(Vec::new())).unwrap();
    for key in ["approval", "risk", "auto_approve_below", "max_per_hour", "toolsets"] {
        assert!(example.contains(&format!("\n{key} = ")), "the example does not show {key}");
    }
    keep("README.md", "policy", &format!("```toml\n{example}```"));
}

#[test]
fn the_readme_lists_the_environment() {
    let cli = Cli::command();
    let mut table = String::from("| variable | default | meaning |\n|---|---|---|\n");
    let mut seen = BTreeSet::new();
    // What `serve` reads comes first and stands for the other commands that read it, too.
    let serve = cli.find_subcommand("serve").unwrap();
    let others = cli.get_subcommands().filter(|command| command.get_name() != "serve");
    for command in std::iter::once(serve).chain(others) {
        for argument in arguments(command) {
            let Some(variable) = argument.get_env().and_then(|name| name.to_str()) else {
                continue;
            };
            if argument.is_hide_set() || !seen.insert(variable.to_owned()) {
                continue;
            }
            let (meaning, default) = meaning_and_default(argument);
            let only = match command.get_name() {
                "serve" => String::new(),
                name => format!("`{name}`: "),
            };
            writeln!(table, "| `{variable}` | {default} | {only}{meaning} |").unwrap();
        }
    }
    keep("README.md", "environment", &table);
}

/// A command's arguments; those of its own subcommands are read by the command itself.
fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|argument| !argument.is_positional())
}

/// The help of an argument, and its default: clap's, or the one that the help ends with.
fn meaning_and_default(argument: &Arg) -> (String, String) {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    if let Some((meaning, default)) = help.split_once(" [default: ") {
        return (meaning.to_owned(), default.trim_end_matches(']').to_owned());
    }
    let defaults: Vec<_> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let default = match defaults.join(",") {
        none if none.is_empty() => String::new(),
        // A long list may break after its commas.
        list => format!("`{}`", list.replace(',', "`, `")),
    };
    (help, default)
}

#[test]
fn every_variable_that_the_readme_names_is_one_of_the_program() {
    let readme = file("README.md");
    let known: BTreeSet<String> = Cli::command()
        .get_subcommands()
        .flat_map(arguments)
        .filter_map(|argument| argument.get_env()?.to_str().map(str::to_owned))
        // Read by the log filter, by this test, and by the compose file.
        .chain(["RUST_LOG", "UPDATE", "POSTGRES_PASSWORD"].map(str::to_owned))
        // Those that a start says it ignores.
        .chain(cli::IGNORED_VARIABLES.map(str::to_owned))
        .collect();
    // A word of capitals that is set or exported, or that stands in code marks with a `_` in it.
    let words = readme.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    let named = words.filter(|word| word.len() > 5 && word.contains('_'));
    // What the demo prints, the reader's own words, and constants of other people's formats.
    let others = ["APPROVAL_ID", "SECRET_ID", "STREAMABLE_HTTP"];
    for word in named.filter(|word| !others.contains(word)) {
        assert!(known.contains(word), "the README names {word}, which no command reads");
    }
}

#[test]
fn the_readme_begins_with_the_two_commands() {
    let readme = file("README.md");
    let first_block = readme.split("```").nth(1).unwrap();
    assert_eq!(first_block, "\ncargo run --release -- demo\nscripts/test\n");
}

#[test]
fn the_links_of_the_documents_lead_somewhere() {
    for document in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        let text = file(document);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            let found = match target.strip_prefix('#') {
                Some(anchor) => headings(&text).any(|heading| heading == anchor),
                None => Path::new(env!("CARGO_MANIFEST_DIR")).join(target).exists(),
            };
            assert!(found, "{document} links to {target}, which is not there");
        }
    }
}

/// The headings of a document as GitHub makes anchors of them.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let titles = text.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' '));
    titles.map(|title| {
        let kept = |c: &char| c.is_alphanumeric() || *c == '-' || *c == ' ';
        title.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
    })
}

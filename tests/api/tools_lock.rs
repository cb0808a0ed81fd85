//! `tools.lock`: what clients pin of each tool is committed, and nothing of it changes in silence.
//!
//! `UPDATE=1 scripts/test tools_list` writes it anew, as `business-mcp tools --lock` does.

use std::{fs, path::Path, process::Output};

use business_mcp::application;
use business_mcp_engine::cli::lock::Lock;

use crate::process::program;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = program("sqlite://none");
    command.arg("tools").args(arguments).current_dir(folder).output().unwrap()
}

/// The lines on standard output of a check that failed with one sentence.
fn found(folder: &Path, lock: &str) -> Vec<String> {
    fs::write(folder.join("other.lock"), lock).unwrap();
    let output = run(folder, &["--check", "other.lock"]);
    assert_eq!(output.status.code(), Some(1));
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert!(sentence.starts_with("business-mcp: ") && sentence.lines().count() == 1, "{sentence}");
    assert!(sentence.contains("other.lock") && sentence.contains("tools --lock"), "{sentence}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The text with one place changed.
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the lock");
    text.replacen(from, to, 1)
}

/// The lock without the block of one tool.
fn without(text: &str, tool: &str) -> String {
    let (before, block) = text.split_once(&format!("[{tool}]\n")).unwrap();
    let after = block.split_once("\n[").map_or(String::new(), |(_, after)| format!("[{after}"));
    format!("{before}{after}")
}

#[test]
fn the_committed_lock_is_what_tools_list_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools.lock");
    let now = Lock::of(&application().tools(Vec::new()));
    let text = now.text().unwrap();
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if text == kept {
        return;
    }
    if std::env::var("UPDATE").is_ok_and(|update| update == "1") {
        return fs::write(&path, text).unwrap();
    }
    let differences = Lock::parse(&kept).unwrap().differences(&now);
    let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
    panic!(
        "tools.lock is out of date. Platforms pin what is in it; if the change is meant, run \
         `UPDATE=1 scripts/test tools_list` and review the difference.\n{}",
        lines.join("\n")
    );
}

#[test]
fn a_fresh_lock_passes_and_is_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["--lock"][..], &["--check"], &["--lock", "other.lock"], &["--check"]] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{arguments:?}");
    }
    let [one, other] = ["tools.lock", "other.lock"].map(|file| folder.path().join(file));
    let one = fs::read_to_string(one).unwrap();
    assert_eq!(one, fs::read_to_string(other).unwrap());
    for entry in application().tools(Vec::new()).iter() {
        let block = format!("\n[{}]\ndescription = ", entry.spec.name);
        assert!(one.contains(&block), "{}", entry.spec.name);
    }
}

#[test]
fn each_tool_that_differs_is_named_with_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let lock = Lock::of(&application().tools(Vec::new())).text().unwrap();

    let reworded =
        changed(&lock, "description = \"Place an order", "description = \"Place one order");
    assert_eq!(found(folder, &reworded), ["changed  order_create: description"]);

    let block = |tool: &str| lock.split(&format!("[{tool}]\n")).nth(1).unwrap();
    let hash = |tool: &str, part: &str| {
        block(tool).split(&format!("{part} = \"")).nth(1).unwrap()[..64].to_owned()
    };
    for (part, called) in [("input_schema", "input schema"), ("output_schema", "output schema")] {
        let hash = hash("order_list", part);
        let other = changed(&lock, &hash, &"0".repeat(64));
        assert_eq!(found(folder, &other), [format!("changed  order_list: {called}")]);
    }

    let fewer = without(&lock, "order_get");
    assert_eq!(found(folder, &fewer), ["added    order_get"]);

    let all = changed(&reworded, "[order_list]", "[order_listing]");
    let all = changed(&all, &hash("order_create", "input_schema"), "another");
    assert_eq!(
        found(folder, &all),
        [
            "changed  order_create: description, input schema",
            "added    order_list",
            "removed  order_listing",
        ]
    );
}

#[test]
fn a_lock_that_is_missing_or_is_none_fails_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("broken.lock"), "order_create").unwrap();
    for (arguments, reason) in [
        (&["--check"][..], "tools.lock cannot be read"),
        (&["--check", "broken.lock"], "broken.lock is not a lock"),
        (&["--lock", "no/such/folder"], "no/such/folder cannot be written"),
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.stdout.is_empty() && said.contains(reason), "{arguments:?}: {said}");
    }
    for wrong in [&["--lock", "--check"][..], &["--lock", "--json"], &["--check", "--json"]] {
        assert_eq!(run(folder.path(), wrong).status.code(), Some(2), "{wrong:?}");
    }
}

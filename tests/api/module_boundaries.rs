//! Imports run one way: down the engine's layers, and up the list of the business's modules.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The engine's layers in the order in which a call passes them; each may name those below it.
const LAYERS: [&[&str]; 7] = [
    &["cli", "testing"],
    &["http"],
    &["auth", "mcp"],
    &["gate"],
    &["application", "approvals", "import"],
    &["tool", "business", "tenants"],
    &["db", "speech", "money", "period", "digest"],
];

/// What every layer may name.
const EVERYWHERE: [&str; 6] = ["config", "telemetry", "text", "params", "record", "Application"];

/// Each file of the engine that names a layer above its own, and why.
const EXCEPTIONS: [(&str, &str, &str); 0] = [];

/// Where the protocol library may be named.
const PROTOCOL: [&str; 2] = ["engine/src/mcp/", "engine/src/tool/describe.rs"];

/// Files that name a module below their own. A customer is found and verified by the number of an order.
const MUTUAL: [(&str, &str); 3] = [
    ("src/customers/known.rs", "orders"),
    ("src/customers/clues.rs", "orders"),
    ("src/customers/ambiguous.rs", "orders"),
];

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

#[test]
fn the_engine_imports_downwards_only() {
    for (path, text) in sources("engine/src").into_iter().filter(|(path, _)| is_code(path)) {
        let inside = path.trim_start_matches("engine/src/");
        let own = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        let Some(own) = layer(own) else { continue };
        for named in named(without_tests(&text), "crate::")
            .filter(|named| !EVERYWHERE.contains(&named.as_str()))
        {
            let allowed = layer(&named).is_some_and(|named| named >= own);
            let excepted = EXCEPTIONS.iter().any(|(file, name, _)| *file == path && *name == named);
            assert!(allowed || excepted, "{path} names {named}, which lies above it");
        }
    }
}

#[test]
fn a_module_uses_those_above_it_in_the_list() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let listed: Vec<&str> = lib
        .split(".module(")
        .skip(1)
        .filter_map(|rest| rest.split_once("::module(").map(|(name, _)| name))
        // The engine's own.
        .filter(|name| *name != "approvals")
        .collect();
    assert!(listed.len() > 5, "the list in src/lib.rs is found: {listed:?}");
    for (position, module) in listed.iter().enumerate() {
        let folder = format!("src/{module}");
        for (path, text) in sources(&folder).into_iter().filter(|(path, _)| is_code(path)) {
            for named in named(without_tests(&text), "crate::") {
                let below = listed[position + 1..].contains(&named.as_str())
                    && !MUTUAL.contains(&(path.as_str(), named.as_str()));
                assert!(!below, "{path} names {named}, which is below {module} in the list");
            }
        }
    }
}

#[test]
fn the_business_names_neither_protocol_nor_driver() {
    let files = sources("src").into_iter().chain(sources("engine/src"));
    for (path, text) in files.filter(|(path, _)| is_code(path)) {
        let code: String = without_tests(&text)
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        let is_protocol = PROTOCOL.iter().any(|place| path.starts_with(place));
        assert!(is_protocol || !code.contains("rmcp::"), "{path} names rmcp");
        let is_database = path.starts_with("engine/src/db/");
        for driver in ["sqlx::", "rusqlite::"] {
            assert!(is_database || !code.contains(driver), "{path} names {driver}");
        }
        let is_http = ["engine/src/http/", "engine/src/mcp/", "engine/src/cli/serve.rs"]
            .iter()
            .any(|place| path.starts_with(place));
        assert!(is_http || !code.contains("axum::"), "{path} names axum");
    }
}

fn is_code(path: &str) -> bool {
    !path.contains("test")
}

/// A file up to its unit tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().unwrap_or_default()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file below a folder, by its path from the root.
pub fn sources(folder: &str) -> Vec<(String, String)> {
    let root = root();
    let mut waiting = vec![root.join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// The first names that follow `crate::`, one by one or in braces.
fn named(text: &str, before: &str) -> impl Iterator<Item = String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let mut found = Vec::new();
    for rest in text.split(before).skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            found.push(word(rest));
            continue;
        };
        let mut depth = 0_i32;
        let mut begins = true;
        for (position, letter) in list.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                letter if begins && letter.is_ascii_alphabetic() => {
                    found.push(word(&list[position..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    found.into_iter().filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
}

#[test]
fn an_import_is_found_in_every_form() {
    let text = "use crate::gate::Gate;\nuse crate::{\n    domain::{money, text},\n    store::Tx,\n};\n\
                fn f() -> crate::http::App {}";
    assert_eq!(named(text, "crate::").collect::<Vec<_>>(), ["gate", "domain", "store", "http"]);
}

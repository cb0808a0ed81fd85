//! Imports run one way, as `src/lib.rs` and ARCHITECTURE.md say.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each room, and the rooms that it may name beside itself.
const ROOMS: [(&str, &[&str]); 9] = [
    ("domain", &[]),
    ("store", &["domain"]),
    ("toolkit", &["store", "domain"]),
    ("tools", &["toolkit", "store", "domain"]),
    ("payments", &["toolkit", "store", "domain"]),
    ("gate", &["toolkit", "store", "domain"]),
    ("mcp", &["gate", "toolkit", "store", "domain"]),
    ("http", &["mcp", "gate", "toolkit", "store", "domain"]),
    (
        "cli",
        &[
            "http",
            "mcp",
            "gate",
            "tools",
            "payments",
            "toolkit",
            "store",
            "domain",
            "config",
            "telemetry",
        ],
    ),
];

/// A macro stands at the root, and is no room.
const MACRO: &str = "text";

/// Where the protocol library may be named.
const PROTOCOL: [&str; 2] = ["src/mcp/", "src/toolkit/describe.rs"];

#[test]
fn imports_run_one_way() {
    for (room, allowed) in ROOMS {
        // Tests look at what comes of something in another room.
        let code = |(path, _): &(String, String)| !path.contains("_tests");
        for (path, text) in sources(&format!("src/{room}")).into_iter().filter(code) {
            for named in rooms_named(&text) {
                assert!(
                    named == room || named == MACRO || allowed.contains(&named),
                    "{path} names {named}, which {room} may not know"
                );
            }
        }
    }
}

#[test]
fn the_protocol_library_and_the_database_have_one_room_each() {
    for (path, text) in sources("src") {
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let is_protocol = PROTOCOL.iter().any(|room| path.starts_with(room));
        assert!(is_protocol || !code.contains("rmcp::"), "{path} names rmcp");
        // Tests look into the database, and the log filter names sqlx.
        let is_store = path.starts_with("src/store/") || path.contains("test");
        for driver in ["sqlx::", "rusqlite::"] {
            assert!(is_store || !code.contains(driver), "{path} names {driver}");
        }
    }
}

/// Every source file below a folder, by its path from the root.
pub fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
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

/// What follows `crate::`: one name, or the first name of each item in braces.
fn rooms_named(text: &str) -> Vec<&str> {
    let mut named = Vec::new();
    for rest in text.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            named.push(first_word(rest));
            continue;
        };
        let mut depth = 0_i32;
        let mut item_begins = true;
        for (position, letter) in list.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => item_begins = true,
                letter if item_begins && letter.is_ascii_lowercase() => {
                    named.push(first_word(&list[position..]));
                    item_begins = false;
                }
                _ => {}
            }
        }
    }
    named
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

#[test]
fn a_room_is_found_in_every_form_of_an_import() {
    let text = "use business_mcp_engine::gate::Gate;\nuse crate::{\n    domain::{money, text},\n    store::Tx,\n};\n\
                fn f() -> business_mcp_engine::http::App {}";
    assert_eq!(rooms_named(text), ["gate", "domain", "store", "http"]);
}

//! The rules that a compiler does not know: where things may be named, how long a file is, and
//! that nobody is excused in silence. Each rule shows first that it catches what it forbids.

use crate::module_boundaries::sources;

/// A rule: what is wrong with a file, by its path and its text.
struct Rule {
    name: &'static str,
    finds: fn(&str, &str) -> Option<String>,
    /// Files that may, each with why.
    except: &'static [(&'static str, &'static str)],
    /// A file that breaks it.
    broken: (&'static str, &'static str),
    /// One that does not, although it looks like it.
    kept: (&'static str, &'static str),
}

const LONGEST_FILE: usize = 350;

/// Where statements are.
const SQL: [&str; 3] = ["/sql/", "engine/src/db/", "src/sales/"];

/// Where rules are that need neither a database nor a clock.
const PURE: [&str; 14] = [
    "engine/src/speech/",
    "engine/src/money.rs",
    "engine/src/period.rs",
    "src/business/",
    "engine/src/import/csv_rows.rs",
    "engine/src/import/fields.rs",
    "engine/src/import/merge.rs",
    "src/catalog/import/record.rs",
    "src/customers/import/address.rs",
    "src/customers/import/record.rs",
    "src/orders/import/record.rs",
    "src/orders/order_lines.rs",
    "src/orders/order_state.rs",
    "src/orders/settlement.rs",
];

const RULES: [Rule; 6] = [
    Rule {
        name: "SQL is in sql/ folders and in the engine's db/ only",
        finds: |path, text| {
            let outside = !SQL.iter().any(|place| path.contains(place)) && !is_test(path);
            let code = code(text).collect::<Vec<_>>().join("\n");
            let found = code.split('"').skip(1).find(|text| is_statement(text)).map(str::to_owned);
            found.filter(|_| outside)
        },
        except: &[],
        broken: ("src/orders/a.rs", "    tx.fetch_one(\"select 1\", &[]).await"),
        kept: ("src/orders/a.rs", "// select the row\nfn select() { \"Pick one\"; }"),
    },
    Rule {
        name: "rules have no clock, no chance and no I/O",
        finds: |path, text| {
            let forbidden = [
                "Utc::now",
                "Local::now",
                "Instant::now",
                "SystemTime",
                "rand::",
                "tokio::",
                "std::fs",
                "std::env",
                "std::net",
                "sqlx::",
                "async fn",
            ];
            let found = code(text).find(|line| forbidden.iter().any(|word| line.contains(word)));
            found.filter(|_| PURE.iter().any(|place| path.starts_with(place))).map(str::to_owned)
        },
        except: &[],
        broken: ("src/business/a.rs", "let now = Utc::now();"),
        kept: ("src/business/a.rs", "/// Never calls `Utc::now`.\nfn at(now: DateTime<Utc>) {}"),
    },
    Rule {
        name: "the time comes from the clock",
        finds: |_, text| {
            let read = ["Utc::now()", "Local::now()", "SystemTime::now()"];
            let found = code(text).find(|line| read.iter().any(|word| line.contains(word)));
            found.map(str::to_owned)
        },
        except: &[("engine/src/tool/clock.rs", "this is the clock")],
        broken: ("engine/src/gate/a.rs", "let now = Utc::now();"),
        kept: ("engine/src/gate/a.rs", "let now = self.clock.now();"),
    },
    Rule {
        name: "the engine names no record of the business",
        finds: |path, text| {
            let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            let found = code(text).find(|line| {
                ["customer", "sku"].iter().any(|word| line.to_lowercase().contains(word))
            });
            found.filter(|_| path.starts_with("engine/") && !is_test(path)).map(str::to_owned)
        },
        except: &[("engine/src/speech/heard.rs", "callers say \"customer number\"")],
        broken: ("engine/src/gate/a.rs", "    customer_id: Option<String>,"),
        kept: ("engine/src/gate/a.rs", "/// Such as a customer.\nsubject_id: Option<String>,"),
    },
    Rule {
        name: "a file holds one idea",
        finds: |path, text| {
            let lines = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().lines().count();
            (lines > LONGEST_FILE && !is_test(path)).then(|| format!("{lines} lines"))
        },
        except: &[],
        broken: ("src/orders/a.rs", LONG),
        kept: ("src/orders/a_tests.rs", LONG),
    },
    Rule {
        name: "nobody is excused in silence",
        finds: |_, text| {
            let allowed = ["#[allow", "#![allow"];
            let mut lines = code(text);
            let silent = lines.find(|line| allowed.iter().any(|word| line.contains(word)));
            silent.map(str::to_owned)
        },
        except: &[],
        broken: ("engine/src/gate/a.rs", "#[allow(clippy::unwrap_used)]"),
        kept: ("engine/src/gate/a.rs", "#[expect(clippy::float_cmp, reason = \"exact\")]"),
    },
];

/// More lines than a file has.
const LONG: &str = {
    const LINES: [u8; LONGEST_FILE + 1] = [b'\n'; LONGEST_FILE + 1];
    match std::str::from_utf8(&LINES) {
        Ok(lines) => lines,
        Err(_) => "",
    }
};

/// Whether a text begins as SQL does.
fn is_statement(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().take(3).map(str::to_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["select", _, ..]
            | ["insert", "into", ..]
            | ["delete", "from", ..]
            | ["update", _, "set", ..]
            | ["with", _, "as", ..]
    )
}

fn is_test(path: &str) -> bool {
    path.contains("test")
}

/// The lines that are not comments, up to a file's unit tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let before_tests = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    before_tests.lines().filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn each_rule_catches_what_it_forbids_and_nothing_else() {
    for rule in RULES {
        let (path, text) = rule.broken;
        assert!((rule.finds)(path, text).is_some(), "{} lets it pass", rule.name);
        let (path, text) = rule.kept;
        assert_eq!((rule.finds)(path, text), None, "{}", rule.name);
    }
}

#[test]
fn the_code_keeps_the_rules() {
    let files: Vec<_> = sources("src").into_iter().chain(sources("engine/src")).collect();
    assert!(files.len() > 100, "the sources are found");
    for rule in RULES {
        for (path, text) in &files {
            let excepted = rule.except.iter().any(|(file, _)| file == path);
            let found = (rule.finds)(path, text);
            assert!(excepted || found.is_none(), "{}: {path}: {}", rule.name, found.unwrap());
            assert!(!excepted || found.is_some(), "{}: {path} needs no exception", rule.name);
        }
    }
}

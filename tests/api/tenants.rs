//! Tenants and their facts: the command line that makes and changes them, the currency that stays while money is on
//! record, and servers that follow.

use std::{
    path::PathBuf,
    process::Output,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use business_mcp::access::role;
use business_mcp_engine::auth::{Grant, JwtSecret};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    process::program,
    support::{Client, Reply, TENANT, TestServer, fresh_postgres},
};

/// The business of the tests.
const BUSINESS: &str = include_str!("../shop/business.toml");

/// Files of other businesses, and databases to keep them in.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The business of the tests with some settings replaced.
    fn business(&self, name: &str, settings: &[(&str, &str)]) -> String {
        let lines = BUSINESS.lines().map(|line| {
            let new = settings.iter().find(|(key, _)| line.starts_with(&format!("{key} =")));
            new.map_or_else(|| line.to_owned(), |(key, value)| format!("{key} = {value}"))
        });
        let path = self.path(name);
        std::fs::write(&path, lines.collect::<Vec<_>>().join("\n")).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A business in Berlin that takes euros.
    fn berlin(&self) -> String {
        let zone = "\"Europe/Berlin\"";
        let settings =
            [("currency", "\"EUR\""), ("time_zone", zone), ("tax", "19"), ("name", "\"Kontor\"")];
        self.business("berlin.toml", &settings)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    async fn databases(&self) -> [String; 2] {
        [format!("sqlite://{}", self.path("tenants.db").display()), fresh_postgres().await]
    }
}

/// Runs a command; arguments are separated by spaces.
fn run(url: &str, command: &str) -> Output {
    program(url).args(command.split_whitespace()).output().unwrap()
}

/// What a command that succeeds prints.
#[track_caller]
fn printed(url: &str, command: &str) -> String {
    let output = run(url, command);
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The sentence of a command that fails.
#[track_caller]
fn refused(url: &str, command: &str) -> String {
    let output = run(url, command);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{command}: {said}");
    said.lines().last().unwrap_or_default().to_owned()
}

/// The line of `tenant show` about a fact.
#[track_caller]
fn shown<'a>(printed: &'a str, fact: &str) -> &'a str {
    let line = printed.lines().find(|line| line.starts_with(fact));
    line.unwrap_or_else(|| panic!("nothing is shown of the {fact}: {printed}"))
}

#[tokio::test]
async fn a_tenant_is_made_shown_changed_and_listed() {
    let files = Files::new();
    let berlin = files.berlin();
    for url in files.databases().await {
        assert!(refused(&url, "tenant show kontor").contains("there is no tenant kontor"));
        assert!(refused(&url, "tenant update kontor --currency EUR").contains("tenant create"));
        let made = printed(&url, &format!("tenant create kontor --business-file {berlin}"));
        assert!(shown(&made, "name").contains("Kontor"), "{made}");
        assert!(shown(&made, "currency").contains("EUR"), "{made}");
        let own = "the tenant's own business file";
        assert!(shown(&made, "time zone").contains("Europe/Berlin"), "{made}");
        assert!(shown(&made, "time zone").ends_with(own), "{made}");
        assert!(refused(&url, "tenant create kontor").contains("already"));
        assert!(refused(&url, "tenant update kontor").contains("--time-zone"));

        // The text is in the database: nobody needs the file any more.
        std::fs::rename(&berlin, files.path("elsewhere.toml")).unwrap();
        let changed = printed(&url, "tenant update kontor --time-zone Asia/Tokyo --language de-DE");
        std::fs::rename(files.path("elsewhere.toml"), &berlin).unwrap();
        assert!(shown(&changed, "time zone").contains("Asia/Tokyo"), "{changed}");
        assert!(shown(&changed, "time zone").ends_with("set for this tenant"), "{changed}");
        assert!(shown(&changed, "language").contains("de-DE"), "{changed}");
        assert!(shown(&changed, "currency").ends_with(own), "{changed}");
        let back = printed(&url, "tenant update kontor --time-zone default --language default");
        assert!(shown(&back, "time zone").contains("Europe/Berlin"), "{back}");

        // Its own file is taken back, and the file of the server is in force, whichever that is.
        let yen = files.business("yen.toml", &[("currency", "\"JPY\"")]);
        let plain = printed(
            &url,
            &format!("tenant update kontor --business-file default --default-business-file {yen}"),
        );
        assert!(shown(&plain, "currency").contains("JPY"), "{plain}");
        assert!(shown(&plain, "currency").contains("yen.toml"), "{plain}");
        printed(&url, "tenant create --currency CAD");
        let list = printed(&url, "tenant list");
        let names: Vec<&str> =
            list.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(names, [TENANT, "kontor"], "{list}");
        assert!(list.lines().next().unwrap().contains("CAD"), "{list}");
    }
}

#[tokio::test]
async fn seed_and_import_set_up_the_tenant_that_they_fill() {
    let files = Files::new();
    let berlin = files.berlin();
    std::fs::write(files.path("customers.jsonl"), r#"{"id":"C-1","name":"Ana López"}"#).unwrap();
    let import = format!("import {}", files.path("customers.jsonl").display());
    for url in files.databases().await {
        for (tenant, command) in [("seeded", "seed --size small"), ("imported", &import)] {
            let zone = "--time-zone Europe/Vienna --language de-DE";
            printed(&url, &format!("{command} --tenant {tenant} --currency CHF {zone}"));
            let facts = printed(&url, &format!("tenant show {tenant}"));
            for (fact, value) in
                [("currency", "CHF"), ("time zone", "Europe/Vienna"), ("language", "de-DE")]
            {
                let line = shown(&facts, fact);
                assert!(line.contains(value) && line.ends_with("set for this tenant"), "{line}");
            }
            let own = format!("{command} --tenant {tenant}-2 --business-file {berlin}");
            printed(&url, &own);
            let facts = printed(&url, &format!("tenant show {tenant}-2"));
            assert!(shown(&facts, "name").contains("Kontor"), "{facts}");
            assert!(shown(&facts, "currency").contains("EUR"), "{facts}");
        }
    }
}

#[tokio::test]
async fn the_currency_stays_while_money_is_on_record() {
    let files = Files::new();
    let (business, berlin) = (files.business("here.toml", &[]), files.berlin());
    std::fs::write(files.path("customers.jsonl"), r#"{"id":"C-1","name":"Ana López"}"#).unwrap();
    let product =
        r#"{"id":"P-1","name":"Mug","variants":[{"sku":"MUG-1","price":"9.50","on_hand":3}]}"#;
    std::fs::write(files.path("products.jsonl"), product).unwrap();
    let import = |name: &str, more: &str| {
        format!("import {} --tenant shop {more}", files.path(name).display())
    };
    for url in files.databases().await {
        printed(&url, &import("customers.jsonl", &format!("--business-file {business}")));
        // A customer is no money.
        let changed = printed(&url, "tenant update shop --currency EUR");
        assert!(shown(&changed, "currency").contains("EUR"), "{changed}");
        printed(&url, "tenant update shop --currency default");
        printed(&url, &import("products.jsonl", ""));

        for change in ["--currency EUR", &format!("--business-file {berlin}")] {
            let why = refused(&url, &format!("tenant update shop {change}"));
            assert!(why.contains("money on record in USD") && why.contains("EUR"), "{why}");
        }
        let why = refused(&url, &import("products.jsonl", &format!("--business-file {berlin}")));
        assert!(why.contains("money on record in USD"), "{why}");
        assert!(shown(&printed(&url, "tenant show shop"), "currency").contains("USD"));
        // What changes no currency may change.
        printed(&url, "tenant update shop --currency USD --time-zone Europe/Berlin");
    }
}

#[tokio::test]
async fn a_bad_business_file_is_refused_by_file_line_and_setting() {
    let files = Files::new();
    let line = 1 + BUSINESS.lines().position(|line| line.starts_with("time_zone =")).unwrap();
    let bad = files.business("bad.toml", &[("time_zone", "\"Atlantis\"")]);
    let missing = files.path("missing.toml").display().to_string();
    for url in files.databases().await {
        let expected = format!("bad.toml: line {line}: time_zone: not a zone");
        for command in [
            format!("serve --business-file {bad}"),
            format!("stdio --business-file {bad}"),
            format!("demo --business-file {bad}"),
            format!("seed --default-business-file {bad}"),
            format!("seed --business-file {bad}"),
            format!("import /nowhere --business-file {bad}"),
            format!("tenant create --business-file {bad}"),
        ] {
            let why = refused(&url, &command);
            assert!(why.contains(&expected), "{command}: {why}");
            let why = refused(&url, &command.replace(&bad, &missing));
            assert!(why.contains("missing.toml cannot be read"), "{command}: {why}");
        }
        printed(&url, "migrate");
        let output = program(&url).arg("doctor").env("BUSINESS_FILE", &bad).output().unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        assert!(found.contains("wrong ") && found.contains(&expected), "{found}");
        assert!(!printed(&url, "tenant list").contains(TENANT), "nothing was made");
    }
}

/// A customer and a mug at 10.00 for a tenant, who is made by that.
fn open_shop(url: &str, files: &Files, tenant: &str, settings: &str) {
    let folder = files.path("records");
    std::fs::create_dir_all(&folder).unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    put("customers.jsonl", r#"{"id":"C-1","name":"Ana López"}"#);
    let product =
        r#"{"id":"M","name":"Mug","variants":[{"sku":"MUG-1","price":"10.00","on_hand":9}]}"#;
    put("products.jsonl", product);
    let output = program(url)
        .arg("import")
        .arg(&folder)
        .args(["--tenant", tenant])
        .args(settings.split_whitespace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A clerk of a tenant, in a conversation of their own.
fn clerk(server: &TestServer, tenant: &str) -> Client {
    server.client(server.token(tenant, "clerk", Grant::Role(role::DESK)))
}

/// A quote for one mug, which is no earlier one repeated.
async fn quote(client: &Client) -> Reply {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let key = format!("quote-{:06}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let items = json!([{ "sku": "MUG-1", "quantity": 1 }]);
    let args = json!({ "customer_id": "C-1", "items": items, "idempotency_key": key });
    client.call("order_quote", args).await
}

fn amount(amount: &str, currency: &str) -> Value {
    json!({ "amount": amount, "currency": currency })
}

#[tokio::test]
async fn two_tenants_are_quoted_in_their_own_currency_and_tax() {
    let files = Files::new();
    let (here, berlin) = (files.business("here.toml", &[("tax", "0")]), files.berlin());
    for url in files.databases().await {
        open_shop(&url, &files, TENANT, &format!("--business-file {here}"));
        open_shop(&url, &files, "kontor", &format!("--business-file {berlin}"));
        let server = TestServer::on(&url).await;
        let dollars = quote(&clerk(&server, TENANT)).await;
        assert_eq!(dollars.data()["total"], amount("10.00", "USD"));
        assert_eq!(dollars.data()["tax"], amount("0.00", "USD"));
        let euros = quote(&clerk(&server, "kontor")).await;
        assert_eq!(euros.data()["total"], amount("11.90", "EUR"));
        assert_eq!(euros.data()["tax"], amount("1.90", "EUR"));
        assert!(euros.answer()["say"].as_str().unwrap().contains("euros"), "{euros:?}");
    }
}

#[tokio::test]
async fn a_running_server_follows_a_change_of_its_tenant() {
    let files = Files::new();
    let (untaxed, taxed) =
        (files.business("0.toml", &[("tax", "0")]), files.business("7.toml", &[("tax", "7")]));
    for url in files.databases().await {
        open_shop(&url, &files, TENANT, &format!("--business-file {untaxed}"));
        let server = TestServer::on(&url).await;
        let clerk = clerk(&server, TENANT);
        assert_eq!(quote(&clerk).await.data()["tax"]["amount"], "0.00");
        printed(&url, &format!("tenant update --business-file {taxed}"));
        let deadline = Instant::now() + Duration::from_secs(5);
        while quote(&clerk).await.data()["tax"]["amount"] != "0.70" {
            assert!(Instant::now() < deadline, "it still quotes without tax");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn a_server_set_up_for_another_currency_reads_and_writes_no_money() {
    let files = Files::new();
    let (here, berlin) = (files.business("here.toml", &[]), files.berlin());
    for url in files.databases().await {
        open_shop(&url, &files, TENANT, &format!("--default-business-file {here}"));
        let secret = JwtSecret::generate();
        let doctor = || {
            let mut command = program(&url);
            command.arg("doctor").env("BUSINESS_FILE", &berlin).env("JWT_SECRET", secret.expose());
            String::from_utf8(command.output().unwrap().stdout).unwrap()
        };
        let server = TestServer::on_with(&url, &["--business-file", &berlin]).await;
        let clerk = clerk(&server, TENANT);
        let refused = quote(&clerk).await;
        assert_eq!(refused.error(), "invalid_state", "{}", refused.body);
        let said = refused.sentence();
        assert!(said.contains("USD") && said.contains("EUR"), "{said}");
        // Whatever is read, and whatever has no price, goes on.
        let product = clerk.call("get_product_info", json!({ "sku": "MUG-1" })).await;
        assert!(product.data().to_string().contains(r#""currency":"USD""#), "{}", product.body);
        let note = json!({ "customer_id": "C-1", "kind": "note", "text": "Rang twice." });
        clerk.call("crm_create_note", note).await.data();

        let found = doctor();
        let wrong = found.lines().skip_while(|line| !line.starts_with("wrong  tenant demo"));
        let wrong: Vec<&str> = wrong.take(2).collect();
        let [what, mend] = wrong[..] else { panic!("{found}") };
        assert!(what.contains("USD") && what.contains("berlin.toml says EUR"), "{what}");
        let cure = "business-mcp tenant update demo --currency USD";
        assert!(mend.contains(cure), "{mend}");

        printed(&url, cure.trim_start_matches("business-mcp "));
        assert!(!doctor().contains("wrong  tenant"), "{}", doctor());
        assert!(doctor().contains("currency USD of its own"), "{}", doctor());
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let quoted = quote(&clerk).await;
            if !quoted.is_error() {
                assert_eq!(quoted.data()["total"], amount("11.90", "USD"));
                break;
            }
            assert!(Instant::now() < deadline, "{}", quoted.body);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

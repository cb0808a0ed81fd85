//! What a start says of settings that are hardly meant, and what it does with those that are empty.

use std::{fs, path::Path, process::Output, time::Duration};

use business_mcp_engine::auth::JwtSecret;

use crate::{
    databases::drop_postgres,
    forge::{KEY, key_set},
    process::{HotShop, free_port, program},
    support::fresh_postgres,
};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A file with an issuer's keys.
fn key_file(folder: &Path) -> String {
    let path = folder.join("keys.json");
    fs::write(&path, key_set(&[("now", KEY)])).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The warnings of a server that starts with these variables.
async fn warnings(shop: &HotShop, variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = fs::File::create(&path).unwrap();
    let mut process = shop
        .serve_with(|command| {
            command.env("RUST_LOG", "warn").env("LOG_FORMAT", "json").stderr(log);
            for (name, value) in variables {
                if value.is_empty() {
                    command.env_remove(name);
                } else {
                    command.env(name, value);
                }
            }
        })
        .await;
    process.terminate();
    assert!(process.ended().await.success());
    let log = fs::read_to_string(path).unwrap();
    // A fork may have more voice tools than are advised.
    let lines = log.lines().filter(|line| !line.contains("the voice toolset has"));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_server_says_which_settings_it_ignores_and_which_are_dangerous() {
    let [shop, _] = HotShop::on_both(1).await;
    let quiet = warnings(&shop, &[("LEGACY_SSE", "off"), ("SIMPLE_RPC", "false")]).await;
    assert_eq!(quiet, "", "nothing is worth a warning");
    let folder = tempfile::tempdir().unwrap();
    let keys = key_file(folder.path());
    let issuer = [
        ("JWT_JWKS_FILE", keys.as_str()),
        ("JWT_ISSUER", "https://issuer.example"),
        ("PUBLIC_URL", "https://shop.example.com"),
        ("BIND", "0.0.0.0"),
        ("JWT_SECRET", ""),
    ];
    let right = [&issuer[..], &[("JWT_AUDIENCE", "https://shop.example.com/mcp")]].concat();
    assert_eq!(warnings(&shop, &right).await, "", "a server as it should be");
    for (variables, named) in [
        (vec![("LEGACY_SESSIONS", "memory")], "LEGACY_SESSIONS is set and is ignored"),
        (vec![("LEGACY_SSE", "on")], "LEGACY_SSE is set and is ignored"),
        (vec![("SIMPLE_RPC", "1")], "SIMPLE_RPC is set and is ignored"),
        (
            vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317")],
            "OTEL_EXPORTER_OTLP_ENDPOINT is set and is ignored",
        ),
        (vec![("BIND", "0.0.0.0")], "HS256 tokens (JWT_SECRET) are accepted on a public address"),
        (vec![("FLY_APP_NAME", "shop")], "HS256 tokens"),
        ([&issuer[..], &[("JWT_AUDIENCE", "shop")]].concat(), "JWT_AUDIENCE is another"),
    ] {
        let log = warnings(&shop, &variables).await;
        assert!(log.contains(named), "{variables:?}: {log}");
        assert_eq!(log.lines().count(), 1, "{variables:?}: {log}");
    }
}

#[tokio::test]
async fn an_empty_variable_is_as_one_that_is_not_set() {
    let [shop, _] = HotShop::on_both(1).await;
    let folder = tempfile::tempdir().unwrap();
    let keys = key_file(folder.path());
    let process = shop.serve_with(|command| {
        for name in ["JWT_JWKS_URL", "PUBLIC_URL", "ALLOWED_HOSTS", "FLY_APP_NAME", "LOG_FORMAT"] {
            command.env(name, "");
        }
        command.env("APPROVAL_TTL", " ").env("JWT_JWKS_FILE", keys);
        command.env("JWT_ISSUER", "https://issuer.example").env("JWT_AUDIENCE", "shop");
    });
    let process = process.await;
    assert_eq!(reqwest::get(format!("{}/health", process.url)).await.unwrap().status(), 200);
    let token =
        program("sqlite://none").args(["token", "--role", "agent"]).env("JWT_SECRET", "").output();
    let token = token.unwrap();
    assert_eq!(token.status.code(), Some(1));
    assert!(said(&token).contains("JWT_SECRET is not set"), "{}", said(&token));
}

#[test]
fn what_can_mean_nothing_is_refused_with_what_is_meant() {
    let secret = JwtSecret::generate();
    for (arguments, reason) in [
        (&["token", "--role", "agent", "--ttl", "0s"][..], "longer than nothing"),
        (&["token", "--role", "agent", "--tenant", "a b"], "letters, digits"),
        (&["token", "--role", "agent", "--tenant", ""], "letters, digits"),
        (
            &["key", "create", "--name", "x", "--role", "agent", "--ttl", "0d"],
            "longer than nothing",
        ),
        (&["key", "list", "--tenant", "../x"], "letters, digits"),
        (&["seed", "--tenant", "a;b"], "letters, digits"),
        (&["import", "x", "--tenant", "*"], "letters, digits"),
        (&["stdio", "--tenant", "*"], "letters, digits"),
        (&["serve", "--tool-timeout", "0s"], "longer than nothing"),
        (&["stdio", "--tool-timeout", "0ms"], "longer than nothing"),
        (&["serve", "--approval-ttl", "0s"], "longer than nothing"),
        (&["serve", "--max-in-flight", "0"], "max-in-flight"),
        (&["approvals", "list", "--url", "localhost:3000"], "https://shop.example.com"),
        (&["approvals", "list", "--url", "//localhost"], "https://shop.example.com"),
        (&["healthcheck", "--url", "localhost:3000"], "https://shop.example.com"),
    ] {
        let output = program("sqlite:///proc/none.db")
            .args(arguments)
            .env("JWT_SECRET", secret.expose())
            .env("BUSINESS_MCP_TOKEN", "x")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(reason), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn a_cause_is_not_said_twice() {
    for arguments in [
        &["migrate"][..],
        &["seed"],
        &["import", "/no/such/folder"],
        &["import", "/no/such/orders.jsonl"],
        &["serve", "--policy-file", "/no/such/policy.toml"],
        &["healthcheck"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let database = if arguments[0] == "import" || arguments.len() == 3 {
            format!("sqlite://{}", folder.path().join("a.db").display())
        } else {
            "sqlite:///proc/no/such/folder/a.db".to_owned()
        };
        let port = free_port().to_string();
        let mut command = program(&database);
        let output = command.args(arguments).env("PORT", port).env("METRICS_PORT", "0").output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let told = said(&output);
        assert!(told.matches("(os error").count() <= 1, "{arguments:?}: {told}");
    }
}

#[tokio::test]
async fn the_doctor_changes_nothing_and_knows_a_database_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/business.db");
    let secret = JwtSecret::generate();
    let doctor = |url: &str| {
        let output = program(url).arg("doctor").env("JWT_SECRET", secret.expose()).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        said(&output)
    };
    let told = doctor(&format!("sqlite://{}", path.display()));
    assert!(
        told.contains("there is no database") && told.contains("business-mcp migrate"),
        "{told}"
    );
    assert!(!Path::new(&path).exists() && !path.parent().unwrap().exists());

    let gone = fresh_postgres().await;
    drop_postgres(&gone).await;
    let nobody = format!("postgres://postgres@127.0.0.1:{}/business", free_port());
    let began = tokio::time::Instant::now();
    for url in [gone, nobody] {
        let told = doctor(&url);
        assert!(told.contains("Postgres cannot be reached"), "{told}");
        assert!(told.contains("host, port, user, password"), "{told}");
        assert!(!told.contains("business-mcp migrate"), "the schema is not what is wrong: {told}");
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

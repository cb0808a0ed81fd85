//! The command line as scripts use it: exit codes, what stands alone on standard output, and starts
//! that are refused with the reason.

use std::process::Output;

use business_mcp::access::role;
use business_mcp_engine::auth::JwtSecret;
use serde_json::{Value, json};

use crate::{
    process::{free_port, program},
    support::{Client, TestServer, fresh_postgres, server_with},
};

/// Runs a command with these variables and returns it whole.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = program("sqlite:///proc/no/such/folder/business.db");
    command.env("METRICS_PORT", "0").env("PORT", free_port().to_string());
    command.args(arguments).envs(variables.iter().copied()).output().unwrap()
}

pub fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn wrong_usage_is_2_and_says_what_is_right() {
    for arguments in [
        &["unknown"][..],
        &["serve", "--no-such-flag"],
        &["serve", "--port", "seventy"],
        &["serve", "--tool-timeout", "soon"],
        &["token"],
        &["token", "--role", "emperor"],
        &["token", "--scope", "orders:everything"],
        &["token", "--role", "agent", "--scope", "orders:read"],
        &["key", "create", "--name", "x"],
        &["import"],
        &["seed", "--size", "enormous"],
        &["tenant", "create", "--currency", "euros"],
        &["tenant", "update", "--time-zone", "Atlantis"],
        &[],
    ] {
        let output = run(arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_answers() {
    for command in [
        "serve",
        "demo",
        "stdio",
        "migrate",
        "reindex",
        "seed",
        "import",
        "tenant",
        "token",
        "key",
        "approvals",
        "tools",
        "doctor",
        "healthcheck",
    ] {
        let help = run(&[command, "--help"], &[]);
        assert_eq!(help.status.code(), Some(0), "{command}");
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.contains("Usage:"), "{command}: {help}");
    }
    let version = run(&["--version"], &[]);
    let expected = format!("business-mcp {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(version.stdout).unwrap(), expected);
}

#[test]
fn what_fails_is_1_and_one_sentence() {
    for arguments in [
        &["migrate"][..],
        &["seed"],
        &["import", "/no/such/folder"],
        &["key", "list"],
        &["tenant", "list"],
        &["token", "--role", "agent"],
        &["approvals", "list"],
        &["healthcheck"],
        &["serve"],
    ] {
        let output = run(arguments, &[]);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let sentences = said(&output);
        let sentence = sentences.lines().last().unwrap();
        assert!(sentence.starts_with("business-mcp: "), "{arguments:?}: {sentences}");
        assert!(!sentences.contains("panicked") && !sentences.contains("src/"), "{sentences}");
    }
}

#[test]
fn a_failure_says_what_is_wrong_and_nothing_of_the_inside() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let path = policy.to_str().unwrap().to_owned();
    let sqlite = format!("sqlite://{}", folder.path().join("business.db").display());
    let admin = std::env::var("TEST_DATABASE_URL").unwrap();
    let (server, _) = admin.rsplit_once('/').unwrap();
    let nowhere = format!("{server}/no_such_database_here");
    let neither = "it is neither sqlite://PATH nor postgres://…";
    for (arguments, variables, sentence) in [
        (
            &["migrate"][..],
            vec![("DATABASE_URL", "mysql://x")],
            format!("DATABASE_URL cannot be opened: this database cannot be used: {neither}"),
        ),
        (
            &["migrate"],
            vec![("DATABASE_URL", &nowhere)],
            "the schema could not be brought up to date: this database cannot be used: \
             database \"no_such_database_here\" does not exist (3D000)"
                .to_owned(),
        ),
        (
            &["approvals", "list"],
            vec![("BUSINESS_MCP_TOKEN", "two\nlines")],
            "BUSINESS_MCP_TOKEN is not one token: it holds a space, a line break or a letter that \
             no token has"
                .to_owned(),
        ),
        (
            &["serve"],
            vec![("POLICY_FILE", &path), ("DATABASE_URL", &sqlite)],
            format!(
                "POLICY_FILE {path}: the policy file cannot be read: line 2: unknown field \
                 `auto_below`, expected one of `approval`, `risk`, `auto_approve_below`, \
                 `max_per_hour`, `verified_caller`, `toolsets`"
            ),
        ),
    ] {
        std::fs::write(&policy, "[tools.order_create]\nauto_below = \"1\"\n").unwrap();
        let output = run(arguments, &variables);
        assert_eq!(output.status.code(), Some(1), "{variables:?}");
        let told = said(&output);
        let lines: Vec<&str> = told.lines().filter(|line| !line.starts_with('{')).collect();
        assert_eq!(lines, [format!("business-mcp: {sentence}")], "{variables:?}");
    }
}

#[test]
fn an_unsafe_configuration_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}", folder.path().join("business.db").display());
    let broken = folder.path().join("policy.toml");
    std::fs::write(&broken, "[tools.no_such_tool]\napproval = \"disabled\"\n").unwrap();
    let issuer = [("JWT_ISSUER", "https://issuer.example"), ("JWT_AUDIENCE", "us")];
    let with_issuer = |url| [&[("JWT_JWKS_URL", url)][..], &issuer].concat();
    for (variables, reason) in [
        (vec![("JWT_SECRET", "short")], "shorter than 32 bytes"),
        (vec![("JWT_SECRET", "your-256-bit-secret-your-256-bit-secret")], "placeholder"),
        (vec![("JWT_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")], "repeats itself"),
        (with_issuer("http://issuer.example/keys"), "must be https"),
        (with_issuer("http://169.254.169.254/keys"), "must be https"),
        (with_issuer("https://user:word@issuer.example/keys"), "without user or password"),
        (vec![("JWT_JWKS_URL", "https://issuer.example/keys")], "JWT_ISSUER and JWT_AUDIENCE"),
        (vec![("JWT_TENANT_CLAIM", "sub")], "tenant claim"),
        (vec![("POLICY_FILE", "/no/such/policy.toml")], "POLICY_FILE /no/such/policy.toml"),
        (vec![("BUSINESS_FILE", "/no/such/business.toml")], "BUSINESS_FILE /no/such/business.toml"),
        (vec![("POLICY_FILE", broken.to_str().unwrap())], "no_such_tool"),
        (vec![("CONVERSATION_HEADERS", "not a header")], "CONVERSATION_HEADERS"),
        (vec![("RATE_LIMIT_PER_MINUTE", "0")], "RATE_LIMIT_PER_MINUTE"),
        (vec![("PUBLIC_URL", "shop.example.com")], "PUBLIC_URL"),
        (vec![("PUBLIC_URL", "http://shop.example.com")], "unencrypted"),
        (vec![("ALLOWED_HOSTS", "https://shop.example.com")], "ALLOWED_HOSTS"),
        (vec![("ALLOWED_ORIGINS", "app.example.com")], "ALLOWED_ORIGINS"),
        (vec![("DATABASE_URL", "mysql://root@localhost/x")], "DATABASE_URL"),
    ] {
        let mut all = vec![("DATABASE_URL", sqlite.as_str())];
        all.extend(variables.iter().copied());
        for command in ["serve", "doctor"] {
            let output = run(&[command], &all);
            let code = output.status.code();
            assert!(matches!(code, Some(1 | 2)), "{command} {variables:?}: {code:?}");
            let told = said(&output) + &String::from_utf8_lossy(&output.stdout);
            let named = told.contains(reason)
                || told.contains(&reason.to_ascii_lowercase().replace('_', "-"));
            assert!(named, "{command} {variables:?}: {told}");
            let repeats = |value: &str| value.len() > 5 && told.contains(value);
            let secret = variables.iter().find(|(name, _)| *name == "JWT_SECRET");
            assert!(!secret.is_some_and(|(_, value)| repeats(value)), "{told}");
        }
    }
}

#[test]
fn a_port_that_is_taken_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}", folder.path().join("business.db").display());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (name, free) in [("PORT", "METRICS_PORT"), ("METRICS_PORT", "PORT")] {
        let output =
            program(&sqlite).arg("serve").env(name, &port).env(free, "0").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(&port), "{name}: {}", said(&output));
    }
}

fn minted(server: &TestServer, arguments: &[&str]) -> Client {
    let output = program("sqlite://none")
        .arg("token")
        .args(arguments)
        .env("JWT_SECRET", server.secret.expose())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(said(&output), "", "the token alone");
    let printed = String::from_utf8(output.stdout).unwrap();
    let token = printed.strip_suffix('\n').unwrap();
    assert!(token.split('.').count() == 3 && !token.contains(char::is_whitespace), "{printed}");
    server.client(token.to_owned())
}

#[tokio::test]
async fn a_development_token_is_for_what_it_was_asked_for() {
    let server = server_with(&[]).await;
    let order = json!({ "order_id": "ORD-12345" });
    let agent = minted(&server, &["--role", "agent", "--subject", "anna"]);
    assert_eq!(agent.call("get_order_status", order.clone()).await.data()["order_id"], "ORD-12345");
    let narrow = minted(&server, &["--scope", "crm:read,inventory:read"]);
    assert_eq!(narrow.call("get_order_status", order.clone()).await.http.as_u16(), 403);
    let other = minted(&server, &["--role", "agent", "--tenant", "other"]);
    let reply = other.call("get_order_status", order.clone()).await;
    assert!(!reply.body.to_string().contains("CUST-12345"), "{}", reply.body);
    let short = minted(&server, &["--role", "agent", "--ttl", "1m"]);
    short.call("get_order_status", order.clone()).await.data();
    server.advance(2);
    assert_eq!(short.call("get_order_status", order).await.http.as_u16(), 401);
}

#[tokio::test]
async fn the_doctor_finds_what_is_wrong_and_says_how_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}", folder.path().join("business.db").display());
    let secret = JwtSecret::generate();
    for url in [sqlite, fresh_postgres().await] {
        let doctor = |variables: &[(&str, &str)]| {
            let mut command = program(&url);
            command.arg("doctor").env("JWT_SECRET", secret.expose());
            let output = command.envs(variables.iter().copied()).output().unwrap();
            (output.status.code(), String::from_utf8(output.stdout).unwrap())
        };
        let (code, found) = doctor(&[]);
        assert_eq!(code, Some(1), "{found}");
        assert!(found.contains("wrong ") && found.contains("business-mcp migrate"), "{found}");

        assert!(program(&url).arg("migrate").output().unwrap().status.success());
        let (code, found) = doctor(&[]);
        assert_eq!(code, Some(0), "{found}");
        assert!(!found.contains("wrong ") && !found.contains(secret.expose()), "{found}");

        let (code, found) = doctor(&[("BIND", "0.0.0.0")]);
        assert_eq!(code, Some(1), "{found}");
        assert!(found.contains("PUBLIC_URL") && found.contains("HS256"), "{found}");
        let (code, found) = doctor(&[("BIND", "0.0.0.0"), ("PUBLIC_URL", "http://shop.example")]);
        assert_eq!(code, Some(1), "{found}");
        assert!(found.contains("unencrypted"), "{found}");
        let (code, found) = doctor(&[("BIND", "0.0.0.0"), ("PUBLIC_URL", "https://shop.example")]);
        assert_eq!(code, Some(0), "{found}");
    }
}

#[tokio::test]
async fn the_catalogue_can_be_read_by_programs() {
    let server = server_with(&[]).await;
    let listed = run(&["tools", "--json"], &[]);
    assert_eq!(listed.status.code(), Some(0), "{}", said(&listed));
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let text = listed.to_string();
    for tool in server.as_role(role::ADMIN).tools().await {
        assert!(text.contains(tool["name"].as_str().unwrap()), "{tool}");
    }
}

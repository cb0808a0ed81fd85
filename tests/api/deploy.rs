//! The deployment files agree with each other and with the program.
//!
//! No Docker and no Fly is needed: the files are read as text and TOML, and the commands in them are
//! put to the real binary. What this cannot see is whether the image builds; CI's image job does.

use std::path::Path;
use std::process::Command;

use toml::{Table, Value};

const PORT: i64 = 3000;
const METRICS_PORT: i64 = 9091;
/// How long a server that was told to stop goes on, in seconds: the delay of the files, the drain, and
/// the audit trail.
const DRAIN: i64 = 5 + 10 + 3;
const HEALTH_ROUTES: [&str; 3] = ["/readyz", "/livez", "/health"];
const BINARY: &str = "/usr/local/bin/business-mcp";

const FLY_FILES: [&str; 2] = ["fly.toml", "fly.postgres.toml"];

/// Every key that we use. Fly ignores a misspelt key without a word, so a new one is added here on
/// purpose; <https://fly.io/docs/reference/configuration/> lists them all.
const FLY_KEYS: [&str; 41] = [
    "app",
    "build.dockerfile",
    "deploy.max_unavailable",
    "deploy.release_command",
    "deploy.strategy",
    "env.DATABASE_URL",
    "env.DRAIN_DELAY",
    "env.LOG_FORMAT",
    "env.METRICS_PORT",
    "env.PORT",
    "http_service.auto_start_machines",
    "http_service.auto_stop_machines",
    "http_service.checks.grace_period",
    "http_service.checks.interval",
    "http_service.checks.method",
    "http_service.checks.path",
    "http_service.checks.timeout",
    "http_service.concurrency.hard_limit",
    "http_service.concurrency.soft_limit",
    "http_service.concurrency.type",
    "http_service.force_https",
    "http_service.internal_port",
    "http_service.min_machines_running",
    "http_service.processes",
    "kill_signal",
    "kill_timeout",
    "metrics.path",
    "metrics.port",
    "metrics.processes",
    "mounts.auto_extend_size_increment",
    "mounts.auto_extend_size_limit",
    "mounts.auto_extend_size_threshold",
    "mounts.destination",
    "mounts.initial_size",
    "mounts.snapshot_retention",
    "mounts.source",
    "primary_region",
    "processes.app",
    "vm.memory",
    "vm.processes",
    "vm.size",
];

#[test]
fn fly_files_use_only_keys_that_fly_knows() -> Result<(), String> {
    for name in FLY_FILES {
        for key in keys(&fly(name)?) {
            assert!(FLY_KEYS.contains(&key.as_str()), "{name}: `{key}` is not in FLY_KEYS");
        }
    }
    Ok(())
}

#[test]
fn every_file_means_the_same_ports() -> Result<(), String> {
    let image = image()?;
    assert_eq!(image.last("EXPOSE")?, format!("{PORT} {METRICS_PORT}"));
    let environment = image.last("ENV")?;
    assert!(environment.contains(&format!(" PORT={PORT} ")), "{environment}");
    assert!(environment.contains(&format!(" METRICS_PORT={METRICS_PORT} ")), "{environment}");

    for name in FLY_FILES {
        let fly = fly(name)?;
        assert_eq!(number(&fly, "http_service.internal_port"), Some(PORT), "{name}");
        assert_eq!(text(&fly, "env.PORT"), Some(PORT.to_string().as_str()), "{name}");
        assert_eq!(number(&fly, "metrics.port"), Some(METRICS_PORT), "{name}");
        assert_eq!(
            text(&fly, "env.METRICS_PORT"),
            Some(METRICS_PORT.to_string().as_str()),
            "{name}"
        );
        assert_eq!(text(&fly, "metrics.path"), Some("/metrics"), "{name}");
    }

    let compose = read("docker-compose.yml")?;
    for port in [PORT, METRICS_PORT] {
        assert!(compose.contains(&format!("127.0.0.1:{port}:{port}")), "{port} is not published");
    }
    Ok(())
}

#[test]
fn fly_asks_a_health_route_that_exists() -> Result<(), String> {
    for name in FLY_FILES {
        let fly = fly(name)?;
        let path = text(&fly, "http_service.checks.path").ok_or("no check")?;
        assert!(HEALTH_ROUTES.contains(&path), "{name} checks {path}, which is no health route");
        assert_eq!(text(&fly, "http_service.checks.method"), Some("GET"), "{name}");
    }
    Ok(())
}

/// Each is put to the binary with `--help`, which refuses a command or flag that it does not know.
#[test]
fn every_command_in_the_files_is_one_of_the_program() -> Result<(), String> {
    let image = image()?;
    let mut commands =
        vec![("CMD", image.last_list("CMD")?), ("HEALTHCHECK", healthcheck(&image)?)];
    for name in FLY_FILES {
        let fly = fly(name)?;
        for key in ["deploy.release_command", "processes.app"] {
            if let Some(command) = text(&fly, key) {
                commands.push((key, command.split(' ').map(str::to_owned).collect()));
            }
        }
    }
    for (place, command) in commands {
        let output = Command::new(env!("CARGO_BIN_EXE_business-mcp"))
            .args(&command)
            .arg("--help")
            .output()
            .map_err(|error| error.to_string())?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{place}: {command:?}: {complaint}");
    }
    Ok(())
}

#[test]
fn nothing_is_killed_while_it_drains() -> Result<(), String> {
    for name in FLY_FILES {
        let fly = fly(name)?;
        assert_eq!(text(&fly, "kill_signal"), Some("SIGTERM"), "{name}");
        assert!(number(&fly, "kill_timeout") > Some(DRAIN), "{name}: kill_timeout <= {DRAIN} s");
    }
    let compose = read("docker-compose.yml")?;
    let grace = compose
        .lines()
        .find_map(|line| line.trim().strip_prefix("stop_grace_period: ")?.strip_suffix('s'))
        .and_then(|seconds| seconds.parse::<i64>().ok());
    assert!(grace > Some(DRAIN), "docker-compose.yml: stop_grace_period is {grace:?}");
    Ok(())
}

/// A release command runs on a machine without volumes: it would migrate a database that is thrown
/// away, and say that all is well.
#[test]
fn a_volume_and_a_release_command_exclude_each_other() -> Result<(), String> {
    for name in FLY_FILES {
        let fly = fly(name)?;
        let volume = text(&fly, "mounts.destination");
        let release = text(&fly, "deploy.release_command");
        assert!(volume.is_some() != release.is_some(), "{name}: {volume:?} and {release:?}");
        // Without the release command, nobody but `serve` would migrate.
        let serve = text(&fly, "processes.app").unwrap_or("serve");
        assert_eq!(serve.contains("--no-migrate"), release.is_some(), "{name}: {serve}");
    }
    Ok(())
}

#[test]
fn the_sqlite_file_is_on_the_volume() -> Result<(), String> {
    let fly = fly("fly.toml")?;
    let volume = text(&fly, "mounts.destination").ok_or("no volume")?;
    let url = text(&fly, "env.DATABASE_URL").ok_or("no DATABASE_URL")?;
    assert!(url.starts_with(&format!("sqlite://{volume}/")), "{url} is not in {volume}");
    let image = image()?;
    assert!(image.last("ENV")?.contains(&format!(" DATABASE_URL={url}")), "the image has another");
    // In the image, so that whoever mounts a volume on it has one that the user may write to.
    let folder = image.all("COPY").find(|copy| copy.ends_with(&format!(" {volume}")));
    assert!(folder.is_some_and(|copy| copy.contains("--chown=65532:65532")), "{folder:?}");
    Ok(())
}

#[test]
fn a_machine_that_is_suspended_is_small_enough_for_it() -> Result<(), String> {
    for name in FLY_FILES {
        let fly = fly(name)?;
        assert_eq!(text(&fly, "http_service.auto_stop_machines"), Some("suspend"), "{name}");
        assert!(number(&fly, "http_service.min_machines_running") >= Some(1), "{name}");
        let memory = text(&fly, "vm.memory").and_then(|memory| memory.strip_suffix("mb"));
        let memory = memory.and_then(|memory| memory.parse::<i64>().ok());
        assert!(memory.is_some_and(|memory| memory <= 2048), "{name}: {memory:?} MB");
        let soft = number(&fly, "http_service.concurrency.soft_limit");
        assert!(soft < number(&fly, "http_service.concurrency.hard_limit"), "{name}");
    }
    Ok(())
}

#[test]
fn no_file_holds_a_secret() -> Result<(), String> {
    for name in FLY_FILES {
        for key in keys(&fly(name)?) {
            assert!(!is_secret(&key), "{name}: {key} belongs to `fly secrets set`");
        }
    }
    // On SQLite it is a path; on Postgres it has a password in it.
    assert_eq!(text(&fly("fly.postgres.toml")?, "env.DATABASE_URL"), None);
    assert!(!is_secret(&image()?.last("ENV")?), "the image has a secret");
    for line in read("docker-compose.yml")?.lines().map(str::trim) {
        if let Some((key, value)) = line.split_once(": ")
            && !line.starts_with('#')
            && is_secret(key)
        {
            assert!(value.starts_with(&format!("${{{key}:?")), "{key} must come from outside");
        }
    }
    Ok(())
}

#[test]
fn the_image_starts_the_server_and_nobody_is_root() -> Result<(), String> {
    let image = image()?;
    assert_eq!(image.last_list("ENTRYPOINT")?, [BINARY]);
    assert_eq!(image.last_list("CMD")?, ["serve"]);
    assert_eq!(healthcheck(&image)?, ["healthcheck"]);
    assert!(image.all("COPY").any(|copy| copy.ends_with(&format!(" {BINARY}"))), "no binary");

    let user = image.last("USER")?;
    let ids: Vec<_> = user.split(':').map(str::parse::<u32>).collect();
    assert!(ids.iter().all(|id| id.as_ref().is_ok_and(|id| *id != 0)), "USER {user}");
    Ok(())
}

#[test]
fn everybody_builds_with_the_same_rust() -> Result<(), String> {
    let manifest: Table = read("Cargo.toml")?.parse().map_err(|e| format!("Cargo.toml: {e}"))?;
    let rust = text(&manifest, "workspace.package.rust-version").ok_or("no rust-version")?;
    assert!(read("Dockerfile")?.contains(&format!("FROM rust:{rust}-")), "Dockerfile");
    let workflow = read(".github/workflows/ci.yml")?;
    assert!(workflow.contains(&format!("toolchain install {rust} ")), "workflow");
    Ok(())
}

/// The instructions of the last stage, which is what runs.
struct Image(Vec<(String, String)>);

impl Image {
    fn all<'a>(&'a self, instruction: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(name, _)| name == instruction).map(|(_, rest)| rest.as_str())
    }

    fn last(&self, instruction: &str) -> Result<String, String> {
        let rest = self.all(instruction).last().ok_or(format!("Dockerfile: no {instruction}"))?;
        // A space on each side, so that `PORT=` is not found in `METRICS_PORT=`.
        let environment = instruction == "ENV";
        Ok(if environment { format!(" {rest} ") } else { rest.to_owned() })
    }

    /// An instruction in its exec form, which needs no shell: there is none in the image.
    fn last_list(&self, instruction: &str) -> Result<Vec<String>, String> {
        let rest = self.last(instruction)?;
        serde_json::from_str(&rest).map_err(|_| format!("{instruction} {rest} needs a shell"))
    }
}

fn image() -> Result<Image, String> {
    let mut stage = Vec::new();
    let text = read("Dockerfile")?;
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    for line in lines.join("\n").replace("\\\n", " ").lines() {
        if let Some((instruction, rest)) = line.split_once(' ') {
            if instruction == "FROM" {
                stage.clear();
            }
            let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
            stage.push((instruction.to_owned(), rest));
        }
    }
    Ok(Image(stage))
}

/// What the image's health check says to the binary.
fn healthcheck(image: &Image) -> Result<Vec<String>, String> {
    let check = image.last("HEALTHCHECK")?;
    let (_, command) = check.split_once("CMD ").ok_or("HEALTHCHECK has no CMD")?;
    let command: Vec<String> =
        serde_json::from_str(command).map_err(|e| format!("{check}: {e}"))?;
    match command.split_first() {
        Some((binary, rest)) if binary == BINARY => Ok(rest.to_vec()),
        _ => Err(format!("HEALTHCHECK runs {command:?}")),
    }
}

fn fly(name: &str) -> Result<Table, String> {
    read(name)?.parse().map_err(|error| format!("{name}: {error}"))
}

fn read(name: &str) -> Result<String, String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
        .map_err(|error| format!("{name}: {error}"))
}

fn is_secret(key: &str) -> bool {
    key.contains("SECRET") || key.contains("PASSWORD") || key.contains("TOKEN")
}

/// Every key with its tables in front, `a.b.c`; an array of tables counts as its tables.
fn keys(table: &Table) -> Vec<String> {
    table
        .iter()
        .flat_map(|(key, value)| match value {
            Value::Table(inner) => below(key, inner),
            Value::Array(items) if items.iter().any(Value::is_table) => items
                .iter()
                .filter_map(Value::as_table)
                .flat_map(|inner| below(key, inner))
                .collect(),
            _ => vec![key.clone()],
        })
        .collect()
}

fn below(key: &str, table: &Table) -> Vec<String> {
    keys(table).into_iter().map(|inner| format!("{key}.{inner}")).collect()
}

/// The value at `a.b.c`, in the first table where there is an array of them.
fn at<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    let (key, rest) = path.split_once('.').unwrap_or((path, ""));
    let value = table.get(key)?;
    if rest.is_empty() {
        return Some(value);
    }
    let inner = value.as_array().and_then(|items| items.first()).unwrap_or(value);
    at(inner.as_table()?, rest)
}

fn text<'a>(table: &'a Table, path: &str) -> Option<&'a str> {
    at(table, path)?.as_str()
}

fn number(table: &Table, path: &str) -> Option<i64> {
    at(table, path)?.as_integer()
}

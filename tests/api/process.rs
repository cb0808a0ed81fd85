//! The real program, in processes of its own that can be killed.

use std::{
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use business_mcp::access::{ACCESS, role};
use business_mcp_engine::{
    auth::{AuthConfig, Grant, JwtSecret, MintRequest, mint},
    tool::{Clock, Role},
};

use crate::{
    databases::BUSINESS_FILE,
    support::{Client, TENANT, fresh_postgres},
};

/// The program, on this database and with the tests' business, without the environment of the tests.
pub fn program(database_url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_business-mcp"));
    command.env_clear().env("DATABASE_URL", database_url).env("RUST_LOG", "warn");
    command.env("BUSINESS_FILE", BUSINESS_FILE);
    command
}

/// A database with a shop of one customer, `C-1`, and one product, `HOT-1` at 10.00.
pub struct HotShop {
    pub database_url: String,
    pub secret: JwtSecret,
    folder: tempfile::TempDir,
}

impl HotShop {
    /// A shop with so many pieces on SQLite, and one on Postgres.
    pub async fn on_both(pieces: i64) -> [Self; 2] {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = format!("sqlite://{}", folder.path().join("hot.db").display());
        let postgres = fresh_postgres().await;
        let shop = |database_url, folder| {
            let shop = Self { database_url, secret: JwtSecret::generate(), folder };
            shop.import(pieces);
            shop
        };
        [shop(sqlite, folder), shop(postgres, tempfile::tempdir().unwrap())]
    }

    fn import(&self, pieces: i64) {
        let records = self.folder.path().join("records");
        std::fs::create_dir(&records).unwrap();
        let write = |name: &str, text: String| std::fs::write(records.join(name), text).unwrap();
        write("customers.jsonl", r#"{"id":"C-1","name":"Ana López"}"#.to_owned());
        write(
            "products.jsonl",
            format!(
                r#"{{"id":"HOT","name":"Hot item","variants":[{{"sku":"HOT-1","price":"10.00","on_hand":{pieces}}}]}}"#
            ),
        );
        let imported = program(&self.database_url).arg("import").arg(&records).output().unwrap();
        assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
        let policy = "[tools.order_create]\nauto_approve_below = \"1000000\"\n";
        std::fs::write(self.policy(), policy).unwrap();
    }

    fn policy(&self) -> std::path::PathBuf {
        self.folder.path().join("policy.toml")
    }

    /// Whether the database is SQLite, where one process writes.
    pub fn is_sqlite(&self) -> bool {
        self.database_url.starts_with("sqlite")
    }

    /// Starts the program on this shop and waits until it is ready.
    pub async fn serve(&self) -> Process {
        self.serve_with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn serve_with(&self, change: impl FnOnce(&mut Command)) -> Process {
        let port = free_port();
        let mut command = program(&self.database_url);
        command
            .arg("serve")
            .env("PORT", port.to_string())
            .env("METRICS_PORT", "0")
            .env("JWT_SECRET", self.secret.expose())
            .env("POLICY_FILE", self.policy())
            .env("RATE_LIMIT_PER_MINUTE", "1000000")
            .env("RATE_LIMIT_BURST", "100000")
            .env("TOOL_TIMEOUT", "30s")
            .stdin(Stdio::null());
        change(&mut command);
        let child = command.spawn().unwrap();
        let process = Process { child, url: format!("http://127.0.0.1:{port}") };
        process.wait_until_ready().await;
        process
    }

    /// Processes that start from now on let every order wait for a person.
    pub fn let_orders_wait(&self) {
        std::fs::write(self.policy(), "").unwrap();
    }

    /// A voice agent that talks to a process.
    pub fn agent(&self, process: &Process) -> Client {
        self.client(process, role::AGENT, "agent")
    }

    /// A client of this role that talks to a process.
    pub fn client(&self, process: &Process, role: &'static Role, subject: &str) -> Client {
        let grant = Grant::Role(role);
        let (ttl, now) = (Duration::from_hours(1), Clock::System.now());
        let request = MintRequest { tenant: TENANT, subject, grant, ttl, now };
        let token = mint(&self.secret, &AuthConfig::new(ACCESS), &request).unwrap();
        Client::new(process.url.clone(), token)
    }
}

/// The running program; killed when it goes out of scope.
pub struct Process {
    child: Child,
    pub url: String,
}

impl Process {
    async fn wait_until_ready(&self) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        loop {
            let answer = reqwest::get(format!("{}/readyz", self.url)).await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "the program does not become ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks the program to stop, as whoever keeps it running does.
    pub fn terminate(&self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success(), "{asked}");
    }

    /// Waits until the program has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(tokio::time::Instant::now() < deadline, "the program does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the program at once, as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

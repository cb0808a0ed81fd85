//! Runs one tool against real databases, as the gate would, for the tests beside the tools.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use proptest::{
    prelude::{ProptestConfig, Strategy},
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use serde_json::Value;

use crate::{
    access::role,
    business::Business,
    payments::sql::ledgers,
    sales,
    testing::{self, TestDb, TestProvider},
};
use business_mcp_engine::{
    speech::phrases,
    tool::{
        CallContext, Caller, Catalogue, Preview, Role, Spec, ToolError,
        catalogue::{AnyKind, Entry, PreparedCall},
        context::Tenant,
    },
};

/// A small shop (see [`testing::small_shop`]) with one tool in front of it.
pub(crate) struct Shop {
    pub(crate) db: TestDb,
    pub(crate) now: DateTime<Utc>,
    pub(crate) role: &'static Role,
    /// The business behind it, which is the shipped one unless a test changes it.
    pub(crate) business: Business,
    /// What stands behind its cards and wallets.
    pub(crate) provider: TestProvider,
}

/// The small shop on every database there is to test on, at noon of 2026-01-10 in New York.
pub(crate) async fn shops() -> Vec<Shop> {
    shops_on(testing::databases().await).await
}

/// The same on SQLite and on Postgres databases that sort text by the rules of a language.
pub(crate) async fn collated_shops() -> Vec<Shop> {
    shops_on(testing::collated_databases().await).await
}

async fn shops_on(databases: Vec<TestDb>) -> Vec<Shop> {
    let mut shops = Vec::new();
    for db in databases {
        let mut tx = db.db.write().await.unwrap().of("demo");
        testing::small_shop(&mut tx).await;
        tx.commit().await.unwrap();
        let (now, business) = ("2026-01-10T17:00:00Z".parse().unwrap(), testing::business());
        shops.push(Shop {
            db,
            now,
            role: role::AGENT,
            business,
            provider: TestProvider::default(),
        });
    }
    shops
}

impl Shop {
    /// Calls a tool and commits what it did; the answer is the envelope as JSON.
    pub(crate) async fn call<K>(
        &self,
        tool: impl AnyKind<K>,
        arguments: Value,
    ) -> Result<Value, ToolError> {
        let (spec, call) = prepared(tool, arguments)?;
        let writes = spec.effect.writes();
        let mut ctx = self.context(writes).await;
        let rendered = call.run(&mut ctx).await?;
        ctx.tx.commit().await?;
        let answer: Value = serde_json::from_str(&rendered.json).unwrap();
        let say = answer.get("say").and_then(Value::as_str).unwrap();
        assert!(phrases::is_speakable(say), "not speakable: {say}");
        assert!(phrases::sentences(say) <= 2, "more than two sentences: {say}");
        assert!(rendered.json.len() <= 8 * 1024, "the answer is longer than 8 KB");
        assert_eq!(answer.as_object().unwrap().keys().next().unwrap(), "say");
        Ok(answer)
    }

    /// What a tool would tell an approver; nothing is kept.
    pub(crate) async fn preview<K>(
        &self,
        tool: impl AnyKind<K>,
        args: Value,
    ) -> Result<Preview, ToolError> {
        let (_, call) = prepared(tool, args)?;
        let mut ctx = self.context(true).await;
        Ok(call.resolve(&mut ctx).await?.plan(&mut ctx).await?.preview)
    }

    /// What identifies the wish of a call, as the gate derives its key from it; nothing is kept.
    pub(crate) async fn fingerprint<K>(
        &self,
        tool: impl AnyKind<K>,
        args: Value,
    ) -> Result<String, ToolError> {
        let (_, call) = prepared(tool, args)?;
        let mut ctx = self.context(true).await;
        call.resolve(&mut ctx).await?.fingerprint()
    }

    /// The words and code of a refusal.
    pub(crate) async fn refusal<K>(
        &self,
        tool: impl AnyKind<K>,
        args: Value,
    ) -> (&'static str, String) {
        let error = self.call(tool, args).await.unwrap_err();
        (error.code().as_str(), error.to_string())
    }

    /// The one number that a statement answers.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        let mut tx = self.db.db.read().await.unwrap().of("demo");
        let (number,): (i64,) = tx.fetch_one(sql, &[]).await.unwrap();
        number
    }

    /// Changes the shop behind the tools' back.
    pub(crate) async fn run(&self, sql: &'static str) {
        let mut tx = self.db.db.write().await.unwrap().of("demo");
        tx.execute(sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Whether every ledger adds up. What was sold is counted after that, so that whatever comes
    /// next has to see to it that its totals are counted again.
    pub(crate) async fn books_add_up(&self) {
        let mut tx = self.db.db.read().await.unwrap().of("demo");
        let differences = ledgers::differences(&mut tx).await.unwrap();
        assert!(differences.none(), "{differences:?}");
        drop(tx);
        sales::count_some(&self.db.db, "2026-12-31", 1000).await.unwrap();
    }

    /// A context as the gate makes one.
    pub(crate) async fn context(&self, writes: bool) -> CallContext {
        let tx = if writes { self.db.db.write().await } else { self.db.db.read().await };
        let facts = Arc::new(self.business.clone());
        let mut tenant = Tenant::new("demo".into(), facts);
        tenant.time_zone = chrono_tz::America::New_York;
        let caller = Caller {
            tenant: "demo".into(),
            subject: "tester".into(),
            token_id: None,
            scopes: self.role.scopes(),
            role: Some(self.role),
            expires_at: None,
            access: crate::access::ACCESS,
        };
        let (caller, tx) = (Arc::new(caller), tx.unwrap().of("demo"));
        let mut ctx = CallContext::new(caller, Arc::new(tenant), tx, self.now);
        ctx.erasures = crate::application().erasures();
        ctx
    }
}

/// Plays sequences that proptest makes: the first `kept` seeds, which are the same every day, or those that
/// `SEQUENCES` asks for: `300` others, or `1:42` to play the seed of a failure alone. Says whether they
/// were the kept ones.
pub(crate) fn sequences<S: Strategy>(kept: u32, strategy: &S, play: impl Fn(S::Value)) -> bool {
    let asked = std::env::var("SEQUENCES").ok().filter(|asked| !asked.is_empty());
    let number = |text: &str| text.parse::<u64>().expect("SEQUENCES is `count` or `count:seed`");
    let (count, first) =
        match asked.as_deref().map(|asked| asked.split_once(':').unwrap_or((asked, ""))) {
            None => (kept.into(), 0),
            Some((count, "")) => (number(count), rand::random::<u32>().into()),
            Some((count, seed)) => (number(count), number(seed)),
        };
    for seed in first..first + count {
        let (cases, max_shrink_iters) = (1, 500);
        let config = ProptestConfig {
            cases,
            max_shrink_iters,
            failure_persistence: None,
            ..Default::default()
        };
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let played = TestRunner::new_with_rng(config, rng).run(strategy, |sequence| {
            play(sequence);
            Ok(())
        });
        if let Err(failed) = played {
            panic!("{failed}\nSEQUENCES=1:{seed} plays this one again");
        }
    }
    asked.is_none()
}

fn prepared<K>(
    tool: impl AnyKind<K>,
    arguments: Value,
) -> Result<(&'static Spec, PreparedCall), ToolError> {
    let entry = Arc::new(Entry::of(tool));
    let catalogue = Catalogue::default().with_entry(entry.clone());
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    Ok((entry.spec, catalogue.prepare(&entry, arguments)?))
}

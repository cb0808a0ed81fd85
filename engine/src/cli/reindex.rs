//! `reindex`: writes anew what records are found by, by the rules of this build.
//!
//! Records are compared a few at a time, each few in a transaction of its own, and only what differs is written. So it
//! may be run again, and beside servers.

use anyhow::{Context as _, bail};

use super::{progress::Shown, start};
use crate::{
    application::{Application, Index, Reindexed},
    config::{self, DatabaseConfig},
    db::{Db, StoreResult, TENANT, params, tenants},
};

/// How often the same few records are tried when other transactions are in the way.
const TRIES: usize = 5;

/// Which records.
#[derive(clap::Args)]
pub struct ReindexArgs {
    #[command(flatten)]
    database: DatabaseConfig,
    /// Whose records [default: everybody's]
    #[arg(long, value_parser = config::tenant)]
    tenant: Option<String>,
}

pub(super) async fn run(args: ReindexArgs, application: &Application) -> anyhow::Result<()> {
    let db = start::open_migrated(&args.database, application).await?;
    let mut tenants = tenants::ids(&mut db.read().await?).await?;
    if let Some(only) = &args.tenant {
        tenants.retain(|tenant| tenant == only);
        if tenants.is_empty() {
            bail!("there is no tenant {only}");
        }
    }
    let mut shown = Shown::new();
    for tenant in &tenants {
        for index in application.indexes() {
            let reindexed = reindex(&db, tenant, index, &mut shown).await;
            reindexed.with_context(|| format!("the {} of {tenant}", index.name))?;
        }
    }
    db.close().await;
    Ok(())
}

async fn reindex(db: &Db, tenant: &str, index: &Index, shown: &mut Shown) -> StoreResult<()> {
    let name = format!("{tenant}: {}", index.name);
    let (of,): (i64,) = db.read().await?.of(tenant).fetch_one(index.count, params![TENANT]).await?;
    let of = usize::try_from(of).unwrap_or_default();
    let (mut done, mut changed, mut after) = (0, 0, String::new());
    while let Some(some) = some(db, tenant, index, &after).await? {
        done += some.records;
        changed += some.changed;
        after = some.last;
        shown.writing(&name, done, of);
    }
    shown.finished(format_args!("{name}: {done}, of which {changed} were written anew"));
    Ok(())
}

async fn some(db: &Db, tenant: &str, index: &Index, after: &str) -> StoreResult<Option<Reindexed>> {
    let mut tries = 1..=TRIES;
    loop {
        tries.next();
        let outcome: StoreResult<_> = async {
            let mut tx = db.write().await?.of(tenant);
            let some = (index.reindex)(&mut tx, after).await?;
            tx.commit().await?;
            Ok(some)
        }
        .await;
        match outcome {
            Err(error) if error.is_retryable() && !tries.is_empty() => {}
            ended => return ended,
        }
    }
}

//! Counts what was sold on days that are over, in the background of a server.

use std::time::Duration;

use business_mcp_engine::{
    db::{Db, StoreResult},
    tool::Clock,
};
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::{count_some, last_to_count};

/// How long a server that has just started does better things.
const START: Duration = Duration::from_secs(5);
/// How often days that are over are counted.
const COUNT: Duration = Duration::from_secs(30);
/// The pause after each day, so that it hinders nobody.
const COUNT_PAUSE: Duration = Duration::from_millis(100);

/// Counts until `stop` is cancelled.
pub(super) async fn run(db: Db, clock: Clock, stop: CancellationToken) {
    let mut pause = START;
    while stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        let until = last_to_count(clock.now());
        pause = match count_some(&db, &until, 1).await {
            Ok(0) => COUNT,
            Ok(_) => COUNT_PAUSE,
            Err(error) => {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, source, "what was sold could not be counted");
                COUNT
            }
        };
    }
}

/// Counts all days that are over, after an import.
pub(super) async fn count_all(db: &Db, now: DateTime<Utc>) -> StoreResult<()> {
    let until = last_to_count(now);
    while count_some(db, &until, 50).await? > 0 {}
    Ok(())
}

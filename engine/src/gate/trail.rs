//! The audit lines that stand apart from what they are about: calls that were refused or failed.
//!
//! What failed has been rolled back, so its line needs a transaction of its own. Nobody waits for it:
//! what keeps the database from taking the line would keep the caller from hearing what went wrong.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio_util::task::TaskTracker;

use super::CallRequest;
use crate::{
    db::{Db, StoreResult, audit},
    tool::{Caller, ConversationId, Spec, ToolError},
};

/// How many lines may wait. A database that takes none for so long leaves the rest to the log.
const MOST_WAITING: usize = 10_000;
/// How many are written in one transaction, so that it never holds the database for long.
const AT_ONCE: usize = 100;
/// How long a database that does not take a line is tried again.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(200);

/// Writes lines in the background, in the order in which they came.
#[derive(Clone)]
pub(super) struct Trail {
    db: Db,
    lines: Arc<Mutex<Lines>>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct Lines {
    waiting: VecDeque<Line>,
    /// Whether a task is writing; it ends when nothing waits.
    is_writing: bool,
}

/// A call that did not succeed.
struct Line {
    id: String,
    spec: &'static Spec,
    caller: Arc<Caller>,
    conversation: Option<ConversationId>,
    request_id: Option<Arc<str>>,
    at: DateTime<Utc>,
    outcome: &'static str,
    fingerprint: Option<String>,
}

impl Trail {
    pub(super) fn new(db: Db) -> Self {
        let tasks = TaskTracker::new();
        // It takes tasks all the same; waiting for none of them would last for ever otherwise.
        tasks.close();
        Self { db, lines: Arc::default(), tasks }
    }

    /// Notes a call that failed, or, where nothing was prepared of it, one that was refused.
    pub(super) fn note(
        &self,
        spec: &'static Spec,
        fingerprint: Option<String>,
        request: &CallRequest,
        error: &ToolError,
        at: DateTime<Utc>,
    ) {
        let line = Line {
            id: audit::new_id(),
            spec,
            caller: request.caller.clone(),
            conversation: request.conversation.clone(),
            request_id: request.request_id.clone(),
            at,
            outcome: error.code().as_str(),
            fingerprint,
        };
        let mut lines = self.lines();
        if lines.waiting.len() >= MOST_WAITING {
            tracing::warn!(tool = spec.name, "a failed call is not audited: too many wait for it");
            return;
        }
        lines.waiting.push_back(line);
        if !std::mem::replace(&mut lines.is_writing, true) {
            self.tasks.spawn(self.clone().write_all());
        }
    }

    /// Waits until everything that was noted is written.
    pub(super) async fn written(&self) {
        self.tasks.wait().await;
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next lines to write. When there are none, whoever asked is the writer no longer.
    fn next(&self) -> Vec<Line> {
        let mut lines = self.lines();
        let some = lines.waiting.len().min(AT_ONCE);
        lines.is_writing = some > 0;
        lines.waiting.drain(..some).collect()
    }

    async fn write_all(self) {
        loop {
            let lines = self.next();
            if lines.is_empty() {
                return;
            }
            if let Err(error) = self.write(&lines).await {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                let calls = lines.len();
                tracing::error!(%error, source, calls, "failed calls could not be audited");
            }
        }
    }

    /// Writes some lines, again while the database does not take them.
    async fn write(&self, lines: &[Line]) -> StoreResult<()> {
        let started = tokio::time::Instant::now();
        loop {
            match self.write_once(lines).await {
                Err(_) if started.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                outcome => return outcome,
            }
        }
    }

    async fn write_once(&self, lines: &[Line]) -> StoreResult<()> {
        let mut tx = self.db.write().await?;
        for line in lines {
            tx.set_tenant(line.caller.tenant.clone());
            // A commit whose answer was lost is made again.
            audit::append_once(&mut tx, &line.id, &line.event()).await?;
        }
        tx.commit().await
    }
}

impl Line {
    fn event(&self) -> audit::Event<'_> {
        audit::Event {
            at: self.at,
            principal: &self.caller.subject,
            token_id: self.caller.token_id.as_deref(),
            action: if self.fingerprint.is_some() { "failed" } else { "refused" },
            tool: self.spec.name,
            outcome: self.outcome,
            approval_id: None,
            subject: None,
            arguments_hash: self.fingerprint.as_deref(),
            conversation: self.conversation.as_deref(),
            request_id: self.request_id.as_deref(),
        }
    }
}

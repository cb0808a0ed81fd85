//! What is known of each tenant, read once and read again every few seconds.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::time::{Instant, timeout};

use super::BusinessFile;
use crate::{
    db::{Db, StoreError, StoreResult, Tx, tenants, tenants::TenantRow},
    speech::words::Language,
    tool::context::Tenant,
};

/// More tenants than this are read anew; it bounds the memory that foreign tokens can take.
const MOST: usize = 10_000;

/// How long a tenant is taken to be as it was read.
const FRESH: Duration = Duration::from_secs(2);

/// How soon a tenant that could not be read is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How long a call waits to hear which language to speak, out of its own time.
const PATIENCE: Duration = Duration::from_millis(500);

/// The facts in force for each tenant that was asked for.
pub struct Tenants {
    file: BusinessFile,
    known: RwLock<HashMap<Arc<str>, Known>>,
}

#[derive(Clone)]
struct Known {
    tenant: Arc<Tenant>,
    row: Arc<TenantRow>,
    /// When it is read again.
    due: Instant,
}

impl Tenants {
    /// Nothing is known yet but the facts of the server.
    pub fn new(file: BusinessFile) -> Self {
        Self { file, known: RwLock::default() }
    }

    /// The language of a tenant's callers. It is asked at the start of each call, and reads the tenant again where
    /// that is due; where the database cannot be asked, the call goes on with what is known.
    pub async fn language(&self, id: &Arc<str>, db: &Db) -> Language {
        let known = self.known(id).map(|known| known.tenant.language);
        if let Some(language) = known
            && !self.take_turn(id)
        {
            return language;
        }
        let read = async { self.read(id, &mut db.read().await?).await };
        let why = match timeout(PATIENCE, read).await {
            Ok(Ok(tenant)) => return tenant.language,
            Ok(Err(error)) => sentence(&error),
            Err(elapsed) => elapsed.to_string(),
        };
        tracing::warn!(tenant = &**id, why, "the tenant could not be read, and is tried again");
        known.unwrap_or_default()
    }

    /// The facts in force for a tenant, as one value for the whole call.
    ///
    /// # Errors
    /// The database's, and what is stored with the tenant and makes no sense to this build.
    pub async fn of(&self, id: &Arc<str>, tx: &mut Tx) -> StoreResult<Arc<Tenant>> {
        match self.known(id) {
            Some(known) => Ok(known.tenant),
            None => self.read(id, tx).await,
        }
    }

    fn known(&self, id: &str) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Whether a tenant is to be read again, and this caller is the one to do it.
    fn take_turn(&self, id: &str) -> bool {
        let now = Instant::now();
        if self.known(id).is_none_or(|known| known.due > now) {
            return false;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match known.get_mut(id) {
            Some(known) if known.due <= now => {
                known.due = now + RETRY;
                true
            }
            _ => false,
        }
    }

    async fn read(&self, id: &Arc<str>, tx: &mut Tx) -> StoreResult<Arc<Tenant>> {
        let due = Instant::now() + FRESH;
        let row = tenants::find(tx, id).await?;
        let before = self.known(id).filter(|known| Some(&*known.row) == row.as_ref());
        let tenant = match &before {
            Some(known) => known.tenant.clone(),
            None => Arc::new(self.file.tenant(id, row.as_ref()).map_err(|why| {
                tracing::error!(tenant = &**id, why, "the tenant is not usable; see `doctor`");
                StoreError::other("a tenant is stored in a way that this build cannot use")
            })?),
        };
        if before.is_none() && tenant.currency != tenant.configured_currency {
            tracing::error!(
                tenant = &**id,
                recorded = %tenant.currency,
                configured = %tenant.configured_currency,
                "no money is written: it is recorded in another currency; see `doctor`"
            );
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match row {
            Some(row) if known.len() < MOST || known.contains_key(id) => {
                let row = before.map_or_else(|| Arc::new(row), |known| known.row);
                known.insert(id.clone(), Known { tenant: tenant.clone(), row, due });
            }
            _ => {
                known.remove(id);
            }
        }
        Ok(tenant)
    }
}

/// An error with what caused it.
fn sentence(error: &StoreError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

//! What is known of a tenant: its currency, its zone and its language, read once and kept.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::time::timeout;

use crate::{
    business::SharedFacts,
    db::{Db, StoreResult, Tx, tenants},
    money::Currency,
    speech::words::Language,
    tool::context::Tenant,
};

/// More tenants than this are read anew; it bounds the memory that foreign tokens can take.
const KEPT: usize = 10_000;

/// A tenant's facts, and what is said to its callers.
type Known = (Arc<Tenant>, Language);

/// How long a call waits to hear which language to speak, out of its own time.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) struct Tenants {
    facts: SharedFacts,
    known: RwLock<HashMap<Arc<str>, Known>>,
}

impl Tenants {
    pub(super) fn new(facts: SharedFacts) -> Self {
        Self { facts, known: RwLock::default() }
    }

    /// What every tenant's business knows of itself.
    pub(super) fn facts(&self) -> &SharedFacts {
        &self.facts
    }

    /// A tenant's facts. One that the database does not know sees nothing, so any facts will do.
    pub(super) async fn of(&self, id: &Arc<str>, tx: &mut Tx) -> StoreResult<Arc<Tenant>> {
        match self.known(id) {
            Some((tenant, _)) => Ok(tenant),
            None => Ok(self.learn(id, tx).await?.0),
        }
    }

    /// What is said to a tenant's callers; where nobody can be asked, it is said as to everybody.
    pub(super) async fn language(&self, id: &Arc<str>, db: &Db) -> Language {
        if let Some((_, language)) = self.known(id) {
            return language;
        }
        let learned = async { self.learn(id, &mut db.read().await?).await };
        match timeout(PATIENCE, learned).await {
            Ok(Ok((_, language))) => language,
            _ => Language::default(),
        }
    }

    fn known(&self, id: &str) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    async fn learn(&self, id: &Arc<str>, tx: &mut Tx) -> StoreResult<Known> {
        let row = tenants::find(tx, id).await?;
        let stored = row.is_some();
        let tag = row.as_ref().and_then(|row| row.language.as_deref());
        let language = Language::of(tag.unwrap_or(self.facts.language())).unwrap_or_default();
        let (currency, zone) = row.map(|row| (row.currency, row.time_zone)).unzip();
        let tenant = Arc::new(Tenant {
            id: id.clone(),
            currency: currency
                .and_then(|code| Currency::parse(&code))
                .unwrap_or(self.facts.currency()),
            time_zone: zone.and_then(|name| name.parse().ok()).unwrap_or(self.facts.time_zone()),
            facts: self.facts.clone(),
        });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if stored && known.len() < KEPT {
            known.insert(id.clone(), (tenant.clone(), language));
        }
        Ok((tenant, language))
    }
}

//! What is known of a tenant: its currency and its zone, read once and kept.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::Business;
use crate::{
    domain::money::Currency,
    store::{StoreResult, Tx, tenants},
    toolkit::context::Tenant,
};

/// More tenants than this are read anew; it bounds the memory that foreign tokens can take.
const KEPT: usize = 10_000;

pub(super) struct Tenants {
    business: Arc<Business>,
    known: RwLock<HashMap<Arc<str>, Arc<Tenant>>>,
}

impl Tenants {
    pub(super) fn new(business: Arc<Business>) -> Self {
        Self { business, known: RwLock::default() }
    }

    /// A tenant's facts. One that the database does not know sees nothing, so any facts will do.
    pub(super) async fn of(&self, id: &Arc<str>, tx: &mut Tx) -> StoreResult<Arc<Tenant>> {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(known.clone());
        }
        let row = tenants::find(tx, id).await?;
        let stored = row.is_some();
        let (currency, zone) = row.map(|row| (row.currency, row.time_zone)).unzip();
        let tenant = Arc::new(Tenant {
            id: id.clone(),
            currency: currency
                .and_then(|code| Currency::parse(&code))
                .unwrap_or(self.business.currency),
            time_zone: zone.and_then(|name| name.parse().ok()).unwrap_or(self.business.time_zone),
            business: self.business.clone(),
        });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if stored && known.len() < KEPT {
            known.insert(id.clone(), tenant.clone());
        }
        Ok(tenant)
    }
}

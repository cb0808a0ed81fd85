//! Making and changing a tenant.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use anyhow::{anyhow, bail};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::Args;

use super::{BusinessFile, business_file::text_of};
use crate::{
    business::{Facts, SharedFacts},
    db::{StoreResult, TENANT, Tx, params, tenants, tenants::TenantRow},
    money::Currency,
    tool::context::Tenant,
};

/// What takes a setting back.
const DEFAULT: &str = "default";

/// A setting of one tenant.
#[derive(Debug, Clone)]
pub enum Setting<T> {
    /// Whatever the tenant would have without it.
    Default,
    /// This.
    Own(T),
}

impl<T> Setting<T> {
    fn read(text: &str, own: impl Fn(&str) -> Result<T, String>) -> Result<Self, String> {
        if text == DEFAULT { Ok(Self::Default) } else { own(text).map(Self::Own) }
    }

    fn own(&self) -> Option<&T> {
        match self {
            Self::Default => None,
            Self::Own(value) => Some(value),
        }
    }
}

/// What is set for one tenant; `default` takes a setting back.
#[derive(Debug, Clone, Default, Args)]
pub struct TenantArgs {
    /// Currency of its prices, such as EUR; it changes only while no money is on record [default: its business
    /// file's]
    #[arg(long, value_name = "CODE", value_parser = currency)]
    pub currency: Option<Setting<Currency>>,
    /// Where its days begin and end, such as Europe/Berlin [default: its business file's]
    #[arg(long, value_name = "ZONE", value_parser = time_zone)]
    pub time_zone: Option<Setting<Tz>>,
    /// What its callers hear, such as en-US [default: its business file's]
    #[arg(long, value_name = "TAG", value_parser = language)]
    pub language: Option<Setting<String>>,
    /// Its own facts; the text is stored with the tenant [default: the business file of the server]
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub business_file: Option<Setting<PathBuf>>,
}

fn currency(text: &str) -> Result<Setting<Currency>, String> {
    Setting::read(text, |code| {
        Currency::parse(code).ok_or_else(|| "write an ISO 4217 code such as EUR".to_owned())
    })
}

fn time_zone(text: &str) -> Result<Setting<Tz>, String> {
    Setting::read(text, |name| {
        Tz::from_str(name).map_err(|_| "write a zone such as America/New_York".to_owned())
    })
}

fn language(text: &str) -> Result<Setting<String>, String> {
    Setting::read(text, |tag| {
        let is_part = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let is_tag = tag.split('-').all(is_part);
        if is_tag { Ok(tag.to_owned()) } else { Err("write a tag such as en-US".to_owned()) }
    })
}

fn path(text: &str) -> Result<Setting<PathBuf>, String> {
    Setting::read(text, |path| Ok(path.into()))
}

impl TenantRow {
    /// A tenant with whom all is as these facts say.
    pub fn of(facts: &dyn Facts) -> Self {
        Self {
            name: facts.name().to_owned(),
            currency: facts.currency().code().to_owned(),
            own_currency: false,
            time_zone: None,
            language: None,
            business_file: None,
        }
    }
}

impl TenantArgs {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        let Self { currency, time_zone, language, business_file } = self;
        currency.is_none() && time_zone.is_none() && language.is_none() && business_file.is_none()
    }

    /// Makes the tenant or changes it, and returns the facts that are in force then. `money` are statements that
    /// count what is recorded in the tenant's currency.
    ///
    /// # Errors
    /// A business file that is wrong, and a currency that cannot change because money is on record.
    pub async fn apply(
        &self,
        tx: &mut Tx,
        file: &BusinessFile,
        id: &str,
        money: &[&'static str],
        now: DateTime<Utc>,
    ) -> anyhow::Result<Tenant> {
        tx.set_tenant(id);
        let before = tenants::lock(tx, id).await?;
        let (facts, business_file) = self.facts(file, before.as_ref())?;
        let (currency, own_currency) = self.currency(&facts, before.as_ref());
        if let Some(before) = &before
            && before.currency != currency.code()
            && has_money(tx, money).await?
        {
            bail!(
                "{id} has money on record in {}, so it cannot change to {currency}: keep \
                 `currency = \"{0}\"` in its business file, or make another tenant",
                before.currency
            );
        }
        let (zone, tag) =
            before.map(|before| (before.time_zone, before.language)).unwrap_or_default();
        let row = TenantRow {
            name: facts.name().to_owned(),
            currency: currency.code().to_owned(),
            own_currency,
            time_zone: match &self.time_zone {
                None => zone,
                Some(set) => set.own().map(|zone| zone.name().to_owned()),
            },
            language: match &self.language {
                None => tag,
                Some(set) => set.own().cloned(),
            },
            business_file,
        };
        tenants::save(tx, id, &row, now).await?;
        file.tenant(&Arc::from(id), Some(&row)).map_err(|why| anyhow!("{id}: {why}"))
    }

    /// The facts that the tenant will have, and the text of its own file.
    fn facts(
        &self,
        file: &BusinessFile,
        before: Option<&TenantRow>,
    ) -> anyhow::Result<(SharedFacts, Option<String>)> {
        let (name, text) = match &self.business_file {
            None => (String::new(), before.and_then(|before| before.business_file.clone())),
            Some(Setting::Default) => (String::new(), None),
            Some(Setting::Own(path)) => {
                let name = path.display().to_string();
                let text = text_of(path).map_err(|why| anyhow!("{name} {why}"))?;
                (name, Some(text))
            }
        };
        let facts = match &text {
            Some(text) => file.read(text).map_err(|why| anyhow!("{name}: {why}"))?,
            None => file.facts().clone(),
        };
        Ok((facts, text))
    }

    /// The currency that the tenant will have, and whether it is chosen for this tenant.
    fn currency(&self, facts: &SharedFacts, before: Option<&TenantRow>) -> (Currency, bool) {
        let recorded = before
            .filter(|before| before.own_currency || self.business_file.is_none())
            .and_then(|before| Some((Currency::parse(&before.currency)?, before.own_currency)));
        match &self.currency {
            Some(Setting::Own(currency)) => (*currency, true),
            Some(Setting::Default) => (facts.currency(), false),
            None => recorded.unwrap_or((facts.currency(), false)),
        }
    }
}

/// Whether a tenant has anything on record that is an amount of its currency.
///
/// # Errors
/// The database's.
pub async fn has_money(tx: &mut Tx, money: &[&'static str]) -> StoreResult<bool> {
    for statement in money {
        let (count,): (i64,) = tx.fetch_one(statement, params![TENANT]).await?;
        if count > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

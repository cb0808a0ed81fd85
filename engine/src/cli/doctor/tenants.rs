//! Each tenant beside its business file.

use std::sync::Arc;

use super::{Findings, fine, note};
use crate::{
    application::Application,
    db::{Db, StoreResult, Tx, tenants, tenants::TenantRow},
    speech::words::Language,
    tenants::{BusinessFile, change},
    tool::context::Tenant,
};

pub(super) async fn compare(
    db: &Db,
    application: &Application,
    file: &BusinessFile,
    findings: &mut Findings,
) {
    let compared = async {
        let mut tx = db.read().await?;
        for id in tenants::ids(&mut tx).await? {
            if let Some(row) = tenants::find(&mut tx, &id).await? {
                one(&mut tx, application, file, (&id, &row), findings).await?;
            }
        }
        StoreResult::Ok(())
    };
    if let Err(error) = compared.await {
        note(&format!("the tenants were not looked at: {error}"));
    }
}

async fn one(
    tx: &mut Tx,
    application: &Application,
    file: &BusinessFile,
    (id, row): (&str, &TenantRow),
    findings: &mut Findings,
) -> StoreResult<()> {
    let tenant = match file.tenant(&Arc::from(id), Some(row)) {
        Ok(tenant) => tenant,
        Err(why) => {
            let mend = format!("Set it anew with `business-mcp tenant update {id}`.");
            findings.wrong(&format!("tenant {id} is not usable: {why}"), &mend);
            return Ok(());
        }
    };
    let origin = if row.business_file.is_some() { "its own business file" } else { file.name() };
    if tenant.check_currency().is_err() {
        tx.set_tenant(id);
        let has_money = change::has_money(tx, &application.money()).await?;
        let (what, mend) = currencies(&tenant, origin, has_money);
        findings.wrong(&what, &mend);
    } else {
        fine(&format!("tenant {id} is in {}, {}", tenant.currency, tenant.time_zone));
    }
    for (what, option, ours, theirs) in own(&tenant, row) {
        note(&format!(
            "tenant {id} has the {what} {ours} of its own, and {origin} says {theirs}; \
             `business-mcp tenant update {id} --{option} default` takes the file's"
        ));
    }
    let tag = row.language.as_deref().unwrap_or(tenant.facts.language());
    if Language::of(tag).is_none() {
        note(&format!("tenant {id} hears English: no language {tag} is compiled in"));
    }
    Ok(())
}

/// What is wrong where a tenant's amounts are in another currency than its facts, and how to mend it.
fn currencies(tenant: &Tenant, origin: &str, has_money: bool) -> (String, String) {
    let Tenant { id, currency, configured_currency: configured, .. } = tenant;
    let what = format!(
        "tenant {id} is kept in {currency}, but {origin} says {configured}: orders, prices and payments cannot be \
         changed"
    );
    let mend = if has_money {
        format!(
            "Money is on record in {currency}: set currency = \"{currency}\" in the file again, or keep it for this \
             tenant with `business-mcp tenant update {id} --currency {currency}`. A business in {configured} \
             is another tenant: `business-mcp tenant create`."
        )
    } else {
        format!(
            "No money is on record yet: `business-mcp tenant update {id} --currency default` takes {configured}."
        )
    };
    (what, mend)
}

/// The facts that were set for a tenant and differ from its file: what, by which option, what was set, what the file
/// says.
fn own(tenant: &Tenant, row: &TenantRow) -> Vec<(&'static str, &'static str, String, String)> {
    let facts = &tenant.facts;
    let theirs = (facts.currency(), facts.time_zone(), facts.language());
    let currency = row.own_currency.then(|| row.currency.clone());
    [
        ("currency", "currency", currency, theirs.0.to_string()),
        ("time zone", "time-zone", row.time_zone.clone(), theirs.1.to_string()),
        ("language", "language", row.language.clone(), theirs.2.to_owned()),
    ]
    .into_iter()
    .filter_map(|(what, option, ours, theirs)| Some((what, option, ours?, theirs)))
    .filter(|(_, _, ours, theirs)| ours != theirs)
    .collect()
}

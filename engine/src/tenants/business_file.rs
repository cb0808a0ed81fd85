//! The business file: the facts of every tenant that has no file of its own.

use std::{fs, path::Path, sync::Arc};

use crate::{
    business::SharedFacts, db::tenants::TenantRow, money::Currency, speech::words::Language,
    tool::context::Tenant,
};

/// Reads the facts of a business from the text of its file.
pub type ReadFacts = fn(&str) -> Result<SharedFacts, String>;

/// The facts of the server, and how those of a tenant are read.
#[derive(Debug, Clone)]
pub struct BusinessFile {
    name: String,
    facts: SharedFacts,
    read: ReadFacts,
}

impl BusinessFile {
    /// The facts that ship with the server.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn shipped(text: &str, read: ReadFacts) -> Result<Self, String> {
        let facts = read(text).map_err(|why| format!("the shipped business file: {why}"))?;
        Ok(Self { name: "the shipped business file".to_owned(), facts, read })
    }

    /// The facts in the file that `BUSINESS_FILE` names.
    ///
    /// # Errors
    /// A sentence that names the file, and the line and the setting that are wrong.
    pub fn open(path: &Path, read: ReadFacts) -> Result<Self, String> {
        let name = format!("BUSINESS_FILE {}", path.display());
        let text = text_of(path).map_err(|why| format!("{name} {why}"))?;
        let facts = read(&text).map_err(|why| format!("{name}: {why}"))?;
        Ok(Self { name, facts, read })
    }

    /// What people call the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The facts of every tenant that has no file of its own.
    pub fn facts(&self) -> &SharedFacts {
        &self.facts
    }

    /// Reads the text of a tenant's own file.
    ///
    /// # Errors
    /// The line and the setting that are wrong.
    pub fn read(&self, text: &str) -> Result<SharedFacts, String> {
        (self.read)(text)
    }

    /// The facts in force for a tenant. One that the database does not know sees nothing, so any facts will do.
    ///
    /// # Errors
    /// What is stored with the tenant and makes no sense to this build.
    pub fn tenant(&self, id: &Arc<str>, row: Option<&TenantRow>) -> Result<Tenant, String> {
        let Some(row) = row else { return Ok(Tenant::new(id.clone(), self.facts.clone())) };
        let facts = match &row.business_file {
            Some(text) => self.read(text).map_err(|why| format!("its business file: {why}"))?,
            None => self.facts.clone(),
        };
        let mut tenant = Tenant::new(id.clone(), facts);
        let currency = Currency::parse(&row.currency);
        tenant.currency = currency.ok_or_else(|| format!("{} is no currency", row.currency))?;
        if row.own_currency {
            tenant.configured_currency = tenant.currency;
        }
        if let Some(name) = &row.time_zone {
            tenant.time_zone = name.parse().map_err(|_| format!("{name} is no time zone"))?;
        }
        if let Some(tag) = &row.language {
            tenant.language = Language::of(tag).unwrap_or_default();
        }
        Ok(tenant)
    }
}

/// The text of a file.
///
/// # Errors
/// The end of a sentence that begins with the file's name.
pub(super) fn text_of(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}

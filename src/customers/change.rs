//! What would change of a customer: what is on file, what was given, and where they differ.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{known, shown};
use crate::{
    business::tier::Tier,
    customers::{
        address::Address,
        import,
        sql::customer_changes::{self, Stored, Written},
    },
};
use business_mcp_engine::{
    speech::{email, phone},
    text,
    tool::{Aside, CallContext, ErrorCode, ToolError},
};

/// Whose data a caller wants to be otherwise, and what; what is left out stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wanted {
    /// The customer's id.
    pub customer_id: String,
    /// The full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address in its one form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The phone number, in E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The firm they buy for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// How they are valued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// The whole address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// The version that the caller has seen.
    #[serde(default)]
    pub expected_version: Aside<Option<i64>>,
}

/// A change that can be made.
#[derive(Debug)]
pub struct Change {
    /// Whose.
    pub customer_id: String,
    /// What is on file, with what was given in its place.
    pub new: Stored,
    /// The name that is on file.
    pub old_name: String,
    /// What differs, in the order of the arguments.
    pub fields: Vec<Field>,
    address: Option<import::Address>,
}

/// A field that differs.
#[derive(Debug)]
pub struct Field {
    /// The argument.
    name: &'static str,
    /// What people call it.
    pub said: String,
    /// Whether its value is told to nobody but whoever decides.
    personal: bool,
    old: Value,
    new: Value,
}

impl Change {
    /// Compares what is wanted with what is on file.
    ///
    /// # Errors
    /// `not_found`; `conflict` where the customer is in another version than the caller has seen;
    /// `invalid_state` where nothing would change.
    pub async fn plan(ctx: &mut CallContext, wanted: Wanted) -> Result<Self, ToolError> {
        let old = known::stored(ctx, &wanted.customer_id).await?;
        if wanted.expected_version.is_some_and(|seen| seen != old.version) {
            return Err(changed_since(Some(old.version)));
        }
        let change = Self::between(old, wanted)?;
        if change.fields.is_empty() {
            return Err(ToolError::invalid_state(text!(
                "Nothing would change: all of that is on file already."
            )));
        }
        Ok(change)
    }

    /// Whether what was wanted is on file; who is there no more has no other data.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn is_made(ctx: &mut CallContext, wanted: &Wanted) -> Result<bool, ToolError> {
        match customer_changes::find(&mut ctx.tx, &wanted.customer_id).await? {
            Some(stored) => {
                let stored = stored.authorize(ctx)?;
                Ok(Self::between(stored, wanted.clone())?.fields.is_empty())
            }
            None => Ok(true),
        }
    }

    /// What would differ, which may be nothing.
    fn between(old: Stored, wanted: Wanted) -> Result<Self, ToolError> {
        let old_name = old.name.clone();
        let mut new = old;
        let mut fields = Vec::new();
        let current = Some(new.name.clone());
        if let Some(name) =
            differs(&mut fields, "name", text!("name"), false, current.as_ref(), wanted.name)
        {
            new.name = name;
        }
        for (name, words, personal, given, kept) in [
            ("email", text!("e-mail address"), true, wanted.email, &mut new.email),
            ("phone", text!("phone number"), true, wanted.phone, &mut new.phone),
            ("company", text!("company"), false, wanted.company, &mut new.company),
            (
                "tier",
                text!("tier"),
                false,
                wanted.tier.map(|t| t.as_str().to_owned()),
                &mut new.tier,
            ),
        ] {
            if let Some(given) = differs(&mut fields, name, words, personal, kept.as_ref(), given) {
                *kept = Some(given);
            }
        }
        let address = wanted.address.as_ref().map(Address::kept);
        if let Some(given) = &address {
            let json = serde_json::to_string(given).map_err(ToolError::internal)?;
            let current = new.address.clone();
            let given = Some(json);
            if let Some(json) =
                differs(&mut fields, "address", text!("address"), true, current.as_ref(), given)
            {
                new.address = Some(json);
            }
        }
        Ok(Self { customer_id: wanted.customer_id, new, old_name, fields, address })
    }

    /// Makes it.
    ///
    /// # Errors
    /// `conflict` where somebody else was quicker.
    pub async fn make(&self, ctx: &mut CallContext) -> Result<(), ToolError> {
        let written = Written {
            name: &self.new.name,
            email: self.new.email.as_deref(),
            phone: self.new.phone.as_deref(),
            company: self.new.company.as_deref(),
            tier: self.new.tier.as_deref(),
            address: self.address.as_ref(),
        };
        let (id, version) = (&self.customer_id, self.new.version);
        if customer_changes::update(&mut ctx.tx, id, version, written).await? {
            return Ok(());
        }
        Err(changed_since(None))
    }

    /// Old and new values in full: they are for whoever decides, and whoever asked is shown none of them.
    pub fn details(&self) -> Value {
        let fields = self.fields.iter().map(|field| {
            json!({
                "field": field.name,
                "old": field.shown(&field.old),
                "new": field.shown(&field.new),
            })
        });
        json!({
            "customer_id": self.customer_id,
            "changes": fields.collect::<Vec<_>>(),
        })
    }
}

impl Field {
    /// The field with its new value, where that is not personal: `name to Ana Pérez`.
    pub fn with_value(&self) -> String {
        match &self.new {
            Value::String(value) if !self.personal => {
                text!("{said} to {value}", said = &self.said, value = shown::said(value))
            }
            _ => self.said.clone(),
        }
    }

    /// The field with its new value, read back to whoever has just said it.
    pub fn read_back(&self) -> String {
        let value = self.new.as_str().unwrap_or_default();
        let value = match self.name {
            "email" => email::spoken(value),
            "phone" => phone::spoken(value),
            "address" => {
                let address: Option<Address> = serde_json::from_str(value).ok();
                address.map(|address| address.spoken()).unwrap_or_default()
            }
            _ => shown::said(value),
        };
        text!("{said} to {value}", said = &self.said, value)
    }

    /// A value as it is shown.
    fn shown(&self, value: &Value) -> Value {
        let text = value.as_str();
        match self.name {
            "address" => json!(shown::Address::stored(text)),
            _ => json!(text.map(shown::line)),
        }
    }
}

/// What was given, where it is not what is on file; that it differs is noted.
fn differs(
    fields: &mut Vec<Field>,
    name: &'static str,
    said: String,
    personal: bool,
    old: Option<&String>,
    given: Option<String>,
) -> Option<String> {
    let given = given.filter(|given| old != Some(given))?;
    fields.push(Field { name, said, personal, old: json!(old), new: json!(given) });
    Some(given)
}

/// Somebody else has changed the customer.
fn changed_since(version: Option<i64>) -> ToolError {
    let sentence = text!(
        "This customer has been changed in the meantime. Please look at the customer again first."
    );
    let error = ToolError::new(ErrorCode::Conflict, sentence);
    match version {
        Some(version) => error.with_details(json!({ "version": version })),
        None => error,
    }
}

//! The business as the engine sees it.

use std::sync::Arc;

use chrono_tz::Tz;

use business_mcp_engine::{
    business::{Facts, SharedFacts},
    money::Currency,
    text,
    tool::context::Tenant,
};

use super::Business;

/// Reads the facts of a business from TOML, for the engine to carry.
///
/// # Errors
/// The line or the setting that is wrong.
pub fn read(toml: &str) -> Result<SharedFacts, String> {
    match Business::parse(toml) {
        Ok(business) => Ok(Arc::new(business)),
        Err(error) => Err(error.to_string()),
    }
}

impl Facts for Business {
    fn name(&self) -> &str {
        &self.name
    }

    fn currency(&self) -> Currency {
        self.currency
    }

    fn time_zone(&self) -> Tz {
        self.time_zone
    }

    fn language(&self) -> &str {
        &self.language
    }

    fn verify_first(&self) -> String {
        text!(
            "I have to know first that you are the customer. Please tell me two of these: postal \
             code, e-mail address, the end of the phone number, or an order number."
        )
    }

    fn verified_as_another(&self) -> String {
        text!(
            "This conversation is verified for another customer, and can only be about that one. Offer the caller a \
             person instead."
        )
    }

    fn verify_again(&self) -> String {
        text!(
            "Your verification has ended. Please tell me two of these again: postal code, e-mail address, \
             the end of the phone number, or an order number."
        )
    }
}

/// The facts of a tenant's business.
pub trait TenantFacts {
    /// The facts, as its file says them.
    fn business(&self) -> &Business;

    /// The facts in force: with the currency and the zone that were set for this tenant.
    fn business_in_force(&self) -> Business;
}

impl TenantFacts for Tenant {
    #[expect(clippy::expect_used, reason = "the application hands over no facts of another type")]
    fn business(&self) -> &Business {
        self.facts().expect("the facts are those of this business")
    }

    fn business_in_force(&self) -> Business {
        Business {
            currency: self.configured_currency,
            time_zone: self.time_zone,
            ..self.business().clone()
        }
    }
}

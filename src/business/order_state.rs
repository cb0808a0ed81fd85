//! The life of an order: which state follows which, and what may be done in each.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use business_mcp_engine::{
    speech::text::{self, TextError},
    text,
};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum OrderStatus {
    /// Placed and paid; nothing has been packed.
    Pending,
    /// Pending, and its items were changed, which can be done once.
    PendingModified,
    /// Packed.
    Processed,
    /// With the carrier.
    Shipped,
    /// With the customer.
    Delivered,
    /// Given up before it was processed.
    Cancelled,
    /// Delivered, and the customer sends something back.
    ReturnRequested,
    /// Delivered, and the customer swaps something for another variant.
    ExchangeRequested,
}

impl OrderStatus {
    /// Every state, in the order of an order's life.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::PendingModified,
        Self::Processed,
        Self::Shipped,
        Self::Delivered,
        Self::Cancelled,
        Self::ReturnRequested,
        Self::ExchangeRequested,
    ];

    /// The name that arguments, results and the database use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::PendingModified => "pending_modified",
            Self::Processed => "processed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::ReturnRequested => "return_requested",
            Self::ExchangeRequested => "exchange_requested",
        }
    }

    /// Reads a state in any case, also as other shops write it: `pending (item modified)`,
    /// `return requested`, `canceled`.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let words: Vec<&str> =
            lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        match words.join("_").as_str() {
            "pending_item_modified" | "pending_items_modified" => Some(Self::PendingModified),
            "canceled" => Some(Self::Cancelled),
            name => Self::ALL.into_iter().find(|status| status.as_str() == name),
        }
    }

    /// Whether an order in this state may become one in `next`.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Pending, Self::PendingModified | Self::Processed | Self::Cancelled)
                | (Self::PendingModified, Self::Processed)
                | (Self::Processed, Self::Shipped)
                | (Self::Shipped, Self::Delivered)
                | (Self::Delivered, Self::ReturnRequested | Self::ExchangeRequested)
        )
    }

    /// Whether the order may be given up: not once its items were changed.
    pub const fn may_be_cancelled(self) -> bool {
        self.may_become(Self::Cancelled)
    }

    /// Whether items may be swapped for other variants: once, before processing.
    pub const fn may_change_items(self) -> bool {
        self.may_become(Self::PendingModified)
    }

    /// Whether the address may still change: until the order is processed.
    pub const fn may_change_address(self) -> bool {
        matches!(self, Self::Pending | Self::PendingModified)
    }

    /// Whether another payment method may be charged instead.
    pub const fn may_change_payment(self) -> bool {
        matches!(self, Self::Pending)
    }

    /// Whether it may be handed to a carrier. Packing has no tool of its own, so what is not packed yet
    /// is packed by being sent.
    pub const fn may_be_shipped(self) -> bool {
        self.may_become(Self::Shipped) || self.may_become(Self::Processed)
    }

    /// Whether the state stays when its return or exchange is settled, so that what is said of it
    /// depends on that.
    pub const fn has_request(self) -> bool {
        matches!(self, Self::ReturnRequested | Self::ExchangeRequested)
    }

    /// The state as it ends a sentence that begins with "your order", a return or an exchange being
    /// open.
    pub fn spoken(self) -> String {
        match self {
            Self::Pending => text!("is pending"),
            Self::PendingModified => text!("is pending, with changed items"),
            Self::Processed => text!("has been packed"),
            Self::Shipped => text!("is on its way"),
            Self::Delivered => text!("has been delivered"),
            Self::Cancelled => text!("is cancelled"),
            Self::ReturnRequested => text!("has a return under way"),
            Self::ExchangeRequested => text!("has an exchange under way"),
        }
    }

    /// The state in words as [`OrderStatus::spoken`], once a return or an exchange is settled.
    pub fn spoken_settled(self) -> String {
        match self {
            Self::ReturnRequested => text!("has been delivered, and its return is settled"),
            Self::ExchangeRequested => text!("has been delivered, and its exchange is settled"),
            other => other.spoken(),
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an order is cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelReason {
    /// The customer does not need it any more.
    NoLongerNeeded,
    /// The customer did not mean to order it.
    OrderedByMistake,
    /// Any other reason, in the caller's words.
    Other(String),
}

impl CancelReason {
    /// Reads a reason: one of the two usual ones in any case, or plain text of up to 200
    /// characters.
    ///
    /// # Errors
    /// [`TextError`] where the text is too long or is not plain.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text::check(text, 200)?;
        let plain = text.to_lowercase().replace(['_', '-'], " ");
        Ok(match plain.trim_end_matches('.') {
            "no longer needed" | "not needed" => Self::NoLongerNeeded,
            "ordered by mistake" | "by mistake" | "mistake" => Self::OrderedByMistake,
            _ => Self::Other(text),
        })
    }

    /// The reason as it is stored.
    pub fn as_str(&self) -> &str {
        match self {
            Self::NoLongerNeeded => "no longer needed",
            Self::OrderedByMistake => "ordered by mistake",
            Self::Other(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::OrderStatus::*;
    use super::*;

    #[test]
    fn an_order_lives_once() {
        for (from, to) in [(Pending, Processed), (Processed, Shipped), (Shipped, Delivered)] {
            assert!(from.may_become(to));
            assert!(!to.may_become(from));
        }
        assert!(Delivered.may_become(ReturnRequested) && Delivered.may_become(ExchangeRequested));
        assert!(!ReturnRequested.may_become(ExchangeRequested));
    }

    #[test]
    fn changed_items_close_two_doors_and_leave_one() {
        assert!(Pending.may_be_cancelled() && Pending.may_change_items());
        assert!(!PendingModified.may_be_cancelled() && !PendingModified.may_change_items());
        assert!(PendingModified.may_change_address() && PendingModified.may_become(Processed));
        assert!(Pending.may_change_payment() && !PendingModified.may_change_payment());
        assert!(!Processed.may_change_address());
        assert!([Pending, PendingModified, Processed].into_iter().all(OrderStatus::may_be_shipped));
        assert!(![Shipped, Delivered, Cancelled].into_iter().any(OrderStatus::may_be_shipped));
    }

    #[test]
    fn states_are_read_as_other_shops_write_them() {
        for (text, status) in [
            ("pending (item modified)", PendingModified),
            ("Pending (items modified)", PendingModified),
            ("return requested", ReturnRequested),
            ("EXCHANGE_REQUESTED", ExchangeRequested),
            ("canceled", Cancelled),
        ] {
            assert_eq!(OrderStatus::parse(text), Some(status), "{text}");
        }
        assert_eq!(OrderStatus::parse("lost"), None);
        for status in OrderStatus::ALL {
            assert_eq!(OrderStatus::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    #[test]
    fn usual_reasons_have_one_spelling_and_others_are_kept() {
        assert_eq!(CancelReason::parse("No longer needed"), Ok(CancelReason::NoLongerNeeded));
        assert_eq!(CancelReason::parse("ordered_by_mistake"), Ok(CancelReason::OrderedByMistake));
        assert_eq!(CancelReason::parse(" Too late ").unwrap().as_str(), "Too late");
        assert_eq!(CancelReason::parse(&"x".repeat(201)), Err(TextError::TooLong { max: 200 }));
    }

    proptest! {
        #[test]
        fn no_path_leads_back_or_out_of_a_cancelled_order(
            path in proptest::collection::vec(select(OrderStatus::ALL.to_vec()), 1..40),
        ) {
            let mut seen = vec![Pending];
            for next in path {
                let now = *seen.last().unwrap();
                prop_assert!(now != Cancelled || !now.may_become(next));
                if now.may_become(next) {
                    prop_assert!(!seen.contains(&next));
                    seen.push(next);
                }
            }
            prop_assert!(!(seen.contains(&PendingModified) && seen.contains(&Cancelled)));
        }
    }
}

//! Handing over to a person.

mod support_escalate;

pub use support_escalate::SupportEscalate;

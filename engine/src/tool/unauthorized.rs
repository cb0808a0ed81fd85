//! Records that belong to somebody, before it is known whether the caller may have them.

use super::{CallContext, ToolError};

/// A record as a lookup found it. A tool gets at it only with [`Unauthorized::authorize`] or
/// [`Unauthorized::accessible`], so that the check cannot be forgotten.
#[derive(Debug)]
pub struct Unauthorized<T> {
    subject: String,
    record: T,
}

impl<T> Unauthorized<T> {
    /// A record of this person, such as a customer.
    pub fn new(subject: impl Into<String>, record: T) -> Self {
        Self { subject: subject.into(), record }
    }

    /// The record, and from here on the call is about whoever it belongs to.
    ///
    /// # Errors
    /// `forbidden` where the caller is verified as somebody else.
    pub fn authorize(self, ctx: &mut CallContext) -> Result<T, ToolError> {
        ctx.authorize(&self.subject)?;
        Ok(self.record)
    }

    /// Whether the record is what was looked for, which says nothing of it to the caller.
    pub fn is(&self, wanted: impl FnOnce(&T) -> bool) -> bool {
        wanted(&self.record)
    }

    /// The record, in a test that has no caller.
    #[cfg(any(test, feature = "testing"))]
    pub fn unchecked(self) -> T {
        self.record
    }

    /// Of many records, those that the caller can access.
    pub fn accessible(found: Vec<Self>, ctx: &CallContext) -> Vec<T> {
        let own = found.into_iter().filter(|found| ctx.can_access(&found.subject));
        own.map(|found| found.record).collect()
    }
}

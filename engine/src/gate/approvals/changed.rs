//! A request that would now do something else than the approver was shown. Nothing is done, and the request shows the
//! new preview.

use super::{Gate, Row, decide::Verdict, row_event, stored_preview};
use crate::{
    db::{approvals, audit},
    text,
    tool::{ErrorCode, Preview, ToolError},
};

impl Gate {
    /// Replaces the preview of a pending request, and reserves what the new one needs.
    pub(super) async fn show_anew(
        &self,
        verdict: &Verdict<'_>,
        row: &Row,
        preview: &Preview,
    ) -> Result<(), ToolError> {
        let now = verdict.now;
        let mut tx = self.db.write().await?.of(verdict.decider.tenant.clone());
        let (shown, summary) = (stored_preview(preview), &preview.summary);
        if approvals::show(&mut tx, row, summary, &shown).await? {
            self.reservations.release(&mut tx, &approvals::holder(&row.id)).await?;
            self.reserve(&mut tx, row, preview, now).await?;
            audit::append(&mut tx, &row_event(row, "changed", now)).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// The error for the approver.
pub(super) fn since_shown(preview: &Preview) -> ToolError {
    let summary = preview.summary.trim_end_matches('.');
    ToolError::new(
        ErrorCode::Conflict,
        text!(
            "The request has changed since it was shown, and nothing was done. It is now: {summary}. \
             Please look at it again and decide.",
            summary
        ),
    )
}

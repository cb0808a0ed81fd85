//! The transaction of one call: steps 4 to 8.

use chrono::{DateTime, Utc};

use super::{
    ATTEMPTS, CallRequest, Gate,
    approvals::Asked,
    claims::{Letters, Trace},
    event, guard,
    identity::Bound,
};
use crate::{
    db::audit,
    tool::{
        ToolError,
        catalogue::{Entry, PreparedCall, Rendered},
    },
};

impl Gate {
    /// A read, on a handle that cannot write.
    pub(super) async fn read(
        &self,
        entry: &Entry,
        call: &PreparedCall,
        request: &CallRequest,
        now: DateTime<Utc>,
    ) -> Result<Rendered, ToolError> {
        let tx = self.db.read().await?;
        match self.bind(entry.spec, request, tx, now).await? {
            Bound::Context(mut ctx) => call.run(&mut ctx).await,
            Bound::Unverified(instead) => Ok(instead),
        }
    }

    /// A write: run again from its start while other transactions are in its way.
    pub(super) async fn write(
        &self,
        entry: &Entry,
        call: &PreparedCall,
        request: &CallRequest,
        trace: &Trace,
        now: DateTime<Utc>,
    ) -> Result<Rendered, ToolError> {
        let mut attempt = 1;
        loop {
            let outcome = self.write_once(entry, call, request, trace, now).await;
            match outcome {
                Err(error) if error.may_rerun() && attempt < ATTEMPTS => {
                    tokio::time::sleep(guard::pause(attempt)).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn write_once(
        &self,
        entry: &Entry,
        call: &PreparedCall,
        request: &CallRequest,
        trace: &Trace,
        now: DateTime<Utc>,
    ) -> Result<Rendered, ToolError> {
        let tx = self.db.write().await?;
        let mut ctx = match self.bind(entry.spec, request, tx, now).await? {
            Bound::Context(ctx) => ctx,
            Bound::Unverified(instead) => return Ok(instead),
        };
        let letters = Letters::of(entry.spec, call, request, ctx.verified.clone());
        if let Some(earlier) = letters.find(&mut ctx.tx, now).await? {
            return self.earlier_answer(ctx.tx, trace, &request.caller.tenant, earlier, now).await;
        }
        let resolved = call.resolve(&mut ctx).await?;
        let letters = letters.about(ctx.about());
        let claim = self.claims.of(letters, call, request, &resolved)?;
        if let Some(claim) = &claim
            && let Some(earlier) = claim.take(&mut ctx.tx, now).await?
        {
            return self.earlier_answer(ctx.tx, trace, &request.caller.tenant, earlier, now).await;
        }
        let intent = resolved.intent()?;
        let planned = resolved.plan(&mut ctx).await?;
        if self.waits_for_approval(entry.spec, &planned.preview, &mut ctx).await? {
            let asked = Asked { spec: entry.spec, request, intent, claim, trace };
            return self.ask(asked, ctx, planned.preview).await;
        }
        let rendered = planned.execute(&mut ctx).await?;
        let subject = ctx.take_subject();
        let mut tx = ctx.tx;
        if let Some(claim) = &claim {
            claim.answer(&mut tx, &rendered, now).await?;
        }
        let mut event = event(entry.spec, request, now);
        event.action = "executed";
        event.arguments_hash = Some(&trace.fingerprint);
        event.subject = subject.as_deref();
        audit::append(&mut tx, &event).await?;
        trace.commit(tx).await?;
        Ok(rendered)
    }
}

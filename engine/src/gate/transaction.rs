//! The transaction of one call: steps 4 to 8.

use chrono::{DateTime, Utc};

use super::{
    ATTEMPTS, CallRequest, Gate,
    approvals::Asked,
    claims::{Claim, Left, Letters, Trace},
    event, guard,
    identity::Bound,
};
use crate::{
    db::audit,
    tool::{
        CallContext, ToolError,
        catalogue::{Entry, PreparedCall, Rendered, ResolvedCall},
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
        let tx = self.db.read().await?.of(request.caller.tenant.clone());
        match self.bind(entry.spec, call, request, tx, now).await? {
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
        let tx = self.db.write().await?.of(request.caller.tenant.clone());
        let mut ctx = match self.bind(entry.spec, call, request, tx, now).await? {
            Bound::Context(ctx) => ctx,
            Bound::Unverified(instead) => return Ok(instead),
        };
        let letters = Letters::of(entry.spec, call, request, ctx.verified.clone());
        let (resolved, claim) = match self.understand(call, request, letters, &mut ctx).await? {
            Understood::New(resolved, claim) => (resolved, claim),
            Understood::Before(left) => {
                return self.earlier_answer(ctx.tx, trace, left, now).await;
            }
        };
        if entry.writes_money() {
            ctx.tenant.check_currency()?;
        }
        let intent = resolved.intent()?;
        let planned = resolved.plan(&mut ctx).await?;
        if self.waits_for_approval(entry.spec, &planned.preview, &mut ctx).await? {
            let asked = Asked { spec: entry.spec, request, intent, claim, trace };
            return self.ask(asked, ctx, planned.preview).await;
        }
        let rendered = planned.execute(&mut ctx).await?;
        let subject = ctx.take_audit_subject();
        let about = ctx.subject().map(str::to_owned);
        let mut tx = ctx.tx;
        if let Some(claim) = &claim {
            claim.answer(&mut tx, &rendered, about.as_deref(), now).await?;
        }
        let mut event = event(entry.spec, request, now);
        event.action = "executed";
        event.arguments_hash = Some(&trace.fingerprint);
        event.subject = subject.as_deref();
        audit::append(&mut tx, &event).await?;
        trace.commit(tx).await?;
        Ok(rendered)
    }

    /// Steps 5 and 6 as far as the claim.
    async fn understand(
        &self,
        call: &PreparedCall,
        request: &CallRequest,
        letters: Letters,
        ctx: &mut CallContext,
    ) -> Result<Understood, ToolError> {
        let now = ctx.now;
        let same_letters = letters.find(&mut ctx.tx, now).await?;
        let resolved = match same_letters {
            None => call.resolve(ctx).await?,
            Some(earlier) if call.idempotency_key.is_some() => {
                return Ok(Understood::Before(earlier.left));
            }
            // The call means what it meant, unless it cannot be understood any more, such as after an erasure.
            Some(earlier) => match call.resolve(ctx).await {
                Err(error) if !error.is_refusal() => return Err(error),
                Ok(resolved) if earlier.answer_to(&resolved)?.is_some() => resolved,
                _ => return Ok(Understood::Before(earlier.left)),
            },
        };
        let letters = letters.about(ctx.subject());
        let Some(claim) = self.claims.of(letters, call, request, &resolved)? else {
            return Ok(Understood::New(resolved, None));
        };
        if let Some(earlier) = claim.take(&mut ctx.tx, now).await? {
            let answer = match &call.idempotency_key {
                None => earlier.answer_to(&resolved)?,
                Some(_) => None,
            };
            let still_holds = match answer {
                Some(answer) => resolved.still_holds(ctx, answer).await?,
                None => true,
            };
            if still_holds {
                return Ok(Understood::Before(earlier.left));
            }
            claim.take_over(&mut ctx.tx, now).await?;
        }
        Ok(Understood::New(resolved, Some(claim)))
    }
}

/// What a call means.
enum Understood {
    /// A wish of its own, under the key that it has claimed.
    New(ResolvedCall, Option<Claim>),
    /// What an equal call has wanted before.
    Before(Left),
}

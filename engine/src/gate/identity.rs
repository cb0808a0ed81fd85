//! As whom the caller is verified: bound by a handle in an argument or a header, or by the
//! conversation in which the person was verified. It never has to pass through the model.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{CallRequest, Gate, claims::digest};
use crate::{
    db::{StoreResult, Tx, verifications},
    tool::{
        CallContext, Caller, Spec, ToolError,
        answer::{Envelope, Status},
        catalogue::{PreparedCall, Rendered},
    },
};

/// The argument that binds a call, on every tool; it stands in no schema, because platforms add it
/// and models should not see it.
const HANDLE: [&str; 2] = ["verification_handle", "verificationHandle"];

/// A call with its caller, or what is answered instead.
#[expect(clippy::large_enum_variant, reason = "it lives for one match")]
pub(super) enum Bound {
    /// Everything that the tool may use.
    Context(CallContext),
    /// The caller must be verified first.
    Unverified(Rendered),
}

/// Takes the handle out of the arguments; one that stands there counts before a header's.
pub(super) fn take_handle(arguments: &mut Map<String, Value>, request: &mut CallRequest) {
    for name in HANDLE {
        if let Some(Value::String(handle)) = arguments.shift_remove(name)
            && !handle.trim().is_empty()
        {
            request.verification = Some(Arc::from(handle.trim()));
        }
    }
}

impl Gate {
    /// A context around an open transaction.
    pub(super) async fn context(
        &self,
        caller: &Arc<Caller>,
        mut tx: Tx,
        now: DateTime<Utc>,
    ) -> Result<CallContext, ToolError> {
        let tenant = self.tenants.of(&caller.tenant, &mut tx).await?;
        let mut ctx = CallContext::new(caller.clone(), tenant, tx, now);
        ctx.erasures = self.erasures.clone();
        ctx.reservations = Some(self.reservations.clone());
        Ok(ctx)
    }

    /// A context around an open transaction, with the person as whom the caller is verified.
    pub(super) async fn bind(
        &self,
        spec: &Spec,
        call: &PreparedCall,
        request: &CallRequest,
        mut tx: Tx,
        now: DateTime<Utc>,
    ) -> Result<Bound, ToolError> {
        let verified = verified(request, &mut tx, now).await?;
        let mut ctx = self.context(&request.caller, tx, now).await?;
        let sees_personal = request.caller.sees_personal_data();
        let must_be_verified = self.ruling(spec).verified_caller && !sees_personal;
        if verified.is_none() && request.verification.is_some() {
            // Whoever sends a handle means the person behind it. The call that shows who calls is the cure, and what is not
            // about people, or is open to everybody, needs none.
            let access = request.caller.access;
            let about_people = spec.scope.is_some_and(|scope| access.about_people.contains(&scope));
            if must_be_verified || (about_people && call.verifies_caller().is_none()) {
                return unverified(ctx.tenant.facts.verify_again());
            }
        }
        if verified.is_none() && must_be_verified {
            return unverified(ctx.tenant.facts.verify_first());
        }
        ctx.conversation.clone_from(&request.conversation);
        ctx.verified = verified;
        Ok(Bound::Context(ctx))
    }
}

/// The person whom the handle stands for; without one, whom the conversation was verified as.
async fn verified(
    request: &CallRequest,
    tx: &mut Tx,
    now: DateTime<Utc>,
) -> StoreResult<Option<Arc<str>>> {
    let principal = &*request.caller.subject;
    let found = match (&request.verification, &request.conversation) {
        (Some(handle), _) => verifications::by_handle(tx, principal, &digest(handle), now).await?,
        (None, Some(conversation)) => {
            verifications::by_conversation(tx, principal, conversation, now).await?
        }
        (None, None) => None,
    };
    Ok(found.map(|(subject,)| subject.into()))
}

/// An ordinary answer, because some platforms say only that a call failed where it is an error.
fn unverified(say: String) -> Result<Bound, ToolError> {
    let instead = Rendered::of(&Envelope::<Value> {
        say,
        status: Status::VerificationRequired,
        data: None,
        approval: None,
        candidates: None,
        replayed: None,
    })?;
    Ok(Bound::Unverified(instead))
}

//! What the approver saw of the change that is being executed.

use serde_json::Value;

use business_mcp_engine::{
    db::approvals,
    tool::{CallContext, ToolError},
};

/// The details of the preview that was approved; `None` where nobody had to approve.
pub async fn details(ctx: &mut CallContext) -> Result<Option<Value>, ToolError> {
    let Some(id) = ctx.approval_id.clone() else { return Ok(None) };
    let row = approvals::find(&mut ctx.tx, &id).await?;
    let preview = row.and_then(|row| serde_json::from_str::<Value>(&row.preview).ok());
    let details = preview.and_then(|mut preview| Some(preview.get_mut("details")?.take()));
    Ok(Some(details.unwrap_or_default()))
}

//! `find_location`: where one of our places is.

use crate::{access::toolset, business::TenantFacts as _};
use business_mcp_engine::prelude::*;

#[derive(Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The name of the place, such as Main warehouse.
    #[validate(length(max = 100, message = "must be the name of a place"))]
    #[schemars(example = &"Main warehouse")]
    name: String,
}

/// Finds a place of the business.
pub struct FindLocation;

impl ReadTool for FindLocation {
    type Args = Args;
    type Output = String;
    const SPEC: Spec = Spec {
        name: "find_location",
        aliases: &[],
        version: 1,
        title: "Find a location",
        description: "Say where a store or a warehouse is. Takes its name.",
        scope: None,
        toolsets: &[toolset::VOICE, toolset::DESK],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<String>, ToolError> {
        let place = ctx.tenant.business().location(&args.name);
        let place = place.ok_or_else(|| ToolError::not_found("place", &args.name))?;
        let (name, address) = (&place.name, &place.address);
        Ok(Answer::ok(text!("{name} is at {address}.", name, address), address.clone()))
    }
}

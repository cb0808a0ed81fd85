//! What nearly every tool names: `use business_mcp_engine::prelude::*;`. The derives of its arguments and answers are
//! of crates that a business depends on itself, because what they write names them.

pub use schemars::JsonSchema;
pub use serde::{Deserialize, Serialize};
pub use validator::Validate;

pub use crate::{
    application::Module,
    db::{StoreResult, TENANT, Tx, params, record},
    money::Money,
    text,
    tool::{
        Access, Answer, Approval, Aside, CallContext, Effect, ErrorCode, FreeText, Planned,
        Preview, ReadTool, Risk, Scope, Spec, ToolError, Toolset, WriteTool,
    },
};

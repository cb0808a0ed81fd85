//! What nearly every tool names: `use business_mcp_engine::prelude::*;`.

pub use crate::{
    application::Module,
    db::{StoreResult, Tx, params, record},
    money::Money,
    text,
    tool::{
        Answer, Approval, Aside, CallContext, Effect, ErrorCode, FreeText, Planned, Preview,
        ReadTool, Risk, Scope, Spec, ToolError, Toolset, WriteTool,
    },
};

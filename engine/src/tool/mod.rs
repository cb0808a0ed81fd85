//! What a tool is, what it may use, and what it may answer.
//!
//! * [`spec`], [`traits`], [`aside`]: what a tool declares, does and understands;
//! * [`context`], [`caller`], [`access`], [`conversation`], [`clock`]: what it may use, and who calls;
//!   [`unauthorized`]: records that the caller has to be authorized for;
//! * [`answer`], [`error`], [`fit`], [`cursor`]: what it may answer, how much of it, and where the
//!   rest begins; [`incident`]: how a failure on our side is found in the log;
//! * [`arguments`], [`schema`]: from what an agent sends to what a tool takes;
//! * [`prepared`], [`rendered`]: a call on its way through the gate, and its answer;
//! * [`catalogue`], [`describe`]: every tool by name, and as the protocol describes it.

pub mod access;
pub mod answer;
pub mod arguments;
pub mod aside;
pub mod caller;
pub mod catalogue;
pub mod clock;
pub mod context;
pub mod conversation;
pub mod cursor;
pub mod describe;
pub mod error;
pub mod fit;
pub mod incident;
pub mod prepared;
pub mod rendered;
pub mod schema;
pub mod spec;
pub mod traits;
pub mod unauthorized;

pub use access::{Access, Role, Scope, Scopes, Toolset};
pub use answer::{Answer, Candidate};
pub use aside::{Aside, FreeText};
pub use caller::Caller;
pub use catalogue::Catalogue;
pub use clock::Clock;
pub use context::CallContext;
pub use conversation::{ConversationId, NotAConversation};
pub use error::{ErrorCode, ToolError};
pub use spec::{Approval, Effect, Risk, Spec};
pub use traits::{Hold, Planned, Preview, ReadTool, WriteTool};
pub use unauthorized::Unauthorized;

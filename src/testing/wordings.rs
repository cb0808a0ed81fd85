//! What calls mean: the same wish in other words has the same fingerprint, and another wish has another one.

use std::sync::Arc;

use serde_json::Value;

use super::Shop;
use business_mcp_engine::tool::{
    Answer, CallContext, Catalogue, ToolError, WriteTool,
    catalogue::{AnyKind, Entry},
};

/// Checks that the arguments of `same` mean what the first of them means, and those of `other` something else.
pub(crate) async fn wordings<K>(
    shop: &Shop,
    tool: impl AnyKind<K>,
    same: &[Value],
    other: &[Value],
) {
    let entry = Arc::new(Entry::of(tool));
    let wish = fingerprint(shop, &entry, &same[0]).await;
    for wording in same {
        assert_eq!(fingerprint(shop, &entry, wording).await, wish, "{wording} is {}", same[0]);
    }
    for wording in other {
        assert_ne!(fingerprint(shop, &entry, wording).await, wish, "{wording} is not {}", same[0]);
    }
}

async fn fingerprint(shop: &Shop, entry: &Arc<Entry>, arguments: &Value) -> String {
    let catalogue = Catalogue::default().with_entry(entry.clone());
    let call = catalogue.prepare(entry, arguments.as_object().unwrap().clone()).unwrap();
    let mut ctx = shop.context(true).await;
    let resolved = call.resolve(&mut ctx).await;
    resolved.unwrap_or_else(|error| panic!("{arguments}: {error}")).fingerprint().unwrap()
}

/// Takes a call through its three steps in a context that the test has made.
pub(crate) async fn run<T: WriteTool>(
    tool: &T,
    ctx: &mut CallContext,
    args: T::Args,
) -> Result<Answer<T::Output>, ToolError> {
    let intent = tool.resolve(ctx, args).await?;
    let planned = tool.plan(ctx, intent).await?;
    tool.execute(ctx, planned.plan).await
}

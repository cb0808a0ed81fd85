//! What was said with a customer, and what was written down about them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{known, shown};
use crate::{
    access::{scope, toolset},
    customers::sql::interaction_lists::{self, Choice, ListedRow},
};
use business_mcp_engine::{
    speech::{phrases, text},
    text,
    tool::{
        Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError, answer::rfc3339,
        cursor, fit,
    },
};

/// How much of a text is shown.
const LONGEST_TEXT: usize = 1_000;

/// Lists what was said with a customer.
pub struct CrmGetInteractions;

/// With whom, and how much of it.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The customer's id.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    customer_id: String,
    /// Only of this kind: note, call, email, chat, escalation, or another one that was imported.
    #[validate(length(max = 40, message = "must be at most 40 characters"))]
    kind: Option<String>,
    /// How many, 1 to 50; 10 if not given.
    #[validate(range(min = 1, max = 50, message = "must be from 1 to 50"))]
    limit: Option<i64>,
    /// The cursor of the page before.
    #[validate(length(max = 200, message = "must be one that the page before gave"))]
    cursor: Option<String>,
}

/// A page of what was said.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// Whose it is.
    customer_id: String,
    /// What was said, newest first.
    interactions: Vec<Entry>,
    /// How many more there are; 1000 stands for that many or more.
    more: i64,
    /// What to call again with for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// Something that was said or written down.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Entry {
    /// Its id.
    interaction_id: String,
    /// `note`, `call`, `email`, `chat`, `escalation`, or another kind that was imported.
    kind: String,
    /// When (RFC 3339, UTC).
    at: String,
    /// What was said, in one line of at most 1000 characters.
    text: String,
    /// Who wrote it down.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    /// The order it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
}

impl ReadTool for CrmGetInteractions {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "crm_get_interactions",
        aliases: &[],
        version: 1,
        title: "Get a customer's history",
        description: "Get the notes, calls and e-mails of a customer, newest first. Needs the \
                      customer_id; call again with the cursor for more.",
        scope: Some(scope::CRM_READ),
        toolsets: &[toolset::DESK],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let before = args.cursor.as_deref().map(cursor::read).transpose()?;
        let before = before.unwrap_or_else(cursor::first);
        let customer = known::one(ctx, &args.customer_id).await?;
        let kinds = args.kind.as_deref().map(kinds);
        let mut choice = Choice {
            customer_id: &customer.id,
            kinds: kinds.as_ref().map(|kinds| kinds.each_ref().map(String::as_str)),
            before: (before.0, &before.1),
        };
        let limit = args.limit.unwrap_or(10);
        let mut rows = interaction_lists::page(&mut ctx.tx, choice, limit + 1).await?;
        let there = rows.len();
        rows.truncate(usize::try_from(limit).unwrap_or_default());
        let mut interactions: Vec<Entry> = rows.iter().map(entry).collect();
        // A page that would be too long is a shorter page.
        fit::cut(&mut interactions, fit::DATA);
        rows.truncate(interactions.len());
        let last = rows.last().filter(|_| there > rows.len());
        let (mut more, mut next) = (0, None);
        if let Some(last) = last {
            choice.before = (last.at, &last.id);
            more = interaction_lists::count(&mut ctx.tx, choice).await?;
            next = Some(cursor::after(last.at, &last.id));
        }
        let say = say(ctx, &customer.name, &rows, more);
        let customer_id = customer.id.clone();
        Ok(Answer::ok(say, Output { customer_id, interactions, more, cursor: next }))
    }
}

/// The kind as it is kept. Other systems write `e-mail`, and imports keep it so.
fn kinds(said: &str) -> [String; 2] {
    let said = said.to_lowercase();
    match said.as_str() {
        "email" | "e-mail" | "e mail" | "emails" | "e-mails" => ["email", "e-mail"],
        "notes" => ["note"; 2],
        "calls" => ["call"; 2],
        "chats" => ["chat"; 2],
        "escalations" => ["escalation"; 2],
        other => [other; 2],
    }
    .map(str::to_owned)
}

fn entry(row: &ListedRow) -> Entry {
    Entry {
        interaction_id: row.id.clone(),
        kind: row.kind.clone(),
        at: rfc3339(row.at),
        text: text::display(&row.text, LONGEST_TEXT),
        author: row.author.as_deref().map(shown::line),
        order_id: row.order_id.clone(),
    }
}

/// Texts are shown and not said: customers and colleagues wrote them, and anybody might listen.
fn say(ctx: &CallContext, name: &str, rows: &[ListedRow], more: i64) -> String {
    let name = shown::said(name);
    let Some(newest) = rows.first() else {
        return text!("Nothing like that is written down about {name}.", name);
    };
    let count = u64::try_from(rows.len()).unwrap_or_default();
    let entries = phrases::count(count, "entry", "entries");
    let day = phrases::day(ctx.day_of(newest.at), ctx.today());
    match more {
        0 => {
            text!("Here are {entries} about {name}. The newest is from {day}.", entries, name, day)
                .replacen("Here are 1 entry", "Here is 1 entry", 1)
        }
        interaction_lists::MOST_COUNTED => text!(
            "Here are {entries} about {name}, and there are more than a thousand more. The newest is \
             from {day}.",
            entries,
            name,
            day
        ),
        more => text!(
            "Here are {entries} about {name}, and there are {more} more. The newest is from {day}.",
            entries,
            name,
            more,
            day
        ),
    }
}

#[cfg(test)]
#[path = "crm_get_interactions_tests.rs"]
mod tests;

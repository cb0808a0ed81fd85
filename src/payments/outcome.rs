//! What came of a call, written down: the queue's row, a line of the audit trail, and for what was
//! declined a note for whoever talks to the customer next.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::provider::Outcome;
use crate::{
    customers::sql::interactions::{self, NewInteraction},
    payments::sql::{
        gift_cards::{self, Card, Entry},
        provider_calls::{self, End, LeasedCall},
    },
};
use business_mcp_engine::{
    db::{Db, StoreResult, Tx, audit},
    money::{Currency, Money},
    speech::text,
    text,
};

/// How often the provider is asked before a person has to look: over about three hours.
pub const MOST_ATTEMPTS: i64 = 20;
/// How long the first pause is at most; each one after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// Who writes notes and lines of the trail.
const NAME: &str = "payments";

/// Writes an outcome down, in a transaction of its own. Where another worker has taken the call in
/// the meantime nothing is written: it hears the same from the provider and writes it down.
///
/// # Errors
/// When the database does not answer; the call is then repeated when its lease ends.
pub async fn write_down(
    db: &Db,
    call: &LeasedCall,
    lease: &str,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let mut tx = db.write().await?.of(call.tenant_id.as_str());
    let word = end(&mut tx, call, lease, outcome, now).await?;
    tx.commit().await?;
    // Only what is on disk is counted and told.
    if let Some(word) = word {
        if !call.to_gift_card {
            count(&call.kind, word);
        }
        tell(call, outcome, word);
    }
    Ok(())
}

/// Books a refund that has waited for the order's charges into its gift card: balance, entry and
/// outcome in one transaction, by whoever holds the lease, and so once.
///
/// # Errors
/// When the database does not answer; the call is then taken again when its lease ends.
pub async fn book(db: &Db, call: &LeasedCall, lease: &str, now: DateTime<Utc>) -> StoreResult<()> {
    let mut tx = db.write().await?.of(call.tenant_id.as_str());
    let minor = call.amount_minor;
    let card = Card { customer_id: &call.customer_id, id: &call.payment_method_id };
    let outcome = if gift_cards::put(&mut tx, card, minor).await? {
        let entry = Entry { reason: &call.reason, cause: &call.order_id, at: now };
        gift_cards::record_entry(&mut tx, card, minor, entry).await?;
        Outcome::Accepted { reference: call.id.clone() }
    } else {
        Outcome::Declined { reason: "the gift card is not there any more".to_owned() }
    };
    // Where it is somebody else's by now, nothing of this is kept.
    if let Some(word) = end(&mut tx, call, lease, &outcome, now).await? {
        tx.commit().await?;
        tell(call, &outcome, word);
    }
    Ok(())
}

/// Ends a call with its outcome, or puts it back. The word for what was done; `None` where it is
/// somebody else's.
async fn end(
    tx: &mut Tx,
    call: &LeasedCall,
    lease: &str,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> StoreResult<Option<&'static str>> {
    Ok(match outcome {
        Outcome::Accepted { reference } => {
            let end = End { state: "done", reference: Some(reference), error: None, at: now };
            let ended = provider_calls::end(tx, call, lease, end).await?;
            finish(tx, call, ended, "settled", "ok", now).await?.then_some("accepted")
        }
        Outcome::Declined { reason } => {
            // What a provider says is somebody else's text.
            let reason = text::display(reason, 120);
            let end = End { state: "declined", reference: None, error: Some(&reason), at: now };
            let ended = provider_calls::end(tx, call, lease, end).await?;
            let ended = finish(tx, call, ended, "declined", "declined", now).await?;
            if ended {
                note(tx, call, &reason, now).await?;
            }
            ended.then_some("declined")
        }
        Outcome::Unreachable { why } if call.attempts >= MOST_ATTEMPTS => {
            let why = text::display(why, 200);
            let end = End { state: "failed", reference: None, error: Some(&why), at: now };
            let ended = provider_calls::end(tx, call, lease, end).await?;
            finish(tx, call, ended, "failed", "unreachable", now).await?.then_some("failed")
        }
        Outcome::Unreachable { why } => {
            let why = text::display(why, 200);
            let until = now + pause(call.attempts);
            let put = provider_calls::put_back(tx, call, lease, until, &why).await?;
            put.then_some("unreachable")
        }
    })
}

/// Adds a call that has ended to the trail; says whether it had.
async fn finish(
    tx: &mut Tx,
    call: &LeasedCall,
    ended: bool,
    action: &str,
    outcome: &str,
    at: DateTime<Utc>,
) -> StoreResult<bool> {
    if ended {
        let event = audit::Event {
            at,
            principal: NAME,
            token_id: None,
            action,
            tool: match call.kind.as_str() {
                "charge" => "provider_charge",
                _ if call.to_gift_card => "gift_card_refund",
                _ => "provider_refund",
            },
            outcome,
            approval_id: None,
            subject: Some(&call.order_id),
            arguments_hash: None,
            conversation: None,
            request_id: None,
        };
        audit::append(tx, &event).await?;
    }
    Ok(ended)
}

/// Tells whoever talks to the customer next. The order itself stays as it is.
async fn note(tx: &mut Tx, call: &LeasedCall, reason: &str, at: DateTime<Utc>) -> StoreResult<()> {
    let order = &call.order_id;
    let amount = match Currency::parse(&call.currency) {
        Some(currency) => Money::new(call.amount_minor, currency).to_string(),
        None => call.amount_minor.to_string(),
    };
    let text = match call.kind.as_str() {
        "charge" => text!(
            "The charge of {amount} for order {order} was declined: {reason}. It is not paid.",
            amount,
            order,
            reason
        ),
        _ if call.amount_minor == 0 => {
            text!("Nothing was paid back for order {order}: {reason}.", order, reason)
        }
        _ => text!(
            "The refund of {amount} for order {order} was declined: {reason}. It is not paid back.",
            amount,
            order,
            reason
        ),
    };
    let id = uuid::Uuid::now_v7().to_string();
    let new = NewInteraction {
        id: &id,
        customer_id: &call.customer_id,
        kind: "note",
        text: &text,
        at,
        author: NAME,
        order_id: Some(order),
    };
    interactions::insert(tx, new).await
}

fn count(kind: &str, outcome: &'static str) {
    let kind = if kind == "charge" { "charge" } else { "refund" };
    metrics::counter!("provider_calls_total", "kind" => kind, "outcome" => outcome).increment(1);
}

/// One line of the log. Only a failure needs a person at once.
fn tell(call: &LeasedCall, outcome: &Outcome, word: &str) {
    let (tenant, order, payment) = (&*call.tenant_id, &*call.order_id, &*call.id);
    let (kind, attempts) = (&*call.kind, call.attempts);
    match (outcome, word) {
        (Outcome::Unreachable { why }, "failed") => tracing::error!(
            tenant,
            order,
            payment,
            kind,
            attempts,
            why,
            "the payment provider never answered: look there for the payment's id, because nobody \
             knows whether the money moved"
        ),
        (Outcome::Unreachable { why }, _) => tracing::warn!(
            tenant,
            order,
            payment,
            kind,
            attempts,
            why,
            "the payment provider did not answer; it is asked again"
        ),
        (Outcome::Declined { reason }, _) => {
            tracing::warn!(tenant, order, payment, kind, reason, "a payment was declined");
        }
        (Outcome::Accepted { .. }, _) => {
            tracing::debug!(tenant, order, payment, kind, "a payment is settled");
        }
    }
}

/// How long to wait after so many attempts: twice as long each time, and never the same for two
/// calls, so that a provider that comes back is not asked everything at once.
fn pause(attempts: i64) -> TimeDelta {
    let doubled = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    let most = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doubled)).min(LONGEST_PAUSE);
    let most = i64::try_from(most.as_millis()).unwrap_or(i64::MAX);
    TimeDelta::milliseconds(rand::random_range(most / 2..=most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_differ_and_end_at_a_quarter_of_an_hour() {
        for (attempts, most) in [(1, 2), (2, 4), (5, 32), (10, 900), (19, 900), (i64::MAX, 900)] {
            let pauses: Vec<i64> = (0..50).map(|_| pause(attempts).num_milliseconds()).collect();
            let range = most * 500..=most * 1_000;
            assert!(pauses.iter().all(|pause| range.contains(pause)), "{attempts}: {pauses:?}");
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{attempts}: no two differ");
        }
    }
}

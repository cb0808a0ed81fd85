//! A call that panics, hangs or loses its client still ends.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;

use crate::{
    text,
    tool::{ErrorCode, ToolError, incident},
};

/// Runs a call under its deadline, until its client goes, and behind a guard against panics. What
/// it has not committed by then is rolled back, because its transaction is dropped with it.
pub(super) async fn guarded<T>(
    deadline: Duration,
    cancelled: &CancellationToken,
    call: impl Future<Output = Result<T, ToolError>>,
) -> Result<T, ToolError> {
    let call = AssertUnwindSafe(call).catch_unwind();
    tokio::select! {
        biased;
        outcome = tokio::time::timeout(deadline, call) => match outcome {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => Err(ToolError::internal(incident::of_panic(&*panic))),
            Err(_elapsed) => Err(ToolError::new(
                ErrorCode::Timeout,
                text!("That took too long, and I cannot say yet whether it was done. \
                 Please call again with the same arguments: nothing happens twice."),
            )),
        },
        () = cancelled.cancelled() => Err(ToolError::new(
            ErrorCode::Timeout,
            text!("The call was cancelled. Call again with the same arguments: nothing happens twice."),
        )),
    }
}

/// How long to wait before a transaction is run again: a few milliseconds, more each time, and
/// never the same for two of them.
pub(super) fn pause(attempt: u32) -> Duration {
    let most = 4_u64 << attempt.min(6);
    Duration::from_millis(rand::random_range(1..=most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_answer_that_tells_nothing_of_it() {
        let panicking = async { panic!("secret of the implementation") };
        let outcome: Result<(), _> =
            guarded(Duration::from_secs(1), &CancellationToken::new(), panicking).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.code(), ErrorCode::InternalError);
        assert!(!error.to_string().contains("secret"));
    }

    #[tokio::test]
    async fn a_call_that_hangs_ends_at_its_deadline_and_one_without_a_client_ends_at_once() {
        let hanging = std::future::pending::<Result<(), ToolError>>;
        let outcome = guarded(Duration::from_millis(5), &CancellationToken::new(), hanging()).await;
        assert_eq!(outcome.unwrap_err().code(), ErrorCode::Timeout);
        let gone = CancellationToken::new();
        gone.cancel();
        let outcome = guarded(Duration::from_mins(1), &gone, hanging()).await;
        assert_eq!(outcome.unwrap_err().code(), ErrorCode::Timeout);
    }
}

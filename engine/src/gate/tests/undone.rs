//! An answer is repeated while what it says is so.

use super::*;

/// The seat that an answer speaks of, and whether it is the answer of an earlier call.
fn seat(answer: &Value) -> (String, bool) {
    let id = answer.pointer("/data/id").and_then(Value::as_str).unwrap();
    (id.to_owned(), answer.get("replayed") == Some(&json!(true)))
}

#[tokio::test]
async fn what_was_undone_is_done_again_when_it_is_asked_for_again() {
    let same = json!({ "row": "a" });
    let in_other_words = json!({ "row": "A", "note": "Near the aisle." });
    for theatre in theatres().await {
        let mut last = String::new();
        for arguments in [&same, &in_other_words, &same] {
            let (first, replayed) = seat(&theatre.take(arguments.clone()).await);
            assert!(!replayed && first != last, "{arguments}");
            for arguments in [&same, &in_other_words] {
                let again = seat(&theatre.take(arguments.clone()).await);
                assert_eq!(again, (first.clone(), true), "{arguments}");
            }
            assert_eq!(theatre.taken().await, [(first.clone(),)]);
            theatre.empty().await;
            last = first;
        }
    }
}

#[tokio::test]
async fn a_given_key_repeats_its_answer_whatever_became_of_it() {
    for theatre in theatres().await {
        let arguments = json!({ "row": "a", "idempotency_key": "seat-0001" });
        let (first, _) = seat(&theatre.take(arguments.clone()).await);
        theatre.empty().await;
        assert_eq!(seat(&theatre.take(arguments).await), (first, true));
        assert!(theatre.taken().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_calls_at_once_after_it_was_undone_one_runs() {
    for theatre in theatres().await {
        theatre.take(json!({ "row": "a" })).await;
        theatre.empty().await;
        let calls = (0..8)
            .map(|number| theatre.take(json!({ "row": "a", "note": format!("{}", number % 3) })));
        let answers = futures::future::join_all(calls).await;
        let taken = theatre.taken().await;
        assert_eq!(taken.len(), 1, "{taken:?}");
        assert!(answers.iter().all(|answer| seat(answer).0 == taken[0].0));
        assert_eq!(answers.iter().filter(|answer| !seat(answer).1).count(), 1);
    }
}

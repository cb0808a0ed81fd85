//! Phone calls, played against the server as a voice platform would make them.
//!
//! Each `.txt` beside this file is one call, in plain words; `script.rs` says how they are read. `UPDATE=1 scripts/test
//! calls` writes what is said now into their `<-` lines, so that a changed wording is reviewed as a difference. What
//! stands under `Afterwards:` is never rewritten: how it ends is what the call is for.

mod player;
mod reader;
mod script;

use std::{collections::BTreeSet, fs, path::PathBuf};

use business_mcp_engine::tool::Clock;
use chrono::{DateTime, Utc};

use crate::support::demo_servers;

/// When the phone rings: a Tuesday morning at ten in the shop's time zone.
const RINGS: &str = "2026-06-16T17:00:00Z";

/// A clock on which it is then, and which goes on from there.
fn ringing() -> Clock {
    let (clock, rings) = (Clock::movable(), RINGS.parse::<DateTime<Utc>>().unwrap());
    clock.advance(rings - clock.now());
    clock
}

macro_rules! calls {
    ($($test:ident: $file:literal,)+) => {
        const FILES: &[&str] = &[$($file),+];
        $(#[tokio::test]
        async fn $test() {
            play($file).await;
        })+
    };
}

calls! {
    a_caller_whom_nobody_knows: "01-unknown-caller.txt",
    a_misheard_address: "02-misheard-email.txt",
    two_of_the_same_name: "03-two-of-one-name.txt",
    wrong_digits: "04-wrong-digits.txt",
    a_change_of_mind: "05-change-of-mind.txt",
    a_line_that_drops: "06-hang-up.txt",
    a_yes_after_the_call: "07-late-approval.txt",
    nothing_left: "08-out-of-stock.txt",
    an_angry_caller: "09-angry-caller.txt",
    a_caller_who_wants_more: "10-someone-elses-data.txt",
    a_caller_who_spells: "11-spelled-out.txt",
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/api/calls")
}

/// Plays a call on each database.
async fn play(file: &str) {
    let path = folder().join(file);
    let mut update = std::env::var("UPDATE").is_ok_and(|update| update == "1");
    for server in demo_servers(ringing).await {
        let source = fs::read_to_string(&path).unwrap();
        let script =
            script::Script::parse(file, &source).unwrap_or_else(|broken| panic!("{broken}"));
        let played = player::play(&server, &script, update).await;
        // What SQLite said is written down, and Postgres has to say the same.
        if std::mem::take(&mut update) {
            let rewritten = script.rewritten(&played.heard);
            if rewritten != source {
                fs::write(&path, rewritten).unwrap();
            }
        }
        let faults = played.faults.join("\n");
        assert!(faults.is_empty(), "{}, on {}:\n{faults}", script.title, server.database_url);
    }
}

#[test]
fn every_call_is_played() {
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "txt"));
    let names: BTreeSet<String> =
        files.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, FILES.iter().map(|file| (*file).to_owned()).collect());
}

/// A call in which nothing is as it is written.
const OTHERWISE: &str = r#"# A call
Caller: Where is it?
-> get_order_status {"order_id": "12345"}
<- It is lost.
   data.status is "lost"
   data.carrier is absent
   data.requests has 3
   keep data.signature as $signature
-> get_order_status {"order_id": "12346"}
Approver: approves
-> no_such_tool
<- Done.
Afterwards:
-> order_get {"order_id": "12345"}
<- It is lost.
   data.status is "lost"
"#;

#[tokio::test]
async fn what_is_otherwise_is_named_by_its_line() {
    let script = script::Script::parse("call.txt", OTHERWISE).unwrap();
    for server in demo_servers(ringing).await {
        let lines = |played: &player::Played| {
            let line = |fault: &String| fault.split(':').nth(1).unwrap().parse().unwrap();
            played.faults.iter().map(line).collect::<Vec<usize>>()
        };
        let played = player::play(&server, &script, false).await;
        assert_eq!(lines(&played), [4, 5, 6, 7, 8, 9, 10, 11, 15, 16], "{:?}", played.faults);
        // Another wording may be written down, except of how it ends.
        let played = player::play(&server, &script, true).await;
        assert_eq!(lines(&played), [5, 6, 7, 8, 10, 11, 15, 16], "{:?}", played.faults);
        let rewritten = script.rewritten(&played.heard);
        let said = "<- Your order 1 2 3 4 5, placed on Thursday, is on its way with Northline.";
        assert!(rewritten.contains(&format!("\"12345\"}}\n{said}\n   data.status is \"lost\"")));
        assert!(rewritten.contains("\"12346\"}\n<- Your order 1 2 3 4 6"), "{rewritten}");
        let (_, end) = OTHERWISE.split_once("Afterwards:").unwrap();
        assert!(rewritten.ends_with(end), "{rewritten}");
    }
}

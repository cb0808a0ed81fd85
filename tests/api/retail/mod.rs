//! A real shop: the retail domain of τ²-bench (sierra-research/tau2-bench, MIT), fictitious people
//! in a real shape. It is imported, and its service jobs are done at the desk.
//!
//! * [`import_format`]: its one file in the import format;
//! * [`shop`]: the shop by its own file and rules, without the server;
//! * [`records`]: every record of the shop, as it should be and as it is;
//! * [`answers`]: every answer of a tool, as it should be;
//! * [`desk`]: the actions of a job;
//! * [`imported`]: databases with the shop in them.
//!
//! Its files are no part of this project: `RETAIL_DATA` names their folder, or it is found at
//! `shared/data/retail` in a folder above this one. Without them these tests say that they were
//! skipped.

mod answers;
mod desk;
mod import_format;
mod imported;
mod records;
mod shop;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::{Path, PathBuf},
};

use desk::{Desk, Job};
use imported::Imported;
use records::Records;
use shop::Shop;

/// How far the jobs got. Whoever changes these numbers has added a tool, or broken one.
const FIGURES: Figures = Figures {
    jobs: 74,
    done: 8,
    done_by_doing_nothing: 2,
    in_part: 39,
    not_begun: 25,
    actions: 365,
    actions_done: 252,
    sums: 9,
    orders_cancelled: 18,
};

#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    jobs: usize,
    /// Every action of these was done.
    done: usize,
    /// These have no action: the right answer is to change nothing.
    done_by_doing_nothing: usize,
    /// Some actions of these need tools that are not there.
    in_part: usize,
    /// All of them do.
    not_begun: usize,
    actions: usize,
    /// With a tool, and with the right answer.
    actions_done: usize,
    /// Without one: whoever has read the amounts adds them up.
    sums: usize,
    orders_cancelled: usize,
}

/// The folder with the shop's files; where there is none, that is said past the test's capture.
fn folder(test: &str) -> Option<PathBuf> {
    let folder = match std::env::var_os("RETAIL_DATA") {
        Some(named) => (!named.is_empty()).then(|| PathBuf::from(named)),
        None => Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|above| above.join("shared/data/retail"))
            .find(|folder| folder.join("db.json").is_file()),
    };
    if folder.is_none() {
        let why = "RETAIL_DATA names no folder, and there is no shared/data/retail";
        say(&format!("\n*** SKIPPED, NOT PASSED: retail::{test}: {why} ***\n"));
    }
    folder
}

/// Says something that is seen without `--nocapture` too.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_is_imported_whole() {
    let Some(folder) = folder("the_shop_is_imported_whole") else { return };
    let shop = Shop::read(&folder);
    for imported in Imported::on_both(&folder).await {
        let copy = imported.copy().await;
        let stored = Records::stored(&copy.server.db).await;
        let words = ["customer", "product", "variant", "order", "payments", "parcels"];
        let counts = words.map(|word| stored.count(word));
        assert_eq!(counts, [500, 50, 591, 1000, 1000, 577]);
        stored.must_be(&Records::of(&shop), "after the import");

        let said = imported.import_into(&copy.server.database_url);
        Records::stored(&copy.server.db).await.must_be(&stored, &format!("again: {said}"));
        copy.drop().await;
        imported.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_jobs_end_in_their_right_state() {
    let Some(folder) = folder("the_jobs_end_in_their_right_state") else { return };
    let shop = Shop::read(&folder);
    let jobs: Vec<Job> =
        serde_json::from_slice(&std::fs::read(folder.join("jobs.json")).unwrap()).unwrap();
    for imported in Imported::on_both(&folder).await {
        // Jobs that only read share a shop; each other one finds it as it was in the beginning.
        let reading = imported.copy().await;
        let mut figures = Figures::default();
        println!("\nThe jobs on {}", imported.kind());
        println!("{:>3} | actions | tools | outcome", "job");
        for job in &jobs {
            let writes = job.actions.iter().any(desk::Action::writes);
            let own = if writes { Some(imported.copy().await) } else { None };
            let server = &own.as_ref().unwrap_or(&reading).server;
            let mut desk = Desk::at(server, &shop);
            desk.work(job).await;
            figures.add(job, &desk);
            println!("{}", row(job, &desk));
            if let Some(own) = own {
                own.drop().await;
            }
        }
        reading.drop().await;
        imported.drop().await;
        say(&format!("\nretail jobs on {}: {figures:?}", imported.kind()));
        assert_eq!(figures, FIGURES);
    }
}

impl Figures {
    fn add(&mut self, job: &Job, desk: &Desk<'_>) {
        self.jobs += 1;
        *match outcome(job, desk) {
            Outcome::NothingToDo => &mut self.done_by_doing_nothing,
            Outcome::Done => &mut self.done,
            Outcome::InPart => &mut self.in_part,
            Outcome::NotBegun => &mut self.not_begun,
        } += 1;
        self.actions += job.actions.len();
        self.sums += desk.sums;
        self.actions_done += desk.actions_done;
        self.orders_cancelled += desk.orders_cancelled;
    }
}

/// How far a job got.
enum Outcome {
    NothingToDo,
    Done,
    InPart,
    NotBegun,
}

fn outcome(job: &Job, desk: &Desk<'_>) -> Outcome {
    match (job.actions.is_empty(), desk.missing.is_empty(), desk.used.is_empty()) {
        (true, ..) => Outcome::NothingToDo,
        (_, true, _) => Outcome::Done,
        (_, _, false) => Outcome::InPart,
        (_, _, true) => Outcome::NotBegun,
    }
}

/// A job in the table of what was done.
fn row(job: &Job, desk: &Desk<'_>) -> String {
    let mut times = BTreeMap::<&str, usize>::new();
    for action in &job.actions {
        *times.entry(&action.name).or_default() += 1;
    }
    let actions: Vec<String> =
        times.iter().map(|(name, times)| format!("{name} x {times}")).collect();
    let list = |tools: &BTreeSet<&str>| tools.iter().copied().collect::<Vec<_>>().join(", ");
    let missing = list(&desk.missing);
    let outcome = match (outcome(job, desk), desk.orders_cancelled) {
        (Outcome::NothingToDo, _) => "done: nothing to do, nothing changed".to_owned(),
        (Outcome::Done, _) => "done".to_owned(),
        (Outcome::InPart, 0) => format!("reads only: missing {missing}"),
        (Outcome::InPart, n) => format!("reads and {n} cancelled: missing {missing}"),
        (Outcome::NotBegun, _) => format!("not begun: missing {missing}"),
    };
    format!("{:>3} | {} | {} | {outcome}", job.id, actions.join(", "), list(&desk.used))
}

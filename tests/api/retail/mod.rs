//! A real shop: the retail domain of τ²-bench (sierra-research/tau2-bench, MIT), fictitious people
//! in a real shape. It is imported, and its service jobs are done at the desk.
//!
//! * [`import_format`]: its one file in the import format;
//! * [`shop`]: the shop by its own file and rules, without the server;
//! * [`records`]: every record of the shop, as it should be and as it is;
//! * [`answers`]: every answer of a tool, as it should be;
//! * [`changes`]: what the shop's rules make of a change;
//! * [`desk`], [`writes`]: the actions of a job, those that look and those that change something;
//! * [`imported`]: databases with the shop in them.
//!
//! Its files are no part of this project: `RETAIL_DATA` names their folder, or it is found at
//! `shared/data/retail` in a folder above this one. Without them these tests say that they were
//! skipped.

mod answers;
mod changes;
mod desk;
mod import_format;
mod imported;
mod records;
mod shop;
mod writes;

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::{Path, PathBuf},
};

use desk::{Desk, Job};
use imported::Imported;
use records::Records;
use shop::Shop;

/// What the jobs came to. Whoever changes these numbers has broken a tool.
const FIGURES: Figures = Figures {
    jobs: 74,
    without_actions: 2,
    actions: 365,
    actions_done: 356,
    sums: 9,
    approved: 118,
    refused: 2,
};

#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    jobs: usize,
    /// The right answer to these is to change nothing.
    without_actions: usize,
    actions: usize,
    /// With a tool, and with the right answer.
    actions_done: usize,
    /// Without one: whoever has read the amounts adds them up.
    sums: usize,
    /// Changes that somebody else approved.
    approved: usize,
    /// Changes that the rules do not allow, or that change nothing.
    refused: usize,
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
        say(&format!("\nThe jobs on {}\njob | actions | tools | outcome", imported.kind()));
        for job in &jobs {
            let writes = job.actions.iter().any(desk::Action::writes);
            let own = if writes { Some(imported.copy().await) } else { None };
            let server = &own.as_ref().unwrap_or(&reading).server;
            let mut desk = Desk::at(server, &shop);
            desk.work(job).await;
            figures.add(job, &desk);
            say(&row(job, &desk));
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
        self.without_actions += usize::from(job.actions.is_empty());
        self.actions += job.actions.len();
        self.sums += desk.sums;
        self.actions_done += desk.actions_done;
        self.approved += desk.approved;
        self.refused += desk.refused;
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
    let tools: Vec<&str> = desk.used.iter().copied().collect();
    let outcome = match (job.actions.is_empty(), desk.approved) {
        (true, _) => "done: nothing to do, nothing changed".to_owned(),
        (_, approved) => format!("done, {approved} approved"),
    };
    format!("{:>3} | {} | {} | {outcome}", job.id, actions.join(", "), tools.join(", "))
}

//! What a business hands to the engine: its facts, its modules and its own commands.

use std::{collections::HashMap, path::Path, sync::Arc};

use anyhow::{anyhow, bail, ensure};
use clap::{ArgMatches, Args};
use futures::future::{BoxFuture, LocalBoxFuture};
use tokio_util::sync::CancellationToken;

use crate::{
    business::{NoReservations, Reservations},
    db::{Db, Migration, Migrations, StoreResult, Tx},
    tenants::{BusinessFile, ReadFacts},
    tool::{
        Access, Catalogue, Clock, Spec,
        catalogue::{AnyKind, Entry},
    },
};

/// A server with a business behind it.
pub struct Application {
    access: &'static Access,
    read_facts: ReadFacts,
    shipped_facts: &'static str,
    modules: Vec<Module>,
    commands: Vec<Command>,
}

impl Application {
    /// An application without modules, with what its tokens can say. The facts are read from a file of the business's own form, by default from
    /// `shipped`.
    pub fn new(access: &'static Access, shipped: &'static str, read: ReadFacts) -> Self {
        Self {
            access,
            read_facts: read,
            shipped_facts: shipped,
            modules: Vec::new(),
            commands: Vec::new(),
        }
    }

    /// This application and one module more. Its tools are listed after those of the modules before it.
    #[must_use]
    pub fn module(mut self, module: Module) -> Self {
        self.modules.push(module);
        self
    }

    /// This application and one command more.
    #[must_use]
    pub fn command(mut self, command: Command) -> Self {
        self.commands.push(command);
        self
    }

    /// The facts of the business: from this file, or the shipped ones.
    ///
    /// # Errors
    /// A sentence that names the file, and the line and the setting that are wrong.
    pub fn business_file(&self, path: Option<&Path>) -> anyhow::Result<BusinessFile> {
        let file = match path {
            Some(path) => BusinessFile::open(path, self.read_facts),
            None => BusinessFile::shipped(self.shipped_facts, self.read_facts),
        };
        file.map_err(|why| anyhow!(why))
    }

    /// The statements that count what is recorded in a tenant's currency.
    pub fn money(&self) -> Vec<&'static str> {
        self.modules.iter().filter_map(|module| module.money).collect()
    }

    /// What tokens can say.
    pub fn access(&self) -> &'static Access {
        self.access
    }

    /// Every tool, in the order in which they are listed. `ignored` are argument names that platforms inject.
    pub fn tools(&self, ignored: Vec<String>) -> Catalogue {
        let entries = self.modules.iter().flat_map(Module::entries);
        entries.fold(Catalogue::new(ignored), Catalogue::with_entry)
    }

    /// Whether the modules fit together.
    ///
    /// # Errors
    /// A sentence: two tools of the same name, two modules that reserve things, or a job that is needed and missing.
    pub fn check(&self) -> anyhow::Result<()> {
        let mut tools: HashMap<&str, &str> = HashMap::new();
        for Spec { name, aliases, .. } in self.tools(Vec::new()).iter().map(|entry| entry.spec) {
            for called in std::iter::once(name).chain(*aliases) {
                if let Some(other) = tools.insert(called, name) {
                    bail!(
                        "two tools answer to {called}, {other} and {name}: each needs names of its own"
                    );
                }
            }
        }
        for (job, why) in self.modules.iter().flat_map(|module| &module.needed_jobs) {
            ensure!(self.jobs().any(|there| there.name == *job), *why);
        }
        let mut reserving = Vec::new();
        for module in &self.modules {
            reserving.extend(module.reservations.iter().map(|_| module.name));
        }
        ensure!(
            reserving.len() <= 1,
            "only one module can reserve things for approvals, and these do: {}",
            reserving.join(", ")
        );
        Ok(())
    }

    /// The whole schema: the engine's migrations, and then each module's.
    ///
    /// # Errors
    /// Two migrations of a module with the same version.
    pub fn migrations(&self) -> anyhow::Result<Migrations> {
        let of_modules = self.modules.iter().flat_map(|module| module.migrations.iter().copied());
        Migrations::new(of_modules).map_err(|why| anyhow!(why))
    }

    /// What the records of every module are found by.
    pub fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.modules.iter().flat_map(|module| &module.indexes)
    }

    /// What reserves things for approvals.
    pub fn reservations(&self) -> Arc<dyn Reservations> {
        let found = self.modules.iter().flat_map(|module| &module.reservations).next();
        found.cloned().unwrap_or_else(|| Arc::new(NoReservations))
    }

    /// The background jobs of every module.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.modules.iter().flat_map(|module| &module.jobs)
    }

    /// The checks of every module, for `doctor`.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.modules.iter().flat_map(|module| &module.checks)
    }

    /// The business's own commands.
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }
}

/// One area of the business: what it brings.
#[derive(Default)]
pub struct Module {
    /// Its name, as in the code.
    pub name: &'static str,
    migrations: Vec<Migration>,
    indexes: Vec<Index>,
    tools: Vec<Arc<Entry>>,
    money: Option<&'static str>,
    reservations: Vec<Arc<dyn Reservations>>,
    jobs: Vec<Job>,
    needed_jobs: Vec<(&'static str, &'static str)>,
    checks: Vec<Check>,
}

impl Module {
    /// A module that brings nothing yet.
    pub fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// This module and one file more that makes or changes its tables. Versions count from 1; a released file is not
    /// edited. It may rely on the tables of the engine and of the modules above this one.
    #[must_use]
    pub fn migration(mut self, version: i64, name: &'static str, sql: &'static str) -> Self {
        self.migrations.push(Migration { module: self.name, version, name, sql });
        self
    }

    /// This module and one kind of records more that `reindex` writes anew.
    #[must_use]
    pub fn index(mut self, index: Index) -> Self {
        self.indexes.push(index);
        self
    }

    /// This module and one tool more, listed last.
    #[must_use]
    pub fn tool<K>(mut self, tool: impl AnyKind<K>) -> Self {
        self.tools.push(Arc::new(Entry::of(tool)));
        self
    }

    /// This module records amounts: the statement counts those of tenant `$1`. While there are any, the tenant's
    /// currency stays as it is; and while its facts name another one, no tool of the module writes.
    #[must_use]
    pub fn holds_money(mut self, count: &'static str) -> Self {
        self.money = Some(count);
        self
    }

    fn entries(&self) -> impl Iterator<Item = Arc<Entry>> {
        let holds_money = self.money.is_some();
        self.tools.iter().map(move |entry| {
            if holds_money { Arc::new(entry.holding_money()) } else { entry.clone() }
        })
    }

    /// This module reserves things for approvals; no other one may.
    #[must_use]
    pub fn reserves(mut self, reservations: Arc<dyn Reservations>) -> Self {
        self.reservations.push(reservations);
        self
    }

    /// This module and one background job more.
    #[must_use]
    pub fn job(mut self, name: &'static str, run: RunJob) -> Self {
        self.jobs.push(Job { name, run });
        self
    }

    /// This module does not work unless some module brings a job of this name; `why` is what the start is refused with.
    #[must_use]
    pub fn needs_job(mut self, name: &'static str, why: &'static str) -> Self {
        self.needed_jobs.push((name, why));
        self
    }

    /// This module and one check more, for `doctor`.
    #[must_use]
    pub fn check(mut self, name: &'static str, run: RunCheck) -> Self {
        self.checks.push(Check { name, run });
        self
    }
}

/// Records that are found by what is worked out from them: folded names, words, sounds.
#[derive(Clone, Copy)]
pub struct Index {
    /// What they are called, for the progress.
    pub name: &'static str,
    /// The statement that counts those of tenant `$1`.
    pub count: &'static str,
    /// Works it out anew for some records of a tenant: those that come after an id.
    pub reindex: Reindex,
}

/// Some records whose index is as the rules of this build have it.
#[derive(Debug, Clone)]
pub struct Reindexed {
    /// The id of the last of them.
    pub last: String,
    /// How many they are.
    pub records: usize,
    /// How many of them it had not been right for.
    pub changed: usize,
}

/// None where no record comes after the id.
type Reindex = for<'a> fn(
    &'a mut Tx,
    tenant: &'a str,
    after: &'a str,
) -> BoxFuture<'a, StoreResult<Option<Reindexed>>>;

/// Works until its token is cancelled, and then finishes what it has begun.
type RunJob = fn(Db, Clock, CancellationToken) -> BoxFuture<'static, ()>;

/// What a module does in the background of a running server.
pub struct Job {
    /// What it does, for the log.
    pub name: &'static str,
    /// Runs it.
    pub run: RunJob,
}

/// Finds what is wrong with the records, one sentence each.
type RunCheck = for<'a> fn(&'a mut Tx) -> BoxFuture<'a, StoreResult<Vec<String>>>;

/// What `doctor` looks at for a module.
pub struct Check {
    /// What adds up, where nothing is wrong.
    pub name: &'static str,
    /// Looks at it. It may read whole tables.
    pub run: RunCheck,
}

/// A command of the business beside those of the engine.
pub struct Command {
    definition: clap::Command,
    run: Box<RunCommand>,
}

type Ran = LocalBoxFuture<'static, anyhow::Result<()>>;
type RunCommand = dyn Fn(&ArgMatches, Arc<Application>) -> Ran + Send + Sync;

impl Command {
    /// A command with these arguments.
    pub fn new<A, F>(
        name: &'static str,
        about: &'static str,
        run: fn(A, Arc<Application>) -> F,
    ) -> Self
    where
        A: Args + Send + 'static,
        F: Future<Output = anyhow::Result<()>> + 'static,
    {
        let definition = A::augment_args(clap::Command::new(name)).about(about);
        let run = move |matches: &ArgMatches, application| -> Ran {
            match A::from_arg_matches(matches) {
                Ok(args) => Box::pin(run(args, application)),
                Err(error) => error.exit(),
            }
        };
        Self { definition, run: Box::new(run) }
    }

    /// Its name on the command line.
    pub fn name(&self) -> &str {
        self.definition.get_name()
    }

    /// Its arguments and its help.
    pub fn definition(&self) -> clap::Command {
        self.definition.clone()
    }

    /// Runs it.
    ///
    /// # Errors
    /// Whatever makes the program exit with 1, in one sentence.
    pub async fn run(
        &self,
        matches: &ArgMatches,
        application: Arc<Application>,
    ) -> anyhow::Result<()> {
        (self.run)(matches, application).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        approvals::{self, ApprovalStatus},
        testing::FixtureFacts,
    };

    fn application() -> Application {
        let approvals = approvals::module(Arc::new(NoReservations));
        Application::new(Access::BASIC, "", |_| Ok(Arc::new(FixtureFacts))).module(approvals)
    }

    #[test]
    fn two_tools_of_one_name_are_refused() {
        application().check().unwrap();
        let twice = application().module(Module::new("again").tool(ApprovalStatus));
        assert_eq!(
            twice.check().unwrap_err().to_string(),
            "two tools answer to approval_status, approval_status and approval_status: each needs \
             names of its own"
        );
    }

    #[test]
    fn a_second_module_that_reserves_is_refused() {
        let reserving = |name| Module::new(name).reserves(Arc::new(NoReservations));
        let one = application().module(reserving("stock"));
        one.check().unwrap();
        assert_eq!(
            one.module(reserving("rooms")).check().unwrap_err().to_string(),
            "only one module can reserve things for approvals, and these do: stock, rooms"
        );
    }

    #[test]
    fn a_job_that_a_module_needs_is_brought_by_some_module() {
        let needing =
            application().module(Module::new("payments").needs_job("worker", "no provider"));
        assert_eq!(needing.check().unwrap_err().to_string(), "no provider");
        let worker = Module::new("provider").job("worker", |_, _, _| Box::pin(async {}));
        needing.module(worker).check().unwrap();
    }
}
